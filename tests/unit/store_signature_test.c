#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store_mailing.h"
#include "store/store_suppression.h"
#include "sign_sample.h"

/* One signer, by what differs. */
struct signer {
	const char *name;
	const char *email; /* its own key */
	enum signature_kind kind;
	enum visibility visibility;
	const char *country;
	const char *lang;
	bool updates;
	int64_t at;
};

static enum store_signed
sign_letter(
	struct sample *s, int64_t letter, const struct signer *who, bool revive)
{
	char *key = mem_printf("%s:%s", who->kind ? "o" : "p",
		who->email ? who->email : who->name);
	const struct signature signature = {
		.kind = who->kind,
		.name = who->name,
		.organisation = who->kind ? who->name : "",
		.email = who->email,
		.country = who->country,
		.lang = who->lang,
		.key = key,
		.visibility = who->visibility,
		.updates = who->updates,
		.signed_at = who->at,
	};
	const struct store_item item = sample_sign(s, letter,
		who->kind ? "unions.csv" : "desk", &signature, revive);

	free(key);
	return item.what;
}

static enum store_signed
sign(struct sample *s, const struct signer *who)
{
	return sign_letter(s, s->letter, who, false);
}

/* Names, or e-mail addresses, of the rows, joined. */
static int
add_name(void *ctx, const struct store_signature *row, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%s ", row->signature.name);
	return 0;
}

static int
stop(void *ctx, const struct store_signature *row, struct err *err)
{
	(void)row;
	++*(int *)ctx;
	return err_set(err, ERR_DATA, "enough");
}

static void
test_again(void **state)
{
	static const struct {
		enum visibility visibility;
		enum store_signed out;
	} cases[] = {
		{VISIBILITY_PUBLIC, STORE_SIGNED_NEW},
		{VISIBILITY_PUBLIC, STORE_SIGNED_AGAIN},
		{VISIBILITY_RECIPIENT, STORE_SIGNED_TIGHTER},
		{VISIBILITY_PUBLIC, STORE_SIGNED_AGAIN},
		{VISIBILITY_RECIPIENT, STORE_SIGNED_AGAIN},
		{VISIBILITY_COUNT, STORE_SIGNED_TIGHTER},
		{VISIBILITY_PUBLIC, STORE_SIGNED_AGAIN},
	};
	struct sample *s = *state;
	struct store_totals totals;
	struct buf names = {0};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct signer who = {.name = i ? "Other" : "Reza",
			.email = "reza@example.org",
			.visibility = cases[i].visibility};

		if (sign(s, &who) != cases[i].out)
			fail_msg("case %zu", i);
	}
	/* Nobody sees the name any more, and nothing else has changed. */
	ok(s, store_signatures(s->store, s->letter, false, VISIBILITY_RECIPIENT,
		      add_name, &names, &s->err));
	assert_string_equal(buf_str(&names), "");
	ok(s, store_signatures(s->store, s->letter, false, VISIBILITY_COUNT,
		      add_name, &names, &s->err));
	assert_string_equal(buf_str(&names), "Reza ");
	ok(s, store_totals(s->store, s->letter, &totals, &s->err));
	assert_int_equal(totals.total, 1);
	buf_release(&names);
}

static void
test_other_letter(void **state)
{
	const struct signer who = {.name = "A", .email = "a@example.org"};
	struct sample *s = *state;
	int64_t other;

	sample_begin(s);
	ok(s, store_letter(s->store, "ilo/b", &other, &s->err));
	sample_commit(s);
	assert_int_equal(sign(s, &who), STORE_SIGNED_NEW);
	assert_int_equal(sign_letter(s, other, &who, false), STORE_SIGNED_NEW);
}

