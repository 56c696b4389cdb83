/*
 * Counts of signatures: of letters, by what they have in common, and as a
 * chart. All visibilities count; nobody's name is in a chart.
 */
#ifndef APP_COUNT_H
#define APP_COUNT_H

#include "app/workspace.h"
#include "base/buf.h"
#include "base/rows.h"

struct count_request {
	const char *letter; /* NULL: all */
	const char *by;	    /* country, day, week, language, organisation,
			       source, visibility or state; NULL: the totals,
			       and in a chart the growth */
	const char *since;  /* first day that counts; NULL: all do */
	const char *until;  /* last day */
	const char *lang;   /* of names and titles; NULL: the organiser's */
};

/* Lists totals, a row per letter, or (by) a row per country, day, ...
 * Errors: ERR_NOTFOUND, ERR_USAGE: by or a day cannot be. */
int count_list(struct workspace *ws, const struct count_request *request,
	struct rows *rows, struct err *err);

/* Adds a chart (SVG) by country, day or week; growth without by is shown by
 * day or week as there are many or few. Errors: as above. */
int count_chart(struct workspace *ws, const struct count_request *request,
	struct buf *out, struct err *err);

#endif
