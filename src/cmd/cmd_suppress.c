#include <inttypes.h>

#include "app/suppression.h"
#include "cmd/cmd.h"

static int
list(struct cmd *cmd, struct err *err)
{
	struct out *out;

	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	return cmd_finish(
		out, suppression_list(&cmd->ws, out_rows(out), err), err);
}

static int
add_file(struct cmd *cmd, const char *file, struct err *err)
{
	struct suppression_result r;

	if (suppression_add_file(&cmd->ws, file, &r, &cmd->problems, err) < 0)
		return -1;
	cmd_say(cmd,
		"%" PRId64 " addresses get no more mail as supporters, %" PRId64
		" were suppressed already, %" PRId64 " rows have no address.",
		r.added, r.known, r.bad);
	return r.bad ? CMD_SOME_FAILED : 0;
}

static int
take_out(struct cmd *cmd, const char *email, bool yes, struct err *err)
{
	if (!yes && cmd_ask_yes("May this address get mail again, as its owner "
				"asked for? [y/N] ",
			    "nothing was changed", err) < 0)
		return -1;
	if (suppression_remove(&cmd->ws, email, err) < 0)
		return -1;
	cmd_say(cmd, "This address is suppressed no more.");
	return 0;
}

int
cmd_suppress(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	const char *file = NULL, *remove = NULL;
	bool yes = false;
	const struct opt options[] = {
		{"file", 0, OPT_TEXT, &file, "FILE.csv",
			"all addresses of a file with a column \"email\""},
		{"remove", 0, OPT_TEXT, &remove, "EMAIL",
			"let this address get mail again"},
		{"yes", 'y', OPT_FLAG, &yes, NULL, "do not ask"},
		OPT_END,
	};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (argc + !!file + !!remove > 1)
		return err_set(err, ERR_USAGE,
			"say one of EMAIL, --file and --remove");
	if (file)
		return add_file(cmd, file, err);
	if (remove)
		return take_out(cmd, remove, yes, err);
	if (argc == 0)
		return list(cmd, err);
	rc = suppression_add(&cmd->ws, argv[0], err);
	if (rc < 0)
		return -1;
	cmd_say(cmd, rc ? "This address gets no more mail as a supporter."
			: "This address was suppressed already.");
	return 0;
}
