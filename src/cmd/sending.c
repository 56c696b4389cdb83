#include "cmd/sending.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/recover.h"
#include "base/clock.h"
#include "cmd/progress.h"

enum {
	STILL_S = 3,	    /* without an answer: then it is said */
	SHORT_S = 12 * 3600 /* a time so near needs no day */
};

/* What follows a run. */
struct view {
	const struct cmd *cmd;
	struct progress progress;
	struct events *events;
	bool stopping;
	bool waited; /* and it was said */
};

int
sending_check_format(const struct cmd *cmd, struct err *err)
{
	if (!cmd->format || strcmp(cmd->format, "jsonl") == 0 ||
		strcmp(cmd->format, "table") == 0)
		return 0;
	return err_set(err, ERR_USAGE,
		"--format %s: %s prints what happens as jsonl, or in words "
		"(table)",
		cmd->format, cmd->command->name);
}

bool
sending_wants_events(const struct cmd *cmd)
{
	return cmd->format && strcmp(cmd->format, "jsonl") == 0;
}

/* Events on the same terminal would stand in the line. */
bool
sending_wants_line(const struct cmd *cmd)
{
	return cmd_progress_wanted(cmd) &&
	       !(sending_wants_events(cmd) && isatty(STDOUT_FILENO));
}

/* "14:03:20Z", with the day before it when that is not near. */
static const char *
short_time(int64_t at, char text[static CLOCK_TIME_MAX])
{
	clock_format_time(at, text);
	return at < clock_now() + SHORT_S ? strchr(text, 'T') + 1 : text;
}

/* Why there is no pace to tell, or the pace. */
static void
add_pace(struct view *w, const struct watch_event *event)
{
	struct progress *p = &w->progress;
	char text[CLOCK_TIME_MAX];

	if (w->stopping) {
		progress_part(p, 88, "finishing");
	} else if (event->wait != WATCH_WAIT_NONE) {
		progress_part(p, 85, "waiting until %s (%s)",
			short_time(event->until, text),
			watch_wait_name(event->wait));
		return;
	}
	if (progress_still_s(p) >= STILL_S) {
		clock_format_span(progress_still_s(p), text);
		progress_part(p, 85, "no answer for %s", text);
	} else if (!w->stopping) {
		progress_part_rate(p, 30);
		progress_part_left(p, 65);
	}
}

/* Zeros say least. */
static void
add_count(struct progress *p, int weight, int64_t count, const char *what)
{
	progress_part(p, count ? weight : 10, "%" PRId64 " %s", count, what);
}

static void
draw(struct view *w, const struct watch_event *event)
{
	const struct sender_result *r = event->so_far;
	int64_t done =
		r->sent + r->deferred + r->rejected + r->unknown + r->dropped;
	struct progress *p = &w->progress;

	if (!progress_due(p, done, done, event->total))
		return;
	progress_part(p, 90, "%" PRId64 " of %" PRId64, done, event->total);
	add_count(p, 60, r->sent, "sent");
	add_count(p, 50, r->deferred, "deferred");
	add_count(p, 70, r->rejected, "rejected");
	add_count(p, 80, r->unknown, "unknown");
	add_pace(w, event);
	progress_draw(p);
}

/* Without a line that shows it, the first wait is said. */
static void
say_waiting(struct view *w, const struct watch_event *event)
{
	static const char *const reasons[] = {
		[WATCH_WAIT_RATE] = "The account's rate is used up",
		[WATCH_WAIT_RETRY] = "Deferred letters are tried again",
		[WATCH_WAIT_SERVER] = "The server asks for patience",
	};
	char at[CLOCK_TIME_MAX];

	if (w->progress.wanted || w->waited)
		return;
	w->waited = true;
	clock_format_time(event->until, at);
	cmd_say(w->cmd, "%s; waiting until %s.", reasons[event->wait], at);
}

static void
follow(void *ctx, const struct watch_event *event)
{
	struct view *w = ctx;

	events_tell(w->events, event);
	switch (event->kind) {
	case WATCH_TICK:
		draw(w, event);
		break;
	case WATCH_WAITING:
		say_waiting(w, event);
		break;
	case WATCH_STOPPING:
		w->stopping = true;
		progress_clear(&w->progress);
		cmd_say(w->cmd, "Finishing the messages in flight; again to "
				"leave at once.");
		break;
	case WATCH_START:
	case WATCH_OUTCOME:
	case WATCH_PAUSED:
		break;
	}
}

static void
say_result(
	const struct cmd *cmd, int64_t mailing, const struct sender_result *r)
{
	cmd_say(cmd,
		"Mailing %" PRId64 ": %" PRId64 " sent, %" PRId64
		" deferred, %" PRId64 " rejected, %" PRId64 " unknown.",
		mailing, r->sent, r->deferred, r->rejected, r->unknown);
	if (r->dropped)
		cmd_say(cmd,
			"%" PRId64 " left out: they withdrew, were suppressed "
			"or erased since the mailing was made.",
			r->dropped);
	if (r->rejected || r->unknown)
		cmd_say(cmd, "Who and why: openletter log %" PRId64, mailing);
	if (r->too_large)
		cmd_say(cmd,
			"%" PRId64 " are larger than the mail server takes: "
			"let less go along and send again (a list as csv is "
			"smaller than as html).",
			r->too_large);
	if (r->unknown)
		cmd_say(cmd,
			"Unknown means that the server had the letter and gave "
			"no clear answer; it is never sent again by itself. "
			"Settle it with: openletter resolve %" PRId64,
			mailing);
}

int64_t
sending_recover(struct cmd *cmd, struct err *err)
{
	int64_t unknown;

	if (recover_run(&cmd->ws, &unknown, err) < 0)
		return -1;
	cmd_say_recovered(cmd, unknown);
	return unknown + cmd->recovered;
}

/* Says how the run ended. Returns the exit status. */
static int
say_end(const struct cmd *cmd, int64_t mailing, const struct sender_result *r)
{
	switch (r->end) {
	case SENDER_LATER:
		return EX_TEMPFAIL;
	case SENDER_LIMIT:
	case SENDER_STOPPED:
		cmd_say(cmd,
			"There is more to send: openletter resume %" PRId64,
			mailing);
		return EX_TEMPFAIL;
	case SENDER_CANCELLED:
		cmd_say(cmd, "The mailing was cancelled meanwhile.");
		break;
	case SENDER_PAUSED:
	case SENDER_DONE:
		break;
	}
	return r->flawed ? CMD_SOME_FAILED : 0;
}

int
sending_run(struct cmd *cmd, struct events *events, int64_t mailing,
	int64_t limit, struct sender_result *r, struct err *err)
{
	struct view w = {.cmd = cmd, .events = events};
	struct watcher told = {follow, &w};
	int rc, status = -1;

	progress_begin(&w.progress, sending_wants_line(cmd));
	rc = sender_run(&cmd->ws, mailing, limit,
		cmd->quiet && !events->wanted ? NULL : &told, r, err);
	progress_clear(&w.progress);
	if (rc == 0 ||
		r->sent + r->deferred + r->rejected + r->unknown + r->dropped >
			0)
		say_result(cmd, mailing, r);
	if (rc == 0)
		status = say_end(cmd, mailing, r);
	else if (err->kind == ERR_UNAVAILABLE || err->kind == ERR_CONFIG)
		cmd_say(cmd,
			"Nothing is lost. Go on with: openletter resume "
			"%" PRId64,
			mailing);
	events_end(events, mailing, r,
		rc < 0 ? cmd_exit_status(err->kind) : status,
		rc < 0 ? err->msg : NULL);
	return status;
}
