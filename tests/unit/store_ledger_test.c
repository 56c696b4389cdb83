#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_suppression.h"
#include "ledger_sample.h"
#include "sign_sample.h"

static void
test_claim(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "abc");
	int64_t other = add_queue(s, AUDIENCE_RECIPIENTS, "x");
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 2, &c);
	assert_string_equal(c.keys, "ab");
	assert_string_equal(c.items[0].recipient, "a@example.org");
	assert_string_equal(c.items[0].message_id, "a@example.org");
	assert_string_equal(c.items[0].lang, "en");
	assert_int_equal(c.items[0].attempts, 1);
	assert_int_equal(c.items[0].date, 100);
	assert_false(c.items[0].copy);
	assert_null(c.items[0].row);
	assert_null(c.items[0].signer);
	claim_release(&c);
	assert_ledger(s, mailing, "a:claimed:1 b:claimed:1 c:queued:0 ");
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 2, &c);
	assert_string_equal(c.keys, "c");
	claim_release(&c);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 2, &c);
	assert_int_equal(c.count, 0);
	claim_release(&c);
	assert_ledger(s, other, "x:queued:0 ");
}

static void
test_rows(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_mailing(s, AUDIENCE_FOR_SIGNERS);
	struct store_delivery_new in = {
		.mailing = mailing,
		.letter = s->letter,
		.lang = "fa",
		.recipient = "a@example.org",
		.key = "a@example.org",
		.copy = true,
		.message_id = "<1@example.org>",
	};
	struct claim c;

	sample_begin(s);
	ok(s, store_mailing_row_add(
		      s->store, mailing, "{\"name\":\"R\"}", &in.row, &s->err));
	ok(s, store_mailing_row_add(s->store, mailing, "{\"name\":\"S\"}",
		      &in.signer_row, &s->err));
	ok(s, store_delivery_add(s->store, &in, &s->err));
	sample_commit(s);
	claim(s, mailing, AUDIENCE_FOR_SIGNERS, "boot", 100, 1, &c);
	assert_string_equal(c.items[0].row, "{\"name\":\"R\"}");
	assert_string_equal(c.items[0].signer, "{\"name\":\"S\"}");
	assert_string_equal(c.items[0].lang, "fa");
	assert_true(c.items[0].copy);
	claim_release(&c);
}

/* The Date is that of the first claim on every try; a deferred delivery is
 * left until it is due. */
static void
test_deferred(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	int64_t due = 0;
	struct claim c;

	assert_int_equal(store_next_due(s->store, mailing, &due, &s->err), 1);
	assert_int_equal(due, 0);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
	assert_int_equal(store_next_due(s->store, mailing, &due, &s->err), 0);
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_DEFERRED, &busy,
		      900, 110, &s->err));
	claim_release(&c);
	assert_ledger(s, mailing, "a:deferred:1 ");
	assert_int_equal(store_next_due(s->store, mailing, &due, &s->err), 1);
	assert_int_equal(due, 900);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 899, 1, &c);
	assert_int_equal(c.count, 0);
	claim_release(&c);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 900, 1, &c);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.items[0].attempts, 2);
	assert_int_equal(c.items[0].date, 100);
	/* Our own fault: the try is given back, it is deferred as before. */
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_QUEUED, &accepted,
		      0, 910, &s->err));
	claim_release(&c);
	assert_ledger(s, mailing, "a:deferred:1 ");
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 920, 1, &c);
	assert_int_equal(c.items[0].attempts, 2);
	assert_int_equal(c.items[0].date, 100);
	claim_release(&c);
}

/* A first try that is given back never was: the Date is the next one's. */
static void
test_give_back(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "ab");
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 2, &c);
	ok(s, store_handed_over(s->store, c.items[1].id, 105, &s->err));
	for (int i = 0; i < 2; i++)
		ok(s, store_settle(s->store, c.items[i].id, DELIVERY_QUEUED,
			      &accepted, 0, 110, &s->err));
	claim_release(&c);
	assert_ledger(s, mailing, "a:queued:0 b:queued:0 ");
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 200, 1, &c);
	assert_string_equal(c.keys, "a");
	assert_int_equal(c.items[0].attempts, 1);
	assert_int_equal(c.items[0].date, 200);
	claim_release(&c);
}

