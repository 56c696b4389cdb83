/* Signing, for the tests of what signatures are in. */
#ifndef TESTS_SIGN_SAMPLE_H
#define TESTS_SIGN_SAMPLE_H

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

#endif
