#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/sign.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

enum {
	MAPS_MAX = OPT_LIST_MAX
};

/* Takes COLUMN=field apart, in place. */
static int
read_maps(const struct opt_list *list, struct column_map *maps, struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		char *copy = mem_strdup(list->items[i]);
		char *equals = strrchr(copy, '=');

		maps[i].column = copy;
		if (!equals || equals == copy)
			return err_set(err, ERR_USAGE,
				"--map %s: write --map COLUMN=field",
				list->items[i]);
		*equals = '\0';
		maps[i].field = equals + 1;
	}
	return 0;
}

static int
read_delimiter(const char *text, char *out, struct err *err)
{
	if (str_ieq(text, "tab") || strcmp(text, "\\t") == 0)
		text = "\t";
	if (strlen(text) != 1 || !strchr(",;\t", *text))
		return err_set(err, ERR_USAGE,
			"--delimiter %s: say , or ; or tab", text);
	*out = *text;
	return 0;
}

static int
read_dialect(const char *encoding, const char *delimiter,
	struct import_request *request, struct err *err)
{
	if (encoding && encoding_parse(encoding, &request->encoding, err) < 0)
		return err_prefix(err, "--encoding");
	return delimiter ? read_delimiter(delimiter, &request->delimiter, err)
			 : 0;
}

static void
show_progress(
	void *ctx, const struct import_result *r, int64_t place, int64_t end)
{
	struct progress *p = ctx;

	if (!progress_due(p, r->rows, place, end))
		return;
	progress_part(p, 90, "%" PRId64 " rows", r->rows);
	progress_part(p, 50, "%" PRId64 " new", r->added);
	progress_part(
		p, 60, "%" PRId64 " there already", r->again + r->tighter);
	progress_part(p, 70, "%" PRId64 " rejected", r->rejected);
	progress_part_rate(p, 30);
	progress_part_left(p, 80);
	progress_draw(p);
}

static void
print_result(const struct cmd *cmd, const struct import_request *request,
	const struct import_result *r)
{
	cmd_say(cmd,
		"%s%" PRId64 " rows: %" PRId64 " new, %" PRId64
		" there already, %" PRId64 " rejected.",
		request->dry_run ? "Would be: " : "", r->rows, r->added,
		r->again + r->tighter, r->rejected);
	if (r->tighter)
		cmd_say(cmd,
			"%" PRId64 " of them now have a tighter visibility.",
			r->tighter);
	if (r->withdrawn)
		cmd_say(cmd,
			"%" PRId64 " not taken: they withdrew their signature "
			"before.",
			r->withdrawn);
	if (r->refused)
		cmd_say(cmd,
			"%" PRId64 " not taken: their signature was rejected "
			"before.",
			r->refused);
	if (r->erased)
		cmd_say(cmd, "%" PRId64 " not taken: they were erased before.",
			r->erased);
	if (r->idle)
		cmd_say(cmd,
			"%" PRId64 " not taken: their state is pending, "
			"withdrawn or the like, so they do not count.",
			r->idle);
	if (*r->unused)
		cmd_say(cmd, "Columns that were not taken: %s.", r->unused);
	if (r->rejects)
		cmd_say(cmd,
			"The rejected rows and why are in %s; mend them there "
			"and import that file.",
			r->rejects);
	if (r->batch)
		cmd_say(cmd, "This was batch %" PRId64 ".", r->batch);
}

int
cmd_import(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct opt_list list = {0};
	struct column_map maps[MAPS_MAX] = {0};
	struct progress progress;
	struct import_request request = {
		.maps = maps,
		.watch = show_progress,
		.watch_ctx = &progress,
	};
	const char *encoding = NULL, *delimiter = NULL;
	const struct opt options[] = {
		{"source", 0, OPT_TEXT, &request.source, "TEXT",
			"where the signatures come from (default: FILE)"},
		{"map", 0, OPT_LIST, &list, "COLUMN=field",
			"what a column means; may be given several times"},
		{"encoding", 0, OPT_TEXT, &encoding, "NAME",
			"windows-1256, utf-16le ... (default: UTF-8, or what "
			"the file says)"},
		{"delimiter", 0, OPT_TEXT, &delimiter, "SIGN",
			", or ; or tab (default: what the first line has)"},
		{"month-first", 0, OPT_FLAG, &request.month_first, NULL,
			"7/1/2010 is 1 July (default: 7 January)"},
		{"dry-run", 0, OPT_FLAG, &request.dry_run, NULL,
			"say what would happen, store nothing"},
		OPT_END,
	};
	struct import_result result = {0};
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 2, 2, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	request.letter = argv[0];
	request.file = argv[1];
	request.map_count = list.count;
	progress_begin(&progress, cmd_progress_wanted(cmd));
	rc = read_maps(&list, maps, err);
	if (rc == 0)
		rc = read_dialect(encoding, delimiter, &request, err);
	if (rc == 0)
		rc = sign_import(
			&cmd->ws, &request, &result, &cmd->problems, err);
	progress_clear(&progress);
	for (size_t i = 0; i < MAPS_MAX; i++)
		free((void *)(uintptr_t)maps[i].column);
	if (rc == 0)
		print_result(cmd, &request, &result);
	free(result.rejects);
	free(result.unused);
	if (rc < 0)
		return -1;
	return result.rejected ? CMD_SOME_FAILED : 0;
}
