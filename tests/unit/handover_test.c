#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "format/handover.h"
#include "format/handover_sheet.h"
#include "format/handover_words.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- words ------------------------------------------------------------- */

static void
test_words(void **state)
{
	static const struct {
		const char *lang;
		const char *people;
	} cases[] = {
		{"en", "People"},
		{"EN-gb", "People"},
		{"fr-CA", "Personnes"},
		{"es", "Personas"},
		{"fa-IR", "افراد"},
		{"ar", "الأفراد"},
		{"de", "People"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(
			handover_words(cases[i].lang)->people, cases[i].people);
}

static void
test_number(void **state)
{
	static const struct {
		int64_t number;
		const char *text;
	} cases[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1,000"},
		{100000, "100,000"},
		{1234567, "1,234,567"},
		{INT64_MAX, "9,223,372,036,854,775,807"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_reset(&out);
		handover_number(handover_words("en"), cases[i].number, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}
	buf_release(&out);
}

/* --- where text goes --------------------------------------------------- */

static struct sheet *
new_sheet(const char *lang)
{
	const struct sheet_setup setup = {
		.width = 600,
		.height = 800,
		.lang = lang,
		.words = handover_words(lang),
		.foot = "Foot",
	};
	struct sheet *s = NULL;
	struct err err = {0};

	if (sheet_new(&setup, &s, &err) < 0)
		fail_msg("%s", err.msg);
	return s;
}

static int
pages_of(struct sheet *s)
{
	struct err err = {0};

	assert_int_equal(sheet_end(s, &err), 0);
	return sheet_pages(s);
}

static void
put_lines(struct sheet *s, int count)
{
	for (int i = 0; i < count; i++) {
		sheet_set(s, SHEET_NAME, "A name", sheet_width(s));
		sheet_put(s, SHEET_NAME, 0);
	}
}

static void
test_columns(void **state)
{
	struct sheet *s = new_sheet("en");
	double all, line;
	int fit;

	(void)state;
	sheet_count(s);
	all = sheet_width(s);
	line = sheet_set(s, SHEET_NAME, "A name", all);
	fit = (int)(sheet_height(s) / line);
	put_lines(s, fit);
	assert_int_equal(pages_of(s), 1);
	sheet_count(s);
	put_lines(s, fit + 1);
	assert_int_equal(pages_of(s), 2);

	/* Columns have less width, and as many more lines. */
	sheet_count(s);
	sheet_split(s, 3);
	assert_true(sheet_width(s) < all / 3);
	put_lines(s, 3 * fit);
	assert_int_equal(pages_of(s), 1);
	sheet_count(s);
	sheet_split(s, 3);
	put_lines(s, 3 * fit + 1);
	assert_int_equal(pages_of(s), 2);

	/* Those of the first page begin below what stands there. */
	sheet_count(s);
	put_lines(s, fit - 2);
	sheet_split(s, 2);
	put_lines(s, 4 + 2 * fit);
	assert_int_equal(pages_of(s), 2);
	sheet_free(s);
}

static void
test_pages(void **state)
{
	struct sheet *s = new_sheet("fa");

	(void)state;
	sheet_count(s);
	assert_int_equal(pages_of(s), 1);
	/* An empty page is not left behind, and room is not kept at the top. */
	sheet_count(s);
	sheet_page(s);
	sheet_gap(s, 10);
	sheet_page(s);
	assert_int_equal(pages_of(s), 1);
	sheet_count(s);
	put_lines(s, 1);
	sheet_page(s);
	sheet_page(s);
	put_lines(s, 1);
	assert_int_equal(pages_of(s), 2);
	/* Only what does not fit goes on elsewhere. */
	sheet_count(s);
	sheet_need(s, 10000);
	put_lines(s, 1);
	sheet_need(s, 100);
	put_lines(s, 1);
	sheet_need(s, sheet_height(s));
	put_lines(s, 1);
	assert_int_equal(pages_of(s), 2);
	sheet_free(s);
}

/* --- the whole --------------------------------------------------------- */

struct story {
	int64_t names;
	int runs;
	int fail_in; /* that run fails at its end */
};

static int
tell(void *ctx, struct handover *h, struct err *err)
{
	struct story *story = ctx;
	const struct handover_country countries[] = {
		{(char *)(uintptr_t) "IR", 2}, {(char *)(uintptr_t) "", 1}};
	const struct markdown_block block = {
		.kind = MARKDOWN_PARAGRAPH,
		.marker = "",
		.markup = "Dear <b>you</b> &amp; all",
	};
	struct handover_name name = {"Ada Lovelace", "", "", "", "GB", ""};

	story->runs++;
	if (handover_block(h, &block, err) < 0 ||
		handover_totals(h, countries, COUNT(countries), err) < 0 ||
		handover_part(h, HANDOVER_PEOPLE, err) < 0)
		return -1;
	for (int64_t i = 0; i < story->names; i++)
		if (handover_name(h, &name, err) < 0)
			return -1;
	if (story->runs == story->fail_in)
		return err_set(err, ERR_IO, "the store broke");
	return handover_unnamed(h, 1, err);
}

struct paper {
	struct buf bytes;
	size_t room; /* 0: no end */
};

static int
take(void *ctx, const char *data, size_t len, struct err *err)
{
	struct paper *paper = ctx;

	if (paper->room && paper->bytes.len + len > paper->room)
		return err_set(err, ERR_IO, "no room");
	buf_add(&paper->bytes, data, len);
	return 0;
}

static int
write_story(struct story *story, const char *lang, struct paper *paper,
	struct handover_result *out, struct err *err)
{
	const struct handover_facts facts = {
		.lang = lang,
		.title = "A title",
		.organiser = "A committee",
		.day = "2026-05-01",
		.total = story->names + 1,
		.people = story->names + 1,
		.countries = 1,
	};

	*paper = (struct paper){.room = paper->room};
	return handover_write(&facts, tell, story, take, paper, out, err);
}

static void
test_same_bytes(void **state)
{
	static const char *const langs[] = {"en", "fa", "zh"};

	(void)state;
	for (size_t i = 0; i < COUNT(langs); i++) {
		struct story story = {.names = 200};
		struct paper first = {0}, second = {0};
		struct handover_result made = {0};
		struct err err = {0};

		if (write_story(&story, langs[i], &first, &made, &err) < 0)
			fail_msg("%s", err.msg);
		assert_int_equal(story.runs, 2);
		assert_int_equal(made.names, 200);
		assert_true(made.pages > 4);
		assert_memory_equal(first.bytes.data, "%PDF-1.", 7);
		assert_non_null(strstr(
			buf_str(&first.bytes) + first.bytes.len - 8, "%%EOF"));
		assert_int_equal(
			write_story(&story, langs[i], &second, &made, &err), 0);
		assert_int_equal(first.bytes.len, second.bytes.len);
		assert_memory_equal(
			first.bytes.data, second.bytes.data, first.bytes.len);
		buf_release(&first.bytes);
		buf_release(&second.bytes);
	}
}

/* What fails ends the run, and what is there then is no whole PDF. */
static void
test_failures(void **state)
{
	struct handover_result made;
	struct story story = {.names = 20, .fail_in = 1};
	struct paper paper = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(write_story(&story, "en", &paper, &made, &err), -1);
	assert_string_equal(err.msg, "the store broke");
	assert_int_equal(paper.bytes.len, 0);

	story = (struct story){.names = 20, .fail_in = 2};
	assert_int_equal(write_story(&story, "en", &paper, &made, &err), -1);
	assert_string_equal(err.msg, "the store broke");
	assert_null(memmem(buf_str(&paper.bytes), paper.bytes.len, "%%EOF", 5));
	buf_release(&paper.bytes);

	for (size_t room = 1; room < 20000; room *= 3) {
		story = (struct story){.names = 2000};
		paper.room = room;
		assert_int_equal(
			write_story(&story, "en", &paper, &made, &err), -1);
		assert_string_equal(err.msg, "no room");
		buf_release(&paper.bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_same_bytes),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
