/* What send and resume share: running a mailing once and saying how it went. */
#ifndef CMD_SENDING_H
#define CMD_SENDING_H

#include "app/sender.h"
#include "cmd/cmd.h"
#include "cmd/events.h"

/* Whether --format says what they can print: events as jsonl, or table for
 * the usual words. Returns 0 or -1. Errors: ERR_USAGE. */
int sending_check_format(const struct cmd *cmd, struct err *err);
bool sending_wants_events(const struct cmd *cmd);

/* Whether there is to be a progress line. */
bool sending_wants_line(const struct cmd *cmd);

/* Puts right what a dead run left and says so; see recover_run. Returns how
 * many letters became unknown, at the opening of the store too, or -1. */
int64_t sending_recover(struct cmd *cmd, struct err *err);

/*
 * Runs a mailing with a progress line on a terminal, tells events what
 * happens, and prints how it ended, but not when to go on (SENDER_LATER). The
 * sender's lock is held. Returns the exit status, or -1; out is filled in
 * either case.
 */
int sending_run(struct cmd *cmd, struct events *events, int64_t mailing,
	int64_t limit, struct sender_result *out, struct err *err);

#endif
