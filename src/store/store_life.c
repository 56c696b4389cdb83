#include "store/store_life.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

enum confirmation {
	CONFIRMATION_OPEN = 0,
	CONFIRMATION_DONE = 1,
	CONFIRMATION_LATE = 2,
};

/* One signature of a signer. */
struct member {
	int64_t id;
	enum signature_state state;
	int64_t first;
	enum visibility visibility;
	enum visibility given; /* as it was signed */
	bool revoked;	       /* with its batch */
	bool erased;	       /* its owner was, and may have signed again */
	enum confirmation confirmation;
};

struct members {
	struct member *items;
	size_t count;
	size_t cap;
};

int
store_set_state(struct store *store, int64_t id, enum signature_state state,
	int64_t first, struct store_counts *counts, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_FACTS, err);
	struct tally_facts facts;
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_next(q, err);
	if (rc <= 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_IO,
					"signature %" PRId64 " is not there",
					id);
	facts = (struct tally_facts){
		.state = (enum signature_state)db_int(q, 1),
		.kind = (enum signature_kind)db_int(q, 2),
		.visibility = (enum visibility)db_int(q, 3),
		.country = db_text(q, 4),
		.lang = db_text(q, 5),
		.organisation = db_text(q, 6),
		.source = db_text(q, 7),
		.signed_at = db_int(q, 8),
		.fresh = db_int(q, 9) != 0,
	};
	assert(db_int(q, 0) == counts->letter);
	store_counts_add(counts, &facts, -1);
	facts.state = state;
	store_counts_add(counts, &facts, 1);
	db_reset(q);
	q = db_query(store->db, SQL_SIGNATURE_SET_STATE, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, state);
	if (first)
		db_bind_int(q, 3, first);
	return db_run(q, err);
}

/* state is what it has by now. */
static int
set_visibility(struct store *store, const struct member *m,
	enum signature_state state, enum visibility visibility,
	struct store_counts *counts, struct err *err)
{
	struct db_query *q =
		db_query(store->db, SQL_SIGNATURE_SET_VISIBILITY, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, m->id);
	db_bind_int(q, 2, visibility);
	if (visibility != m->given)
		db_bind_int(q, 3, m->given);
	rc = db_next(q, err);
	if (rc > 0 && state == SIGNATURE_CONFIRMED)
		store_counts_move(
			counts, db_text(q, 0), m->visibility, visibility);
	db_reset(q);
	return rc < 0 ? -1 : 0;
}

/* Runs a statement with two numbers. */
static int
run_two(struct store *store, enum sql statement, int64_t a, int64_t b,
	struct err *err)
{
	struct db_query *q = db_query(store->db, statement, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, a);
	db_bind_int(q, 2, b);
	return db_run(q, err);
}

int
store_state(struct store *store, int64_t id, enum signature_state *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_STATE, err);
	int64_t state = 0;
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_find(q, &state, err);
	*out = (enum signature_state)state;
	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(err, ERR_IO,
				  "signature %" PRId64 " is not there", id);
}

static bool
is_ended(enum signature_state state)
{
	return state == SIGNATURE_WITHDRAWN || state == SIGNATURE_REJECTED;
}

int
store_take_over(struct store *store, int64_t old, int64_t id,
	struct store_counts *counts, struct err *err)
{
	enum signature_state state;

	if (store_state(store, old, &state, err) < 0)
		return -1;
	if (is_ended(state))
		return run_two(store, SQL_MEMBERS_OPEN_MOVE, old, id, err);
	if (run_two(store, SQL_MEMBERS_MOVE, old, id, err) < 0)
		return -1;
	return store_set_state(store, old,
		state == SIGNATURE_REVOKED ? state : SIGNATURE_REPEATED, id,
		counts, err);
}

/*
 * The key of a signature's signer, in the arena; NULL when nothing is left
 * that it could be made of.
 */
static int
find_key(struct store *store, int64_t id, struct arena *arena, const char **out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_IDENTITY, err);
	struct signature s;
	int rc;

	*out = NULL;
	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_next(q, err);
	if (rc <= 0)
		return rc;
	s = (struct signature){
		.kind = (enum signature_kind)db_int(q, 0),
		.name = db_text(q, 1),
		.organisation = db_text(q, 2),
		.email = db_text(q, 3),
		.country = db_text(q, 4),
		.postcode = db_text(q, 5),
		.by_name = db_int(q, 6) != 0,
	};
	*out = signature_key(&s, arena);
	db_reset(q);
	return 0;
}

