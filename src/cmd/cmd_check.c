#include "app/check.h"
#include "cmd/cmd.h"

int
cmd_check(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	static const struct opt options[] = {OPT_END};
	struct check_result result;
	size_t wrong;
	int rc = cmd_begin(cmd, options, CMD_FILES, &argc, argv, 0, 1000, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (check_all(&cmd->ws, argv, (size_t)argc, &result, &cmd->problems,
		    err) < 0)
		return -1;
	wrong = cmd->problems.count;
	cmd_print_problems(&cmd->problems);
	if (wrong)
		return err_set(err, result.conf_wrong ? ERR_CONFIG : ERR_DATA,
			"%zu problem%s; looked at %zu letters (%zu files) and "
			"%zu lists",
			wrong, wrong == 1 ? "" : "s", result.letters,
			result.files, result.lists);
	cmd_say(cmd,
		"No problems. Looked at %zu letters (%zu files) and "
		"%zu lists.",
		result.letters, result.files, result.lists);
	return 0;
}
