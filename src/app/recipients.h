/* Recipients' lists: recipients/<list>.csv, read a row at a time. */
#ifndef APP_RECIPIENTS_H
#define APP_RECIPIENTS_H

#include "app/workspace.h"
#include "base/fields.h"

struct recipients;

/* One row that can be used; borrowed until the next one. */
struct recipient {
	struct fields row; /* every column, the known ones always there */
	const char *email; /* as checked: what is written to */
	const char *key;   /* for matching */
	const char *file;  /* shown to people */
	long line;
};

/*
 * Opens a list by its name. Errors: ERR_NOTFOUND; ERR_DATA: it has no header,
 * no email column, a missing, doubled or unusable column name, or is not
 * readable CSV; ERR_IO.
 */
int recipients_open(const struct workspace *ws, const char *list,
	struct recipients **out, struct err *err);

/* The names of its columns (values are ""). */
const struct fields *recipients_columns(const struct recipients *r);

/*
 * Reads the next usable row. Rows that cannot be used are added to problems
 * and skipped. Returns 1, 0 at the end, or -1.
 * Errors: ERR_DATA, ERR_IO: the list as a whole cannot be used.
 */
int recipients_next(struct recipients *r, struct recipient *out,
	struct problems *problems, struct err *err);

void recipients_close(struct recipients *r);

/* Finds a row in several lists: that of an address (its key), the first of a
 * language, or (both NULL) the first. Returns 1 with its fields added to out,
 * 0 without one, or -1. Errors: of the lists. */
int recipients_find(struct workspace *ws, char *const *lists, size_t count,
	const char *key, const char *lang, struct fields *out, struct err *err);

#endif