static int
check_settled(void *ctx, const struct store_log_row *row, struct err *err)
{
	(void)err;
	++*(int *)ctx;
	assert_int_equal(row->state, DELIVERY_SENT);
	assert_int_equal(row->attempts, 1);
	assert_int_equal(row->code, 250);
	assert_string_equal(row->status, "2.0.0");
	assert_string_equal(row->reply, "queued as 1");
	assert_string_equal(row->letter, "ilo/a");
	assert_string_equal(row->lang, "en");
	assert_string_equal(row->message_id, "a@example.org");
	assert_int_equal(row->at, 120);
	assert_int_equal(row->audience, AUDIENCE_RECIPIENTS);
	assert_false(row->copy);
	return 0;
}

static void
test_log(void **state)
{
	static const struct {
		int state;
		int64_t since;
		int rows;
	} cases[] = {
		{-1, 0, 1},
		{-1, 120, 1},
		{-1, 121, 0},
		{DELIVERY_SENT, 0, 1},
		{DELIVERY_QUEUED, 0, 0},
	};
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
	ok(s, store_handed_over(s->store, c.items[0].id, 110, &s->err));
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_SENT, &accepted, 0,
		      120, &s->err));
	claim_release(&c);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rows = 0;

		ok(s, store_log(s->store, mailing, cases[i].state,
			      cases[i].since, check_settled, &rows, &s->err));
		assert_int_equal(rows, cases[i].rows);
		rows = 0;
		ok(s, store_log(s->store, 0, cases[i].state, cases[i].since,
			      check_settled, &rows, &s->err));
		assert_int_equal(rows, cases[i].rows);
	}
}

/* What each step makes of a delivery in each state. */
enum step {
	CLAIM,
	HAND_OVER,
	SETTLE_SENT,
	SETTLE_UNKNOWN,
	GIVE_BACK,
	RECOVER_SAME_BOOT,
	RECOVER_OTHER_BOOT,
	CANCEL,
};

static int
take_step(struct sample *s, enum step step, int64_t mailing, int64_t id)
{
	int64_t unknown;
	struct claim c;

	switch (step) {
	case CLAIM:
		claim(s, mailing, AUDIENCE_RECIPIENTS, "", 100, 1, &c);
		claim_release(&c);
		return c.count ? 0 : -1;
	case HAND_OVER:
		return store_handed_over(s->store, id, 100, &s->err);
	case SETTLE_SENT:
		return store_settle(s->store, id, DELIVERY_SENT, &accepted, 0,
			100, &s->err);
	case SETTLE_UNKNOWN:
		return store_settle(s->store, id, DELIVERY_UNKNOWN,
			&(struct smtp_reply){0}, 0, 100, &s->err);
	case GIVE_BACK:
		return store_settle(s->store, id, DELIVERY_QUEUED, &accepted, 0,
			100, &s->err);
	case RECOVER_SAME_BOOT:
		return store_recover(
			s->store, NULL, "", 100, &unknown, &s->err);
	case RECOVER_OTHER_BOOT:
		return store_recover(
			s->store, NULL, "other", 100, &unknown, &s->err);
	case CANCEL:
		sample_begin(s);
		ok(s, store_mailing_cancel(s->store, mailing, 100, &s->err));
		sample_commit(s);
		return 0;
	}
	return -1;
}

static int
note_row(void *ctx, const struct store_log_row *row, struct err *err)
{
	(void)err;
	*(struct store_log_row *)ctx = *row;
	return 0;
}

