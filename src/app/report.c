#include "app/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/catalog.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"
#include "store/store_signature.h"

#define TEXT(value) ((struct cell){.text = (value)})
#define NUMBER(value) ((struct cell){.number = (value)})
#define BEGIN(rows, columns) \
	(rows)->begin(rows, columns, sizeof(columns) / sizeof((columns)[0]))

static const char *
or_empty(const struct letter_field *field)
{
	return field->text ? field->text : "";
}

static const char *
kind_of(const struct letter *letter)
{
	return letter->file ? letter_kind(letter) : "";
}

static struct cell
goal_of(const struct letter *letter)
{
	long goal;

	if (!letter->goal.text ||
		str_to_number(letter->goal.text, 1000000000, &goal) < 0)
		return NUMBER(CELL_NONE);
	return NUMBER(goal);
}

/* The confirmed signatures of a letter, 0 when nobody signed it yet. */
static int
count_total(
	struct workspace *ws, const char *letter, int64_t *out, struct err *err)
{
	struct store_totals totals;
	int64_t id;
	int rc = store_letter_find(ws->store, letter, &id, err);

	*out = 0;
	if (rc <= 0)
		return rc;
	if (store_totals(ws->store, id, &totals, err) < 0)
		return -1;
	*out = totals.total;
	return 0;
}

static int
list_letter(struct workspace *ws, const struct catalog_entry *entries,
	size_t count, struct rows *rows, struct err *err)
{
	const struct catalog_entry *e =
		catalog_choose(entries, count, ws->conf.lang, &ws->conf);
	struct buf langs = {0};
	int64_t total;
	int rc;

	for (size_t i = 0; i < count; i++)
		buf_printf(&langs, "%s%s", i ? " " : "", entries[i].lang);
	rc = count_total(ws, e->name, &total, err);
	if (rc == 0)
		rc = rows->add(rows,
			(struct cell[]){
				TEXT(e->name),
				TEXT(or_empty(&e->letter.title)),
				TEXT(buf_str(&langs)),
				TEXT(kind_of(&e->letter)),
				TEXT(or_empty(&e->letter.date)),
				goal_of(&e->letter),
				NUMBER(total),
			},
			err);
	buf_release(&langs);
	return rc;
}

static int
list_letters(struct workspace *ws, const struct catalog *catalog,
	struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"letter", COLUMN_ALWAYS},
		{"title", COLUMN_ALWAYS},
		{"languages", COLUMN_ALWAYS},
		{"kind", COLUMN_ALWAYS},
		{"date", COLUMN_ALWAYS},
		{"goal", COLUMN_ALWAYS},
		{"total", COLUMN_ALWAYS},
	};

	BEGIN(rows, columns);
	for (size_t i = 0, count; i < catalog->count; i += count) {
		const struct catalog_entry *e =
			catalog_find(catalog, catalog->entries[i].name, &count);

		if (list_letter(ws, e, count, rows, err) < 0)
			return -1;
	}
	return 0;
}

static int
list_facts(struct workspace *ws, const struct catalog *catalog,
	const char *letter, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"letter", COLUMN_ALWAYS},
		{"lang", COLUMN_ALWAYS},
		{"title", COLUMN_ALWAYS},
		{"subject", COLUMN_ALWAYS},
		{"kind", COLUMN_ALWAYS},
		{"date", COLUMN_ALWAYS},
		{"to", COLUMN_ALWAYS},
		{"goal", COLUMN_ALWAYS},
		{"opens", COLUMN_ALWAYS},
		{"closes", COLUMN_ALWAYS},
		{"total", COLUMN_ALWAYS},
		{"consent", COLUMN_DETAIL},
		{"file", COLUMN_DETAIL},
	};
	const struct catalog_entry *entries;
	size_t count;
	int64_t total;

	if (catalog_require(catalog, letter, &entries, &count, err) < 0 ||
		count_total(ws, letter, &total, err) < 0)
		return -1;
	BEGIN(rows, columns);
	for (size_t i = 0; i < count; i++) {
		const struct letter *l = &entries[i].letter;

		if (rows->add(rows,
			    (struct cell[]){
				    TEXT(letter),
				    TEXT(entries[i].lang),
				    TEXT(or_empty(&l->title)),
				    TEXT(or_empty(&l->subject)),
				    TEXT(kind_of(l)),
				    TEXT(or_empty(&l->date)),
				    TEXT(or_empty(&l->to)),
				    goal_of(l),
				    TEXT(or_empty(&l->opens)),
				    TEXT(or_empty(&l->closes)),
				    NUMBER(total),
				    TEXT(or_empty(&l->consent)),
				    TEXT(entries[i].file),
			    },
			    err) < 0)
			return -1;
	}
	return 0;
}

int
report_letters(struct workspace *ws, const char *letter, struct rows *rows,
	struct problems *problems, struct err *err)
{
	struct catalog catalog;
	int rc = catalog_load(ws, &catalog, problems, err);

	if (rc < 0)
		return -1;
	rc = letter ? list_facts(ws, &catalog, letter, rows, err)
		    : list_letters(ws, &catalog, rows, err);
	catalog_release(&catalog);
	return rc;
}

