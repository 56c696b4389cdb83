#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fields.h"

static void
test_fields(void **state)
{
	struct fields f = {0};
	char name[16] = "name0", value[16] = "value0";

	(void)state;
	assert_null(fields_get(&f, "name0"));
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "name%d", i);
		snprintf(value, sizeof value, "value%d", i);
		fields_add(&f, name, value);
	}
	fields_add(&f, "empty", "");
	memset(name, 'x', 4);
	memset(value, 'x', 4);
	assert_int_equal(f.count, 51);
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof name, "name%d", i);
		snprintf(value, sizeof value, "value%d", i);
		assert_string_equal(f.items[i].name, name);
		assert_string_equal(fields_get(&f, name), value);
	}
	assert_string_equal(fields_get(&f, "empty"), "");
	assert_null(fields_get(&f, "Name0"));
	assert_null(fields_get(&f, "name"));
	fields_release(&f);
	assert_int_equal(f.count, 0);
	assert_null(fields_get(&f, "name0"));
	fields_release(&f);
	fields_release(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
