#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/letter.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A header that has all that is needed, in two lines. */
#define NEEDED       \
	"Title: A\n" \
	"Subject: B\n"

static void
test_whole(void **state)
{
	static const char text[] =
		"Title: Call on the ILO \u06A9\n"
		"subject: Unpaid: {{signatures.total}}\n"
		"TO: ilo, unions\n"
		"Copy: copy@example.org,second@example.org\n"
		"Reply-To: \"Answers\" <answers@example.org>\n"
		"From:Committee <a@example.org>\n"
		"Date:   2010-01-07  \n"
		"Kind: letter\n"
		"Goal: 10000\n"
		"Opens: 2026-01-01\n"
		"Closes: 2026-12-31\n"
		"Attach: a.pdf\n"
		"Consent: My name\n"
		" is shown,\n"
		"\tno more.\n"
		"Attach: photos/b.jpg\n"
		"Summary: S\n"
		"\n"
		"Dear {{recipient.salutation}},\n"
		"\n"
		"Title: not a field\n";
	struct problems problems = {0};
	struct letter letter;
	int64_t day;

	(void)state;
	if (letter_parse(text, "l.en.md", &letter, &problems) < 0)
		fail_msg("%s", problems.items[0].text);
	assert_string_equal(letter.file, "l.en.md");
	assert_string_equal(letter.title.text, "Call on the ILO \u06A9");
	assert_int_equal(letter.title.line, 1);
	assert_int_equal(letter.title.column, 8);
	assert_string_equal(
		letter.subject.text, "Unpaid: {{signatures.total}}");
	assert_int_equal(letter.subject.line, 2);
	assert_int_equal(letter.subject.column, 10);
	assert_string_equal(letter.to.text, "ilo, unions");
	assert_string_equal(
		letter.copy.text, "copy@example.org,second@example.org");
	assert_string_equal(
		letter.reply_to.text, "\"Answers\" <answers@example.org>");
	assert_string_equal(letter.from.text, "Committee <a@example.org>");
	assert_int_equal(letter.from.column, 6);
	assert_string_equal(letter.date.text, "2010-01-07");
	assert_string_equal(letter.kind.text, "letter");
	assert_string_equal(letter.goal.text, "10000");
	assert_int_equal(letter.attach_count, 2);
	assert_string_equal(letter.attach[0].text, "a.pdf");
	assert_string_equal(letter.attach[1].text, "photos/b.jpg");
	assert_int_equal(letter.attach[1].line, 16);
	assert_string_equal(letter.consent.text, "My name is shown, no more.");
	assert_int_equal(letter.consent.line, 13);
	assert_int_equal(letter.consent.column, 0);
	assert_string_equal(letter.summary.text, "S");
	assert_int_equal(letter.body_line, 19);
	assert_ptr_equal(letter.body, strstr(text, "Dear"));
	assert_true(letter_is_letter(&letter));
	assert_int_equal(clock_parse_day("2026-12-31", &day), 0);
	assert_int_equal(letter_day(&letter.closes, 5), day);
	letter_release(&letter);
	assert_int_equal(letter_day(&letter.closes, 5), 5);
	letter_release(&letter);
	letter_release(NULL);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *text;
		bool letter;
	} cases[] = {
		{NEEDED "\nbody\n", true},
		{NEEDED "Kind: Letter\n\nbody", true},
		{"Title: A\nKind: report\n\nbody", false},
		{"Title: A\nKind: photo\n", false},
		{"Title: A\nKind: photo\n\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		struct letter letter;

		if (letter_parse(cases[i].text, "l", &letter, &problems) < 0)
			fail_msg("case %zu: %s", i, problems.items[0].text);
		assert_int_equal(letter_is_letter(&letter), cases[i].letter);
		letter_release(&letter);
	}
}

