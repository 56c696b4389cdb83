/*
 * What the files of spf.h share among themselves; nobody else includes it.
 *
 *   spf.c         evaluates
 *   spf_record.c  takes a record apart
 *   spf_macro.c   %{i}.example.org
 */
#ifndef CORE_SPF_PRIVATE_H
#define CORE_SPF_PRIVATE_H

#include "base/buf.h"
#include "core/spf.h"

enum {
	SPF_WHY_MAX = sizeof((struct spf *)0)->why
};

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
};

/* A mechanism with its qualifier. */
struct spf_term {
	enum spf_mechanism what;
	enum spf_result result;	       /* when it matches */
	char *text;		       /* as it stands in the record */
	char *domain;		       /* with macros; NULL: the current one */
	struct lookup_address network; /* IP4, IP6 */
	int bits4, bits6;	       /* to compare */
};

/* Zero-initialised is empty. */
struct spf_record {
	struct spf_term *terms;
	size_t count, cap;
	char *redirect; /* NULL */
	char *explain;	/* exp=; NULL */
};

/* Takes a whole record apart, "v=spf1" and all. Returns 0, or -1: it is
 * wrong, why says where; release out either way. */
int spf_parse(const char *text, struct spf_record *out, char why[SPF_WHY_MAX]);
void spf_record_release(struct spf_record *record);

/* What macros stand for (RFC 7208 7.2). */
struct spf_values {
	const struct spf_query *query;
	const struct lookup_address *address;
	const char *domain; /* whose record it is */
};

/* A macro-string (RFC 7208 7.1), without the letters that are for explanations
 * only. */
bool spf_macro_valid(const char *text);
/* A domain-spec: a macro-string that ends as a name does, or in a macro. */
bool spf_domain_valid(const char *text);
/* Adds the name that a valid domain-spec stands for, cut to fit from its left
 * side as the RFC says. */
void
spf_expand(const struct spf_values *values, const char *spec, struct buf *out);

#endif
