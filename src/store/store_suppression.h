/*
 * Addresses that get no more mail as supporters. An address stands here as
 * it is for matching; of somebody who was erased, only its digest
 * (store_erased.h).
 */
#ifndef STORE_STORE_SUPPRESSION_H
#define STORE_STORE_SUPPRESSION_H

#include "store/store.h"

/* The reason of who was erased. */
#define STORE_REASON_ERASED "erased"

/* Returns 1 when it is new, 0 when it was there, or -1. */
int store_suppress(struct store *store, const char *email_key,
	const char *reason, int64_t now, struct err *err);

/* Takes an address out again, whichever way it stands there. Returns 1, 0
 * when it was not there, or -1. */
int
store_unsuppress(struct store *store, const char *email_key, struct err *err);

/* Returns 1, 0 or -1. */
int store_is_suppressed(
	struct store *store, const char *email_key, struct err *err);

/* Calls each for all of them by address; texts are borrowed for the call. */
int store_suppressions(struct store *store,
	int (*each)(void *ctx, const char *email_key, const char *reason,
		int64_t at, struct err *err),
	void *ctx, struct err *err);

#endif
