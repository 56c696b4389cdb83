#include <inttypes.h>

#include "app/send.h"
#include "cmd/cmd.h"

/* pause and cancel differ in one call and what is said. */
static int
run(struct cmd *cmd, int argc, char **argv,
	int (*change)(struct workspace *, int64_t, struct err *),
	const char *said, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int64_t mailing;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_mailing(argv[0], &mailing, err) < 0 ||
		change(&cmd->ws, mailing, err) < 0)
		return -1;
	cmd_say(cmd, "Mailing %" PRId64 " %s", mailing, said);
	return 0;
}

int
cmd_pause(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return run(cmd, argc, argv, send_pause,
		"is paused; go on with `openletter resume`.", err);
}

int
cmd_cancel(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return run(cmd, argc, argv, send_cancel,
		"is cancelled; what was sent stays in the ledger.", err);
}
