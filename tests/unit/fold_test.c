#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <uninorm.h>
#include <unictype.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/address.h"
#include "core/fold.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct pair {
	const char *in, *out;
};

static void
check_pairs(
	char *(*function)(const char *), const struct pair *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *got = function(cases[i].in);

		if (strcmp(got, cases[i].out) != 0)
			fail_msg("case %zu: \"%s\" gives \"%s\", not \"%s\"", i,
				cases[i].in, got, cases[i].out);
		free(got);
	}
}

static void
test_name_latin(void **state)
{
	static const struct pair cases[] = {
		{"", ""},
		{"  ", ""},
		{"...", ""},
		{"Ada  LOVELACE ", "ada lovelace"},
		{"O'Brien-Smith, J.", "o brien smith j"},
		{"O\u2019Brien", "o brien"},
		{"C++ Workers 2", "c++ workers 2"},
		{"Jos\u00E9", "jose"},
		{"Jose\u0301", "jose"},
		{"Stra\u00DFe", "strasse"},
		{"STRA\u1E9EE", "strasse"},
		{"M\u00FCller", "muller"},
		{"\u0130stanbul", "istanbul"},
		{"ISTANBUL", "istanbul"},
		{"I\u015F\u0131k", "isik"},
		{"S\u00F8ren", "soren"},
		{"\u0141ukasz", "lukasz"},
		{"\u00C6r\u00F8", "aero"},
		{"\u0152uvre", "oeuvre"},
		{"Nguy\u1EC5n V\u0103n \u0110\u1EE9c", "nguyen van duc"},
		{"Nguye\u0302\u0303n", "nguyen"},
		{"\uFF21\uFF4C\uFF49\u3000\uFF11", "ali 1"},
		{"\U0001D400li", "ali"},
		{"\uFB01n", "fin"},
		{"a\u00ADb\u200Bc\uFEFF", "abc"},
		{"a\u00A0\u2014 b", "a b"},
		{"\u00A0a\u00A0", "a"},
		{"a\tb\nc\x01"
		 "d",
			"a b c d"},
		{"bad \xFF\xC3 bytes", "bad \uFFFD\uFFFD bytes"},
		{"\xE2\x82", "\uFFFD\uFFFD"},
	};

	(void)state;
	check_pairs(fold_name, cases, COUNT(cases));
}

static void
test_name_arabic(void **state)
{
	static const struct pair cases[] = {
		/* yeh, alef maksura, kaf */
		{"\u0639\u0644\u064A", "\u0639\u0644\u06CC"},
		{"\u0639\u0644\u0649", "\u0639\u0644\u06CC"},
		{"\u0639\u0644\u06CC", "\u0639\u0644\u06CC"},
		{"\u0643\u0645\u0627\u0644", "\u06A9\u0645\u0627\u0644"},
		/* teh marbuta, heh with yeh above, one or two characters */
		{"\u0641\u0627\u0637\u0645\u0629",
			"\u0641\u0627\u0637\u0645\u0647"},
		{"\u06C0", "\u0647"},
		{"\u0647\u0654", "\u0647"},
		{"\u06C1\u06C2", "\u0647\u0647"},
		/* alefs, waw and yeh with hamza, composed and not */
		{"\u0623\u0625\u0622\u0671", "\u0627\u0627\u0627\u0627"},
		{"\u0627\u0654\u0627\u0653", "\u0627\u0627"},
		{"\u0624\u0626", "\u0648\u06CC"},
		/* vowel marks, shadda, superscript alef, tatweel */
		{"\u0645\u064F\u062D\u064E\u0645\u0651\u064E\u062F",
			"\u0645\u062D\u0645\u062F"},
		{"\u0631\u062D\u0645\u0670\u0646", "\u0631\u062D\u0645\u0646"},
		{"\u0639\u0640\u0640\u0644\u06CC", "\u0639\u0644\u06CC"},
		/* joiners and direction marks */
		{"\u0645\u06CC\u200C\u0631\u0648\u062F",
			"\u0645\u06CC\u0631\u0648\u062F"},
		{"\u200F\u0639\u0644\u06CC\u200E\u061C", "\u0639\u0644\u06CC"},
		/* digits, comma, question mark */
		{"\u06F1\u06F2 \u0663", "12 3"},
		{"\u0639\u060C \u0639\u061F", "\u0639 \u0639"},
		/* presentation forms: lam-alef, initial kaf */
		{"\uFEFB\uFEDB", "\u0644\u0627\u06A9"},
	};

	(void)state;
	check_pairs(fold_name, cases, COUNT(cases));
}

