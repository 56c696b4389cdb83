#include "store/store_names.h"

static int
set_version(
	struct store *store, int64_t mailing, int64_t version, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_SET_VERSION, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, version);
	return db_run(q, err);
}

int
store_names_freeze(struct store *store, int64_t mailing, int64_t letter,
	enum visibility tightest, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_FREEZE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, letter);
	db_bind_int(q, 3, tightest);
	db_bind_int(q, 4, INT64_MAX);
	if (db_run(q, err) < 0)
		return -1;
	return set_version(store, mailing, 0, err);
}

static int
walk(struct db_query *q,
	int (*each)(void *ctx, const struct store_name *name, struct err *err),
	void *ctx, bool whole, struct err *err)
{
	int rc;

	while ((rc = db_next(q, err)) > 0) {
		struct store_name name = {
			.signature = db_int(q, 0),
			.public_to = db_int(q, 1),
			.recipient_to = db_int(q, 2),
		};

		if (whole) {
			name.name = db_text(q, 3);
			name.organisation = db_text(q, 4);
			name.role = db_text(q, 5);
			name.country = db_text(q, 6);
			name.city = db_text(q, 7);
			name.comment = db_text(q, 8);
			name.lang = db_text(q, 9);
			name.signed_at = db_int(q, 10);
		}
		if (each(ctx, &name, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_names(struct store *store, int64_t mailing,
	int (*each)(void *ctx, const struct store_name *name, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	return walk(q, each, ctx, true, err);
}

int
store_names_version(
	struct store *store, int64_t mailing, int64_t *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_VERSION, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	return db_find(q, out, err);
}

int
store_names_follow(
	struct store *store, int64_t mailing, int64_t *version, struct err *err)
{
	int rc = store_names_version(store, mailing, version, err);
	struct db_query *q;

	if (rc <= 0)
		return rc;
	q = db_query(store->db, SQL_NAMES_FOLLOW, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, *version + 1);
	if (db_run(q, err) < 0)
		return -1;
	if (db_changes(store->db) > 0 &&
		set_version(store, mailing, ++*version, err) < 0)
		return -1;
	return 1;
}

int
store_names_changed(struct store *store, int64_t mailing, int64_t since,
	int (*each)(void *ctx, const struct store_name *name, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_CHANGED, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, since);
	db_bind_int(q, 3, INT64_MAX);
	return walk(q, each, ctx, false, err);
}

int
store_names_claim(
	struct store *store, int64_t delivery, int64_t version, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_CLAIM, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, version);
	return db_run(q, err);
}

int
store_names_settle(struct store *store, int64_t delivery, bool handed_over,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_SETTLE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, handed_over);
	return db_run(q, err);
}

int
store_names_recover(struct store *store, const char *mark, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_NAMES_RECOVER, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, mark);
	return db_run(q, err);
}
