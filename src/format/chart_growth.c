#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/week.h"
#include "format/chart_private.h"

enum {
	TOTAL_HEIGHT = 220,
	STEP_HEIGHT = 160,
	RIGHT = 56,   /* half of a day's name has room there */
	HEADROOM = 8, /* between a caption and the number below it */
	TICKS = 8,
	BAR_MAX = 96,
};

/* One of the two drawings: the same days, an axis of its own. */
struct panel {
	const struct chart_time *time;
	double left, right, top, bottom;
	struct chart_axis axis;
};

static double
x_of(const struct panel *p, double step)
{
	return p->left + (p->right - p->left) * step / (double)p->time->count;
}

static double
y_of(const struct panel *p, int64_t value)
{
	return p->bottom -
	       (p->bottom - p->top) * (double)value / (double)p->axis.end;
}

/* How far apart the names of days stand: days, or months. */
struct interval {
	int days;
	int months;
};

static struct interval
choose_interval(const struct chart_time *time)
{
	static const struct interval intervals[] = {{1, 0}, {2, 0},
		{WEEK_DAYS, 0}, {2 * WEEK_DAYS, 0}, {0, 1}, {0, 2}, {0, 3},
		{0, 6}, {0, 12}, {0, 24}, {0, 60}, {0, 120}, {0, 240}, {0, 600},
		{0, 1200}, {0, 2400}, {0, 6000}, {0, 12000}};
	int64_t days = (int64_t)time->count * time->step_days;
	size_t i = 0;

	for (; i + 1 < sizeof intervals / sizeof *intervals; i++) {
		const struct interval *n = &intervals[i];

		if (n->days && n->days % time->step_days == 0 &&
			days <= (int64_t)n->days * TICKS)
			break;
		if (n->months && days <= (int64_t)n->months * 30 * TICKS)
			break;
	}
	return intervals[i];
}

static void
add_tick(const struct panel *p, double x, const char *name, struct buf *out)
{
	chart_line(out, x, p->bottom, x, p->bottom + CHART_GAP, false);
	chart_text(out,
		&(struct chart_text){
			.x = x,
			.y = p->bottom + 2 * CHART_GAP + CHART_SMALL,
			.side = CHART_MIDDLE,
		},
		name);
}

/* A day's or week's name stands below the middle of its bar. */
static void
add_days(const struct panel *p, int every, struct buf *out)
{
	const struct chart_time *time = p->time;
	int64_t step_s = (int64_t)time->step_days * CLOCK_DAY_S;
	int64_t at = time->begin;
	int64_t end = at + (int64_t)time->count * step_s;
	char name[CLOCK_TIME_MAX];

	if (every % WEEK_DAYS == 0 && week_begin(at) != at)
		at = week_begin(at) + WEEK_DAYS * (int64_t)CLOCK_DAY_S;
	for (; at < end; at += every * (int64_t)CLOCK_DAY_S) {
		if (time->step_days == WEEK_DAYS)
			week_format(at, name);
		else
			clock_format_day(at, name);
		add_tick(p,
			x_of(p, (double)(at - time->begin) / (double)step_s +
					0.5),
			name, out);
	}
}

/* A month's or year's name stands below its first day. */
static void
add_months(const struct panel *p, int every, struct buf *out)
{
	const struct chart_time *time = p->time;
	int64_t step_s = (int64_t)time->step_days * CLOCK_DAY_S;
	int64_t end = time->begin + (int64_t)time->count * step_s, at;
	char name[CLOCK_TIME_MAX];
	int month;

	clock_format_day(time->begin - 1, name);
	month = (int)strtol(name, NULL, 10) * 12 +
		(int)strtol(name + strlen("2026-"), NULL, 10);
	for (month += (every - month % every) % every;; month += every) {
		snprintf(name, sizeof name, "%04d-%02d-01", month / 12,
			month % 12 + 1);
		if (clock_parse_day(name, &at) < 0 || at >= end)
			return;
		name[every % 12 == 0 ? strlen("2026") : strlen("2026-01")] =
			'\0';
		add_tick(p,
			x_of(p, (double)(at - time->begin) / (double)step_s),
			name, out);
	}
}

static void
add_time_axis(const struct panel *p, struct buf *out)
{
	struct interval every = choose_interval(p->time);

	if (every.days)
		add_days(p, every.days, out);
	else
		add_months(p, every.months, out);
}

