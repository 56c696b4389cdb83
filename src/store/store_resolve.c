#include "store/store_resolve.h"

int
store_handed(struct store *store, int64_t mailing, bool all_handed,
	int (*each)(void *ctx, const struct store_handed *d, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_RESOLVE_LIST, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, all_handed);
	while ((rc = db_next(q, err)) > 0) {
		struct store_handed d = {
			.id = db_int(q, 0),
			.state = (enum delivery_state)db_int(q, 1),
			.key = db_text(q, 2),
			.message_id = db_text(q, 3),
		};

		if (each(ctx, &d, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_resolve_later(struct store *store, int64_t delivery, int64_t *mailing,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_RESOLVE_LATER, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	return db_find(q, mailing, err);
}

int
store_resolve(struct store *store, int64_t delivery, enum delivery_state state,
	const char *reply, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_RESOLVE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, state);
	db_bind_text(q, 3, reply);
	db_bind_int(q, 4, now);
	if (db_run(q, err) < 0)
		return -1;
	if (db_changes(store->db) != 1)
		return err_set(err, ERR_IO,
			"delivery %lld is not unknown any more; was "
			"openletter.lock deleted?",
			(long long)delivery);
	return 0;
}

int
store_resolve_reopen(struct store *store, int64_t mailing, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_RESOLVE_REOPEN, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	return db_run(q, err);
}
