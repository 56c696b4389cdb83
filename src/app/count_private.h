/* What the listings (count.c) and the charts (count_chart.c) of counts
 * share. */
#ifndef APP_COUNT_PRIVATE_H
#define APP_COUNT_PRIVATE_H

#include "app/count.h"
#include "store/store_counts.h"

enum count_by {
	COUNT_BY_COUNTRY,
	COUNT_BY_DAY,
	COUNT_BY_WEEK,
	COUNT_BY_LANGUAGE,
	COUNT_BY_ORGANISATION,
	COUNT_BY_SOURCE,
	COUNT_BY_VISIBILITY,
	COUNT_BY_STATE,
	COUNT_BY_GROWTH, /* no name: days or weeks */
};

/* A request as it was understood. */
struct count_plan {
	int64_t letter; /* 0: all, or nobody signed it */
	bool nobody;
	enum count_by by;
	int64_t since; /* first second of the first day; INT64_MIN: all */
	int64_t until; /* first second of the last day; INT64_MAX: all */
};

/* Checks what is asked for, without a chart by must not be NULL. */
int count_plan(struct workspace *ws, const struct count_request *request,
	struct count_plan *out, struct err *err);

typedef int
count_fn(void *ctx, const char *what, int64_t total, struct err *err);

/* store_counts_read of what is planned; days and weeks are days here, and none
 * is left out. */
int count_each(struct workspace *ws, const struct count_plan *plan,
	count_fn *each, void *ctx, struct err *err);

#endif
