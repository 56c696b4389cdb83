#include "app/export.h"

#include "app/export_private.h"
#include "app/report.h"
#include "base/clock.h"

enum {
	PIECE = 64 * 1024 /* of a document is written at once */
};

struct listing {
	struct rows *rows;
	int64_t number;
	int64_t day; /* whose date this is, as days since 1970 */
	char date[CLOCK_TIME_MAX];
};

/* Neighbours in a list were mostly signed on the same day. */
static const char *
date_of(struct listing *l, int64_t signed_at)
{
	int64_t day = signed_at / CLOCK_DAY_S - (signed_at % CLOCK_DAY_S < 0);

	if (day != l->day || !*l->date)
		clock_format_day(signed_at, l->date);
	l->day = day;
	return l->date;
}

static int
add_row(void *ctx, const struct store_signature *row, struct err *err)
{
	struct listing *l = ctx;
	const struct signature *s = &row->signature;
	const struct cell cells[VISIBILITY_FIELD_COUNT] = {
		[VISIBILITY_FIELD_NUMBER] = {.number = ++l->number},
		[VISIBILITY_FIELD_NAME] = {s->name},
		[VISIBILITY_FIELD_ORGANISATION] = {s->organisation},
		[VISIBILITY_FIELD_ROLE] = {s->role},
		[VISIBILITY_FIELD_COUNTRY] = {s->country},
		[VISIBILITY_FIELD_CITY] = {s->city},
		[VISIBILITY_FIELD_COMMENT] = {s->comment},
		[VISIBILITY_FIELD_LANG] = {s->lang},
		[VISIBILITY_FIELD_DATE] = {date_of(l, s->signed_at)},
		[VISIBILITY_FIELD_KIND] = {signature_kind_name(s->kind)},
		[VISIBILITY_FIELD_EMAIL] = {s->email},
		[VISIBILITY_FIELD_POSTCODE] = {s->postcode},
		[VISIBILITY_FIELD_VISIBILITY] = {visibility_name(
			s->visibility)},
		[VISIBILITY_FIELD_UPDATES] = {s->updates ? "yes" : "no"},
		[VISIBILITY_FIELD_STATE] = {signature_state_name(row->state)},
		[VISIBILITY_FIELD_SOURCE] = {row->source},
		[VISIBILITY_FIELD_EDITION] = {row->edition},
	};

	return l->rows->add(l->rows, cells, err);
}

int
export_rows(struct workspace *ws, const struct export_request *request,
	struct rows *rows, struct err *err)
{
	struct column columns[VISIBILITY_FIELD_COUNT];
	struct listing l = {.rows = rows};
	int64_t letter;

	if (report_find_letter(ws, request->letter, &letter, err) < 0)
		return -1;
	for (int i = 0; i < VISIBILITY_FIELD_COUNT; i++)
		columns[i] = (struct column){
			visibility_field_name((enum visibility_field)i),
			i == VISIBILITY_FIELD_EDITION ? COLUMN_DETAIL
						      : COLUMN_ALWAYS,
		};
	rows->begin(rows, columns, visibility_field_count(request->viewer));
	if (!letter)
		return 0;
	return store_signatures(ws->store, letter,
		visibility_every_state(request->viewer),
		visibility_tightest(request->viewer), add_row, &l, err);
}

int
export_document_open(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct export_document *out,
	struct err *err)
{
	struct problems ignored = {0};
	const struct catalog_entry *entries;
	size_t count;
	int rc;

	*out = (struct export_document){
		.ws = ws,
		.request = request,
		.title = request->letter,
		.lang = ws->conf.lang,
		.write = write,
		.ctx = ctx,
	};
	/* What is walked twice, and its total, must be of one moment. */
	if (store_begin_read(ws->store, "export", err) < 0 ||
		report_find_letter(ws, request->letter, &out->letter, err) < 0)
		return -1;
	rc = catalog_load(ws, &out->catalog, &ignored, err);
	problems_release(&ignored);
	if (rc < 0)
		return -1;
	entries = catalog_find(&out->catalog, request->letter, &count);
	if (!entries)
		return 0;
	out->entry = catalog_choose(entries, count,
		request->lang ? request->lang : ws->conf.lang, &ws->conf);
	out->lang = out->entry->lang;
	if (out->entry->letter.title.text)
		out->title = out->entry->letter.title.text;
	return 0;
}

void
export_document_close(struct export_document *d)
{
	store_rollback(d->ws->store);
	catalog_release(&d->catalog);
	buf_release(&d->buf);
}

int
export_document_walk(struct export_document *d, store_signature_fn *each,
	void *ctx, struct err *err)
{
	if (!d->letter)
		return 0;
	return store_signatures(d->ws->store, d->letter, false,
		visibility_tightest(d->request->viewer), each, ctx, err);
}

int
export_document_write(struct export_document *d, bool all, struct err *err)
{
	int rc;

	if (d->buf.len < PIECE && !all)
		return 0;
	rc = d->write(d->ctx, buf_str(&d->buf), d->buf.len, err);
	buf_reset(&d->buf);
	return rc;
}
