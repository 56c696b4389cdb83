/*
 * Charts of counts as SVG, from plain arrays: black on white, so that they
 * can be printed; no script, no font or picture from elsewhere. The side that
 * texts begin at is that of the language. Time runs from left to right in
 * every language, as days and weeks are written.
 */
#ifndef FORMAT_CHART_H
#define FORMAT_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct chart {
	const char *lang; /* BCP 47 */
	const char *title;
	const char *empty; /* what is said where there is nothing to draw */
};

struct chart_bar {
	const char *label;
	int64_t value; /* 0 or more */
};

/* Adds a picture of bars, one below the other, each with its number. */
void chart_bars(const struct chart *chart, const char *caption,
	const struct chart_bar *bars, size_t count, struct buf *out);

struct chart_time {
	int64_t begin;	       /* first second of the first day; if step_days
				  is a week, of a Monday */
	int step_days;	       /* 1 or 7 */
	const int64_t *counts; /* one for each step, 0 too */
	size_t count;
	int64_t before;		   /* what the total was at the beginning */
	const char *total_caption; /* of the line of the total */
	const char *step_caption;  /* of the bars of counts */
};

/* Adds a picture of how a total grew: a line, and below it bars of what was
 * new in each step. */
void chart_growth(const struct chart *chart, const struct chart_time *time,
	struct buf *out);

/* The smallest of 1, 2, 5, 10, 20, 50 ... in which steps an axis gets from 0
 * to max (1 or more) with at most that many. */
int64_t chart_step(int64_t max, int most);

#endif
