#include "app/sign.h"
#include "cmd/cmd.h"

int
cmd_suppress(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	rc = sign_suppress(&cmd->ws, argv[0], err);
	if (rc < 0)
		return -1;
	cmd_say(cmd, rc ? "This address gets no more mail as a supporter."
			: "This address was suppressed already.");
	return 0;
}
