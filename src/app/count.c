#include <string.h>

#include "app/catalog.h"
#include "app/count_private.h"
#include "app/report.h"
#include "base/clock.h"
#include "base/str.h"
#include "core/country_title.h"
#include "core/week.h"
#include "store/store_signature.h"

#define TEXT(value) ((struct cell){.text = (value)})
#define NUMBER(value) ((struct cell){.number = (value)})

static const char *
visibility_text(int number)
{
	return visibility_name((enum visibility)number);
}

static const char *
state_text(int number)
{
	return signature_state_name((enum signature_state)number);
}

static const struct {
	const char *name;
	enum tally what;
	const char *(*text)(int number); /* of an enum's tally */
} kinds[] = {
	[COUNT_BY_COUNTRY] = {"country", TALLY_COUNTRY, NULL},
	[COUNT_BY_DAY] = {"day", TALLY_DAY, NULL},
	[COUNT_BY_WEEK] = {"week", TALLY_DAY, NULL},
	[COUNT_BY_LANGUAGE] = {"language", TALLY_LANGUAGE, NULL},
	[COUNT_BY_ORGANISATION] = {"organisation", TALLY_ORGANISATION, NULL},
	[COUNT_BY_SOURCE] = {"source", TALLY_SOURCE, NULL},
	[COUNT_BY_VISIBILITY] = {"visibility", TALLY_VISIBILITY,
		visibility_text},
	[COUNT_BY_STATE] = {"state", TALLY_STATE, state_text},
	[COUNT_BY_GROWTH] = {NULL, TALLY_DAY, NULL},
};

static int
parse_by(const char *name, enum count_by *out, struct err *err)
{
	for (int i = 0; i < COUNT_BY_GROWTH; i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			*out = (enum count_by)i;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE,
		"--by %s: say country, day, week, language, organisation, "
		"source, visibility or state",
		name);
}

static int
parse_day(const char *option, const char *text, int64_t *out, struct err *err)
{
	if (!text || clock_parse_day(text, out) == 0)
		return 0;
	return err_set(err, ERR_USAGE,
		"%s %s: write a day that there is, like 2026-05-01", option,
		text);
}

static int
plan_days(const struct count_request *request, struct count_plan *out,
	struct err *err)
{
	out->since = INT64_MIN;
	out->until = INT64_MAX;
	if (!request->since && !request->until)
		return 0;
	if (out->by != COUNT_BY_DAY && out->by != COUNT_BY_WEEK &&
		out->by != COUNT_BY_GROWTH)
		return err_set(err, ERR_USAGE,
			"--since and --until go with --by day and --by week");
	if (parse_day("--since", request->since, &out->since, err) < 0 ||
		parse_day("--until", request->until, &out->until, err) < 0)
		return -1;
	if (out->since > out->until)
		return err_set(err, ERR_USAGE, "--since %s is after --until %s",
			request->since, request->until);
	return 0;
}

int
count_plan(struct workspace *ws, const struct count_request *request,
	struct count_plan *out, struct err *err)
{
	*out = (struct count_plan){.by = COUNT_BY_GROWTH};
	if (request->by && parse_by(request->by, &out->by, err) < 0)
		return -1;
	if (plan_days(request, out, err) < 0)
		return -1;
	if (!request->letter)
		return 0;
	if (report_find_letter(ws, request->letter, &out->letter, err) < 0)
		return -1;
	out->nobody = out->letter == 0;
	return 0;
}

int
count_each(struct workspace *ws, const struct count_plan *plan, count_fn *each,
	void *ctx, struct err *err)
{
	return plan->nobody ? 0
			    : store_counts_read(ws->store, plan->letter,
				      kinds[plan->by].what, each, ctx, err);
}

static int
add_totals(struct workspace *ws, const char *letter, struct rows *rows,
	struct err *err)
{
	struct store_totals t = {0};
	int64_t id, fresh = 0;
	int rc = store_letter_find(ws->store, letter, &id, err);

	if (rc > 0 && store_totals(ws->store, id, &t, err) == 0)
		rc = store_count_new(ws->store, id, &fresh, err);
	if (rc != 0)
		return -1;
	return rows->add(rows,
		(struct cell[]){
			TEXT(letter),
			NUMBER(t.total),
			NUMBER(t.people),
			NUMBER(t.organisations),
			NUMBER(t.countries),
			NUMBER(t.pending),
			NUMBER(fresh),
		},
		err);
}

struct gone {
	struct workspace *ws;
	const struct catalog *catalog;
	struct rows *rows;
};

/* A letter that was signed counts although its files are gone. */
static int
add_gone(void *ctx, const char *letter, struct err *err)
{
	const struct gone *gone = ctx;
	size_t count;
	const struct catalog_entry *e =
		catalog_find(gone->catalog, letter, &count);

	if (e && letter_is_letter(&e->letter))
		return 0;
	return add_totals(gone->ws, letter, gone->rows, err);
}

