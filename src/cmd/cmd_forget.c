#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/erasing.h"

int
cmd_forget(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct erase_request request = {.before = INT64_MAX};
	const char *age = NULL;
	bool look = false, yes = false;
	const struct opt options[] = {
		{"older-than", 0, OPT_TEXT, &age, "AGE",
			"signed longer ago than 2y, 18m, 6w, 90d, or before a "
			"day"},
		{"closed", 0, OPT_FLAG, &request.closed, NULL,
			"in letters whose last day of signing is over"},
		{"dry-run", 0, OPT_FLAG, &look, NULL,
			"only show what would go"},
		{"yes", 'y', OPT_FLAG, &yes, NULL, "do not ask"},
		OPT_END,
	};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (!age && !request.closed)
		return err_set(err, ERR_USAGE,
			"which signatures? say --older-than AGE, --closed or "
			"both");
	if (age && erase_parse_age(age, clock_now(), &request.before, err) < 0)
		return err_prefix(err, "--older-than");
	if (argc > 0)
		request.letter = argv[0];
	return erasing_run(cmd, &request, look, yes, err);
}
