#include "store/store_signature.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_erased.h"
#include "store/store_life.h"

/* Who a key stands for so far. */
struct holder {
	int64_t id;
	enum signature_state state;
	enum visibility visibility;
	bool erased;		 /* without a name: its owner was erased */
	struct store_item *item; /* the same, when it is not stored yet */
};

/* Gives the key its signature. Returns 1, 0 when it has one, or -1. */
static int
add_signer(struct store *store, int64_t letter, const char *key, int64_t id,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNER_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_int(q, 3, id);
	if (db_run(q, err) < 0)
		return -1;
	return db_changes(store->db) > 0;
}

static int
set_signer(struct store *store, int64_t letter, const char *key, int64_t id,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNER_SET, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_int(q, 3, id);
	return db_run(q, err);
}

static int
find_holder(struct store *store, int64_t letter, const char *key,
	struct holder *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNER_FIND, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	rc = db_next(q, err);
	if (rc > 0)
		*out = (struct holder){
			.id = db_int(q, 0),
			.state = (enum signature_state)db_int(q, 1),
			.visibility = (enum visibility)db_int(q, 2),
		};
	db_reset(q);
	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(err, ERR_IO,
				  "a signer has no signature; run "
				  "`openletter check --store`");
}

static int
insert(struct store *store, const struct store_signing *in,
	const struct store_item *item, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_ADD, err);
	const struct signature *s = item->signature;

	if (!q)
		return -1;
	db_bind_int(q, 1, item->id);
	db_bind_int(q, 2, in->letter);
	db_bind_int(q, 3, in->edition);
	db_bind_int(q, 4, in->consent);
	db_bind_int(q, 5, s->kind);
	db_bind_int(q, 6, item->first ? SIGNATURE_REPEATED : in->state);
	db_bind_int(q, 7, item->visibility);
	db_bind_text(q, 8, s->name);
	db_bind_text(q, 9, s->email);
	db_bind_text(q, 10, s->organisation);
	db_bind_text(q, 11, s->role);
	db_bind_text(q, 12, s->country);
	db_bind_text(q, 13, s->city);
	db_bind_text(q, 14, s->postcode);
	db_bind_text(q, 15, s->comment);
	db_bind_text(q, 16, s->lang);
	db_bind_int(q, 17, s->updates);
	db_bind_text(q, 18, in->batch ? "" : in->source);
	if (in->batch)
		db_bind_int(q, 19, in->batch);
	if (item->line)
		db_bind_int(q, 20, item->line);
	db_bind_int(q, 21, s->signed_at);
	db_bind_int(q, 22, in->now);
	if (item->first)
		db_bind_int(q, 23, item->first);
	if (item->visibility != s->visibility)
		db_bind_int(q, 24, s->visibility);
	if (db_run(q, err) < 0)
		return -1;
	return in->state == SIGNATURE_PENDING
		       ? store_confirmation_add(
				 store, item->id, item->token, item->until, err)
		       : 0;
}

static int
tighten(struct store *store, struct holder *holder, enum visibility visibility,
	struct store_counts *counts, struct err *err)
{
	struct db_query *q;
	int rc;

	if (holder->item) {
		holder->item->visibility = holder->visibility = visibility;
		return 0;
	}
	q = db_query(store->db, SQL_SIGNATURE_TIGHTEN, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, holder->id);
	db_bind_int(q, 2, visibility);
	rc = db_next(q, err);
	if (rc > 0 && holder->state == SIGNATURE_CONFIRMED)
		store_counts_move(
			counts, db_text(q, 0), holder->visibility, visibility);
	db_reset(q);
	holder->visibility = visibility;
	return rc < 0 ? -1 : 0;
}

/* Keeps a signature beside the first. */
static int
repeat(struct store *store, const struct store_signing *in,
	struct store_item *item, struct holder *holder,
	struct store_counts *counts, struct err *err)
{
	item->first = holder->id;
	item->what = STORE_SIGNED_AGAIN;
	if (in->state == SIGNATURE_PENDING ||
		item->visibility <= holder->visibility)
		return 0;
	item->what = STORE_SIGNED_TIGHTER;
	return tighten(store, holder, item->visibility, counts, err);
}