static void
test_withdraw(void **state)
{
	const struct signer who = {.name = "A", .email = "a@example.org"};
	struct sample *s = *state;
	struct store_totals totals;
	struct buf names = {0};

	sign(s, &who);
	sample_begin(s);
	assert_int_equal(sample_withdraw(s, s->letter, "x@example.org"), 0);
	assert_int_equal(sample_withdraw(s, s->letter, "a@example.org"), 1);
	assert_int_equal(sample_withdraw(s, s->letter, "a@example.org"), 0);
	sample_commit(s);
	sample_recount(s);
	ok(s, store_totals(s->store, s->letter, &totals, &s->err));
	assert_int_equal(totals.total, 0);
	ok(s, store_signatures(s->store, s->letter, false, VISIBILITY_COUNT,
		      add_name, &names, &s->err));
	assert_string_equal(buf_str(&names), "");
	ok(s, store_signatures(s->store, s->letter, true, VISIBILITY_COUNT,
		      add_name, &names, &s->err));
	assert_string_equal(buf_str(&names), "A ");
	buf_release(&names);

	/* A list does not bring back who withdrew; they themselves may come
	 * back, and are then there as before. */
	assert_int_equal(sign(s, &who), STORE_SIGNED_WITHDRAWN);
	assert_int_equal(
		sign_letter(s, s->letter, &who, true), STORE_SIGNED_NEW);
	assert_int_equal(sign(s, &who), STORE_SIGNED_AGAIN);
	ok(s, store_totals(s->store, s->letter, &totals, &s->err));
	assert_int_equal(totals.total, 1);
}

static const struct signer crowd[] = {
	{"P1", "p1@example.org", SIGNATURE_PERSON, VISIBILITY_PUBLIC, "IR",
		"fa", true, 0},
	{"P2", "p2@example.org", SIGNATURE_PERSON, VISIBILITY_RECIPIENT, "IR",
		"fa", false, 86399},
	{"P3", "p3@example.org", SIGNATURE_PERSON, VISIBILITY_COUNT, "DE", "de",
		true, 86400},
	{"P4", NULL, SIGNATURE_PERSON, VISIBILITY_RECIPIENT, "FR", "", true,
		86400},
	{"O1", "o1@example.org", SIGNATURE_ORGANISATION, VISIBILITY_PUBLIC,
		NULL, "en", true, 200000},
	{"Gone", "gone@example.org", SIGNATURE_PERSON, VISIBILITY_PUBLIC, "US",
		"en", true, 200000},
};

static void
sign_all(struct sample *s)
{
	for (size_t i = 0; i < COUNT(crowd); i++)
		assert_int_equal(sign(s, &crowd[i]), STORE_SIGNED_NEW);
	sample_begin(s);
	assert_int_equal(sample_withdraw(s, s->letter, "gone@example.org"), 1);
	sample_commit(s);
}

static void
test_lists(void **state)
{
	static const struct {
		bool every;
		enum visibility tightest;
		const char *names;
	} cases[] = {
		{false, VISIBILITY_PUBLIC, "P1 O1 "},
		{false, VISIBILITY_RECIPIENT, "P1 P2 P4 O1 "},
		{false, VISIBILITY_COUNT, "P1 P2 P3 P4 O1 "},
		{true, VISIBILITY_PUBLIC, "P1 O1 Gone "},
		{true, VISIBILITY_COUNT, "P1 P2 P3 P4 O1 Gone "},
	};
	struct sample *s = *state;
	int calls = 0;

	sign_all(s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf names = {0};

		ok(s, store_signatures(s->store, s->letter, cases[i].every,
			      cases[i].tightest, add_name, &names, &s->err));
		assert_string_equal(buf_str(&names), cases[i].names);
		buf_release(&names);
	}
	assert_int_equal(store_signatures(s->store, s->letter, true,
				 VISIBILITY_COUNT, stop, &calls, &s->err),
		-1);
	assert_int_equal(calls, 1);
	assert_string_equal(s->err.msg, "enough");
}

static int
check_first(void *ctx, const struct store_signature *row, struct err *err)
{
	const struct signature *s = &row->signature;

	(void)err;
	if ((*(int *)ctx)++)
		return 0;
	assert_string_equal(s->name, "P1");
	assert_string_equal(s->email, "p1@example.org");
	assert_string_equal(s->country, "IR");
	assert_string_equal(s->lang, "fa");
	assert_string_equal(s->comment, "");
	assert_null(s->key);
	assert_true(s->updates);
	assert_int_equal(s->signed_at, 0);
	assert_int_equal(s->kind, SIGNATURE_PERSON);
	assert_int_equal(row->state, SIGNATURE_CONFIRMED);
	assert_string_equal(row->source, "desk");
	assert_int_equal(strlen(row->edition), 64);
	assert_true(row->id > 0);
	return 0;
}

