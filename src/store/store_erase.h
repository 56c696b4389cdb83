/*
 * Erasing people. All of it within one transaction: first their signatures
 * are found and noted in a set of the database, which is empty otherwise;
 * then what there is of them can be counted, and erased. What remains is told
 * in store_erased.h. Behind the transaction the files are scrubbed: until
 * then the bytes may still lie in parts of them that are not in use.
 *
 * Only under the sender's lock, with what a dead run left put right.
 */
#ifndef STORE_STORE_ERASE_H
#define STORE_STORE_ERASE_H

#include <stdbool.h>

#include "core/signature.h"
#include "store/store.h"

/* Notes all signatures with an address. */
int store_erasing_address(
	struct store *store, const char *email_key, struct err *err);

/* Notes the signatures of a letter without an address that have this key and
 * country. */
int store_erasing_key(struct store *store, int64_t letter, const char *key,
	const char *country, struct err *err);

/*
 * Notes the signatures of a letter (0: of all) that are of a time before, but
 * for those that a letter still goes out to or for: *kept counts these.
 */
int store_erasing_old(struct store *store, int64_t letter, int64_t before,
	int64_t *kept, struct err *err);

/* What of one letter's signatures is noted. */
struct store_erasing {
	const char *letter; /* borrowed for the call */
	int64_t signatures; /* of whatever state */
	int64_t counted;    /* of these */
	int64_t organisations;
	int64_t readers; /* who asked for news */
};

int store_erasing(struct store *store,
	int (*each)(void *ctx, const struct store_erasing *e, struct err *err),
	void *ctx, struct err *err);

/* Messages of theirs. */
struct store_erasing_messages {
	int64_t all;
	int64_t open;	 /* of these, not sent yet: these are cancelled */
	int64_t unknown; /* of these */
};

/* email_key: also those to that address; "": none. */
int store_erasing_messages(struct store *store, const char *email_key,
	struct store_erasing_messages *out, struct err *err);

/*
 * Erases who is noted; with email_key also whatever else there is of that
 * address, which is suppressed by its digest from now on. email: the address
 * as it was given. Errors: ERR_REFUSED: a mailing that an old version made is
 * not finished.
 */
int store_erase(struct store *store, const char *email_key, const char *email,
	int64_t now, struct err *err);

/* Whether the files are to be scrubbed. Returns 1, 0 or -1. */
int store_scrub_is_due(struct store *store, struct err *err);

/*
 * Writes the files anew, outside of a transaction, so that no byte of what
 * was erased is left in them. Errors: ERR_AGAIN: another program reads, and
 * the log cannot be emptied; ERR_IO: the disk is full.
 */
int store_scrub(struct store *store, struct err *err);

#endif
