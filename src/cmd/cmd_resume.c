#include <inttypes.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/rounds.h"
#include "cmd/sending.h"

struct left {
	const struct cmd *cmd;
	bool any;
};

/* A mailing that waits for its time is never gone on with unless it is
 * named. */
static void
say_left(void *ctx, int64_t mailing, int64_t start_at)
{
	struct left *left = ctx;
	char at[CLOCK_TIME_MAX];

	left->any = true;
	clock_format_time(start_at, at);
	cmd_say(left->cmd,
		start_at > clock_now()
			? "Mailing %" PRId64 " is left alone: it is to go out "
			  "at %s. Wait for that with: openletter resume "
			  "%" PRId64
			: "Mailing %" PRId64 " is left alone: it should have "
			  "gone out at %s. Send it with: openletter resume "
			  "%" PRId64,
		mailing, at, mailing);
}

static int
resume_all(
	struct cmd *cmd, const struct rounds_options *options, struct err *err)
{
	struct left left = {.cmd = cmd};
	struct agenda agenda = {0};
	int status = -1;

	if (agenda_add_unfinished(&agenda, &cmd->ws, say_left, &left, err) < 0)
		goto out;
	if (agenda.count == 0 && !left.any)
		cmd_say(cmd, "Every mailing is finished.");
	status = rounds_run(cmd, &agenda, options, err);
	if (left.any && status >= 0)
		status = EX_TEMPFAIL;
out:
	agenda_release(&agenda);
	return status;
}

static int
resume_one(struct cmd *cmd, int64_t mailing,
	const struct rounds_options *options, struct err *err)
{
	struct agenda agenda = {0};
	int status = -1;

	if (agenda_add(&agenda, &cmd->ws, mailing, err) == 0)
		status = rounds_run(cmd, &agenda, options, err);
	agenda_release(&agenda);
	return status;
}

int
cmd_resume(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct rounds_options o = {0};
	const struct opt options[] = {
		{"limit", 0, OPT_NUMBER, &o.limit, "N",
			"send at most N letters in this run"},
		{"wait", 0, OPT_FLAG, &o.wait, NULL,
			"run on until nothing is left, day after day"},
		{"yes", 'y', OPT_FLAG, &o.yes, NULL,
			"do not ask when the mailing's time has passed"},
		OPT_END,
	};
	int64_t mailing = 0, unknown;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (sending_check_format(cmd, err) < 0)
		return -1;
	if (argc && cmd_mailing(argv[0], &mailing, err) < 0)
		return -1;
	if (workspace_lock_sender(&cmd->ws, err) < 0)
		return -1;
	unknown = sending_recover(cmd, err);
	if (unknown < 0)
		return -1;
	if (mailing)
		return resume_one(cmd, mailing, &o, err);
	o.flawed = unknown > 0;
	return resume_all(cmd, &o, err);
}
