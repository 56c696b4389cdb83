#include "store/store_signature.h"

#include <stddef.h>

/* Returns 1 with id and visibility of the signer's signature, 0, or -1. */
static int
find_signer(struct store *store, const struct store_signing *in, int64_t *id,
	enum visibility *visibility, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_FIND, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, in->letter);
	db_bind_text(q, 2, in->signature->key);
	rc = db_next(q, err);
	if (rc > 0) {
		*id = db_int(q, 0);
		*visibility = (enum visibility)db_int(q, 1);
	}
	db_reset(q);
	return rc;
}

static int
is_withdrawn(
	struct store *store, const struct store_signing *in, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_WITHDRAWN, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, in->letter);
	db_bind_text(q, 2, in->signature->key);
	return db_find(q, NULL, err);
}

static int
add(struct store *store, const struct store_signing *in, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_ADD, err);
	const struct signature *s = in->signature;

	if (!q)
		return -1;
	db_bind_int(q, 1, in->letter);
	db_bind_int(q, 2, in->edition);
	db_bind_int(q, 3, in->consent);
	db_bind_int(q, 4, s->kind);
	db_bind_int(q, 5, SIGNATURE_CONFIRMED);
	db_bind_int(q, 6, s->visibility);
	db_bind_text(q, 7, s->key);
	db_bind_text(q, 8, s->name);
	db_bind_text(q, 9, s->email);
	db_bind_text(q, 10, s->email_key);
	db_bind_text(q, 11, s->organisation);
	db_bind_text(q, 12, s->role);
	db_bind_text(q, 13, s->country);
	db_bind_text(q, 14, s->city);
	db_bind_text(q, 15, s->postcode);
	db_bind_text(q, 16, s->comment);
	db_bind_text(q, 17, s->lang);
	db_bind_int(q, 18, s->updates);
	db_bind_text(q, 19, in->source);
	if (in->batch)
		db_bind_int(q, 20, in->batch);
	if (in->line)
		db_bind_int(q, 21, in->line);
	db_bind_int(q, 22, s->signed_at);
	db_bind_int(q, 23, in->now);
	return db_run(q, err);
}

static int
tighten(struct store *store, int64_t id, enum visibility visibility,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_TIGHTEN, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, visibility);
	return db_run(q, err);
}

int
store_sign(struct store *store, const struct store_signing *in,
	enum store_signed *out, struct err *err)
{
	enum visibility visibility;
	int64_t id;
	int rc = find_signer(store, in, &id, &visibility, err);

	if (rc < 0)
		return -1;
	if (rc > 0) {
		*out = STORE_SIGNED_AGAIN;
		if (in->signature->visibility <= visibility)
			return 0;
		*out = STORE_SIGNED_TIGHTER;
		return tighten(store, id, in->signature->visibility, err);
	}
	if (!in->revive) {
		rc = is_withdrawn(store, in, err);
		*out = STORE_SIGNED_WITHDRAWN;
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	*out = STORE_SIGNED_NEW;
	return add(store, in, err);
}

int
store_batch(struct store *store, int64_t letter, const char *source,
	int64_t now, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_BATCH_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, source);
	db_bind_int(q, 3, now);
	return db_insert(q, id, err);
}

int
store_withdraw(struct store *store, int64_t letter, const char *email_key,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_WITHDRAW, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, email_key);
	if (db_run(q, err) < 0)
		return -1;
	return db_changes(store->db) > 0;
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
				.email_key = db_text(q, 16),
			},
		.state = (enum signature_state)db_int(q, 13),
		.source = db_text(q, 14),
		.edition = db_text(q, 15),
		.id = db_int(q, 17),
	};
}

static int
walk(struct db_query *q, store_signature_fn *each, void *ctx, struct err *err)
{
	int rc;

	while ((rc = db_next(q, err)) > 0) {
		struct store_signature row;

		read_row(q, &row);
		if (each(ctx, &row, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
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
	return walk(q, each, ctx, err);
}

int
store_news_readers(struct store *store, const char *campaign,
	store_signature_fn *each, void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SIGNATURE_NEWS, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, campaign);
	return walk(q, each, ctx, err);
}

int
store_totals(struct store *store, int64_t letter, struct store_totals *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_COUNT_TOTALS, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	if (db_next(q, err) < 0)
		return -1;
	*out = (struct store_totals){
		.total = db_int(q, 0),
		.people = db_int(q, 1),
		.organisations = db_int(q, 2),
		.countries = db_int(q, 3),
		.pending = db_int(q, 4),
	};
	db_reset(q);
	return 0;
}

int
store_count_new(
	struct store *store, int64_t letter, int64_t *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_COUNT_NEW, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	return db_find(q, out, err) < 0 ? -1 : 0;
}

int
store_count_by(struct store *store, int64_t letter, enum store_by by,
	int (*each)(
		void *ctx, const char *what, int64_t total, struct err *err),
	void *ctx, struct err *err)
{
	static const enum sql statements[] = {
		[STORE_BY_COUNTRY] = SQL_COUNT_BY_COUNTRY,
		[STORE_BY_DAY] = SQL_COUNT_BY_DAY,
		[STORE_BY_LANGUAGE] = SQL_COUNT_BY_LANGUAGE,
		[STORE_BY_ORGANISATION] = SQL_COUNT_BY_ORGANISATION,
		[STORE_BY_SOURCE] = SQL_COUNT_BY_SOURCE,
		[STORE_BY_VISIBILITY] = SQL_COUNT_BY_VISIBILITY,
	};
	struct db_query *q = db_query(store->db, statements[by], err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_int(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_suppress(struct store *store, const char *email_key, const char *reason,
	int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SUPPRESS, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	db_bind_text(q, 2, reason);
	db_bind_int(q, 3, now);
	if (db_run(q, err) < 0)
		return -1;
	return db_changes(store->db) > 0;
}

int
store_is_suppressed(struct store *store, const char *email_key, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SUPPRESSED, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	return db_find(q, NULL, err);
}