/* Decides what a signature is whose key somebody holds already. */
static int
meet(struct store *store, const struct store_signing *in,
	struct store_item *item, struct holder *holder,
	struct store_counts *counts, struct err *err)
{
	const bool pending = in->state == SIGNATURE_PENDING;
	const bool ended = holder->state == SIGNATURE_WITHDRAWN ||
			   holder->state == SIGNATURE_REJECTED;

	if ((holder->state == SIGNATURE_CONFIRMED &&
		    (pending || !holder->erased)) ||
		(pending && holder->state == SIGNATURE_PENDING) ||
		(pending && ended && in->revive))
		return repeat(store, in, item, holder, counts, err);
	if (ended && !in->revive) {
		item->what = holder->state == SIGNATURE_WITHDRAWN
				     ? STORE_SIGNED_WITHDRAWN
				     : STORE_SIGNED_REJECTED;
		return 0;
	}
	if (store_take_over(store, holder->id, item->id, counts, err) < 0)
		return -1;
	*holder = (struct holder){
		.id = item->id,
		.state = in->state,
		.visibility = item->visibility,
		.item = item,
	};
	return set_signer(
		store, in->letter, item->signature->key, item->id, err);
}

/* An item with the begin of its key, as a number in the order of texts. */
struct place {
	uint64_t begin;
	struct store_item *item;
};

/* People's keys all begin with the same two letters. */
static struct place
place_of(struct store_item *item)
{
	struct place place = {.item = item};
	const char *c = item->signature->key;

	c += strncmp(c, "p:", 2) == 0 ? 2 : 0;
	place.begin = c != item->signature->key;
	for (int i = 0; i < 7; i++) {
		place.begin = place.begin << 8 | (unsigned char)*c;
		c += *c != '\0';
	}
	return place;
}

/* By key, and those of one key as they came. */
static int
compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = (x->begin > y->begin) - (x->begin < y->begin);

	if (order == 0)
		order = strcmp(
			x->item->signature->key, y->item->signature->key);
	return order ? order : (x->item > y->item) - (x->item < y->item);
}

/*
 * Whether it is of somebody who was erased. No list brings them back; who signs
 * again themselves is the same signer as before. Returns 1, 0 or -1.
 */
static int
find_erased(struct store *store, const struct store_signing *in,
	struct store_item *item, struct err *err)
{
	const struct signature *s = item->signature;
	int rc;

	if (in->revive)
		return store_erased_return(store, in->letter, s->key, err);
	rc = store_is_erased(store, in->letter, s, err);
	if (rc > 0)
		item->what = STORE_SIGNED_ERASED;
	return rc;
}

/* Sets what each is. In the order of their keys, which is that of the table:
 * a large list is stored several times as fast as in any other. */
static int
decide(struct store *store, const struct store_signing *in,
	const struct place *sorted, size_t count, struct store_counts *counts,
	struct err *err)
{
	struct holder holder = {0};
	int any = store_erased_any(store, in->letter, err);

	if (any < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct store_item *item = sorted[i].item;
		const char *key = item->signature->key;
		int added = 0;
		int erased = any ? find_erased(store, in, item, err) : 0;

		if (erased < 0)
			return -1;
		if (erased && !in->revive)
			continue;
		if (i == 0 || sorted[i].begin != sorted[i - 1].begin ||
			strcmp(sorted[i - 1].item->signature->key, key) != 0) {
			added = add_signer(
				store, in->letter, key, item->id, err);
			if (added < 0)
				return -1;
			holder = (struct holder){
				.id = item->id,
				.state = in->state,
				.visibility = item->visibility,
				.item = item,
			};
			if (!added && find_holder(store, in->letter, key,
					      &holder, err) < 0)
				return -1;
			holder.erased = erased;
		}
		if (!added && meet(store, in, item, &holder, counts, err) < 0)
			return -1;
	}
	return 0;
}

