/* Writes a mailing's messages into a Maildir instead of sending them. */
#ifndef APP_MAILDIR_H
#define APP_MAILDIR_H

#include "app/mailing.h"

/*
 * Writes one file per queued delivery into dir/new, each complete or not at
 * all; dir, dir/tmp, dir/new and dir/cur are made (0700, files 0600).
 * Errors: ERR_CREATE, ERR_IO, ERR_DATA, ERR_CHANGED.
 */
int maildir_write(struct workspace *ws, const struct mailing *mailing,
	const char *dir, struct err *err);

#endif
