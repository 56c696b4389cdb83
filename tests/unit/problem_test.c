#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/problem.h"
#include "base/str.h"

static void
test_sort(void **state)
{
	static const struct {
		const char *file;
		long line;
		int column;
		const char *text;
	} sorted[] = {
		{"a.md", 0, 0, "the file"},
		{"a.md", 2, 0, "a line"},
		{"a.md", 2, 9, "x"},
		{"a.md", 2, 10, "b"},
		{"a.md", 2, 10, "c"},
		{"a.md", 10, 1, "x"},
		{"b.md", 1, 1, "x"},
	};
	static const int order[] = {6, 3, 0, 3, 5, 4, 2, 6, 1, 2, 0};
	struct problems ps = {0};

	(void)state;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
		problems_add(&ps, sorted[order[i]].file, sorted[order[i]].line,
			sorted[order[i]].column, "%s", sorted[order[i]].text);
	assert_int_equal(ps.count, 11);
	problems_sort(&ps);
	assert_int_equal(ps.count, 7);
	for (size_t i = 0; i < ps.count; i++) {
		assert_string_equal(ps.items[i].file, sorted[i].file);
		assert_int_equal(ps.items[i].line, sorted[i].line);
		assert_int_equal(ps.items[i].column, sorted[i].column);
		assert_string_equal(ps.items[i].text, sorted[i].text);
	}
	problems_release(&ps);
	assert_int_equal(ps.count, 0);
	problems_release(&ps);
	problems_release(NULL);
}

static void
test_empty(void **state)
{
	struct problems ps = {0};

	(void)state;
	problems_sort(&ps);
	assert_int_equal(ps.count, 0);
	problems_release(&ps);
}

/* A long value of somebody's file is shown whole, or at least not cut inside
 * a character. */
static void
test_long(void **state)
{
	for (int shift = 0; shift < 3; shift++) {
		struct problems ps = {0};
		char text[4096] = "xyz";
		size_t len;

		(void)state;
		text[shift] = '\0';
		while (strlen(text) < 4000)
			strcat(text, "\u06CC");
		problems_add(&ps, "a.md", 1, 1, "%s", text);
		len = strlen(ps.items[0].text);
		assert_int_equal(str_utf8_bad(ps.items[0].text, len), len);
		problems_release(&ps);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
