/*
 * The life of signatures: which of those that one signer made counts, and
 * what becomes of the others when it is confirmed, withdrawn, rejected or
 * taken back. The first that is confirmed counts, or else the first that may
 * still be, or that could have been; what was taken back with its batch is
 * none of them. Who withdrew or was rejected stays so until that is undone.
 *
 * They count into counts, which the caller writes, or write the tallies
 * themselves.
 */
#ifndef STORE_STORE_LIFE_H
#define STORE_STORE_LIFE_H

#include <stdbool.h>

#include "core/signature.h"
#include "store/store.h"
#include "store/store_counts.h"

/* What a signature is. */
int store_state(struct store *store, int64_t id, enum signature_state *out,
	struct err *err);

/* Gives a signature another state and counts it so; of a repeated one, first
 * is what it repeats, else 0. */
int store_set_state(struct store *store, int64_t id, enum signature_state state,
	int64_t first, struct store_counts *counts, struct err *err);

/* The one by id is about to be stored and to count instead of old, which does
 * not count; the caller sets the signer. */
int store_take_over(struct store *store, int64_t old, int64_t id,
	struct store_counts *counts, struct err *err);

/* Whether a signature is the one that its signer is known by. Returns 1, 0 or
 * -1. */
int store_is_signer(
	struct store *store, int64_t letter, int64_t id, struct err *err);

/* Withdraws or rejects the signature that a signer is known by. */
int store_end(struct store *store, int64_t id, enum signature_state state,
	struct store_counts *counts, struct err *err);

/* Takes that back: it is what it would be without. */
int store_end_undo(struct store *store, int64_t id, struct store_counts *counts,
	struct err *err);

/* Notes that a signature is to be confirmed with the token of this digest,
 * before a time. */
int store_confirmation_add(struct store *store, int64_t signature,
	const char *sha256, int64_t until, struct err *err);

/* Confirms a pending or expired signature without its token, and takes that
 * back, unless the token was used since. Return 1, 0 when it was, or -1. */
int store_confirm_by_hand(struct store *store, int64_t id,
	struct store_counts *counts, struct err *err);
int store_confirm_undo(struct store *store, int64_t id, bool expired,
	struct store_counts *counts, struct err *err);

enum store_confirmed {
	STORE_CONFIRMED_NOW,
	STORE_CONFIRMED_UNKNOWN, /* no such token */
	STORE_CONFIRMED_BEFORE,	 /* the token was used */
	STORE_CONFIRMED_LATE,
	STORE_CONFIRMED_ENDED, /* withdrawn or rejected since, or revoked */
};

/* Uses a token; writes the tallies. */
int store_confirm(struct store *store, const char *sha256, int64_t now,
	enum store_confirmed *out, struct err *err);

/* Ends what was not confirmed in time; writes the tallies. *count (or NULL)
 * is how many there were. */
int
store_expire(struct store *store, int64_t now, int64_t *count, struct err *err);

/* How many signatures of a batch count, and how many repeat others. */
int store_batch_standing(struct store *store, int64_t batch, int64_t *counted,
	int64_t *repeated, struct err *err);

/* Takes a batch back; writes the tallies. each is told from time to time how
 * far it is; NULL: nobody. */
int store_revoke(struct store *store, int64_t letter, int64_t batch,
	int64_t now, void (*each)(void *ctx, int64_t done, int64_t of),
	void *ctx, struct err *err);

#endif
