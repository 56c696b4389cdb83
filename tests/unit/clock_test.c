#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_format(void **state)
{
	static const struct {
		int64_t at;
		const char *time;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{-1, "1969-12-31T23:59:59Z"},
		{951827696, "2000-02-29T12:34:56Z"},
		{-2208988800, "1900-01-01T00:00:00Z"},
		{2147483648, "2038-01-19T03:14:08Z"},
		{253402300799, "9999-12-31T23:59:59Z"},
	};

	(void)state;
	setenv("TZ", "Asia/Tehran", 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		char time[CLOCK_TIME_MAX], day[CLOCK_TIME_MAX];
		int64_t back = 0;

		clock_format_time(cases[i].at, time);
		clock_format_day(cases[i].at, day);
		assert_string_equal(time, cases[i].time);
		assert_memory_equal(day, cases[i].time, 10);
		assert_int_equal(strlen(day), 10);
		assert_int_equal(clock_parse_time(time, &back), 0);
		assert_int_equal(back, cases[i].at);
	}
}

static void
test_parse_day(void **state)
{
	static const struct {
		const char *text;
		int64_t at; /* 1: refused */
	} cases[] = {
		{"1970-01-01", 0},
		{"2000-02-29", 951782400},
		{"2024-02-29", 1709164800},
		{"2023-02-29", 1},
		{"1900-02-29", 1},
		{"2026-04-31", 1},
		{"2026-13-01", 1},
		{"2026-00-01", 1},
		{"2026-01-00", 1},
		{"2026-01-32", 1},
		{"2026-1-1", 1},
		{"26-01-01", 1},
		{"2026-01-01 ", 1},
		{" 2026-01-01", 1},
		{"2026-01-01T00:00:00Z", 1},
		{"2026/01/01", 1},
		{"01.05.2026", 1},
		{"", 1},
		{"2026", 1},
		{"2026-", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = 1;
		int rc = clock_parse_day(cases[i].text, &at);

		if (rc != (cases[i].at == 1 ? -1 : 0) ||
			(rc == 0 && at != cases[i].at))
			fail_msg("\"%s\": %d, %lld", cases[i].text, rc,
				(long long)at);
	}
}

/* Every day of 800 years follows the one before, and no others exist. */
static void
test_make_day(void **state)
{
	int64_t at, next;
	int count = 0;

	(void)state;
	assert_int_equal(clock_make_day(1600, 1, 1, &next), 0);
	for (int year = 1600; year < 2400; year++)
		for (int month = 0; month <= 13; month++)
			for (int day = 0; day <= 32; day++) {
				if (clock_make_day(year, month, day, &at) < 0)
					continue;
				assert_int_equal(at, next);
				next += CLOCK_DAY_S;
				count++;
			}
	assert_int_equal(count, 2 * 146097);
	assert_int_equal(clock_make_day(1970, 1, 1, &at), 0);
	assert_int_equal(at, 0);
	assert_int_equal(clock_make_day(0, 1, 1, &at), 0);
	assert_int_equal(at, INT64_C(-62167219200));
	assert_int_equal(clock_make_day(-1, 1, 1, &at), -1);
}

static void
test_parse_time(void **state)
{
	static const struct {
		const char *text;
		int64_t at; /* 1: refused */
	} cases[] = {
		{"1970-01-02", 86400},
		{"1970-01-01T00:00:10Z", 10},
		{"1970-01-01t00:00:10z", 10},
		{"1970-01-01 00:00:10", 10},
		{"1970-01-01T00:00:10.25Z", 10},
		{"1970-01-01T02:00:00+02:00", 0},
		{"1969-12-31T20:30:00-03:30", 0},
		{"1970-01-01T23:59:59Z", 86399},
		{"1970-01-01T24:00:00Z", 1},
		{"1970-01-01T00:60:00Z", 1},
		{"1970-01-01T00:00:61Z", 1},
		{"1970-01-01T00:00:00+24:00", 1},
		{"1970-01-01T00:00:00+02:60", 1},
		{"1970-01-01T00:00:00+0200", 1},
		{"1970-01-01T00:00:00 UTC", 1},
		{"1970-01-01T00:00:00ZZ", 1},
		{"1970-01-01T0:00:00Z", 1},
		{"1970-01-01T", 1},
		{"1970-01-01x00:00:00Z", 1},
		{"1970-02-30T00:00:00Z", 1},
		{"", 1},
		{"yesterday", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = 1;
		int rc = clock_parse_time(cases[i].text, &at);

		if (rc != (cases[i].at == 1 ? -1 : 0) ||
			(rc == 0 && at != cases[i].at))
			fail_msg("\"%s\": %d, %lld", cases[i].text, rc,
				(long long)at);
	}
}

static void
test_span(void **state)
{
	static const struct {
		int64_t span_s;
		const char *text;
	} cases[] = {
		{0, "0 s"},
		{59, "59 s"},
		{60, "1 min"},
		{61, "2 min"},
		{3600, "1 h 0 min"},
		{12000, "3 h 20 min"},
		{86400, "1 d 0 h"},
		{90000, "1 d 1 h"},
		{INT64_MAX, "106751991167300 d 15 h"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[CLOCK_TIME_MAX];

		clock_format_span(cases[i].span_s, out);
		assert_string_equal(out, cases[i].text);
	}
}

static void
test_sleep(void **state)
{
	int64_t begin = clock_monotonic_ms();

	(void)state;
	clock_sleep_ms(0);
	clock_sleep_ms(-5);
	clock_sleep_ms(20);
	assert_true(clock_monotonic_ms() - begin >= 20);
	assert_true(clock_now() > 1700000000);
}

static void
test_parse_moment(void **state)
{
	static const struct {
		const char *zone, *text;
		int64_t at; /* 1: refused */
	} cases[] = {
		{"Europe/Berlin", "2026-05-01T12:00:00Z", 1777636800},
		{"Europe/Berlin", "2026-05-01 12:00Z", 1777636800},
		{"Europe/Berlin", "2026-05-01T12:00:00+02:00", 1777629600},
		{"Europe/Berlin", "2026-05-01T12:00:00-02:00", 1777644000},
		{"Europe/Berlin", "2026-05-01 12:00", 1777629600},
		{"Europe/Berlin", "2026-05-01T12:00:30", 1777629630},
		{"Europe/Berlin", "2026-01-01 12:00", 1767265200},
		{"Asia/Tehran", "2026-05-01 12:00", 1777624200},
		{"UTC", "2026-05-01 12:00", 1777636800},
		/* The clocks go forward, and back. */
		{"Europe/Berlin", "2026-03-29 01:59", 1774745940},
		{"Europe/Berlin", "2026-03-29 02:00", 1},
		{"Europe/Berlin", "2026-03-29 02:59", 1},
		{"Europe/Berlin", "2026-03-29 03:00", 1774746000},
		{"Europe/Berlin", "2026-10-25 01:59", 1792886340},
		{"Europe/Berlin", "2026-10-25 02:00", 1},
		{"Europe/Berlin", "2026-10-25 02:59", 1},
		{"Europe/Berlin", "2026-10-25 03:00", 1792893600},
		{"Europe/Berlin", "2026-10-25T02:30:00+01:00", 1792891800},
		{"UTC", "2026-05-01", 1},
		{"UTC", "12:00", 1},
		{"UTC", "2026-05-01 25:00", 1},
		{"UTC", "2026-05-01 12:00 ", 1},
		{"UTC", "tomorrow", 1},
		{"UTC", "", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t at = 1;
		struct err err;

		setenv("TZ", cases[i].zone, 1);
		if (clock_parse_moment(cases[i].text, &at, &err) < 0) {
			assert_int_equal(err.kind, ERR_USAGE);
			at = 1;
		}
		if (at != cases[i].at)
			fail_msg("%s: %lld", cases[i].text, (long long)at);
	}
}

/* For documents only; what is not a moment is no answer. */
static void
test_document(void **state)
{
	static const char *const not_times[] = {
		"", "-1", "x", "1 ", "253402300800"};

	(void)state;
	setenv("SOURCE_DATE_EPOCH", "951827696", 1);
	assert_int_equal(clock_document(), 951827696);
	assert_true(clock_now() > 951827696);
	for (size_t i = 0; i < COUNT(not_times); i++) {
		setenv("SOURCE_DATE_EPOCH", not_times[i], 1);
		assert_true(clock_document() > 951827696);
	}
	unsetenv("SOURCE_DATE_EPOCH");
	assert_true(clock_document() >= clock_now() - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse_day),
		cmocka_unit_test(test_make_day),
		cmocka_unit_test(test_parse_time),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_parse_moment),
		cmocka_unit_test(test_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
