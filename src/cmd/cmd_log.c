#include "app/report.h"
#include "cmd/cmd.h"

int
cmd_log(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct log_request request = {0};
	const struct opt options[] = {
		{"state", 0, OPT_TEXT, &request.state, "STATE",
			"only deliveries in this state, e.g. rejected"},
		{"since", 0, OPT_TEXT, &request.since, "TIME",
			"only what changed on this day (UTC) or later"},
		OPT_END,
	};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (argc && cmd_mailing(argv[0], &request.mailing, err) < 0)
		return -1;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = report_log(&cmd->ws, &request, out_rows(out), err);
	return cmd_finish(out, rc, err);
}
