#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/agenda.h"
#include "app/stop.h"
#include "base/clock.h"
#include "core/mailing.h"
#include "ledger_sample.h"

/* A workspace that is only its store. */
static struct workspace
workspace_of(const struct sample *s)
{
	return (struct workspace){.store = s->store};
}

static enum agenda_event
next(struct sample *s, struct agenda *agenda, struct agenda_item **item)
{
	struct workspace ws = workspace_of(s);
	enum agenda_event event = AGENDA_EMPTY;

	ok(s, agenda_next(agenda, &ws, &event, item, &s->err));
	return event;
}

static void
add_planned(struct sample *s, struct agenda *agenda, int64_t start_at)
{
	struct workspace ws = workspace_of(s);
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "ab");

	sample_begin(s);
	ok(s, store_mailing_set_start(s->store, mailing, start_at, &s->err));
	sample_commit(s);
	ok(s, agenda_add(agenda, &ws, mailing, &s->err));
}

/* What is due first comes first, and what is postponed has to wait. */
static void
test_rounds(void **state)
{
	struct sample *s = *state;
	struct agenda agenda = {0};
	struct agenda_item *item;

	assert_int_equal(next(s, &agenda, &item), AGENDA_EMPTY);
	add_planned(s, &agenda, 0);
	add_planned(s, &agenda, 0);
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	assert_int_equal(item->mailing, 1);
	agenda_postpone(item, clock_now() + 1000);
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	assert_int_equal(item->mailing, 2);
	agenda_drop(&agenda, item);
	assert_int_equal(agenda.count, 1);
	/* A time that is over is a second from now: no run without a rest. */
	agenda_postpone(&agenda.items[0], 5);
	assert_true(agenda.items[0].at > clock_now() - 1);
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	assert_int_equal(item->mailing, 1);
	agenda_release(&agenda);
}

static void
test_missing(void **state)
{
	struct sample *s = *state;
	struct workspace ws = workspace_of(s);
	struct agenda agenda = {0};

	assert_int_equal(agenda_add(&agenda, &ws, 9, &s->err), -1);
	assert_int_equal(s->err.kind, ERR_NOTFOUND);
	assert_int_equal(agenda.count, 0);
}

static void
test_late(void **state)
{
	struct sample *s = *state;
	struct workspace ws = workspace_of(s);
	int64_t now = clock_now(), count = 0, start_at = -1;
	struct agenda agenda = {0};
	struct agenda_item *item;

	add_planned(s, &agenda, now - AGENDA_GRACE_S + 60);
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	/* It was there in time; that another process sends makes no question
	 * of it. */
	item->start_at -= 120;
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	agenda_drop(&agenda, item);
	add_planned(s, &agenda, now - AGENDA_GRACE_S - 60);
	assert_int_equal(next(s, &agenda, &item), AGENDA_LATE);
	ok(s, agenda_count(item, &ws, &count, &s->err));
	assert_int_equal(count, 2);
	/* Once begun it is like any other. */
	ok(s, agenda_begin(item, &ws, &s->err));
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	ok(s, store_mailing_start(s->store, item->mailing, &start_at, &s->err));
	assert_int_equal(start_at, 0);
	agenda_release(&agenda);
}

/* The clock on the wall was set back by a day while it waited. */
static void
test_clock_set_back(void **state)
{
	struct sample *s = *state;
	struct agenda agenda = {0};
	struct agenda_item *item;

	add_planned(s, &agenda, 0);
	agenda.items[0].at = clock_now() + CLOCK_DAY_S;
	agenda.items[0].at_ms = clock_monotonic_ms() + 300;
	assert_int_equal(next(s, &agenda, &item), AGENDA_READY);
	agenda_release(&agenda);
}

/* The server is tried again after growing waits, for five days. */
static void
test_retry(void **state)
{
	struct agenda_item item = {0};
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_int_equal(agenda_retry(&item), 0);
		assert_true(item.at - clock_now() > last);
		last = item.at - clock_now();
	}
	assert_in_range(last, 6 * 3600, 10 * 3600);
	item.failing_since -= 5 * CLOCK_DAY_S + 1;
	assert_int_equal(agenda_retry(&item), -1);
	agenda_answered(&item);
	assert_int_equal(agenda_retry(&item), 0);
	assert_in_range(item.at - clock_now(), 12 * 60 - 1, 18 * 60);
}

static enum agenda_event
halted(struct sample *s, enum mailing_state state)
{
	struct agenda agenda = {0};
	struct agenda_item *item;
	enum agenda_event event;

	add_planned(s, &agenda, 0);
	agenda_postpone(&agenda.items[0], clock_now() + 1000);
	agenda.items[0].waited = true;
	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, agenda.items[0].mailing, state, "", &s->err));
	sample_commit(s);
	event = next(s, &agenda, &item);
	agenda_release(&agenda);
	return event;
}

static void
test_halted(void **state)
{
	struct sample *s = *state;

	assert_int_equal(halted(s, MAILING_PAUSED), AGENDA_PAUSED);
	assert_int_equal(halted(s, MAILING_CANCELLED), AGENDA_CANCELLED);
	/* Another process did it all: a run says how it ended. */
	assert_int_equal(halted(s, MAILING_DONE), AGENDA_READY);
}

/* The last of all: a signal is not forgotten. */
static void
test_signal(void **state)
{
	struct sample *s = *state;
	struct agenda agenda = {0};
	struct agenda_item *item;

	stop_catch_signals();
	add_planned(s, &agenda, clock_now() + 1000);
	raise(SIGTERM);
	assert_int_equal(next(s, &agenda, &item), AGENDA_STOPPED);
	agenda_release(&agenda);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_rounds),
		WITH_STORE(test_missing),
		WITH_STORE(test_late),
		WITH_STORE(test_clock_set_back),
		cmocka_unit_test(test_retry),
		WITH_STORE(test_halted),
		WITH_STORE(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
