/*
 * Goes on with the mailings of an agenda, one after the other and round after
 * round, and says what it waits for and how it ended.
 */
#ifndef CMD_ROUNDS_H
#define CMD_ROUNDS_H

#include "app/agenda.h"
#include "cmd/cmd.h"

struct rounds_options {
	bool wait;    /* run on until nothing is left, day after day */
	bool yes;     /* a mailing whose time has passed goes out unasked */
	bool skipped; /* rows were refused when it was made */
	bool flawed;  /* letters of a dead run became unknown just now */
	long limit;   /* messages that may be tried in all, 0: no limit */
};

/*
 * Runs what is on the agenda. Returns the exit status, or -1. The sender's
 * lock may be held, and is taken where it is not.
 */
int rounds_run(struct cmd *cmd, struct agenda *agenda,
	const struct rounds_options *options, struct err *err);

#endif
