#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_sample.h"

static const char *const names[] = {
#define X(name, text) #name,
	SQL_STATEMENTS(X)
#undef X
};

/* Each is sound SQL for the tables there are. */
static void
test_prepare(void **state)
{
	struct sample *s = *state;

	assert_int_equal(COUNT(names), SQL_COUNT);
	for (int i = 0; i < SQL_COUNT; i++) {
		struct db_query *q =
			db_query(s->store->db, (enum sql)i, &s->err);

		if (!q)
			fail_msg("%s: %s", names[i], s->err.msg);
		/* Kept: a second call gives the same. */
		assert_ptr_equal(
			q, db_query(s->store->db, (enum sql)i, &s->err));
	}
}

/* $1 to $n, none left out, and no other sort of parameter. */
static void
test_parameters(void **state)
{
	(void)state;
	for (int i = 0; i < SQL_COUNT; i++) {
		bool seen[64] = {0};
		bool quoted = false;
		long highest = 0;

		for (const char *c = sql_text((enum sql)i); *c; c++) {
			if (*c == '\'')
				quoted = !quoted;
			if (quoted)
				continue;
			if (strchr("?:@", *c))
				fail_msg("%s: a \"%c\" in it", names[i], *c);
			if (*c == '$') {
				long n = strtol(c + 1, NULL, 10);

				assert_in_range(n, 1, 31);
				seen[n] = true;
				if (n > highest)
					highest = n;
			}
		}
		for (long n = 1; n <= highest; n++)
			if (!seen[n])
				fail_msg("%s: $%ld is missing", names[i], n);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_prepare),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
