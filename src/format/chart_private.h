/* What the two sorts of charts share: chart.c (and bars), chart_growth.c.
 * Lengths are pixels of a picture CHART_WIDTH wide. */
#ifndef FORMAT_CHART_PRIVATE_H
#define FORMAT_CHART_PRIVATE_H

#include <stdbool.h>

#include "format/chart.h"

enum {
	CHART_WIDTH = 960,
	CHART_MARGIN = 24,
	CHART_GAP = 8,
	CHART_CAPTION = 34, /* from line to line */
	CHART_SMALL = 13,   /* sizes of text */
	CHART_MEDIUM = 16,
	CHART_LARGE = 20,
};

/* How wide a column (fold_width) of small text is, in the widest of the usual
 * fonts: whoever looks at the picture has one of their own. */
#define CHART_COLUMN 8.5

/* Which end of a text is at its place. */
enum chart_side {
	CHART_LEFT,
	CHART_MIDDLE,
	CHART_RIGHT
};

struct chart_text {
	double x, y;
	enum chart_side side;
	int size; /* 0: small */
	bool bold;
	bool rtl; /* the text, whatever the picture is */
};

/* A picture that grows downwards. */
struct chart_page {
	const struct chart *chart;
	bool rtl;
	enum chart_side side; /* where texts begin */
	double side_x;
	double y; /* what is above is done */
	struct buf body;
};

/* From 0 in steps to an end that is not below the greatest value. */
struct chart_axis {
	int64_t step;
	int64_t end;
};

/* Begins with the title; chart_end adds the whole and releases the page. */
void chart_begin(struct chart_page *page, const struct chart *chart);
void chart_end(struct chart_page *page, struct buf *out);

/* A line of text with a number, without one if it is negative. */
void
chart_caption(struct chart_page *page, const char *caption, int64_t number);

/* x from where texts begin, as x from the left. */
double chart_x(const struct chart_page *page, double x);

struct chart_axis chart_axis(int64_t max);
double chart_number_width(int64_t number);

void chart_text(struct buf *out, const struct chart_text *at, const char *text);
void chart_number(struct buf *out, double x, double y, enum chart_side side,
	int64_t number);
void chart_line(
	struct buf *out, double x1, double y1, double x2, double y2, bool grid);

#endif
