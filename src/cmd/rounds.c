#include "cmd/rounds.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "app/stop.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/progress.h"
#include "cmd/sending.h"

struct rounds {
	struct cmd *cmd;
	struct agenda *agenda;
	const struct rounds_options *options;
	int64_t tried;
	int status;  /* of what is over */
	bool busy;   /* that another process sends was said */
	bool failed; /* a mailing ended with an error */
	struct events events;
	struct progress waiting;
	struct err *err; /* the caller's */
};

/* Nothing is under way; the line shows that the program is. */
static void
show_wait(void *ctx, const struct agenda_item *next)
{
	struct rounds *r = ctx;
	struct progress *p = &r->waiting;
	char left[CLOCK_TIME_MAX];
	int64_t now = clock_now();

	if (!progress_due(p, 0, 0, 0))
		return;
	clock_format_span(next->at > now ? next->at - now : 0, left);
	progress_part(p, 1, "mailing %" PRId64, next->mailing);
	progress_part(p, 2, "waiting");
	progress_part(p, 3, "%s left", left);
	progress_draw(p);
}

static void
note_status(struct rounds *r, int status)
{
	if (status == EX_TEMPFAIL || r->status == 0)
		r->status = status;
}

static void
say_plan(struct rounds *r, const struct agenda_item *item)
{
	char at[CLOCK_TIME_MAX], local[CLOCK_TIME_MAX];

	clock_format_time(item->start_at, at);
	clock_format_local(item->start_at, local);
	cmd_say(r->cmd,
		"Mailing %" PRId64 " goes out at %s (%s here). Waiting; Ctrl-C "
		"ends the wait and keeps the mailing.",
		item->mailing, at, local);
	events_wait(&r->events, item->mailing, WATCH_WAIT_TIME, item->start_at);
}

/* A question if somebody is there, else a refusal. */
static int
confirm_late(struct rounds *r, const struct agenda_item *item, struct err *err)
{
	char at[CLOCK_TIME_MAX], local[CLOCK_TIME_MAX];
	char *question, *not_done;
	int64_t count;
	int rc;

	if (r->options->yes)
		return 0;
	if (agenda_count(item, &r->cmd->ws, &count, err) < 0)
		return -1;
	clock_format_time(item->start_at, at);
	clock_format_local(item->start_at, local);
	question = mem_printf("Mailing %" PRId64 " should have gone out at %s "
			      "(%s here): %" PRId64 " messages. Send them now "
			      "(y/N)? ",
		item->mailing, at, local, count);
	not_done = mem_printf("mailing %" PRId64 " should have gone out at %s, "
			      "while nothing ran here, and is not sent",
		item->mailing, at);
	rc = cmd_ask_yes(question, not_done, err);
	if (rc < 0)
		cmd_say(r->cmd,
			"It is kept: openletter resume %" PRId64
			" --yes sends it, openletter cancel %" PRId64
			" gives it up.",
			item->mailing, item->mailing);
	free(question);
	free(not_done);
	return rc;
}

/* Takes the lock and puts right what others left, when it was given back.
 * Returns 1, 0 when another process is sending, or -1. */
static int
lock(struct rounds *r, struct agenda_item *item, struct err *err)
{
	if (r->cmd->ws.locked)
		return 1;
	if (workspace_lock_sender(&r->cmd->ws, err) == 0)
		return sending_recover(r->cmd, err) < 0 ? -1 : 1;
	if (err->kind != ERR_REFUSED)
		return -1;
	if (!r->busy)
		cmd_say(r->cmd, "Waiting: %s.", err->msg);
	r->busy = true;
	agenda_postpone(item, 0);
	return 0;
}

/* The run ended with an error; others on the agenda do not suffer from one
 * that is about its server, account or files. */
static int
take_error(struct rounds *r, struct agenda_item *item, const struct err *why)
{
	char at[CLOCK_TIME_MAX];

	if (why->kind == ERR_UNAVAILABLE && r->options->wait &&
		agenda_retry(item) == 0) {
		clock_format_time(item->at, at);
		cmd_say(r->cmd, "%s. Trying again at %s.", why->msg, at);
		events_wait(
			&r->events, item->mailing, WATCH_WAIT_SERVER, item->at);
		return 0;
	}
	if (!r->failed)
		*r->err = *why;
	r->failed = true;
	if (why->kind != ERR_UNAVAILABLE && why->kind != ERR_CONFIG &&
		why->kind != ERR_DATA)
		return -1;
	if (r->agenda->count > 1)
		cmd_say(r->cmd, "Mailing %" PRId64 ": %s", item->mailing,
			why->msg);
	agenda_drop(r->agenda, item);
	return 0;
}

