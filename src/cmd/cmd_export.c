#include "app/report.h"
#include "cmd/cmd.h"

int
cmd_export(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	const char *audience = "public";
	const struct opt options[] = {
		{"audience", 0, OPT_TEXT, &audience, "WHO",
			"public, recipient or organisers (default public)"},
		OPT_END,
	};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = report_export(&cmd->ws, argv[0], audience, out_rows(out), err);
	return cmd_finish(out, rc, err);
}