static void
test_name_others(void **state)
{
	static const struct pair cases[] = {
		{"\u0401\u043B\u043A\u0438\u043D",
			"\u0435\u043B\u043A\u0438\u043D"},
		{"\u041F\u0440\u043E\u043A\u043E\u043F\u02BC\u0454\u0432",
			"\u043F\u0440\u043E\u043A\u043E\u043F "
			"\u0454\u0432"},
		{"\u039F\u0394\u039F\u03A3", "\u03BF\u03B4\u03BF\u03C3"},
		{"\u03BF\u03B4\u03CC\u03C2", "\u03BF\u03B4\u03BF\u03C3"},
		/* Hebrew points go */
		{"\u05E9\u05C1\u05B8\u05DC\u05D5\u05B9\u05DD",
			"\u05E9\u05DC\u05D5\u05DD"},
		/* Hindi, Thai and kana keep their vowels and voicing */
		{"\u0930\u0935\u093F", "\u0930\u0935\u093F"},
		{"\u0E2A\u0E34\u0E23\u0E34", "\u0E2A\u0E34\u0E23\u0E34"},
		{"\u304C", "\u304C"},
		{"\uFF76\uFF9E", "\u30AC"},
		{"\uD55C", "\uD55C"},
		{"\u1112\u1161\u11AB", "\uD55C"},
		{"\u738B\u3000\u82B3", "\u738B \u82B3"},
		{"\u0967\u0968", "12"},
	};

	(void)state;
	check_pairs(fold_name, cases, COUNT(cases));
}

static void
test_tidy(void **state)
{
	static const struct pair cases[] = {
		{"", ""},
		{" \t\r\n ", ""},
		{"  a  b\t c ", "a b c"},
		{"a\u00A0\u3000b", "a b"},
		{"\u00A0a\u00A0", "a"},
		{"\nfirst \r\n  second\rthird\n\n", "first\n second\nthird"},
		{"a\n\nb", "a\n\nb"},
		{"Jose\u0301", "Jos\u00E9"},
		{"\u0645\u06CC\u200C\u0631\u0648\u062F",
			"\u0645\u06CC\u200C\u0631\u0648\u062F"},
		{"\uFF21", "\uFF21"},
		{"a\x01"
		 "b",
			"a\x01"
			"b"},
		{"\xFF", "\uFFFD"},
	};

	(void)state;
	check_pairs(fold_tidy, cases, COUNT(cases));
}