static void
add_value_axis(const struct panel *p, struct buf *out)
{
	for (int64_t n = 0; n <= p->axis.end; n += p->axis.step) {
		double y = y_of(p, n);

		chart_line(out, p->left, y, p->right, y, n > 0);
		chart_number(out, p->left - CHART_GAP, y + CHART_SMALL * 0.36,
			CHART_RIGHT, n);
	}
}

/* The line begins with the first day and is at each step's total when the
 * step ends. */
static void
add_line(const struct panel *p, int64_t total, struct buf *out)
{
	const struct chart_time *time = p->time;
	int64_t sum = time->before;

	buf_printf(out,
		"<path fill=\"none\" stroke=\"#000\" stroke-width=\"2\" "
		"stroke-linejoin=\"round\" d=\"M%.1f %.1f",
		p->left, y_of(p, sum));
	for (size_t i = 0; i < time->count; i++) {
		bool level = time->counts[i] == 0 && i + 1 < time->count &&
			     time->counts[i + 1] == 0;

		sum += time->counts[i];
		if (!level)
			buf_printf(out, "L%.1f %.1f", x_of(p, (double)i + 1),
				y_of(p, sum));
	}
	buf_puts(out, "\"/>\n");
	chart_number(
		out, p->right, y_of(p, total) - CHART_GAP, CHART_RIGHT, total);
}

static void
add_bar(const struct panel *p, size_t step, struct buf *out)
{
	double left = x_of(p, (double)step);
	double width = x_of(p, (double)step + 1) - left;
	double gap = width > BAR_MAX * 1.5 ? (width - BAR_MAX) / 2
		     : width > 3	   ? width / 6
					   : 0;
	double y = y_of(p, p->time->counts[step]);

	buf_printf(out, "M%.2f %.1fV%.1fH%.2fV%.1fz", left + gap, p->bottom, y,
		left + width - gap, p->bottom);
}

/* Every bar has its number if there is room, else the highest. */
static void
add_step_numbers(const struct panel *p, int64_t max, struct buf *out)
{
	const struct chart_time *time = p->time;
	bool room = x_of(p, 1) - x_of(p, 0) > chart_number_width(max) + 4;
	bool highest = false;

	for (size_t i = 0; i < time->count && !(highest && !room); i++) {
		int64_t n = time->counts[i];

		double x = x_of(p, (double)i + 0.5);

		if (n == 0 || (!room && n < max))
			continue;
		/* away from the numbers of the axis */
		if (x < p->left + chart_number_width(n) / 2)
			x = p->left + chart_number_width(n) / 2;
		chart_number(out, x, y_of(p, n) - 5, CHART_MIDDLE, n);
		highest = true;
	}
}

static void
add_steps(const struct panel *p, int64_t max, struct buf *out)
{
	buf_puts(out, "<path fill=\"#444\" d=\"");
	for (size_t i = 0; i < p->time->count; i++)
		if (p->time->counts[i] > 0)
			add_bar(p, i, out);
	buf_puts(out, "\"/>\n");
	add_step_numbers(p, max, out);
}

/* Puts a panel below what is there, its caption above it. */
static void
place(struct chart_page *page, struct panel *p, int64_t max, int height)
{
	p->axis = chart_axis(max);
	p->top = page->y + CHART_SMALL + CHART_GAP + HEADROOM;
	p->bottom = p->top + height;
	page->y = p->bottom;
	add_value_axis(p, &page->body);
}

void
chart_growth(const struct chart *chart, const struct chart_time *time,
	struct buf *out)
{
	struct panel p = {.time = time, .right = CHART_WIDTH - RIGHT};
	int64_t max = 0, total = time->before;
	struct chart_page page;

	for (size_t i = 0; i < time->count; i++) {
		max = time->counts[i] > max ? time->counts[i] : max;
		total += time->counts[i];
	}
	chart_begin(&page, chart);
	chart_caption(&page, time->total_caption, total);
	if (max == 0) {
		chart_caption(&page, chart->empty, -1);
		chart_end(&page, out);
		return;
	}
	p.left = CHART_MARGIN + CHART_GAP +
		 chart_number_width(chart_axis(total).end);
	if (p.left < RIGHT)
		p.left = RIGHT;
	place(&page, &p, total, TOTAL_HEIGHT);
	add_line(&p, total, &page.body);
	chart_caption(&page, time->step_caption, -1);
	place(&page, &p, max, STEP_HEIGHT);
	add_steps(&p, max, &page.body);
	add_time_axis(&p, &page.body);
	page.y += 2 * CHART_GAP + CHART_SMALL;
	chart_end(&page, out);
}
