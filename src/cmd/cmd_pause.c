#include <inttypes.h>

#include "app/send.h"
#include "cmd/cmd.h"

/* Reads the only argument of pause and cancel. Returns as cmd_begin. */
static int
begin(struct cmd *cmd, int argc, char **argv, int64_t *mailing, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	return rc == 0 ? cmd_mailing(argv[0], mailing, err) : rc;
}

int
cmd_pause(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	int64_t mailing;
	int rc = begin(cmd, argc, argv, &mailing, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (send_pause(&cmd->ws, mailing, err) < 0)
		return -1;
	cmd_say(cmd,
		"Mailing %" PRId64
		" is paused; go on with `openletter resume`.",
		mailing);
	return 0;
}

int
cmd_cancel(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	int64_t mailing, unknown;
	int rc = begin(cmd, argc, argv, &mailing, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (send_cancel(&cmd->ws, mailing, &unknown, err) < 0)
		return -1;
	cmd_say(cmd,
		"Mailing %" PRId64
		" is cancelled; what was sent stays in the ledger.",
		mailing);
	if (unknown)
		cmd_say(cmd,
			"%" PRId64 " of its letters are unknown and left out "
			"by `openletter send` until you settle them: "
			"openletter resolve %" PRId64,
			unknown, mailing);
	return 0;
}
