#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_sample.h"
#include "store/store_resolve.h"

/* Hands every delivery of a mailing over and leaves it unknown, at 110. */
static int64_t
add_unknown(struct sample *s, enum audience audience, const char *keys)
{
	int64_t mailing = add_queue(s, audience, keys);
	struct claim c;

	claim(s, mailing, audience, "boot", 100, 16, &c);
	sample_begin(s);
	for (size_t i = 0; i < c.count; i++)
		ok(s, store_settle(s->store, c.items[i].id, DELIVERY_UNKNOWN,
			      &busy, 0, 110, &s->err));
	sample_commit(s);
	claim_release(&c);
	return mailing;
}

struct handed {
	int64_t ids[8];
	char keys[16];
	size_t count;
};

static int
add_handed(void *ctx, const struct store_handed *d, struct err *err)
{
	struct handed *handed = ctx;

	(void)err;
	handed->ids[handed->count] = d->id;
	handed->keys[handed->count++] = d->key[0];
	return 0;
}

static struct handed
list(struct sample *s, int64_t mailing, bool all_handed)
{
	struct handed handed = {0};

	ok(s, store_handed(s->store, mailing, all_handed, add_handed, &handed,
		      &s->err));
	return handed;
}

static void
resolve(struct sample *s, int64_t delivery, enum delivery_state state)
{
	sample_begin(s);
	ok(s, store_resolve(
		      s->store, delivery, state, "by hand", 900, &s->err));
	sample_commit(s);
}

static void
test_resolve(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_unknown(s, AUDIENCE_RECIPIENTS, "abc");
	struct handed all = list(s, mailing, false);

	assert_string_equal(all.keys, "abc");
	add_unknown(s, AUDIENCE_RECIPIENTS, "x");
	resolve(s, all.ids[0], DELIVERY_SENT);
	resolve(s, all.ids[1], DELIVERY_QUEUED);
	assert_ledger(s, mailing, "a:sent:1 b:queued:1 c:unknown:1 ");
	assert_string_equal(list(s, mailing, false).keys, "c");
	assert_string_equal(list(s, mailing, true).keys, "ac");
	/* Only what is unknown can be settled. */
	assert_int_equal(store_resolve(s->store, all.ids[0], DELIVERY_QUEUED,
				 "by hand", 900, &s->err),
		-1);
	assert_ledger(s, mailing, "a:sent:1 b:queued:1 c:unknown:1 ");
}

/* The Date stays; the tries are counted from the person's word. */
static void
test_again(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_unknown(s, AUDIENCE_RECIPIENTS, "a");
	struct claim c;

	resolve(s, list(s, mailing, false).ids[0], DELIVERY_QUEUED);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 1000, 1, &c);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.items[0].attempts, 2);
	assert_int_equal(c.items[0].date, 100);
	assert_int_equal(c.items[0].since, 900);
	/* Given back, it is what it was. */
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_QUEUED, &accepted,
		      0, 1010, &s->err));
	claim_release(&c);
	assert_ledger(s, mailing, "a:queued:1 ");
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 1100, 1, &c);
	assert_int_equal(c.items[0].date, 100);
	assert_int_equal(c.items[0].since, 900);
	claim_release(&c);
	/* Others count from their first try. */
	mailing = add_queue(s, AUDIENCE_RECIPIENTS, "b");
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 1200, 1, &c);
	assert_int_equal(c.items[0].since, 1200);
	claim_release(&c);
}

static void
test_later(void **state)
{
	struct sample *s = *state;
	int64_t first = add_unknown(s, AUDIENCE_RECIPIENTS, "abc");
	int64_t test = add_unknown(s, AUDIENCE_TEST, "a");
	int64_t second = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	struct handed all = list(s, first, false);
	int64_t later = 0;

	add_delivery(s, second, "b", DELIVERY_SUPPRESSED, 0, false);
	add_delivery(s, second, "c", DELIVERY_QUEUED, 0, true);
	add_queue(s, AUDIENCE_TEST, "abc");
	assert_int_equal(
		store_resolve_later(s->store, all.ids[0], &later, &s->err), 1);
	assert_int_equal(later, second);
	/* Left out there, or only a copy. */
	for (int i = 1; i < 3; i++)
		assert_int_equal(store_resolve_later(
					 s->store, all.ids[i], &later, &s->err),
			0);
	all = list(s, test, false);
	assert_int_equal(
		store_resolve_later(s->store, all.ids[0], &later, &s->err), 0);
	/* The later one itself has none after it. */
	second = add_unknown(s, AUDIENCE_RECIPIENTS, "a");
	all = list(s, second, false);
	assert_int_equal(
		store_resolve_later(s->store, all.ids[0], &later, &s->err), 0);
}

static enum mailing_state
reopened(struct sample *s, enum mailing_state before)
{
	int64_t mailing = add_unknown(s, AUDIENCE_RECIPIENTS, "a");
	enum mailing_state after = MAILING_RUNNING;

	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, mailing, before, "why", &s->err));
	ok(s, store_resolve_reopen(s->store, mailing, &s->err));
	sample_commit(s);
	ok(s, store_mailing_state(s->store, mailing, &after, &s->err));
	return after;
}

static void
test_reopen(void **state)
{
	struct sample *s = *state;

	assert_int_equal(reopened(s, MAILING_RUNNING), MAILING_RUNNING);
	assert_int_equal(reopened(s, MAILING_PAUSED), MAILING_PAUSED);
	assert_int_equal(reopened(s, MAILING_DONE), MAILING_RUNNING);
	assert_int_equal(reopened(s, MAILING_CANCELLED), MAILING_CANCELLED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_resolve),
		WITH_STORE(test_again),
		WITH_STORE(test_later),
		WITH_STORE(test_reopen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
