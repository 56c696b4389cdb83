#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/data.h"
#include "app/edition.h"
#include "app_sample.h"

#define HEADER "Title: T\nSubject: S\n\n"

/* The letter in this language, as the catalog has it. */
static const struct catalog_entry *
entry(struct app *a, const char *lang)
{
	size_t count;
	const struct catalog_entry *entries =
		catalog_find(&a->catalog, "c/l", &count);

	for (size_t i = 0; i < count; i++)
		if (strcmp(entries[i].lang, lang) == 0)
			return &entries[i];
	fail_msg("there is no letter in %s", lang);
	return NULL;
}

/* Opens what was kept, without the files, and renders its body with nothing
 * declared. */
static void
render(const struct catalog_entry *e, struct buf *out)
{
	static const struct value nothing = {.kind = VALUE_MAP};
	struct problems problems = {0};
	struct edition edition;

	assert_non_null(e->edition);
	if (edition_open(e->edition, e->lang, "e", &edition, &problems) < 0)
		fail_msg("%s", problems.items[0].text);
	assert_string_equal(edition.letter.title.text, "T");
	template_render(edition.body, &nothing, out);
	edition_close(&edition);
	edition_close(&edition);
}

static void
assert_rendered(const struct catalog_entry *e, const char *wanted)
{
	struct buf out = {0};

	render(e, &out);
	assert_string_equal(buf_str(&out), wanted);
	buf_release(&out);
}

static void
test_partials(void **state)
{
	struct app *a = *state;

	temp_plant(a->dir, "letters/c/l.en.md", HEADER "1 {{> x}} {{> y}}");
	temp_plant(a->dir, "letters/c/l.fa.md", HEADER "2 {{> x}} {{> y}}");
	temp_plant(a->dir, "letters/c/l.fa-IR.md", HEADER "3 {{> x}}");
	temp_plant(a->dir, "letters/_partials/x.md", "any");
	temp_plant(a->dir, "letters/_partials/x.fa.md", "farsi");
	temp_plant(a->dir, "letters/_partials/y.md", "[{{> z}}]");
	temp_plant(a->dir, "letters/_partials/z.en.md", "deep");
	temp_plant(a->dir, "letters/_partials/z.fa.md", "deep fa");
	app_load(a);
	assert_int_equal(a->problems.count, 0);
	assert_rendered(entry(a, "en"), "1 any [deep]");
	assert_rendered(entry(a, "fa"), "2 farsi [deep fa]");
	assert_rendered(entry(a, "fa-IR"), "3 any");
}

/* What was kept does not follow the files. */
static void
test_frozen(void **state)
{
	struct app *a = *state;
	char *before;

	temp_plant(a->dir, "letters/c/l.en.md", HEADER "1 {{> x}}");
	temp_plant(a->dir, "letters/_partials/x.md", "old");
	app_load(a);
	before = mem_strdup(entry(a, "en")->edition);
	temp_plant(a->dir, "letters/_partials/x.md", "new");
	temp_plant(a->dir, "letters/_partials/x.en.md", "newer");
	assert_rendered(entry(a, "en"), "1 old");
	app_forget(a);
	app_load(a);
	assert_string_not_equal(entry(a, "en")->edition, before);
	assert_rendered(entry(a, "en"), "1 newer");
	free(before);
}

/* Its text says what was signed: the same files are the same edition, and a
 * partial that it does not draw in is none of it. */
static void
test_same(void **state)
{
	struct app *a = *state;
	char *before;

	temp_plant(a->dir, "letters/c/l.en.md", HEADER "{{> b}}{{> a}}{{> b}}");
	temp_plant(a->dir, "letters/_partials/a.md", "1");
	temp_plant(a->dir, "letters/_partials/b.md", "2");
	app_load(a);
	assert_rendered(entry(a, "en"), "212");
	before = mem_strdup(entry(a, "en")->edition);
	assert_true(str_starts(before, HEADER "{{> b}}{{> a}}{{> b}}"));
	temp_plant(a->dir, "letters/_partials/other.md", "3");
	/* As another editor saves it. */
	temp_plant(a->dir, "letters/_partials/a.md",
		"\xEF\xBB\xBF"
		"1");
	app_forget(a);
	app_load(a);
	assert_string_equal(entry(a, "en")->edition, before);
	free(before);
}

static void
test_subject_partial(void **state)
{
	static const struct value nothing = {.kind = VALUE_MAP};
	struct app *a = *state;
	struct edition edition;
	struct buf out = {0};

	temp_plant(a->dir, "letters/c/l.en.md",
		"Title: T\nSubject: A {{> x}}\n\nbody");
	temp_plant(a->dir, "letters/_partials/x.md", "part");
	app_load(a);
	assert_int_equal(edition_open(entry(a, "en")->edition, "en", "e",
				 &edition, &a->problems),
		0);
	template_render(edition.subject, &nothing, &out);
	assert_string_equal(buf_str(&out), "A part");
	buf_release(&out);
	edition_close(&edition);
}

