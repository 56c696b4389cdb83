#include "app/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/store_check.h"
#include "store/store_copy.h"

/* A backup on its way. */
struct draft {
	const char *path; /* that it shall have */
	char *name;	  /* that it has until it is whole */
	int fd;		  /* with a lock on it */
};

/* Whether a file that is there may be written over: a draft that was killed. */
static bool
is_draft(int fd)
{
	static const char magic[] = "SQLite format 3";
	char begin[sizeof magic] = "";
	ssize_t n = pread(fd, begin, sizeof begin, 0);

	return n == 0 || (n == (ssize_t)sizeof begin &&
				 memcmp(begin, magic, sizeof magic) == 0);
}

/* What a killed one left beside it would be taken for a part of the new. */
static void
remove_beside(const struct draft *d)
{
	static const char *const endings[] = {"-journal", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
		char *beside = mem_printf("%s%s", d->name, endings[i]);

		unlink(beside);
		free(beside);
	}
}

static int
cannot(const char *path, enum err_kind kind, struct err *err)
{
	return err_set(err, kind, "%s: cannot write the backup: %s", path,
		strerror(errno));
}

static int
open_draft(struct draft *d, struct err *err)
{
	struct stat st;

	if (lstat(d->path, &st) == 0)
		return err_set(err, ERR_CREATE,
			"%s is there already and stays as it is; name another "
			"file",
			d->path);
	d->fd = open(d->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (d->fd < 0)
		return cannot(d->path, ERR_CREATE, err);
	if (flock(d->fd, LOCK_EX | LOCK_NB) < 0) {
		close(d->fd);
		d->fd = -1;
		return err_set(err, ERR_REFUSED,
			"another openletter is writing %s just now", d->path);
	}
	if (!is_draft(d->fd)) {
		close(d->fd);
		d->fd = -1;
		return err_set(err, ERR_CREATE,
			"%s is there already and no backup; name another file",
			d->name);
	}
	if (fchmod(d->fd, 0600) < 0 || ftruncate(d->fd, 0) < 0)
		return cannot(d->path, ERR_CREATE, err);
	remove_beside(d);
	return 0;
}

/* Gives the draft its name, unless another file has it by now. */
static int
publish(const struct draft *d, struct err *err)
{
	char *slash = strrchr(d->path, '/');
	char *folder =
		slash ? mem_printf("%.*s", (int)(slash - d->path + 1), d->path)
		      : mem_strdup(".");
	int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fsync(d->fd);

	if (rc == 0)
		rc = renameat2(
			AT_FDCWD, d->name, AT_FDCWD, d->path, RENAME_NOREPLACE);
	/* Not every file system can be asked not to replace. */
	if (rc < 0 && errno == EINVAL && !file_exists(d->path))
		rc = rename(d->name, d->path);
	if (rc < 0)
		cannot(d->path, errno == EEXIST ? ERR_CREATE : ERR_IO, err);
	else if (folder_fd < 0 || fsync(folder_fd) < 0)
		rc = cannot(d->path, ERR_IO, err);
	if (folder_fd >= 0)
		close(folder_fd);
	free(folder);
	return rc;
}

static int
check(struct store *copy, const char *path, struct problems *problems,
	struct err *err)
{
	const size_t before = problems->count;

	if (store_check(copy, path, problems, err) < 0)
		return -1;
	return problems->count == before
		       ? 0
		       : err_set(err, ERR_DATA,
				 "%s: no backup was made, as the database is "
				 "not sound; see `openletter check --store`",
				 path);
}

static int
finish_copy(const struct draft *d, struct backup_result *out,
	struct problems *problems, struct err *err)
{
	const int64_t now = clock_now();
	char at[CLOCK_TIME_MAX];
	char *reason;
	struct store *copy;
	int rc;

	clock_format_time(now, at);
	reason = mem_printf("this is a backup of %s; what is unknown may have "
			    "been sent since",
		at);
	rc = store_open(d->name, &copy, err);
	if (rc == 0) {
		rc = check(copy, d->path, problems, err);
		if (rc == 0)
			rc = store_put_away(
				copy, reason, now, &out->unknown, err);
		store_close(copy);
	}
	free(reason);
	return rc;
}

int
backup_make(struct workspace *ws, const char *path, struct backup_result *out,
	struct problems *problems, struct err *err)
{
	struct draft d = {
		.path = path,
		.name = mem_printf("%s.partial", path),
		.fd = -1,
	};
	struct stat st;
	int rc = open_draft(&d, err);

	*out = (struct backup_result){0};
	if (rc == 0 && (store_copy(ws->store, d.name, err) < 0 ||
			       finish_copy(&d, out, problems, err) < 0))
		rc = err_prefix(err, "%s", path);
	if (rc == 0)
		rc = publish(&d, err);
	if (rc == 0 && fstat(d.fd, &st) == 0)
		out->bytes = st.st_size;
	if (rc < 0 && d.fd >= 0) {
		unlink(d.name);
		remove_beside(&d);
	}
	if (d.fd >= 0)
		close(d.fd);
	free(d.name);
	return rc;
}
