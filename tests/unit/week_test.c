#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/week.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Year ends of every sort: 52 weeks and 53, leap years, before 1970. */
static void
test_weeks(void **state)
{
	static const struct {
		const char *day, *week, *monday;
	} cases[] = {
		{"2026-01-31", "2026-W05", "2026-01-26"},
		{"2026-02-01", "2026-W05", "2026-01-26"},
		{"2026-02-02", "2026-W06", "2026-02-02"},
		{"2025-12-28", "2025-W52", "2025-12-22"},
		{"2025-12-29", "2026-W01", "2025-12-29"},
		{"2026-01-01", "2026-W01", "2025-12-29"},
		{"2026-12-31", "2026-W53", "2026-12-28"},
		{"2027-01-03", "2026-W53", "2026-12-28"},
		{"2027-01-04", "2027-W01", "2027-01-04"},
		{"2024-12-30", "2025-W01", "2024-12-30"},
		{"2024-02-29", "2024-W09", "2024-02-26"},
		{"2023-01-01", "2022-W52", "2022-12-26"},
		{"2021-01-03", "2020-W53", "2020-12-28"},
		{"2016-01-03", "2015-W53", "2015-12-28"},
		{"2000-01-01", "1999-W52", "1999-12-27"},
		{"1970-01-01", "1970-W01", "1969-12-29"},
		{"1969-12-28", "1969-W52", "1969-12-22"},
		{"1900-03-01", "1900-W09", "1900-02-26"},
	};
	char week[CLOCK_TIME_MAX], monday[CLOCK_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t day;

		assert_int_equal(clock_parse_day(cases[i].day, &day), 0);
		for (int64_t at = day; at < day + CLOCK_DAY_S;
			at += CLOCK_DAY_S - 1) {
			week_format(at, week);
			assert_string_equal(week, cases[i].week);
			clock_format_day(week_begin(at), monday);
			assert_string_equal(monday, cases[i].monday);
		}
	}
}

/* Day after day, a week begins every seventh and has seven of one name. */
static void
test_every_week_has_seven_days(void **state)
{
	char first[CLOCK_TIME_MAX], week[CLOCK_TIME_MAX];
	int64_t begin;

	(void)state;
	assert_int_equal(clock_parse_day("1968-01-01", &begin), 0);
	for (int i = 0; i < 5000; i++, begin += WEEK_DAYS * CLOCK_DAY_S) {
		week_format(begin, first);
		for (int d = 0; d < WEEK_DAYS; d++) {
			int64_t at = begin + d * CLOCK_DAY_S;

			assert_int_equal(week_begin(at), begin);
			week_format(at, week);
			assert_string_equal(week, first);
		}
		week_format(begin - 1, week);
		assert_string_not_equal(week, first);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weeks),
		cmocka_unit_test(test_every_week_has_seven_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
