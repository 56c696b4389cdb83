#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/date.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
check_forms(bool month_first, const char *const cases[][2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct date_order order = {.month_first = month_first};
		char time[CLOCK_TIME_MAX];
		struct err err = {0};
		int64_t at = 0;

		if (date_parse(cases[i][0], &order, &at, &err) < 0)
			fail_msg("\"%s\": %s", cases[i][0], err.msg);
		clock_format_time(at, time);
		if (strcmp(time, cases[i][1]) != 0)
			fail_msg("\"%s\" is %s", cases[i][0], time);
	}
}

static void
test_forms(void **state)
{
	static const char *const cases[][2] = {
		{"2010-01-07", "2010-01-07T00:00:00Z"},
		{"2010-01-07T14:05:00+02:00", "2010-01-07T12:05:00Z"},
		{"2010-01-07 14:05:00", "2010-01-07T14:05:00Z"},
		{"2010-1-7", "2010-01-07T00:00:00Z"},
		{"2010/01/07", "2010-01-07T00:00:00Z"},
		{"2010/1/7 9:05", "2010-01-07T09:05:00Z"},
		{"7.1.2010", "2010-01-07T00:00:00Z"},
		{"07.01.2010", "2010-01-07T00:00:00Z"},
		{"07/01/2010", "2010-01-07T00:00:00Z"},
		{"07-01-2010", "2010-01-07T00:00:00Z"},
		{"7/1/2010 14:05", "2010-01-07T14:05:00Z"},
		{"7/1/2010 14:05:30", "2010-01-07T14:05:30Z"},
		{"7/1/2010, 9:05", "2010-01-07T09:05:00Z"},
		{"7/1/2010 2:05 PM", "2010-01-07T14:05:00Z"},
		{"7/1/2010 12:05:06am", "2010-01-07T00:05:06Z"},
		{"7/1/2010 12:05 pm", "2010-01-07T12:05:00Z"},
		{"13/01/2010", "2010-01-13T00:00:00Z"},
		{"29.2.2012", "2012-02-29T00:00:00Z"},
		{"31/12/1999", "1999-12-31T00:00:00Z"},
		{"1900-01-01", "1900-01-01T00:00:00Z"},
		/* Persian and Arabic digits, direction marks, wide blanks */
		{"۲۰۱۰-۰۱-۰۷", "2010-01-07T00:00:00Z"},
		{"۲۰۱۰/۱/۷ ۱۴:۰۵", "2010-01-07T14:05:00Z"},
		{"٧/١/٢٠١٠", "2010-01-07T00:00:00Z"},
		{"\u200F7\u200F/1\u200F/2010", "2010-01-07T00:00:00Z"},
		{"7/1/2010\u00A014:05", "2010-01-07T14:05:00Z"},
	};

	(void)state;
	check_forms(false, cases, COUNT(cases));
}

static void
test_month_first(void **state)
{
	static const char *const cases[][2] = {
		{"7/1/2010", "2010-07-01T00:00:00Z"},
		{"12-31-2010 14:05", "2010-12-31T14:05:00Z"},
		{"٧/١/٢٠١٠", "2010-07-01T00:00:00Z"},
		/* Dots are never set this way. */
		{"7.1.2010", "2010-01-07T00:00:00Z"},
		{"2010/1/7", "2010-01-07T00:00:00Z"},
		{"2010-01-07", "2010-01-07T00:00:00Z"},
	};

	(void)state;
	check_forms(true, cases, COUNT(cases));
}

/* What a list's dates say of their order, and when that is not as told. */
static void
test_order(void **state)
{
	static const struct {
		const char *dates[3];
		long days_first, months_first;
		bool wrong_days, wrong_months; /* when that was told */
	} cases[] = {
		{{"7/1/2010", "1-7-2010", "12/12/2010"}, 0, 0, false, false},
		{{"13/1/2010", "7/1/2010", ""}, 1, 0, false, true},
		{{"1/13/2010", "1-31-2010", ""}, 0, 2, true, false},
		{{"13/1/2010", "1/13/2010", ""}, 1, 1, false, false},
		/* These say nothing of the others, or of anything. */
		{{"13.1.2010", "2010-01-13", "2010/1/13"}, 0, 0, false, false},
		{{"1/32/2010", "32/1/2010", "13/13/2010"}, 0, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int month_first = 0; month_first < 2; month_first++) {
			struct date_order order = {.month_first = month_first};
			struct err err;
			int64_t at;

			for (int d = 0; d < 3; d++)
				date_parse(
					cases[i].dates[d], &order, &at, &err);
			assert_int_equal(order.days_first, cases[i].days_first);
			assert_int_equal(
				order.months_first, cases[i].months_first);
			assert_int_equal(date_order_wrong(&order),
				month_first ? cases[i].wrong_months
					    : cases[i].wrong_days);
		}
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{"01/13/2010", "there is no month 13; days come first"},
		{"12.31.2010 10:00", "there is no month 31; days come first"},
		{"13/13/2010", "there is no month 13"},
		{"2010-13-01", "there is no month 13"},
		{"7/0/2010", "there is no month 0"},
		{"31.2.2010", "month 2 of 2010 has no day 31"},
		{"29.2.2010", "month 2 of 2010 has no day 29"},
		{"2010-02-30", "month 2 of 2010 has no day 30"},
		{"0/1/2010", "month 1 of 2010 has no day 0"},
		{"7/1/10", "four digits"},
		{"1388-10-17", "another calendar"},
		{"۱۳۸۸/۱۰/۱۷", "another calendar"},
		{"17/10/1388", "another calendar"},
		{"1431-01-21T10:00:00Z", "another calendar"},
		{"7/1-2010", "not a date"},
		{"7/1/2010 0:05 PM", "not a date"},
		{"7/1/2010 14:05 PM", "not a date"},
		{"7/1/2010 2:05 XM", "not a date"},
		{"7/1/2010 24:00", "not a date"},
		{"7/1/2010 10:60", "not a date"},
		{"7/1/2010 10", "not a date"},
		{"7/1/2010T10:00", "not a date"},
		{"7/1/20100", "not a date"},
		{"007/1/2010", "not a date"},
		{"7/1", "not a date"},
		{"7.1.2010.", "not a date"},
		{"2010", "not a date"},
		{"20100107", "not a date"},
		{"40185", "not a date"},
		{"-7/1/2010", "not a date"},
		{"7 January 2010", "not a date"},
		{"yesterday", "not a date"},
		{"", "not a date"},
		{"7/1/2010 \u0967\u0968:00", "not a date"},
		{"7/1/2010"
		 "                                                            "
		 "10:00",
			"not a date"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct date_order order = {0};
		struct err err = {0};
		int64_t at;

		if (date_parse(cases[i].text, &order, &at, &err) == 0)
			fail_msg("\"%s\" is taken", cases[i].text);
		if (err.kind != ERR_DATA || !strstr(err.msg, cases[i].what))
			fail_msg("\"%s\": %s", cases[i].text, err.msg);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_month_first),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
