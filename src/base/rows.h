/*
 * Where a listing goes, a row at a time: the printer is in cmd/out.c. Whoever
 * lists things needs to know nothing of formats.
 */
#ifndef BASE_ROWS_H
#define BASE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* text, or number when text is NULL; borrowed for the call. CELL_NONE is no
 * number: null in JSON, empty elsewhere. */
struct cell {
	const char *text;
	int64_t number;
};

#define CELL_NONE INT64_MIN

/* Where a column stands besides CSV and JSON, which have them all. */
enum column_use {
	COLUMN_ALWAYS, /* in tables, unless all of it is empty */
	COLUMN_COUNT,  /* in tables, unless all of it is 0 */
	COLUMN_DETAIL, /* only in tables that show everything (-v) */
	COLUMN_BAR,    /* in tables, on a terminal drawn as a bar too */
};

struct column {
	const char *name; /* static */
	enum column_use use;
};

struct rows {
	/* Comes first. */
	void (*begin)(
		struct rows *rows, const struct column *columns, size_t count);
	/* At least as many cells as there are columns. Errors: ERR_IO. */
	int (*add)(
		struct rows *rows, const struct cell *cells, struct err *err);
};

#endif