int
store_is_signer(
	struct store *store, int64_t letter, int64_t id, struct err *err)
{
	struct arena arena = {0};
	struct db_query *q;
	const char *key;
	int rc = find_key(store, id, &arena, &key, err);

	if (rc == 0 && key) {
		q = db_query(store->db, SQL_SIGNER_IS, err);
		rc = -1;
		if (q) {
			db_bind_int(q, 1, letter);
			db_bind_text(q, 2, key);
			db_bind_int(q, 3, id);
			rc = db_find(q, NULL, err);
		}
	}
	arena_release(&arena);
	return rc;
}

/* Makes the signer known by another of its signatures, unless a newer one
 * stands there already. */
static int
move_signer(struct store *store, int64_t letter, int64_t from, int64_t to,
	struct err *err)
{
	struct arena arena = {0};
	struct db_query *q;
	const char *key;
	int rc = -1;

	if (find_key(store, from, &arena, &key, err) < 0)
		goto out;
	if (key) {
		q = db_query(store->db, SQL_SIGNER_MOVE, err);
		if (!q)
			goto out;
		db_bind_int(q, 1, letter);
		db_bind_text(q, 2, key);
		db_bind_int(q, 3, from);
		db_bind_int(q, 4, to);
		rc = db_run(q, err);
		if (rc < 0 || db_changes(store->db) > 0)
			goto out;
	}
	/* The key of who was erased is a digest that nothing leads to. */
	q = db_query(store->db, SQL_SIGNER_MOVE_ANY, err);
	if (!q)
		goto out;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, from);
	db_bind_int(q, 3, to);
	rc = db_run(q, err);
out:
	arena_release(&arena);
	return rc;
}

/* Reads a signature and those that repeat it, in the order they came. */
static int
read_members(
	struct store *store, int64_t head, struct members *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MEMBERS, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, head);
	while ((rc = db_next(q, err)) > 0) {
		out->items = mem_grow(
			out->items, out->count, &out->cap, sizeof *out->items);
		out->items[out->count++] = (struct member){
			.id = db_int(q, 0),
			.state = (enum signature_state)db_int(q, 1),
			.visibility = (enum visibility)db_int(q, 2),
			.given = (enum visibility)db_int(q, 3),
			.revoked = db_int(q, 4) != 0,
			.confirmation =
				db_is_null(q, 5)
					? CONFIRMATION_DONE
					: (enum confirmation)db_int(q, 5),
			.first = db_int(q, 6),
			.erased = db_int(q, 7) != 0,
		};
	}
	return rc;
}

/* Which counts, or would: of equals one with a name, then the one that does,
 * whom letters may have been sent for, else the earliest. NULL: all of them
 * were taken back. */
static const struct member *
choose(const struct members *all, int64_t head)
{
	static const int rank[] = {
		[CONFIRMATION_DONE] = 3,
		[CONFIRMATION_OPEN] = 2,
		[CONFIRMATION_LATE] = 1,
	};
	const struct member *best = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct member *m = &all->items[i];

		int better = m->revoked ? -1
			     : best	? rank[m->confirmation] -
					      rank[best->confirmation]
				    : 1;

		if (better == 0)
			better = best->erased - m->erased;
		if (better > 0 || (better == 0 && m->id == head))
			best = m;
	}
	return best;
}

static enum signature_state
own_state(const struct member *m)
{
	return m->revoked			      ? SIGNATURE_REVOKED
	       : m->confirmation == CONFIRMATION_DONE ? SIGNATURE_CONFIRMED
	       : m->confirmation == CONFIRMATION_OPEN ? SIGNATURE_PENDING
						      : SIGNATURE_EXPIRED;
}

/* The tightest of what the owner signed. */
static enum visibility
tightest(const struct members *all, const struct member *chosen)
{
	enum visibility tightest = chosen->given;

	for (size_t i = 0; i < all->count; i++) {
		const struct member *m = &all->items[i];

		if (!m->revoked && !m->erased &&
			m->confirmation == CONFIRMATION_DONE &&
			m->given > tightest)
			tightest = m->given;
	}
	return tightest;
}

static int
place(struct store *store, const struct member *m, enum signature_state state,
	int64_t first, enum visibility visibility, struct store_counts *counts,
	struct err *err)
{
	if ((state != m->state || first != m->first) &&
		store_set_state(store, m->id, state, first, counts, err) < 0)
		return -1;
	if (visibility == m->visibility)
		return 0;
	return set_visibility(store, m, state, visibility, counts, err);
}

/*
 * Puts in order what the signatures of one signer are: that of head and those
 * that repeat it. What was ended stays so unless lift is set.
 */
