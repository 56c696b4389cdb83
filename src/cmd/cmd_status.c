#include "app/report.h"
#include "cmd/cmd.h"

int
cmd_status(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int64_t mailing = 0;
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (argc && cmd_mailing(argv[0], &mailing, err) < 0)
		return -1;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = report_status(&cmd->ws, mailing, out_rows(out), err);
	return cmd_finish(out, rc, err);
}
