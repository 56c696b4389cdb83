#include "base/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	GATHERED = 64 * 1024,
	NAMES_TRIED = 100
};

struct draft {
	char *path;
	char *temporary; /* its name until it is kept; NULL: it has none */
	int fd;
	struct buf waiting; /* not written yet */
};

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A file without a name, or -1 where there is no such thing. */
static int
open_nameless(const char *path)
{
	char *folder = folder_of(path);
	int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

	free(folder);
	return fd;
}

int
draft_open(const char *path, struct draft **out, struct err *err)
{
	struct draft *d = mem_zalloc(sizeof *d);

	d->path = mem_strdup(path);
	d->fd = open_nameless(path);
	if (d->fd < 0) {
		d->temporary = mem_printf("%s.XXXXXX", path);
		d->fd = mkostemp(d->temporary, O_CLOEXEC);
	}
	if (d->fd < 0) {
		err_set(err, ERR_CREATE, "%s: cannot create: %s", path,
			strerror(errno));
		free(d->temporary);
		d->temporary = NULL;
		draft_close(d);
		return -1;
	}
	*out = d;
	return 0;
}

static int
fail(const struct draft *d, struct err *err)
{
	return err_set(
		err, ERR_IO, "%s: cannot write: %s", d->path, strerror(errno));
}

static int
write_waiting(struct draft *d, struct err *err)
{
	const char *at = buf_str(&d->waiting);
	size_t left = d->waiting.len;

	while (left > 0) {
		ssize_t n = write(d->fd, at, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(d, err);
		at += n;
		left -= (size_t)n;
	}
	buf_reset(&d->waiting);
	return 0;
}

int
draft_add(struct draft *d, const void *data, size_t len, struct err *err)
{
	buf_add(&d->waiting, data, len);
	return d->waiting.len < GATHERED ? 0 : write_waiting(d, err);
}

int
draft_sync(struct draft *d, struct err *err)
{
	if (write_waiting(d, err) < 0)
		return -1;
	return fsync(d->fd) == 0 ? 0 : fail(d, err);
}

/* Gives a nameless file a name of its own beside its path, for a link never
 * takes the place of a file that is there. Returns 0 or -1 with errno. */
static int
name_it(struct draft *d)
{
	char *self = mem_printf("/proc/self/fd/%d", d->fd);
	int rc = -1;

	for (int i = 0; rc < 0 && i < NAMES_TRIED; i++) {
		free(d->temporary);
		d->temporary = mem_printf("%s.%d-%d", d->path, getpid(), i);
		rc = linkat(AT_FDCWD, self, AT_FDCWD, d->temporary,
			AT_SYMLINK_FOLLOW);
		if (rc < 0 && errno != EEXIST)
			break;
	}
	if (rc < 0) {
		free(d->temporary);
		d->temporary = NULL;
	}
	free(self);
	return rc;
}

int
draft_keep(struct draft *d, struct err *err)
{
	if (draft_sync(d, err) < 0)
		return -1;
	if (!d->temporary && name_it(d) < 0)
		return fail(d, err);
	if (rename(d->temporary, d->path) < 0)
		return fail(d, err);
	free(d->temporary);
	d->temporary = NULL;
	return 0;
}

void
draft_close(struct draft *d)
{
	if (!d)
		return;
	if (d->temporary)
		unlink(d->temporary);
	if (d->fd >= 0)
		close(d->fd);
	buf_release(&d->waiting);
	free(d->temporary);
	free(d->path);
	free(d);
}
