/*
 * What every command works with: the workspace that main opened for it, and
 * ways to speak to the user. A command reads its options, makes one call into
 * app, and prints.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <stdio.h>

#include "app/workspace.h"
#include "cmd/opt.h"
#include "cmd/out.h"

/* What must be there before a command runs. */
enum cmd_needs {
	CMD_NOTHING,
	CMD_FILES, /* the workspace's folder */
	CMD_CONF,  /* and a configuration that can be used */
	CMD_STORE, /* and the database */
};

/* Exit status: done, but some deliveries were rejected or are unknown, or
 * rows were refused. The others are sysexits. */
enum {
	CMD_SOME_FAILED = 1
};

struct cmd;

struct command {
	const char *name;
	const char *usage; /* what follows the name */
	const char *summary;
	/* Returns an exit status, or -1 with err set. argv holds what follows
	 * the verb. */
	int (*run)(struct cmd *cmd, int argc, char **argv, struct err *err);
};

struct cmd {
	const struct command *command;
	const char *dir;    /* -C */
	const char *format; /* --format */
	bool quiet;	    /* -q: only errors */
	bool verbose;	    /* -v */
	bool help;	    /* -h */
	bool version;
	struct workspace ws;
	struct problems problems; /* printed by main before the error */
	int64_t recovered; /* letters of a dead run that are unknown now */
};

/*
 * Reads a command's options, checks how many other arguments there are, and
 * opens what it needs. Returns 0; 1 when -h was answered: the command returns
 * 0 at once; -1.
 */
int cmd_begin(struct cmd *cmd, const struct opt *options, enum cmd_needs needs,
	int *argc, char **argv, int least, int most, struct err *err);

/* What --format asks for: else a table on a terminal, CSV otherwise. Errors:
 * ERR_USAGE. */
int cmd_format(const struct cmd *cmd, enum out_format *format, struct err *err);

/* The printer for that format. Errors: ERR_USAGE. */
int cmd_out(struct cmd *cmd, struct out **out, struct err *err);

/* Ends a listing: prints it if rc is 0. Returns 0 or -1. */
int cmd_finish(struct out *out, int rc, struct err *err);

/* The status that the program ends with for an error. */
int cmd_exit_status(enum err_kind kind);

/* One line to stderr, unless -q. */
void cmd_say(const struct cmd *cmd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Tells of letters that a dead run left unknown, if there are any. */
void cmd_say_recovered(const struct cmd *cmd, int64_t unknown);

/* Prints and empties a list of problems on stderr. */
void cmd_print_problems(struct problems *problems);

/* Reads the number of a thing that a command lists. Errors: ERR_USAGE. */
int cmd_number(const char *text, const char *what, const char *lister,
	int64_t *out, struct err *err);

/* Reads a mailing's number. Errors: ERR_USAGE. */
int cmd_mailing(const char *text, int64_t *out, struct err *err);

/*
 * Asks a question on stderr and reads a line from stdin, trimmed. *answer is
 * to be freed. Returns 1, or 0 at the end of the input.
 */
int cmd_ask(const char *question, char **answer);

/* Whether a person sits at stdin. */
bool cmd_interactive(void);

/* Asks a question that is answered with yes or not. Errors: ERR_REFUSED: it
 * was not, or nobody is there; not_done begins the message: "not sent". */
int cmd_ask_yes(const char *question, const char *not_done, struct err *err);

/* stderr is a terminal that a line can be rewritten on. */
bool cmd_progress_wanted(const struct cmd *cmd);

#define CMD_DECLARE(name) \
	int cmd_##name(struct cmd *cmd, int argc, char **argv, struct err *err)

CMD_DECLARE(init);
CMD_DECLARE(letters);
CMD_DECLARE(check);
CMD_DECLARE(preview);
CMD_DECLARE(sign);
CMD_DECLARE(import);
CMD_DECLARE(batches);
CMD_DECLARE(duplicates);
CMD_DECLARE(revoke);
CMD_DECLARE(confirm);
CMD_DECLARE(withdraw);
CMD_DECLARE(reject);
CMD_DECLARE(undo);
CMD_DECLARE(filters);
CMD_DECLARE(expire);
CMD_DECLARE(suppress);
CMD_DECLARE(erase);
CMD_DECLARE(forget);
CMD_DECLARE(backup);
CMD_DECLARE(send);
CMD_DECLARE(resume);
CMD_DECLARE(pause);
CMD_DECLARE(cancel);
CMD_DECLARE(resolve);
CMD_DECLARE(status);
CMD_DECLARE(log);
CMD_DECLARE(count);
CMD_DECLARE(export);

#endif
