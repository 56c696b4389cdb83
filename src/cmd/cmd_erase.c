#include <string.h>

#include "cmd/cmd.h"
#include "cmd/erasing.h"

/* Reads the only argument: a letter with a name, else an address. */
static int
read_who(const char *who, const char *as, struct signature *s,
	struct erase_request *request, struct err *err)
{
	const bool by_name = s->name || s->organisation;

	if (as && signature_kind_parse(as, &s->kind) < 0)
		return err_set(err, ERR_USAGE,
			"--as %.40s: say person or organisation", as);
	if (!by_name && (s->country || s->postcode || as))
		return err_set(err, ERR_USAGE,
			"of somebody without an address say --name and "
			"--country");
	if (by_name && strchr(who, '@'))
		return err_set(err, ERR_USAGE,
			"%s: an address needs no name; with a name goes the "
			"letter that was signed without an address",
			who);
	if (by_name) {
		request->letter = who;
		request->s = s;
	} else {
		request->email = who;
	}
	return 0;
}

int
cmd_erase(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct signature s = {0};
	struct erase_request request = {0};
	const char *as = NULL;
	bool look = false, yes = false;
	const struct opt options[] = {
		{"name", 0, OPT_TEXT, &s.name, "NAME",
			"of somebody who signed without an address"},
		{"as", 0, OPT_TEXT, &as, "KIND", "person or organisation"},
		{"organisation", 0, OPT_TEXT, &s.organisation, "NAME",
			"its name, with --as organisation"},
		{"country", 0, OPT_TEXT, &s.country, "CC", "with --name"},
		{"postcode", 0, OPT_TEXT, &s.postcode, "CODE", "with --name"},
		{"dry-run", 0, OPT_FLAG, &look, NULL,
			"only show what would go"},
		{"yes", 'y', OPT_FLAG, &yes, NULL, "do not ask"},
		OPT_END,
	};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (read_who(argv[0], as, &s, &request, err) < 0)
		return -1;
	return erasing_run(cmd, &request, look, yes, err);
}
