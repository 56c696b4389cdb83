#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/pace.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_allowance(void **state)
{
	static const struct conf_limit minute = {60, 60}, day = {500, 86400};
	static const struct {
		struct pace_window windows[2];
		size_t count;
		long want, allowed;
		int64_t again; /* looked at when nothing is allowed */
	} cases[] = {
		{.count = 0, .want = 100, .allowed = 100},
		{{{&minute, 0, 0}}, 1, 100, 60, 0},
		{{{&minute, 0, 0}}, 1, 10, 10, 0},
		{{{&minute, 59, 1000}}, 1, 10, 1, 0},
		{{{&minute, 60, 1000}}, 1, 10, 0, 1060},
		{{{&minute, 75, 1000}}, 1, 10, 0, 1060},
		{{{&minute, 0, 0}, {&day, 480, 500}}, 2, 100, 20, 0},
		{{{&minute, 50, 0}, {&day, 0, 500}}, 2, 100, 10, 0},
		{{{&minute, 0, 0}, {&day, 500, 500}}, 2, 100, 0, 86900},
		{{{&day, 500, 500}, {&minute, 0, 0}}, 2, 100, 0, 86900},
		{{{&minute, 60, 90000}, {&day, 500, 500}}, 2, 1, 0, 90060},
		{{{&day, 500, 500}, {&minute, 60, 90000}}, 2, 1, 0, 90060},
		{{{&minute, 60, 1000}, {&day, 500, 500}}, 2, 1, 0, 86900},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t again = -1;
		long allowed = pace_allowance(cases[i].windows, cases[i].count,
			cases[i].want, &again);

		if (allowed != cases[i].allowed ||
			(allowed == 0 && again != cases[i].again))
			fail_msg("case %zu: %ld, again at %lld", i, allowed,
				(long long)again);
	}
}

/* A sender that waits until it may never spends more than the limits in any
 * window, and is not kept waiting for ever. */
static void
test_never_over(void **state)
{
	static const struct conf_limit limits[] = {{3, 1}, {10, 60}, {25, 300}};
	int64_t sent_at[200];
	int sent = 0;
	int64_t now = 1000;

	(void)state;
	while (sent < 200) {
		struct pace_window windows[3];
		int64_t again;
		long n;

		for (size_t w = 0; w < COUNT(limits); w++) {
			windows[w] = (struct pace_window){.limit = &limits[w]};
			for (int i = sent; i-- > 0;) {
				if (sent_at[i] <= now - limits[w].window_s)
					break;
				windows[w].spent++;
				windows[w].oldest = sent_at[i];
			}
			assert_true(windows[w].spent <= limits[w].count);
		}
		n = pace_allowance(windows, COUNT(limits), 5, &again);
		if (n == 0) {
			assert_true(again > now);
			now = again;
		}
		for (; n > 0 && sent < 200; n--)
			sent_at[sent++] = now;
	}
	/* 25 in five minutes: 200 take seven waits of the longest window. */
	assert_true(now <= 1000 + 8 * 300);
}

static void
test_span(void **state)
{
	static const struct conf_limit hour = {100, 3600}, day = {500, 86400};
	/* Now is 100000. */
	static const struct {
		struct pace_window windows[2];
		long more;
		int64_t span;
	} cases[] = {
		{{{&hour, 0, 0}, {&day, 0, 0}}, 0, 0},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 1, 0},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 100, 0},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 101, 3600},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 500, 4 * 3600},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 501, 86400},
		{{{&hour, 0, 0}, {&day, 0, 0}}, 1001, 2 * 86400},
		/* Some is left for today. */
		{{{&hour, 0, 0}, {&day, 400, 90000}}, 100, 0},
		{{{&hour, 0, 0}, {&day, 400, 90000}}, 101, 76400},
		{{{&hour, 0, 0}, {&day, 400, 90000}}, 601, 76400 + 86400},
		/* Nothing is. */
		{{{&hour, 100, 99000}, {&day, 500, 90000}}, 1, 76400},
		{{{&hour, 100, 99000}, {&day, 100, 99000}}, 1, 2600},
		{{{&hour, 100, 99000}, {&day, 100, 99000}}, 101, 6200},
		/* More was spent than the limit is now. */
		{{{&hour, 0, 0}, {&day, 600, 90000}}, 1, 76400},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t span =
			pace_span_s(cases[i].windows, 2, cases[i].more, 100000);

		if (span != cases[i].span)
			fail_msg("case %zu: %lld", i, (long long)span);
	}
}

static void
test_slow(void **state)
{
	static const int slow[] = {421, 450, 451, 452, 454};
	static const int not_slow[] = {0, 220, 250, 453, 455, 550, 554};
	static const int64_t waits[] = {
		0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};

	(void)state;
	for (size_t i = 0; i < COUNT(slow); i++)
		assert_true(
			pace_is_slow(&(struct smtp_reply){.code = slow[i]}));
	for (size_t i = 0; i < COUNT(not_slow); i++)
		assert_false(pace_is_slow(
			&(struct smtp_reply){.code = not_slow[i]}));
	for (int i = 0; i < (int)COUNT(waits); i++) {
		assert_int_equal(pace_slow_ms(i, 500), waits[i]);
		assert_in_range(pace_slow_ms(i, 0), waits[i] * 4 / 5, waits[i]);
		assert_in_range(
			pace_slow_ms(i, 999), waits[i], waits[i] * 6 / 5);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_allowance),
		cmocka_unit_test(test_never_over),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
