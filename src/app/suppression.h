/* Addresses that get no mail as supporters. */
#ifndef APP_SUPPRESSION_H
#define APP_SUPPRESSION_H

#include "app/workspace.h"
#include "base/rows.h"

/*
 * Suppresses an address, or whom a link was sent to that asks for it.
 * Returns 1 when new, 0 when it was, or -1. Errors: ERR_DATA, ERR_NOTFOUND,
 * ERR_IO.
 */
int suppression_add(struct workspace *ws, const char *who, struct err *err);

struct suppression_result {
	int64_t added;
	int64_t known;
	int64_t bad; /* rows without an address that can be used */
};

/*
 * Suppresses every address of a CSV file with a column of them, in one
 * transaction. Rows that cannot be used go to problems.
 * Errors: ERR_NOTFOUND; ERR_DATA: the file as a whole; ERR_IO.
 */
int suppression_add_file(struct workspace *ws, const char *file,
	struct suppression_result *out, struct problems *problems,
	struct err *err);

/* Lets an address get mail again. Errors: ERR_DATA; ERR_NOTFOUND: it was not
 * suppressed. */
int
suppression_remove(struct workspace *ws, const char *email, struct err *err);

/* Lists address, reason and date; of who was erased there is no address. */
int suppression_list(struct workspace *ws, struct rows *rows, struct err *err);

#endif
