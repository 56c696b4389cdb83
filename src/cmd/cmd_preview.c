#include <string.h>

#include "app/check.h"
#include "cmd/cmd.h"

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
	static const char *const formats[] = {
		[PREVIEW_TEXT] = "text",
		[PREVIEW_HTML] = "html",
		[PREVIEW_EML] = "eml",
	};
	struct buf text = {0};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (rc = PREVIEW_TEXT; cmd->format && rc <= PREVIEW_EML; rc++)
		if (strcmp(cmd->format, formats[rc]) == 0)
			break;
	if (rc > PREVIEW_EML)
		return err_set(err, ERR_USAGE,
			"--format %s: say text, html or eml", cmd->format);
	request.format = (enum preview_format)rc;
	request.letter = argv[0];
	rc = check_preview(&cmd->ws, &request, &text, &cmd->problems, err);
	if (rc == 0) {
		fwrite(buf_str(&text), 1, text.len, stdout);
		rc = out_flush(err);
	}
	buf_release(&text);
	return rc;
}
