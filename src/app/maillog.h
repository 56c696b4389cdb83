/*
 * A mail provider's log: a CSV file that says by Message-ID what became of
 * messages. Only what shows that the provider took a message counts; all else
 * decides nothing.
 */
#ifndef APP_MAILLOG_H
#define APP_MAILLOG_H

#include <stdbool.h>

#include "base/err.h"

/* Which file, and which of its columns; NULL: the one whose name says so. */
struct maillog_source {
	const char *file;
	const char *column; /* of the Message-ID */
	const char *status; /* of what happened */
};

/* A row that names a message; borrowed for the call. */
struct maillog_row {
	const char *message_id; /* as maillog_tidy_id makes it */
	const char *status;	/* as it stands there; NULL: no such column */
	bool accepted;		/* the provider took the message */
	long line;
};

/*
 * Reads a log row by row. A file without a column that is a status is a list
 * of messages that the provider took.
 * Errors: ERR_NOTFOUND; ERR_DATA with the line: it is no sound CSV, rows and
 * header differ in length, no column or two are the one that is needed;
 * ERR_IO.
 */
int maillog_read(const struct maillog_source *source,
	int (*each)(void *ctx, const struct maillog_row *row, struct err *err),
	void *ctx, struct err *err);

/*
 * Puts a Message-ID into the form for comparison, in place: without blanks
 * and <> round it, the domain in lower case. Returns its first kept byte.
 */
char *maillog_tidy_id(char *text);

#endif
