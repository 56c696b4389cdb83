/*
 * Questions to the DNS and their answers, for rules that need them: rules ask
 * a struct resolver, net/dns is one, and tests have one of their own. Pure.
 *
 * What comes back was written by strangers: any bytes, any length.
 */
#ifndef CORE_LOOKUP_H
#define CORE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

enum lookup_type {
	LOOKUP_TXT,
	LOOKUP_MX,
	LOOKUP_A,
	LOOKUP_AAAA,
	LOOKUP_PTR,
};

enum lookup_kind {
	LOOKUP_NO_DATA, /* the name is there, such a record is not */
	LOOKUP_NO_NAME, /* the name is not there (NXDOMAIN) */
	LOOKUP_FOUND,	/* at least one item */
	LOOKUP_FAILED,	/* nobody knows: no answer, or none to be used */
};

/*
 * TXT: the strings of one record joined (RFC 7208 3.3). MX, PTR: a host's name
 * without a dot at its end, "" for the root. A, AAAA: the address in text.
 */
struct lookup_item {
	char *text; /* a NUL behind len bytes; TXT may hold others */
	size_t len;
	int preference; /* MX */
};

enum {
	LOOKUP_WHY_MAX = 80,
	/* of a name: RFC 1035 2.3.4, and a NUL */
	LOOKUP_NAME_MAX = 254,
	/* "25.2.0.192.in-addr.arpa"; 32 nibbles with dots, "ip6.arpa", NUL */
	LOOKUP_REVERSE_MAX = 80,
};

/* Zero-initialised is nothing found; release it. */
struct lookup {
	enum lookup_kind kind;
	struct lookup_item *items;
	size_t count, cap;
	char why[LOOKUP_WHY_MAX]; /* LOOKUP_FAILED: "it did not answer" */
};

/* Asks for the records of one type of a valid name without a dot at its end,
 * and waits. out is empty. */
struct resolver {
	void (*ask)(void *ctx, const char *name, enum lookup_type type,
		struct lookup *out);
	void *ctx;
};

/* Empties out and asks; a text that is no name fails without a question. */
void lookup_ask(const struct resolver *resolver, const char *name,
	enum lookup_type type, struct lookup *out);

/* Adds an item; for resolvers. */
void
lookup_add(struct lookup *out, const char *text, size_t len, int preference);

/* Marks out as failed; for resolvers. */
void lookup_fail(struct lookup *out, const char *why);

void lookup_release(struct lookup *out);

/* Labels of 1 to 63 letters, digits, hyphens and underscores; a dot may stand
 * at the end. */
bool lookup_valid_name(const char *name);

/* An IPv4 or IPv6 address; IPv4 mapped into IPv6 is IPv4. */
struct lookup_address {
	unsigned char bytes[16];
	int bits; /* 32 or 128 */
};

/* Returns 0, or -1: text is no address. */
int lookup_parse_address(const char *text, struct lookup_address *out);

/* Whether the first bits of two addresses of one family are the same. */
bool lookup_address_within(const struct lookup_address *a,
	const struct lookup_address *b, int bits);

/* Whether it is one that the Internet knows: not of this machine, this
 * network, or set apart for such (RFC 6890). */
bool lookup_address_public(const struct lookup_address *a);

/* The name whose PTR record is an address's reverse name. */
void lookup_reverse(
	const struct lookup_address *a, char out[static LOOKUP_REVERSE_MAX]);

#endif
