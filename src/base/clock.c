#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

#define DOCUMENT_MAX 253402300799 /* the end of the year 9999 */

int64_t
clock_now(void)
{
	return time(NULL);
}

int64_t
clock_document(void)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	long at;

	if (epoch && str_to_number(epoch, DOCUMENT_MAX, &at) == 0)
		return at;
	return clock_now();
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_sleep_ms(int64_t wait_ms)
{
	struct timespec ts = {
		.tv_sec = wait_ms / 1000,
		.tv_nsec = wait_ms % 1000 * 1000000,
	};

	if (wait_ms > 0)
		nanosleep(&ts, NULL);
}

void
clock_format_time(int64_t at, char out[static CLOCK_TIME_MAX])
{
	time_t t = at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, CLOCK_TIME_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Puts a number of two digits. */
static char *
put_two(char *to, int number)
{
	*to++ = (char)('0' + number / 10);
	*to++ = (char)('0' + number % 10);
	return to;
}

/* Listings have a day in each row, and strftime takes as long as all the rest
 * of one. */
void
clock_format_day(int64_t at, char out[static CLOCK_TIME_MAX])
{
	time_t t = at;
	struct tm tm;
	int year;

	gmtime_r(&t, &tm);
	year = tm.tm_year + 1900;
	if (year < 0 || year > 9999) {
		strftime(out, CLOCK_TIME_MAX, "%Y-%m-%d", &tm);
		return;
	}
	out = put_two(put_two(out, year / 100), year % 100);
	*out++ = '-';
	out = put_two(out, tm.tm_mon + 1);
	*out++ = '-';
	out = put_two(out, tm.tm_mday);
	*out = '\0';
}

/* Reads exactly width digits. Returns what follows, or NULL. */
static const char *
digits(const char *s, int width, int *out)
{
	*out = 0;
	for (int i = 0; i < width; i++, s++) {
		if (*s < '0' || *s > '9')
			return NULL;
		*out = *out * 10 + (*s - '0');
	}
	return s;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

int
clock_make_day(int year, int month, int day, int64_t *out)
{
	int64_t days, y;

	if (year < 0 || month < 1 || month > 12 || day < 1 ||
		day > days_in_month(year, month))
		return -1;
	/* Years that begin in March have the day that leap years add at their
	 * end; 400 of them are 146097 days, and 1970-01-01 is day 719468.
	 * timegm takes ten times as long, and a list has a date in each row. */
	y = month > 2 ? year : year + 399;
	month = (month + 9) % 12;
	days = y * 365 + y / 4 - y / 100 + y / 400;
	days += (153 * month + 2) / 5 + day - 1;
	if (month > 9)
		days -= 146097;
	*out = (days - 719468) * CLOCK_DAY_S;
	return 0;
}

/* Reads the day at the front of s. Returns what follows, or NULL. */
static const char *
parse_day(const char *s, int64_t *out)
{
	int year, month, day;

	if (!(s = digits(s, 4, &year)) || *s++ != '-')
		return NULL;
	if (!(s = digits(s, 2, &month)) || *s++ != '-')
		return NULL;
	if (!(s = digits(s, 2, &day)))
		return NULL;
	return clock_make_day(year, month, day, out) == 0 ? s : NULL;
}

int
clock_parse_day(const char *text, int64_t *out)
{
	const char *rest = parse_day(text, out);

	return rest && !*rest ? 0 : -1;
}

/* Reads "Z", "+02:00" or nothing (UTC). Returns 0 or -1. */
static int
parse_offset(const char *s, int64_t *offset_s)
{
	int hours, minutes;
	int sign = *s == '-' ? -1 : 1;

	*offset_s = 0;
	if (!*s || !strcmp(s, "Z") || !strcmp(s, "z"))
		return 0;
	if (*s != '+' && *s != '-')
		return -1;
	if (!(s = digits(s + 1, 2, &hours)) || *s++ != ':')
		return -1;
	if (!(s = digits(s, 2, &minutes)) || *s || hours > 23 || minutes > 59)
		return -1;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int
clock_parse_time(const char *text, int64_t *out)
{
	int hours, minutes, seconds = 0;
	int64_t offset_s;
	const char *s = parse_day(text, out);

	if (!s)
		return -1;
	if (!*s)
		return 0;
	if (*s != 'T' && *s != 't' && *s != ' ')
		return -1;
	if (!(s = digits(s + 1, 2, &hours)) || *s++ != ':')
		return -1;
	if (!(s = digits(s, 2, &minutes)))
		return -1;
	if (*s == ':' && !(s = digits(s + 1, 2, &seconds)))
		return -1;
	if (*s == '.')
		s += 1 + strspn(s + 1, "0123456789");
	if (hours > 23 || minutes > 59 || seconds > 60 ||
		parse_offset(s, &offset_s) < 0)
		return -1;
	*out += hours * 3600 + minutes * 60 + seconds - offset_s;
	return 0;
}

/* How many moments this machine's clock shows that time: 0, 1 or 2; *out is
 * one of them. */
static int
find_local(int64_t as_utc, int64_t *out)
{
	time_t t = as_utc;
	struct tm wanted;
	int found = 0;

	gmtime_r(&t, &wanted);
	for (int dst = 0; dst <= 1; dst++) {
		struct tm tm = wanted;
		time_t moment;

		tm.tm_isdst = dst;
		moment = mktime(&tm);
		if (tm.tm_isdst != dst || tm.tm_hour != wanted.tm_hour ||
			tm.tm_min != wanted.tm_min)
			continue;
		*out = moment;
		found++;
	}
	return found;
}

int
clock_parse_moment(const char *text, int64_t *out, struct err *err)
{
	const char *hours = text + strcspn(text, "Tt ");
	int found;

	if (!*hours || clock_parse_time(text, out) < 0)
		return err_set(err, ERR_USAGE,
			"\"%.40s\" is no time; write 2026-05-01T12:00:00Z, or "
			"\"2026-05-01 12:00\" by the clock of this machine",
			text);
	if (hours[strcspn(hours, "Zz+-")])
		return 0;
	found = find_local(*out, out);
	if (found == 1)
		return 0;
	return err_set(err, ERR_USAGE,
		"\"%.40s\" happens %s, as the clocks are changed then; write "
		"it with its offset, as 2026-05-01T12:00:00+02:00",
		text, found ? "twice" : "never");
}

void
clock_format_local(int64_t at, char out[static CLOCK_TIME_MAX])
{
	time_t t = at;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, CLOCK_TIME_MAX, "%Y-%m-%d %H:%M", &tm);
}

void
clock_format_span(int64_t span_s, char out[static CLOCK_TIME_MAX])
{
	if (span_s < 60)
		snprintf(out, CLOCK_TIME_MAX, "%" PRId64 " s", span_s);
	else if (span_s < 3600)
		snprintf(out, CLOCK_TIME_MAX, "%" PRId64 " min",
			(span_s + 59) / 60);
	else if (span_s < CLOCK_DAY_S)
		snprintf(out, CLOCK_TIME_MAX, "%" PRId64 " h %" PRId64 " min",
			span_s / 3600, span_s % 3600 / 60);
	else
		snprintf(out, CLOCK_TIME_MAX, "%" PRId64 " d %" PRId64 " h",
			span_s / CLOCK_DAY_S, span_s % CLOCK_DAY_S / 3600);
}
