/*
 * The reading half of an import: from the bytes of a CSV file to signatures
 * that are checked and can be stored, a row at a time, with bounded memory.
 * It touches no store and nothing global, so that it can run in a thread of
 * its own beside the one that stores. Rows that cannot be taken go to the
 * file of rejects (app/rejects.h).
 */
#ifndef APP_IMPORT_TABLE_H
#define APP_IMPORT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/encoding.h"
#include "base/err.h"
#include "core/columns.h"
#include "core/signature.h"

struct import_table;

/* All is borrowed for as long as the table is open. */
struct import_table_options {
	const char *file;
	enum encoding encoding; /* ENCODING_NOT_TOLD: the file says */
	char delimiter;		/* , ; or tab; 0: the first line says */
	const struct column_map *maps;
	size_t map_count;
	const char *lang; /* of rows that do not say theirs */
	int64_t now;
	int64_t opens;	  /* of the letter; INT64_MIN: always */
	int64_t closes;	  /* its last day; INT64_MAX: never */
	bool dry_run;	  /* no file of rejects is made */
	bool by_name;	  /* who shares an address is told apart by name */
	bool month_first; /* 7/1/2010 is 1 July */
};

struct import_row {
	long line;
	/* Whether it can be stored. Otherwise it was put among the rejects,
	 * and is told only so that it can be counted. */
	bool taken;
	/* Of a taken one: it does not count where the list comes from, being
	 * withdrawn, say; then signature is not set. */
	bool idle;
	struct signature signature; /* of a taken row; its texts live in the
				       arena */
};

/*
 * Opens a file and reads its header row. Free with import_table_close.
 * Errors: ERR_NOTFOUND; ERR_DATA: the file as a whole, with `FILE:LINE: ` in
 * front; ERR_USAGE: a map that fits nothing; ERR_CONFIG: an encoding that this
 * system cannot read; ERR_IO.
 */
int import_table_open(const struct import_table_options *options,
	struct import_table **out, struct err *err);

/*
 * Reads the next row; empty ones are passed over. A row that is not taken
 * leaves nothing in the arena.
 * Returns 1, 0 at the end of the file, or -1.
 * Errors: ERR_DATA: the file must be refused as a whole, at its end because
 * its dates have their day and month in the other order; ERR_IO.
 */
int import_table_next(struct import_table *t, struct arena *arena,
	struct import_row *out, struct err *err);

/* The names of the columns that mean nothing to us, as "phone, notes", the
 * first ones of many; "" when there are none. Borrowed until the table is
 * closed. */
const char *import_table_unused(const struct import_table *t);

/* How many bytes of the file are read, of how many; 0: not known. */
int64_t import_table_place(const struct import_table *t);
int64_t import_table_size(const struct import_table *t);

/*
 * The two steps of the file of rejects, round the store's commit: sync before
 * it, so that little can fail after it; keep after it, or when nothing was to
 * be stored, since only then may a mended file of rejects be overwritten.
 * *path, to free, is the file, NULL when no row was rejected.
 * Errors: ERR_CREATE, ERR_IO.
 */
int import_table_sync_rejects(struct import_table *t, struct err *err);
int
import_table_keep_rejects(struct import_table *t, char **path, struct err *err);

/* Takes NULL. Rejects that were not kept are gone. */
void import_table_close(struct import_table *t);

#endif
