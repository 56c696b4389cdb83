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
	cmd_say(cmd,
		"A workspace is ready in %s. Next:\n"
		"  put your name and mail account into %s/openletter.conf\n"
		"  edit letters/first/letter.en.md and recipients/first.csv\n"
		"  openletter -C %s check\n"
		"  openletter -C %s preview first/letter",
		dir, dir, dir, dir);
	return 0;
}
