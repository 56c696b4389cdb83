#include <inttypes.h>

#include "app/send.h"
#include "base/clock.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/rounds.h"
#include "cmd/sending.h"

enum {
	NOTES_SHOWN = 20,
	AT_MOST_S = 366 * CLOCK_DAY_S,
};

struct send_options {
	struct send_request request;
	bool for_signers;
	bool to_signers;
	bool dry_run;
	bool yes;
	const char *attach; /* --attach-signatures */
	const char *at;
	struct rounds_options rounds;
};

static const char *
describe_audience(const struct send_plan *plan)
{
	switch (plan->audience) {
	case AUDIENCE_FOR_SIGNERS:
		return "in each signer's name, to the recipients";
	case AUDIENCE_TO_SIGNERS:
		return "to the supporters who asked for news";
	default:
		return "to the recipients";
	}
}

static void
print_limits(const char *what, const struct conf_limit *limits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, ", %s %ld/%s", what, limits[i].count,
			conf_window_name(limits[i].window_s));
}

static void
print_account(const struct send_plan *plan)
{
	const struct conf_account *a = plan->account;
	char span[CLOCK_TIME_MAX];

	if (!a)
		return;
	fprintf(stderr, "Through:  [smtp %s] %s:%d", a->name, a->host, a->port);
	print_limits("rate", a->rate, a->rate_count);
	print_limits("quota", a->quota, a->quota_count);
	fputc('\n', stderr);
	if (plan->span_s > 0) {
		clock_format_span(plan->span_s, span);
		fprintf(stderr, "Takes:    at least %s\n", span);
	}
}

/* The summary that is shown before anything is sent. */
static void
print_plan(const struct send_plan *plan)
{
	const struct enlisted *e = &plan->enlisted;
	char at[CLOCK_TIME_MAX], local[CLOCK_TIME_MAX];

	fprintf(stderr, "Letter:   %s: %s\n", plan->letter, plan->title);
	fprintf(stderr, "From:     %s\n", plan->from);
	fprintf(stderr, "Audience: %s%s%s%s%s\n", describe_audience(plan),
		*plan->lists ? " of " : "", plan->lists,
		plan->test ? "; one test message only" : "",
		e->copies ? "; with copies" : "");
	fprintf(stderr, "Messages: %" PRId64, e->queued);
	for (size_t i = 0; i < e->langs.count; i++)
		fprintf(stderr, "%s%s %s", i ? ", " : " (",
			e->langs.items[i].name, e->langs.items[i].value);
	fprintf(stderr, "%s\n", e->langs.count ? ")" : "");
	if (plan->list)
		fprintf(stderr, "With:     a list of %" PRId64 " names\n",
			plan->names);
	if (plan->milestone.due)
		fprintf(stderr,
			"Reached:  %" PRId64 " signatures; there are %" PRId64
			"\n",
			plan->milestone.due, plan->milestone.total);
	if (e->reached)
		fprintf(stderr,
			"Left out: %" PRId64 " who got this letter already "
			"(--again writes to them too)\n",
			e->reached);
	if (e->repeats)
		fprintf(stderr, "Left out: %" PRId64 " repeated addresses\n",
			e->repeats);
	if (e->suppressed)
		fprintf(stderr, "Left out: %" PRId64 " who want no more mail\n",
			e->suppressed);
	if (e->skipped)
		fprintf(stderr,
			"Skipped:  %" PRId64 " rows that cannot be used\n",
			e->skipped);
	if (plan->leave)
		fprintf(stderr, "Leaving:  %s%s\n", plan->leave,
			str_starts(plan->leave, "mailto:")
				? ""
				: ", which must answer (openletter.conf(5)), "
				  "or by mail");
	print_account(plan);
	if (plan->start_at) {
		clock_format_time(plan->start_at, at);
		clock_format_local(plan->start_at, local);
		fprintf(stderr, "Goes out: at %s (%s here)\n", at, local);
	}
	if (e->first_to)
		fprintf(stderr,
			"\nThe first message, to %s:\n\nSubject: %s\n\n%s\n",
			e->first_to, e->first_subject, e->first_text);
}

