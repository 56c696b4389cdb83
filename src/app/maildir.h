/* Writes a mailing's messages into a Maildir instead of sending them. */
#ifndef APP_MAILDIR_H
#define APP_MAILDIR_H

#include "app/mailing.h"

struct maildir_request {
	const char *dir;
	int64_t total; /* messages, for watch */
	/* Told after each message, or NULL. */
	void (*watch)(void *ctx, int64_t written, int64_t total);
	void *watch_ctx;
};

/*
 * Writes one file per queued delivery into dir/new, each complete or not at
 * all; dir, dir/tmp, dir/new and dir/cur are made (0700, files 0600).
 * Errors: ERR_CREATE, ERR_IO, ERR_DATA, ERR_CHANGED.
 */
int maildir_write(struct workspace *ws, const struct mailing *mailing,
	const struct maildir_request *request, struct err *err);

#endif