static void
test_transitions(void **state)
{
	/* The states that a step changes, and into what. All others stay. */
	static const struct {
		enum step step;
		enum delivery_state from, to;
	} changes[] = {
		{CLAIM, DELIVERY_QUEUED, DELIVERY_CLAIMED},
		{CLAIM, DELIVERY_DEFERRED, DELIVERY_CLAIMED},
		{HAND_OVER, DELIVERY_CLAIMED, DELIVERY_SENDING},
		{SETTLE_SENT, DELIVERY_CLAIMED, DELIVERY_SENT},
		{SETTLE_SENT, DELIVERY_SENDING, DELIVERY_SENT},
		{SETTLE_UNKNOWN, DELIVERY_CLAIMED, DELIVERY_UNKNOWN},
		{SETTLE_UNKNOWN, DELIVERY_SENDING, DELIVERY_UNKNOWN},
		{GIVE_BACK, DELIVERY_CLAIMED, DELIVERY_QUEUED},
		{GIVE_BACK, DELIVERY_SENDING, DELIVERY_QUEUED},
		{RECOVER_SAME_BOOT, DELIVERY_CLAIMED, DELIVERY_QUEUED},
		{RECOVER_SAME_BOOT, DELIVERY_SENDING, DELIVERY_UNKNOWN},
		{RECOVER_OTHER_BOOT, DELIVERY_CLAIMED, DELIVERY_UNKNOWN},
		{RECOVER_OTHER_BOOT, DELIVERY_SENDING, DELIVERY_UNKNOWN},
		{CANCEL, DELIVERY_QUEUED, DELIVERY_CANCELLED},
		{CANCEL, DELIVERY_DEFERRED, DELIVERY_CANCELLED},
	};
	struct sample *s = *state;

	for (int step = CLAIM; step <= CANCEL; step++) {
		for (int from = 0; from < DELIVERY_STATE_COUNT; from++) {
			int64_t mailing = add_mailing(s, AUDIENCE_RECIPIENTS);
			struct store_log_row row = {0};
			int wanted = from;
			int rc;

			add_delivery(s, mailing, "a", (enum delivery_state)from,
				0, false);
			ok(s, store_log(s->store, mailing, -1, 0, note_row,
				      &row, &s->err));
			rc = take_step(
				s, (enum step)step, mailing, row.delivery);
			for (size_t i = 0; i < COUNT(changes); i++)
				if ((int)changes[i].step == step &&
					(int)changes[i].from == from)
					wanted = (int)changes[i].to;
			ok(s, store_log(s->store, mailing, -1, 0, note_row,
				      &row, &s->err));
			if ((int)row.state != wanted)
				fail_msg("step %d from %s: %s, not %s", step,
					delivery_state_name(from),
					delivery_state_name(row.state),
					delivery_state_name(wanted));
			/* Nobody may go on with what is not theirs. */
			if (step == SETTLE_SENT || step == SETTLE_UNKNOWN)
				assert_int_equal(rc, wanted != from ? 0 : -1);
			if (step == HAND_OVER)
				assert_int_equal(
					rc, from == DELIVERY_CLAIMED ? 0 : -1);
		}
	}
}

/* What a dead run had claimed it may have begun: the try counts, and the Date
 * stays also when the next run gives it back. */
static void
test_date_after_a_crash(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	int64_t unknown;
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
	claim_release(&c);
	ok(s, store_recover(s->store, NULL, "boot", 200, &unknown, &s->err));
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 300, 1, &c);
	assert_int_equal(c.items[0].date, 100);
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_QUEUED, &accepted,
		      0, 310, &s->err));
	claim_release(&c);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 400, 1, &c);
	assert_int_equal(c.items[0].attempts, 2);
	assert_int_equal(c.items[0].date, 100);
	claim_release(&c);
}