static void
test_document(void **state)
{
	struct app *a = *state;
	struct edition edition;

	temp_plant(
		a->dir, "letters/c/l.en.md", "Title: T\nKind: report\n\nbody");
	app_load(a);
	assert_int_equal(edition_open(entry(a, "en")->edition, "en", "e",
				 &edition, &a->problems),
		0);
	assert_null(edition.subject);
	assert_non_null(edition.body);
	edition_close(&edition);
}

static void
test_problems(void **state)
{
	static const struct {
		const char *letter;
		const char *file;
		long line;
		int column;
		const char *what;
	} cases[] = {
		{HEADER "a {{> missing}}", "letters/c/l.en.md", 4, 3,
			"missing"},
		{HEADER "{{> ../c/l.en}}", "letters/c/l.en.md", 4, 1, "../c/l"},
		{HEADER "{{> loop}}", "letters/_partials/loop.md", 2, 1,
			"loop"},
		{HEADER "\n{{#a}}", "letters/c/l.en.md", 5, 1, "a"},
		{HEADER "\n  {{{a}}}", "letters/c/l.en.md", 5, 3, "escaped"},
		{HEADER "{{> open}}", "letters/_partials/open.md", 3, 2, "b"},
		{HEADER "{{> latin}}", "letters/_partials/latin.md", 2, 0,
			"UTF-8"},
		{"Title: T\nSubject: S {{#a}}\n\nx", "letters/c/l.en.md", 2, 12,
			"a"},
		{"Title: T\nSubject: S\n {{#a}}\n\nx", "letters/c/l.en.md", 2,
			0, "a"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct app *a = *state;

		temp_plant(
			a->dir, "letters/_partials/loop.md", "x\n{{> loop}}");
		temp_plant(
			a->dir, "letters/_partials/open.md", "1\n2\n {{#b}}\n");
		temp_plant(a->dir, "letters/_partials/latin.md", "1\nRen\xE9");
		temp_plant(a->dir, "letters/c/l.en.md", cases[i].letter);
		app_load(a);
		if (a->problems.count != 1)
			fail_msg(
				"case %zu: %zu problems", i, a->problems.count);
		if (strcmp(a->problems.items[0].file, cases[i].file) != 0 ||
			a->problems.items[0].line != cases[i].line ||
			a->problems.items[0].column != cases[i].column ||
			!strstr(a->problems.items[0].text, cases[i].what))
			fail_msg("case %zu: %s:%ld:%d: %s", i,
				a->problems.items[0].file,
				a->problems.items[0].line,
				a->problems.items[0].column,
				a->problems.items[0].text);
		app_forget(a);
	}
}

static void
test_check(void **state)
{
	static const struct {
		const char *letter;
		long line; /* 0: all is well */
		int column;
		const char *what;
	} cases[] = {
		{HEADER "{{recipient.name}} {{recipient.office}} {{date}}", 0,
			0, NULL},
		{HEADER "{{#signer}}{{name}} {{email}}{{/signer}}", 0, 0, NULL},
		{HEADER "{{#signatures.list}}{{number}}{{/signatures.list}}", 0,
			0, NULL},
		{HEADER "{{#unsubscribe}}{{.}}{{/unsubscribe}}", 0, 0, NULL},
		{HEADER "x {{recipient.nmae}}", 4, 3, "recipient.name"},
		{HEADER "\u06CC {{recipient.ofice}}", 4, 3, "recipient.office"},
		{HEADER "{{^recipient.name}}{{zebra}}{{/recipient.name}}", 4,
			20, "zebra"},
		{"Title: T\nSubject: S {{signatures.totl}}\n\nx", 2, 12,
			"signatures.total"},
	};
	struct fields columns = {0};

	fields_add(&columns, "office", "");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct app *a = *state;
		struct data *declared = data_declare(&columns, "");
		struct edition edition;

		temp_plant(a->dir, "letters/c/l.en.md", cases[i].letter);
		app_load(a);
		assert_int_equal(edition_open(entry(a, "en")->edition, "en",
					 "l.en.md", &edition, &a->problems),
			0);
		edition_check(&edition, data_root(declared), &a->problems);
		if (a->problems.count != (cases[i].line ? 1 : 0))
			fail_msg("case %zu: %zu problems, %s", i,
				a->problems.count,
				a->problems.count ? a->problems.items[0].text
						  : "");
		if (cases[i].line &&
			(a->problems.items[0].line != cases[i].line ||
				a->problems.items[0].column !=
					cases[i].column ||
				!strstr(a->problems.items[0].text,
					cases[i].what)))
			fail_msg("case %zu: %ld:%d: %s", i,
				a->problems.items[0].line,
				a->problems.items[0].column,
				a->problems.items[0].text);
		edition_close(&edition);
		data_free(declared);
		app_forget(a);
	}
	fields_release(&columns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APP(test_partials),
		WITH_APP(test_frozen),
		WITH_APP(test_same),
		WITH_APP(test_subject_partial),
		WITH_APP(test_document),
		WITH_APP(test_problems),
		WITH_APP(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
