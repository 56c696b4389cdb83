#include <stdio.h>
#include <string.h>

#include "app/count.h"
#include "cmd/cmd.h"
#include "core/lang.h"

static int
check_lang(const struct count_request *request, bool chart, struct err *err)
{
	bool named = request->by && strcmp(request->by, "country") == 0;

	if (!request->lang)
		return 0;
	if (!lang_valid(request->lang))
		return err_set(err, ERR_USAGE,
			"--lang %s: not a language tag such as en or fa",
			request->lang);
	if (!chart && !named)
		return err_set(err, ERR_USAGE,
			"--lang goes with --chart and --by country");
	return 0;
}

static int
print_chart(
	struct cmd *cmd, const struct count_request *request, struct err *err)
{
	struct buf svg = {0};
	int rc;

	if (cmd->format)
		return err_set(err, ERR_USAGE,
			"--chart prints SVG; leave --format out");
	rc = count_chart(&cmd->ws, request, &svg, err);
	if (rc == 0) {
		fwrite(buf_str(&svg), 1, svg.len, stdout);
		rc = out_flush(err);
	}
	buf_release(&svg);
	return rc;
}

int
cmd_count(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct count_request request = {0};
	bool chart = false;
	const struct opt options[] = {
		{"by", 0, OPT_TEXT, &request.by, "FIELD",
			"country, day, week, language, organisation, source, "
			"visibility or state"},
		{"since", 0, OPT_TEXT, &request.since, "DAY",
			"with --by day or week: from this day on"},
		{"until", 0, OPT_TEXT, &request.until, "DAY",
			"with --by day or week: to the end of this day"},
		{"chart", 0, OPT_FLAG, &chart, NULL,
			"print a chart (SVG) by country, day or week; without "
			"--by of the growth"},
		{"lang", 0, OPT_TEXT, &request.lang, "LANG",
			"of charts and names of countries (default: the "
			"organiser's)"},
		OPT_END,
	};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 0, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	request.letter = argc ? argv[0] : NULL;
	if (check_lang(&request, chart, err) < 0)
		return -1;
	if (chart)
		return print_chart(cmd, &request, err);
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = count_list(&cmd->ws, &request, out_rows(out), err);
	return cmd_finish(out, rc, err);
}
