/* Signatures, their counts, and suppressed addresses. */
#ifndef STORE_STORE_SIGNATURE_H
#define STORE_STORE_SIGNATURE_H

#include <stdbool.h>

#include "core/signature.h"
#include "store/store.h"

/* A signature with where it comes from. */
struct store_signing {
	int64_t letter;
	int64_t edition;
	int64_t consent;
	const struct signature *signature; /* checked */
	const char *source;
	int64_t batch; /* 0: none */
	long line;
	int64_t now;
	bool revive; /* who withdrew before counts again: they ask themselves;
			without it the signature is not stored */
};

enum store_signed {
	STORE_SIGNED_NEW,
	STORE_SIGNED_AGAIN,	/* was there; nothing changed */
	STORE_SIGNED_TIGHTER,	/* was there; its visibility was tightened */
	STORE_SIGNED_WITHDRAWN, /* withdrawn before; not stored */
};

int store_sign(struct store *store, const struct store_signing *in,
	enum store_signed *out, struct err *err);

int store_batch(struct store *store, int64_t letter, const char *source,
	int64_t now, int64_t *id, struct err *err);

/* Withdraws every signature of an address for a letter. Returns 1, 0 when
 * there was none, or -1. */
int store_withdraw(struct store *store, int64_t letter, const char *email_key,
	struct err *err);

/* One signature as it is kept; strings are borrowed for the call. */
struct store_signature {
	struct signature signature; /* key is NULL */
	enum signature_state state;
	const char *source;
	const char *edition; /* SHA-256 */
	int64_t id;
};

/* Gets each row; returns 0, or -1 with err set to stop. */
typedef int store_signature_fn(
	void *ctx, const struct store_signature *row, struct err *err);

/* Calls each for the confirmed signatures of a letter (every_state: for all)
 * in the order they came, whose visibility is not tighter than given. */
int store_signatures(struct store *store, int64_t letter, bool every_state,
	enum visibility tightest, store_signature_fn *each, void *ctx,
	struct err *err);

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

enum store_by {
	STORE_BY_COUNTRY,
	STORE_BY_DAY,
	STORE_BY_LANGUAGE,
	STORE_BY_ORGANISATION,
	STORE_BY_SOURCE,
	STORE_BY_VISIBILITY,
};

/* letter 0: of all letters. */
int store_count_by(struct store *store, int64_t letter, enum store_by by,
	int (*each)(
		void *ctx, const char *what, int64_t total, struct err *err),
	void *ctx, struct err *err);

/* Returns 1 when it is new, 0 when it was there, or -1. */
int store_suppress(struct store *store, const char *email_key,
	const char *reason, int64_t now, struct err *err);

/* Returns 1, 0 or -1. */
int store_is_suppressed(
	struct store *store, const char *email_key, struct err *err);

#endif
