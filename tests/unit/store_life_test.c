#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sign_sample.h"

#define ADDRESS "a@example.org"

/* How one of Ann's signatures comes. */
struct coming {
	const char *batch; /* "1", "2"; NULL: none */
	const char *token; /* its digest: it is pending; NULL: it is not */
	enum visibility visibility;
};

/* Stores one; returns its id. The batches are the letter's first ones. */
static int64_t
come(struct sample *s, const struct coming *c)
{
	const struct signature given = {
		.name = "Ann",
		.email = ADDRESS,
		.organisation = "",
		.role = "",
		.country = "",
		.city = "",
		.postcode = "",
		.comment = "",
		.lang = "en",
		.visibility = c->visibility,
		.key = "p:" ADDRESS,
	};
	const struct store_signing in = {
		.letter = s->letter,
		.edition = s->edition,
		.consent = s->consent,
		.state = c->token ? SIGNATURE_PENDING : SIGNATURE_CONFIRMED,
		.source = "a",
		.batch = c->batch ? *c->batch - '0' : 0,
		.revive = !c->batch,
	};
	struct store_counts counts = {.letter = s->letter};
	struct store_item item = {
		.signature = &given, .token = c->token, .until = 100};

	sample_begin(s);
	ok(s, store_sign(s->store, &in, &item, 1, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	sample_recount(s);
	return item.id;
}

/* Two batches whose signatures may be any. */
static void
make_batches(struct sample *s)
{
	sample_begin(s);
	for (int i = 0; i < 2; i++) {
		struct store_batch batch = {
			.first = 1, .last = INT32_MAX, .sha256 = ""};

		ok(s, store_import_begin(s->store, s->letter, "a", "a.csv", 5,
			      &batch.id, &s->err));
		ok(s, store_import_end(s->store, &batch, &s->err));
	}
	sample_commit(s);
}

static void
assert_counts(struct sample *s, int64_t signer, enum signature_state state)
{
	enum signature_state is;

	sample_recount(s);
	assert_int_equal(sample_signer(s, s->letter, ADDRESS), signer);
	ok(s, store_state(s->store, signer, &is, &s->err));
	assert_string_equal(
		signature_state_name(is), signature_state_name(state));
}

static void
take_back(struct sample *s, int64_t batch)
{
	sample_begin(s);
	ok(s, store_revoke(s->store, s->letter, batch, 7, NULL, NULL, &s->err));
	sample_commit(s);
}

static enum store_confirmed
confirm(struct sample *s, const char *token, int64_t now)
{
	enum store_confirmed out;

	sample_begin(s);
	ok(s, store_confirm(s->store, token, now, &out, &s->err));
	sample_commit(s);
	return out;
}

static int
keep_visibility(void *ctx, const struct store_signature *row, struct err *err)
{
	(void)err;
	*(enum visibility *)ctx = row->signature.visibility;
	return 0;
}

static void
assert_visibility(struct sample *s, int64_t id, enum visibility right)
{
	enum visibility visibility = VISIBILITY_PUBLIC;

	ok(s, store_signature_get(
		      s->store, id, keep_visibility, &visibility, &s->err));
	assert_string_equal(
		visibility_name(visibility), visibility_name(right));
}

static void
test_hand_over(void **state)
{
	struct sample *s = *state;
	int64_t a, b, c;

	make_batches(s);
	a = come(s, &(struct coming){"1", NULL, VISIBILITY_PUBLIC});
	b = come(s, &(struct coming){"2", NULL, VISIBILITY_RECIPIENT});
	c = come(s, &(struct coming){NULL, NULL, VISIBILITY_COUNT});
	assert_counts(s, a, SIGNATURE_CONFIRMED);
	assert_visibility(s, a, VISIBILITY_COUNT);
	take_back(s, 1);
	assert_counts(s, b, SIGNATURE_CONFIRMED);
	assert_visibility(s, a, VISIBILITY_PUBLIC);
	assert_visibility(s, b, VISIBILITY_COUNT);
	take_back(s, 2);
	assert_counts(s, c, SIGNATURE_CONFIRMED);
	assert_visibility(s, b, VISIBILITY_RECIPIENT);
}

static void
test_nobody_is_left(void **state)
{
	struct sample *s = *state;
	int64_t a, again;

	make_batches(s);
	a = come(s, &(struct coming){"1", NULL, VISIBILITY_PUBLIC});
	take_back(s, 1);
	assert_counts(s, a, SIGNATURE_REVOKED);
	again = come(s, &(struct coming){"2", NULL, VISIBILITY_PUBLIC});
	assert_counts(s, again, SIGNATURE_CONFIRMED);
}

static void
test_ended_stays_so(void **state)
{
	struct sample *s = *state;
	struct store_counts counts = {.letter = s->letter};
	int64_t a, b;

	make_batches(s);
	a = come(s, &(struct coming){"1", NULL, VISIBILITY_PUBLIC});
	b = come(s, &(struct coming){"2", NULL, VISIBILITY_PUBLIC});
	sample_begin(s);
	ok(s, store_end(s->store, a, SIGNATURE_REJECTED, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	take_back(s, 1);
	assert_counts(s, a, SIGNATURE_REJECTED);
	/* Undone, it is not what the batch had brought. */
	sample_begin(s);
	ok(s, store_end_undo(s->store, a, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	assert_counts(s, b, SIGNATURE_CONFIRMED);
}

static void
test_token(void **state)
{
	struct sample *s = *state;
	int64_t a = come(s, &(struct coming){NULL, "t", VISIBILITY_PUBLIC});

	assert_counts(s, a, SIGNATURE_PENDING);
	assert_int_equal(confirm(s, "u", 1), STORE_CONFIRMED_UNKNOWN);
	assert_int_equal(confirm(s, "t", 99), STORE_CONFIRMED_NOW);
	assert_counts(s, a, SIGNATURE_CONFIRMED);
	assert_int_equal(confirm(s, "t", 99), STORE_CONFIRMED_BEFORE);
}

static void
test_late(void **state)
{
	struct sample *s = *state;
	int64_t a = come(s, &(struct coming){NULL, "t", VISIBILITY_PUBLIC});
	int64_t count = 0;

	sample_begin(s);
	ok(s, store_expire(s->store, 99, &count, &s->err));
	assert_int_equal(count, 0);
	ok(s, store_expire(s->store, 100, &count, &s->err));
	assert_int_equal(count, 1);
	sample_commit(s);
	assert_counts(s, a, SIGNATURE_EXPIRED);
	assert_int_equal(confirm(s, "t", 1), STORE_CONFIRMED_LATE);
}

/* Each is pending until its own token is used. */
static void
test_two_tokens(void **state)
{
	struct sample *s = *state;
	int64_t a = come(s, &(struct coming){NULL, "t", VISIBILITY_COUNT});
	int64_t b = come(s, &(struct coming){NULL, "u", VISIBILITY_PUBLIC});

	assert_counts(s, a, SIGNATURE_PENDING);
	assert_int_equal(confirm(s, "u", 1), STORE_CONFIRMED_NOW);
	assert_counts(s, b, SIGNATURE_CONFIRMED);
	assert_visibility(s, b, VISIBILITY_PUBLIC);
	assert_int_equal(confirm(s, "t", 1), STORE_CONFIRMED_NOW);
	assert_counts(s, b, SIGNATURE_CONFIRMED);
	assert_visibility(s, b, VISIBILITY_COUNT);
}

/* Somebody else's typing does not undo a withdrawal; the owner's word does. */
static void
test_anew(void **state)
{
	struct sample *s = *state;
	int64_t a, b;

	a = come(s, &(struct coming){NULL, NULL, VISIBILITY_PUBLIC});
	sample_begin(s);
	assert_int_equal(sample_withdraw(s, s->letter, ADDRESS), 1);
	sample_commit(s);
	b = come(s, &(struct coming){NULL, "t", VISIBILITY_PUBLIC});
	assert_counts(s, a, SIGNATURE_WITHDRAWN);
	assert_int_equal(confirm(s, "t", 1), STORE_CONFIRMED_NOW);
	assert_counts(s, b, SIGNATURE_CONFIRMED);
}

static void
test_withdrawn_while_pending(void **state)
{
	struct sample *s = *state;
	struct store_counts counts = {.letter = s->letter};
	int64_t a = come(s, &(struct coming){NULL, "t", VISIBILITY_PUBLIC});

	come(s, &(struct coming){NULL, "u", VISIBILITY_PUBLIC});
	sample_begin(s);
	ok(s, store_end(s->store, a, SIGNATURE_WITHDRAWN, &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	assert_int_equal(confirm(s, "t", 1), STORE_CONFIRMED_ENDED);
	assert_int_equal(confirm(s, "u", 1), STORE_CONFIRMED_ENDED);
	assert_counts(s, a, SIGNATURE_WITHDRAWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_hand_over),
		WITH_STORE(test_nobody_is_left),
		WITH_STORE(test_ended_stays_so),
		WITH_STORE(test_token),
		WITH_STORE(test_late),
		WITH_STORE(test_two_tokens),
		WITH_STORE(test_anew),
		WITH_STORE(test_withdrawn_while_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
