#include "cmd/sending.h"

#include <inttypes.h>
#include <sysexits.h>

#include "base/clock.h"

enum {
	PROGRESS_EVERY_MS = 250
};

struct progress {
	int64_t began_ms;
	int64_t shown_ms;
	bool shown;
};

static void
step(void *ctx, const struct sender_result *r, int64_t total)
{
	struct progress *p = ctx;
	int64_t now = clock_monotonic_ms();
	int64_t done = r->sent + r->deferred + r->rejected + r->unknown;
	int64_t spent = now - p->began_ms;
	char left[CLOCK_TIME_MAX];

	if (spent < 1000 || now - p->shown_ms < PROGRESS_EVERY_MS)
		return;
	p->shown_ms = now;
	p->shown = true;
	clock_format_span((total - done) * spent / (done * 1000 + 1), left);
	fprintf(stderr,
		"\r\033[K%" PRId64 " of %" PRId64 ": %" PRId64 " sent, %" PRId64
		" deferred, %" PRId64 " rejected, %" PRId64 " unknown; %" PRId64
		"/s, %s left",
		done, total, r->sent, r->deferred, r->rejected, r->unknown,
		done * 1000 / (spent + 1), left);
	fflush(stderr);
}

static void
say_result(
	const struct cmd *cmd, int64_t mailing, const struct sender_result *r)
{
	cmd_say(cmd,
		"Mailing %" PRId64 ": %" PRId64 " sent, %" PRId64
		" deferred, %" PRId64 " rejected, %" PRId64 " unknown.",
		mailing, r->sent, r->deferred, r->rejected, r->unknown);
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

	if (sender_recover(&cmd->ws, &unknown, err) < 0)
		return -1;
	cmd_say_recovered(cmd, unknown);
	return unknown + cmd->recovered;
}

static void
waiting(void *ctx, int64_t until)
{
	char at[CLOCK_TIME_MAX];

	(void)ctx;
	clock_format_time(until, at);
	fprintf(stderr, "The account's rate is used up; waiting until %s.\n",
		at);
}

/* Without a terminal there is no line to rewrite. */
static void
no_step(void *ctx, const struct sender_result *so_far, int64_t total)
{
	(void)ctx;
	(void)so_far;
	(void)total;
}

int
sending_run(struct cmd *cmd, int64_t mailing, int64_t limit,
	struct sender_result *r, struct err *err)
{
	struct progress progress = {.began_ms = clock_monotonic_ms()};
	struct sender_progress told = {
		cmd_progress_wanted(cmd) ? step : no_step, waiting, &progress};
	int rc = sender_run(
		&cmd->ws, mailing, limit, cmd->quiet ? NULL : &told, r, err);

	if (progress.shown)
		fputs("\r\033[K", stderr);
	if (rc == 0 || r->sent + r->deferred + r->rejected + r->unknown > 0)
		say_result(cmd, mailing, r);
	if (rc < 0) {
		if (err->kind == ERR_UNAVAILABLE || err->kind == ERR_CONFIG)
			cmd_say(cmd,
				"Nothing is lost. Go on with: openletter "
				"resume %" PRId64,
				mailing);
		return -1;
	}
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
