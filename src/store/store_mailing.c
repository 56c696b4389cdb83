#include "store/store_mailing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/store_counts.h"

void
store_mailing_release(struct store_mailing *m)
{
	if (!m)
		return;
	free(m->letter);
	free(m->reason);
	free(m->account);
	free(m->from_name);
	free(m->from_address);
	free(m->reply_to);
	free(m->organiser);
	free(m->signatures);
	free(m->names);
	*m = (struct store_mailing){0};
}

int
store_mailing_add(struct store *store, int64_t letter,
	const struct store_mailing *m, int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, m->audience);
	db_bind_text(q, 3, m->account);
	db_bind_int(q, 4, m->created_at);
	db_bind_text(q, 5, m->from_name);
	db_bind_text(q, 6, m->from_address);
	db_bind_text(q, 7, m->reply_to);
	db_bind_text(q, 8, m->organiser);
	db_bind_text(q, 9, m->signatures);
	db_bind_int(q, 10, m->supporters);
	db_bind_int(q, 11, m->milestone);
	db_bind_int(q, 12, m->list);
	if (db_insert(q, id, err) < 0)
		return -1;
	return m->audience == AUDIENCE_RECIPIENTS
		       ? store_counts_age(store, letter, err)
		       : 0;
}

static char *
copy(struct db_query *q, int column)
{
	return mem_strdup(db_text(q, column));
}

int
store_mailing_find(struct store *store, int64_t id, struct store_mailing *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_FIND, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_next(q, err);
	if (rc > 0)
		*out = (struct store_mailing){
			.id = db_int(q, 0),
			.letter = copy(q, 1),
			.audience = (enum audience)db_int(q, 2),
			.state = (enum mailing_state)db_int(q, 3),
			.reason = copy(q, 4),
			.account = copy(q, 5),
			.created_at = db_int(q, 6),
			.from_name = copy(q, 7),
			.from_address = copy(q, 8),
			.reply_to = copy(q, 9),
			.organiser = copy(q, 10),
			.signatures = copy(q, 11),
			.names = copy(q, 12),
			.supporters = db_int(q, 13) != 0,
			.list = (enum signature_list)db_int(q, 14),
		};
	db_reset(q);
	return rc;
}

int
store_mailing_unfinished(struct store *store, int64_t letter, int audience,
	int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_UNFINISHED, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, audience);
	return db_find(q, id, err);
}

int
store_mailing_milestone(struct store *store, int64_t letter,
	enum audience audience, struct store_milestone *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_MILESTONE, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, audience);
	rc = db_next(q, err);
	if (rc > 0)
		*out = (struct store_milestone){
			.milestone = db_int(q, 0),
			.mailing = db_int(q, 1),
			.open = db_int(q, 2) != 0,
		};
	db_reset(q);
	return rc;
}

int
store_mailings_open(struct store *store,
	int (*each)(void *ctx, int64_t id, int64_t start_at, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_OPEN, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_int(q, 0), db_int(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_mailing_start(
	struct store *store, int64_t id, int64_t *start_at, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_START, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	return db_find(q, start_at, err);
}

int
store_mailing_set_start(
	struct store *store, int64_t id, int64_t start_at, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_SET_START, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, start_at);
	return db_run(q, err);
}

int
store_mailing_set_state(struct store *store, int64_t id,
	enum mailing_state state, const char *reason, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_SET_STATE, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, state);
	db_bind_text(q, 3, reason);
	return db_run(q, err);
}

int
store_mailing_state(struct store *store, int64_t id, enum mailing_state *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_STATE, err);
	int64_t state;
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_find(q, &state, err);
	if (rc > 0)
		*out = (enum mailing_state)state;
	return rc;
}

int
store_mailing_cancel(
	struct store *store, int64_t id, int64_t now, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_DELIVERY_CANCEL, err);
	int64_t letter;
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	db_bind_int(q, 2, now);
	if (db_run(q, err) < 0 || store_mailing_set_state(store, id,
					  MAILING_CANCELLED, "", err) < 0)
		return -1;
	q = db_query(store->db, SQL_MAILING_TO_RECIPIENTS, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	rc = db_find(q, &letter, err);
	return rc > 0 ? store_counts_rejuvenate(store, letter, err) : rc;
}

int
store_mailing_tally(struct store *store, int64_t id, struct store_tally *out,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_TALLY, err);
	int rc;

	if (!q)
		return -1;
	*out = (struct store_tally){0};
	db_bind_int(q, 1, id);
	while ((rc = db_next(q, err)) > 0) {
		int64_t state = db_int(q, 0);

		if (state >= 0 && state < DELIVERY_STATE_COUNT)
			out->states[state] = db_int(q, 1);
		out->total += db_int(q, 1);
	}
	return rc;
}

int
store_mailings(struct store *store, int64_t id,
	int (*each)(void *ctx, const struct store_mailing *m, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_LIST, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, id);
	while ((rc = db_next(q, err)) > 0) {
		struct store_mailing m = {
			.id = db_int(q, 0),
			.letter = copy(q, 1),
			.audience = (enum audience)db_int(q, 2),
			.state = (enum mailing_state)db_int(q, 3),
			.reason = copy(q, 4),
			.account = copy(q, 5),
			.created_at = db_int(q, 6),
			.milestone = db_int(q, 7),
			.start_at = db_int(q, 8),
		};
		int stop = each(ctx, &m, err);

		store_mailing_release(&m);
		if (stop < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_mailing_edition_add(struct store *store, int64_t mailing,
	const struct store_mailing_edition *e, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_EDITION_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_text(q, 2, e->lang);
	db_bind_int(q, 3, e->edition);
	db_bind_text(q, 4, e->letter);
	db_bind_text(q, 5, e->campaign);
	return db_run(q, err);
}

int
store_mailing_editions(struct store *store, int64_t mailing,
	int (*each)(void *ctx, const struct store_mailing_edition *e,
		struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_EDITIONS, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	while ((rc = db_next(q, err)) > 0) {
		struct store_mailing_edition e = {
			.lang = db_text(q, 0),
			.text = db_text(q, 1),
			.letter = db_text(q, 2),
			.campaign = db_text(q, 3),
		};

		if (each(ctx, &e, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_mailing_attachment_add(struct store *store, int64_t mailing,
	const char *lang, int position, const char *path, const char *sha256,
	struct err *err)
{
	struct db_query *q =
		db_query(store->db, SQL_MAILING_ATTACHMENT_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_text(q, 2, lang);
	db_bind_int(q, 3, position);
	db_bind_text(q, 4, path);
	db_bind_text(q, 5, sha256);
	return db_run(q, err);
}

int
store_mailing_attachments(struct store *store, int64_t mailing,
	const char *lang,
	int (*each)(void *ctx, const char *path, const char *sha256,
		struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_ATTACHMENTS, err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_text(q, 2, lang);
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_text(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_mailing_row_add(struct store *store, int64_t mailing, const char *fields,
	int64_t *id, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_MAILING_ROW_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, mailing);
	db_bind_text(q, 2, fields);
	return db_insert(q, id, err);
}
