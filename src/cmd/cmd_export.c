#include <string.h>

#include "app/export.h"
#include "cmd/cmd.h"

typedef int
export_fn(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct err *err);

/* What is no listing. Returns NULL for the rest. */
static export_fn *
find_document(const char *format)
{
	static const struct {
		const char *format;
		export_fn *export;
	} documents[] = {
		{"osdi", export_osdi},
		{"html", export_html},
	};

	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
		if (format && strcmp(format, documents[i].format) == 0)
			return documents[i].export;
	return NULL;
}

static int
print(void *ctx, const char *data, size_t len, struct err *err)
{
	(void)ctx;
	return out_write(data, len, err);
}

static int
refuse_bom(struct err *err)
{
	return err_set(err, ERR_USAGE,
		"--bom is for spreadsheets; it goes with --format csv");
}

static int
print_rows(struct cmd *cmd, const struct export_request *request, bool bom,
	struct err *err)
{
	enum out_format format;
	struct out *out;

	if (request->lang)
		return err_set(err, ERR_USAGE,
			"--lang is the language of the title, with --format "
			"html or osdi; a listing has all signatures");
	if (cmd_format(cmd, &format, err) < 0)
		return err_set(err, ERR_USAGE,
			"--format %s: say table, csv, json, jsonl, osdi or "
			"html",
			cmd->format);
	if (bom && format != OUT_CSV)
		return refuse_bom(err);
	out = out_new(format, cmd->verbose);
	if (bom)
		out_bom(out);
	return cmd_finish(
		out, export_rows(&cmd->ws, request, out_rows(out), err), err);
}

int
cmd_export(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct export_request request = {0};
	const char *audience = "public";
	bool bom = false;
	const struct opt options[] = {
		{"audience", 0, OPT_TEXT, &audience, "WHO",
			"public, recipient or organisers (default public)"},
		{"format", 0, OPT_TEXT, &cmd->format, "FORMAT",
			"table, csv, json, jsonl; osdi (JSON for other "
			"platforms) or html (a page)"},
		{"bom", 0, OPT_FLAG, &bom, NULL,
			"begin CSV with a byte order mark, for Excel"},
		{"lang", 0, OPT_TEXT, &request.lang, "LANG",
			"title of the page in this language (default: the "
			"organiser's)"},
		OPT_END,
	};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);
	export_fn *export = find_document(cmd->format);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	request.letter = argv[0];
	if (viewer_parse(audience, &request.viewer) < 0)
		return err_set(err, ERR_USAGE,
			"--audience %s: say public, recipient or organisers",
			audience);
	if (!export)
		return print_rows(cmd, &request, bom, err);
	if (bom)
		return refuse_bom(err);
	if (export(&cmd->ws, &request, print, NULL, err) < 0)
		return -1;
	return out_flush(err);
}