static int
settle(struct store *store, int64_t head, bool lift,
	struct store_counts *counts, struct err *err)
{
	struct members all = {0};
	const struct member *chosen = NULL, *before = NULL;
	bool ended;
	int rc = -1;

	if (read_members(store, head, &all, err) < 0)
		goto out;
	for (size_t i = 0; i < all.count; i++)
		if (all.items[i].id == head)
			before = &all.items[i];
	if (!before) {
		err_fill(err, ERR_IO, "signature %" PRId64 " is not there",
			head);
		goto out;
	}
	ended = !lift && is_ended(before->state);
	chosen = ended ? before : choose(&all, head);
	if (!chosen)
		chosen = before;
	for (size_t i = 0; i < all.count; i++) {
		const struct member *m = &all.items[i];

		rc = m == chosen
			     ? place(store, m, ended ? m->state : own_state(m),
				       0, tightest(&all, m), counts, err)
			     : place(store, m,
				       m->revoked ? SIGNATURE_REVOKED
						  : SIGNATURE_REPEATED,
				       chosen->id, m->given, counts, err);
		if (rc < 0)
			goto out;
	}
	rc = chosen == before ? 0
			      : move_signer(store, counts->letter, head,
					chosen->id, err);
out:
	free(all.items);
	return rc;
}

int
store_end(struct store *store, int64_t id, enum signature_state state,
	struct store_counts *counts, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MEMBERS_CLOSE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	if (db_run(q, err) < 0)
		return -1;
	return store_set_state(store, id, state, 0, counts, err);
}

int
store_end_undo(struct store *store, int64_t id, struct store_counts *counts,
	struct err *err)
{
	return settle(store, id, true, counts, err);
}

int
store_confirmation_add(struct store *store, int64_t signature,
	const char *sha256, int64_t until, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONFIRMATION_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, signature);
	db_bind_text(q, 2, sha256);
	db_bind_int(q, 3, until);
	return db_run(q, err);
}

static int
set_confirmation(struct store *store, int64_t id, enum confirmation state,
	struct err *err)
{
	return run_two(store, SQL_CONFIRMATION_SET, id, state, err);
}

int
store_confirm_by_hand(struct store *store, int64_t id,
	struct store_counts *counts, struct err *err)
{
	if (set_confirmation(store, id, CONFIRMATION_DONE, err) < 0)
		return -1;
	return settle(store, id, false, counts, err);
}

int
store_confirm_undo(struct store *store, int64_t id, bool expired,
	struct store_counts *counts, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONFIRMATION_USED, err);
	int64_t used = 0;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	if (db_find(q, &used, err) < 0)
		return -1;
	if (used)
		return 0;
	if (set_confirmation(store, id,
		    expired ? CONFIRMATION_LATE : CONFIRMATION_OPEN, err) < 0 ||
		settle(store, id, false, counts, err) < 0)
		return -1;
	return 1;
}

/* What a token leads to. */
struct confirming {
	int64_t signature;
	enum confirmation state;
	bool used;
	enum signature_state is;
	int64_t first; /* what it repeats, or 0 */
	int64_t letter;
	enum signature_state first_is;
};

/* Returns 1, 0 or -1. */
static int
find_confirming(struct store *store, const char *sha256, struct confirming *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONFIRMATION_FIND, err);
	int rc;

	if (!q)
		return -1;
	db_bind_text(q, 1, sha256);
	rc = db_next(q, err);
	if (rc > 0)
		*out = (struct confirming){
			.signature = db_int(q, 0),
			.state = (enum confirmation)db_int(q, 1),
			.used = db_int(q, 2) != 0,
			.is = (enum signature_state)db_int(q, 3),
			.first = db_int(q, 4),
			.letter = db_int(q, 5),
			.first_is = (enum signature_state)db_int(q, 6),
		};
	db_reset(q);
	return rc;
}

/* Who ended their signature and has made and confirmed another counts with
 * that one; the old one stays what it is. */
static int
begin_anew(struct store *store, const struct confirming *c,
	struct store_counts *counts, struct err *err)
{
	if (run_two(store, SQL_MEMBERS_OPEN_MOVE, c->first, c->signature, err) <
			0 ||
		move_signer(store, c->letter, c->first, c->signature, err) < 0)
		return -1;
	return store_set_state(
		store, c->signature, SIGNATURE_CONFIRMED, 0, counts, err);
}