int
report_find_letter(
	struct workspace *ws, const char *letter, int64_t *id, struct err *err)
{
	struct problems ignored = {0};
	const struct catalog_entry *entries;
	struct catalog catalog;
	size_t count;
	int rc = store_letter_find(ws->store, letter, id, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	*id = 0;
	rc = catalog_load(ws, &catalog, &ignored, err);
	problems_release(&ignored);
	if (rc < 0)
		return -1;
	rc = catalog_require(&catalog, letter, &entries, &count, err);
	catalog_release(&catalog);
	return rc;
}

struct status_ctx {
	struct workspace *ws;
	struct rows *rows;
	bool any;
};

static int
add_status(void *ctx, const struct store_mailing *m, struct err *err)
{
	struct status_ctx *status = ctx;
	struct store_tally t;
	const int64_t *n = t.states;
	char start[CLOCK_TIME_MAX] = "";

	if (store_mailing_tally(status->ws->store, m->id, &t, err) < 0)
		return -1;
	status->any = true;
	if (m->start_at)
		clock_format_time(m->start_at, start);
	return status->rows->add(status->rows,
		(struct cell[]){
			NUMBER(m->id),
			TEXT(m->letter),
			TEXT(audience_name(m->audience)),
			TEXT(mailing_state_name(m->state)),
			TEXT(m->reason),
			NUMBER(t.total),
			NUMBER(n[DELIVERY_QUEUED] + n[DELIVERY_CLAIMED]),
			NUMBER(n[DELIVERY_SENDING]),
			NUMBER(n[DELIVERY_SENT]),
			NUMBER(n[DELIVERY_DEFERRED]),
			NUMBER(n[DELIVERY_REJECTED]),
			NUMBER(n[DELIVERY_UNKNOWN]),
			NUMBER(n[DELIVERY_SUPPRESSED]),
			NUMBER(n[DELIVERY_CANCELLED]),
			NUMBER(n[DELIVERY_BOUNCED]),
			NUMBER(m->milestone),
			TEXT(start),
		},
		err);
}

static int
no_mailing(int64_t mailing, struct err *err)
{
	return err_set(err, ERR_NOTFOUND,
		"there is no mailing %" PRId64
		"; `openletter status` lists them",
		mailing);
}

int
report_status(struct workspace *ws, int64_t mailing, struct rows *rows,
	struct err *err)
{
	static const struct column columns[] = {
		{"mailing", COLUMN_ALWAYS},
		{"letter", COLUMN_ALWAYS},
		{"audience", COLUMN_ALWAYS},
		{"state", COLUMN_ALWAYS},
		{"reason", COLUMN_ALWAYS},
		{"total", COLUMN_ALWAYS},
		{"queued", COLUMN_COUNT},
		{"sending", COLUMN_COUNT},
		{"sent", COLUMN_COUNT},
		{"deferred", COLUMN_COUNT},
		{"rejected", COLUMN_COUNT},
		{"unknown", COLUMN_COUNT},
		{"suppressed", COLUMN_COUNT},
		{"cancelled", COLUMN_COUNT},
		{"bounced", COLUMN_COUNT},
		{"milestone", COLUMN_COUNT},
		{"start_at", COLUMN_ALWAYS},
	};
	struct status_ctx ctx = {.ws = ws, .rows = rows};

	BEGIN(rows, columns);
	if (store_mailings(ws->store, mailing, add_status, &ctx, err) < 0)
		return -1;
	return mailing && !ctx.any ? no_mailing(mailing, err) : 0;
}

static int
add_log(void *ctx, const struct store_log_row *row, struct err *err)
{
	struct rows *rows = ctx;
	char at[CLOCK_TIME_MAX];

	clock_format_time(row->at, at);
	return rows->add(rows,
		(struct cell[]){
			NUMBER(row->delivery),
			NUMBER(row->mailing),
			TEXT(row->letter),
			TEXT(row->lang),
			TEXT(row->recipient),
			TEXT(delivery_state_name(row->state)),
			NUMBER(row->attempts),
			TEXT(row->message_id),
			NUMBER(row->code),
			TEXT(row->status),
			TEXT(row->reply),
			TEXT(at),
			TEXT(audience_name(row->audience)),
			TEXT(row->copy ? "yes" : "no"),
		},
		err);
}

int
report_log(struct workspace *ws, const struct log_request *request,
	struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"delivery", COLUMN_DETAIL},
		{"mailing", COLUMN_ALWAYS},
		{"letter", COLUMN_DETAIL},
		{"lang", COLUMN_ALWAYS},
		{"recipient", COLUMN_ALWAYS},
		{"state", COLUMN_ALWAYS},
		{"attempts", COLUMN_DETAIL},
		{"message_id", COLUMN_DETAIL},
		{"code", COLUMN_ALWAYS},
		{"status", COLUMN_ALWAYS},
		{"reply", COLUMN_ALWAYS},
		{"at", COLUMN_ALWAYS},
		{"audience", COLUMN_DETAIL},
		{"copy", COLUMN_DETAIL},
	};
	enum delivery_state state = DELIVERY_QUEUED;
	struct store_mailing m;
	int64_t since = 0;
	int found;

	if (request->state && delivery_state_parse(request->state, &state) < 0)
		return err_set(err, ERR_USAGE,
			"--state %s: say queued, claimed, sending, sent, "
			"deferred, rejected, unknown, suppressed, cancelled or "
			"bounced",
			request->state);
	if (request->since && clock_parse_time(request->since, &since) < 0)
		return err_set(err, ERR_USAGE,
			"--since %s: write a day like 2026-05-01 or a time "
			"like 2026-05-01T12:00:00Z",
			request->since);
	if (request->mailing) {
		found = store_mailing_find(
			ws->store, request->mailing, &m, err);
		if (found <= 0)
			return found < 0 ? -1
					 : no_mailing(request->mailing, err);
		store_mailing_release(&m);
	}
	BEGIN(rows, columns);
	return store_log(ws->store, request->mailing,
		request->state ? (int)state : -1, since, add_log, rows, err);
}
