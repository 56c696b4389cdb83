/* Looks up what a From domain publishes, and says in plain words what it is
 * worth at big mailbox providers. */
#ifndef APP_DOMAIN_CHECK_H
#define APP_DOMAIN_CHECK_H

#include "app/finding.h"
#include "core/address.h"
#include "core/lookup.h"

struct domain_question {
	const struct address *from;
	const char *helo;
	const char *server;   /* address that takes the mail; "" unknown */
	const char *selector; /* of DKIM; NULL */
	const char *account;  /* its name, for advice */
};

/* Adds what is seen of the domain of from. */
void domain_check(const struct domain_question *question,
	const struct resolver *resolver, struct findings *findings);

/* Adds what is seen of a server's reverse name. */
void domain_check_reverse(const char *address, const struct resolver *resolver,
	struct findings *findings);

#endif
