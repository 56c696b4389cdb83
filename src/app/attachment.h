/*
 * Files that go along with letters, by their path below the workspace and
 * their digest: frozen when a mailing is made, checked when they are read
 * again.
 */
#ifndef APP_ATTACHMENT_H
#define APP_ATTACHMENT_H

#include "app/workspace.h"
#include "base/buf.h"
#include "base/token.h"

struct attachment {
	char *path; /* "letters/<campaign>/..." */
	char digest[DIGEST_MAX];
	size_t size; /* 0 when it comes from the store */
};

/* Reads a file that is to go along, for its digest and size. Errors: as
 * workspace_attachment and file_read. */
int attachment_note(const struct workspace *ws, const char *path,
	struct attachment *out, struct err *err);

void attachment_release(struct attachment *a);

/* Adds the file as a MIME part. Errors: ERR_CHANGED: it is not there, or not
 * what it was; ERR_IO. */
int attachment_encode(const struct workspace *ws, const struct attachment *a,
	struct buf *out, struct err *err);

/* The paths that a list's column `attach` names, for letters of a campaign:
 * an array of *count to free with str_list_free. */
char **
attachment_paths(const char *campaign, const char *column, size_t *count);

/* A set of files by their paths. Zero-initialised is empty. Pointers stay
 * until the release. */
struct attachments {
	void *tree;
};

/*
 * Adds the files that a row's column `attach` names, each read once.
 * Errors: ERR_DATA, ERR_NOTFOUND, ERR_IO: one cannot go along, or all of them
 * are too large together.
 */
int attachments_note(struct attachments *set, const struct workspace *ws,
	const char *campaign, const char *column, struct err *err);

/* NULL when it is not there. */
const struct attachment *
attachments_find(const struct attachments *set, const char *path);

/* Adds what the store kept; the path is not there yet. */
void
attachments_add(struct attachments *set, const char *path, const char *digest);

/* Calls each for all of them, by their paths, until it returns -1. */
int attachments_each(const struct attachments *set,
	int (*each)(void *ctx, const struct attachment *a, struct err *err),
	void *ctx, struct err *err);

void attachments_release(struct attachments *set);

#endif
