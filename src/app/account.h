/*
 * A mail account ready for use: what openletter.conf says of it, and its
 * secret, from where it says.
 */
#ifndef APP_ACCOUNT_H
#define APP_ACCOUNT_H

#include "app/workspace.h"
#include "net/submit.h"

struct account_token;

enum {
	ACCOUNT_PROXY_USER_MAX = 33
};

/* Everything is owned; submit points into it and into the configuration, so
 * it must stay where it is. */
struct account {
	const struct conf_account *conf;
	struct submit_account submit;
	char *password;		     /* NULL without a user, or with a token */
	struct account_token *token; /* NULL without tokencmd */
	char *cafile;
	char proxy_user[ACCOUNT_PROXY_USER_MAX];
};

/*
 * Makes an account ready: finds its password (OPENLETTER_PASSWORD_<NAME>,
 * passwordcmd or passwordfile) or its first token (tokencmd). Later tokens are
 * fetched while batches run: from any of their threads, one at a time.
 * from_domain names us where helo does not; it is borrowed, as ws and conf
 * are. Close out in either case.
 * Errors: ERR_CONFIG.
 */
int account_open(const struct workspace *ws, const struct conf_account *conf,
	const char *from_domain, struct account *out, struct err *err);

/*
 * Keeps what is sent for a campaign apart from the rest at a proxy: Tor gives
 * each user name circuits of its own. Before the account is lent to threads;
 * without this it is apart from every campaign's.
 */
void account_isolate(struct account *account, const char *campaign);

/* Wipes the secrets. */
void account_close(struct account *account);

#endif
