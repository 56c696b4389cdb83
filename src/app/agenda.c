#include "app/agenda.h"

#include <inttypes.h>
#include <stdlib.h>

#include "app/stop.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/token.h"
#include "core/delivery.h"
#include "store/store_mailing.h"

enum {
	TICK_MS = 200,	    /* a signal ends a wait sooner */
	LOOK_EVERY_MS = 800 /* at what other commands did */
};

void
agenda_release(struct agenda *agenda)
{
	free(agenda->items);
	*agenda = (struct agenda){0};
}

static void
add(struct agenda *agenda, int64_t mailing, int64_t start_at)
{
	agenda->items = mem_grow(agenda->items, agenda->count, &agenda->cap,
		sizeof *agenda->items);
	agenda->items[agenda->count++] = (struct agenda_item){
		.mailing = mailing,
		.start_at = start_at,
		.at = start_at,
	};
}

static int
unpause(struct workspace *ws, int64_t mailing, struct err *err)
{
	if (store_begin(ws->store, "going on with the mailing", DB_DURABLE,
		    err) < 0)
		return -1;
	if (store_mailing_set_state(
		    ws->store, mailing, MAILING_RUNNING, "", err) < 0) {
		store_rollback(ws->store);
		return -1;
	}
	return store_commit(ws->store, err);
}

int
agenda_add(struct agenda *agenda, struct workspace *ws, int64_t mailing,
	struct err *err)
{
	enum mailing_state state = MAILING_RUNNING;
	int64_t start_at = 0;
	int found = store_mailing_state(ws->store, mailing, &state, err);

	if (found == 0)
		return err_set(err, ERR_NOTFOUND,
			"there is no mailing %" PRId64
			"; `openletter status` lists them",
			mailing);
	if (found < 0 ||
		store_mailing_start(ws->store, mailing, &start_at, err) < 0)
		return -1;
	/* Of one that is over the sender says so. */
	if (state == MAILING_DONE || state == MAILING_CANCELLED)
		start_at = 0;
	if (start_at && state == MAILING_PAUSED &&
		unpause(ws, mailing, err) < 0)
		return -1;
	add(agenda, mailing, start_at);
	return 0;
}

struct adding {
	struct agenda *agenda;
	void (*left)(void *ctx, int64_t mailing, int64_t start_at);
	void *ctx;
};

static int
add_unfinished(void *ctx, int64_t mailing, int64_t start_at, struct err *err)
{
	struct adding *adding = ctx;

	(void)err;
	if (start_at)
		adding->left(adding->ctx, mailing, start_at);
	else
		add(adding->agenda, mailing, 0);
	return 0;
}

int
agenda_add_unfinished(struct agenda *agenda, struct workspace *ws,
	void (*left)(void *ctx, int64_t mailing, int64_t start_at), void *ctx,
	struct err *err)
{
	struct adding adding = {agenda, left, ctx};

	return store_mailings_open(ws->store, add_unfinished, &adding, err);
}

/*
 * A wait for the quota or the server is over when its length has passed too:
 * else a clock that was set back would make it last for ever. The time that
 * a mailing was made for is a time on the wall.
 */
static bool
is_due(const struct agenda_item *item)
{
	return clock_now() >= item->at ||
	       (!item->start_at && clock_monotonic_ms() >= item->at_ms);
}

static struct agenda_item *
find_due(const struct agenda *agenda)
{
	for (size_t i = 0; i < agenda->count; i++)
		if (is_due(&agenda->items[i]))
			return &agenda->items[i];
	return NULL;
}

static const struct agenda_item *
find_next(const struct agenda *agenda)
{
	const struct agenda_item *next = &agenda->items[0];

	for (size_t i = 1; i < agenda->count; i++)
		if (agenda->items[i].at < next->at)
			next = &agenda->items[i];
	return next;
}

/* Looks whether another command changed what waits. Returns 1 with the event,
 * 0 or -1. */