static void
test_recover(void **state)
{
	static const struct {
		const char *boot, *ledger;
		int unknown;
	} cases[] = {
		{"boot",
			"d:deferred:2 a:sent:1 b:unknown:1 c:queued:1 "
			"e:queued:0 ",
			1},
		{"other",
			"d:unknown:2 a:sent:1 b:unknown:1 c:unknown:1 "
			"e:queued:0 ",
			3},
	};
	struct sample *s = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "d");
		int64_t unknown = -1;
		struct claim c;

		/* d was deferred once, and is claimed again with the rest. */
		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
		ok(s, store_settle(s->store, c.items[0].id, DELIVERY_DEFERRED,
			      &busy, 150, 110, &s->err));
		claim_release(&c);
		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 200, 1, &c);
		assert_string_equal(c.keys, "d");
		claim_release(&c);
		for (const char *key = "abce"; *key; key++)
			add_delivery(s, mailing, (char[]){*key, '\0'},
				DELIVERY_QUEUED, 0, false);
		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 200, 3, &c);
		assert_string_equal(c.keys, "abc");
		ok(s, store_handed_over(s->store, c.items[0].id, 201, &s->err));
		ok(s, store_settle(s->store, c.items[0].id, DELIVERY_SENT,
			      &accepted, 0, 202, &s->err));
		ok(s, store_handed_over(s->store, c.items[1].id, 203, &s->err));
		claim_release(&c);

		ok(s, store_recover(s->store, NULL, cases[i].boot, 300,
			      &unknown, &s->err));
		assert_int_equal(unknown, cases[i].unknown);
		assert_ledger(s, mailing, cases[i].ledger);
		/* Once is enough. */
		ok(s, store_recover(s->store, NULL, cases[i].boot, 400,
			      &unknown, &s->err));
		assert_int_equal(unknown, 0);
		sample_begin(s);
		ok(s, store_mailing_cancel(s->store, mailing, 400, &s->err));
		sample_commit(s);
	}
}

static void
assert_spent(struct sample *s, int64_t since, long count, int64_t oldest)
{
	long got = -1;
	int64_t at = -1;

	ok(s, store_spent(s->store, "main", since, &got, &at, &s->err));
	if (got != count || (count && at != oldest))
		fail_msg("since %d: %ld, the oldest at %d", (int)since, got,
			(int)at);
}

static void
test_spending(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "abcdefg");
	int64_t unknown;
	struct claim first, second;
	long other = -1;
	int64_t at;

	assert_spent(s, 0, 0, 0);
	/* A claimed batch counts as spent from its claim on. */
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 3, &first);
	assert_spent(s, 99, 3, 100);
	assert_spent(s, 100, 0, 0);
	/* Of three, two were tried; they count from the batch's end on. */
	ok(s, store_batch_end(s->store, first.spending, 2, 130, &s->err));
	assert_spent(s, 129, 2, 130);
	assert_spent(s, 130, 0, 0);
	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 200, 4, &second);
	assert_spent(s, 0, 6, 130);
	assert_spent(s, 130, 4, 200);
	/* A run that died may have sent them all until now. */
	ok(s, store_recover(s->store, NULL, "boot", 500, &unknown, &s->err));
	assert_spent(s, 499, 4, 500);
	assert_spent(s, 0, 6, 130);
	/* It is closed: a later recovery does not move it. */
	ok(s, store_recover(s->store, NULL, "boot", 900, &unknown, &s->err));
	assert_spent(s, 499, 4, 500);
	assert_spent(s, 500, 0, 0);
	ok(s, store_spent(s->store, "second", 0, &other, &at, &s->err));
	assert_int_equal(other, 0);
	claim_release(&first);
	claim_release(&second);
}

static void
test_reached(void **state)
{
	static const bool reached[DELIVERY_STATE_COUNT] = {
		[DELIVERY_SENDING] = true,
		[DELIVERY_SENT] = true,
		[DELIVERY_UNKNOWN] = true,
		[DELIVERY_BOUNCED] = true,
	};
	struct sample *s = *state;
	int64_t mailing = add_mailing(s, AUDIENCE_RECIPIENTS);
	char key[] = "a@example.org";

	for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
		key[0] = (char)('a' + i);
		add_delivery(s, mailing, (char[]){key[0], '\0'},
			(enum delivery_state)i, 0, false);
		if (store_reached(s->store, s->letter, key, AUDIENCE_RECIPIENTS,
			    0, &s->err) != reached[i])
			fail_msg("%s", delivery_state_name(i));
		assert_int_equal(store_reached(s->store, s->letter, key,
					 AUDIENCE_TEST, 0, &s->err),
			0);
		assert_int_equal(store_reached(s->store, s->letter + 1, key,
					 AUDIENCE_RECIPIENTS, 0, &s->err),
			0);
	}
	/* A copy is not the letter. */
	add_delivery(s, mailing, "y", DELIVERY_SENT, 0, true);
	assert_int_equal(store_reached(s->store, s->letter, "y@example.org",
				 AUDIENCE_RECIPIENTS, 0, &s->err),
		0);
}

