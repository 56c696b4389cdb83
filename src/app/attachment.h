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

/*
 * Reads a file that is to go along, for its digest and size. path is taken
 * over by out. Errors: as workspace_attachment and file_read.
 */
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

/* NULL when it is not there. */
const struct attachment *
attachments_find(const struct attachments *set, const char *path);

/* Takes the attachment over; its path is not there yet. */
const struct attachment *
attachments_take(struct attachments *set, struct attachment *a);

void attachments_release(struct attachments *set);

#endif
