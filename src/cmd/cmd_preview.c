#include <string.h>

#include "app/check.h"
#include "cmd/cmd.h"

static int
print(const struct composed *letter, const struct buf *eml, const char *format,
	struct err *err)
{
	if (strcmp(format, "eml") == 0)
		fwrite(buf_str(eml), 1, eml->len, stdout);
	else if (strcmp(format, "html") == 0)
		printf("%s", buf_str(&letter->html));
	else
		printf("Subject: %s\n\n%s", buf_str(&letter->subject),
			buf_str(&letter->text));
	return out_flush(err);
}

int
cmd_preview(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct preview_request request = {0};
	const struct opt options[] = {
		{"recipient", 0, OPT_TEXT, &request.recipient, "EMAIL",
			"the row with this address (default: the first)"},
		{"lang", 0, OPT_TEXT, &request.lang, "LANG",
			"in this language (default: the row's)"},
		{"format", 0, OPT_TEXT, &cmd->format, "FORMAT",
			"text, html or eml (the whole message)"},
		OPT_END,
	};
	struct composed letter = {0};
	struct buf eml = {0};
	const char *format;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	format = cmd->format ? cmd->format : "text";
	if (strcmp(format, "text") && strcmp(format, "html") &&
		strcmp(format, "eml"))
		return err_set(err, ERR_USAGE,
			"--format %s: say text, html or eml", format);
	request.letter = argv[0];
	request.eml = strcmp(format, "eml") == 0;
	rc = check_preview(
		&cmd->ws, &request, &letter, &eml, &cmd->problems, err);
	if (rc == 0)
		rc = print(&letter, &eml, format, err);
	composed_release(&letter);
	buf_release(&eml);
	return rc;
}
