/* confirm, withdraw and reject: by addresses at once; by a filter after showing
 * whom it takes and asking. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/life.h"
#include "base/mem.h"
#include "cmd/cmd.h"

struct life_options {
	struct life_request request;
	bool dry_run;
	bool yes;
};

static void
print_preview(const struct cmd *cmd, const char *letter, struct life_plan *plan)
{
	cmd_say(cmd, "%zu signatures of %s:", plan->count, letter);
	fputs(buf_str(&plan->first), stderr);
	if (plan->count > LIFE_FIRST_SHOWN)
		fprintf(stderr, "  and %zu more; --dry-run lists them all\n",
			plan->count - LIFE_FIRST_SHOWN);
}

static int
list_plan(struct cmd *cmd, const struct life_options *o, struct err *err)
{
	struct life_plan plan;
	struct out *out;
	int rc;

	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rc = life_plan(&cmd->ws, &o->request, &plan, out_rows(out), err);
	rc = cmd_finish(out, rc, err);
	if (rc == 0)
		cmd_say(cmd, "%zu signatures would be %s.", plan.count,
			signature_state_name(o->request.to));
	life_plan_release(&plan);
	return rc;
}

static void
print_result(const struct cmd *cmd, const struct life_options *o,
	const struct life_result *r)
{
	const char *state = signature_state_name(o->request.to);

	if (r->done == 1)
		cmd_say(cmd, "The signature is %s and counts %s.", state,
			o->request.to == SIGNATURE_CONFIRMED ? "now"
							     : "no more");
	else
		cmd_say(cmd, "%" PRId64 " signatures are %s.", r->done, state);
	if (r->left)
		cmd_say(cmd,
			"%" PRId64 " were changed meanwhile and left alone.",
			r->left);
	if (r->done)
		cmd_say(cmd,
			"This was change %" PRId64 "; `openletter undo %" PRId64
			"` takes it back.",
			r->change, r->change);
}

/* Asks before a filter, which may take more than was thought, does it. */
static int
ask(const struct cmd *cmd, const struct life_options *o, struct life_plan *plan,
	struct err *err)
{
	char *question;
	int rc;

	if (o->request.email_count > 0 || o->yes || plan->count == 0)
		return 0;
	print_preview(cmd, o->request.letter, plan);
	question = mem_printf("Shall they be %s (y/N)? ",
		signature_state_name(o->request.to));
	rc = cmd_ask_yes(question, "nothing was changed", err);
	free(question);
	return rc;
}

static int
change(struct cmd *cmd, const struct life_options *o, struct err *err)
{
	struct life_result result;
	struct life_plan plan;
	int rc = life_plan(&cmd->ws, &o->request, &plan, NULL, err);

	if (rc == 0)
		rc = ask(cmd, o, &plan, err);
	if (rc == 0)
		rc = life_apply(&cmd->ws, &plan, &result, err);
	life_plan_release(&plan);
	if (rc == 0)
		print_result(cmd, o, &result);
	return rc;
}

static bool
has_filter(const struct life_filter *f)
{
	return f->domain || f->source || f->since || f->until || f->state ||
	       f->batch;
}

static int
check_options(
	const struct cmd *cmd, const struct life_options *o, struct err *err)
{
	const struct life_request *r = &o->request;

	if (r->use && has_filter(&r->filter))
		return err_set(err, ERR_USAGE,
			"--filter %s says it all; leave the other conditions "
			"out",
			r->use);
	if (r->name && r->email_count == 0)
		return err_set(err, ERR_USAGE,
			"--name goes with an address: it says who of those who "
			"share it");
	if (r->email_count == 0 && !r->use && !has_filter(&r->filter))
		return err_set(err, ERR_USAGE,
			"which signatures? give addresses, or say which, such "
			"as --domain example.org; see openletter %s -h",
			cmd->command->name);
	if (r->save && (r->email_count > 0 || r->use))
		return err_set(err, ERR_USAGE,
			"--save keeps conditions, not addresses or a filter "
			"that is kept already");
	return 0;
}

static int
confirm_token(struct cmd *cmd, const char *token, struct err *err)
{
	if (life_confirm(&cmd->ws, token, err) < 0)
		return -1;
	cmd_say(cmd, "Confirmed. The signature counts.");
	return 0;
}

static int
run(struct cmd *cmd, enum signature_state to, int argc, char **argv,
	struct err *err)
{
	struct life_options o = {.request.to = to};
	struct life_request *r = &o.request;
	const struct opt options[] = {
		{"name", 0, OPT_TEXT, &r->name, "NAME",
			"who, of those who share the address"},
		{"domain", 0, OPT_TEXT, &r->filter.domain, "DOMAIN",
			"whose address is there"},
		{"source", 0, OPT_TEXT, &r->filter.source, "TEXT",
			"what came from there"},
		{"batch", 0, OPT_NUMBER, &r->filter.batch, "N",
			"what came with this import"},
		{"since", 0, OPT_TEXT, &r->filter.since, "TIME",
			"what was signed then or later"},
		{"until", 0, OPT_TEXT, &r->filter.until, "TIME",
			"what was signed then or earlier"},
		{"state", 0, OPT_TEXT, &r->filter.state, "STATE",
			to == SIGNATURE_CONFIRMED
				? "what is pending (the default) or expired"
				: "what is pending or confirmed (default: "
				  "both)"},
		{"filter", 0, OPT_TEXT, &r->use, "NAME",
			"the conditions kept under this name"},
		{"save", 0, OPT_TEXT, &r->save, "NAME",
			"keep these conditions under this name"},
		{"dry-run", 0, OPT_FLAG, &o.dry_run, NULL,
			"list them, change nothing"},
		{"yes", 'y', OPT_FLAG, &o.yes, NULL, "do not ask"},
		OPT_END,
	};
	int rc = cmd_begin(
		cmd, options, CMD_STORE, &argc, argv, 1, INT_MAX, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	/* The name of a letter has a slash in it, a token has none. */
	if (to == SIGNATURE_CONFIRMED && argc == 1 && !strchr(argv[0], '/'))
		return confirm_token(cmd, argv[0], err);
	r->letter = argv[0];
	r->emails = argv + 1;
	r->email_count = (size_t)(argc - 1);
	if (check_options(cmd, &o, err) < 0)
		return -1;
	return o.dry_run ? list_plan(cmd, &o, err) : change(cmd, &o, err);
}

int
cmd_confirm(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return run(cmd, SIGNATURE_CONFIRMED, argc, argv, err);
}

int
cmd_withdraw(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return run(cmd, SIGNATURE_WITHDRAWN, argc, argv, err);
}

int
cmd_reject(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	return run(cmd, SIGNATURE_REJECTED, argc, argv, err);
}
