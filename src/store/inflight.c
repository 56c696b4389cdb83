#include "store/inflight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/token.h"

/*
 * SLOT_SIZE: a slot never lies across two pages, so that a write that is
 * killed has happened or has not. The first slot's place is the head. The
 * version stands for the layout of struct inflight_slot.
 */
enum {
	SLOT_SIZE = 512,
	BOOT_MAX = 64,
};

static const char version[16] = "openletter in 2";

struct head {
	char version[sizeof version];
	uint32_t slot_bytes;
	uint32_t slots;
	char mark[INFLIGHT_MARK_MAX];
};

struct inflight {
	char *path;
	int fd;
	struct head head;
};

_Static_assert(sizeof(struct head) <= SLOT_SIZE, "the head has one place");
_Static_assert(sizeof(struct inflight_slot) <= SLOT_SIZE, "as has a slot");

static off_t
place(size_t slot)
{
	return (off_t)(slot + 1) * SLOT_SIZE;
}

/* Returns 0 or -1 with errno. */
static int
write_at(int fd, const void *data, size_t len, off_t at)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = pwrite(fd, p, len, at);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
			at += n;
		}
	}
	return 0;
}

static int
make_file(struct inflight *f, const char *boot, size_t slots)
{
	char token[TOKEN_MAX];
	int fault;

	unlink(f->path);
	f->fd = open(f->path,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (f->fd < 0)
		return -1;
	/* A disk that fills up later must not keep us from writing down what
	 * became of a letter. */
	fault = posix_fallocate(f->fd, 0, place(slots));
	if (fault != 0) {
		errno = fault;
		return -1;
	}
	token_random(token);
	memcpy(f->head.version, version, sizeof version);
	f->head.slot_bytes = sizeof(struct inflight_slot);
	f->head.slots = (uint32_t)slots;
	snprintf(f->head.mark, sizeof f->head.mark, "%.*s/%s", BOOT_MAX, boot,
		token);
	return write_at(f->fd, &f->head, sizeof f->head, 0);
}

int
inflight_open(const char *path, const char *boot, size_t slots,
	struct inflight **out, struct err *err)
{
	struct inflight *f = mem_zalloc(sizeof *f);

	f->path = mem_strdup(path);
	f->fd = -1;
	if (make_file(f, boot, slots) < 0) {
		err_set(err, ERR_CREATE, "%s: %s; nothing was sent", path,
			strerror(errno));
		inflight_close(f, false);
		return -1;
	}
	*out = f;
	return 0;
}

void
inflight_close(struct inflight *f, bool keep)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (!keep)
		unlink(f->path);
	free(f->path);
	free(f);
}

const char *
inflight_mark(const struct inflight *f)
{
	return f->head.mark;
}

static int
write_slot(struct inflight *f, size_t slot, const struct inflight_slot *s,
	size_t len, struct err *err)
{
	if (write_at(f->fd, s, len, place(slot)) < 0)
		return err_set(err, ERR_IO, "%s: %s", f->path, strerror(errno));
	return 0;
}

int
inflight_handed_over(struct inflight *f, size_t slot, int64_t delivery,
	int attempt, int64_t now, struct err *err)
{
	struct inflight_slot s = {
		.delivery = delivery,
		.stage = INFLIGHT_HANDED_OVER,
		.attempt = attempt,
		.at = now,
	};

	return write_slot(
		f, slot, &s, offsetof(struct inflight_slot, outcome), err);
}

int
inflight_settled(struct inflight *f, size_t slot, int64_t delivery, int attempt,
	const struct outcome *outcome, int64_t now, struct err *err)
{
	struct inflight_slot s = {
		.delivery = delivery,
		.stage = INFLIGHT_SETTLED,
		.attempt = attempt,
		.at = now,
		.outcome = *outcome,
	};

	return write_slot(f, slot, &s, sizeof s, err);
}

int
inflight_clear(struct inflight *f, size_t first, size_t count, struct err *err)
{
	char *zeros = mem_zalloc(count * SLOT_SIZE);
	int rc = write_at(f->fd, zeros, count * SLOT_SIZE, place(first));

	free(zeros);
	return rc == 0 ? 0
		       : err_set(err, ERR_IO, "%s: %s", f->path,
				 strerror(errno));
}

static bool
is_whole(const struct inflight_slot *s)
{
	const struct smtp_reply *reply = &s->outcome.reply;

	if (s->delivery <= 0)
		return false;
	if (s->stage == INFLIGHT_HANDED_OVER)
		return true;
	return s->stage == INFLIGHT_SETTLED &&
	       s->outcome.kind <= OUTCOME_UNKNOWN &&
	       memchr(reply->status, '\0', sizeof reply->status) &&
	       memchr(reply->text, '\0', sizeof reply->text);
}

static int
read_slots(FILE *file, size_t slots,
	int (*each)(
		void *ctx, const struct inflight_slot *slot, struct err *err),
	void *ctx, struct err *err)
{
	union {
		char room[SLOT_SIZE];
		struct inflight_slot slot;
	} place;

	while (slots-- > 0 && fread(&place, sizeof place, 1, file) == 1)
		if (is_whole(&place.slot) && each(ctx, &place.slot, err) < 0)
			return -1;
	return 0;
}

/* Opens a regular file only: a pipe in its place would be waited for. Returns
 * NULL with errno. */
static FILE *
open_to_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fdopen(fd, "r");
	close(fd);
	errno = EINVAL;
	return NULL;
}

int
inflight_read(const char *path, const char *boot,
	char mark[static INFLIGHT_MARK_MAX],
	int (*each)(
		void *ctx, const struct inflight_slot *slot, struct err *err),
	void *ctx, struct err *err)
{
	union {
		char room[SLOT_SIZE];
		struct head head;
	} first;
	FILE *file = open_to_read(path);
	int rc = 0;

	*mark = '\0';
	if (!file && errno == ENOENT)
		return 0;
	if (!file && (errno == EINVAL || errno == ELOOP))
		return err_set(err, ERR_IO,
			"%s: this is not a file that openletter made; remove "
			"it",
			path);
	if (!file)
		return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
	if (fread(&first, sizeof first, 1, file) == 1 &&
		memcmp(first.head.version, version, sizeof version) == 0 &&
		first.head.slot_bytes == sizeof(struct inflight_slot) &&
		strncmp(first.head.mark, boot, strlen(boot)) == 0 &&
		first.head.mark[strlen(boot)] == '/') {
		memcpy(mark, first.head.mark, INFLIGHT_MARK_MAX);
		mark[INFLIGHT_MARK_MAX - 1] = '\0';
		rc = read_slots(file, first.head.slots, each, ctx, err);
	}
	if (ferror(file))
		rc = err_set(err, ERR_IO, "%s: cannot be read", path);
	fclose(file);
	return rc;
}

void
inflight_remove(const char *path)
{
	unlink(path);
}
