#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "app/export.h"
#include "app/handover.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

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
			"html, osdi or pdf; a listing has all signatures");
	if (cmd_format(cmd, &format, err) < 0)
		return err_set(err, ERR_USAGE,
			"--format %s: say table, csv, json, jsonl, osdi, html "
			"or pdf",
			cmd->format);
	if (bom && format != OUT_CSV)
		return refuse_bom(err);
	out = out_new(format, cmd->verbose);
	if (bom)
		out_bom(out);
	return cmd_finish(
		out, export_rows(&cmd->ws, request, out_rows(out), err), err);
}

static void
show_progress(void *ctx, int64_t done, int64_t end)
{
	struct progress *p = ctx;

	if (!progress_due(p, done, done, end))
		return;
	progress_part(p, 90, "%d %%", (int)(100 * done / end));
	progress_part_left(p, 80);
	progress_draw(p);
}

static int
print_pdf(
	struct cmd *cmd, const struct handover_request *given, struct err *err)
{
	struct handover_request request = *given;
	struct handover_result made;
	struct progress progress;
	int rc;

	if (isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE,
			"a PDF is nothing for a terminal; write it into a "
			"file: openletter export %s --format pdf > FILE.pdf",
			request.letter);
	progress_begin(&progress, cmd_progress_wanted(cmd));
	request.watch = show_progress;
	request.watch_ctx = &progress;
	rc = handover_make(
		&cmd->ws, &request, print, NULL, &made, &cmd->problems, err);
	progress_clear(&progress);
	if (rc < 0 || out_flush(err) < 0)
		return -1;
	if (made.unreadable)
		cmd_say(cmd,
			"%" PRId64 " of the names have characters that no font "
			"of this computer has, and show as boxes; install "
			"fonts for their scripts, such as fonts-noto, and "
			"export again",
			made.unreadable);
	return 0;
}

static int
print_export(struct cmd *cmd, const struct export_request *request, bool bom,
	struct err *err)
{
	export_fn *export = find_document(cmd->format);

	if (!export)
		return print_rows(cmd, request, bom, err);
	if (bom)
		return refuse_bom(err);
	if (export(&cmd->ws, request, print, NULL, err) < 0)
		return -1;
	return out_flush(err);
}

int
cmd_export(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct export_request request = {0};
	struct handover_request pdf = {0};
	const char *audience = NULL;
	bool bom = false, is_pdf;
	const struct opt options[] = {
		{"audience", 0, OPT_TEXT, &audience, "WHO",
			"public, recipient or organisers (default public, of "
			"a PDF recipient)"},
		{"format", 0, OPT_TEXT, &cmd->format, "FORMAT",
			"table, csv, json, jsonl; osdi (JSON for other "
			"platforms), html (a page) or pdf (to hand over)"},
		{"bom", 0, OPT_FLAG, &bom, NULL,
			"begin CSV with a byte order mark, for Excel"},
		{"lang", 0, OPT_TEXT, &request.lang, "LANG",
			"title of the page, letter of the PDF in this "
			"language (default: the organiser's)"},
		{"recipient", 0, OPT_TEXT, &pdf.recipient, "EMAIL",
			"pdf: with the letter to this recipient"},
		{"paper", 0, OPT_TEXT, &pdf.paper, "SIZE",
			"pdf: a4 (default) or letter"},
		OPT_END,
	};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	is_pdf = cmd->format && strcmp(cmd->format, "pdf") == 0;
	if (!audience)
		audience = is_pdf ? "recipient" : "public";
	request.letter = argv[0];
	if (viewer_parse(audience, &request.viewer) < 0)
		return err_set(err, ERR_USAGE,
			"--audience %s: say public, recipient or organisers",
			audience);
	if (!is_pdf && (pdf.recipient || pdf.paper))
		return err_set(err, ERR_USAGE,
			"--recipient and --paper go with --format pdf only");
	if (!is_pdf)
		return print_export(cmd, &request, bom, err);
	if (bom)
		return refuse_bom(err);
	pdf.letter = request.letter;
	pdf.lang = request.lang;
	pdf.viewer = request.viewer;
	return print_pdf(cmd, &pdf, err);
}