static void
test_row(void **state)
{
	struct sample *s = *state;
	int calls = 0;

	sign_all(s);
	ok(s, store_signatures(s->store, s->letter, false, VISIBILITY_COUNT,
		      check_first, &calls, &s->err));
	assert_int_equal(calls, 5);
}

static void
test_totals(void **state)
{
	struct sample *s = *state;
	struct store_totals totals;

	sign_all(s);
	ok(s, store_totals(s->store, s->letter, &totals, &s->err));
	assert_int_equal(totals.total, 5);
	assert_int_equal(totals.people, 4);
	assert_int_equal(totals.organisations, 1);
	assert_int_equal(totals.countries, 3);
	assert_int_equal(totals.pending, 0);
	ok(s, store_totals(s->store, s->letter + 1, &totals, &s->err));
	assert_int_equal(totals.total, 0);
}

static int
add_count(void *ctx, const char *what, int64_t total, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%s=%d ", what, (int)total);
	return 0;
}

static void
test_count_by(void **state)
{
	static const struct {
		enum tally by;
		const char *counts;
	} cases[] = {
		{TALLY_COUNTRY, "IR=2 =1 DE=1 FR=1 "},
		{TALLY_DAY, "1970-01-01=2 1970-01-02=2 1970-01-03=1 "},
		{TALLY_LANGUAGE, "fa=2 =1 de=1 en=1 "},
		{TALLY_ORGANISATION, "=4 O1=1 "},
		{TALLY_SOURCE, "desk=4 unions.csv=1 "},
		{TALLY_VISIBILITY, "0=2 1=2 2=1 "},
	};
	struct sample *s = *state;

	sign_all(s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf one = {0}, all = {0}, none = {0};

		ok(s, store_counts_read(s->store, s->letter, cases[i].by,
			      add_count, &one, &s->err));
		assert_string_equal(buf_str(&one), cases[i].counts);
		ok(s, store_counts_read(s->store, 0, cases[i].by, add_count,
			      &all, &s->err));
		assert_string_equal(buf_str(&all), cases[i].counts);
		ok(s, store_counts_read(s->store, s->letter + 1, cases[i].by,
			      add_count, &none, &s->err));
		assert_string_equal(buf_str(&none), "");
		buf_release(&one);
		buf_release(&all);
		buf_release(&none);
	}
}

static void
assert_organisations(struct sample *s, const char *counts)
{
	struct buf all = {0};

	sample_recount(s);
	ok(s, store_counts_read(s->store, s->letter, TALLY_ORGANISATION,
		      add_count, &all, &s->err));
	assert_string_equal(buf_str(&all), counts);
	buf_release(&all);
}

/* An organisation that only counts has no name in the counts, from the moment
 * on that it says so; nor when it is withdrawn. */
static void
test_counts_name_nobody_hidden(void **state)
{
	struct sample *s = *state;
	struct signer union_a = {.name = "A",
		.email = "a@example.org",
		.kind = SIGNATURE_ORGANISATION};
	struct signer union_b = {.name = "B",
		.email = "b@example.org",
		.kind = SIGNATURE_ORGANISATION,
		.visibility = VISIBILITY_COUNT};

	sign(s, &union_a);
	sign(s, &union_b);
	assert_organisations(s, "=1 A=1 ");
	union_a.visibility = VISIBILITY_RECIPIENT;
	assert_int_equal(sign(s, &union_a), STORE_SIGNED_TIGHTER);
	assert_organisations(s, "=1 A=1 ");
	union_a.visibility = VISIBILITY_COUNT;
	assert_int_equal(sign(s, &union_a), STORE_SIGNED_TIGHTER);
	assert_organisations(s, "=2 ");
	sample_begin(s);
	ok(s, sample_withdraw(s, s->letter, "a@example.org"));
	sample_commit(s);
	assert_organisations(s, "=1 ");
}

