/*
 * Prints listings to stdout as table, CSV, JSON or JSON lines: the maker of
 * struct rows. CSV is safe to open in a spreadsheet.
 */
#ifndef CMD_OUT_H
#define CMD_OUT_H

#include <stdbool.h>

#include "base/rows.h"

enum out_format {
	OUT_TABLE,
	OUT_CSV,
	OUT_JSON,
	OUT_JSONL
};

/* Returns 0 or -1. */
int out_format_parse(const char *name, enum out_format *out);

struct out;

/* Returns a printer; what it prints through is out_rows. details: tables have
 * every column. */
struct out *out_new(enum out_format format, bool details);
struct rows *out_rows(struct out *out);

/* Begins CSV with a byte order mark: Excel takes it for another encoding than
 * UTF-8 without one. */
void out_bom(struct out *out);

/* Prints what is left and frees the printer. finish: the listing is whole;
 * without it (after an error) nothing more is printed.
 * Errors: ERR_IO: stdout cannot be written. */
int out_free(struct out *out, int finish, struct err *err);

/* Prints what is no listing. Errors: ERR_IO. */
int out_write(const char *data, size_t len, struct err *err);

/* Flushes stdout. Errors: ERR_IO. */
int out_flush(struct err *err);

#endif
