#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_ieq(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"", "", true},
		{"To", "tO", true},
		{"to", "too", false},
		{"too", "to", false},
		{"[", "{", false},
		{"@", "`", false},
		{"\u00C9", "\u00E9", false},
		{"\u00E9", "\u00E9", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (str_ieq(cases[i].a, cases[i].b) != cases[i].equal)
			fail_msg("\"%s\" and \"%s\" are not %d", cases[i].a,
				cases[i].b, cases[i].equal);
}

static void
test_starts_ends(void **state)
{
	(void)state;
	assert_true(str_starts("letters/a", "letters/"));
	assert_true(str_starts("a", ""));
	assert_false(str_starts("lett", "letters"));
	assert_true(str_ends("a.md", ".md"));
	assert_true(str_ends("a", ""));
	assert_false(str_ends("md", ".md"));
	assert_false(str_ends("a.mdx", ".md"));
	assert_true(str_empty(NULL));
	assert_true(str_empty(""));
	assert_false(str_empty(" "));
}

static void
test_trim(void **state)
{
	static const struct {
		const char *text, *trimmed;
	} cases[] = {
		{"", ""},
		{" \t\r\n\v\f", ""},
		{" a b\n", "a b"},
		{"a", "a"},
		{"\u00A0a", "\u00A0a"},
		{"a\x1F", "a\x1F"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char copy[32];

		snprintf(copy, sizeof copy, "%s", cases[i].text);
		assert_string_equal(str_trim(copy), cases[i].trimmed);
	}
}

static void
test_utf8_bad(void **state)
{
	/* RFC 3629 section 4: the edges of each row of its grammar. */
	static const struct {
		const char *bytes;
		size_t len, bad;
	} cases[] = {
		{"", 0, 0},
		{"abc", 3, 3},
		{"\x7F", 1, 1},
		{"a\0b", 3, 1},
		{"\x80", 1, 0},
		{"\xC0\x80", 2, 0},
		{"\xC1\xBF", 2, 0},
		{"\xC2\x80", 2, 2},
		{"\xDF\xBF", 2, 2},
		{"\xC2", 1, 0},
		{"\xC2\x7F", 2, 0},
		{"\xC2\xC0", 2, 0},
		{"\xE0\x9F\xBF", 3, 0},
		{"\xE0\xA0\x80", 3, 3},
		{"\xED\x9F\xBF", 3, 3},
		{"\xED\xA0\x80", 3, 0},
		{"\xEF\xBF\xBF", 3, 3},
		{"\xE2\x82", 2, 0},
		{"\xE2\x82 ", 3, 0},
		{"\xF0\x8F\xBF\xBF", 4, 0},
		{"\xF0\x90\x80\x80", 4, 4},
		{"\xF4\x8F\xBF\xBF", 4, 4},
		{"\xF4\x90\x80\x80", 4, 0},
		{"\xF5\x80\x80\x80", 4, 0},
		{"\xF0\x9F\x98", 3, 0},
		{"\xFE", 1, 0},
		{"\xFF", 1, 0},
		{"ab\xC3\xA9z\xFF", 6, 5},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* A copy of exactly this length: a byte too many is seen. */
		char *copy = malloc(cases[i].len + 1);
		size_t bad;

		memcpy(copy, cases[i].bytes, cases[i].len + 1);
		copy = realloc(copy, cases[i].len ? cases[i].len : 1);
		bad = str_utf8_bad(copy, cases[i].len);
		free(copy);
		if (bad != cases[i].bad)
			fail_msg(
				"case %zu: %zu, not %zu", i, bad, cases[i].bad);
	}
}

static void
test_utf8_next(void **state)
{
	static const unsigned wanted[] = {
		'a', 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
	const char *s = "a\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF"
			"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
	unsigned code;

	(void)state;
	for (size_t i = 0; i < COUNT(wanted); i++) {
		size_t used = str_utf8_next(s, &code);

		assert_true(used > 0);
		assert_int_equal(code, wanted[i]);
		s += used;
	}
	assert_int_equal(str_utf8_next(s, &code), 0);
}

static void
test_to_number(void **state)
{
	static const struct {
		const char *text;
		long max, number; /* -1: refused */
	} cases[] = {
		{"0", 9, 0},
		{"7", 5, -1},
		{"5", 5, 5},
		{"9", 0, -1},
		{"0", 0, 0},
		{"65535", 65535, 65535},
		{"65536", 65535, -1},
		{"007", 9, 7},
		{"9223372036854775807", INT64_MAX, INT64_MAX},
		{"9223372036854775808", INT64_MAX, -1},
		{"99999999999999999999", INT64_MAX, -1},
		{"", 9, -1},
		{"-1", 9, -1},
		{"+1", 9, -1},
		{" 1", 9, -1},
		{"1 ", 9, -1},
		{"0x1", 99, -1},
		{"1.0", 99, -1},
		{"\u0661", 99, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		long n = -2;
		int rc = str_to_number(cases[i].text, cases[i].max, &n);

		if (rc != (cases[i].number < 0 ? -1 : 0) ||
			(rc == 0 && n != cases[i].number))
			fail_msg("\"%s\" up to %ld: %d, %ld", cases[i].text,
				cases[i].max, rc, n);
	}
}

static void
test_split(void **state)
{
	static const struct {
		const char *text, *joined;
		size_t count;
	} cases[] = {
		{"", "", 0},
		{" , ,", "", 0},
		{"a", "a", 1},
		{" a , b,c\n", "a|b|c", 3},
		{",a,,b,", "a|b", 2},
		{"a;b", "a;b", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t count = 99;
		char **list = str_split(cases[i].text, ',', &count);
		char joined[64] = "";

		for (size_t k = 0; k < count; k++) {
			strcat(joined, k ? "|" : "");
			strcat(joined, list[k]);
		}
		assert_int_equal(count, cases[i].count);
		assert_string_equal(joined, cases[i].joined);
		str_list_free(list, count);
	}
}

static void
test_nearest(void **state)
{
	static const char *const names[] = {
		"recipient.name", "subject", "title", "to", "quota", "rate"};
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"Subjct", "subject"},
		{"SUBJECT", "subject"},
		{"subejct", "subject"},
		{"titel", "title"},
		{"titles", "title"},
		{"recipent.name", "recipient.name"},
		{"recipient.nmae", "recipient.name"},
		{"qouta", "quota"},
		{"banana", NULL},
		{"x", NULL},
		{"", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got =
			str_nearest(cases[i].word, names, COUNT(names));
		const char *wanted = cases[i].nearest;

		if (!got != !wanted || (got && strcmp(got, wanted) != 0))
			fail_msg("\"%s\" is nearest to %s, not %s",
				cases[i].word, got ? got : "nothing",
				wanted ? wanted : "nothing");
	}
	assert_null(str_nearest("title", names, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ieq),
		cmocka_unit_test(test_starts_ends),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_utf8_bad),
		cmocka_unit_test(test_utf8_next),
		cmocka_unit_test(test_to_number),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