static void
count_item(struct store_counts *counts, const struct store_signing *in,
	const struct store_item *item)
{
	const struct signature *s = item->signature;
	const struct tally_facts facts = {
		.state = item->first ? SIGNATURE_REPEATED : in->state,
		.kind = s->kind,
		.visibility = item->visibility,
		.country = s->country,
		.lang = s->lang,
		.organisation = s->organisation,
		.source = in->source,
		.signed_at = s->signed_at,
		.fresh = true,
	};

	store_counts_add(counts, &facts, 1);
}

static int
last_id(struct store *store, int64_t *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_LAST, err);

	return q ? db_find(q, out, err) : -1;
}

int
store_sign(struct store *store, const struct store_signing *in,
	struct store_item *items, size_t count, struct store_counts *counts,
	struct err *err)
{
	struct place *sorted = mem_zalloc((count + 1) * sizeof *sorted);
	int64_t last;
	int rc = -1;

	if (last_id(store, &last, err) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = place_of(&items[i]);
		items[i].what = STORE_SIGNED_NEW;
		items[i].visibility = items[i].signature->visibility;
		items[i].id = last + 1 + (int64_t)i;
		items[i].first = 0;
	}
	qsort(sorted, count, sizeof *sorted, compare);
	if (decide(store, in, sorted, count, counts, err) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (items[i].what > STORE_SIGNED_TIGHTER)
			continue;
		if (insert(store, in, &items[i], err) < 0)
			goto out;
		count_item(counts, in, &items[i]);
	}
	rc = 0;
out:
	free(sorted);
	return rc;
}

int
store_import_begin(struct store *store, int64_t letter, const char *source,
	const char *file, int64_t now, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, source);
	db_bind_text(q, 3, file);
	db_bind_int(q, 4, now);
	return db_insert(q, id, err);
}

int
store_import_end(
	struct store *store, const struct store_batch *batch, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_END, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, batch->id);
	db_bind_int(q, 2, batch->first);
	db_bind_int(q, 3, batch->last);
	db_bind_text(q, 4, batch->sha256);
	db_bind_int(q, 5, batch->added);
	db_bind_int(q, 6, batch->again);
	return db_run(q, err);
}