static int
find_halted(const struct agenda *agenda, struct workspace *ws,
	enum agenda_event *event, struct agenda_item **out, struct err *err)
{
	for (size_t i = 0; i < agenda->count; i++) {
		struct agenda_item *item = &agenda->items[i];
		enum mailing_state state = MAILING_RUNNING;

		if (!item->waited)
			continue;
		if (store_mailing_state(ws->store, item->mailing, &state, err) <
			0)
			return -1;
		*out = item;
		*event = state == MAILING_PAUSED ? AGENDA_PAUSED
						 : AGENDA_CANCELLED;
		if (state == MAILING_PAUSED || state == MAILING_CANCELLED)
			return 1;
		/* Another process did the rest: a run says how it ended. */
		if (state == MAILING_DONE)
			item->at = item->start_at = 0;
	}
	return 0;
}

/* Waits until something is due or has changed. Returns 1 with the event when
 * nothing is to be run, 0 or -1. */
static int
wait_for_due(const struct agenda *agenda, struct workspace *ws,
	enum agenda_event *event, struct agenda_item **out, struct err *err)
{
	int64_t look_at_ms = 0;

	for (;;) {
		*out = &agenda->items[0];
		*event = AGENDA_STOPPED;
		if (stop_is_asked())
			return 1;
		if (clock_monotonic_ms() >= look_at_ms) {
			int halted = find_halted(agenda, ws, event, out, err);

			if (halted != 0)
				return halted;
			look_at_ms = clock_monotonic_ms() + LOOK_EVERY_MS;
		}
		*out = find_due(agenda);
		if (*out)
			return 0;
		for (size_t i = 0; i < agenda->count; i++)
			agenda->items[i].waited = true;
		workspace_unlock_sender(ws);
		if (agenda->tick)
			agenda->tick(agenda->tick_ctx, find_next(agenda));
		clock_sleep_ms(TICK_MS);
	}
}

int
agenda_next(struct agenda *agenda, struct workspace *ws,
	enum agenda_event *event, struct agenda_item **out, struct err *err)
{
	int rc;

	*event = AGENDA_EMPTY;
	*out = NULL;
	if (agenda->count == 0)
		return 0;
	rc = wait_for_due(agenda, ws, event, out, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (clock_now() <= (*out)->start_at + AGENDA_GRACE_S)
		(*out)->on_time = true;
	*event = (*out)->start_at && !(*out)->on_time ? AGENDA_LATE
						      : AGENDA_READY;
	return 0;
}

int
agenda_count(const struct agenda_item *item, struct workspace *ws, int64_t *out,
	struct err *err)
{
	struct store_tally tally;

	if (store_mailing_tally(ws->store, item->mailing, &tally, err) < 0)
		return -1;
	*out = tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_CLAIMED] +
	       tally.states[DELIVERY_DEFERRED];
	return 0;
}

int
agenda_begin(struct agenda_item *item, struct workspace *ws, struct err *err)
{
	if (!item->start_at)
		return 0;
	if (store_begin(ws->store, "beginning the mailing", DB_DURABLE, err) <
		0)
		return -1;
	if (store_mailing_set_start(ws->store, item->mailing, 0, err) < 0) {
		store_rollback(ws->store);
		return -1;
	}
	if (store_commit(ws->store, err) < 0)
		return -1;
	item->start_at = 0;
	return 0;
}

void
agenda_postpone(struct agenda_item *item, int64_t at)
{
	int64_t now = clock_now();

	item->at = at > now ? at : now + 1;
	item->at_ms = clock_monotonic_ms() + (item->at - now) * 1000;
}

int
agenda_retry(struct agenda_item *item)
{
	int64_t now = clock_now();

	if (item->failures++ == 0)
		item->failing_since = now;
	if (now - item->failing_since >= DELIVERY_GIVE_UP_S)
		return -1;
	agenda_postpone(item, now + delivery_retry_wait_s(item->failures,
					    (int)token_below(1000)));
	return 0;
}

void
agenda_answered(struct agenda_item *item)
{
	item->failures = 0;
}

void
agenda_drop(struct agenda *agenda, struct agenda_item *item)
{
	size_t i = (size_t)(item - agenda->items);

	for (agenda->count--; i < agenda->count; i++)
		agenda->items[i] = agenda->items[i + 1];
}
