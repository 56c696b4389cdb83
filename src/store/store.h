/*
 * The store: letters that were signed or sent, signatures, mailings and the
 * delivery ledger. Opens and migrates the database and begins and ends
 * transactions; the tables are in store_*.h. Nothing above this folder knows
 * which engine it is.
 *
 * A store belongs to one thread.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/token.h"
#include "store/db.h"

struct store {
	struct db *db;
	struct token_mac *mac; /* of those who were erased; see
				  store_erased.h */
};

/*
 * Opens the database at path, makes it if it is not there, and brings an
 * older one to this version.
 * Errors: ERR_CONFIG: it is from a newer version; ERR_DATA: not ours, or
 * broken; ERR_CREATE, ERR_IO.
 */
int store_open(const char *path, struct store **out, struct err *err);

void store_close(struct store *store);

/* Transactions: see db.h. Functions of the store that write must be called
 * within one, unless they say otherwise. */
int store_begin(struct store *store, const char *who, enum db_sync sync,
	struct err *err);
int store_begin_read(struct store *store, const char *who, struct err *err);
int store_commit(struct store *store, struct err *err);
void store_rollback(struct store *store);

/* Ids of things that are kept once, made when they are not there yet. */
int store_letter(
	struct store *store, const char *name, int64_t *id, struct err *err);
int store_edition(struct store *store, int64_t letter, const char *lang,
	const char *text, int64_t *id, struct err *err);
int store_consent(
	struct store *store, const char *text, int64_t *id, struct err *err);

/* Says whether names tell apart who shares an address, as long as nobody has
 * signed the letter; *by_name is what is so. */
int store_letter_by_name(
	struct store *store, int64_t letter, bool *by_name, struct err *err);

/* Makes the secret that links are sealed with, unless it is there. */
int store_secret_make(struct store *store, struct err *err);

/* The key that the secret gives for one purpose. Returns 1, 0 when none was
 * made, or -1. */
int store_token_key(struct store *store, const char *purpose,
	struct token_key *out, struct err *err);

/* The id of a letter that was signed or sent; 1 found, 0 none. Writes
 * nothing. */
int store_letter_find(
	struct store *store, const char *name, int64_t *id, struct err *err);

/* Calls each for the letters that were signed or sent, in the order of their
 * names. */
int store_letters(struct store *store,
	int (*each)(void *ctx, const char *name, struct err *err), void *ctx,
	struct err *err);

#endif