static enum store_confirmed
judge(const struct confirming *c)
{
	if (c->used)
		return STORE_CONFIRMED_BEFORE;
	if (is_ended(c->is) || c->is == SIGNATURE_REVOKED)
		return STORE_CONFIRMED_ENDED;
	if (c->state == CONFIRMATION_LATE)
		return c->first && is_ended(c->first_is) ? STORE_CONFIRMED_ENDED
							 : STORE_CONFIRMED_LATE;
	return STORE_CONFIRMED_NOW;
}

int
store_confirm(struct store *store, const char *sha256, int64_t now,
	enum store_confirmed *out, struct err *err)
{
	struct store_counts counts = {0};
	struct confirming c;
	int rc;

	if (store_expire(store, now, NULL, err) < 0)
		return -1;
	rc = find_confirming(store, sha256, &c, err);
	*out = rc > 0 ? judge(&c) : STORE_CONFIRMED_UNKNOWN;
	if (rc <= 0 || *out != STORE_CONFIRMED_NOW)
		return rc < 0 ? -1 : 0;
	counts.letter = c.letter;
	if (run_two(store, SQL_CONFIRMATION_USE, c.signature, now, err) < 0)
		return -1;
	if (c.first && is_ended(c.first_is))
		rc = begin_anew(store, &c, &counts, err);
	else
		rc = settle(store, c.first ? c.first : c.signature, false,
			&counts, err);
	if (rc == 0)
		rc = store_counts_write(store, &counts, err);
	store_counts_release(&counts);
	return rc;
}

/* Ids of signatures, read before any is changed. */
struct ids {
	int64_t *items;
	size_t count;
	size_t cap;
};

static void
add_id(struct ids *ids, int64_t id)
{
	ids->items =
		mem_grow(ids->items, ids->count, &ids->cap, sizeof *ids->items);
	ids->items[ids->count++] = id;
}

static int
mark_late(struct store *store, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONFIRMATION_EXPIRE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, now);
	return db_run(q, err);
}

int
store_expire(struct store *store, int64_t now, int64_t *count, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_CONFIRMATION_LATE, err);
	struct store_counts counts = {0};
	struct ids late = {0}, letters = {0};
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, now);
	while ((rc = db_next(q, err)) > 0) {
		add_id(&late, db_int(q, 0));
		add_id(&letters, db_int(q, 1));
	}
	if (rc == 0)
		rc = mark_late(store, now, err);
	for (size_t i = 0; rc == 0 && i < late.count; i++) {
		if (counts.letter != letters.items[i])
			rc = store_counts_write(store, &counts, err);
		counts.letter = letters.items[i];
		if (rc == 0)
			rc = settle(store, late.items[i], false, &counts, err);
	}
	if (rc == 0)
		rc = store_counts_write(store, &counts, err);
	store_counts_release(&counts);
	if (count)
		*count = (int64_t)late.count;
	free(late.items);
	free(letters.items);
	return rc;
}

static int
compare_ids(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Whose signatures a batch has, each once. */
static int
read_heads(struct store *store, int64_t batch, struct ids *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_HEADS, err);
	size_t kept = 0;
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, batch);
	while ((rc = db_next(q, err)) > 0)
		add_id(out, db_int(q, 0));
	if (out->count == 0)
		return rc;
	qsort(out->items, out->count, sizeof *out->items, compare_ids);
	for (size_t i = 0; i < out->count; i++)
		if (i == 0 || out->items[i] != out->items[kept - 1])
			out->items[kept++] = out->items[i];
	out->count = kept;
	return rc;
}

int
store_revoke(struct store *store, int64_t letter, int64_t batch, int64_t now,
	void (*each)(void *ctx, int64_t done, int64_t of), void *ctx,
	struct err *err)
{
	struct store_counts counts = {.letter = letter};
	struct ids heads = {0};
	int rc = -1;

	if (read_heads(store, batch, &heads, err) < 0 ||
		run_two(store, SQL_BATCH_REVOKE, batch, now, err) < 0)
		goto out;
	for (size_t i = 0; i < heads.count; i++) {
		if (settle(store, heads.items[i], false, &counts, err) < 0)
			goto out;
		if (each)
			each(ctx, (int64_t)i + 1, (int64_t)heads.count);
	}
	rc = store_counts_write(store, &counts, err);
out:
	store_counts_release(&counts);
	free(heads.items);
	return rc;
}

int
store_batch_standing(struct store *store, int64_t batch, int64_t *counted,
	int64_t *repeated, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_STANDING, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, batch);
	if (db_next(q, err) < 0)
		return -1;
	*counted = db_int(q, 0);
	*repeated = db_int(q, 1);
	db_reset(q);
	return 0;
}
