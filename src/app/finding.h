/*
 * What a check saw, one thing at a time, good or bad. Much of it was written
 * by strangers, so everything is made printable here, once.
 */
#ifndef APP_FINDING_H
#define APP_FINDING_H

#include <stddef.h>

#include "base/rows.h"

enum finding_verdict {
	FINDING_OK,
	FINDING_WARNING, /* it works, but may cost letters */
	FINDING_FAULT,	 /* it does not work */
};

const char *finding_verdict_name(enum finding_verdict verdict);

struct finding {
	enum finding_verdict verdict;
	char *account;
	char *about;	  /* what it was seen at: a host, a domain */
	const char *what; /* static: "certificate" */
	char *value;	  /* what was seen, in words */
	char *hint;	  /* what to do; NULL */
	char *record;	  /* as it stands in the DNS; NULL */
};

/* Zero-initialised is empty; account and about are those of what is added. */
struct findings {
	struct finding *items;
	size_t count, cap;
	const char *account, *about; /* borrowed */
};

/*
 * Adds one. The value is printf's; whatever is not printable ASCII in it
 * becomes '?', and what is too long for a person is cut.
 */
void findings_add(struct findings *findings, enum finding_verdict verdict,
	const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Gives the last one added its hint, or its record (NULL: none). */
void findings_hint(struct findings *findings, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void findings_record(struct findings *findings, const char *record);

size_t findings_faults(const struct findings *findings);

/* Lists them as rows: account, about, what, value, verdict, hint, record. */
int findings_list(
	const struct findings *findings, struct rows *rows, struct err *err);

void findings_release(struct findings *findings);

#endif
