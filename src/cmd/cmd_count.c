#include "app/report.h"
#include "cmd/cmd.h"

int
cmd_count(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	const char *by = NULL;
	const struct opt options[] = {
		{"by", 0, OPT_TEXT, &by, "FIELD",
			"country, day, language, organisation, source or "
			"visibility"},
		OPT_END,
	};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = report_count(
		&cmd->ws, argc ? argv[0] : NULL, by, out_rows(out), err);
	return cmd_finish(out, rc, err);
}
