/*
 * CSV (RFC 4180), read a record at a time with bounded memory, written a
 * field at a time. Line ends may be LF or CRLF, or CR where there is nothing
 * else (as Excel still writes for "Macintosh"); a BOM and Excel's first line
 * `sep=;` are skipped.
 *
 * The reader refuses what would make it guess: NUL, an open or stray quote,
 * bytes that are not in the file's encoding, a record over the ceiling.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "base/err.h"

enum {
	CSV_RECORD_MAX = 4 << 20, /* bytes in one record */
	CSV_FIELDS_MAX = 4096,	  /* fields in one record */
};

struct csv_reader;

/* One record; fields are borrowed until the next csv_next. An empty line is
 * a record of no fields. */
struct csv_record {
	char **fields;
	size_t count;
	long line; /* where it begins, from 1 */
};

/*
 * Opens a file in UTF-8; shown is how errors name it. delimiter is ',' ';' or
 * '\t', or 0 to tell from the first line: what `sep=` says, else the one of
 * these that stands in it most often outside quotes.
 * Free with csv_close. Errors: ERR_NOTFOUND, ERR_DATA, ERR_IO.
 */
int csv_open(const char *path, const char *shown, char delimiter,
	struct csv_reader **out, struct err *err);

/* The same for a file that may be in another encoding; errors tell of an
 * option --encoding. Errors: as csv_open; ERR_CONFIG. */
int csv_open_encoded(const char *path, const char *shown, char delimiter,
	enum encoding told, struct csv_reader **out, struct err *err);

/*
 * Reads the next record. Returns 1, 0 at the end of the file, or -1.
 * Errors: ERR_DATA with `FILE:LINE: ` in front; ERR_IO.
 */
int csv_next(struct csv_reader *csv, struct csv_record *out, struct err *err);

/* How many bytes of the file are read, of how many; 0: not known. */
int64_t csv_place(const struct csv_reader *csv);
int64_t csv_size(const struct csv_reader *csv);

char csv_delimiter(const struct csv_reader *csv);

void csv_close(struct csv_reader *csv);

/* Adds a field with quotes where it needs them. */
void csv_add_field(struct buf *out, const char *text, char delimiter);

/*
 * Formula injection: a cell that a spreadsheet would take for a formula (it
 * begins with = + - @, TAB or CR, behind any number of ') gets one more '
 * in front; csv_unguard takes one off such a cell, so that what was written
 * is read back as it was.
 */
void csv_add_guarded(struct buf *out, const char *text, char delimiter);
const char *csv_unguard(const char *text);

#endif
