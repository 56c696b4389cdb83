#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/delivery.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* They stand in databases and in people's scripts: never to be changed. */
static void
test_names(void **state)
{
	static const char *const names[] = {"queued", "claimed", "sending",
		"sent", "deferred", "rejected", "unknown", "suppressed",
		"cancelled", "bounced"};
	enum delivery_state parsed;

	(void)state;
	assert_int_equal(DELIVERY_STATE_COUNT, COUNT(names));
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_string_equal(
			delivery_state_name((enum delivery_state)i), names[i]);
		assert_int_equal(delivery_state_parse(names[i], &parsed), 0);
		assert_int_equal(parsed, i);
	}
	assert_int_equal(delivery_state_parse("", &parsed), -1);
	assert_int_equal(delivery_state_parse("sen", &parsed), -1);
	assert_int_equal(delivery_state_parse("sent ", &parsed), -1);
}

static void
test_after(void **state)
{
	enum {
		FIRST = 1000
	};
	static const struct {
		enum outcome_kind outcome;
		int64_t now;
		enum delivery_state after;
	} cases[] = {
		{OUTCOME_QUEUED, FIRST, DELIVERY_QUEUED},
		{OUTCOME_QUEUED, FIRST + DELIVERY_GIVE_UP_S, DELIVERY_QUEUED},
		{OUTCOME_OURS, FIRST, DELIVERY_QUEUED},
		{OUTCOME_OURS, FIRST + DELIVERY_GIVE_UP_S, DELIVERY_QUEUED},
		{OUTCOME_DEFERRED, FIRST, DELIVERY_DEFERRED},
		{OUTCOME_DEFERRED, FIRST + DELIVERY_GIVE_UP_S - 1,
			DELIVERY_DEFERRED},
		{OUTCOME_DEFERRED, FIRST + DELIVERY_GIVE_UP_S,
			DELIVERY_REJECTED},
		{OUTCOME_REJECTED, FIRST, DELIVERY_REJECTED},
		{OUTCOME_SENT, FIRST + DELIVERY_GIVE_UP_S, DELIVERY_SENT},
		{OUTCOME_UNKNOWN, FIRST, DELIVERY_UNKNOWN},
		{OUTCOME_UNKNOWN, FIRST + DELIVERY_GIVE_UP_S, DELIVERY_UNKNOWN},
	};

	(void)state;
	assert_true(DELIVERY_GIVE_UP_S >= 4 * 86400);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct outcome outcome = {.kind = cases[i].outcome};

		if (delivery_after(&outcome, FIRST, cases[i].now) !=
			cases[i].after)
			fail_msg("case %zu", i);
	}
}

static void
test_retry_wait(void **state)
{
	static const int64_t minutes[] = {15, 30, 60, 120, 240, 480, 480, 480};

	(void)state;
	for (size_t i = 0; i < COUNT(minutes); i++) {
		int64_t middle = minutes[i] * 60, fifth = middle / 5;
		int64_t before = 0;

		assert_int_equal(
			delivery_retry_wait_s((int)i + 1, 500), middle);
		for (int jitter = 0; jitter < 1000; jitter++) {
			int64_t wait_s =
				delivery_retry_wait_s((int)i + 1, jitter);

			assert_in_range(wait_s, middle - fifth, middle + fifth);
			assert_true(wait_s >= before);
			before = wait_s;
		}
		assert_int_equal(
			delivery_retry_wait_s((int)i + 1, 0), middle - fifth);
	}
	assert_int_equal(delivery_retry_wait_s(1000000, 500), 8 * 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_retry_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
