#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "app/import_table.h"
#include "base/clock.h"
#include "base/str.h"
#include "temp.h"

enum {
	NOW = 1577920000 /* on the last day */
};

static char dir[TEMP_MAX];
static char list[TEMP_MAX + 16], rejects[TEMP_MAX + 32];

static int
set_up(void **state)
{
	(void)state;
	temp_make(dir);
	snprintf(list, sizeof list, "%s/list.csv", dir);
	snprintf(rejects, sizeof rejects, "%s/list.rejects.csv", dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	temp_remove(dir);
	return 0;
}

static int
open_list(const char *file, bool dry_run, struct import_table **out,
	struct err *err)
{
	const struct import_table_options options = {
		.file = file,
		.lang = "fa",
		.now = NOW,
		.opens = 1262304000,  /* 2010-01-01 */
		.closes = 1577836800, /* 2020-01-01 */
		.dry_run = dry_run,
	};

	return import_table_open(&options, out, err);
}

/* Reads all rows as "line:key:name" or "line:-" with a blank behind each.
 * Returns as import_table_next. */
static int
read_rows(struct import_table *t, struct buf *out, struct err *err)
{
	struct arena arena = {0};
	struct import_row row;
	int rc;

	while ((rc = import_table_next(t, &arena, &row, err)) > 0) {
		if (row.taken)
			buf_printf(out, "%ld:%s:%s ", row.line,
				row.signature.key, row.signature.name);
		else
			buf_printf(out, "%ld:- ", row.line);
	}
	arena_release(&arena);
	return rc;
}

static void
check_rows(const char *text, const char *wanted)
{
	struct import_table *t;
	struct buf rows = {0};
	struct err err = {0};

	temp_plant(dir, "list.csv", text);
	if (open_list(list, true, &t, &err) < 0 ||
		read_rows(t, &rows, &err) < 0)
		fail_msg("%s", err.msg);
	if (strcmp(buf_str(&rows), wanted) != 0)
		fail_msg("\"%s\", not \"%s\"", buf_str(&rows), wanted);
	import_table_close(t);
	buf_release(&rows);
}

static void
test_rows(void **state)
{
	(void)state;
	check_rows(
		"name,email\n Ada ,a@example.org\n", "2:p:a@example.org:Ada ");
	check_rows("Nom;Pr\u00E9nom;Courriel\nShahabi;Reza;r@example.org\n"
		   ";Reza;q@example.org\nShahabi;;s@example.org\n",
		"2:p:r@example.org:Reza Shahabi 3:p:q@example.org:Reza "
		"4:p:s@example.org:Shahabi ");
	/* empty lines and rows of nothing but delimiters */
	check_rows("name,email\n\n,\nAda,a@example.org\n,\n,\n",
		"4:p:a@example.org:Ada ");
	check_rows("name,country,postcode,kind\nBus Union,Iran,1,سندیکا\n",
		"2:o:bus union|IR|1: ");
	/* a guard against formulas is taken off */
	check_rows(
		"name,email\n'=Ada,a@example.org\n", "2:p:a@example.org:=Ada ");
	/* the full name goes before its parts */
	check_rows("full name,first name,last name,email\n"
		   "Ada L.,Ada,Lovelace,a@example.org\n"
		   ",Ada,Lovelace,b@example.org\n",
		"2:p:a@example.org:Ada L. 3:p:b@example.org:Ada Lovelace ");
	/* days of the letter, both included */
	check_rows("name,email,date\nA,a@b.example,31.12.2009\n"
		   "A,a@b.example,1.1.2010\nA,a@b.example,1/1/2020 23:59\n"
		   "A,a@b.example,2.1.2020\nA,a@b.example,2100-01-01\n",
		"2:- 3:p:a@b.example:A 4:p:a@b.example:A 5:- 6:- ");
	check_rows("name,email\nA\nB,b@b.example,x\n", "2:- 3:- ");
}

/* All of a row, and that its texts live in the arena alone. */
static void
test_fields(void **state)
{
	struct import_table *t;
	struct import_row row, next;
	struct arena arena = {0};
	struct err err = {0};

	(void)state;
	temp_plant(dir, "list.csv",
		"kind,name,e-mail,organisation,role,country,city,postcode,"
		"comment,lang,visibility,updates,date,phone,shoe size\n"
		"person,Ada,A@Example.org,Union,driver,UK,York,1,\"a\n\nb\",en,"
		"public,oui,7.1.2010,1,2\n"
		"organisation,Bob,b@b.example,U,,,,,,,,,2010-01-07,,\n");
	assert_int_equal(open_list(list, true, &t, &err), 0);
	assert_string_equal(import_table_unused(t), "phone, shoe size");
	assert_int_equal(import_table_next(t, &arena, &row, &err), 1);
	assert_int_equal(import_table_next(t, &arena, &next, &err), 1);
	assert_int_equal(import_table_size(t), import_table_place(t));
	import_table_close(t);
	assert_true(row.taken && next.taken);
	assert_int_equal(row.signature.kind, SIGNATURE_PERSON);
	assert_string_equal(row.signature.name, "Ada");
	assert_string_equal(row.signature.email, "A@example.org");
	assert_string_equal(row.signature.email_key, "a@example.org");
	assert_string_equal(row.signature.organisation, "Union");
	assert_string_equal(row.signature.role, "driver");
	assert_string_equal(row.signature.country, "GB");
	assert_string_equal(row.signature.city, "York");
	assert_string_equal(row.signature.postcode, "1");
	assert_string_equal(row.signature.comment, "a\n\nb");
	assert_string_equal(row.signature.lang, "en");
	assert_int_equal(row.signature.visibility, VISIBILITY_PUBLIC);
	assert_true(row.signature.updates);
	assert_int_equal(row.signature.signed_at, 1262822400);
	assert_int_equal(next.line, 5);
	assert_int_equal(next.signature.kind, SIGNATURE_ORGANISATION);
	assert_string_equal(next.signature.lang, "fa");
	assert_int_equal(next.signature.visibility, VISIBILITY_RECIPIENT);
	assert_false(next.signature.updates);
	arena_release(&arena);
}

static void
test_unused(void **state)
{
	static const char *const cases[][2] = {
		{"name,email", ""},
		{"name,\x1B[31mred,email,notes", "column 2, notes"},
		{"name,email,a,b,c,d,e,f,g,h,i,j,k,l",
			"a, b, c, d, e, f, g, h, i, j and 2 more"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct import_table *t;
		struct err err = {0};

		temp_plant(dir, "list.csv", cases[i][0]);
		assert_int_equal(open_list(list, true, &t, &err), 0);
		assert_string_equal(import_table_unused(t), cases[i][1]);
		import_table_close(t);
	}
}

/* What is not taken leaves nothing in the arena, however much it is. */
static void
test_memory(void **state)
{
	struct buf text = {0};
	struct import_table *t;
	struct import_row row;
	struct arena arena = {0};
	struct err err = {0};
	size_t used;

	(void)state;
	buf_puts(&text, "name,email\nA,a@b.example\n");
	for (int i = 0; i < 1000; i++)
		buf_puts(&text, "A long name of somebody,nobody\n");
	temp_plant(dir, "list.csv", buf_str(&text));
	buf_release(&text);
	assert_int_equal(open_list(list, true, &t, &err), 0);
	assert_int_equal(import_table_next(t, &arena, &row, &err), 1);
	used = arena_used(&arena);
	while (import_table_next(t, &arena, &row, &err) > 0)
		assert_false(row.taken);
	assert_int_equal(arena_used(&arena), used);
	import_table_close(t);
	arena_release(&arena);
}

static char *
read_rejects(void)
{
	struct buf text = {0};
	struct err err = {0};

	if (file_read(rejects, 100000, &text, &err) < 0)
		fail_msg("%s", err.msg);
	return buf_take(&text);
}

/* Imports a file up to the commit, and after it. */
static void
run(const char *file, const char *rows, bool has_rejects)
{
	struct import_table *t;
	struct buf out = {0};
	struct err err = {0};
	char *path;

	if (open_list(file, false, &t, &err) < 0 ||
		read_rows(t, &out, &err) < 0 ||
		import_table_sync_rejects(t, &err) < 0 ||
		import_table_keep_rejects(t, &path, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(buf_str(&out), rows);
	if (has_rejects)
		assert_string_equal(path, rejects);
	else
		assert_null(path);
	import_table_close(t);
	buf_release(&out);
	free(path);
}

static void
test_rejects(void **state)
{
	struct stat st;
	char *text;

	(void)state;
	temp_plant(dir, "list.csv",
		"name;e-mail;country;=x\nEve;eve@;FR;=1+1\n"
		"Ada;ada@example.org;;\n;\"b;b@b.c\";;\n");
	run(list, "2:- 3:p:ada@example.org:Ada 4:- ", true);
	assert_int_equal(stat(rejects, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	text = read_rejects();
	assert_string_equal(text,
		"\uFEFFline;error;name;e-mail;country;'=x\n"
		"2;e-mail: nothing after the @;Eve;eve@;FR;'=1+1\n"
		"4;\"e-mail: a comma or semicolon in it; write one address "
		"only\";;\"b;b@b.c\";;\n");
	free(text);
	/* Half mended: overwritten with what is still wrong. */
	temp_plant(dir, "list.rejects.csv",
		"\uFEFFline;error;name;e-mail;country;'=x\n"
		"2;nothing;Eve;eve@example.org;FR;'=1+1\n"
		"4;no;Bob;b@;;\n");
	run(rejects, "2:p:eve@example.org:Eve 3:- ", true);
	text = read_rejects();
	assert_string_equal(text, "\uFEFFline;error;name;e-mail;country;'=x\n"
				  "3;e-mail: nothing after the @;Bob;b@;;\n");
	free(text);
	/* All mended: it stays what it is. */
	temp_plant(dir, "list.rejects.csv",
		"line;error;name;e-mail\n3;no;Bob;b@example.org\n");
	run(rejects, "2:p:b@example.org:Bob ", false);
	text = read_rejects();
	assert_non_null(strstr(text, "Bob"));
	free(text);
	/* Rejects of an earlier run go, when there are none any more. */
	temp_plant(dir, "list.csv", "name,email\nAda,a@example.org\n");
	run(list, "2:p:a@example.org:Ada ", false);
	text = read_rejects();
	assert_string_equal(text, "\uFEFFline,error,name,email\n");
	free(text);
}

/* Nothing is written by a dry run, nor by one that is not brought to its
 * end. */
static void
test_no_rejects(void **state)
{
	struct import_table *t;
	struct buf out = {0};
	struct err err = {0};

	(void)state;
	temp_plant(dir, "list.csv", "name,email\nEve,eve@\n");
	remove(rejects);
	for (int dry_run = 0; dry_run < 2; dry_run++) {
		char **names;
		size_t count;

		assert_int_equal(open_list(list, dry_run, &t, &err), 0);
		assert_int_equal(read_rows(t, &out, &err), 0);
		import_table_close(t);
		assert_false(file_exists(rejects));
		assert_int_equal(file_list(dir, "", &names, &count, &err), 0);
		assert_int_equal(count, 1);
		str_list_free(names, count);
	}
	buf_release(&out);
	import_table_close(NULL);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *what;
	} cases[] = {
		{"", "list.csv:1: the file has no header row"},
		{"\n", "list.csv:1: the file has no header row"},
		{"name,email,\nA,a@b.example,\n",
			"list.csv:1: column 3 has no name"},
		{"sep=;\nname;email;name\n", "list.csv:2: columns 1 and 3"},
		{"name,surname,email\n", "list.csv:1: is \"name\" the whole"},
		{"city,country\n", "list.csv:1: no column of this file is a"},
		{"name,email\nA,a@b.example\n\"B,b@b.example\n",
			"list.csv:3: a quote"},
		{"name,email\nA,a@b.example\nRen\xE9,b@b.example\n",
			"list.csv:3: not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct import_table *t = NULL;
		struct buf out = {0};
		struct err err = {0};
		const char *at;

		temp_plant(dir, "list.csv", cases[i].text);
		if (open_list(list, false, &t, &err) == 0 &&
			read_rows(t, &out, &err) == 0)
			fail_msg("case %zu is taken", i);
		at = strstr(err.msg, "list.csv");
		if (err.kind != ERR_DATA || !at ||
			!str_starts(at, cases[i].what))
			fail_msg("case %zu: %s", i, err.msg);
		import_table_close(t);
		buf_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_unused),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_rejects),
		cmocka_unit_test(test_no_rejects),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
