#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mailing.h"

/* They stand in databases and in people's scripts: never to be changed. */
static void
test_names(void **state)
{
	(void)state;
	assert_int_equal(AUDIENCE_RECIPIENTS, 0);
	assert_int_equal(AUDIENCE_FOR_SIGNERS, 1);
	assert_int_equal(AUDIENCE_TO_SIGNERS, 2);
	assert_int_equal(AUDIENCE_TEST, 3);
	assert_string_equal(audience_name(AUDIENCE_RECIPIENTS), "recipients");
	assert_string_equal(audience_name(AUDIENCE_FOR_SIGNERS), "for-signers");
	assert_string_equal(audience_name(AUDIENCE_TO_SIGNERS), "to-signers");
	assert_string_equal(audience_name(AUDIENCE_TEST), "test");
	assert_int_equal(MAILING_RUNNING, 0);
	assert_int_equal(MAILING_PAUSED, 1);
	assert_int_equal(MAILING_DONE, 2);
	assert_int_equal(MAILING_CANCELLED, 3);
	assert_string_equal(mailing_state_name(MAILING_RUNNING), "running");
	assert_string_equal(mailing_state_name(MAILING_PAUSED), "paused");
	assert_string_equal(mailing_state_name(MAILING_DONE), "done");
	assert_string_equal(mailing_state_name(MAILING_CANCELLED), "cancelled");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
