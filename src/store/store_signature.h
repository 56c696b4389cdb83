/* Signatures and their counts. */
#ifndef STORE_STORE_SIGNATURE_H
#define STORE_STORE_SIGNATURE_H

#include <stdbool.h>

#include "core/signature.h"
#include "store/store.h"
#include "store/store_counts.h"

/* What signatures that come together have in common. */
struct store_signing {
	int64_t letter;
	int64_t edition;
	int64_t consent;
	enum signature_state state; /* pending or confirmed */
	const char *source;
	int64_t batch; /* 0: none */
	int64_t now;
	bool revive; /* who withdrew, was rejected or erased before counts
			again: they ask themselves; else the signature is not
			stored */
};

enum store_signed {
	STORE_SIGNED_NEW,
	STORE_SIGNED_AGAIN,	/* was there; kept beside it */
	STORE_SIGNED_TIGHTER,	/* the same, and the other's visibility was
				   tightened */
	STORE_SIGNED_WITHDRAWN, /* withdrawn before; not stored */
	STORE_SIGNED_REJECTED,	/* rejected before; not stored */
	STORE_SIGNED_ERASED,	/* erased before; not stored */
};

/* One of them, and what became of it. */
struct store_item {
	const struct signature *signature; /* checked */
	long line;			   /* of the batch's file, or 0 */
	const char *token;	/* of a pending one: the digest of its token */
	int64_t until;		/* and when that is to be used */
	enum store_signed what; /* and below: set by the store */
	enum visibility visibility;
	int64_t id;
	int64_t first; /* the one it repeats, or 0 */
};

/*
 * Stores signatures in their order. A repeated one is kept beside the first,
 * and changes nothing in it but a looser visibility; a pending one not even
 * that before it is confirmed (store_life.h), and where the first is pending
 * itself, one that is not takes its place. What is counted goes to counts;
 * the caller writes that.
 */
int store_sign(struct store *store, const struct store_signing *in,
	struct store_item *items, size_t count, struct store_counts *counts,
	struct err *err);

/* Begins a batch. */
int store_import_begin(struct store *store, int64_t letter, const char *source,
	const char *file, int64_t now, int64_t *id, struct err *err);

/* One imported file; texts are borrowed for the call. */
struct store_batch {
	int64_t id;
	int64_t letter;
	int64_t first, last; /* ids of its signatures; set, never read */
	const char *name;    /* of the letter, and below: read, never set */
	const char *source;
	const char *file;
	int64_t at;
	int64_t revoked_at; /* 0: not */
	const char *sha256; /* of the file; set, never read */
	int64_t added;	    /* new signers, when it came */
	int64_t again;	    /* who had signed before */
};

/* Ends it. */
int store_import_end(
	struct store *store, const struct store_batch *batch, struct err *err);

/* Calls each for the batches of a letter (0: of all), or for one (0: all). */
int store_batches(struct store *store, int64_t letter, int64_t batch,
	int (*each)(
		void *ctx, const struct store_batch *batch, struct err *err),
	void *ctx, struct err *err);

/* Whether the same file is another batch of the letter that was not revoked.
 * Returns 1, 0 or -1. */
int store_import_same(struct store *store, int64_t letter, const char *sha256,
	int64_t batch, struct err *err);

/* Calls each for who signed a letter with that address. */
int store_signers(struct store *store, int64_t letter, const char *email_key,
	int (*each)(
		void *ctx, const char *key, int64_t signature, struct err *err),
	void *ctx, struct err *err);

/* One signature as it is kept; strings are borrowed for the call. */
struct store_signature {
	struct signature signature; /* key and email_key are NULL */
	enum signature_state state;
	const char *source;
	const char *edition; /* SHA-256 */
	int64_t id;
	int64_t batch; /* 0: none */
	int64_t line;
};

/* Gets each row; returns 0, or -1 with err set to stop. */
typedef int store_signature_fn(
	void *ctx, const struct store_signature *row, struct err *err);

/* Calls each for the confirmed signatures of a letter (every_state: for all
 * that were not repeated or revoked) in the order they came, whose visibility
 * is not tighter than given. */
int store_signatures(struct store *store, int64_t letter, bool every_state,
	enum visibility tightest, store_signature_fn *each, void *ctx,
	struct err *err);

/* The same for one, whatever it is; for none if it is not there. */
int store_signature_get(struct store *store, int64_t id,
	store_signature_fn *each, void *ctx, struct err *err);

/* A signature and the one that it repeats. */
struct store_duplicate {
	struct store_signature row; /* name, organisation, email, country, */
	struct store_signature
		first; /* signed_at, source, batch, line, state */
};

/* Calls each for the repeated signatures of a letter, those of one signer
 * together. */
int store_duplicates(struct store *store, int64_t letter,
	int (*each)(
		void *ctx, const struct store_duplicate *d, struct err *err),
	void *ctx, struct err *err);

/* The same for everybody who asked for news in any letter of a campaign. */
int store_news_readers(struct store *store, const char *campaign,
	store_signature_fn *each, void *ctx, struct err *err);

/* All states but the last are confirmed signatures. */
struct store_totals {
	int64_t total;
	int64_t people;
	int64_t organisations;
	int64_t countries;
	int64_t pending;
};

int store_totals(struct store *store, int64_t letter, struct store_totals *out,
	struct err *err);

/* Confirmed since the last mailing to the recipients was made that was not
 * cancelled. */
int store_count_new(
	struct store *store, int64_t letter, int64_t *out, struct err *err);

#endif