static int64_t
add_mailing(struct sample *s, enum audience audience)
{
	struct store_mailing m = {.audience = audience, .created_at = 10};
	int64_t id;

	m.account = m.from_name = m.from_address = m.reply_to = m.organiser =
		m.signatures = m.names = (char *)(uintptr_t) "";
	sample_begin(s);
	ok(s, store_mailing_add(s->store, s->letter, &m, &id, &s->err));
	sample_commit(s);
	return id;
}

static void
assert_new(struct sample *s, int64_t count)
{
	int64_t fresh = -1;

	sample_recount(s);
	ok(s, store_count_new(s->store, s->letter, &fresh, &s->err));
	assert_int_equal(fresh, count);
}

/* All of it happens within one second. */
static void
test_count_new(void **state)
{
	static const struct signer late[] = {
		{.name = "L1", .email = "l1@example.org"},
		{.name = "L2", .email = "l2@example.org"},
	};
	struct sample *s = *state;
	int64_t second;

	sign_all(s);
	assert_new(s, 5);
	add_mailing(s, AUDIENCE_TEST);
	add_mailing(s, AUDIENCE_TO_SIGNERS);
	add_mailing(s, AUDIENCE_FOR_SIGNERS);
	assert_new(s, 5);
	add_mailing(s, AUDIENCE_RECIPIENTS);
	assert_new(s, 0);
	sign(s, &late[0]);
	assert_new(s, 1);
	second = add_mailing(s, AUDIENCE_RECIPIENTS);
	sign(s, &late[1]);
	assert_new(s, 1);

	/* A paused one is on its way, a cancelled one never came. */
	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, second, MAILING_PAUSED, "", &s->err));
	sample_commit(s);
	assert_new(s, 1);
	sample_begin(s);
	ok(s, store_mailing_cancel(s->store, second, 20, &s->err));
	sample_commit(s);
	assert_new(s, 2);
}

static void
test_news(void **state)
{
	const struct signer other = {
		.name = "Near", .email = "n@example.org", .updates = true};
	static const struct {
		const char *campaign, *names;
	} cases[] = {
		{"ilo", "P1 P3 O1 "},
		{"ilo2", "Near "},
		{"il", ""},
		{"il_", ""},
		{"%", ""},
		{"ILO", ""},
	};
	struct sample *s = *state;
	int64_t near;

	sign_all(s);
	sample_begin(s);
	ok(s, store_letter(s->store, "ilo2/a", &near, &s->err));
	sample_commit(s);
	sign_letter(s, near, &other, false);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf names = {0};

		ok(s, store_news_readers(s->store, cases[i].campaign, add_name,
			      &names, &s->err));
		assert_string_equal(buf_str(&names), cases[i].names);
		buf_release(&names);
	}
}

static void
test_batch(void **state)
{
	struct sample *s = *state;
	int64_t first = 0, second = 0;

	sample_begin(s);
	ok(s, store_import_begin(
		      s->store, s->letter, "a", "a.csv", 5, &first, &s->err));
	ok(s, store_import_end(s->store,
		      &(struct store_batch){.id = first,
			      .first = 1,
			      .last = 2,
			      .sha256 = "x"},
		      &s->err));
	ok(s, store_import_begin(
		      s->store, s->letter, "a", "a.csv", 5, &second, &s->err));
	assert_int_equal(
		store_import_same(s->store, s->letter, "x", second, &s->err),
		1);
	assert_int_equal(
		store_import_same(s->store, s->letter, "x", first, &s->err), 0);
	/* What was taken back may come again. */
	ok(s, store_revoke(s->store, s->letter, first, 6, NULL, NULL, &s->err));
	assert_int_equal(
		store_import_same(s->store, s->letter, "x", second, &s->err),
		0);
	sample_commit(s);
	assert_true(first > 0);
	assert_int_not_equal(first, second);
}

