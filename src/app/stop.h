/* Signals that ask a run or a wait to end: SIGINT, SIGTERM, SIGHUP. */
#ifndef APP_STOP_H
#define APP_STOP_H

#include <stdbool.h>

/* Once, before a run: from now on the first of them is only noted; a second
 * one, whichever it is, ends the program at once. Ignores SIGPIPE. */
void stop_catch_signals(void);

/* Whether one came. */
bool stop_is_asked(void);

#endif
