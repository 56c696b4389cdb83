#include "store/store_copy.h"

int
store_copy(struct store *store, const char *path, struct err *err)
{
	return db_copy(store->db, path, err);
}

/* Returns how many rows were changed, or -1. */
static int64_t
change(struct store *copy, enum sql id, int64_t now, const char *reason,
	struct err *err)
{
	struct db_query *q = db_query(copy->db, id, err);

	if (!q)
		return -1;
	if (reason)
		db_bind_text(q, 1, reason);
	else
		db_bind_int(q, 1, now);
	return db_run(q, err) < 0 ? -1 : db_changes(copy->db);
}

int
store_put_away(struct store *copy, const char *reason, int64_t now,
	int64_t *unknown, struct err *err)
{
	if (store_begin(copy, "closing the copy", DB_ORDERED, err) < 0)
		return -1;
	*unknown = change(copy, SQL_COPY_DELIVERIES, now, NULL, err);
	if (*unknown < 0 ||
		change(copy, SQL_COPY_MAILINGS, now, reason, err) < 0 ||
		change(copy, SQL_COPY_SPENDING, now, NULL, err) < 0) {
		store_rollback(copy);
		return -1;
	}
	if (store_commit(copy, err) < 0)
		return -1;
	return db_make_single(copy->db, err);
}
