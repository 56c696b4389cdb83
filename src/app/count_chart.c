#include <stdlib.h>
#include <string.h>

#include "app/catalog.h"
#include "app/count_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/country_title.h"
#include "core/week.h"
#include "format/chart.h"

enum {
	DAYS_MAX = 92,	   /* of bars for days; more are shown as weeks */
	COUNTRIES_MAX = 20 /* with a bar of their own */
};

/* What a chart says, beside its title and numbers. */
static const struct words {
	const char *lang;
	const char *total;
	const char *by_day, *by_week, *by_country;
	const char *others, *unknown, *empty;
} words[] = {
	{
		"en",
		"Signatures",
		"New each day",
		"New each week",
		"Signatures by country",
		"Other countries",
		"Country not given",
		"No signatures",
	},
	{
		"fr",
		"Signatures",
		"Nouvelles par jour",
		"Nouvelles par semaine",
		"Signatures par pays",
		"Autres pays",
		"Pays non indiqué",
		"Aucune signature",
	},
	{
		"es",
		"Firmas",
		"Nuevas por día",
		"Nuevas por semana",
		"Firmas por país",
		"Otros países",
		"País no indicado",
		"Ninguna firma",
	},
	{
		"fa",
		"امضاها",
		"امضاهای تازه در هر روز",
		"امضاهای تازه در هر هفته",
		"امضاها به تفکیک کشور",
		"کشورهای دیگر",
		"کشور نامشخص",
		"امضایی نیست",
	},
	{
		"ar",
		"التوقيعات",
		"التوقيعات الجديدة كل يوم",
		"التوقيعات الجديدة كل أسبوع",
		"التوقيعات حسب البلد",
		"بلدان أخرى",
		"البلد غير مذكور",
		"لا توجد توقيعات",
	},
};

static const struct words *
find_words(const char *lang)
{
	const char *langs[sizeof words / sizeof words[0]];
	const size_t count = sizeof words / sizeof words[0];
	int found;

	for (size_t i = 0; i < count; i++)
		langs[i] = words[i].lang;
	found = lang_lookup(lang, langs, count);
	return &words[found < 0 ? 0 : found];
}

/* Signatures of one day, days in their order. */
struct day {
	int64_t at;
	int64_t total;
};

struct days {
	struct day *items;
	size_t count;
	size_t cap;
};

static int
keep_day(void *ctx, const char *what, int64_t total, struct err *err)
{
	struct days *days = ctx;
	struct day day = {.total = total};

	if (clock_parse_day(what, &day.at) < 0)
		return err_set(err, ERR_IO,
			"the database has \"%.40s\" for a day", what);
	days->items = mem_grow(
		days->items, days->count, &days->cap, sizeof *days->items);
	days->items[days->count++] = day;
	return 0;
}

/* Makes the steps from first to last day, none if last is before first.
 * Returns the counts, to be freed. */
static int64_t *
make_steps(const struct days *days, int64_t first, int64_t last,
	struct chart_time *time)
{
	int64_t step_s = time->step_days * (int64_t)CLOCK_DAY_S;
	int64_t *counts;

	time->begin = time->step_days == WEEK_DAYS ? week_begin(first) : first;
	if (last >= first)
		time->count = (size_t)((last - time->begin) / step_s) + 1;
	counts = mem_zalloc(time->count * sizeof *counts);
	for (size_t i = 0; i < days->count; i++) {
		const struct day *day = &days->items[i];

		if (day->at < first)
			time->before += day->total;
		else if (day->at <= last)
			counts[(day->at - time->begin) / step_s] += day->total;
	}
	time->counts = counts;
	return counts;
}

static void
draw_growth(const struct chart *chart, const struct words *say,
	const struct days *days, const struct count_plan *plan, struct buf *out)
{
	struct chart_time time = {.total_caption = say->total};
	int64_t first = plan->since, last = plan->until;
	bool weeks = plan->by == COUNT_BY_WEEK;
	int64_t *counts = NULL;

	if (days->count > 0) {
		if (first == INT64_MIN)
			first = days->items[0].at;
		if (last == INT64_MAX)
			last = days->items[days->count - 1].at;
		if (plan->by == COUNT_BY_GROWTH)
			weeks = last - first >= DAYS_MAX * (int64_t)CLOCK_DAY_S;
		time.step_days = weeks ? WEEK_DAYS : 1;
		counts = make_steps(days, first, last, &time);
	}
	time.step_caption = weeks ? say->by_week : say->by_day;
	chart_growth(chart, &time, out);
	free(counts);
}

