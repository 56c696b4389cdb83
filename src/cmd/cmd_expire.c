#include <inttypes.h>

#include "app/life.h"
#include "cmd/cmd.h"

int
cmd_expire(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int64_t count;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 0, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (life_expire(&cmd->ws, &count, err) < 0)
		return -1;
	cmd_say(cmd, "%" PRId64 " signatures were not confirmed in time.",
		count);
	return 0;
}
