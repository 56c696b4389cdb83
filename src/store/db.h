/*
 * The one door to the database engine: SQLite in WAL mode. Knows no table
 * but through sql.h. One handle belongs to one thread.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/sql.h"

struct db;
struct db_query;

/* How much a commit must survive. */
enum db_sync {
	DB_DURABLE, /* a power loss: the disk has it when commit returns */
	DB_ORDERED, /* the end of the program, at any moment; after a power
		       loss it may be as if it had not happened */
};

/*
 * Opens a database, with create also a new one; its files have mode 0600.
 * Errors: ERR_NOTFOUND, ERR_IO, ERR_CREATE, ERR_DATA (not a database).
 */
int db_open(const char *path, bool create, struct db **out, struct err *err);
void db_close(struct db *db);

/* Runs statements that give no rows: the schema. */
int db_script(struct db *db, const char *sql, struct err *err);

/* Reads or sets PRAGMA user_version, application_id: what this file is. */
int db_header(struct db *db, int *version, int *application, struct err *err);
int db_set_header(struct db *db, int version, int application, struct err *err);

/*
 * Writes all of the database anew, so that nothing is left in it of what was
 * deleted; needs room for two copies beside it for a moment.
 * Errors: ERR_IO: the disk is full, nothing was changed.
 */
int db_rewrite(struct db *db, struct err *err);

/* Empties the write-ahead log. Errors: ERR_AGAIN: another program reads in it
 * and has not ended for too long. */
int db_empty_log(struct db *db, struct err *err);

/* Writes all of the database, as it is now, to an empty file; other programs
 * may go on meanwhile. The file is not synced. Errors: ERR_IO. */
int db_copy(struct db *db, const char *path, struct err *err);

/* Makes the database a single file, for a copy that is put away. */
int db_make_single(struct db *db, struct err *err);

/* Whether there is no table in it. Returns 1, 0 or -1. */
int db_is_empty(struct db *db, struct err *err);

/*
 * Begins a transaction in the name of who (a static string, for messages);
 * it takes the write lock at once. They do not nest.
 * Errors: ERR_AGAIN: another program has held the lock for too long; ERR_IO.
 */
int
db_begin(struct db *db, const char *who, enum db_sync sync, struct err *err);
int db_commit(struct db *db, struct err *err);
/*
 * Begins a transaction that only reads: until it is ended, with either of the
 * two, everything is as it was at its first look, whatever others write
 * meanwhile. It holds nobody up. Errors: ERR_IO.
 */
int db_begin_read(struct db *db, const char *who, struct err *err);
/* Undoes the transaction there is, if any; cannot fail. */
void db_rollback(struct db *db);

/*
 * The statement, reset and with every value NULL; prepared once and kept.
 * Returns NULL on failure. Borrowed; a statement cannot be used twice at the
 * same time. Errors: ERR_IO.
 */
struct db_query *db_query(struct db *db, enum sql id, struct err *err);

void db_bind_int(struct db_query *q, int parameter, int64_t value);
/* NULL is SQL's NULL; the text must live until the query is stepped. */
void db_bind_text(struct db_query *q, int parameter, const char *text);

/* Steps to the next row. Returns 1, 0 at the end (and resets), or -1. */
int db_next(struct db_query *q, struct err *err);

/* Steps a statement that gives no rows, or whose rows do not matter. */
int db_run(struct db_query *q, struct err *err);

/* Steps an INSERT; *id is the new row's. */
int db_insert(struct db_query *q, int64_t *id, struct err *err);

/* Steps to the first row and resets; *out (may be NULL) is its first column.
 * Returns 1, 0 without a row, or -1. */
int db_find(struct db_query *q, int64_t *out, struct err *err);

/* Columns of the row, from 0. A NULL is 0 or "". Text is borrowed until the
 * next step. */
int64_t db_int(struct db_query *q, int column);
const char *db_text(struct db_query *q, int column);
bool db_is_null(struct db_query *q, int column);

/* Gives the row and its read lock back before the end was reached. */
void db_reset(struct db_query *q);

/* Rows that the last statement changed. */
int64_t db_changes(struct db *db);

#endif
