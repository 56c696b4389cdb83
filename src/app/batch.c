#include "app/batch.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/store_life.h"
#include "store/store_signature.h"

/* A letter that was signed. */
static int
find_letter(
	struct workspace *ws, const char *letter, int64_t *id, struct err *err)
{
	int rc = store_letter_find(ws->store, letter, id, err);

	if (rc == 0)
		return err_set(err, ERR_NOTFOUND,
			"nobody has signed \"%.100s\"; `openletter letters` "
			"lists the letters",
			letter);
	return rc < 0 ? -1 : 0;
}

static struct cell
or_none(int64_t number)
{
	return (struct cell){.number = number ? number : CELL_NONE};
}

static int
list_batch(void *ctx, const struct store_batch *b, struct err *err)
{
	struct rows *rows = ctx;
	char at[CLOCK_TIME_MAX], revoked[CLOCK_TIME_MAX] = "";

	clock_format_time(b->at, at);
	if (b->revoked_at)
		clock_format_time(b->revoked_at, revoked);
	return rows->add(rows,
		(struct cell[]){
			{.number = b->id},
			{.text = b->name},
			{.text = b->source},
			{.text = b->file},
			{.text = at},
			{.number = b->added},
			{.number = b->again},
			{.text = b->revoked_at ? "revoked" : "imported"},
			{.text = revoked},
		},
		err);
}

int
batch_list(struct workspace *ws, const char *letter, struct rows *rows,
	struct err *err)
{
	static const struct column columns[] = {
		{"batch", COLUMN_ALWAYS},
		{"letter", COLUMN_ALWAYS},
		{"source", COLUMN_ALWAYS},
		{"file", COLUMN_DETAIL},
		{"at", COLUMN_ALWAYS},
		{"new", COLUMN_ALWAYS},
		{"again", COLUMN_ALWAYS},
		{"state", COLUMN_ALWAYS},
		{"revoked", COLUMN_DETAIL},
	};
	int64_t id = 0;

	if (letter && find_letter(ws, letter, &id, err) < 0)
		return -1;
	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return store_batches(ws->store, id, 0, list_batch, rows, err);
}

static int
list_duplicate(void *ctx, const struct store_duplicate *d, struct err *err)
{
	const struct signature *s = &d->row.signature;
	const struct signature *first = &d->first.signature;
	struct rows *rows = ctx;
	char date[CLOCK_TIME_MAX], first_date[CLOCK_TIME_MAX];

	clock_format_day(s->signed_at, date);
	clock_format_day(first->signed_at, first_date);
	return rows->add(rows,
		(struct cell[]){
			{.text = s->name},
			{.text = s->organisation},
			{.text = s->email},
			{.text = s->country},
			{.text = d->row.source},
			or_none(d->row.batch),
			or_none(d->row.line),
			{.text = date},
			{.text = first->name},
			{.text = first->organisation},
			{.text = first->email},
			{.text = first->country},
			{.text = d->first.source},
			or_none(d->first.batch),
			or_none(d->first.line),
			{.text = first_date},
			{.text = signature_state_name(d->first.state)},
		},
		err);
}

int
batch_list_duplicates(struct workspace *ws, const char *letter,
	struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"name", COLUMN_ALWAYS},
		{"organisation", COLUMN_ALWAYS},
		{"email", COLUMN_ALWAYS},
		{"country", COLUMN_DETAIL},
		{"source", COLUMN_ALWAYS},
		{"batch", COLUMN_DETAIL},
		{"line", COLUMN_ALWAYS},
		{"date", COLUMN_DETAIL},
		{"first_name", COLUMN_ALWAYS},
		{"first_organisation", COLUMN_DETAIL},
		{"first_email", COLUMN_DETAIL},
		{"first_country", COLUMN_DETAIL},
		{"first_source", COLUMN_ALWAYS},
		{"first_batch", COLUMN_DETAIL},
		{"first_line", COLUMN_ALWAYS},
		{"first_date", COLUMN_DETAIL},
		{"first_state", COLUMN_DETAIL},
	};
	int64_t id;

	if (find_letter(ws, letter, &id, err) < 0)
		return -1;
	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return store_duplicates(ws->store, id, list_duplicate, rows, err);
}

/* The batch that is to be revoked. */
struct revocation {
	int64_t letter; /* 0: there is none */
	int64_t revoked_at;
	struct batch_revoked *out;
};

static int
keep_batch(void *ctx, const struct store_batch *b, struct err *err)
{
	struct revocation *r = ctx;

	(void)err;
	r->letter = b->letter;
	r->revoked_at = b->revoked_at;
	r->out->letter = mem_strdup(b->name);
	r->out->source = mem_strdup(b->source);
	r->out->at = b->at;
	return 0;
}

static int
count_total(struct store *store, int64_t letter, int64_t *out, struct err *err)
{
	struct store_totals totals;

	if (store_totals(store, letter, &totals, err) < 0)
		return -1;
	*out = totals.total;
	return 0;
}

int
batch_revoke(struct workspace *ws, int64_t batch, bool really,
	struct batch_revoked *out,
	void (*watch)(void *ctx, int64_t done, int64_t of), void *ctx,
	struct err *err)
{
	struct store *store = ws->store;
	struct revocation r = {.out = out};
	int rc = -1;

	*out = (struct batch_revoked){0};
	if (store_begin(store, "revoking a batch", DB_DURABLE, err) < 0)
		return -1;
	if (store_batches(store, 0, batch, keep_batch, &r, err) < 0)
		goto out;
	if (r.letter == 0) {
		err_fill(err, ERR_NOTFOUND,
			"there is no batch %" PRId64
			"; `openletter batches` lists them",
			batch);
		goto out;
	}
	if (r.revoked_at) {
		err_fill(err, ERR_REFUSED,
			"batch %" PRId64 " was revoked already", batch);
		goto out;
	}
	if (store_batch_standing(
		    store, batch, &out->counted, &out->repeated, err) < 0 ||
		count_total(store, r.letter, &out->before, err) < 0 ||
		store_revoke(store, r.letter, batch, clock_now(), watch, ctx,
			err) < 0 ||
		count_total(store, r.letter, &out->after, err) < 0)
		goto out;
	rc = really ? store_commit(store, err) : 0;
out:
	store_rollback(store);
	return rc;
}

void
batch_revoked_release(struct batch_revoked *revoked)
{
	free(revoked->letter);
	free(revoked->source);
	*revoked = (struct batch_revoked){0};
}
