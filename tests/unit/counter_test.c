#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/counter.h"

enum {
	THINGS = 1000
};

static void
counts_by_number_and_text(void **state)
{
	struct counter counter = {0};
	const struct counted *c;
	size_t at = 0, found = 0;

	(void)state;
	assert_null(counter_next(&counter, &at));
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < THINGS; i++) {
			char text[16];

			snprintf(text, sizeof text, "%d", i / 2);
			counter_add(&counter, i % 2, text, i);
		}
	at = 0;
	while ((c = counter_next(&counter, &at))) {
		assert_int_equal(c->count, 3 * (2 * atoi(c->text) + c->what));
		found++;
	}
	assert_int_equal(found, THINGS);
	counter_add(&counter, 0, "0", -1);
	counter_add(&counter, 0, "", 5);
	counter_release(&counter);
	at = 0;
	assert_null(counter_next(&counter, &at));
	counter_add(&counter, 0, "again", 2);
	c = counter_next(&counter, &at);
	assert_non_null(c);
	assert_int_equal(c->count, 2);
	counter_release(&counter);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_by_number_and_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