/* Waits for the quota or deferred letters if it may, else it is over. */
static void
take_later(struct rounds *r, struct agenda_item *item,
	const struct sender_result *result, bool may_wait)
{
	char at[CLOCK_TIME_MAX] = "later";

	if (may_wait) {
		agenda_postpone(item, result->again);
		events_wait(&r->events, item->mailing, result->why, item->at);
		clock_format_time(item->at, at);
		cmd_say(r->cmd, "%s; waiting until %s.",
			result->why == WATCH_WAIT_QUOTA
				? "The account's quota is used up"
				: "Deferred letters are tried again",
			at);
		return;
	}
	if (result->again)
		clock_format_time(result->again, at);
	cmd_say(r->cmd,
		result->why == WATCH_WAIT_QUOTA
			? "The account's quota is used up. Run from %s "
			  "on: openletter resume %" PRId64
			: "Deferred letters can be tried again from %s "
			  "on: openletter resume %" PRId64,
		at, item->mailing);
	note_status(r, EX_TEMPFAIL);
	agenda_drop(r->agenda, item);
}

/* Returns 1 when the whole run is over, 0 or -1. */
static int
take_result(struct rounds *r, struct agenda_item *item,
	const struct sender_result *result, int status)
{
	long limit = r->options->limit;
	bool over = limit && r->tried >= limit;

	agenda_answered(item);
	if (result->end == SENDER_LATER) {
		take_later(r, item, result, r->options->wait && !over);
		return over;
	}
	note_status(r, status);
	agenda_drop(r->agenda, item);
	return over || stop_is_asked();
}

/* Runs a mailing once. Returns 1 when the whole run is over, 0 or -1. */
static int
run(struct rounds *r, struct agenda_item *item)
{
	long limit = r->options->limit;
	struct sender_result result;
	struct err err;
	int rc = lock(r, item, &err);

	if (rc == 0)
		return 0;
	if (rc < 0 || agenda_begin(item, &r->cmd->ws, &err) < 0) {
		*r->err = err;
		return -1;
	}
	rc = sending_run(r->cmd, &r->events, item->mailing,
		limit ? limit - r->tried : 0, &result, &err);
	r->tried += result.sent + result.deferred + result.rejected +
		    result.unknown;
	return rc < 0 ? take_error(r, item, &err)
		      : take_result(r, item, &result, rc);
}

/* What waits is left as it is. */
static void
say_stopped(struct rounds *r)
{
	for (size_t i = 0; i < r->agenda->count; i++)
		cmd_say(r->cmd,
			"There is more to send: openletter resume "
			"%" PRId64 "%s",
			r->agenda->items[i].mailing,
			r->options->wait ? " --wait" : "");
	r->status = EX_TEMPFAIL;
}

static void
say_halted(struct rounds *r, struct agenda_item *item, enum agenda_event event)
{
	if (event == AGENDA_PAUSED) {
		cmd_say(r->cmd,
			"Mailing %" PRId64 " was paused meanwhile; go on with: "
			"openletter resume %" PRId64,
			item->mailing, item->mailing);
		note_status(r, EX_TEMPFAIL);
	} else {
		cmd_say(r->cmd, "Mailing %" PRId64 " was cancelled meanwhile.",
			item->mailing);
	}
	agenda_drop(r->agenda, item);
}

/* Returns 1 when the whole run is over, 0 or -1. */
static int
take_event(struct rounds *r, enum agenda_event event, struct agenda_item *item)
{
	switch (event) {
	case AGENDA_EMPTY:
		return 1;
	case AGENDA_LATE:
		if (confirm_late(r, item, r->err) < 0)
			return -1;
		item->on_time = true;
		return run(r, item);
	case AGENDA_READY:
		return run(r, item);
	case AGENDA_STOPPED:
		say_stopped(r);
		return 1;
	case AGENDA_PAUSED:
	case AGENDA_CANCELLED:
		say_halted(r, item, event);
		break;
	}
	return 0;
}

int
rounds_run(struct cmd *cmd, struct agenda *agenda,
	const struct rounds_options *options, struct err *err)
{
	struct rounds r = {
		.cmd = cmd,
		.agenda = agenda,
		.options = options,
		.status = options->skipped || options->flawed ? CMD_SOME_FAILED
							      : 0,
		.events.wanted = sending_wants_events(cmd),
		.err = err,
	};
	int over = 0;

	stop_catch_signals();
	progress_begin(&r.waiting, sending_wants_line(cmd));
	agenda->tick = show_wait;
	agenda->tick_ctx = &r;
	for (size_t i = 0; i < agenda->count; i++)
		if (agenda->items[i].start_at > clock_now())
			say_plan(&r, &agenda->items[i]);
	while (over == 0) {
		enum agenda_event event;
		struct agenda_item *item;

		over = agenda_next(agenda, &cmd->ws, &event, &item, err);
		progress_clear(&r.waiting);
		if (over == 0)
			over = take_event(&r, event, item);
	}
	agenda->tick = NULL;
	agenda->tick_ctx = NULL;
	return over < 0 || r.failed ? -1 : r.status;
}
