#include "cmd/erasing.h"

#include <inttypes.h>
#include <string.h>

static const char *
plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void
show(const struct cmd *cmd, const struct erase_plan *plan)
{
	for (size_t i = 0; i < plan->letter_count; i++)
		cmd_say(cmd, "  %" PRId64 " signature%s of %s",
			plan->letters[i].signatures,
			plural(plan->letters[i].signatures),
			plan->letters[i].name);
	if (plan->organisations)
		cmd_say(cmd,
			"  (of %" PRId64 " organisation%s only who signed for "
			"it; its name stays)",
			plan->organisations, plural(plan->organisations));
	if (plan->messages)
		cmd_say(cmd,
			"  %" PRId64 " message%s to them or in their name: "
			"address and text",
			plan->messages, plural(plan->messages));
	if (plan->open)
		cmd_say(cmd, "  (%" PRId64 " not sent yet: cancelled)",
			plan->open);
	if (plan->unknown)
		cmd_say(cmd,
			"  (%" PRId64 " unknown: they stay so, and are never "
			"sent again)",
			plan->unknown);
	if (plan->readers)
		cmd_say(cmd, "  (%" PRId64 " asked for news: no more)",
			plan->readers);
	if (plan->suppressed)
		cmd_say(cmd, "  the address among the suppressed ones");
}

static void
say_kept(const struct cmd *cmd, const struct erase_plan *plan)
{
	if (plan->kept)
		cmd_say(cmd,
			"%" PRId64 " more stay for now: a letter to them or in "
			"their name is under way or unknown.",
			plan->kept);
}

/* Returns 1 when there is something to erase and it is to be done, 0, -1. */
static int
ask(struct cmd *cmd, const struct erase_request *request, bool look, bool yes,
	struct err *err)
{
	struct erase_plan plan;
	int rc = erase_look(&cmd->ws, request, &plan, err);
	const bool any = rc == 0 && erase_plan_any(&plan);

	if (any) {
		cmd_say(cmd, "This goes for good:");
		show(cmd, &plan);
		if (plan.counted)
			cmd_say(cmd,
				"%" PRId64 " signature%s stay%s counted, "
				"without a name.",
				plan.counted, plural(plan.counted),
				plan.counted == 1 ? "s" : "");
		say_kept(cmd, &plan);
	} else if (rc == 0) {
		cmd_say(cmd, plan.erased ? "This person was erased before."
					 : "There is nothing to erase.");
		say_kept(cmd, &plan);
	}
	if (any && !look && !yes)
		rc = cmd_ask_yes("Erase it? [y/N] ", "nothing was erased", err);
	erase_plan_release(&plan);
	return rc < 0 ? -1 : any && !look;
}

int
erasing_run(struct cmd *cmd, const struct erase_request *request, bool look,
	bool yes, struct err *err)
{
	struct erase_plan plan = {0};
	int rc = ask(cmd, request, look, yes, err);
	int due;

	if (rc < 0 || look)
		return rc < 0 ? -1 : 0;
	if (rc > 0)
		rc = erase_do(&cmd->ws, request, &plan, err);
	erase_plan_release(&plan);
	if (rc < 0)
		return -1;
	due = erase_scrub_is_due(&cmd->ws, err);
	if (due <= 0)
		return due;
	if (erase_scrub(&cmd->ws, err) < 0)
		return -1;
	cmd_say(cmd, "Erased, and the database was written anew without it.");
	cmd_say(cmd,
		"Not in reach: imported lists and their .rejects.csv, exported "
		"files, Maildirs of --outbox, lists of recipients, backups.");
	return 0;
}
