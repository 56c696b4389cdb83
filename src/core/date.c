#include "core/date.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

enum {
	TEXT_MAX = 64,
	/* Earlier ones are of the solar or lunar Hijri calendar. */
	YEAR_MIN = 1900
};

#define EARLIEST INT64_C(-2208988800) /* 1900-01-01 */

static int
say_forms(struct err *err)
{
	return err_set(err, ERR_DATA,
		"not a date; write 2010-01-07, or with the day first 7.1.2010 "
		"or 7/1/2010, and perhaps 14:05 behind it");
}

static int
say_year(int year, struct err *err)
{
	return err_set(err, ERR_DATA,
		"the year %d is of another calendar or a mistake; write the "
		"Gregorian date, such as 2010-01-07",
		year);
}

/*
 * Copies a date in ASCII: digits of other scripts become ours, signs of
 * direction go. Returns 0, or -1 when there is something else in it.
 */
static int
to_ascii(const char *text, char out[static TEXT_MAX])
{
	size_t len = 0;
	unsigned c;
	size_t n;

	for (; (n = str_utf8_next(text, &c)) > 0; text += n) {
		if (c >= 0x660 && c <= 0x669)
			c = '0' + c - 0x660;
		else if (c >= 0x6F0 && c <= 0x6F9)
			c = '0' + c - 0x6F0;
		else if (c == 0x061C || c == 0x200E || c == 0x200F)
			continue;
		else if (c == 0x00A0 || c == 0x202F)
			c = ' ';
		if (c >= 0x80 || len == TEXT_MAX - 1)
			return -1;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return 0;
}

/* Reads up to four digits. Returns how many there are, at most five. */
static int
read_number(const char **s, int *out)
{
	int n = 0;

	*out = 0;
	for (; **s >= '0' && **s <= '9' && n < 5; ++*s, n++)
		*out = *out * 10 + (**s - '0');
	return n;
}

/* Reads " PM" or "pm" at the end, or nothing. Returns 0 or -1. */
static int
read_half(const char *s, int *hours)
{
	s += strspn(s, " ");
	if (!*s)
		return 0;
	if (*hours < 1 || *hours > 12 ||
		(!str_ieq(s, "am") && !str_ieq(s, "pm")))
		return -1;
	*hours = *hours % 12 + (str_ieq(s, "pm") ? 12 : 0);
	return 0;
}

/* Reads " 14:05", " 14:05:30" or " 2:05 PM", after a comma or not, up to the
 * end. */
static int
read_time(const char *s, int64_t *out)
{
	int hours, minutes, seconds = 0;

	s += *s == ',';
	if (*s != ' ')
		return -1;
	s += strspn(s, " ");
	if (read_number(&s, &hours) > 2 || *s++ != ':' ||
		read_number(&s, &minutes) != 2)
		return -1;
	if (*s == ':' && (s++, read_number(&s, &seconds) != 2))
		return -1;
	if (read_half(s, &hours) < 0 || hours > 23 || minutes > 59 ||
		seconds > 60)
		return -1;
	*out = hours * 3600 + minutes * 60 + seconds;
	return 0;
}

static int
make_day(int year, int month, int day, int64_t *out, struct err *err)
{
	if (year < YEAR_MIN)
		return say_year(year, err);
	if (month < 1 || month > 12)
		return err_set(err, ERR_DATA, "there is no month %d", month);
	if (clock_make_day(year, month, day, out) < 0)
		return err_set(err, ERR_DATA, "month %d of %d has no day %d",
			month, year, day);
	return 0;
}

/* Reads the year behind a and b, which are day and month in the list's
 * order. */
static int
make_ordered_day(int a, int b, int year, struct date_order *order, int64_t *out,
	struct err *err)
{
	bool month_first = order->month_first;

	if (a > 12 && a <= 31 && b <= 12)
		order->days_first++;
	else if (b > 12 && b <= 31 && a <= 12)
		order->months_first++;
	if (year >= YEAR_MIN && !month_first && b > 12 && a <= 12)
		return err_set(err, ERR_DATA,
			"there is no month %d; days come first here: 7/1/2010 "
			"is 7 January",
			b);
	if (year >= YEAR_MIN && month_first && a > 12 && b <= 12)
		return err_set(err, ERR_DATA,
			"there is no month %d; months come first here: "
			"7/1/2010 is 1 July",
			a);
	return make_day(
		year, month_first ? a : b, month_first ? b : a, out, err);
}

static int
parse_numbers(
	const char *s, struct date_order *order, int64_t *out, struct err *err)
{
	struct date_order with_dots = {0};
	int64_t time_s = 0;
	int a, b, c;
	int first, second, third;
	char separator;
	bool year_last;
	int rc;

	first = read_number(&s, &a);
	year_last = first <= 2;
	separator = *s;
	if (first == 0 || (!year_last && first != 4) || !separator ||
		!strchr("./-", separator))
		return say_forms(err);
	s++;
	second = read_number(&s, &b);
	if (second < 1 || second > 2 || *s != separator)
		return say_forms(err);
	s++;
	third = read_number(&s, &c);
	if (*s && read_time(s, &time_s) < 0)
		return say_forms(err);
	if (year_last && third == 2)
		return err_set(
			err, ERR_DATA, "write the year with four digits");
	if (third < 1 || (year_last ? third != 4 : third > 2))
		return say_forms(err);
	if (year_last)
		rc = make_ordered_day(a, b, c,
			separator == '.' ? &with_dots : order, out, err);
	else
		rc = make_day(a, b, c, out, err);
	*out += rc < 0 ? 0 : time_s;
	return rc;
}

bool
date_order_wrong(const struct date_order *order)
{
	return order->month_first ? order->days_first && !order->months_first
				  : order->months_first && !order->days_first;
}

int
date_parse(const char *text, struct date_order *order, int64_t *out,
	struct err *err)
{
	char ascii[TEXT_MAX];
	const char *s = ascii;
	int year;

	if (clock_parse_time(text, out) == 0 && *out >= EARLIEST)
		return 0;
	if (to_ascii(text, ascii) < 0)
		return say_forms(err);
	if (read_number(&s, &year) == 4 && year < YEAR_MIN)
		return say_year(year, err);
	if (clock_parse_time(ascii, out) == 0)
		return 0;
	return parse_numbers(ascii, order, out, err);
}
