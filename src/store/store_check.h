/* Whether all that the database says agrees. */
#ifndef STORE_STORE_CHECK_H
#define STORE_STORE_CHECK_H

#include "base/problem.h"
#include "store/store.h"

/*
 * Looks at the engine's pages and indexes, at references, signers, states and
 * tallies. What is wrong goes to problems, as of the file; the result is 0 all
 * the same. Errors: ERR_DATA: it cannot even be read; ERR_IO.
 */
int store_check(struct store *store, const char *file,
	struct problems *problems, struct err *err);

/* Counts all tallies anew from the signatures, in a transaction of its own. */
int store_mend_tallies(struct store *store, struct err *err);

#endif
