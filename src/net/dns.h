/*
 * Asks name servers: a struct resolver for the rules of core. Nothing is
 * cached, no domain is added to a name, /etc/hosts is not looked at. Used by
 * one thread at a time.
 *
 * Whoever hides behind a proxy must not ask: the name server would learn whom
 * they write to.
 */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "base/err.h"
#include "core/lookup.h"

struct dns;

/*
 * host: the name server's address, or NULL for those of the system (port is
 * then not looked at). All questions together take at most limit_s seconds;
 * what is asked later fails. A server that answers nothing is asked once only.
 * Errors: ERR_CONFIG: host is no address; ERR_UNAVAILABLE: the system's name
 * servers cannot be found.
 */
int dns_open(const char *host, int port, int limit_s, struct dns **out,
	struct err *err);

/* Borrowed; lives as long as dns. */
struct resolver dns_resolver(struct dns *dns);

void dns_close(struct dns *dns);

#endif