/* Each is wrong in one place only. */
static void
test_problems(void **state)
{
	static const struct {
		const char *text;
		long line;
		int column;
		const char *what;
	} cases[] = {
		{"Subject: B\n\nx", 1, 0, "Title field is missing"},
		{"Title: A\n\nx", 1, 0, "Subject field is missing"},
		{"Title: A\nSubject:\nSubject: B\n\nx", 2, 1, "empty"},
		{NEEDED "Subjct: C\n\nx", 3, 1, "did you mean \"Subject\"?"},
		{NEEDED "Attatch: C\n\nx", 3, 1, "did you mean \"Attach\"?"},
		{NEEDED "X-Y: C\n\nx", 3, 1, "unknown field \"X-Y\""},
		{NEEDED "title: C\n\nx", 3, 1, "line 1"},
		{NEEDED "Attach: \n\nx", 3, 1, "empty"},
		{NEEDED "no colon\n\nx", 3, 1, "not a header line"},
		{NEEDED "Dear Sir: x\n\nx", 3, 1, "not a header line"},
		{NEEDED ": x\n\nx", 3, 1, "not a header line"},
		{" folded: x\n" NEEDED "\nx", 1, 1, "not a header line"},
		{"Title: A\nKind: report\nSubject: B\n\nx", 3, 1,
			"Kind: letter only"},
		{NEEDED, 3, 0, "no text"},
		{NEEDED "\n", 4, 0, "no text"},
		{NEEDED "\n \n\t\n", 4, 0, "no text"},
		{NEEDED "Goal: many\n\nx", 3, 1, "not a number"},
		{NEEDED "Goal: -1\n\nx", 3, 1, "not a number"},
		{NEEDED "Goal: 10 000\n\nx", 3, 1, "not a number"},
		{NEEDED "Date: 2026-02-30\n\nx", 3, 1, "Date: \"2026-02-30\""},
		{NEEDED "Opens: soon\n\nx", 3, 1, "Opens: \"soon\""},
		{NEEDED "Closes: 31.12.2026\n\nx", 3, 1, "not a day"},
		{NEEDED "Opens: 2026-01-02\nCloses: 2026-01-01\n\nx", 4, 1,
			"Closes is before Opens"},
		{NEEDED "From: nobody\n\nx", 3, 1, "From: no @"},
		{NEEDED "Reply-To: A <a@b@c.org>\n\nx", 3, 1, "Reply-To: "},
		{NEEDED "Copy: a@example.org, b\n\nx", 3, 1, "Copy: b: "},
		{NEEDED "To: ilo, ../secret\n\nx", 3, 1, "not the name"},
		{NEEDED "To: a/b\n\nx", 3, 1, "not the name"},
		{NEEDED "To: .hidden\n\nx", 3, 1, "not the name"},
		{NEEDED "Attach: /etc/passwd\n\nx", 3, 1, "inside"},
		{NEEDED "Attach: a\nAttach: ../b/c\n\nx", 4, 1, "inside"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		struct letter letter;

		if (letter_parse(cases[i].text, "l.md", &letter, &problems) ==
			0)
			fail_msg("case %zu is taken:\n%s", i, cases[i].text);
		if (problems.count != 1 ||
			problems.items[0].line != cases[i].line ||
			problems.items[0].column != cases[i].column ||
			!strstr(problems.items[0].text, cases[i].what))
			fail_msg("%zu problems, %ld:%d: %s\n%s", problems.count,
				problems.items[0].line,
				problems.items[0].column,
				problems.items[0].text, cases[i].text);
		assert_string_equal(problems.items[0].file, "l.md");
		letter_release(&letter);
		problems_release(&problems);
	}
}

static void
test_day_inclusive(void **state)
{
	struct problems problems = {0};
	struct letter letter;

	(void)state;
	assert_int_equal(letter_parse(NEEDED "Opens: 2026-01-01\n"
					     "Closes: 2026-01-01\n\nx",
				 "l", &letter, &problems),
		0);
	letter_release(&letter);
}

/* Every field error of a file is reported, not the first alone. */
static void
test_all_at_once(void **state)
{
	static const char text[] = "Titel: A\n"
				   "Date: x\n"
				   "Goal: y\n"
				   "From: z\n"
				   "\n";
	struct problems problems = {0};
	struct letter letter;

	(void)state;
	assert_int_equal(letter_parse(text, "l", &letter, &problems), -1);
	/* The four, and Title, Subject and text are missing. */
	assert_int_equal(problems.count, 7);
	letter_release(&letter);
	problems_release(&problems);
}

static void
test_normalise(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *text; /* NULL: refused */
		long line;
		const char *what;
	} cases[] = {
#define BYTES(s) (s), sizeof(s) - 1
		{BYTES(""), "", 0, NULL},
		{BYTES("a\nb\n"), "a\nb\n", 0, NULL},
		{BYTES("a\r\nb\r\n"), "a\nb\n", 0, NULL},
		{BYTES("\xEF\xBB\xBF"
		       "a\tb"),
			"a\tb", 0, NULL},
		{BYTES("\xEF\xBB\xBF"), "", 0, NULL},
		{BYTES("\u06A9\u200C\u200F"), "\u06A9\u200C\u200F", 0, NULL},
		{BYTES("a\rb"), NULL, 1, "U+000D"},
		{BYTES("a\n\r\r\n"), NULL, 2, "U+000D"},
		{BYTES("a\nb\x0C"), NULL, 2, "U+000C"},
		{BYTES("a\n\nb\x1B[0m"), NULL, 3, "U+001B"},
		{BYTES("\x7F"), NULL, 1, "U+007F"},
		{BYTES("a\n\xC2\x85"), NULL, 2, "U+0085"},
		{BYTES("\xC2\x9B"), NULL, 1, "U+009B"},
		{BYTES("\xC2\xA0"), "\u00A0", 0, NULL},
		{BYTES("a\nb\0c"), NULL, 2, "NUL"},
		{BYTES("a\nb\nRen\xE9"), NULL, 3, "UTF-8"},
		{BYTES("\xFF\xFE"
		       "a\0"),
			NULL, 1, "UTF-8"},
		{BYTES("a\xC3"), NULL, 1, "UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		char *text = letter_normalise(
			cases[i].bytes, cases[i].len, "l.md", &problems);

		if (!text != !cases[i].text)
			fail_msg("case %zu: %s", i,
				text ? "taken" : problems.items[0].text);
		if (text) {
			assert_string_equal(text, cases[i].text);
			assert_int_equal(problems.count, 0);
		} else if (problems.count != 1 ||
			   problems.items[0].line != cases[i].line ||
			   !strstr(problems.items[0].text, cases[i].what)) {
			fail_msg("case %zu: line %ld: %s", i,
				problems.items[0].line, problems.items[0].text);
		}
		free(text);
		problems_release(&problems);
	}
}

