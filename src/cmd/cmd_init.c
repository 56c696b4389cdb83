#include <string.h>

#include "cmd/cmd.h"

int
cmd_init(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	const char *dir;
	int made, rc;

	rc = cmd_begin(cmd, options, CMD_NOTHING, &argc, argv, 0, 1, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	dir = argc ? argv[0] : cmd->dir ? cmd->dir : ".";
	if (workspace_init(dir, &made, err) < 0)
		return -1;
	cmd_say(cmd, "A workspace is ready. Next:");
	if (strcmp(dir, ".") != 0)
		cmd_say(cmd, "  cd %s", dir);
	cmd_say(cmd, "  put your name and mail account into openletter.conf");
	if (made > 1)
		cmd_say(cmd, "  edit letters/first/letter.en.md and "
			     "recipients/first.csv");
	cmd_say(cmd, "  openletter check");
	if (made > 1)
		cmd_say(cmd, "  openletter preview first/letter");
	return 0;
}
