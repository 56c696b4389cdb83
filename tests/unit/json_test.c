#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_string(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"", "\"\""},
		{"a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\""},
		{"a\nb\tc\x01", "\"a\\nb\\tc\\u0001\""},
		{"\u06CC\u200C\u06A9", "\"\u06CC\u200C\u06A9\""},
		{"\U0001F54A", "\"\U0001F54A\""},
		{"a\x7f"
		 "b",
			"\"a\x7f"
			"b\""},
		{"\u0646\"\u0645", "\"\u0646\\\"\u0645\""},
		{"a\xFF", "\"\""},
		{"\xED\xA0\x80", "\"\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = {0};

		buf_puts(&out, "x");
		json_add_string(&out, cases[i].text);
		assert_string_equal(buf_str(&out) + 1, cases[i].json);
		buf_release(&out);
	}
}

static void
test_round_trip(void **state)
{
	static const struct field items[] = {
		{(char *)"zeta", (char *)"1"},
		{(char *)"alpha", (char *)"{{x}} <script>\r\n\"'\\/"},
		{(char *)"", (char *)""},
		{(char *)"\u0646\u0627\u0645", (char *)"\u06A9\u06CC\u200C"},
	};
	struct fields in = {0}, back = {0};
	struct buf out = {0};
	struct err err = {0};

	(void)state;
	json_add_fields(&out, &in);
	assert_string_equal(buf_str(&out), "{}");
	assert_int_equal(json_parse_fields("{}", &back, &err), 0);
	assert_int_equal(back.count, 0);
	buf_reset(&out);
	for (size_t i = 0; i < COUNT(items); i++)
		fields_add(&in, items[i].name, items[i].value);
	json_add_fields(&out, &in);
	assert_null(strchr(buf_str(&out), '\n'));
	fields_add(&back, "before", "0");
	assert_int_equal(json_parse_fields(buf_str(&out), &back, &err), 0);
	assert_int_equal(back.count, COUNT(items) + 1);
	for (size_t i = 0; i < COUNT(items); i++) {
		assert_string_equal(back.items[i + 1].name, items[i].name);
		assert_string_equal(back.items[i + 1].value, items[i].value);
	}
	buf_release(&out);
	fields_release(&in);
	fields_release(&back);
}

static void
test_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"\"a\"",
		"{\"a\":1}",
		"{\"a\":null}",
		"{\"a\":{}}",
		"{\"a\":\"b\"",
		"{\"a\":\"b\"} c",
		"{\"a\":\"b\",\"a\":\"c\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":\"\xFF\"}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fields out = {0};
		struct err err = {0};

		if (json_parse_fields(cases[i], &out, &err) == 0)
			fail_msg("%s is taken", cases[i]);
		assert_int_equal(err.kind, ERR_DATA);
		assert_true(*err.msg);
		fields_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_string),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
