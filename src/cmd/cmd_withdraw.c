#include "app/sign.h"
#include "cmd/cmd.h"

int
cmd_withdraw(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 2, 2, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (sign_withdraw(&cmd->ws, argv[0], argv[1], err) < 0)
		return -1;
	cmd_say(cmd, "The signature is withdrawn and counts no more.");
	return 0;
}