static void
test_suppress(void **state)
{
	struct sample *s = *state;

	assert_int_equal(
		store_is_suppressed(s->store, "a@example.org", &s->err), 0);
	sample_begin(s);
	assert_int_equal(
		store_suppress(s->store, "a@example.org", "asked", 5, &s->err),
		1);
	assert_int_equal(
		store_suppress(s->store, "a@example.org", "again", 6, &s->err),
		0);
	sample_commit(s);
	assert_int_equal(
		store_is_suppressed(s->store, "a@example.org", &s->err), 1);
	assert_int_equal(
		store_is_suppressed(s->store, "b@example.org", &s->err), 0);
}

enum {
	MANY = 300,
	PEOPLE = 40
};

/* Stores MANY signatures of PEOPLE, so many at a time. */
static void
sign_many(struct sample *s, size_t at_a_time)
{
	const struct store_signing in = {
		.letter = s->letter,
		.edition = s->edition,
		.consent = s->consent,
		.state = SIGNATURE_CONFIRMED,
		.source = "many",
	};
	struct signature signatures[MANY];
	struct store_item items[MANY];
	struct store_counts counts = {.letter = s->letter};
	char keys[MANY][24];

	for (size_t i = 0; i < MANY; i++) {
		const size_t who = i * 7919 % PEOPLE;

		snprintf(keys[i], sizeof keys[i], "p:%zu@example.org",
			who * 31 % 97);
		signatures[i] = (struct signature){
			.visibility = i % 50 == 49 ? VISIBILITY_COUNT
						   : VISIBILITY_PUBLIC,
			.name = keys[i] + 2,
			.email = keys[i] + 2,
			.organisation = "",
			.role = "",
			.country = who % 2 ? "IR" : "",
			.city = "",
			.postcode = "",
			.comment = "",
			.lang = "fa",
			.key = keys[i],
			.signed_at = (int64_t)i * 40000,
		};
		items[i] = (struct store_item){
			.signature = &signatures[i], .line = (long)i + 2};
	}
	sample_begin(s);
	for (size_t i = 0; i < MANY; i += at_a_time)
		ok(s, store_sign(s->store, &in, &items[i],
			      MANY - i < at_a_time ? MANY - i : at_a_time,
			      &counts, &s->err));
	ok(s, store_counts_write(s->store, &counts, &s->err));
	sample_commit(s);
	sample_recount(s);
	for (size_t i = 0; i < MANY; i++)
		if ((items[i].what == STORE_SIGNED_NEW) != (i < PEOPLE))
			fail_msg("%zu: signature %zu is %d", at_a_time, i,
				items[i].what);
}

static int
add_row(void *ctx, const struct store_signature *row, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%s %d %d\n", row->signature.email,
		row->signature.visibility, (int)row->signature.signed_at);
	return 0;
}

/* However many come together, the first of each counts and is as tight as
 * any of them. */
static void
test_many(void **state)
{
	static const size_t sizes[] = {1, 3, 64, MANY};
	struct sample *s = *state;
	struct buf first = {0};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct store_totals totals;
		struct buf rows = {0};
		char name[16];

		snprintf(name, sizeof name, "ilo/%zu", i);
		sample_begin(s);
		ok(s, store_letter(s->store, name, &s->letter, &s->err));
		sample_commit(s);
		sign_many(s, sizes[i]);
		ok(s, store_totals(s->store, s->letter, &totals, &s->err));
		assert_int_equal(totals.total, PEOPLE);
		ok(s, store_signatures(s->store, s->letter, true,
			      VISIBILITY_COUNT, add_row, &rows, &s->err));
		if (i == 0)
			buf_puts(&first, buf_str(&rows));
		assert_string_equal(buf_str(&rows), buf_str(&first));
		buf_release(&rows);
	}
	buf_release(&first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_again),
		WITH_STORE(test_many),
		WITH_STORE(test_other_letter),
		WITH_STORE(test_withdraw),
		WITH_STORE(test_lists),
		WITH_STORE(test_row),
		WITH_STORE(test_totals),
		WITH_STORE(test_count_by),
		WITH_STORE(test_counts_name_nobody_hidden),
		WITH_STORE(test_count_new),
		WITH_STORE(test_news),
		WITH_STORE(test_batch),
		WITH_STORE(test_suppress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
