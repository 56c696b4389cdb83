/* Milestones: a letter goes out again each time that so many have signed. */
#ifndef APP_MILESTONE_H
#define APP_MILESTONE_H

#include <stdbool.h>

#include "core/mailing.h"
#include "store/store.h"

/* What is waited for: one of them, the other is 0. */
struct milestone_wish {
	long when;  /* so many signatures */
	long every; /* each multiple of it */
};

static inline bool
milestone_wished(const struct milestone_wish *wish)
{
	return wish->when || wish->every;
}

/* How far a letter and audience have come. */
struct milestone {
	int64_t total;
	int64_t due;	 /* the milestone to send for now; 0: none */
	int64_t next;	 /* what is waited for when none is due; 0: nothing */
	int64_t sent;	 /* the greatest that there is a mailing for; 0 */
	int64_t mailing; /* that one */
	bool open;	 /* it is not finished */
};

/*
 * Looks where a letter stands. A milestone that has a mailing, or a greater
 * one, is not due again, unless that mailing was cancelled. letter is its
 * name; nobody need have signed it.
 */
int milestone_find(struct store *store, const char *letter,
	enum audience audience, const struct milestone_wish *wish,
	struct milestone *out, struct err *err);

#endif
