#include <inttypes.h>
#include <stdio.h>

#include "base/token.h"
#include "store/inflight.h"
#include "store/store_ledger.h"
#include "store/store_names.h"

/* What a slot is put into the ledger with. */
struct recovery {
	struct store *store;
	const char *mark;
};

/* Takes a slot over, if the ledger did not hear of it: the claim is still
 * held, by the run that wrote the slot, and for the same try. A batch that
 * takes long still has a slot of a try that was put off and came due. */
static int
take_over(void *ctx, const struct inflight_slot *slot, struct err *err)
{
	const struct recovery *r = ctx;
	struct db_query *q = db_query(r->store->db, SQL_DELIVERY_HELD, err);
	enum delivery_state state;
	bool known; /* that it was handed over */
	int attempts, rc;
	int64_t since;

	if (!q)
		return -1;
	db_bind_int(q, 1, slot->delivery);
	db_bind_text(q, 2, r->mark);
	rc = db_next(q, err);
	if (rc <= 0)
		return rc;
	attempts = (int)db_int(q, 0);
	since = db_int(q, 1);
	known = db_int(q, 2) == DELIVERY_SENDING;
	db_reset(q);
	if (attempts != slot->attempt)
		return 0;
	if (slot->stage == INFLIGHT_HANDED_OVER)
		return known ? 0
			     : store_handed_over(
				       r->store, slot->delivery, slot->at, err);
	if (store_outcome(r->store, slot->delivery, attempts, since,
		    &slot->outcome, slot->at, &state, err) < 0)
		return -1;
	return store_names_settle(
		r->store, slot->delivery, slot->outcome.handed_over, err);
}

/* Returns how many rows the statement changed, or -1. mark: NULL, or its
 * second parameter. */
static int64_t
recover(struct store *store, enum sql id, const char *mark, int64_t now,
	struct err *err)
{
	struct db_query *q = db_query(store->db, id, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, now);
	if (mark)
		db_bind_text(q, 2, mark);
	return db_run(q, err) < 0 ? -1 : db_changes(store->db);
}

/* In this order: what this start of the machine claimed was not lost. */
static int
put_right(struct store *store, const char *mark, int64_t now, int64_t *unknown,
	struct err *err)
{
	static const struct {
		enum sql id;
		bool by_mark;
		bool to_unknown;
	} steps[] = {
		{SQL_RECOVER_SENDING, false, true},
		{SQL_RECOVER_CLAIMED, true, false},
		{SQL_RECOVER_POWER_LOSS, false, true},
		{SQL_RECOVER_CANCELLED, false, false},
		{SQL_RECOVER_SPENDING, false, false},
		{SQL_RECOVER_CLOCK_SPENDING, false, false},
		{SQL_RECOVER_CLOCK_DUE, false, false},
	};

	if (store_names_recover(store, mark, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		int64_t changed = recover(store, steps[i].id,
			steps[i].by_mark ? mark : NULL, now, err);

		if (changed < 0)
			return -1;
		if (steps[i].to_unknown)
			*unknown += changed;
	}
	return 0;
}

int
store_recover(struct store *store, const char *inflight, const char *boot,
	int64_t now, int64_t *unknown, struct err *err)
{
	char mark[INFLIGHT_MARK_MAX];
	struct recovery r = {.store = store, .mark = mark};

	*unknown = 0;
	snprintf(mark, sizeof mark, "%s", boot);
	if (store_begin(store, "putting the ledger right", DB_DURABLE, err) < 0)
		return -1;
	if ((inflight && inflight_read(inflight, boot, mark, take_over, &r,
				 err) < 0) ||
		put_right(store, mark, now, unknown, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	if (inflight)
		inflight_remove(inflight);
	return 0;
}
