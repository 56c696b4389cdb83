#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/resolve.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/sending.h"

struct resolve_options {
	bool sent;
	bool again;
	bool yes;
	const char *rest;
	struct maillog_source log;
};

static int
list(struct cmd *cmd, int64_t mailing, struct err *err)
{
	int64_t count;
	struct out *out;
	int rc;

	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = resolve_list(&cmd->ws, mailing, out_rows(out), &count, err);
	if (cmd_finish(out, rc, err) < 0)
		return -1;
	if (count == 0)
		cmd_say(cmd, "Nothing is unknown in mailing %" PRId64 ".",
			mailing);
	else
		cmd_say(cmd,
			"Each may have arrived or not. Ask them, or look in "
			"your provider's log for the Message-ID; then:\n"
			"  openletter resolve %" PRId64 " --sent ADDRESS...    "
			"it arrived\n"
			"  openletter resolve %" PRId64 " --resend ADDRESS...  "
			"it did not; send it again",
			mailing, mailing);
	return 0;
}

static void
print_result(const struct cmd *cmd, const struct resolve_plan *p)
{
	int64_t left = p->unknown - p->sent - p->again;

	cmd_say(cmd,
		"Mailing %" PRId64 ": %" PRId64 " counted as sent, %" PRId64
		" %s, %" PRId64 " unknown still.",
		p->mailing, p->sent, p->again,
		p->state == MAILING_CANCELLED ? "as not sent"
					      : "to be sent again",
		left);
	if (p->later)
		cmd_say(cmd,
			"%" PRId64 " of these were left, since a later mailing "
			"of this letter has them too.",
			p->later);
	if (p->again && p->state == MAILING_CANCELLED)
		cmd_say(cmd, "The mailing is cancelled and sends nothing more; "
			     "`openletter send` makes a new one for them.");
	else if (p->again)
		cmd_say(cmd, "Send them with: openletter resume %" PRId64,
			p->mailing);
}

/* Asks before many letters are settled at once, or may go out twice. */
static int
confirm(const struct resolve_plan *p, struct err *err)
{
	char *question = mem_printf(
		"Of %" PRId64 " unknown letters %" PRId64 " count as sent and "
		"%" PRId64 " are sent again, whether they arrived or not. "
		"Do it (y/N)? ",
		p->unknown, p->sent, p->again);
	int rc = cmd_ask_yes(question, "nothing was changed", err);

	free(question);
	return rc;
}

static int
settle(struct cmd *cmd, const struct resolve_options *o, int64_t mailing,
	char **names, size_t count, struct err *err)
{
	bool all = count == 1 && strcmp(names[0], "all") == 0;
	struct resolve_plan plan = {0};
	struct problems notes = {0};
	int rc;

	if (workspace_lock_sender(&cmd->ws, err) < 0 ||
		sending_recover(cmd, err) < 0)
		return -1;
	rc = o->log.file ? resolve_by_log(&cmd->ws, mailing, &o->log,
				   o->rest != NULL, &plan, &notes, err)
			 : resolve_by_hand(&cmd->ws, mailing, o->again, all,
				   names, count, &plan, err);
	cmd_print_problems(&notes);
	if (rc == 0 && o->log.file && !plan.has_status)
		cmd_say(cmd,
			"%s has no column that is a status, so every message "
			"in it counts as accepted.",
			o->log.file);
	if (rc == 0 && !o->yes && plan.sent + plan.again > 0 &&
		(all || o->rest))
		rc = confirm(&plan, err);
	if (rc == 0)
		rc = resolve_apply(&cmd->ws, &plan, err);
	if (rc == 0)
		print_result(cmd, &plan);
	resolve_plan_release(&plan);
	return rc;
}

static int
check_options(const struct resolve_options *o, int names, struct err *err)
{
	const char *file = o->log.file;

	if (o->sent + o->again + (file != NULL) > 1)
		return err_set(err, ERR_USAGE,
			"--sent, --resend and --log do not go together");
	if ((o->sent || o->again) && names == 0)
		return err_set(err, ERR_USAGE,
			"%s: whose letters? Give addresses, Message-IDs, or "
			"all",
			o->sent ? "--sent" : "--resend");
	if (!o->sent && !o->again && names > 0)
		return err_set(err, ERR_USAGE,
			"say what became of them: --sent or --resend");
	if (!file && (o->log.column || o->log.status || o->rest))
		return err_set(err, ERR_USAGE,
			"--column, --status and --rest go with --log FILE");
	if (o->rest && strcmp(o->rest, "resend") != 0)
		return err_set(err, ERR_USAGE,
			"--rest %s: the only value is \"resend\"; without "
			"--rest they stay unknown",
			o->rest);
	return 0;
}

int
cmd_resolve(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct resolve_options o = {0};
	const struct opt options[] = {
		{"sent", 0, OPT_FLAG, &o.sent, NULL,
			"the letters to WHO arrived"},
		{"resend", 0, OPT_FLAG, &o.again, NULL,
			"they did not; send them again"},
		{"log", 0, OPT_TEXT, &o.log.file, "FILE.csv",
			"what this log of the provider says was accepted is "
			"sent"},
		{"column", 0, OPT_TEXT, &o.log.column, "NAME",
			"its column of Message-IDs"},
		{"status", 0, OPT_TEXT, &o.log.status, "NAME",
			"its column of what happened"},
		{"rest", 0, OPT_TEXT, &o.rest, "resend",
			"send again what is not in the log"},
		{"yes", 'y', OPT_FLAG, &o.yes, NULL, "do not ask"},
		OPT_END,
	};
	int64_t mailing;
	int rc = cmd_begin(
		cmd, options, CMD_STORE, &argc, argv, 1, INT_MAX, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (cmd_mailing(argv[0], &mailing, err) < 0 ||
		check_options(&o, argc - 1, err) < 0)
		return -1;
	if (!o.sent && !o.again && !o.log.file)
		return list(cmd, mailing, err);
	return settle(cmd, &o, mailing, argv + 1, (size_t)(argc - 1), err);
}
