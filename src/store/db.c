#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	BUSY_TIMEOUT_MS = 10000,
	PARAMETERS_MAX = 32
};

struct db_query {
	struct db *db;
	sqlite3_stmt *stmt;
	int places[PARAMETERS_MAX]; /* of $1, $2 ... in the engine's order */
};

struct db {
	sqlite3 *handle;
	char *path;
	const char *opener; /* who began the transaction, NULL without */
	enum db_sync sync;
	struct db_query queries[SQL_COUNT];
};

static int
fail(struct db *db, int code, struct err *err)
{
	const char *what = sqlite3_errmsg(db->handle);

	switch (code & 0xFF) {
	case SQLITE_FULL:
		return err_set(err, ERR_IO,
			"%s: the disk is full; nothing was lost, make room "
			"and run the command again",
			db->path);
	case SQLITE_BUSY:
		return err_set(err, ERR_AGAIN,
			"%s: another openletter has been writing for more "
			"than %d s; run the command again",
			db->path, BUSY_TIMEOUT_MS / 1000);
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return err_set(err, ERR_IO,
			"%s: this file or its folder cannot be written; "
			"check who owns them",
			db->path);
	case SQLITE_CANTOPEN:
		return err_set(err,
			access(db->path, F_OK) == 0 ? ERR_IO : ERR_CREATE,
			"%s: cannot open the database or the files beside it; "
			"check that the folder can be written",
			db->path);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(err, ERR_DATA,
			"%s: not a sound database (%s); restore a backup",
			db->path, what);
	default:
		return err_set(err, ERR_IO, "%s: %s", db->path, what);
	}
}

int
db_script(struct db *db, const char *sql, struct err *err)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : fail(db, code, err);
}

/* Only the owner may read what supporters entrusted to them. */
static int
keep_file_private(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return 0;
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_IO, "%s: not a regular file", path);
	if ((st.st_mode & 077) && chmod(path, 0600) < 0)
		return err_set(err, ERR_IO,
			"%s: other users can read it and it cannot be "
			"changed: %s",
			path, strerror(errno));
	return 0;
}

static int
keep_private(const char *path, struct err *err)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 3; i++) {
		char *file = mem_printf("%s%s", path, endings[i]);

		rc = keep_file_private(file, err);
		free(file);
	}
	return rc;
}

/* The engine would make a new file as the umask has it, and those beside it
 * like the first. What cannot be made the engine reports. */
static void
make_private(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

/* Making a new file a WAL database does not wait for another that does the
 * same just now, so we do. */
static int
set_up(struct db *db, const char *settings, struct err *err)
{
	struct timespec pause = {.tv_nsec = 20000000};
	int rc = -1;

	for (int i = 0; rc < 0 && i < BUSY_TIMEOUT_MS / 20; i++) {
		rc = db_script(db, settings, err);
		if (rc < 0 && err->kind != ERR_AGAIN)
			break;
		if (rc < 0)
			nanosleep(&pause, NULL);
	}
	return rc;
}

int
db_open(const char *path, bool create, struct db **out, struct err *err)
{
	static const char settings[] = "PRAGMA trusted_schema = OFF;"
				       "PRAGMA temp_store = MEMORY;"
				       "PRAGMA foreign_keys = ON;"
				       "PRAGMA secure_delete = ON;"
				       "PRAGMA cache_size = -8192;"
				       "PRAGMA journal_mode = WAL;"
				       "PRAGMA wal_autocheckpoint = 250;"
				       "PRAGMA synchronous = FULL;";
	struct db *db = mem_zalloc(sizeof *db);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		    (create ? SQLITE_OPEN_CREATE : 0);
	int code;

	db->path = mem_strdup(path);
	db->sync = DB_DURABLE;
	if (!create && access(path, F_OK) < 0) {
		err_set(err, ERR_NOTFOUND, "%s: there is no database yet",
			path);
		goto fail;
	}
	if (create)
		make_private(path);
	if (keep_private(path, err) < 0)
		goto fail;
	/* It would count, below a lock, what nobody asks for; once it has
	 * begun it refuses, which does no harm. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	code = sqlite3_open_v2(path, &db->handle, flags, NULL);
	if (code != SQLITE_OK) {
		fail(db, code, err);
		goto fail;
	}
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
	sqlite3_db_config(
		db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
	if (set_up(db, settings, err) < 0)
		goto fail;
	*out = db;
	return 0;
fail:
	db_close(db);
	return -1;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->queries[i].stmt);
	sqlite3_close(db->handle);
	free(db->path);
	free(db);
}

static int
read_pragma(struct db *db, const char *sql, int *out, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return code == SQLITE_ROW ? 0 : fail(db, code, err);
}

int
db_header(struct db *db, int *version, int *application, struct err *err)
{
	if (read_pragma(db, "PRAGMA user_version", version, err) < 0)
		return -1;
	return read_pragma(db, "PRAGMA application_id", application, err);
}

int
db_is_empty(struct db *db, struct err *err)
{
	int tables;

	if (read_pragma(
		    db, "SELECT count(*) FROM sqlite_schema", &tables, err) < 0)
		return -1;
	return tables == 0;
}

int
db_set_header(struct db *db, int version, int application, struct err *err)
{
	char sql[96];

	snprintf(sql, sizeof sql,
		"PRAGMA user_version = %d; PRAGMA application_id = %d", version,
		application);
	return db_script(db, sql, err);
}

/* The engine's copy of everything goes to a file that has no name any more,
 * in the database's folder: the list is too large for memory, and no other
 * folder is the owner's alone. */
static void
set_temporary_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!sqlite3_temp_directory)
		sqlite3_temp_directory =
			slash ? sqlite3_mprintf(
					"%.*s", (int)(slash - path), path)
			      : sqlite3_mprintf(".");
}