static int
chart_days(struct workspace *ws, const struct count_plan *plan,
	const struct chart *chart, const struct words *say, struct buf *out,
	struct err *err)
{
	struct days days = {0};
	int rc = count_each(ws, plan, keep_day, &days, err);

	if (rc == 0)
		draw_growth(chart, say, &days, plan, out);
	free(days.items);
	return rc;
}

/* The countries with the most signatures; the last bar is the others. */
struct countries {
	const char *lang;
	const struct words *say;
	struct chart_bar bars[COUNTRIES_MAX + 1];
	char *codes[COUNTRIES_MAX];
	size_t count;
};

static int
keep_country(void *ctx, const char *what, int64_t total, struct err *err)
{
	struct countries *c = ctx;
	struct chart_bar *bar = &c->bars[c->count];
	const char *title;

	(void)err;
	bar->value += total;
	if (c->count == COUNTRIES_MAX) {
		bar->label = c->say->others;
		return 0;
	}
	c->codes[c->count] = mem_strdup(what);
	title = country_title(what, c->lang);
	bar->label = title   ? title
		     : *what ? c->codes[c->count]
			     : c->say->unknown;
	c->count++;
	return 0;
}

static int
chart_countries(struct workspace *ws, const struct count_plan *plan,
	const struct chart *chart, const struct words *say, struct buf *out,
	struct err *err)
{
	struct countries c = {.lang = chart->lang, .say = say};
	int rc = count_each(ws, plan, keep_country, &c, err);

	if (rc == 0)
		chart_bars(chart, say->by_country, c.bars,
			c.count + (c.bars[COUNTRIES_MAX].value > 0), out);
	for (size_t i = 0; i < c.count; i++)
		free(c.codes[i]);
	return rc;
}

/* A chart of all letters has the organiser's name, and so has that of a
 * letter whose files are gone its own. */
static void
choose_title(const struct workspace *ws, const struct catalog *catalog,
	const struct count_request *request, struct chart *chart)
{
	const char *lang = request->lang ? request->lang : ws->conf.lang;
	const struct catalog_entry *e = NULL;
	size_t count;

	chart->lang = lang;
	chart->title =
		request->letter ? request->letter : ws->conf.organiser_name;
	if (request->letter)
		e = catalog_find(catalog, request->letter, &count);
	if (!e)
		return;
	e = catalog_choose(e, count, lang, &ws->conf);
	chart->lang = e->lang;
	if (e->letter.title.text)
		chart->title = e->letter.title.text;
}

int
count_chart(struct workspace *ws, const struct count_request *request,
	struct buf *out, struct err *err)
{
	struct problems ignored = {0};
	struct catalog catalog = {0};
	const struct words *say;
	struct count_plan plan;
	struct chart chart;
	int rc;

	if (count_plan(ws, request, &plan, err) < 0)
		return -1;
	if (plan.by != COUNT_BY_COUNTRY && plan.by != COUNT_BY_DAY &&
		plan.by != COUNT_BY_WEEK && plan.by != COUNT_BY_GROWTH)
		return err_set(err, ERR_USAGE,
			"--chart --by %s: say country, day or week; leave --by "
			"out for the growth",
			request->by);
	rc = catalog_load(ws, &catalog, &ignored, err);
	problems_release(&ignored);
	if (rc < 0)
		return -1;
	choose_title(ws, &catalog, request, &chart);
	say = find_words(chart.lang);
	chart.empty = say->empty;
	rc = plan.by == COUNT_BY_COUNTRY
		     ? chart_countries(ws, &plan, &chart, say, out, err)
		     : chart_days(ws, &plan, &chart, say, out, err);
	catalog_release(&catalog);
	return rc;
}