/* The same as one row, for programs. */
static int
list_plan(struct cmd *cmd, const struct send_plan *plan, struct err *err)
{
	static const struct column columns[] = {
		{"letter", COLUMN_ALWAYS},
		{"audience", COLUMN_ALWAYS},
		{"lists", COLUMN_ALWAYS},
		{"from", COLUMN_ALWAYS},
		{"account", COLUMN_ALWAYS},
		{"messages", COLUMN_ALWAYS},
		{"copies", COLUMN_COUNT},
		{"reached", COLUMN_COUNT},
		{"repeats", COLUMN_COUNT},
		{"suppressed", COLUMN_COUNT},
		{"skipped", COLUMN_COUNT},
		{"seconds", COLUMN_COUNT},
	};
	const struct enlisted *e = &plan->enlisted;
	struct out *out;
	struct rows *rows;

	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	rows = out_rows(out);
	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return cmd_finish(out,
		rows->add(rows,
			(struct cell[]){
				{.text = plan->letter},
				{.text = audience_name(
					 plan->test ? AUDIENCE_TEST
						    : plan->audience)},
				{.text = plan->lists},
				{.text = plan->from},
				{.text = plan->account->name},
				{.number = e->queued},
				{.number = e->copies},
				{.number = e->reached},
				{.number = e->repeats},
				{.number = e->suppressed},
				{.number = e->skipped},
				{.number = plan->span_s},
			},
			err),
		err);
}

static void
print_notes(struct problems *notes)
{
	size_t hidden = 0;

	if (notes->count > NOTES_SHOWN)
		hidden = notes->count - NOTES_SHOWN;
	for (size_t i = 0; i < notes->count && i < NOTES_SHOWN; i++)
		fprintf(stderr, "openletter: %s:%ld: %s\n",
			notes->items[i].file, notes->items[i].line,
			notes->items[i].text);
	if (hidden)
		fprintf(stderr, "openletter: and %zu more like these\n",
			hidden);
	problems_release(notes);
}

/* Says why a milestone letter is not sent now. */
static void
say_milestone(const struct cmd *cmd, const struct send_options *o,
	const struct milestone *m)
{
	const char *letter = o->request.letter;

	if (m->next)
		cmd_say(cmd,
			"%s has %" PRId64 " of %" PRId64 " signatures; %" PRId64
			" to go, nothing is sent.",
			letter, m->total, m->next, m->next - m->total);
	else
		cmd_say(cmd,
			"%s was sent for %" PRId64
			" signatures already, by mailing %" PRId64 "%s.",
			letter, m->sent, m->mailing,
			m->open ? "; it is not finished, go on with: "
				  "openletter resume"
				: "");
}

/* Whether a milestone is waited for, which is said. Returns 1, 0 or -1. Asked
 * before the sender's lock is taken, for another letter may hold it. */
static int
is_waiting(struct cmd *cmd, const struct send_options *o, struct err *err)
{
	struct milestone milestone;

	if (!milestone_wished(&o->request.wish))
		return 0;
	if (send_milestone(&cmd->ws, &o->request, &milestone, err) < 0)
		return -1;
	if (milestone.due)
		return 0;
	say_milestone(cmd, o, &milestone);
	return 1;
}

static void
show_progress(void *ctx, int64_t written, int64_t total)
{
	struct progress *p = ctx;

	if (written == 0) {
		if (!progress_due(p, total, total, 0))
			return;
		progress_part(p, 90, "making the letters: %" PRId64, total);
		progress_part_rate(p, 30);
	} else {
		if (written == 1) {
			progress_clear(p);
			progress_begin(p, p->wanted);
		}
		if (!progress_due(p, written, written, total))
			return;
		progress_part(p, 90, "%" PRId64 " of %" PRId64 " written",
			written, total);
		progress_part_rate(p, 30);
		progress_part_left(p, 80);
	}
	progress_draw(p);
}

static int
make_watched(struct cmd *cmd, const struct send_options *o, bool keep,
	struct send_plan *plan, struct problems *notes, struct err *err)
{
	struct send_request request = o->request;
	struct progress progress;
	int rc;

	progress_begin(&progress, sending_wants_line(cmd));
	request.watch = show_progress;
	request.watch_ctx = &progress;
	rc = send_make(
		&cmd->ws, &request, keep, plan, &cmd->problems, notes, err);
	progress_clear(&progress);
	return rc;
}

/* Shows what would be sent, changing nothing. Returns 1, 0 when no milestone
 * is reached, or -1. */
static int
plan_only(struct cmd *cmd, const struct send_options *o, int64_t *queued,
	int64_t *reached, bool *skipped, struct err *err)
{
	struct problems notes = {0};
	struct send_plan plan;
	int rc = make_watched(cmd, o, false, &plan, &notes, err);

	if (rc < 0) {
		problems_release(&notes);
		return -1;
	}
	cmd_print_problems(&cmd->problems);
	print_notes(&notes);
	if (milestone_wished(&o->request.wish) && !plan.milestone.due) {
		say_milestone(cmd, o, &plan.milestone);
		return 0;
	}
	if (o->dry_run && cmd->format)
		rc = list_plan(cmd, &plan, err);
	else
		print_plan(&plan);
	*queued = plan.enlisted.queued;
	*reached = plan.enlisted.reached;
	*skipped = plan.enlisted.skipped > 0;
	send_plan_release(&plan);
	return rc < 0 ? -1 : 1;
}