int
db_rewrite(struct db *db, struct err *err)
{
	int rc;

	assert(!db->opener);
	set_temporary_folder(db->path);
	rc = db_script(db, "PRAGMA temp_store = FILE; VACUUM", err);
	sqlite3_exec(
		db->handle, "PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
	return rc;
}

int
db_empty_log(struct db *db, struct err *err)
{
	int busy;

	if (read_pragma(db, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, err) < 0)
		return -1;
	return busy ? err_set(err, ERR_AGAIN,
			      "%s: another program has been reading in it for "
			      "more than %d s; end it and run the command "
			      "again",
			      db->path, BUSY_TIMEOUT_MS / 1000)
		    : 0;
}

int
db_copy(struct db *db, const char *path, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(
		db->handle, "VACUUM INTO ?1", -1, &stmt, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return code == SQLITE_DONE ? 0 : fail(db, code, err);
}

int
db_make_single(struct db *db, struct err *err)
{
	return db_script(db, "PRAGMA journal_mode = DELETE", err);
}

int
db_begin(struct db *db, const char *who, enum db_sync sync, struct err *err)
{
	assert(!db->opener);
	if (sync != db->sync) {
		if (db_script(db,
			    sync == DB_DURABLE ? "PRAGMA synchronous = FULL"
					       : "PRAGMA synchronous = NORMAL",
			    err) < 0)
			return -1;
		db->sync = sync;
	}
	if (db_script(db, "BEGIN IMMEDIATE", err) < 0)
		return err_prefix(err, "%s", who);
	db->opener = who;
	return 0;
}

int
db_begin_read(struct db *db, const char *who, struct err *err)
{
	assert(!db->opener);
	if (db_script(db, "BEGIN", err) < 0)
		return err_prefix(err, "%s", who);
	db->opener = who;
	return 0;
}

int
db_commit(struct db *db, struct err *err)
{
	const char *who = db->opener;

	assert(who);
	if (db_script(db, "COMMIT", err) < 0) {
		db_rollback(db);
		return err_prefix(err, "%s", who);
	}
	db->opener = NULL;
	return 0;
}

void
db_rollback(struct db *db)
{
	if (!db->opener)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_reset(db->queries[i].stmt);
	if (!sqlite3_get_autocommit(db->handle))
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->opener = NULL;
}

/* Finds where the engine keeps $1, $2 ...: it numbers them as they appear. */
static void
find_places(struct db_query *q)
{
	for (int i = 1; i < PARAMETERS_MAX; i++) {
		char name[8];

		snprintf(name, sizeof name, "$%d", i);
		q->places[i] = sqlite3_bind_parameter_index(q->stmt, name);
	}
}

struct db_query *
db_query(struct db *db, enum sql id, struct err *err)
{
	struct db_query *q = &db->queries[id];
	int code;

	if (q->stmt) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
		return q;
	}
	q->db = db;
	code = sqlite3_prepare_v3(db->handle, sql_text(id), -1,
		SQLITE_PREPARE_PERSISTENT, &q->stmt, NULL);
	if (code != SQLITE_OK) {
		fail(db, code, err);
		return NULL;
	}
	find_places(q);
	return q;
}

void
db_bind_int(struct db_query *q, int parameter, int64_t value)
{
	int code = sqlite3_bind_int64(q->stmt, q->places[parameter], value);

	assert(code == SQLITE_OK);
	(void)code;
}

void
db_bind_text(struct db_query *q, int parameter, const char *text)
{
	int code = sqlite3_bind_text(
		q->stmt, q->places[parameter], text, -1, SQLITE_STATIC);

	assert(code == SQLITE_OK);
	(void)code;
}

int
db_next(struct db_query *q, struct err *err)
{
	int code = sqlite3_step(q->stmt);

	if (code == SQLITE_ROW)
		return 1;
	if (code != SQLITE_DONE)
		fail(q->db, code, err);
	sqlite3_reset(q->stmt);
	return code == SQLITE_DONE ? 0 : -1;
}

int
db_run(struct db_query *q, struct err *err)
{
	int rc = db_next(q, err);

	sqlite3_reset(q->stmt);
	return rc < 0 ? -1 : 0;
}

int
db_insert(struct db_query *q, int64_t *id, struct err *err)
{
	if (db_run(q, err) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(q->db->handle);
	return 0;
}

int
db_find(struct db_query *q, int64_t *out, struct err *err)
{
	int rc = db_next(q, err);

	if (rc > 0 && out)
		*out = db_int(q, 0);
	sqlite3_reset(q->stmt);
	return rc;
}

int64_t
db_int(struct db_query *q, int column)
{
	return sqlite3_column_int64(q->stmt, column);
}

const char *
db_text(struct db_query *q, int column)
{
	const unsigned char *text = sqlite3_column_text(q->stmt, column);

	return text ? (const char *)text : "";
}

bool
db_is_null(struct db_query *q, int column)
{
	return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

void
db_reset(struct db_query *q)
{
	sqlite3_reset(q->stmt);
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}
