#include "store/store_suppression.h"

#include <string.h>

#include "store/store_erased.h"

static int
find(struct store *store, const char *email_key, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SUPPRESSED, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	return db_find(q, NULL, err);
}

/* The digest of an address, if any stand here. Returns 1, 0 or -1. */
static int
digest_of(struct store *store, const char *email_key,
	char out[static STORE_ERASED_MAX], struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SUPPRESSED_DIGESTS, err);
	int rc;

	if (!q)
		return -1;
	rc = db_find(q, NULL, err);
	return rc > 0 ? store_erased_key(store, email_key, out, err) : rc;
}

int
store_is_suppressed(struct store *store, const char *email_key, struct err *err)
{
	char digest[STORE_ERASED_MAX];
	int rc = find(store, email_key, err);

	if (rc != 0)
		return rc;
	rc = digest_of(store, email_key, digest, err);
	return rc > 0 ? find(store, digest, err) : rc;
}

int
store_suppress(struct store *store, const char *email_key, const char *reason,
	int64_t now, struct err *err)
{
	struct db_query *q;
	int rc = store_is_suppressed(store, email_key, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	q = db_query(store->db, SQL_SUPPRESS, err);
	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	db_bind_text(q, 2, reason);
	db_bind_int(q, 3, now);
	return db_run(q, err) < 0 ? -1 : 1;
}

/* Returns 1, 0 or -1. */
static int
take_out(struct store *store, const char *email_key, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_UNSUPPRESS, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	if (db_run(q, err) < 0)
		return -1;
	return db_changes(store->db) > 0;
}

int
store_unsuppress(struct store *store, const char *email_key, struct err *err)
{
	char digest[STORE_ERASED_MAX];
	int plain = take_out(store, email_key, err);
	int rc;

	if (plain < 0)
		return -1;
	rc = digest_of(store, email_key, digest, err);
	if (rc > 0)
		rc = take_out(store, digest, err);
	return rc < 0 ? -1 : plain || rc;
}

int
store_suppressions(struct store *store,
	int (*each)(void *ctx, const char *email_key, const char *reason,
		int64_t at, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SUPPRESSIONS, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_text(q, 1), db_int(q, 2), err) <
			0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}
