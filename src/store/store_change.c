#include "store/store_change.h"

#include "base/mem.h"

int
store_change_add(struct store *store, const struct store_change *change,
	int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CHANGE_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, change->letter);
	db_bind_int(q, 2, change->state);
	db_bind_text(q, 3, change->filter);
	db_bind_int(q, 4, change->at);
	return db_insert(q, id, err);
}

int
store_changed_add(struct store *store, int64_t change, int64_t signature,
	enum signature_state was, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CHANGED_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, change);
	db_bind_int(q, 2, signature);
	db_bind_int(q, 3, was);
	return db_run(q, err);
}

int
store_changes(struct store *store, int64_t change,
	int (*each)(void *ctx, const struct store_change *c, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CHANGE_LIST, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, change);
	while ((rc = db_next(q, err)) > 0) {
		const struct store_change c = {
			.id = db_int(q, 0),
			.letter = db_int(q, 1),
			.name = db_text(q, 2),
			.state = (enum signature_state)db_int(q, 3),
			.filter = db_text(q, 4),
			.at = db_int(q, 5),
			.undone_at = db_int(q, 6),
			.count = db_int(q, 7),
		};

		if (each(ctx, &c, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_changed_next(struct store *store, int64_t change, int64_t after,
	struct store_changed *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CHANGED_NEXT, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, change);
	db_bind_int(q, 2, after);
	rc = db_next(q, err);
	if (rc > 0)
		*out = (struct store_changed){
			.signature = db_int(q, 0),
			.was = (enum signature_state)db_int(q, 1),
			.is = (enum signature_state)db_int(q, 2),
		};
	db_reset(q);
	return rc;
}

int
store_change_undone(
	struct store *store, int64_t change, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CHANGE_UNDONE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, change);
	db_bind_int(q, 2, now);
	return db_run(q, err);
}

int
store_filter_set(struct store *store, const char *name, const char *filter,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_FILTER_SET, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, name);
	db_bind_text(q, 2, filter);
	return db_run(q, err);
}

int
store_filter_find(
	struct store *store, const char *name, char **filter, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_FILTER_FIND, err);
	int rc;

	if (!q)
		return -1;
	db_bind_text(q, 1, name);
	rc = db_next(q, err);
	if (rc > 0)
		*filter = mem_strdup(db_text(q, 0));
	db_reset(q);
	return rc;
}

int
store_filters(struct store *store,
	int (*each)(void *ctx, const char *name, const char *filter,
		struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_FILTER_LIST, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_text(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}
