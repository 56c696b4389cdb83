/* Weeks as ISO 8601 counts them: from Monday, and a week belongs to the year
 * that its Thursday is in. */
#ifndef CORE_WEEK_H
#define CORE_WEEK_H

#include "base/clock.h"

enum {
	WEEK_DAYS = 7
};

/* The first second (UTC) of the Monday at or before a time. */
int64_t week_begin(int64_t at);

/* The name of the week that a time is in: "2026-W05". */
void week_format(int64_t at, char out[static CLOCK_TIME_MAX]);

#endif
