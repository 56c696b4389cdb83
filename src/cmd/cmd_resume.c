#include <inttypes.h>

#include "app/send.h"
#include "cmd/cmd.h"
#include "cmd/sending.h"

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
	if (workspace_lock_sender(&cmd->ws, err) < 0)
		return -1;
	unknown = sending_recover(cmd, err);
	if (unknown < 0)
		return -1;
	if (!mailing) {
		rc = send_unfinished(&cmd->ws, &mailing, err);
		if (rc < 0)
			return -1;
		if (rc == 0) {
			cmd_say(cmd, "Every mailing is finished.");
			return unknown ? CMD_SOME_FAILED : 0;
		}
		cmd_say(cmd, "Going on with mailing %" PRId64 ".", mailing);
	}
	return sending_run(cmd, mailing, limit, false, err);
}
