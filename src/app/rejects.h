/*
 * The file of rows that could not be taken, beside the list they come from:
 * march.csv -> march.rejects.csv. It can be mended in a spreadsheet and
 * imported again, and is then itself overwritten with what is still wrong.
 * Rows go to the disk as they come; the file takes its place only when it is
 * kept, after what was taken is stored.
 */
#ifndef APP_REJECTS_H
#define APP_REJECTS_H

#include <stdint.h>

#include "base/csv.h"
#include "core/columns.h"

struct rejects;

/* For the list in a file; delimiter is the one that it has, so that the same
 * spreadsheet reads it. Free with rejects_close. */
struct rejects *rejects_new(const char *file, char delimiter);

/* The list's header row and what its columns are; columns live longer than
 * the rejects. Before any row. */
void rejects_begin(struct rejects *r, const struct csv_record *header,
	const struct columns *columns);

/* Adds a row with its line and why. Errors: ERR_CREATE, ERR_IO. */
int rejects_add(struct rejects *r, const struct csv_record *row,
	const char *why, struct err *err);

/*
 * Sees to it that the rows are on the disk: before the store commits, so that
 * little can fail between the two. Errors: ERR_CREATE, ERR_IO.
 */
int rejects_sync(struct rejects *r, struct err *err);

/*
 * Puts the file in its place, over one of an earlier run, also when that had
 * rows and this has none. *path, to free, is NULL when there are none.
 * Errors: ERR_CREATE, ERR_IO.
 */
int rejects_keep(struct rejects *r, char **path, struct err *err);

/* Takes NULL. What was not kept is gone. */
void rejects_close(struct rejects *r);

#endif
