#include <stdio.h>
#include <string.h>

#include "app/check.h"
#include "app/server_check.h"
#include "app/soundness.h"
#include "cmd/cmd.h"

enum {
	WIDTH = 79,	  /* of a line of the report */
	TEXT_COLUMN = 28, /* where what was seen begins */
};

/* Prints text in lines that begin at TEXT_COLUMN; the first is there already.
 * All of it is ASCII. */
static void
print_wrapped(const char *text)
{
	const size_t room = WIDTH - TEXT_COLUMN;

	while (strlen(text) > room) {
		size_t cut = room;

		while (cut > 0 && text[cut] != ' ')
			cut--;
		/* A word that no line has room for stands out. */
		if (cut == 0)
			cut = strcspn(text, " ");
		printf("%.*s\n", (int)cut, text);
		text += cut + strspn(text + cut, " ");
		if (!*text)
			return;
		printf("%*s", TEXT_COLUMN, "");
	}
	puts(text);
}

/* What goes with a finding, with a mark in front. */
static void
print_more(const char *mark, const char *text)
{
	printf("%*s", TEXT_COLUMN, mark);
	print_wrapped(text);
}

static void
print_finding(const struct finding *f, bool details)
{
	printf("  %-8s %-16s ", finding_verdict_name(f->verdict), f->what);
	print_wrapped(f->value);
	if (f->record && details)
		print_more("= ", f->record);
	if (f->hint)
		print_more("-> ", f->hint);
}

/* As people read it: a heading for each account and what is looked at. */
static void
print_report(const struct findings *findings, bool details)
{
	const struct finding *before = NULL;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];

		if (!before || strcmp(before->account, f->account) != 0 ||
			strcmp(before->about, f->about) != 0)
			printf("%s%s (account %s)\n", before ? "\n" : "",
				f->about, f->account);
		print_finding(f, details);
		before = f;
	}
}

static int
print_findings(struct cmd *cmd, enum out_format format,
	const struct findings *findings, struct err *err)
{
	struct out *out;

	if (format == OUT_TABLE) {
		print_report(findings, cmd->verbose);
		return out_flush(err);
	}
	if (cmd_out(cmd, &out, err) < 0)
		return -1;
	return cmd_finish(
		out, findings_list(findings, out_rows(out), err), err);
}

static int
check_server(struct cmd *cmd, const char *account, char *const *letters,
	size_t count, struct err *err)
{
	struct findings findings = {0};
	enum out_format format;
	struct err why;
	int rc;

	if (cmd_format(cmd, &format, err) < 0)
		return -1;
	if (cmd_progress_wanted(cmd))
		cmd_say(cmd, "Looking at mail servers and the DNS ...");
	rc = server_check(&cmd->ws, account, letters, count, &findings, &why);
	if (findings.count > 0 &&
		print_findings(cmd, format, &findings, err) < 0)
		rc = -1;
	else if (rc < 0)
		*err = why;
	findings_release(&findings);
	return rc;
}

static int
check_store(struct cmd *cmd, bool mend, struct err *err)
{
	int rc = soundness_check(&cmd->ws, mend, &cmd->problems, err);
	size_t wrong = cmd->problems.count;

	cmd_print_problems(&cmd->problems);
	if (rc < 0)
		return -1;
	if (wrong)
		return err_set(err, ERR_DATA, "%zu problem%s in the database",
			wrong, wrong == 1 ? "" : "s");
	cmd_say(cmd, rc ? "The database is sound: pages, references, signers, "
			  "states and counts agree."
			: "There is no database yet.");
	return 0;
}

int
cmd_check(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	bool server = false, store = false, mend = false;
	const char *account = NULL;
	const struct opt options[] = {
		{"server", 0, OPT_FLAG, &server, NULL,
			"log in at the mail server, look up SPF, DKIM, DMARC"},
		{"account", 0, OPT_TEXT, &account, "NAME",
			"with --server: only [smtp NAME]"},
		{"store", 0, OPT_FLAG, &store, NULL,
			"check the database too, and count everything again"},
		{"mend", 0, OPT_FLAG, &mend, NULL,
			"with --store: write what was counted again"},
		OPT_END,
	};
	struct check_result result;
	size_t wrong;
	int rc = cmd_begin(cmd, options, CMD_FILES, &argc, argv, 0, 1000, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	if (account && !server)
		return err_set(err, ERR_USAGE, "--account goes with --server");
	if (mend && !store)
		return err_set(err, ERR_USAGE, "--mend goes with --store");
	if (check_all(&cmd->ws, argv, (size_t)argc, &result, &cmd->problems,
		    err) < 0)
		return -1;
	wrong = cmd->problems.count;
	cmd_print_problems(&cmd->problems);
	if (!wrong)
		cmd_say(cmd,
			"No problems. Looked at %zu letters (%zu files) and "
			"%zu lists.",
			result.letters, result.files, result.lists);
	if (store && check_store(cmd, mend, err) < 0)
		return -1;
	if (server && !result.conf_wrong &&
		check_server(cmd, account, argv, (size_t)argc, err) < 0)
		return -1;
	if (wrong)
		return err_set(err, result.conf_wrong ? ERR_CONFIG : ERR_DATA,
			"%zu problem%s; looked at %zu letters (%zu files) and "
			"%zu lists",
			wrong, wrong == 1 ? "" : "s", result.letters,
			result.files, result.lists);
	return 0;
}