static int
nobody_left(const struct cmd *cmd, int64_t reached, bool skipped)
{
	if (reached)
		cmd_say(cmd,
			"There is nobody left to write to: %" PRId64
			" have this letter, or it is unknown whether they do "
			"(openletter log).",
			reached);
	else
		cmd_say(cmd, "There is nobody to write to.");
	return skipped ? CMD_SOME_FAILED : 0;
}

static int
write_outbox(struct cmd *cmd, const struct send_options *o, struct err *err)
{
	struct problems notes = {0};
	struct send_plan plan;
	bool skipped;

	if (make_watched(cmd, o, false, &plan, &notes, err) < 0) {
		problems_release(&notes);
		return -1;
	}
	cmd_print_problems(&cmd->problems);
	print_notes(&notes);
	cmd_say(cmd,
		"%" PRId64 " messages are in %s/new; nothing was sent, and the "
		"ledger knows nothing of them.",
		plan.enlisted.queued, o->request.outbox);
	skipped = plan.enlisted.skipped > 0;
	send_plan_release(&plan);
	return skipped ? CMD_SOME_FAILED : 0;
}

static int
run(struct cmd *cmd, const struct send_options *o, int64_t mailing,
	bool skipped, struct err *err)
{
	struct rounds_options options = o->rounds;
	struct agenda agenda = {0};
	int status = -1;

	options.skipped = skipped;
	if (agenda_add(&agenda, &cmd->ws, mailing, err) == 0)
		status = rounds_run(cmd, &agenda, &options, err);
	agenda_release(&agenda);
	return status;
}

/* Makes the mailing and runs it. asked: how many messages the user said yes
 * to, -1 when he was not asked. */
static int
make_and_run(struct cmd *cmd, const struct send_options *o, int64_t asked,
	struct err *err)
{
	struct problems notes = {0};
	struct send_plan plan;
	struct milestone milestone;
	int64_t mailing, queued, reached;
	bool skipped;

	if (workspace_lock_sender(&cmd->ws, err) < 0 ||
		sending_recover(cmd, err) < 0)
		return -1;
	if (make_watched(cmd, o, true, &plan, &notes, err) < 0) {
		problems_release(&notes);
		return -1;
	}
	if (asked < 0) {
		cmd_print_problems(&cmd->problems);
		print_notes(&notes);
	}
	problems_release(&cmd->problems);
	problems_release(&notes);
	mailing = plan.mailing;
	queued = plan.enlisted.queued;
	reached = plan.enlisted.reached;
	skipped = plan.enlisted.skipped > 0;
	milestone = plan.milestone;
	send_plan_release(&plan);
	if (milestone_wished(&o->request.wish) && !milestone.due) {
		say_milestone(cmd, o, &milestone);
		return 0;
	}
	if (!mailing)
		return nobody_left(cmd, reached, skipped);
	if (asked >= 0 && asked != queued)
		return err_set(err, ERR_REFUSED,
			"files or signatures changed while you were asked: "
			"%" PRId64 " messages instead of %" PRId64
			" are in mailing %" PRId64
			", nothing was sent; send them with: openletter "
			"resume %" PRId64,
			queued, asked, mailing, mailing);
	return run(cmd, o, mailing, skipped, err);
}

/* A time that lies in the future, but not where it is a slip of the pen. */
static int
read_at(struct send_options *o, struct err *err)
{
	int64_t now = clock_now();
	int64_t *at = &o->request.start_at;

	if (!o->at)
		return 0;
	if (o->request.outbox || o->request.test)
		return err_set(err, ERR_USAGE,
			"--at does not go together with --outbox or --test");
	if (clock_parse_moment(o->at, at, err) < 0)
		return err_prefix(err, "--at");
	if (*at <= now)
		return err_set(err, ERR_USAGE,
			"--at %s: that time has passed; write a "
			"later one, or leave --at out to send now",
			o->at);
	if (*at > now + AT_MOST_S)
		return err_set(err, ERR_USAGE,
			"--at %s: that is more than a year from now", o->at);
	return 0;
}

