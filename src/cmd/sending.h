/* What send and resume share: running a mailing once and saying how it went. */
#ifndef CMD_SENDING_H
#define CMD_SENDING_H

#include "app/sender.h"
#include "cmd/cmd.h"

/* Puts right what a dead run left and says so; see sender_recover. Returns how
 * many letters became unknown, at the opening of the store too, or -1. */
int64_t sending_recover(struct cmd *cmd, struct err *err);

/*
 * Runs a mailing with a progress line on a terminal and prints how it ended,
 * but not when to go on (SENDER_LATER). The sender's lock is held. Returns the
 * exit status, or -1; out is filled in either case.
 */
int sending_run(struct cmd *cmd, int64_t mailing, int64_t limit,
	struct sender_result *out, struct err *err);

#endif
