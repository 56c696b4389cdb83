#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/progress.h"

static void
test_fit(void **state)
{
	static const struct progress_part parts[] = {
		{90, "12 of 20"},
		{60, "11 sent"},
		{10, "0 deferred"},
		{70, "1 rejected"},
		{10, "0 unknown"},
		{30, "4.1/s"},
		{65, "2 s left"},
	};
	static const struct {
		size_t width;
		const char *line;
	} cases[] = {
		{80, "12 of 20, 11 sent, 0 deferred, 1 rejected, 0 unknown, "
		     "4.1/s, 2 s left"},
		{69, "12 of 20, 11 sent, 0 deferred, 1 rejected, 0 unknown, "
		     "4.1/s, 2 s left"},
		/* What weighs the same goes together. */
		{68, "12 of 20, 11 sent, 1 rejected, 4.1/s, 2 s left"},
		{46, "12 of 20, 11 sent, 1 rejected, 4.1/s, 2 s left"},
		{45, "12 of 20, 11 sent, 1 rejected, 2 s left"},
		{38, "12 of 20, 1 rejected, 2 s left"},
		{29, "12 of 20, 1 rejected"},
		{19, "12 of 20"},
		{8, "12 of 20"},
		{7, ""},
		{0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char line[PROGRESS_LINE_MAX];

		progress_fit(parts, sizeof parts / sizeof parts[0],
			cases[i].width, line);
		assert_string_equal(line, cases[i].line);
	}
}

static void
test_fit_nothing(void **state)
{
	char line[PROGRESS_LINE_MAX];

	(void)state;
	progress_fit(NULL, 0, 0, line);
	assert_string_equal(line, "");
}

/* The widest there can be. */
static void
test_fit_everything(void **state)
{
	struct progress p = {0};
	char line[PROGRESS_LINE_MAX];

	(void)state;
	for (int i = 0; i < PROGRESS_PARTS_MAX + 1; i++)
		progress_part(&p, 1, "%0100d", i);
	assert_int_equal(p.part_count, PROGRESS_PARTS_MAX);
	progress_fit(p.parts, p.part_count, sizeof line, line);
	assert_int_equal(
		strlen(line), PROGRESS_PARTS_MAX * (PROGRESS_PART_MAX - 1) +
				      (PROGRESS_PARTS_MAX - 1) * 2);
}

/* The pace is that of the oldest mark on, not of the whole time. */
static void
test_pace(void **state)
{
	static const struct {
		int64_t from_ms, to_ms, from, to, end;
		const char *rate, *left; /* NULL: none */
	} cases[] = {
		{0, 10000, 0, 10000, 30000, "1000/s", "20 s left"},
		{90000, 100000, 100000, 100100, 101100, "10/s", "2 min left"},
		{0, 10000, 0, 99, 198, "9.9/s", "10 s left"},
		{0, 10000, 0, 10, 3610, "1.0/s", "1 h 0 min left"},
		{0, 10000, 0, 9, 9, "54/min", NULL},
		{0, 10000, 5, 5, 9, "0/min", NULL},
		{0, 0, 0, 0, 9, NULL, NULL},
		{0, 10000, 0, 10, 0, "1.0/s", NULL},
		{0, 1000, 0, 1, INT64_C(1) << 40, "1.0/s",
			"12725829 d 0 h left"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct progress p = {
			.now = {cases[i].to_ms, cases[i].to, cases[i].to},
			.end = cases[i].end,
			.marks[0] = {cases[i].from_ms, cases[i].from,
				cases[i].from},
			.mark_count = 1,
		};
		size_t n = 0;

		progress_part_rate(&p, 1);
		if (cases[i].rate)
			assert_string_equal(p.parts[n++].text, cases[i].rate);
		progress_part_left(&p, 1);
		if (cases[i].left)
			assert_string_equal(p.parts[n++].text, cases[i].left);
		assert_int_equal(p.part_count, n);
	}
}

/* The oldest of a full ring is the one that is replaced next. */
static void
test_ring(void **state)
{
	struct progress p = {
		.now = {20000, 200, 200},
		.mark_count = PROGRESS_MARKS + 3,
	};

	(void)state;
	for (int i = 0; i < PROGRESS_MARKS; i++)
		p.marks[i] = (struct progress_mark){19000, 1, 1};
	p.marks[3] = (struct progress_mark){10000, 100, 100};
	progress_part_rate(&p, 1);
	assert_string_equal(p.parts[0].text, "10/s");
}

/* Where no line is wanted nothing is ever due. */
static void
test_unwanted(void **state)
{
	struct progress p;

	(void)state;
	progress_begin(&p, false);
	p.began_ms -= 10000;
	assert_false(progress_due(&p, 1, 1, 2));
	progress_begin(&p, true);
	assert_false(progress_due(&p, 1, 1, 2));
	p.began_ms -= 10000;
	assert_true(progress_due(&p, 1, 1, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_fit_nothing),
		cmocka_unit_test(test_fit_everything),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_ring),
		cmocka_unit_test(test_unwanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