int
store_batches(struct store *store, int64_t letter, int64_t batch,
	int (*each)(
		void *ctx, const struct store_batch *batch, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_LIST, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, batch);
	while ((rc = db_next(q, err)) > 0) {
		const struct store_batch b = {
			.id = db_int(q, 0),
			.letter = db_int(q, 1),
			.name = db_text(q, 2),
			.source = db_text(q, 3),
			.file = db_text(q, 4),
			.at = db_int(q, 5),
			.added = db_int(q, 6),
			.again = db_int(q, 7),
			.revoked_at = db_int(q, 8),
		};

		if (each(ctx, &b, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_import_same(struct store *store, int64_t letter, const char *sha256,
	int64_t batch, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_SAME, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, sha256);
	db_bind_int(q, 3, batch);
	return db_find(q, NULL, err);
}

int
store_signers(struct store *store, int64_t letter, const char *email_key,
	int (*each)(
		void *ctx, const char *key, int64_t signature, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNER_BY_ADDRESS, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, email_key);
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_int(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

static void
read_row(struct db_query *q, struct store_signature *row)
{
	*row = (struct store_signature){
		.signature =
			{
				.kind = (enum signature_kind)db_int(q, 0),
				.name = db_text(q, 1),
				.organisation = db_text(q, 2),
				.role = db_text(q, 3),
				.country = db_text(q, 4),
				.city = db_text(q, 5),
				.comment = db_text(q, 6),
				.lang = db_text(q, 7),
				.signed_at = db_int(q, 8),
				.email = db_text(q, 9),
				.postcode = db_text(q, 10),
				.visibility = (enum visibility)db_int(q, 11),
				.updates = db_int(q, 12) != 0,
			},
		.state = (enum signature_state)db_int(q, 13),
		.source = db_text(q, 14),
		.edition = db_text(q, 15),
		.id = db_int(q, 16),
		.batch = db_int(q, 17),
		.line = db_int(q, 18),
	};
}

/* The sources of batches: their rows lie together. */
struct origin {
	int64_t batch; /* 0: none was read */
	char *source;
};

static int
set_source(struct store *store, struct origin *origin,
	struct store_signature *row, struct err *err)
{
	struct db_query *q;
	int rc;

	if (!row->batch)
		return 0;
	if (row->batch != origin->batch) {
		q = db_query(store->db, SQL_BATCH_SOURCE, err);
		if (!q)
			return -1;
		db_bind_int(q, 1, row->batch);
		rc = db_next(q, err);
		if (rc < 0)
			return -1;
		free(origin->source);
		origin->source = mem_strdup(rc > 0 ? db_text(q, 0) : "");
		origin->batch = row->batch;
		db_reset(q);
	}
	row->source = origin->source;
	return 0;
}

static int
walk(struct store *store, struct db_query *q, store_signature_fn *each,
	void *ctx, struct err *err)
{
	struct origin origin = {0};
	int rc;

	while ((rc = db_next(q, err)) > 0) {
		struct store_signature row;

		read_row(q, &row);
		if (set_source(store, &origin, &row, err) < 0 ||
			each(ctx, &row, err) < 0) {
			db_reset(q);
			rc = -1;
			break;
		}
	}
	free(origin.source);
	return rc;
}

int
store_signatures(struct store *store, int64_t letter, bool every_state,
	enum visibility tightest, store_signature_fn *each, void *ctx,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_LIST, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, every_state);
	db_bind_int(q, 3, tightest);
	return walk(store, q, each, ctx, err);
}

int
store_signature_get(struct store *store, int64_t id, store_signature_fn *each,
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_GET, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	return walk(store, q, each, ctx, err);
}

int
store_news_readers(struct store *store, const char *campaign,
	store_signature_fn *each, void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_NEWS, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, campaign);
	return walk(store, q, each, ctx, err);
}

/* What both have in common, from a column on. */
static struct store_signature
read_half(struct db_query *q, int at)
{
	return (struct store_signature){
		.signature =
			{
				.name = db_text(q, at),
				.organisation = db_text(q, at + 1),
				.email = db_text(q, at + 2),
				.country = db_text(q, at + 3),
				.signed_at = db_int(q, at + 7),
			},
		.source = db_text(q, at + 4),
		.batch = db_int(q, at + 5),
		.line = db_int(q, at + 6),
	};
}

int
store_duplicates(struct store *store, int64_t letter,
	int (*each)(
		void *ctx, const struct store_duplicate *d, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DUPLICATES, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	while ((rc = db_next(q, err)) > 0) {
		struct store_duplicate d = {read_half(q, 0), read_half(q, 8)};

		d.row.state = SIGNATURE_REPEATED;
		d.first.state = (enum signature_state)db_int(q, 16);
		if (each(ctx, &d, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_totals(struct store *store, int64_t letter, struct store_totals *out,
	struct err *err)
{
	const struct {
		enum tally what;
		int value;
		int64_t *to;
	} ones[] = {
		{TALLY_STATE, SIGNATURE_CONFIRMED, &out->total},
		{TALLY_STATE, SIGNATURE_PENDING, &out->pending},
		{TALLY_KIND, SIGNATURE_PERSON, &out->people},
		{TALLY_KIND, SIGNATURE_ORGANISATION, &out->organisations},
	};

	*out = (struct store_totals){0};
	for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++) {
		char value[12];

		snprintf(value, sizeof value, "%d", ones[i].value);
		if (store_counts_one(store, letter, ones[i].what, value,
			    ones[i].to, err) < 0)
			return -1;
	}
	return store_counts_values(
		store, letter, TALLY_COUNTRY, &out->countries, err);
}

int
store_count_new(
	struct store *store, int64_t letter, int64_t *out, struct err *err)
{
	*out = 0;
	return store_counts_one(store, letter, TALLY_NEW, "", out, err);
}
