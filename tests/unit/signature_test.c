#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/signature.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A signature as a form gives it: borrowed texts, NULL for what was not
 * given. */
struct given {
	enum signature_kind kind;
	const char *name, *email, *organisation, *country, *postcode;
	const char *comment, *lang, *role, *city;
};

static struct signature
make(const struct given *g)
{
	return (struct signature){
		.kind = g->kind,
		.name = g->name,
		.email = g->email,
		.organisation = g->organisation,
		.role = g->role,
		.country = g->country,
		.city = g->city,
		.postcode = g->postcode,
		.comment = g->comment,
		.lang = g->lang,
	};
}

static struct arena arena;

static int
release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void
test_tidy(void **state)
{
	struct given g = {
		.name = "  Reza   Shahabi\t",
		.email = " <Reza@Example.ORG> ",
		.organisation = "Vahed  Union",
		.role = "driver",
		.country = "uk",
		.city = "Zu\u0308rich",
		.comment = "one\n\ttwo",
		.lang = "fa",
	};
	struct signature s = make(&g);
	struct err err = {0};
	const char *key;

	(void)state;
	if (signature_check(&s, &arena, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(s.name, "Reza Shahabi");
	assert_string_equal(s.email, "Reza@example.org");
	assert_string_equal(s.email_key, "reza@example.org");
	assert_string_equal(s.organisation, "Vahed Union");
	assert_string_equal(s.role, "driver");
	assert_string_equal(s.country, "GB");
	assert_string_equal(s.city, "Z\u00FCrich");
	assert_string_equal(s.postcode, "");
	assert_non_null(strchr(s.comment, '\n'));
	assert_string_equal(s.lang, "fa");
	assert_non_null(s.key);
	/* What was checked passes again and stays what it is. */
	key = s.key;
	assert_int_equal(signature_check(&s, &arena, &err), 0);
	assert_string_equal(s.key, key);
	assert_string_equal(s.name, "Reza Shahabi");
}

static void
test_refused(void **state)
{
	static const struct {
		struct given given;
		const char *what;
	} cases[] = {
		{{.email = "a@example.org"}, "name"},
		{{.name = " \t ", .email = "a@example.org"}, "name"},
		{{.name = "A"}, "country"},
		{{.name = "...", .country = "IR"}, "letter or digit"},
		{{.name = "\u200C", .country = "IR"}, ""},
		{{.name = "A", .email = "nobody"}, "no @"},
		{{.name = "A", .email = "a@example.org\r\nBcc: b@example.org"},
			"e-mail"},
		{{.name = "A", .email = "a b@example.org"}, "e-mail"},
		{{.name = "A", .country = "Atlantis"}, "country"},
		{{.name = "A", .country = "ZZ"}, "country"},
		{{.name = "A", .country = "IR", .lang = "farsi!"}, "language"},
		{{.name = "A\r\nBcc: b@example.org", .country = "IR"}, "name"},
		{{.name = "A\tB", .country = "IR"}, "U+0009"},
		{{.name = "A\nB", .country = "IR"}, "name"},
		{{.name = "A\rB", .country = "IR"}, "name"},
		{{.name = "A\u2028B", .country = "IR"}, "name"},
		{{.name = "A\x1B[31m", .country = "IR"}, "name"},
		{{.name = "A\xC2\x85 B", .country = "IR"}, "name"},
		{{.name = "A\u202EB", .country = "IR"}, "U+202E"},
		{{.name = "A\u2066B", .country = "IR"}, "U+2066"},
		{{.name = "A\u202A", .country = "IR"}, "U+202A"},
		{{.name = "A", .country = "IR", .city = "x\u202Ey"}, "city"},
		{{.name = "A", .country = "IR", .role = "x\ny"}, "role"},
		{{.name = "A", .country = "IR", .postcode = "1\n2"},
			"postcode"},
		{{.name = "A", .country = "IR", .organisation = "x\u202Ey"},
			"organisation"},
		{{.name = "A", .country = "IR", .comment = "x\u202Ey"},
			"comment"},
		{{.name = "A", .country = "IR", .comment = "x\x07"}, "comment"},
		{{.name = "A\xFF", .country = "IR"}, "name"},
		{{.kind = SIGNATURE_ORGANISATION, .country = "IR"},
			"organisation"},
		{{.kind = SIGNATURE_ORGANISATION, .email = "a@example.org"},
			"organisation"},
		{{.kind = SIGNATURE_ORGANISATION, .organisation = "U"},
			"country"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct signature s = make(&cases[i].given);
		struct err err = {0};

		if (signature_check(&s, &arena, &err) == 0)
			fail_msg("case %zu is taken: %s", i, s.key);
		if (err.kind != ERR_DATA || !strstr(err.msg, cases[i].what))
			fail_msg("case %zu: %s", i, err.msg);
	}
}

static void
test_long(void **state)
{
	static const struct {
		size_t len;
		const char *character;
		bool comment, taken;
	} cases[] = {
		{200, "\u06CC", false, true},
		{201, "\u06CC", false, false},
		{4000, "\u06CC", true, true},
		{4001, "\u06CC", true, false},
		/* Two characters where it is kept. */
		{100, "\u0958", false, true},
		{101, "\u0958", false, false},
		{2000, "\u0958", true, true},
		{2001, "\u0958", true, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct given g = {.name = "A", .country = "IR"};
		struct buf text = {0};
		struct signature s;
		struct err err = {0};

		for (size_t k = 0; k < cases[i].len; k++)
			buf_puts(&text, cases[i].character);
		if (cases[i].comment)
			g.comment = buf_str(&text);
		else
			g.name = buf_str(&text);
		s = make(&g);
		assert_int_equal(signature_check(&s, &arena, &err),
			cases[i].taken ? 0 : -1);
		buf_release(&text);
	}
}

/* Who is the same signer. */
static void
test_keys(void **state)
{
#define IR .country = "IR"
	static const struct {
		struct given a, b;
		bool same;
	} cases[] = {
		/* By address, whatever the name. */
		{{.name = "A", .email = "Reza@Example.org"},
			{.name = "B", .email = "reza@example.org", IR}, true},
		{{.name = "A", .email = "re.za+x@googlemail.com"},
			{.name = "A", .email = "reza@gmail.com"}, true},
		{{.name = "A", .email = "re.za@example.org"},
			{.name = "A", .email = "reza@example.org"}, false},
		{{.name = "A", .email = "a@example.org"},
			{.name = "A", .email = "b@example.org"}, false},
		/* Without address by name, country and postcode. */
		{{.name = "Reza Shahabi", IR}, {.name = "reza  SHAHABI", IR},
			true},
		{{.name = "Reza Shahabi", IR},
			{.name = "Reza Shahabi", .country = "DE"}, false},
		{{.name = "Reza", IR, .postcode = "12 345"},
			{.name = "Reza", IR, .postcode = "12-345"}, true},
		{{.name = "Reza", IR, .postcode = "12345"},
			{.name = "Reza", IR, .postcode = "12346"}, false},
		{{.name = "Reza", IR, .postcode = "1"}, {.name = "Reza", IR},
			false},
		{{.name = "Reza", IR, .postcode = "\u06F1\u06F2"},
			{.name = "Reza", IR, .postcode = "12"}, true},
		{{.name = "Jos\u00E9 Garc\u00EDa", IR},
			{.name = "jose garcia", IR}, true},
		{{.name = "Reza", IR}, {.name = "Rezai", IR}, false},
		/* Arabic and Persian yeh and kaf, alef with hamza, ZWNJ,
		 * vowel marks, tatweel. */
		{{.name = "\u0639\u0644\u064A", IR},
			{.name = "\u0639\u0644\u06CC", IR}, true},
		{{.name = "\u0639\u0644\u0649", IR},
			{.name = "\u0639\u0644\u06CC", IR}, true},
		{{.name = "\u0643\u0631\u064A\u0645", IR},
			{.name = "\u06A9\u0631\u06CC\u0645", IR}, true},
		{{.name = "\u0623\u062D\u0645\u062F", IR},
			{.name = "\u0627\u062D\u0645\u062F", IR}, true},
		{{.name = "\u0645\u06CC\u200C\u062E", IR},
			{.name = "\u0645\u06CC\u062E", IR}, true},
		{{.name = "\u0645\u064F\u062D\u0645\u0651\u062F", IR},
			{.name = "\u0645\u062D\u0645\u062F", IR}, true},
		{{.name = "\u0645\u062D\u0640\u0640\u0645\u062F", IR},
			{.name = "\u0645\u062D\u0645\u062F", IR}, true},
		{{.name = "\u0641\u0627\u0637\u0645\u0629", IR},
			{.name = "\u0641\u0627\u0637\u0645\u0647", IR}, true},
		{{.name = "\u0639\u0644\u06CC", IR},
			{.name = "\u0631\u0636\u0627", IR}, false},
		/* People and organisations are never the same. */
		{{.name = "A", .email = "a@example.org"},
			{.kind = SIGNATURE_ORGANISATION,
				.organisation = "A",
				.email = "a@example.org"},
			false},
		{{.name = "Union", IR},
			{.kind = SIGNATURE_ORGANISATION,
				.organisation = "Union",
				IR},
			false},
		/* An organisation is known by its own name, in either place,
		 * whoever signs for it. */
		{{.kind = SIGNATURE_ORGANISATION, .name = "Union", IR},
			{.kind = SIGNATURE_ORGANISATION,
				.organisation = "UNION",
				.name = "Reza",
				IR},
			true},
		{{.kind = SIGNATURE_ORGANISATION,
			 .organisation = "One",
			 .name = "Reza",
			 IR},
			{.kind = SIGNATURE_ORGANISATION,
				.organisation = "Two",
				.name = "Reza",
				IR},
			false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct signature a = make(&cases[i].a), b = make(&cases[i].b);
		struct err err = {0};

		if (signature_check(&a, &arena, &err) < 0 ||
			signature_check(&b, &arena, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		if ((strcmp(a.key, b.key) == 0) != cases[i].same)
			fail_msg("case %zu: %s and %s", i, a.key, b.key);
	}
}

/* Who shares an address, where the name tells one from the other. */
static void
test_by_name(void **state)
{
	static const struct {
		struct given a, b;
		bool same;
	} cases[] = {
		{{.name = "Sara", .email = "house@x.org"},
			{.name = "SARA ", .email = "House@X.org"}, true},
		{{.name = "\u0639\u0644\u064A", .email = "house@x.org"},
			{.name = "\u0639\u0644\u06CC", .email = "house@x.org"},
			true},
		{{.name = "Sara", .email = "house@x.org"},
			{.name = "Reza", .email = "house@x.org"}, false},
		{{.name = "Sara", .email = "house@x.org"},
			{.name = "Sara", .email = "other@x.org"}, false},
		{{.name = "Sara", IR}, {.name = "sara", IR}, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct signature a = make(&cases[i].a), b = make(&cases[i].b);
		struct err err = {0};

		a.by_name = b.by_name = true;
		if (signature_check(&a, &arena, &err) < 0 ||
			signature_check(&b, &arena, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		if ((strcmp(a.key, b.key) == 0) != cases[i].same)
			fail_msg("case %zu: %s and %s", i, a.key, b.key);
		/* As it is found again from what is kept. */
		a.email_key = NULL;
		assert_string_equal(signature_key(&a, &arena), a.key);
	}
}

static void
test_organisation(void **state)
{
	const struct given in_name = {
		.kind = SIGNATURE_ORGANISATION,
		.name = "Bus Union",
		.country = "ir",
	};
	const struct given with_contact = {
		.kind = SIGNATURE_ORGANISATION,
		.name = "Reza",
		.organisation = "Bus Union",
		.email = "u@example.org",
	};
	struct signature s = make(&in_name);
	struct err err = {0};

	(void)state;
	assert_int_equal(signature_check(&s, &arena, &err), 0);
	assert_string_equal(s.organisation, "Bus Union");
	assert_string_equal(s.name, "");
	assert_string_equal(s.country, "IR");
	assert_string_equal(s.email, "");
	assert_string_equal(s.email_key, "");
	s = make(&with_contact);
	assert_int_equal(signature_check(&s, &arena, &err), 0);
	assert_string_equal(s.organisation, "Bus Union");
	assert_string_equal(s.name, "Reza");
}

static void
test_hostile(void **state)
{
	static const char *const names[] = {"{{x}}",
		"<script>alert(1)</script>",
		"Robert'); DROP TABLE signature;--", "=1+1", "%s%n"};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct given g = {.name = names[i], .country = "IR"};
		struct signature s = make(&g);
		struct err err = {0};

		assert_int_equal(signature_check(&s, &arena, &err), 0);
		assert_string_equal(s.name, names[i]);
	}
}

static void
test_address_key(void **state)
{
	char key[ADDRESS_MAX];
	struct err err = {0};

	(void)state;
	assert_int_equal(
		signature_address_key("A.b+c@GoogleMail.com", key, &err), 0);
	assert_string_equal(key, "ab@gmail.com");
	assert_int_equal(signature_address_key("x", key, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
}

static void
test_names(void **state)
{
	static const char *const kinds[] = {"person", "organisation"};
	static const char *const states[SIGNATURE_STATES] = {"pending",
		"confirmed", "withdrawn", "rejected", "expired", "repeated",
		"revoked"};
	enum signature_state read;
	static const char *const words[][2] = {
		{"Person", "ORGANIZATION"},
		{"Personne", "syndicat"},
		{"persona", "Organizaci\u00F3n"},
		{"شخص", "سازمان"},
		{"فرد", "منظمة"},
	};
	enum signature_kind kind;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_string_equal(signature_kind_name(i), kinds[i]);
		assert_int_equal(signature_kind_parse(kinds[i], &kind), 0);
		assert_int_equal(kind, i);
	}
	for (int i = 0; i < SIGNATURE_STATES; i++) {
		assert_string_equal(signature_state_name(i), states[i]);
		assert_int_equal(signature_state_parse(states[i], &read), 0);
		assert_int_equal(read, i);
	}
	assert_int_equal(signature_state_parse("California", &read), -1);
	for (size_t i = 0; i < COUNT(words); i++) {
		assert_int_equal(signature_kind_parse(words[i][0], &kind), 0);
		assert_int_equal(kind, SIGNATURE_PERSON);
		assert_int_equal(signature_kind_parse(words[i][1], &kind), 0);
		assert_int_equal(kind, SIGNATURE_ORGANISATION);
	}
	assert_int_equal(signature_kind_parse("robot", &kind), -1);
}

static void
test_parse_bool(void **state)
{
	static const struct {
		const char *text;
		int value; /* -1: refused */
	} cases[] = {
		{"yes", 1},
		{"YES", 1},
		{"true", 1},
		{"1", 1},
		{"y", 1},
		{"no", 0},
		{"No", 0},
		{"false", 0},
		{"0", 0},
		{"n", 0},
		{"", 0},
		{"Oui", 1},
		{"S\u00CD", 1},
		{"بله", 1},
		{"نعم", 1},
		{"x", 1},
		{"\u2713", 1},
		{"non", 0},
		{"نه", 0},
		{"لا", 0},
		{"maybe", -1},
		{"...", -1},
		{",", -1},
		{"oui,non", -1},
		{"2", -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool value = false;
		int rc = signature_parse_bool(cases[i].text, &value);

		if (rc != (cases[i].value < 0 ? -1 : 0) ||
			(rc == 0 && value != (cases[i].value == 1)))
			fail_msg("\"%s\": %d, %d", cases[i].text, rc, value);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tidy),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_organisation),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_address_key),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_parse_bool),
	};

	return cmocka_run_group_tests(tests, NULL, release);
}
