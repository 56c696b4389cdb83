/*
 * What a domain publishes so that receivers can tell its mail from forgeries:
 * DKIM keys (RFC 6376), a DMARC policy (RFC 7489), and with core/spf the
 * senders it names; and what big mailbox providers make of it. Pure: the DNS
 * is asked through a resolver.
 */
#ifndef CORE_MAILAUTH_H
#define CORE_MAILAUTH_H

#include <stdbool.h>

#include "core/lookup.h"
#include "core/spf.h"

enum mailauth_found {
	MAILAUTH_MISSING, /* the DNS says that there is none */
	MAILAUTH_UNKNOWN, /* not asked for, or the DNS did not say */
	MAILAUTH_WRONG,	  /* one that counts for nothing */
	MAILAUTH_GOOD,
};

enum {
	MAILAUTH_WHY_MAX = 160
};

struct dkim {
	enum mailauth_found found;
	char *record;		    /* raw; NULL */
	int bits;		    /* of an RSA key; 0: Ed25519 */
	bool testing;		    /* t=y: receivers should not rely on it */
	char why[MAILAUTH_WHY_MAX]; /* UNKNOWN, WRONG; raw */
};

enum {
	DKIM_BITS_LEAST = 1024, /* RFC 8301 3.2: less counts for nothing */
	DKIM_BITS_GOOD = 2048,
};

/* Looks at selector._domainkey.domain. Release out. */
void dkim_check(const char *selector, const char *domain,
	const struct resolver *resolver, struct dkim *out);
void dkim_release(struct dkim *dkim);

enum dmarc_policy {
	DMARC_NONE,	  /* watch only */
	DMARC_QUARANTINE, /* put what is not proved into the spam folder */
	DMARC_REJECT,	  /* refuse it */
};

const char *dmarc_policy_name(enum dmarc_policy policy);

struct dmarc {
	enum mailauth_found found;
	char *record;		      /* raw; NULL */
	char domain[LOOKUP_NAME_MAX]; /* whose it is: the domain or one above */
	enum dmarc_policy policy;     /* the one that applies to the domain */
	bool strict_dkim, strict_spf; /* the very domain must have proved it */
	bool reports;		      /* rua= */
	char why[MAILAUTH_WHY_MAX];   /* UNKNOWN, WRONG; raw */
};

/*
 * Looks at _dmarc.domain, and then at the domains above it down to two labels.
 * The RFC asks only the one above that a person can register; without the
 * list of those, the nearest record is taken. Release out.
 */
void dmarc_check(
	const char *domain, const struct resolver *resolver, struct dmarc *out);
void dmarc_release(struct dmarc *dmarc);

/* Whether answers and bounces reach a domain. */
enum mailauth_mailbox {
	MAILAUTH_TAKES_MAIL,
	MAILAUTH_MAIL_UNKNOWN,
	MAILAUTH_NO_SERVER, /* neither MX nor address */
	MAILAUTH_NULL_MX,   /* says itself that it takes none (RFC 7505) */
	MAILAUTH_NO_DOMAIN, /* the name does not exist */
};

/* All that is known of one From domain at one account. */
struct mailauth {
	const char *domain;
	enum mailauth_mailbox mailbox;
	struct spf spf;
	bool spf_server; /* spf is about the account's server; else about
			    servers that nobody knows */
	struct dkim dkim;
	struct dmarc dmarc;
};

/* What will become of mail, from good to bad. */
enum mailauth_fate {
	MAILAUTH_ACCEPTED,
	MAILAUTH_UNCERTAIN,
	MAILAUTH_REFUSED,
};

struct mailauth_verdict {
	enum mailauth_fate fate;
	const char *what; /* "mail will probably be accepted"; static */
	char why[320];
};

/* Mail in ordinary numbers. */
void mailauth_judge(const struct mailauth *facts, struct mailauth_verdict *out);

/* More than 5,000 letters a day, for which Gmail and Yahoo (since 2024) and
 * Outlook (since 2025) ask more. */
void
mailauth_judge_bulk(const struct mailauth *facts, struct mailauth_verdict *out);

#endif
