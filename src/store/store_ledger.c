#include "store/store_ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/token.h"
#include "store/store_erased.h"
#include "store/store_names.h"
#include "store/store_suppression.h"

/* 0 stays NULL. */
static void
bind_id(struct db_query *q, int parameter, int64_t id)
{
	if (id)
		db_bind_int(q, parameter, id);
}

int
store_delivery_add(struct store *store, const struct store_delivery_new *in,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, in->mailing);
	db_bind_int(q, 2, in->letter);
	db_bind_text(q, 3, in->lang);
	db_bind_text(q, 4, in->recipient);
	db_bind_text(q, 5, in->key);
	bind_id(q, 6, in->row);
	bind_id(q, 7, in->signer_row);
	bind_id(q, 8, in->signature);
	db_bind_int(q, 9, in->copy);
	db_bind_int(q, 10, in->state);
	db_bind_text(q, 11, in->message_id);
	db_bind_int(q, 12, in->now);
	db_bind_text(q, 13, in->reply ? in->reply : "");
	return db_run(q, err);
}

/* What stands in the letter's deliveries for an address that was erased, if
 * any was. Returns 1, 0 or -1. */
static int
erased_key(struct store *store, int64_t letter, const char *key,
	char out[static STORE_ERASED_MAX], struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_DIGESTS, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	rc = db_find(q, NULL, err);
	return rc > 0 ? store_erased_key(store, key, out, err) : rc;
}

static int
reached(struct store *store, int64_t letter, const char *key,
	enum audience audience, int64_t signature, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_REACHED, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_int(q, 3, audience);
	db_bind_int(q, 4, signature);
	return db_find(q, NULL, err);
}

int
store_reached(struct store *store, int64_t letter, const char *key,
	enum audience audience, int64_t signature, struct err *err)
{
	char digest[STORE_ERASED_MAX];
	int rc = reached(store, letter, key, audience, signature, err);

	if (rc != 0)
		return rc;
	rc = erased_key(store, letter, key, digest, err);
	return rc > 0 ? reached(store, letter, digest, audience, signature, err)
		      : rc;
}

int
store_in_mailing(struct store *store, int64_t letter, int64_t mailing,
	const char *key, int64_t signature, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_IN_MAILING, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_int(q, 3, mailing);
	db_bind_int(q, 4, signature);
	return db_find(q, NULL, err);
}

int
store_delivery_key(struct store *store, int64_t delivery,
	char out[static ADDRESS_MAX], struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_KEY, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	rc = db_next(q, err);
	if (rc > 0) {
		snprintf(out, ADDRESS_MAX, "%s", db_text(q, 0));
		db_reset(q);
	}
	return rc;
}

void
store_delivery_release(struct store_delivery *d)
{
	free(d->lang);
	free(d->recipient);
	free(d->message_id);
	free(d->row);
	free(d->signer);
	*d = (struct store_delivery){0};
}

/* A due delivery, and what speaks against sending it now. */
struct due {
	struct store_delivery delivery;
	char *key;
	bool erased;   /* whom it goes to, or in whose name */
	bool gone;     /* the signature behind it counts no more */
	bool hidden;   /* nobody may see the signature's name now */
	int64_t later; /* not before this time; 0: now */
};

static void
release_due(struct due *due, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		store_delivery_release(&due[i].delivery);
		free(due[i].key);
	}
}

static char *
copy(struct db_query *q, int column)
{
	return db_is_null(q, column) ? NULL : mem_strdup(db_text(q, column));
}

static void
read_due(struct db_query *q, struct due *out, int64_t now)
{
	int64_t date = db_is_null(q, 6) ? now : db_int(q, 6);
	int64_t resolved_at = db_int(q, 13);

	*out = (struct due){
		.delivery =
			{
				.id = db_int(q, 0),
				.lang = copy(q, 1),
				.recipient = copy(q, 2),
				.copy = db_int(q, 3) != 0,
				.attempts = (int)db_int(q, 4) + 1,
				.message_id = copy(q, 5),
				.date = date,
				.since =
					date > resolved_at ? date : resolved_at,
				.names = db_is_null(q, 12) ? -1 : db_int(q, 12),
				.row = copy(q, 7),
				.signer = copy(q, 8),
			},
		.key = copy(q, 9),
		.erased = store_is_erased_key(db_text(q, 9)) ||
			  strcmp(db_text(q, 8), "{}") == 0,
		.gone = !db_is_null(q, 10) &&
			db_int(q, 10) != SIGNATURE_CONFIRMED,
		.hidden = !visibility_shows(
			(enum visibility)db_int(q, 11), VIEWER_RECIPIENT),
	};
}

