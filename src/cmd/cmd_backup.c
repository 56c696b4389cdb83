#include <inttypes.h>

#include "app/backup.h"
#include "cmd/cmd.h"

int
cmd_backup(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	struct backup_result result;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (backup_make(&cmd->ws, argv[0], &result, &cmd->problems, err) < 0)
		return -1;
	cmd_say(cmd,
		"%s: all signatures and the ledger, %" PRId64
		" bytes, checked.",
		argv[0], result.bytes);
	if (result.unknown)
		cmd_say(cmd,
			"%" PRId64 " messages that are still to be sent are "
			"unknown in it, so that it never sends them a second "
			"time.",
			result.unknown);
	cmd_say(cmd, "Letters, lists of recipients and the configuration are "
		     "files of their own: copy these too.");
	return 0;
}
