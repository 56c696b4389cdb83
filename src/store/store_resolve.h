/*
 * Unknown deliveries, and the word of a person on what became of them. Only
 * under the sender's lock: nothing else may settle one meanwhile.
 */
#ifndef STORE_STORE_RESOLVE_H
#define STORE_STORE_RESOLVE_H

#include <stdbool.h>

#include "core/delivery.h"
#include "store/store.h"

/* A delivery whose server had all of it; strings are borrowed for the call. */
struct store_handed {
	int64_t id;
	enum delivery_state state; /* unknown, sent or bounced */
	const char *key;	   /* the address for matching */
	const char *message_id;
};

/* Calls each for every unknown delivery of a mailing, and with all_handed for
 * those that were sent too. */
int store_handed(struct store *store, int64_t mailing, bool all_handed,
	int (*each)(void *ctx, const struct store_handed *d, struct err *err),
	void *ctx, struct err *err);

/*
 * Whether a later mailing of the same letter to the same audience has a
 * message for the address of this one that went out, will go out or is
 * unknown too. Copies and tests are never asked about. Returns 1, 0 or -1.
 */
int store_resolve_later(struct store *store, int64_t delivery, int64_t *mailing,
	struct err *err);

/* Settles an unknown delivery: sent, queued (to be sent again) or cancelled.
 * reply says who said so. Errors: ERR_IO: it is not unknown any more. */
int
store_resolve(struct store *store, int64_t delivery, enum delivery_state state,
	const char *reply, int64_t now, struct err *err);

/* A mailing that was done is running again; others stay as they are. */
int store_resolve_reopen(struct store *store, int64_t mailing, struct err *err);

#endif
