/* undo, with the list of what can be; and the filters that were kept. */
#include <inttypes.h>

#include "app/life.h"
#include "cmd/cmd.h"

static int
list(struct cmd *cmd,
	int (*lister)(struct workspace *ws, struct rows *rows, struct err *err),
	struct err *err)
{
	struct out *out;

	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	return cmd_finish(out, lister(&cmd->ws, out_rows(out), err), err);
}

int
cmd_undo(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	struct life_result result;
	int64_t change;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (argc == 0)
		return list(cmd, life_list_changes, err);
	if (cmd_number(argv[0], "change", "undo", &change, err) < 0 ||
		life_undo(&cmd->ws, change, &result, err) < 0)
		return -1;
	cmd_say(cmd,
		"Change %" PRId64 " is undone: %" PRId64
		" signatures are what they were.",
		change, result.done);
	if (result.left)
		cmd_say(cmd, "%" PRId64 " were changed since and left alone.",
			result.left);
	return 0;
}

int
cmd_filters(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 0, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return list(cmd, life_list_filters, err);
}
