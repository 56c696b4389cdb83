/* What send and resume share: running a mailing and saying how it went. */
#ifndef CMD_SENDING_H
#define CMD_SENDING_H

#include "cmd/cmd.h"

/* Puts right what a dead run left and says so; see sender_recover. Returns how
 * many letters became unknown, at the opening of the store too, or -1. */
int64_t sending_recover(struct cmd *cmd, struct err *err);

/*
 * Runs a mailing with a progress line on a terminal and prints how it ended.
 * The sender's lock is held. Returns the exit status, or -1.
 */
int sending_run(struct cmd *cmd, int64_t mailing, int64_t limit, bool skipped,
	struct err *err);

#endif
