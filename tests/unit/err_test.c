#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

static void
test_set(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, ERR_DATA, "row %d: %s", 3, "bad"), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.msg, "row 3: bad");
	assert_int_equal(err_prefix(&err, "%s:%d", "list.csv", 7), -1);
	assert_int_equal(err.kind, ERR_DATA);
	assert_string_equal(err.msg, "list.csv:7: row 3: bad");
	/* An error may say what another said. */
	err_fill(&err, ERR_IO, "%s, and so on", err.msg);
	assert_string_equal(err.msg, "list.csv:7: row 3: bad, and so on");
	err_fill_prefix(&err, "%.4s", err.msg);
	assert_string_equal(err.msg, "list: list.csv:7: row 3: bad, and so on");
}

/* A message that does not fit is cut between characters, wherever the end
 * falls. */
static void
test_cut(void **state)
{
	static const char *const units[] = {
		"a", "\u00E9", "\u06CC", "\U0001F54A"};

	(void)state;
	for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
		for (int shift = 0; shift < 4; shift++) {
			struct err err = {0};
			char text[1024] = "xyz";
			size_t len;

			text[shift] = '\0';
			while (strlen(text) < 900)
				strcat(text, units[u]);
			err_fill(&err, ERR_DATA, "%s", text);
			len = strlen(err.msg);
			assert_true(len > sizeof err.msg - 9);
			assert_int_equal(str_utf8_bad(err.msg, len), len);
			assert_memory_equal(err.msg, text, len);

			err_fill_prefix(&err, "list.csv%.*s", shift, "123");
			len = strlen(err.msg);
			assert_int_equal(str_utf8_bad(err.msg, len), len);
			assert_true(str_starts(err.msg, "list.csv"));

			err_fill(&err, ERR_DATA, "end");
			err_fill_prefix(&err, "%s", text);
			len = strlen(err.msg);
			assert_int_equal(str_utf8_bad(err.msg, len), len);
			assert_true(str_ends(err.msg, ": end"));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
