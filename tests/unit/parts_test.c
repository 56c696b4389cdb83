#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/parts.h"
#include "temp.h"

enum {
	LARGE = 24 << 20
};

/* How often a part was made, and how large it is. */
struct source {
	int made;
	size_t size;
};

static int
make(const void *ctx, struct buf *out, struct err *err)
{
	struct source *source = (struct source *)(uintptr_t)ctx;

	source->made++;
	if (source->size == 0)
		return err_set(err, ERR_CHANGED, "gone");
	memset(buf_reserve(out, source->size), 'x', source->size);
	buf_commit(out, source->size);
	return 0;
}

static const struct buf *
take(struct parts *parts, const char *key, struct source *source)
{
	const struct buf *part = NULL;
	struct err err;

	if (parts_take(parts, key, make, source, &part, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(part->len, source->size);
	return part;
}

static void
test_made_once(void **state)
{
	struct source source = {.size = 10}, other = {.size = 20};
	struct parts *parts = parts_new();
	const struct buf *first, *second;

	(void)state;
	first = take(parts, "a", &source);
	second = take(parts, "a", &source);
	assert_ptr_equal(first, second);
	parts_give_back(parts, first);
	parts_give_back(parts, second);
	parts_give_back(parts, take(parts, "b", &other));
	parts_give_back(parts, take(parts, "a", &source));
	assert_int_equal(source.made, 1);
	assert_int_equal(other.made, 1);
	parts_free(parts);
}

static void
test_failure_is_not_kept(void **state)
{
	struct source source = {0};
	struct parts *parts = parts_new();
	const struct buf *part;
	struct err err;

	(void)state;
	assert_int_equal(
		parts_take(parts, "a", make, &source, &part, &err), -1);
	assert_int_equal(err.kind, ERR_CHANGED);
	source.size = 1;
	parts_give_back(parts, take(parts, "a", &source));
	assert_int_equal(source.made, 2);
	parts_free(parts);
}

/* What is in use stays; of the rest the longest unused goes. */
static void
test_bounded(void **state)
{
	struct source a = {.size = LARGE}, b = a, c = a, d = a;
	struct parts *parts = parts_new();
	const struct buf *used = take(parts, "a", &a);

	(void)state;
	parts_give_back(parts, take(parts, "b", &b));
	parts_give_back(parts, take(parts, "c", &c));
	parts_give_back(parts, take(parts, "b", &b));
	parts_give_back(parts, take(parts, "d", &d));
	parts_give_back(parts, take(parts, "b", &b));
	parts_give_back(parts, take(parts, "c", &c));
	parts_give_back(parts, take(parts, "a", &a));
	parts_give_back(parts, used);
	assert_int_equal(a.made, 1);
	assert_int_equal(b.made, 1);
	assert_int_equal(c.made, 2);
	assert_int_equal(d.made, 1);
	parts_free(parts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_once),
		cmocka_unit_test(test_failure_is_not_kept),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
