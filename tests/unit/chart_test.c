#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "core/week.h"
#include "format/chart_private.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct chart english = {
	.lang = "en", .title = "A title", .empty = "Nothing"};
static const struct chart persian = {
	.lang = "fa", .title = "نامه", .empty = "هیچ"};

static void
test_steps_are_round(void **state)
{
	static const struct {
		int64_t max;
		int most;
		int64_t step, end;
	} cases[] = {
		{1, 6, 1, 1},
		{6, 6, 1, 6},
		{7, 6, 2, 8},
		{12, 6, 2, 12},
		{13, 6, 5, 15},
		{30, 6, 5, 30},
		{31, 6, 10, 40},
		{61, 6, 20, 80},
		{9000, 6, 2000, 10000},
		{1000000, 6, 200000, 1000000},
		{1000001, 6, 200000, 1200000},
		{INT64_C(6000000000000), 6, INT64_C(1000000000000),
			INT64_C(6000000000000)},
		{3, 1, 5, 5},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			chart_step(cases[i].max, cases[i].most), cases[i].step);
		if (cases[i].most == 6) {
			assert_int_equal(
				chart_axis(cases[i].max).step, cases[i].step);
			assert_int_equal(
				chart_axis(cases[i].max).end, cases[i].end);
		}
	}
}

/* An axis reaches its greatest value and is not much longer, whatever it is. */
static void
test_axis_reaches(void **state)
{
	(void)state;
	for (int64_t max = 1; max < 3000; max++) {
		struct chart_axis axis = chart_axis(max);

		assert_true(axis.end >= max && axis.end - max < axis.step);
		assert_true(axis.end / axis.step <= 6);
	}
}

static int
count_of(const struct buf *svg, const char *what)
{
	int n = 0;

	for (const char *s = buf_str(svg); (s = strstr(s, what)); s++)
		n++;
	return n;
}

static void
has(const struct buf *svg, const char *what)
{
	if (!strstr(buf_str(svg), what))
		fail_msg("not there: %s in\n%s", what, buf_str(svg));
}

static void
test_bars(void **state)
{
	static const struct chart_bar bars[] = {
		{"France", 10}, {"ایران", 5}, {"x", 0}};
	struct buf svg = {0};

	(void)state;
	chart_bars(&english, "By country", bars, COUNT(bars), &svg);
	has(&svg, "lang=\"en\" xml:lang=\"en\" direction=\"ltr\"");
	has(&svg, "By country: 15<");
	has(&svg, "direction=\"rtl\" text-anchor=\"start\" "
		  "font-size=\"13\">ایران<");
	has(&svg, "direction=\"ltr\" text-anchor=\"end\" "
		  "font-size=\"13\">France<");
	/* the page, three bars, backs of 3 numbers and of 0, 2 ... 10 */
	assert_int_equal(count_of(&svg, "<rect "), 1 + 3 + 3 + 6);
	has(&svg, "width=\"0.0\" height=\"18\"");
	buf_release(&svg);

	chart_bars(&persian, "کشور", bars, COUNT(bars), &svg);
	has(&svg, "lang=\"fa\" xml:lang=\"fa\" direction=\"rtl\"");
	has(&svg, "direction=\"rtl\" text-anchor=\"end\" "
		  "font-size=\"13\">ایران<");
	has(&svg, "direction=\"ltr\" text-anchor=\"start\" "
		  "font-size=\"13\">France<");
	buf_release(&svg);
}

/* Half the value is half as long, and what is there at all can be seen. */
static void
test_length_of_bars(void **state)
{
	static const struct chart_bar bars[] = {
		{"a", 1000000}, {"b", 500000}, {"c", 1}};
	struct buf svg = {0};
	double lengths[3];
	const char *s;

	(void)state;
	chart_bars(&english, "x", bars, COUNT(bars), &svg);
	s = buf_str(&svg);
	for (int i = 0; i < 3; i++) {
		const char *end = strstr(s, "\" height=\"18\"");

		assert_non_null(end);
		for (s = end; s[-1] != '"'; s--)
			;
		lengths[i] = atof(s);
		s = end + 1;
	}
	assert_true(lengths[0] > 500 && lengths[0] < CHART_WIDTH);
	assert_true(lengths[1] > lengths[0] / 2 - 0.2 &&
		    lengths[1] < lengths[0] / 2 + 0.2);
	assert_true(lengths[2] == 1);
	buf_release(&svg);
}