/* Languages agree in every field but these: Title, Subject, Summary, Consent
 * and Attach. */
static void
test_compare(void **state)
{
	static const struct {
		const char *a, *b;
		const char *field; /* NULL: they agree */
	} cases[] = {
		{"", "", NULL},
		{"Summary: a\nConsent: a\nAttach: a\n",
			"Summary: b\nConsent: b\nAttach: b\nAttach: c\n", NULL},
		{"Summary: a\n", "", NULL},
		{"To: a\n", "To: a\n", NULL},
		{"To: a\n", "To: b\n", "To: "},
		{"To: a\n", "", "To: "},
		{"", "To: a\n", "To: "},
		{"Copy: a@x.org\n", "Copy: b@x.org\n", "Copy: "},
		{"Reply-To: a@x.org\n", "", "Reply-To: "},
		{"From: a@x.org\n", "From: b@x.org\n", "From: "},
		{"Date: 2026-01-01\n", "Date: 2026-01-02\n", "Date: "},
		{"Goal: 10\n", "Goal: 11\n", "Goal: "},
		{"Opens: 2026-01-01\n", "", "Opens: "},
		{"", "Closes: 2026-01-01\n", "Closes: "},
		{"Kind: letter\n", "Kind: Letter\n", "Kind: "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		struct letter a, b;
		char ta[256], tb[256];

		snprintf(ta, sizeof ta, NEEDED "%s\nx", cases[i].a);
		snprintf(tb, sizeof tb, "Title: T\nSubject: S\n%s\ny",
			cases[i].b);
		assert_int_equal(letter_parse(ta, "a.md", &a, &problems), 0);
		assert_int_equal(letter_parse(tb, "b.md", &b, &problems), 0);
		letter_compare(&a, &b, &problems);
		if (problems.count != (cases[i].field ? 1 : 0))
			fail_msg("case %zu: %zu problems", i, problems.count);
		if (cases[i].field) {
			assert_true(str_starts(
				problems.items[0].text, cases[i].field));
			assert_string_equal(problems.items[0].file, "b.md");
			assert_non_null(strstr(problems.items[0].text, "a.md"));
			assert_int_equal(
				problems.items[0].line, cases[i].b[0] ? 3 : 1);
		}
		letter_release(&a);
		letter_release(&b);
		problems_release(&problems);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_day_inclusive),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_normalise),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
