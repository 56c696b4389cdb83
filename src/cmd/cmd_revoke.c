/* revoke, and what it is about: batches, and the signatures that repeat
 * others. */
#include <inttypes.h>
#include <stdlib.h>

#include "app/batch.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

static int
list(struct cmd *cmd, int argc, char **argv, int least,
	int (*lister)(struct workspace *ws, const char *letter,
		struct rows *rows, struct err *err),
	struct err *err)
{
	static const struct opt options[] = {OPT_END};
	struct out *out;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, least, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = lister(&cmd->ws, argc ? argv[0] : NULL, out_rows(out), err);
	return cmd_finish(out, rc, err);
}

int
cmd_batches(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return list(cmd, argc, argv, 0, batch_list, err);
}

int
cmd_duplicates(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return list(cmd, argc, argv, 1, batch_list_duplicates, err);
}

static void
show_progress(void *ctx, int64_t done, int64_t of)
{
	struct progress *p = ctx;

	if (!progress_due(p, done, done, of))
		return;
	progress_part(p, 90, "%" PRId64 " of %" PRId64 " signers", done, of);
	progress_part_rate(p, 30);
	progress_part_left(p, 80);
	progress_draw(p);
}

static int
revoke(struct cmd *cmd, int64_t batch, bool really, struct batch_revoked *out,
	struct err *err)
{
	struct progress progress;
	int rc;

	progress_begin(&progress, cmd_progress_wanted(cmd));
	rc = batch_revoke(
		&cmd->ws, batch, really, out, show_progress, &progress, err);
	progress_clear(&progress);
	return rc;
}

static void
print_revoked(
	const struct cmd *cmd, int64_t batch, const struct batch_revoked *r)
{
	char day[CLOCK_TIME_MAX];
	int64_t handed = r->counted - (r->before - r->after);

	clock_format_day(r->at, day);
	cmd_say(cmd,
		"Batch %" PRId64 ", %s, of %s for %s: %" PRId64
		" signatures that count, %" PRId64 " that repeat others.",
		batch, r->source, day, r->letter, r->counted, r->repeated);
	if (handed > 0)
		cmd_say(cmd,
			"Of these people %" PRId64 " also signed elsewhere: "
			"that signature counts in its place.",
			handed);
	cmd_say(cmd, "Total: %" PRId64 " before, %" PRId64 " after.", r->before,
		r->after);
}

/* What would be is what is done, and then not kept. */
static int
preview(struct cmd *cmd, int64_t batch, struct err *err)
{
	struct batch_revoked would;
	int rc = revoke(cmd, batch, false, &would, err);

	if (rc == 0)
		print_revoked(cmd, batch, &would);
	batch_revoked_release(&would);
	return rc;
}

int
cmd_revoke(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	bool yes = false, dry_run = false;
	const struct opt options[] = {
		{"dry-run", 0, OPT_FLAG, &dry_run, NULL,
			"say what would be, change nothing"},
		{"yes", 'y', OPT_FLAG, &yes, NULL, "do not ask"},
		OPT_END,
	};
	struct batch_revoked revoked;
	int64_t batch;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_number(argv[0], "batch", "batches", &batch, err) < 0 ||
		((dry_run || !yes) && preview(cmd, batch, err) < 0))
		return -1;
	if (dry_run)
		return 0;
	if (!yes && cmd_ask_yes("Revoke it (y/N)? ", "nothing was changed",
			    err) < 0)
		return -1;
	rc = revoke(cmd, batch, true, &revoked, err);
	if (rc == 0 && yes)
		print_revoked(cmd, batch, &revoked);
	if (rc == 0)
		cmd_say(cmd, "Revoked. Importing the file again brings it "
			     "back.");
	batch_revoked_release(&revoked);
	return rc;
}