static void
test_width(void **state)
{
	static const struct {
		const char *text;
		int width;
	} cases[] = {
		{"", 0},
		{"abc", 3},
		{"Jos\u00E9", 4},
		{"Jose\u0301", 4},
		{"\u0639\u0644\u06CC", 3},
		{"\u0645\u06CC\u200C\u0631\u0648\u062F", 5},
		{"\u0645\u064F\u062D", 2},
		{"\u200F\u0639\u200E", 1},
		{"\u738B\u82B3", 4},
		{"\uD55C\uAE00", 4},
		{"\uFF21", 2},
		{"a\tb", 2},
		{"\xFF\xC3", 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (fold_width(cases[i].text) != cases[i].width)
			fail_msg("case %zu: \"%s\" is %d columns wide, not %d",
				i, cases[i].text, fold_width(cases[i].text),
				cases[i].width);
}

static void
test_fit(void **state)
{
	static const struct {
		const char *text;
		int columns;
		size_t fits;
	} cases[] = {
		{"", 5, 0},
		{"abc", 0, 0},
		{"abc", 2, 2},
		{"abc", 3, 3},
		{"abc", 4, 3},
		{"éé", 1, 2},
		/* what stands above a letter stays with it */
		{"e\u0301a", 1, 3},
		{"سَلام", 1, 4},
		/* wide ones take two columns */
		{"日本", 3, 3},
		{"日本", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(fold_fit(cases[i].text, cases[i].columns),
			cases[i].fits);
}

static void
test_is_rtl(void **state)
{
	static const char *const rtl[] = {"ایران", "إيران", "ישראל",
		"2026 ایران", "(ایران) Iran", "\u2068ایران\u2069", "ܣܘܪܝܐ"};
	static const char *const ltr[] = {
		"", "2026", "Iran", "(Iran) ایران", "…", "日本"};

	(void)state;
	for (size_t i = 0; i < sizeof rtl / sizeof rtl[0]; i++)
		assert_true(fold_is_rtl(rtl[i]));
	for (size_t i = 0; i < sizeof ltr / sizeof ltr[0]; i++)
		assert_false(fold_is_rtl(ltr[i]));
}

static void
test_check_text(void **state)
{
	static const struct {
		const char *text;
		bool multi_line;
		const char *msg; /* NULL: allowed */
	} cases[] = {
		{"", false, NULL},
		{"Ada L.", false, NULL},
		{"\u0645\u06CC\u200C\u0631\u0648\u062F", false, NULL},
		{"\u200E\u200F\u061C\u200D", false, NULL},
		{"0123456789", false, NULL},
		{"\u0639\u0639\u0639\u0639\u0639\u0639\u0639\u0639\u0639\u0639",
			false, NULL},
		{"one\ntwo\tx", true, NULL},
		{"01234567890", false,
			"name has 11 characters; at most 10 are possible"},
		{"a\nb", false,
			"name contains: a line break (U+000A); write one line"},
		{"a\rb", true,
			"name contains: a line break (U+000D); write one line"},
		{"a\tb", false, "name contains: a tab (U+0009); write a blank"},
		{"a\u2028", true,
			"name contains: a line break (U+2028); delete it"},
		{"a\x1B[31m", false,
			"name contains: a control character (U+001B); "
			"delete it"},
		{"a\x7F", true,
			"name contains: a control character (U+007F); "
			"delete it"},
		{"a\xC2\x85", true,
			"name contains: a control character (U+0085); "
			"delete it"},
		{"a\u202E"
		 "b",
			true,
			"name contains: a hidden direction control (U+202E); "
			"delete it"},
		{"\u2066", false,
			"name contains: a hidden direction control (U+2066); "
			"delete it"},
		{"\U000E0041", false,
			"name contains: a hidden tag character (U+E0041); "
			"delete it"},
		{"\uFDD0", false,
			"name contains: U+FDD0, which is no character; "
			"delete it"},
		{"\U0010FFFF", false,
			"name contains: U+10FFFF, which is no character; "
			"delete it"},
		{"a\xFF", false, "name is not UTF-8; save the file as UTF-8"},
		{"\xED\xA0\x80", false,
			"name is not UTF-8; save the file as UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = {0};
		int rc = fold_check_text(
			cases[i].text, "name", 10, cases[i].multi_line, &err);

		if (rc != (cases[i].msg ? -1 : 0))
			fail_msg("case %zu gives %d: %s", i, rc, err.msg);
		if (!cases[i].msg)
			continue;
		assert_string_equal(err.msg, cases[i].msg);
		assert_int_equal(err.kind, ERR_DATA);
	}
}

/* Whether a text is fit for a terminal. */
static bool
is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return false;
	return true;
}

/* What must hold for every text whatever. */
static void
check_any_text(const char *text)
{
	struct err err = {0};
	struct address address;
	char *name = NULL;
	char *folded = fold_name(text);
	char *again = fold_name(folded);
	char *tidy = fold_tidy(text);
	char *tidier = fold_tidy(tidy);

	assert_string_equal(again, folded);
	assert_string_equal(tidier, tidy);
	assert_int_equal(str_utf8_bad(folded, strlen(folded)), strlen(folded));
	assert_int_equal(str_utf8_bad(tidy, strlen(tidy)), strlen(tidy));
	assert_true(fold_width(text) >= 0);
	if (fold_check_text(text, "text", 100, true, &err))
		assert_true(is_printable(err.msg));
	if (address_parse(text, &address, &err))
		assert_true(is_printable(err.msg));
	if (address_parse_mailbox(text, &name, &address, &err))
		assert_true(is_printable(err.msg));
	free(folded);
	free(again);
	free(tidy);
	free(tidier);
	free(name);
}

static void
test_naughty_strings(void **state)
{
	const char *corpora = getenv("OPENLETTER_CORPORA");
	char path[4096];
	json_error_t error;
	json_t *list, *item;
	size_t i;

	(void)state;
	snprintf(path, sizeof path, "%s/naughty-strings/blns.json",
		corpora ? corpora : "../shared/corpora");
	list = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (!list) {
		print_message("%s: %s\n", path, error.text);
		skip();
	}
	assert_true(json_array_size(list) > 400);
	json_array_foreach(list, i, item)
	{
		char mailbox[4096];
		const char *text = json_string_value(item);

		assert_non_null(text);
		check_any_text(text);
		snprintf(mailbox, sizeof mailbox, "%s@example.org", text);
		check_any_text(mailbox);
		snprintf(mailbox, sizeof mailbox, "a@%s", text);
		check_any_text(mailbox);
		snprintf(mailbox, sizeof mailbox, "\"%s\" <a@b.org>", text);
		check_any_text(mailbox);
	}
	json_decref(list);
}

/* Every code point, alone and behind a letter. */
static void
test_every_character(void **state)
{
	(void)state;
	for (unsigned c = 1; c <= 0x10FFFF; c += c < 0x3000 ? 1 : 37) {
		char text[8] = "a";
		char *to = text + 1;

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		if (c < 0x80) {
			*to++ = (char)c;
		} else if (c < 0x800) {
			*to++ = (char)(0xC0 | c >> 6);
			*to++ = (char)(0x80 | (c & 0x3F));
		} else {
			if (c < 0x10000) {
				*to++ = (char)(0xE0 | c >> 12);
			} else {
				*to++ = (char)(0xF0 | c >> 18);
				*to++ = (char)(0x80 | (c >> 12 & 0x3F));
			}
			*to++ = (char)(0x80 | (c >> 6 & 0x3F));
			*to++ = (char)(0x80 | (c & 0x3F));
		}
		check_any_text(text);
		check_any_text(text + 1);
	}
}

/* Adds a character as UTF-8. */
static void
put(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_putc(b, (char)(0xC0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_putc(b, (char)(0xE0 | c >> 12));
		} else {
			buf_putc(b, (char)(0xF0 | c >> 18));
			buf_putc(b, (char)(0x80 | (c >> 12 & 0x3F)));
		}
		buf_putc(b, (char)(0x80 | (c >> 6 & 0x3F)));
	}
	buf_putc(b, (char)(0x80 | (c & 0x3F)));
}

/* The same text with an end that makes it be looked at closely. */
static char *
with_end(const char *text, const char *end)
{
	return mem_printf("%s%s", text, end);
}

/* What is found out at a glance is what a close look gives. */
static void
check_glance(const char *text)
{
	/* a byte order mark is ignored in a name, a blank cut from an end,
	 * and an accent lets nothing of the check be left out */
	char *named = with_end(text, "\uFEFF"), *loose = with_end(text, " "),
	     *marked = with_end(text, "\u0301");
	char *quick = fold_name(text), *slow = fold_name(named);
	struct err err;

	if (strcmp(quick, slow) != 0)
		fail_msg("\"%s\" is folded to \"%s\", not \"%s\"", text, quick,
			slow);
	free(quick);
	free(slow);
	quick = fold_tidy(text);
	slow = fold_tidy(loose);
	if (strcmp(quick, slow) != 0)
		fail_msg("\"%s\" is tidied to \"%s\", not \"%s\"", text, quick,
			slow);
	if (fold_is_plain(text, 100, true) && strcmp(text, slow) != 0)
		fail_msg("\"%s\" is plain but not tidy", text);
	for (int multi_line = 0; multi_line < 2; multi_line++)
		if (fold_is_plain(text, 100, multi_line) &&
			fold_check_text(marked, "x", 101, multi_line, &err) < 0)
			fail_msg("\"%s\" is plain, but: %s", text, err.msg);
	free(quick);
	free(slow);
	free(named);
	free(loose);
	free(marked);
}

static void
test_glance(void **state)
{
	static const char *const odd[] = {"", " ", "\n", "a\n", "\na", "a \nb",
		"a\n b", "a\n\nb", "a\r\nb", "a\tb", "a  b", "a\u00A0b",
		"\u00A0", "\u00B4a\u00B4", "\u0149", "a\u00AD", "\u00BC",
		"\u06C0\u0654", "\u0627\u0653", "e\u0301", "\u00E9\u0323",
		"\u1100\u1161\u11A8", "\uAC00\u11A8", "\u304B\u3099", "\u0387",
		"\u037E", "\u2126", "\u1F71", "\uFB1D", "\xC3", "\xE0\x98\xA7",
		"\xC1\x81", "\xED\xA0\x80", "\xF4", "\xE2\x80", "a\xFFz"};
	static const unsigned kinds[][2] = {{' ', 0x7E}, {1, 0x6FF},
		{0xC0, 0x17F}, {0x600, 0x6FF}, {0x1, 0xD7FF},
		{0xE000, 0x1FFFF}};
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < COUNT(odd); i++)
		check_glance(odd[i]);
	for (int i = 0; i < 30000; i++) {
		struct buf b = {0};
		unsigned len, mix = rand_r(&seed);

		for (len = rand_r(&seed) % 9; len > 0; len--) {
			const unsigned *kind =
				kinds[mix % 3 ? mix % COUNT(kinds)
					      : rand_r(&seed) % COUNT(kinds)];

			put(&b, rand_r(&seed) % 6 == 0
					? ' '
					: kind[0] +
						  rand_r(&seed) %
							  (kind[1] - kind[0]));
		}
		check_glance(buf_str(&b));
		buf_release(&b);
	}
}

/* Each character that is plain is composed and stays alone: it is no mark,
 * decomposes to nothing else for good, and is no second part of another. */
static void
test_plain(void **state)
{
	static bool plain[0x110000];
	size_t count = 0;

	(void)state;
	for (unsigned c = 0x80; c < COUNT(plain); c++) {
		struct buf b = {0};
		ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		put(&b, c);
		plain[c] = fold_is_plain(buf_str(&b), 1, false);
		if (plain[c]) {
			check_glance(buf_str(&b));
			assert_int_equal(uc_combining_class(c), 0);
			if (uc_canonical_decomposition(c, parts) == 2)
				assert_int_equal(
					uc_composition(parts[0], parts[1]), c);
			else
				assert_int_equal(
					uc_canonical_decomposition(c, parts),
					-1);
			count++;
		}
		buf_release(&b);
	}
	assert_true(count > 30000);
	for (unsigned c = 0x80; c < COUNT(plain); c++) {
		ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];

		if (uc_canonical_decomposition(c, parts) == 2 &&
			plain[parts[1]])
			fail_msg("U+%04X composes with what is before it",
				parts[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_name_latin),
		cmocka_unit_test(test_name_arabic),
		cmocka_unit_test(test_name_others),
		cmocka_unit_test(test_tidy),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_is_rtl),
		cmocka_unit_test(test_check_text),
		cmocka_unit_test(test_naughty_strings),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_glance),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
