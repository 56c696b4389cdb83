#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

char *
file_join(const char *folder, const char *name)
{
	return mem_printf("%s/%s", folder, name);
}

bool
file_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

static int
read_open_file(int fd, const char *path, size_t limit_bytes, struct buf *out,
	struct err *err)
{
	struct stat st;
	size_t start = out->len;

	if (fstat(fd, &st) < 0)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DATA, "%s: not a regular file", path);
	for (;;) {
		enum {
			BLOCK = 65536
		};
		ssize_t n = read(fd, buf_reserve(out, BLOCK), BLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(err, ERR_IO, "%s: cannot read: %s", path,
				strerror(errno));
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		if (out->len - start > limit_bytes)
			return err_set(err, ERR_DATA,
				"%s: larger than %zu bytes; it cannot be meant",
				path, limit_bytes);
	}
}

int
file_digest(const char *path, char out[static DIGEST_MAX], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = fd < 0 ? -1 : token_digest_fd(fd, out);

	if (rc < 0)
		err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
			"%s: cannot read: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

int
file_read(
	const char *path, size_t limit_bytes, struct buf *out, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
			"%s: cannot read: %s", path, strerror(errno));
	rc = read_open_file(fd, path, limit_bytes, out, err);
	close(fd);
	return rc;
}

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

int
file_write(const char *path, const void *data, size_t len, struct err *err)
{
	char *temporary = mem_printf("%s.XXXXXX", path);
	int fd = mkostemp(temporary, O_CLOEXEC);
	int rc = -1;

	if (fd < 0) {
		err_set(err, ERR_CREATE, "%s: cannot create: %s", path,
			strerror(errno));
		goto out;
	}
	rc = write_all(fd, data, len);
	if (close(fd) < 0)
		rc = -1;
	if (rc == 0)
		rc = rename(temporary, path);
	if (rc < 0) {
		err_set(err, ERR_IO, "%s: cannot write: %s", path,
			strerror(errno));
		unlink(temporary);
	}
out:
	free(temporary);
	return rc;
}

int
file_make_folder(const char *path, struct err *err)
{
	char *copy = mem_strdup(path);
	struct stat st;

	for (char *at = copy + (*copy == '/');; at++) {
		bool last = *at == '\0';

		if (*at != '/' && !last)
			continue;
		*at = '\0';
		if (mkdir(copy, 0700) < 0 &&
			(stat(copy, &st) < 0 || !S_ISDIR(st.st_mode))) {
			err_set(err, ERR_CREATE, "%s: cannot create: %s", copy,
				strerror(errno));
			free(copy);
			return -1;
		}
		if (last)
			break;
		*at = '/';
	}
	free(copy);
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
file_list(const char *folder, const char *suffix, char ***names, size_t *count,
	struct err *err)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t cap = 0;

	*names = NULL;
	*count = 0;
	if (!dir)
		return errno == ENOENT ? 0
				       : err_set(err, ERR_IO, "%s: %s", folder,
						 strerror(errno));
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !str_ends(entry->d_name, suffix))
			continue;
		*names = mem_grow(*names, *count, &cap, sizeof **names);
		(*names)[(*count)++] = mem_strdup(entry->d_name);
	}
	closedir(dir);
	if (*count)
		qsort(*names, *count, sizeof **names, compare_names);
	return 0;
}