/* The last row's id is that of the newest signature. */
static int
note_id(void *ctx, const struct store_signature *row, struct err *err)
{
	(void)err;
	*(int64_t *)ctx = row->id;
	return 0;
}

static enum store_signed
sign_as(struct sample *s, const char *key, enum visibility visibility)
{
	char *signer = mem_printf("p:%s@example.org", key);
	const struct signature signature = {
		.name = signer + 2,
		.email = signer + 2,
		.key = signer,
		.visibility = visibility,
	};
	const struct store_item item =
		sample_sign(s, s->letter, "desk", &signature, false);

	free(signer);
	return item.what;
}

/* Signs as key@example.org. Returns the signature's id. */
static int64_t
sign(struct sample *s, const char *key)
{
	int64_t id = 0;

	sign_as(s, key, VISIBILITY_PUBLIC);
	ok(s, store_signatures(s->store, s->letter, false, VISIBILITY_COUNT,
		      note_id, &id, &s->err));
	return id;
}

/* For signers an address gets one letter of each signature. */
static void
test_by_signature(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_mailing(s, AUDIENCE_FOR_SIGNERS);
	int64_t later = add_mailing(s, AUDIENCE_FOR_SIGNERS);
	int64_t one = sign(s, "one"), two = sign(s, "two");
	const char *key = "a@example.org";

	assert_int_not_equal(one, two);
	add_delivery(s, mailing, "a", DELIVERY_SENT, one, false);
	assert_int_equal(store_reached(s->store, s->letter, key,
				 AUDIENCE_FOR_SIGNERS, one, &s->err),
		1);
	assert_int_equal(store_reached(s->store, s->letter, key,
				 AUDIENCE_FOR_SIGNERS, two, &s->err),
		0);
	assert_int_equal(store_reached(s->store, s->letter, key,
				 AUDIENCE_FOR_SIGNERS, 0, &s->err),
		1);
	assert_int_equal(store_in_mailing(s->store, s->letter, mailing, key,
				 one, &s->err),
		1);
	assert_int_equal(store_in_mailing(s->store, s->letter, mailing, key,
				 two, &s->err),
		0);
	assert_int_equal(
		store_in_mailing(s->store, s->letter, mailing, key, 0, &s->err),
		1);
	assert_int_equal(
		store_in_mailing(s->store, s->letter, later, key, one, &s->err),
		0);
	assert_int_equal(store_in_mailing(s->store, s->letter, mailing,
				 "b@example.org", 0, &s->err),
		0);
}

/* What was queued is not sent to who was suppressed since; and that many
 * fall away does not end the mailing early. */
static void
test_suppressed_at_claim(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_TO_SIGNERS, "abcd");
	int64_t letters = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	struct claim c;

	sample_begin(s);
	for (const char *key = "abd"; *key; key++) {
		char email[] = "x@example.org";

		email[0] = *key;
		assert_int_equal(
			store_suppress(s->store, email, "asked", 60, &s->err),
			1);
	}
	sample_commit(s);
	claim(s, mailing, AUDIENCE_TO_SIGNERS, "boot", 100, 2, &c);
	assert_string_equal(c.keys, "c");
	claim_release(&c);
	claim(s, mailing, AUDIENCE_TO_SIGNERS, "boot", 100, 2, &c);
	assert_int_equal(c.count, 0);
	claim_release(&c);
	assert_ledger(s, mailing,
		"a:suppressed:0 b:suppressed:0 c:claimed:1 d:suppressed:0 ");
	/* An addressee of a letter is not a supporter. */
	claim(s, letters, AUDIENCE_RECIPIENTS, "boot", 100, 2, &c);
	assert_string_equal(c.keys, "a");
	claim_release(&c);
}

