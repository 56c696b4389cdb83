#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_empty(void **state)
{
	struct buf b = {0};
	char *taken;

	(void)state;
	assert_string_equal(buf_str(&b), "");
	buf_reset(&b);
	assert_null(b.data);
	taken = buf_take(&b);
	assert_string_equal(taken, "");
	free(taken);
	buf_release(&b);
	buf_release(NULL);
}

static void
test_add(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "");
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	buf_add(&b, "a\0b", 3);
	buf_putc(&b, 'c');
	buf_add(&b, NULL, 0);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.data, "a\0bc", 5);
	buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(buf_str(&b), "");
	buf_puts(&b, "again");
	assert_string_equal(buf_str(&b), "again");
	buf_release(&b);
	assert_null(b.data);
	buf_release(&b);
}

/* Every length round the sizes at which it grows: the NUL has its room. */
static void
test_growth(void **state)
{
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		buf_putc(&b, (char)('a' + i % 26));
		assert_int_equal(b.len, i + 1);
		assert_int_equal(b.data[i + 1], 0);
	}
	for (size_t i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], 'a' + (int)(i % 26));
	buf_release(&b);
}

static void
test_printf(void **state)
{
	(void)state;
	for (int width = 0; width < 200; width++) {
		struct buf b = {0};

		buf_puts(&b, "x");
		buf_printf(&b, "%*d%s", width, 7, "");
		assert_int_equal(b.len, 1 + (width > 1 ? width : 1));
		assert_int_equal(b.data[b.len - 1], '7');
		assert_int_equal(strlen(b.data), b.len);
		buf_release(&b);
	}
}

static void
test_reserve(void **state)
{
	struct buf b = {0};
	char *room;
	char *taken;

	(void)state;
	buf_puts(&b, "ab");
	room = buf_reserve(&b, 1000);
	memset(room, 'c', 1000);
	assert_int_equal(b.len, 2);
	buf_commit(&b, 3);
	assert_string_equal(buf_str(&b), "abccc");
	taken = buf_take(&b);
	assert_string_equal(taken, "abccc");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	free(taken);
}

static void
test_number(void **state)
{
	static const int64_t cases[] = {0, 1, 9, 10, -1, -10, 1234567890,
		INT64_MAX, INT64_MIN, INT64_MIN + 1};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf ours = {0}, printed = {0};

		buf_add_number(&ours, cases[i]);
		buf_printf(&printed, "%" PRId64, cases[i]);
		assert_string_equal(buf_str(&ours), buf_str(&printed));
		buf_release(&ours);
		buf_release(&printed);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
