#include <inttypes.h>

#include "app/send.h"
#include "cmd/cmd.h"
#include "cmd/sending.h"

/* Goes on with one mailing after the other, until one has to wait. */
static int
resume_all(struct cmd *cmd, long limit, bool flawed, struct err *err)
{
	int status = flawed ? CMD_SOME_FAILED : 0;
	bool any = false;

	for (;;) {
		int64_t mailing;
		int rc = send_unfinished(&cmd->ws, &mailing, err);

		if (rc < 0)
			return -1;
		if (rc == 0)
			break;
		any = true;
		cmd_say(cmd, "Going on with mailing %" PRId64 ".", mailing);
		rc = sending_run(cmd, mailing, limit, false, err);
		if (rc != 0 && rc != CMD_SOME_FAILED)
			return rc;
		if (rc != 0)
			status = rc;
	}
	if (!any)
		cmd_say(cmd, "Every mailing is finished.");
	return status;
}

int
cmd_resume(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	long limit = 0;
	const struct opt options[] = {
		{"limit", 0, OPT_NUMBER, &limit, "N",
			"send at most N letters in this run"},
		OPT_END,
	};
	int64_t mailing = 0, unknown;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (argc && cmd_mailing(argv[0], &mailing, err) < 0)
		return -1;
	if (workspace_lock_sender(&cmd->ws, NULL, err) < 0)
		return -1;
	unknown = sending_recover(cmd, err);
	if (unknown < 0)
		return -1;
	if (mailing)
		return sending_run(cmd, mailing, limit, false, err);
	return resume_all(cmd, limit, unknown > 0, err);
}
