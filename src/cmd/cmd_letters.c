#include "app/report.h"
#include "cmd/cmd.h"

int
cmd_letters(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = report_letters(&cmd->ws, argc ? argv[0] : NULL, out_rows(out),
		&cmd->problems, err);
	return cmd_finish(out, rc, err);
}
