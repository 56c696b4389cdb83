/* Running a command of the user's and reading what it prints. */
#ifndef BASE_COMMAND_H
#define BASE_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Runs a line for sh(1) and adds what it prints to out, which may be secret
 * and is not wiped on failure. It has our terminal, input and errors, so it
 * may ask a person. After timeout_s it is killed; 0 lets it take its time.
 * Any thread may call this.
 *
 * Returns 0 when it exited with 0. Errors: ERR_IO, "cannot be run: ...",
 * "failed with exit status 3" and the like, to be put behind a name.
 */
int command_read(const char *line, size_t limit_bytes, int timeout_s,
	struct buf *out, struct err *err);

#endif
