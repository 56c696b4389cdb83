#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_sample.h"
#include "store/store_names.h"
#include "sign_sample.h"

/* Signs as NAME, whose address is NAME@example.org. */
static void
sign(struct sample *s, const char *name, enum visibility visibility)
{
	char *email = mem_printf("%s@example.org", name);
	char *key = mem_printf("p:%s", email);
	const struct signature signature = {
		.visibility = visibility,
		.name = name,
		.email = email,
		.key = key,
	};

	sample_sign(s, s->letter, "desk", &signature, false);
	free(key);
	free(email);
}

static void
withdraw(struct sample *s, const char *email)
{
	sample_begin(s);
	assert_int_equal(sample_withdraw(s, s->letter, email), 1);
	sample_commit(s);
}

static void
add_end(struct buf *out, int64_t version)
{
	if (version == INT64_MAX)
		buf_putc(out, '-');
	else
		buf_printf(out, "%d", (int)version);
}

static int
note_name(void *ctx, const struct store_name *n, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%s:", n->name ? n->name : "");
	add_end(ctx, n->public_to);
	buf_putc(ctx, ':');
	add_end(ctx, n->recipient_to);
	buf_putc(ctx, ' ');
	return 0;
}

static void
assert_names(struct sample *s, int64_t mailing, const char *wanted)
{
	struct buf list = {0};

	ok(s, store_names(s->store, mailing, note_name, &list, &s->err));
	assert_string_equal(buf_str(&list), wanted);
	buf_release(&list);
}

static int64_t
follow(struct sample *s, int64_t mailing)
{
	int64_t version = -1;

	sample_begin(s);
	assert_int_equal(
		store_names_follow(s->store, mailing, &version, &s->err), 1);
	sample_commit(s);
	return version;
}

static int64_t
freeze(struct sample *s, enum visibility tightest)
{
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "r");

	sample_begin(s);
	ok(s, store_names_freeze(
		      s->store, mailing, s->letter, tightest, &s->err));
	sample_commit(s);
	return mailing;
}

static void
test_versions(void **state)
{
	struct sample *s = *state;
	struct buf changed = {0};
	int64_t mailing, news, none, version;

	sign(s, "p", VISIBILITY_PUBLIC);
	sign(s, "q", VISIBILITY_PUBLIC);
	sign(s, "r", VISIBILITY_RECIPIENT);
	sign(s, "c", VISIBILITY_COUNT);
	mailing = freeze(s, VISIBILITY_RECIPIENT);
	news = freeze(s, VISIBILITY_PUBLIC);
	none = add_mailing(s, AUDIENCE_RECIPIENTS);
	sign(s, "late", VISIBILITY_PUBLIC);
	assert_int_equal(follow(s, mailing), 0);
	assert_names(s, mailing, "p:-:- q:-:- r:0:- ");
	assert_names(s, news, "p:-:- q:-:- ");
	assert_int_equal(
		store_names_follow(s->store, none, &version, &s->err), 0);

	sign(s, "p", VISIBILITY_RECIPIENT);
	assert_int_equal(follow(s, mailing), 1);
	assert_int_equal(follow(s, mailing), 1);
	withdraw(s, "q@example.org");
	withdraw(s, "r@example.org");
	assert_int_equal(follow(s, mailing), 2);
	sign(s, "p", VISIBILITY_COUNT);
	assert_int_equal(follow(s, mailing), 3);
	assert_names(s, mailing, "p:1:3 q:2:2 r:0:2 ");
	assert_names(s, news, "p:-:- q:-:- ");
	ok(s, store_names_changed(
		      s->store, mailing, 2, note_name, &changed, &s->err));
	assert_string_equal(buf_str(&changed), ":1:3 ");
	buf_release(&changed);
}

/* What a claim is made of, and whether a server was given it. */
static void
test_claims(void **state)
{
	static const struct {
		bool handed_over;
		int64_t version;
	} tries[] = {
		{false, 0}, /* nothing was given: the newest next time */
		{true, 1},
		{false, 1}, /* given once: it stays */
		{true, 1},
	};
	struct sample *s = *state;
	int64_t mailing;

	sign(s, "p", VISIBILITY_PUBLIC);
	sign(s, "q", VISIBILITY_PUBLIC);
	mailing = freeze(s, VISIBILITY_RECIPIENT);
	for (size_t i = 0; i < COUNT(tries); i++) {
		struct claim c;

		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot",
			1000 * (int64_t)(i + 1), 1, &c);
		assert_int_equal(c.count, 1);
		assert_int_equal(c.items[0].names, tries[i].version);
		sample_begin(s);
		ok(s, store_settle(s->store, c.items[0].id, DELIVERY_DEFERRED,
			      &busy, 0, 1000, &s->err));
		ok(s, store_names_settle(s->store, c.items[0].id,
			      tries[i].handed_over, &s->err));
		sample_commit(s);
		claim_release(&c);
		if (i == 0)
			withdraw(s, "p@example.org");
		if (i == 1)
			withdraw(s, "q@example.org");
	}
}

/* A dead run: what was only claimed was given to nobody, unless the machine
 * went down. */
static void
test_recover(void **state)
{
	static const struct {
		const char *boot;
		bool handed_over;
		int64_t next;
	} cases[] = {
		{"boot", false, 1}, {"boot", true, 0}, {"other", false, 0}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sample *s;
		int64_t mailing;
		struct claim c;

		sample_set_up(state);
		s = *state;
		sign(s, "p", VISIBILITY_PUBLIC);
		mailing = freeze(s, VISIBILITY_RECIPIENT);
		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
		sample_begin(s);
		if (cases[i].handed_over)
			ok(s, store_handed_over(
				      s->store, c.items[0].id, 100, &s->err));
		ok(s, store_names_recover(s->store, cases[i].boot, &s->err));
		sample_commit(s);
		claim_release(&c);
		withdraw(s, "p@example.org");
		sample_begin(s);
		ok(s, db_script(s->store->db, "UPDATE delivery SET state = 0",
			      &s->err));
		sample_commit(s);
		claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 200, 1, &c);
		assert_int_equal(c.items[0].names, cases[i].next);
		claim_release(&c);
		sample_tear_down(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_versions),
		WITH_STORE(test_claims),
		cmocka_unit_test(test_recover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
