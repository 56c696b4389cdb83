/* The program: finds the command, runs it, prints its error, maps the error
 * to an exit status. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "cmd/cmd.h"

static const struct command commands[] = {
	{"init", "[DIR]", "make a workspace", cmd_init},
	{"letters", "[LETTER]",
		"list letters, languages, signatures; or one letter's facts",
		cmd_letters},
	{"check", "[LETTER...] [--server [--account NAME]] [--store]",
		"show everything wrong in letters, lists, configuration, "
		"account, database",
		cmd_check},
	{"preview", "LETTER [--recipient EMAIL] [--lang L] [--format F]",
		"show a letter as a recipient gets it", cmd_preview},
	{"sign", "LETTER [--name NAME --email EMAIL ...] [--pending] [--desk]",
		"take a signature; asks when no --name is given", cmd_sign},
	{"import", "LETTER FILE.csv [--source TEXT] [--map C=F] [--dry-run]",
		"take signatures from a spreadsheet", cmd_import},
	{"batches", "[LETTER]", "what was imported", cmd_batches},
	{"duplicates", "LETTER", "signatures that repeat others, and which",
		cmd_duplicates},
	{"revoke", "BATCH [--dry-run]", "take an import back", cmd_revoke},
	{"confirm", "TOKEN | LETTER [EMAIL...] [--domain D] [--source S] ...",
		"count signatures that were pending", cmd_confirm},
	{"withdraw", "LETTER [EMAIL...] [--domain D] [--source S] ...",
		"take signatures back", cmd_withdraw},
	{"reject", "LETTER [EMAIL...] [--domain D] [--source S] ...",
		"count signatures no more that nobody made", cmd_reject},
	{"undo", "[CHANGE]",
		"take back what confirm, withdraw or reject did, or list it",
		cmd_undo},
	{"filters", "", "list the filters that were kept", cmd_filters},
	{"expire", "", "end what was not confirmed in time", cmd_expire},
	{"suppress", "[EMAIL|LINK | --file FILE.csv | --remove EMAIL]",
		"never write to this supporter again; or list these",
		cmd_suppress},
	{"erase", "EMAIL | LETTER --name NAME --country CC [--postcode CODE]",
		"remove all data of a person; the count stays", cmd_erase},
	{"forget", "[--older-than AGE] [--closed] [LETTER]",
		"remove the data of old signatures; the count stays",
		cmd_forget},
	{"send", "LETTER [--to LIST,... | --for-signers | --to-signers] ...",
		"send a letter", cmd_send},
	{"resume", "[MAILING] [--limit N] [--wait]",
		"go on with mailings that are not finished", cmd_resume},
	{"pause", "MAILING", "stop a mailing for now", cmd_pause},
	{"cancel", "MAILING", "send nothing more of a mailing", cmd_cancel},
	{"resolve", "MAILING [--sent | --resend WHO... | --log FILE.csv]",
		"say what became of letters that are unknown", cmd_resolve},
	{"status", "[MAILING]",
		"what is queued, sent, deferred, rejected, unknown",
		cmd_status},
	{"log", "[MAILING] [--state S] [--since T]",
		"the ledger: who got it, who did not, and why", cmd_log},
	{"count", "[LETTER] [--by FIELD] [--chart]", "count signatures",
		cmd_count},
	{"export", "LETTER [--audience public|recipient|organisers] [--bom]",
		"list signatures for whom they may be shown to", cmd_export},
	{"backup", "FILE", "copy signatures and ledger to a file", cmd_backup},
};

enum {
	COMMAND_COUNT = sizeof commands / sizeof commands[0]
};

static int
print_help(struct err *err)
{
	puts("openletter stores template letters, collects signatures, sends "
	     "the letters\nover SMTP with an exact ledger, and counts.\n");
	puts("usage: openletter [-C DIR] COMMAND ...\n");
	for (int i = 0; i < COMMAND_COUNT; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].summary);
	puts("\n`openletter COMMAND -h` says more about a command; so does "
	     "`man openletter`.");
	return out_flush(err);
}

static const struct command *
find_command(const char *name, struct err *err)
{
	const char *names[COMMAND_COUNT];
	const char *near;

	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		names[i] = commands[i].name;
	}
	near = str_nearest(name, names, COMMAND_COUNT);
	err_fill(err, ERR_USAGE, "unknown command \"%.40s\"%s%s%s", name,
		near ? "; did you mean `openletter " : "; -h lists them",
		near ? near : "", near ? "`?" : "");
	return NULL;
}

static int
run(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	const struct opt common[] = {
		{NULL, 'C', OPT_TEXT, &cmd->dir, "DIR", ""},
		{"format", 0, OPT_TEXT, &cmd->format, "FORMAT", ""},
		{"quiet", 'q', OPT_FLAG, &cmd->quiet, NULL, ""},
		{"verbose", 'v', OPT_FLAG, &cmd->verbose, NULL, ""},
		{"help", 'h', OPT_FLAG, &cmd->help, NULL, ""},
		{"version", 0, OPT_FLAG, &cmd->version, NULL, ""},
		OPT_END,
	};

	if (opt_parse(NULL, common, true, &argc, argv, err) < 0)
		return -1;
	if (cmd->version) {
		puts("openletter " OPENLETTER_VERSION);
		return out_flush(err);
	}
	if (argc == 0 && cmd->help)
		return print_help(err);
	if (argc == 0)
		return err_set(err, ERR_USAGE,
			"what shall be done? `openletter -h` lists the "
			"commands");
	cmd->command = find_command(argv[0], err);
	if (!cmd->command)
		return -1;
	return cmd->command->run(cmd, argc - 1, argv + 1, err);
}

int
main(int argc, char **argv)
{
	struct cmd cmd = {0};
	struct err err = {0};
	int status;

	umask(077);
	status = run(&cmd, argc - 1, argv + 1, &err);
	cmd_print_problems(&cmd.problems);
	if (status < 0) {
		fprintf(stderr, "openletter: %s\n", err.msg);
		status = cmd_exit_status(err.kind);
	}
	workspace_release(&cmd.ws);
	return status;
}