static int
add_all_totals(struct workspace *ws, struct rows *rows, struct err *err)
{
	struct problems ignored = {0};
	struct catalog catalog;
	struct gone gone = {.ws = ws, .catalog = &catalog, .rows = rows};
	int rc = catalog_load(ws, &catalog, &ignored, err);

	problems_release(&ignored);
	if (rc < 0)
		return -1;
	for (size_t i = 0, count; rc == 0 && i < catalog.count; i += count) {
		const struct catalog_entry *e =
			catalog_find(&catalog, catalog.entries[i].name, &count);

		if (letter_is_letter(&e->letter))
			rc = add_totals(ws, e->name, rows, err);
	}
	if (rc == 0)
		rc = store_letters(ws->store, add_gone, &gone, err);
	catalog_release(&catalog);
	return rc;
}

static int
list_totals(struct workspace *ws, const char *letter, struct rows *rows,
	struct err *err)
{
	static const struct column columns[] = {
		{"letter", COLUMN_ALWAYS},
		{"total", COLUMN_ALWAYS},
		{"people", COLUMN_ALWAYS},
		{"organisations", COLUMN_ALWAYS},
		{"countries", COLUMN_ALWAYS},
		{"pending", COLUMN_COUNT},
		{"new", COLUMN_ALWAYS},
	};
	int64_t id;

	if (letter && report_find_letter(ws, letter, &id, err) < 0)
		return -1;
	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return letter ? add_totals(ws, letter, rows, err)
		      : add_all_totals(ws, rows, err);
}

/* What list_by is at; a week is printed when its last day is known. */
struct listing {
	struct rows *rows;
	const struct count_plan *plan;
	const char *lang;
	char week[CLOCK_TIME_MAX];
	int64_t week_total;
};

static int
add_row(struct listing *l, const char *what, int64_t total, struct err *err)
{
	const char *title = l->plan->by == COUNT_BY_COUNTRY
				    ? country_title(what, l->lang)
				    : NULL;

	return l->rows->add(l->rows,
		(struct cell[]){
			TEXT(what),
			NUMBER(total),
			TEXT(title ? title : ""),
		},
		err);
}

static int
end_week(struct listing *l, struct err *err)
{
	return l->week_total ? add_row(l, l->week, l->week_total, err) : 0;
}

static int
add_week(struct listing *l, int64_t day, int64_t total, struct err *err)
{
	char week[CLOCK_TIME_MAX];

	week_format(day, week);
	if (strcmp(week, l->week) != 0) {
		if (end_week(l, err) < 0)
			return -1;
		memcpy(l->week, week, sizeof week);
		l->week_total = 0;
	}
	l->week_total += total;
	return 0;
}

static int
add_day(struct listing *l, const char *what, int64_t total, struct err *err)
{
	int64_t day;

	if (clock_parse_day(what, &day) < 0)
		return err_set(err, ERR_IO,
			"the database has \"%.40s\" for a day", what);
	if (day < l->plan->since || day > l->plan->until)
		return 0;
	return l->plan->by == COUNT_BY_DAY ? add_row(l, what, total, err)
					   : add_week(l, day, total, err);
}

static int
add_each(void *ctx, const char *what, int64_t total, struct err *err)
{
	struct listing *l = ctx;
	const enum count_by by = l->plan->by;
	long number;

	if (by == COUNT_BY_DAY || by == COUNT_BY_WEEK)
		return add_day(l, what, total, err);
	if (kinds[by].text &&
		str_to_number(what, SIGNATURE_STATES - 1, &number) == 0)
		what = kinds[by].text((int)number);
	return add_row(l, what, total, err);
}

static int
list_by(struct workspace *ws, const struct count_plan *plan, const char *lang,
	struct rows *rows, struct err *err)
{
	const struct column columns[] = {
		{kinds[plan->by].name, COLUMN_ALWAYS}, {"total", COLUMN_BAR},
		{"name", COLUMN_ALWAYS}, /* of a country */
	};
	struct listing l = {.rows = rows, .plan = plan, .lang = lang};

	rows->begin(rows, columns, plan->by == COUNT_BY_COUNTRY ? 3 : 2);
	if (count_each(ws, plan, add_each, &l, err) < 0)
		return -1;
	return end_week(&l, err);
}

int
count_list(struct workspace *ws, const struct count_request *request,
	struct rows *rows, struct err *err)
{
	struct count_plan plan;

	if (!request->by && (request->since || request->until))
		return err_set(err, ERR_USAGE,
			"--since and --until go with --by day and --by week");
	if (!request->by)
		return list_totals(ws, request->letter, rows, err);
	if (count_plan(ws, request, &plan, err) < 0)
		return -1;
	return list_by(ws, &plan, request->lang ? request->lang : ws->conf.lang,
		rows, err);
}
