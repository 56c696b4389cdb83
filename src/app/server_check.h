/*
 * A look at the mail accounts before anything is sent: logs in, and looks up
 * what the domains of the senders publish. Sends no letter.
 */
#ifndef APP_SERVER_CHECK_H
#define APP_SERVER_CHECK_H

#include "app/finding.h"
#include "app/workspace.h"

/*
 * Checks the named account (NULL: all) for From of the organiser and of the
 * named letters (count 0: all). The configuration must be loaded. What was
 * seen goes to findings, good and bad, to be released in either case.
 *
 * Returns 0 when each account works and no fault was seen. Errors:
 * ERR_NOTFOUND: no such account; ERR_CONFIG: there is none, or one cannot be
 * used (login, TLS, a domain's broken records); ERR_UNAVAILABLE: a server
 * cannot be reached; those of catalog_load.
 */
int
server_check(struct workspace *ws, const char *account, char *const *letters,
	size_t count, struct findings *findings, struct err *err);

#endif
