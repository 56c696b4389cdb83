/*
 * SPF (RFC 7208): whether a domain's record lets an address send mail in its
 * name. Pure: the DNS is asked through a resolver.
 *
 * Answers about the record alone are facts. Those about an address are as good
 * as the address: the one that a provider takes our mail at need not be the
 * one that it sends it on from.
 */
#ifndef CORE_SPF_H
#define CORE_SPF_H

#include <stdbool.h>

#include "core/lookup.h"

/* As RFC 7208 2.6 names them. */
enum spf_result {
	SPF_NONE,      /* the domain has no record */
	SPF_NEUTRAL,   /* says neither yes nor no */
	SPF_PASS,      /* this address may send */
	SPF_FAIL,      /* it may not */
	SPF_SOFTFAIL,  /* it probably may not */
	SPF_TEMPERROR, /* the DNS did not answer: nobody knows */
	SPF_PERMERROR, /* the record is wrong: it counts for nothing */
};

/* "pass": as receivers write it. */
const char *spf_result_name(enum spf_result result);

struct spf_query {
	const char *domain;  /* of the sender's address */
	const char *local;   /* what stands before its @ */
	const char *helo;    /* the name in EHLO */
	const char *address; /* of the sending server; NULL when nobody knows:
				then the result says what the record has for
				servers that it does not name */
};

struct spf {
	enum spf_result result;
	char *record;  /* the domain's own, raw; NULL when none was found */
	char *matched; /* its term that decided, "include:x.example"; NULL */
	int lookups;   /* terms that made receivers ask the DNS */
	char why[200]; /* TEMPERROR, PERMERROR: what is wrong; raw */
};

/* Evaluates check_host() of RFC 7208 4; release out. */
void spf_check(const struct spf_query *query, const struct resolver *resolver,
	struct spf *out);

void spf_release(struct spf *spf);

#endif