int
store_deliveries(struct store *store, int64_t mailing, int64_t now,
	int (*each)(void *ctx, const struct store_delivery *d, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_DUE, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, now);
	db_bind_int(q, 3, -1);
	while ((rc = db_next(q, err)) > 0) {
		struct due due;
		int stop;

		read_due(q, &due, now);
		stop = each(ctx, &due.delivery, err);
		release_due(&due, 1);
		if (stop < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

/* What the caller thinks of sending to this address now. */
static enum store_verdict
judge(const struct store_claim *claim, const char *recipient, int64_t *later)
{
	return claim->judge ? claim->judge(claim->ctx, recipient, later)
			    : STORE_TAKE;
}

/* Finds what is due, in order, leaving out what must wait for others to be
 * over. SCAN_MAX: a list that is full of those is not walked to its end for
 * every batch. */
static int
find_due(struct store *store, const struct store_claim *claim, size_t limit,
	struct due *due, size_t *count, struct err *err)
{
	enum {
		SCAN_MAX = 2000
	};
	struct db_query *q = db_query(store->db, SQL_DELIVERY_DUE, err);
	int rc = 1;

	*count = 0;
	if (!q)
		return -1;
	db_bind_int(q, 1, claim->mailing);
	db_bind_int(q, 2, claim->now);
	db_bind_int(q, 3, claim->judge ? SCAN_MAX : (int64_t)limit);
	while (*count < limit && (rc = db_next(q, err)) > 0) {
		int64_t later = 0;

		if (judge(claim, db_text(q, 2), &later) == STORE_SKIP)
			continue;
		read_due(q, &due[*count], claim->now);
		due[(*count)++].later = later;
	}
	if (rc > 0)
		db_reset(q);
	return rc < 0 ? -1 : 0;
}

static int
drop(struct store *store, int64_t delivery, enum delivery_state state,
	const char *why, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_DROP, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, state);
	db_bind_text(q, 3, why);
	db_bind_int(q, 4, now);
	return db_run(q, err);
}

static int
postpone(struct store *store, const struct due *due, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_POSTPONE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, due->delivery.id);
	db_bind_int(q, 2, due->later);
	return db_run(q, err);
}

/* Settles what must not go out any more. Returns 1, 0 when it may, or -1. */
static int
drop_unwanted(struct store *store, const struct store_claim *claim,
	struct due *due, struct err *err)
{
	enum delivery_state state = DELIVERY_CANCELLED;
	const char *why = NULL;
	int rc;

	if (due->erased) {
		why = "this person was erased";
	} else if (due->gone) {
		why = "the signature does not count any more";
	} else if (claim->audience == AUDIENCE_FOR_SIGNERS && due->hidden) {
		why = "the signer's name may not be shown any more";
	} else if (claim->audience == AUDIENCE_TO_SIGNERS) {
		rc = store_is_suppressed(store, due->key, err);
		if (rc <= 0)
			return rc;
		state = DELIVERY_SUPPRESSED;
		why = "the address is suppressed";
	}
	if (!why)
		return 0;
	if (drop(store, due->delivery.id, state, why, claim->now, err) < 0)
		return -1;
	due->delivery.attempts--; /* this one is not made */
	if (claim->dropped)
		claim->dropped(claim->ctx, &due->delivery, state, why);
	return 1;
}

/* Returns 1 when the delivery was claimed, 0 when it must not be made now. */
static int
claim_one(struct store *store, const struct store_claim *claim, struct due *due,
	long *dropped, struct err *err)
{
	struct db_query *q;
	int rc = drop_unwanted(store, claim, due, err);

	if (rc < 0)
		return -1;
	*dropped += rc;
	if (rc > 0)
		return 0;
	if (due->later)
		return postpone(store, due, err);
	q = db_query(store->db, SQL_DELIVERY_CLAIM, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, due->delivery.id);
	db_bind_text(q, 2, claim->mark);
	db_bind_int(q, 3, claim->now);
	return db_run(q, err) < 0 ? -1 : 1;
}

/* The names that a claimed delivery is made of: once given to a server they
 * stay. */
static int
claim_names(struct store *store, struct store_delivery *d, int64_t version,
	struct err *err)
{
	if (d->names < 0)
		d->names = version;
	return store_names_claim(store, d->id, version, err);
}

static int
spend(struct store *store, const char *account, size_t count, int64_t now,
	int64_t *spending, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SPENDING_ADD, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, account);
	db_bind_int(q, 2, now);
	db_bind_int(q, 3, (int64_t)count);
	return db_insert(q, spending, err);
}

int
store_claim(struct store *store, const struct store_claim *claim, size_t limit,
	struct store_delivery *out, size_t *count, int64_t *spending,
	struct err *err)
{
	enum {
		DROPPED_MAX = 5000
	};
	struct due *due = mem_zalloc(limit * sizeof *due);
	size_t found = 0;
	long dropped = 0;
	int64_t version;
	int rc = -1, names;

