/*
 * openletter.conf: who writes, and through which mail accounts. Parses text
 * only; reading the file and running password commands is app's work. GLib's
 * key file parser is used here only.
 */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/problem.h"
#include "core/address.h"
#include "core/lang.h"

enum conf_tls {
	CONF_TLS_STARTTLS,
	CONF_TLS_IMPLICIT,
	CONF_TLS_NONE
};

/* At most count messages in any window_s seconds. */
struct conf_limit {
	long count;
	int window_s;
};

enum {
	CONF_LIMITS_MAX = 4,
	CONF_CONNECTIONS_MAX = 64,
};

/* "minute" for 60: how a limit's window is written. */
const char *conf_window_name(int window_s);

/* Where something listens; host is NULL when not set, an IPv6 address stands
 * without brackets. */
struct conf_endpoint {
	char *host;
	int port;
};

/* One [smtp NAME]. Strings are NULL when not set. */
struct conf_account {
	char *name;
	char *host;
	int port;
	enum conf_tls tls;
	char *cafile;
	struct conf_endpoint proxy; /* SOCKS5 that looks names up itself */
	char *user;
	char *passwordcmd;
	char *passwordfile;
	char *tokencmd; /* instead of a password */
	char *helo;
	int connections; /* at most so many */
	int perdomain;	 /* messages at a time to one domain; 0: no limit */
	int timeout_s;
	int endtimeout_s; /* for the reply to the end of a message */
	int deadline_s;	  /* for a whole batch; 0: not set */
	struct conf_limit rate[CONF_LIMITS_MAX];
	size_t rate_count;
	struct conf_limit quota[CONF_LIMITS_MAX];
	size_t quota_count;
	char *dkim; /* selector */
};

struct conf {
	char *organiser_name;
	char *organiser_address; /* postal, for letters; NULL */
	char *url;		 /* without a slash at its end; NULL */
	char lang[LANG_MAX];
	char *from_name; /* "" when there is none */
	struct address from;
	bool has_from;
	struct conf_endpoint resolver; /* instead of the system's */
	bool each;		       /* who shares an address signs each */
	int confirm_days;	       /* to confirm a signature in */
	struct conf_account *accounts;
	size_t account_count;
};

/*
 * Reads the text of a configuration. Everything wrong is added to problems:
 * unknown sections and keys (with a suggestion), keys of later versions, bad
 * values. Returns 0 or -1; release out either way.
 */
int conf_parse(const char *text, const char *file, struct conf *out,
	struct problems *problems);

/* The named account, or the first if name is NULL; NULL when there is none. */
const struct conf_account *
conf_account_find(const struct conf *conf, const char *name);

void conf_release(struct conf *conf);

#endif