static void
test_text_is_escaped(void **state)
{
	static const struct chart chart = {.lang = "en",
		.title = "<script>a\"&b</script>\x01\xEF\xBF\xBF",
		.empty = "<"};
	struct chart_bar bar = {"<a href='x'>&amp;", 1};
	struct buf svg = {0};

	(void)state;
	chart_bars(&chart, "&", &bar, 1, &svg);
	assert_null(strstr(buf_str(&svg), "<script"));
	assert_null(strstr(buf_str(&svg), "<a "));
	assert_null(strchr(buf_str(&svg), '\x01'));
	has(&svg, "<title>&lt;script&gt;a&quot;&amp;b&lt;/script&gt; \uFFFD<");
	has(&svg, "&lt;a href='x'&gt;&amp;amp;<");
	buf_release(&svg);
}

static void
test_long_texts(void **state)
{
	char label[400] = "", title[2000] = "";
	struct chart chart = {.lang = "en", .title = title, .empty = ""};
	struct chart_bar bar = {label, 1};
	struct buf svg = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		strcat(label, "é");
		strcat(title, i < 50 ? "word " : "abcdef");
	}
	chart_bars(&chart, "x", &bar, 1, &svg);
	has(&svg, "éé…<");
	/* 250 columns of words, 12 to a line, and 300 of one word */
	assert_int_equal(count_of(&svg, "font-weight=\"bold\""), 5 + 5);
	assert_int_equal(count_of(&svg, "bold\">word word"), 5);
	buf_release(&svg);
}

static int64_t
day(const char *text)
{
	int64_t at;

	assert_int_equal(clock_parse_day(text, &at), 0);
	return at;
}

static void
test_growth(void **state)
{
	static const struct {
		const char *begin;
		int step_days;
		size_t count;
		const char *there[3]; /* names below the axis */
		const char *missing;
	} cases[] = {
		{"2026-01-31", 1, 1, {">2026-01-31<"}, ">2026-02"},
		{"2026-01-30", 1, 8, {">2026-01-30<", ">2026-02-06<"}, "W"},
		{"2026-01-30", 1, 9, {">2026-01-30<", ">2026-02-01<"},
			">2026-01-31<"},
		{"2026-01-30", 1, 31, {">2026-02-02<", ">2026-02-23<"},
			">2026-01-30<"},
		{"2025-12-29", 7, 8, {">2026-W01<", ">2026-W08<"}, ">2026-01"},
		{"2025-11-03", 7, 30, {">2025-12<", ">2026-05<"}, ">2025-11<"},
		{"2023-03-05", 1, 1095, {">2023-07<", ">2026-01<"},
			">2023-04<"},
		{"1990-06-01", 1, 14000, {">1995<", ">2025<"}, ">1991<"},
		{"0026-06-01", 1, 730000, {">0500<", ">2000<"}, ">0026<"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t *counts = calloc(cases[i].count, sizeof *counts);
		struct chart_time time = {
			.begin = day(cases[i].begin),
			.step_days = cases[i].step_days,
			.counts = counts,
			.count = cases[i].count,
			.before = 20,
			.total_caption = "All",
			.step_caption = "New",
		};
		struct buf svg = {0};
		int ticks;

		counts[cases[i].count - 1] = 5;
		chart_growth(&english, &time, &svg);
		has(&svg, ">All: 25<");
		has(&svg, ">New<");
		for (int k = 0; k < 3 && cases[i].there[k]; k++)
			has(&svg, cases[i].there[k]);
		assert_null(strstr(buf_str(&svg), cases[i].missing));
		/* lines of time are those that are black, but two */
		ticks = count_of(&svg, "stroke=\"#000\"/>") - 2;
		assert_in_range(ticks, 1, 8);
		/* one bar; the line goes level but at its end */
		assert_int_equal(count_of(&svg, "z\"/>"), 1);
		assert_true(svg.len < 10000);
		buf_release(&svg);
		free(counts);
	}
}

static void
test_nothing_to_draw(void **state)
{
	int64_t none[3] = {0};
	struct chart_time time = {.begin = 0,
		.step_days = 1,
		.counts = none,
		.count = 3,
		.before = 7,
		.total_caption = "All",
		.step_caption = "New"};
	struct buf svg = {0};

	(void)state;
	chart_growth(&english, &time, &svg);
	has(&svg, ">All: 7<");
	has(&svg, ">Nothing<");
	buf_release(&svg);
	time.count = 0;
	time.counts = NULL;
	chart_growth(&english, &time, &svg);
	has(&svg, ">Nothing<");
	buf_release(&svg);
	chart_bars(&persian, "کشور", NULL, 0, &svg);
	has(&svg, "direction=\"rtl\" text-anchor=\"start\" "
		  "font-size=\"16\">هیچ<");
	buf_release(&svg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_are_round),
		cmocka_unit_test(test_axis_reaches),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_length_of_bars),
		cmocka_unit_test(test_text_is_escaped),
		cmocka_unit_test(test_long_texts),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_nothing_to_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
