#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void
test_pieces(void **state)
{
	struct arena a = {0};
	char *text = arena_strdup(&a, "Reza Shahabi");
	char *part = arena_strndup(&a, "Vahed Union", 5);
	char *none = arena_strndup(&a, "x", 0);
	int64_t *number = arena_alloc(&a, sizeof *number);

	(void)state;
	*number = INT64_MIN;
	assert_int_equal((uintptr_t)number % _Alignof(max_align_t), 0);
	assert_string_equal(text, "Reza Shahabi");
	assert_string_equal(part, "Vahed");
	assert_string_equal(none, "");
	assert_null(arena_strdup(&a, NULL));
	assert_true(arena_used(&a) >= 13 + 6 + 1 + sizeof *number);
	arena_release(&a);
	assert_null(a.first);
	arena_release(&a);
	arena_release(NULL);
}

/* Pieces of all sizes, larger than a block too, stand apart from each other. */
static void
test_many(void **state)
{
	enum {
		COUNT = 2000
	};
	static unsigned char *pieces[COUNT];
	struct arena a = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT; i++) {
			size_t size = (i * 7919) % (i % 500 ? 900 : 200000);

			pieces[i] = arena_alloc(&a, size + 1);
			memset(pieces[i], (int)(i % 251), size + 1);
		}
		for (size_t i = 0; i < COUNT; i++) {
			size_t size = (i * 7919) % (i % 500 ? 900 : 200000);

			assert_int_equal(pieces[i][0], i % 251);
			assert_int_equal(pieces[i][size], i % 251);
		}
		arena_reset(&a);
		assert_int_equal(arena_used(&a), 0);
	}
	arena_release(&a);
}

/* Filled again after a reset, it takes no more memory. */
static void
test_reset(void **state)
{
	struct arena a = {0};
	char *first = arena_strdup(&a, "first");
	char *large;

	(void)state;
	arena_alloc(&a, 60000);
	large = arena_alloc(&a, 300000);
	arena_reset(&a);
	assert_ptr_equal(arena_strdup(&a, "again"), first);
	arena_alloc(&a, 60000);
	assert_ptr_equal(arena_alloc(&a, 300000), large);
	arena_reset(&a);
	arena_release(&a);
}

/* What was handed out before a mark stays; what came after it is reused. */
static void
test_rewind(void **state)
{
	struct arena a = {0};
	struct arena_mark empty = arena_mark(&a);
	char *kept = arena_strdup(&a, "kept");
	struct arena_mark mark = arena_mark(&a);
	char *dropped = arena_strdup(&a, "dropped");

	(void)state;
	arena_alloc(&a, 300000);
	arena_rewind(&a, mark);
	assert_ptr_equal(arena_strdup(&a, "other"), dropped);
	assert_string_equal(kept, "kept");
	arena_rewind(&a, empty);
	assert_int_equal(arena_used(&a), 0);
	assert_ptr_equal(arena_strdup(&a, "first"), kept);
	arena_release(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_rewind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
