#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/domains.h"
#include "base/clock.h"
#include "core/pace.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct store_delivery a = {.recipient = (char[]){"x@a.example"}};
static struct store_delivery b = {.recipient = (char[]){"x@b.example"}};

static enum store_verdict
judge(struct domains *d, const char *recipient)
{
	int64_t later = 0;
	enum store_verdict verdict = domains_judge(d, recipient, &later);

	assert_int_equal(verdict == STORE_LATER, later > 0);
	return verdict;
}

static void
test_limit(void **state)
{
	struct domains *d = domains_new(2);
	struct store_delivery both[] = {a, b, a}, one[] = {a, a};

	(void)state;
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_take(d, both, COUNT(both));
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_take(d, one, COUNT(one));
	/* Two batches, however many letters are in them. */
	assert_int_equal(judge(d, "y@A.Example"), STORE_SKIP);
	assert_int_equal(judge(d, "y@b.example"), STORE_TAKE);
	domains_give_back(d, both, COUNT(both));
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_take(d, both, COUNT(both));
	assert_int_equal(judge(d, "y@a.example"), STORE_SKIP);
	domains_give_back(d, both, COUNT(both));
	domains_give_back(d, one, COUNT(one));
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_free(d);
}

static void
test_no_limit(void **state)
{
	struct domains *d = domains_new(0);

	(void)state;
	for (int i = 0; i < 100; i++)
		domains_take(d, &a, 1);
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_give_back(d, &a, 1);
	domains_free(d);
}

/* Slow answers in a row make the wait longer, good ones shorten it. */
static void
test_patience(void **state)
{
	struct domains *d = domains_new(0);
	int64_t now = clock_now() + 1000, later, last = now;

	(void)state;
	for (int i = 0; i < PACE_STEP_MAX + 2; i++) {
		int64_t wait;

		later = 0;
		domains_note(d, "x@a.example", true, last);
		assert_int_equal(
			domains_judge(d, "y@A.example", &later), STORE_LATER);
		wait = later - last;
		assert_true(wait >= 2 && wait <= 74);
		if (i + 1 >= PACE_STEP_MAX)
			assert_true(wait >= 48);
		/* What was on its way already changes nothing. */
		domains_note(d, "z@a.example", true, later - 1);
		domains_note(d, "z@a.example", false, later - 1);
		last = later;
		assert_int_equal(
			domains_judge(d, "y@a.example", &later), STORE_LATER);
		assert_int_equal(later, last);
	}
	assert_int_equal(judge(d, "y@b.example"), STORE_TAKE);
	for (int i = 0; i < PACE_STEP_MAX; i++)
		domains_note(d, "x@a.example", false, last + i);
	assert_int_equal(judge(d, "y@a.example"), STORE_TAKE);
	domains_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_limit),
		cmocka_unit_test(test_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