static void
test_withdrawn_at_claim(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_mailing(s, AUDIENCE_FOR_SIGNERS);
	int64_t one = sign(s, "one"), two = sign(s, "two");
	struct claim c;

	add_delivery(s, mailing, "a", DELIVERY_QUEUED, one, false);
	add_delivery(s, mailing, "b", DELIVERY_QUEUED, two, false);
	sample_begin(s);
	assert_int_equal(sample_withdraw(s, s->letter, "one@example.org"), 1);
	sample_commit(s);
	claim(s, mailing, AUDIENCE_FOR_SIGNERS, "boot", 100, 5, &c);
	assert_string_equal(c.keys, "b");
	claim_release(&c);
	assert_ledger(s, mailing, "a:cancelled:0 b:claimed:1 ");
}

/* Nor does a letter go out in a name that may not be shown any more. */
static void
test_hidden_at_claim(void **state)
{
	static const struct {
		enum audience audience;
		const char *ledger;
	} cases[] = {
		{AUDIENCE_FOR_SIGNERS, "a:cancelled:0 b:claimed:1 "},
		{AUDIENCE_TO_SIGNERS, "a:claimed:1 b:claimed:1 "},
	};
	struct sample *s = *state;
	int64_t one = sign(s, "one"), two = sign(s, "two");

	assert_int_equal(
		sign_as(s, "one", VISIBILITY_COUNT), STORE_SIGNED_TIGHTER);
	assert_int_equal(
		sign_as(s, "two", VISIBILITY_RECIPIENT), STORE_SIGNED_TIGHTER);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t mailing = add_mailing(s, cases[i].audience);
		struct claim c;

		add_delivery(s, mailing, "a", DELIVERY_QUEUED, one, false);
		add_delivery(s, mailing, "b", DELIVERY_QUEUED, two, false);
		claim(s, mailing, cases[i].audience, "boot", 100, 5, &c);
		claim_release(&c);
		assert_ledger(s, mailing, cases[i].ledger);
	}
}

/* A clock that was ahead once does not stop everything until then. */
static void
test_clock(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "a");
	int64_t unknown, due = 0;
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 900000, 1, &c);
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_DEFERRED, &busy,
		      901000, 900000, &s->err));
	ok(s, store_batch_end(s->store, c.spending, 1, 900000, &s->err));
	claim_release(&c);
	ok(s, store_recover(s->store, NULL, "boot", 500, &unknown, &s->err));
	assert_int_equal(unknown, 0);
	assert_spent(s, 0, 1, 500);
	assert_int_equal(store_next_due(s->store, mailing, &due, &s->err), 1);
	assert_in_range(due, 0, 500);
}

static int
add_key(void *ctx, const struct store_delivery *d, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%c%d ", d->recipient[0], d->attempts);
	return 0;
}

static void
test_deliveries(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "abc");
	struct buf keys = {0};
	struct claim c;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
	ok(s, store_settle(s->store, c.items[0].id, DELIVERY_DEFERRED, &busy,
		      900, 110, &s->err));
	claim_release(&c);
	ok(s, store_deliveries(
		      s->store, mailing, 899, add_key, &keys, &s->err));
	assert_string_equal(buf_str(&keys), "b1 c1 ");
	buf_reset(&keys);
	ok(s, store_deliveries(
		      s->store, mailing, 900, add_key, &keys, &s->err));
	assert_string_equal(buf_str(&keys), "b1 c1 a2 ");
	buf_release(&keys);
	/* Looking claims nothing. */
	assert_ledger(s, mailing, "a:deferred:1 b:queued:0 c:queued:0 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_claim),
		WITH_STORE(test_rows),
		WITH_STORE(test_deferred),
		WITH_STORE(test_give_back),
		WITH_STORE(test_log),
		WITH_STORE(test_transitions),
		WITH_STORE(test_date_after_a_crash),
		WITH_STORE(test_recover),
		WITH_STORE(test_spending),
		WITH_STORE(test_reached),
		WITH_STORE(test_by_signature),
		WITH_STORE(test_suppressed_at_claim),
		WITH_STORE(test_withdrawn_at_claim),
		WITH_STORE(test_hidden_at_claim),
		WITH_STORE(test_clock),
		WITH_STORE(test_deliveries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
