#include "cmd/cmd.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "app/recover.h"
#include "base/mem.h"
#include "base/str.h"

static int
print_help(const struct cmd *cmd, const struct opt *options,
	const struct opt *common, struct err *err)
{
	printf("usage: openletter %s %s\n\n%s\n", cmd->command->name,
		cmd->command->usage, cmd->command->summary);
	if (options[0].name || options[0].letter) {
		puts("\nOptions:");
		opt_help(options);
	}
	puts("\nEverywhere:");
	opt_help(common);
	return out_flush(err) < 0 ? -1 : 1;
}

void
cmd_say_recovered(const struct cmd *cmd, int64_t unknown)
{
	if (unknown)
		cmd_say(cmd,
			"%" PRId64 " letters of a run that ended suddenly are "
			"unknown now; list and settle them with: openletter "
			"resolve MAILING",
			unknown);
}

static int
open_workspace(struct cmd *cmd, enum cmd_needs needs, struct err *err)
{
	if (needs == CMD_NOTHING)
		return 0;
	if (workspace_find(cmd->dir, &cmd->ws, err) < 0)
		return -1;
	if (needs >= CMD_CONF &&
		workspace_load_conf(&cmd->ws, &cmd->problems, err) < 0)
		return -1;
	if (needs < CMD_STORE)
		return 0;
	if (workspace_open_store(&cmd->ws, err) < 0 ||
		recover_look_after(&cmd->ws, &cmd->recovered, err) < 0)
		return -1;
	cmd_say_recovered(cmd, cmd->recovered);
	return 0;
}

int
cmd_begin(struct cmd *cmd, const struct opt *options, enum cmd_needs needs,
	int *argc, char **argv, int least, int most, struct err *err)
{
	const struct opt common[] = {
		{NULL, 'C', OPT_TEXT, &cmd->dir, "DIR", "the workspace is DIR"},
		{"format", 0, OPT_TEXT, &cmd->format, "FORMAT",
			"table, csv, json or jsonl"},
		{"quiet", 'q', OPT_FLAG, &cmd->quiet, NULL,
			"print errors only"},
		{"verbose", 'v', OPT_FLAG, &cmd->verbose, NULL,
			"tables with every column"},
		{"help", 'h', OPT_FLAG, &cmd->help, NULL, "print this"},
		OPT_END,
	};

	if (opt_parse(options, common, false, argc, argv, err) < 0)
		return -1;
	if (cmd->help)
		return print_help(cmd, options, common, err);
	if (*argc < least || *argc > most)
		return err_set(err, ERR_USAGE, "usage: openletter %s %s",
			cmd->command->name, cmd->command->usage);
	return open_workspace(cmd, needs, err);
}

int
cmd_format(const struct cmd *cmd, enum out_format *format, struct err *err)
{
	*format = isatty(STDOUT_FILENO) ? OUT_TABLE : OUT_CSV;
	if (cmd->format && out_format_parse(cmd->format, format) < 0)
		return err_set(err, ERR_USAGE,
			"--format %s: say table, csv, json or jsonl",
			cmd->format);
	return 0;
}

int
cmd_out(struct cmd *cmd, struct out **out, struct err *err)
{
	enum out_format format;

	if (cmd_format(cmd, &format, err) < 0)
		return -1;
	*out = out_new(format, cmd->verbose);
	return 0;
}

int
cmd_finish(struct out *out, int rc, struct err *err)
{
	int printed = out_free(out, rc == 0, err);

	return rc < 0 ? -1 : printed;
}

int
cmd_exit_status(enum err_kind kind)
{
	switch (kind) {
	case ERR_USAGE:
		return EX_USAGE;
	case ERR_DATA:
	case ERR_CHANGED:
		return EX_DATAERR;
	case ERR_NOTFOUND:
		return EX_NOINPUT;
	case ERR_UNAVAILABLE:
		return EX_UNAVAILABLE;
	case ERR_CREATE:
		return EX_CANTCREAT;
	case ERR_AGAIN:
		return EX_TEMPFAIL;
	case ERR_REFUSED:
		return EX_NOPERM;
	case ERR_CONFIG:
		return EX_CONFIG;
	case ERR_NONE:
	case ERR_IO:
		break;
	}
	return EX_IOERR;
}

void
cmd_say(const struct cmd *cmd, const char *fmt, ...)
{
	va_list ap;

	if (cmd->quiet)
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void
cmd_print_problems(struct problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *p = &problems->items[i];

		fputs("openletter: ", stderr);
		fputs(p->file, stderr);
		if (p->line)
			fprintf(stderr, ":%ld", p->line);
		if (p->line && p->column)
			fprintf(stderr, ":%d", p->column);
		fprintf(stderr, ": %s\n", p->text);
	}
	problems_release(problems);
}

int
cmd_number(const char *text, const char *what, const char *lister, int64_t *out,
	struct err *err)
{
	long n;

	if (str_to_number(text, LONG_MAX, &n) < 0 || n < 1)
		return err_set(err, ERR_USAGE,
			"\"%.40s\" is not the number of a %s; `openletter %s` "
			"lists them",
			text, what, lister);
	*out = n;
	return 0;
}

int
cmd_mailing(const char *text, int64_t *out, struct err *err)
{
	return cmd_number(text, "mailing", "status", out, err);
}

bool
cmd_interactive(void)
{
	return isatty(STDIN_FILENO);
}

bool
cmd_progress_wanted(const struct cmd *cmd)
{
	const char *term = getenv("TERM");

	return !cmd->quiet && isatty(STDERR_FILENO) && term &&
	       strcmp(term, "dumb") != 0;
}

int
cmd_ask(const char *question, char **answer)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	*answer = NULL;
	fputs(question, stderr);
	fflush(stderr);
	n = getline(&line, &size, stdin);
	if (n < 0) {
		free(line);
		return 0;
	}
	*answer = mem_strdup(str_trim(line));
	free(line);
	return 1;
}

int
cmd_ask_yes(const char *question, const char *not_done, struct err *err)
{
	char *answer = NULL;
	bool yes;

	if (!cmd_interactive())
		return err_set(err, ERR_REFUSED,
			"%s: nobody is at the terminal to confirm; say --yes "
			"to do it without being asked",
			not_done);
	yes = cmd_ask(question, &answer) &&
	      (str_ieq(answer, "y") || str_ieq(answer, "yes"));
	free(answer);
	return yes ? 0
		   : err_set(err, ERR_REFUSED, "%s: you did not say yes",
			     not_done);
}
