#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/names.h"
#include "temp.h"

/* Three people and an organisation without a contact; the second is shown to
 * recipients only. */
static void
fill(struct names *names)
{
	static const char *const rows[][NAME_TEXT_COUNT] = {
		{"Ann", "", "", "DE", "", "a, \"b\"", "en", "2026-05-01"},
		{"=Reza", "", "", "IR", "", "", "fa", "2026-05-01"},
		{"", "Union <A>", "", "", "", "", "", "2026-05-02"},
		{"Bob", "Union B", "", "", "", "x\ny", "", "2026-05-02"},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		names_add(names, (int64_t)i + 10, i == 1 ? 0 : INT64_MAX,
			INT64_MAX, rows[i]);
}

static const char *
member(const struct value *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->names[i], name) == 0)
			return map->items[i].text;
	return NULL;
}

/* Numbers and names, as one text. */
static void
assert_shown(const struct names *names, int64_t version, bool public,
	const char *wanted)
{
	const struct names_view view = {
		version, public ? VIEWER_PUBLIC : VIEWER_RECIPIENT};
	struct buf list = {0};
	size_t count;
	struct value *values = names_values(names, &view, &count);

	for (size_t i = 0; i < count; i++)
		buf_printf(&list, "%s %s|", member(&values[i], "number"),
			member(&values[i], "name"));
	assert_string_equal(buf_str(&list), wanted);
	buf_release(&list);
	free(values);
}

static void
test_views(void **state)
{
	struct names names = {0};

	(void)state;
	assert_shown(&names, 0, false, "");
	fill(&names);
	assert_shown(&names, 0, false, "1 Ann|2 =Reza|3 Union <A>|4 Bob|");
	assert_shown(&names, 0, true, "1 Ann|2 Union <A>|3 Bob|");
	names_end(&names, 10, 1, 3);
	names_end(&names, 13, 2, 2);
	names_end(&names, 99, 1, 1);
	assert_shown(&names, 0, true, "1 Ann|2 Union <A>|3 Bob|");
	assert_shown(&names, 1, true, "1 Union <A>|2 Bob|");
	assert_shown(&names, 1, false, "1 Ann|2 =Reza|3 Union <A>|4 Bob|");
	assert_shown(&names, 2, false, "1 Ann|2 =Reza|3 Union <A>|");
	assert_shown(&names, 3, false, "1 =Reza|2 Union <A>|");
	assert_shown(&names, 9, true, "1 Union <A>|");
	names_release(&names);
}

static void
test_csv(void **state)
{
	const struct names_view view = {0, VIEWER_RECIPIENT};
	struct names names = {0};
	struct buf out = {0};

	(void)state;
	names_csv(&names, &view, &out);
	assert_string_equal(buf_str(&out),
		"number,name,organisation,role,country,city,comment,lang,"
		"date\n");
	buf_reset(&out);
	fill(&names);
	names_csv(&names, &view, &out);
	assert_string_equal(buf_str(&out),
		"number,name,organisation,role,country,city,comment,lang,"
		"date\n"
		"1,Ann,,,DE,,\"a, \"\"b\"\"\",en,2026-05-01\n"
		"2,'=Reza,,,IR,,,fa,2026-05-01\n"
		"3,,Union <A>,,,,,,2026-05-02\n"
		"4,Bob,Union B,,,,\"x\ny\",,2026-05-02\n");
	buf_release(&out);
	names_release(&names);
}

static void
test_html(void **state)
{
	const struct names_view view = {0, VIEWER_PUBLIC};
	struct names names = {0};
	struct buf out = {0};

	(void)state;
	fill(&names);
	names_html(&names, &view, "fa", "\"T\" <&>", &out);
	assert_non_null(
		strstr(buf_str(&out), "<html lang=\"fa\" dir=\"rtl\">"));
	assert_non_null(strstr(
		buf_str(&out), "<title>&quot;T&quot; &lt;&amp;&gt;</title>"));
	/* Nobody that the public sees gave a role or a city. */
	assert_non_null(strstr(buf_str(&out),
		"<tr><th>No.</th><th>Name</th><th>Organisation</th>"
		"<th>Country</th><th>Comment</th><th>Language</th>"
		"<th>Date</th></tr>"));
	assert_non_null(strstr(buf_str(&out),
		"<tr><td>2</td><td>Union &lt;A&gt;</td><td></td>"));
	assert_null(strstr(buf_str(&out), "Reza"));
	buf_release(&out);
	names_release(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_html),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
