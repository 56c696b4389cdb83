/* Signing, for the tests of what signatures are in. */
#ifndef TESTS_SIGN_SAMPLE_H
#define TESTS_SIGN_SAMPLE_H

#include "store/store_life.h"
#include "store/store_signature.h"
#include "store_sample.h"

static inline int
sample_miscounted(void *ctx, const char *letter, enum tally what,
	const char *value, int64_t total, int64_t right, struct err *err)
{
	(void)ctx;
	(void)err;
	fail_msg("%s: tally %d of \"%s\" is %d, not %d", letter, what, value,
		(int)total, (int)right);
	return 0;
}

/* The tallies are what the signatures are. */
static inline void
sample_recount(struct sample *s)
{
	ok(s, store_recount(s->store, sample_miscounted, NULL, &s->err));
}

/* Stores one signature; returns what became of it. NULL texts are empty. */
static inline struct store_item
sample_sign(struct sample *s, int64_t letter, const char *source,
	const struct signature *given, bool revive)
{
	struct signature signature = *given;
	const char **texts[] = {&signature.name, &signature.email,
		&signature.organisation, &signature.role, &signature.country,
		&signature.city, &signature.postcode, &signature.comment,
		&signature.lang};
	const struct store_signing in = {
		.letter = letter,
		.edition = s->edition,
		.consent = s->consent,
		.state = SIGNATURE_CONFIRMED,
		.source = source,
		.now = given->signed_at + 10,
		.revive = revive,
	};
	struct store_counts counts = {.letter = letter};
	struct store_item item = {.signature = &signature};

	for (size_t i = 0; i < COUNT(texts); i++)
		if (!*texts[i])
			*texts[i] = "";
	sample_begin(s);
	ok(s, store_sign(s->store, &in, &item, 1, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	sample_recount(s);
	return item;
}

static inline int
sample_take_id(void *ctx, const char *key, int64_t signature, struct err *err)
{
	(void)key;
	(void)err;
	*(int64_t *)ctx = signature;
	return 0;
}

/* The signature that an address is known by, 0 when there is none. */
static inline int64_t
sample_signer(struct sample *s, int64_t letter, const char *email_key)
{
	int64_t id = 0;

	ok(s, store_signers(s->store, letter, email_key, sample_take_id, &id,
		      &s->err));
	return id;
}

/* Withdraws the signature of an address, within a transaction. Returns 1, or
 * 0 when it does not count. */
static inline int
sample_withdraw(struct sample *s, int64_t letter, const char *email_key)
{
	struct store_counts counts = {.letter = letter};
	int64_t id = sample_signer(s, letter, email_key);
	enum signature_state state = SIGNATURE_WITHDRAWN;

	if (id)
		ok(s, store_state(s->store, id, &state, &s->err));
	if (state != SIGNATURE_CONFIRMED)
		return 0;
	ok(s, store_end(s->store, id, SIGNATURE_WITHDRAWN, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	return 1;
}

#endif
