#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/bars.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_bars(void **state)
{
	static const struct {
		int64_t value, max;
		int room;
		const char *plain, *blocks;
	} cases[] = {
		{0, 10, 4, "", ""},
		{10, 10, 4, "####", "████"},
		{5, 10, 4, "##", "██"},
		{6, 10, 4, "###", "██▌"},
		{1, 1000000, 4, "#", "▌"},
		{1, 1, 1, "#", "█"},
		{7, 7, 0, "", ""},
		{0, 0, 4, "", ""},
		{INT64_MAX, INT64_MAX, 4, "####", "████"},
	};
	static const struct screen plain = {.columns = 80};
	static const struct screen blocks = {.columns = 80, .unicode = true};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bar_add(&plain, cases[i].value, cases[i].max, cases[i].room,
			&out);
		assert_string_equal(buf_str(&out), cases[i].plain);
		buf_reset(&out);
		bar_add(&blocks, cases[i].value, cases[i].max, cases[i].room,
			&out);
		assert_string_equal(buf_str(&out), cases[i].blocks);
		buf_reset(&out);
	}
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
