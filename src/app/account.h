/*
 * A mail account ready for use: what openletter.conf says of it, and its
 * secret, from where it says.
 */
#ifndef APP_ACCOUNT_H
#define APP_ACCOUNT_H

#include "app/workspace.h"
#include "net/submit.h"

/* Everything is owned; submit points into it and into the configuration. */
struct account {
	const struct conf_account *conf;
	struct submit_account submit;
	char *password; /* NULL without a user */
	char *cafile;
};

/*
 * Makes an account ready: finds its password (OPENLETTER_PASSWORD_<NAME>,
 * passwordcmd or passwordfile). from_domain names us where helo does not; it
 * is borrowed, as ws and conf are. Close out in either case.
 * Errors: ERR_CONFIG.
 */
int account_open(const struct workspace *ws, const struct conf_account *conf,
	const char *from_domain, struct account *out, struct err *err);

/* Wipes the secret. */
void account_close(struct account *account);

#endif