static int
check_options(const struct cmd *cmd, struct send_options *o, struct err *err)
{
	if (o->for_signers + o->to_signers > 1 ||
		(o->to_signers && o->request.to))
		return err_set(err, ERR_USAGE,
			"--to, --for-signers and --to-signers do not go "
			"together (--to LIST --for-signers does)");
	if (o->request.outbox && (o->request.test || o->dry_run))
		return err_set(err, ERR_USAGE,
			"--outbox does not go together with --test or "
			"--dry-run");
	if (o->request.wish.when && o->request.wish.every)
		return err_set(err, ERR_USAGE,
			"--when and --every do not go together");
	if (milestone_wished(&o->request.wish) &&
		(o->for_signers || o->request.test || o->request.outbox))
		return err_set(err, ERR_USAGE,
			"%s does not go together with --for-signers, --test or "
			"--outbox",
			o->request.wish.when ? "--when" : "--every");
	if (o->attach && (o->for_signers || o->to_signers))
		return err_set(err, ERR_USAGE,
			"--attach-signatures does not go together with "
			"--for-signers or --to-signers: supporters do not get "
			"the list, and it does not go along with each letter");
	if (o->attach && signature_list_parse(o->attach, &o->request.list) < 0)
		return err_set(err, ERR_USAGE,
			"--attach-signatures %s: say csv or html", o->attach);
	if (o->request.outbox && cmd->format)
		return err_set(err, ERR_USAGE,
			"--outbox prints nothing that --format could be for");
	if (!o->dry_run && sending_check_format(cmd, err) < 0)
		return -1;
	o->request.audience = o->for_signers  ? AUDIENCE_FOR_SIGNERS
			      : o->to_signers ? AUDIENCE_TO_SIGNERS
					      : AUDIENCE_RECIPIENTS;
	return read_at(o, err);
}

int
cmd_send(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct send_options o = {0};
	const struct opt options[] = {
		{"to", 0, OPT_TEXT, &o.request.to, "LIST,...",
			"these lists of recipients instead of the letter's"},
		{"for-signers", 0, OPT_FLAG, &o.for_signers, NULL,
			"one letter per signature and recipient, in the "
			"signer's name"},
		{"to-signers", 0, OPT_FLAG, &o.to_signers, NULL,
			"news to the campaign's supporters who asked for it"},
		{"account", 0, OPT_TEXT, &o.request.account, "NAME",
			"through [smtp NAME] (default: the first)"},
		{"limit", 0, OPT_NUMBER, &o.rounds.limit, "N",
			"send at most N letters in this run"},
		{"at", 0, OPT_TEXT, &o.at, "TIME",
			"make it now, wait and send it at this time"},
		{"wait", 0, OPT_FLAG, &o.rounds.wait, NULL,
			"run on until nothing is left, day after day"},
		{"again", 0, OPT_FLAG, &o.request.again, NULL,
			"also to those who got this letter already"},
		{"when", 0, OPT_NUMBER, &o.request.wish.when, "N",
			"to everybody, once N signatures are reached; until "
			"then nothing"},
		{"every", 0, OPT_NUMBER, &o.request.wish.every, "N",
			"to everybody, at each multiple of N signatures"},
		{"attach-signatures", 0, OPT_TEXT, &o.attach, "FORMAT",
			"with the list of those whom the reader may see: csv "
			"or html"},
		{"dry-run", 0, OPT_FLAG, &o.dry_run, NULL,
			"show what would be sent, send nothing"},
		{"test", 0, OPT_TEXT, &o.request.test, "ADDRESS",
			"send only the first letter, marked [TEST], to "
			"yourself"},
		{"outbox", 0, OPT_TEXT, &o.request.outbox, "DIR",
			"write the messages into a Maildir, send nothing"},
		{"yes", 'y', OPT_FLAG, &o.yes, NULL, "do not ask"},
		OPT_END,
	};
	int64_t queued = -1, reached = 0;
	bool skipped = false;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	o.request.letter = argv[0];
	if (check_options(cmd, &o, err) < 0)
		return -1;
	rc = is_waiting(cmd, &o, err);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (o.dry_run || (!o.yes && !o.request.outbox)) {
		rc = plan_only(cmd, &o, &queued, &reached, &skipped, err);
		if (rc <= 0)
			return rc;
		if (o.dry_run)
			return skipped ? CMD_SOME_FAILED : 0;
		if (queued == 0)
			return nobody_left(cmd, reached, skipped);
		if (cmd_ask_yes("Send this (y/N)? ", "not sent", err) < 0)
			return -1;
	}
	if (o.request.outbox)
		return write_outbox(cmd, &o, err);
	return make_and_run(cmd, &o, queued, err);
}