	*count = 0;
	names = store_names_follow(store, claim->mailing, &version, err);
	if (names < 0)
		goto out;
	do {
		release_due(due, found);
		if (find_due(store, claim, limit, due, &found, err) < 0)
			goto out;
		for (size_t i = 0; i < found; i++) {
			int claimed =
				claim_one(store, claim, &due[i], &dropped, err);

			if (claimed < 0)
				goto out;
			if (claimed == 0)
				continue;
			if (names && claim_names(store, &due[i].delivery,
					     version, err) < 0)
				goto out;
			out[(*count)++] = due[i].delivery;
			due[i].delivery = (struct store_delivery){0};
		}
	} while (*count == 0 && found > 0 && dropped < DROPPED_MAX);
	if (*count && spend(store, claim->account, *count, claim->now, spending,
			      err) < 0)
		goto out;
	rc = 0;
out:
	release_due(due, found);
	free(due);
	return rc;
}

/* The last statement changed the delivery, as it does while the claim is
 * this run's. */
static int
check_held(struct store *store, int64_t delivery, struct err *err)
{
	if (db_changes(store->db) == 1)
		return 0;
	return err_set(err, ERR_IO,
		"delivery %lld is not in the hands of this run any more; was "
		"openletter.lock deleted?",
		(long long)delivery);
}

int
store_handed_over(
	struct store *store, int64_t delivery, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_HANDED_OVER, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, now);
	if (db_run(q, err) < 0)
		return -1;
	return check_held(store, delivery, err);
}

static int
give_back(struct store *store, int64_t delivery, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_GIVE_BACK, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, now);
	if (db_run(q, err) < 0)
		return -1;
	return check_held(store, delivery, err);
}

static int
settle(struct store *store, int64_t delivery, enum delivery_state state,
	const struct smtp_reply *reply, int64_t due_at, int64_t now,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_SETTLE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, delivery);
	db_bind_int(q, 2, state);
	db_bind_int(q, 3, reply->code);
	db_bind_text(q, 4, reply->status);
	db_bind_text(q, 5, reply->text);
	db_bind_int(q, 6, due_at);
	db_bind_int(q, 7, now);
	if (db_run(q, err) < 0)
		return -1;
	return check_held(store, delivery, err);
}

int
store_settle(struct store *store, int64_t delivery, enum delivery_state state,
	const struct smtp_reply *reply, int64_t due_at, int64_t now,
	struct err *err)
{
	if (state == DELIVERY_QUEUED)
		return give_back(store, delivery, now, err);
	return settle(store, delivery, state, reply, due_at, now, err);
}

int
store_outcome(struct store *store, int64_t delivery, int attempts,
	int64_t since, const struct outcome *outcome, int64_t at,
	enum delivery_state *state, struct err *err)
{
	int64_t due = 0;

	*state = delivery_after(outcome, since, at);
	if (*state == DELIVERY_DEFERRED)
		due = at +
		      delivery_retry_wait_s(attempts, (int)token_below(1000));
	return store_settle(
		store, delivery, *state, &outcome->reply, due, at, err);
}

int
store_batch_end(struct store *store, int64_t spending, long count, int64_t now,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SPENDING_CLOSE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, spending);
	db_bind_int(q, 2, now);
	db_bind_int(q, 3, count);
	return db_run(q, err);
}

int
store_batch_is_open(struct store *store, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SPENDING_OPEN, err);

	return q ? db_find(q, NULL, err) : -1;
}

int
store_spent(struct store *store, const char *account, int64_t since,
	long *count, int64_t *oldest, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SPENDING_WINDOW, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, account);
	db_bind_int(q, 2, since);
	if (db_next(q, err) < 0)
		return -1;
	*count = (long)db_int(q, 0);
	*oldest = db_int(q, 1);
	db_reset(q);
	return 0;
}

int
store_any_due(
	struct store *store, int64_t mailing, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_ANY_DUE, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, now);
	rc = db_next(q, err);
	db_reset(q);
	return rc;
}

int
store_reject(struct store *store, int64_t delivery, const char *why,
	int64_t now, struct err *err)
{
	return drop(store, delivery, DELIVERY_REJECTED, why, now, err);
}

int
store_next_due(
	struct store *store, int64_t mailing, int64_t *at, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_NEXT_DUE, err);
	bool found;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	if (db_next(q, err) < 0)
		return -1;
	found = !db_is_null(q, 0);
	*at = db_int(q, 0);
	db_reset(q);
	return found;
}

int
store_log(struct store *store, int64_t mailing, int state, int64_t since,
	int (*each)(
		void *ctx, const struct store_log_row *row, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_LOG, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_int(q, 2, state);
	db_bind_int(q, 3, since);
	while ((rc = db_next(q, err)) > 0) {
		struct store_log_row row = {
			.delivery = db_int(q, 0),
			.mailing = db_int(q, 1),
			.letter = db_text(q, 2),
			.lang = db_text(q, 3),
			.recipient = db_text(q, 4),
			.state = (enum delivery_state)db_int(q, 5),
			.attempts = (int)db_int(q, 6),
			.message_id = db_text(q, 7),
			.code = (int)db_int(q, 8),
			.status = db_text(q, 9),
			.reply = db_text(q, 10),
			.at = db_int(q, 11),
			.audience = (enum audience)db_int(q, 12),
			.copy = db_int(q, 13) != 0,
		};

		if (each(ctx, &row, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}
