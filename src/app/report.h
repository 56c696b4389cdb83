/* Listings: letters, mailings, the ledger, signatures. Each goes row
 * by row to where the caller wants it. */
#ifndef APP_REPORT_H
#define APP_REPORT_H

#include <stdbool.h>

#include "app/workspace.h"
#include "base/rows.h"

/* All letters and documents, one row each, or (letter not NULL) the facts of
 * one, a row per language. Files that cannot be read are in problems. */
int report_letters(struct workspace *ws, const char *letter, struct rows *rows,
	struct problems *problems, struct err *err);

/* Mailings, all (0) or one. Errors: ERR_NOTFOUND. */
int report_status(struct workspace *ws, int64_t mailing, struct rows *rows,
	struct err *err);

struct log_request {
	int64_t mailing;   /* 0: all */
	const char *state; /* NULL: all */
	const char *since; /* day or time, NULL: all */
};

/* The ledger. Errors: ERR_NOTFOUND, ERR_USAGE. */
int report_log(struct workspace *ws, const struct log_request *request,
	struct rows *rows, struct err *err);

/* The number of a letter that exists in the files, or was signed once and is
 * gone from them; *id is 0 when nobody signed it. Errors: ERR_NOTFOUND. */
int report_find_letter(
	struct workspace *ws, const char *letter, int64_t *id, struct err *err);

#endif
