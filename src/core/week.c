#include "core/week.h"

#include <time.h>

int64_t
week_begin(int64_t at)
{
	/* 1969-12-29 was a Monday */
	const int64_t monday = -3 * (int64_t)CLOCK_DAY_S;
	const int64_t week_s = WEEK_DAYS * (int64_t)CLOCK_DAY_S;
	int64_t into = (at - monday) % week_s;

	return at - into - (into < 0 ? week_s : 0);
}

void
week_format(int64_t at, char out[static CLOCK_TIME_MAX])
{
	time_t t = at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_TIME_MAX, "%G-W%V", &tm);
}
