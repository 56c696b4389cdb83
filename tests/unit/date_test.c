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
test_forms(void **state)
{
	static const struct {
		const char *text, *time;
	} cases[] = {
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
	for (size_t i = 0; i < COUNT(cases); i++) {
		char time[CLOCK_TIME_MAX];
		struct err err = {0};
		int64_t at = 0;

		if (date_parse(cases[i].text, &at, &err) < 0)
			fail_msg("\"%s\": %s", cases[i].text, err.msg);
		clock_format_time(at, time);
		if (strcmp(time, cases[i].time) != 0)
			fail_msg("\"%s\" is %s", cases[i].text, time);
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
		{"7/1/2010 2:05 PM", "not a date"},
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
		struct err err = {0};
		int64_t at;

		if (date_parse(cases[i].text, &at, &err) == 0)
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
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
