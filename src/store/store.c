#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	APPLICATION_ID = 0x4F4C5452 /* "OLTR" */
};

/* What brings a database from version i to i + 1. A published row is never
 * changed; a new version is a new row. */
static const char *const migrations[] = {
#include "store/schema_sql.h"
	,
#include "store/schema_2_sql.h"
	,
#include "store/schema_3_sql.h"
	,
};

enum {
	VERSION = sizeof migrations / sizeof migrations[0]
};

static int
migrate(struct db *db, const char *path, struct err *err)
{
	int version, application, empty;

	if (db_header(db, &version, &application, err) < 0)
		return -1;
	empty = db_is_empty(db, err);
	if (empty < 0)
		return -1;
	if (version > VERSION && application == APPLICATION_ID)
		return err_set(err, ERR_CONFIG,
			"%s: made by a newer openletter (version %d, this one "
			"knows %d); install the newer program, nothing was "
			"changed",
			path, version, VERSION);
	if (version > VERSION || (application != APPLICATION_ID && !empty))
		return err_set(err, ERR_DATA,
			"%s: this is not an openletter database", path);
	for (; version < VERSION; version++)
		if (db_script(db, migrations[version], err) < 0)
			return -1;
	return db_set_header(db, VERSION, APPLICATION_ID, err);
}

static int
bring_up_to_date(struct db *db, const char *path, struct err *err)
{
	int version, application;

	if (db_header(db, &version, &application, err) < 0)
		return -1;
	if (version == VERSION && application == APPLICATION_ID)
		return 0;
	if (db_begin(db, "making the database", DB_DURABLE, err) < 0)
		return -1;
	if (migrate(db, path, err) < 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, err);
}

int
store_open(const char *path, struct store **out, struct err *err)
{
	struct store *store = mem_zalloc(sizeof *store);

	if (db_open(path, true, &store->db, err) < 0 ||
		bring_up_to_date(store->db, path, err) < 0) {
		store_close(store);
		return -1;
	}
	*out = store;
	return 0;
}

void
store_close(struct store *store)
{
	if (!store)
		return;
	token_mac_free(store->mac);
	db_close(store->db);
	free(store);
}

int
store_begin(struct store *store, const char *who, enum db_sync sync,
	struct err *err)
{
	return db_begin(store->db, who, sync, err);
}

int
store_begin_read(struct store *store, const char *who, struct err *err)
{
	return db_begin_read(store->db, who, err);
}

int
store_commit(struct store *store, struct err *err)
{
	return db_commit(store->db, err);
}

void
store_rollback(struct store *store)
{
	db_rollback(store->db);
}

int
store_letter_find(
	struct store *store, const char *name, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_LETTER_FIND, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, name);
	return db_find(q, id, err);
}

int
store_letters(struct store *store,
	int (*each)(void *ctx, const char *name, struct err *err), void *ctx,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_LETTER_LIST, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

/* What was found, where it must be there. */
static int
found(int rc, struct err *err)
{
	if (rc == 0)
		return err_set(err, ERR_IO, "a row just written is not there");
	return rc < 0 ? -1 : 0;
}

int
store_letter(
	struct store *store, const char *name, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_LETTER_ADD, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, name);
	if (db_run(q, err) < 0)
		return -1;
	return found(store_letter_find(store, name, id, err), err);
}

int
store_edition(struct store *store, int64_t letter, const char *lang,
	const char *text, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_EDITION_ADD, err);
	char digest[DIGEST_MAX];

	if (!q)
		return -1;
	token_digest(text, strlen(text), digest);
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, lang);
	db_bind_text(q, 3, digest);
	db_bind_text(q, 4, text);
	if (db_run(q, err) < 0)
		return -1;
	q = db_query(store->db, SQL_EDITION_FIND, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, lang);
	db_bind_text(q, 3, digest);
	return found(db_find(q, id, err), err);
}

int
store_consent(
	struct store *store, const char *text, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONSENT_ADD, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, text);
	if (db_run(q, err) < 0)
		return -1;
	q = db_query(store->db, SQL_CONSENT_FIND, err);
	if (!q)
		return -1;
	db_bind_text(q, 1, text);
	return found(db_find(q, id, err), err);
}

int
store_letter_by_name(
	struct store *store, int64_t letter, bool *by_name, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_LETTER_SET_BY_NAME, err);
	int64_t found_by_name = 0;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, *by_name);
	if (db_run(q, err) < 0)
		return -1;
	q = db_query(store->db, SQL_LETTER_BY_NAME, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	if (found(db_find(q, &found_by_name, err), err) < 0)
		return -1;
	*by_name = found_by_name != 0;
	return 0;
}

int
store_secret_make(struct store *store, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SECRET_ADD, err);
	char secret[TOKEN_SECRET_MAX];
	int rc;

	if (!q)
		return -1;
	token_secret(secret);
	db_bind_text(q, 1, secret);
	rc = db_run(q, err);
	explicit_bzero(secret, sizeof secret);
	return rc;
}

int
store_token_key(struct store *store, const char *purpose, struct token_key *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SECRET_FIND, err);
	int rc;

	if (!q)
		return -1;
	rc = db_next(q, err);
	if (rc > 0) {
		token_key(db_text(q, 0), purpose, out);
		db_reset(q);
	}
	return rc;
}
