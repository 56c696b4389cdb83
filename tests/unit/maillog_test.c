#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/maillog.h"
#include "temp.h"

static void
test_tidy_id(void **state)
{
	static const char *const cases[][2] = {
		{"<a@b.example>", "a@b.example"},
		{"a@b.example", "a@b.example"},
		{"  < a@B.Example >\r", "a@b.example"},
		{"<AbC@B.EXAMPLE>", "AbC@b.example"},
		{"a@b@C", "a@b@c"},
		{"<a@b", "<a@b"},
		{"ABC", "ABC"},
		{"<>", ""},
		{"<", "<"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[64];

		snprintf(text, sizeof text, "%s", cases[i][0]);
		assert_string_equal(maillog_tidy_id(text), cases[i][1]);
	}
}

static int
add_row(void *ctx, const struct maillog_row *row, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%ld:%s:%s:%d ", row->line, row->message_id,
		row->status ? row->status : "-", row->accepted);
	return 0;
}

/* Writes the log and reads it. Returns what was read or the error's text
 * behind the file's name; free it. */
static char *
read_log(const char *text, const char *column, const char *status)
{
	char dir[TEMP_MAX];
	struct maillog_source source = {.column = column, .status = status};
	struct buf rows = {0};
	struct err err = {0};
	char *path, *said;

	temp_make(dir);
	path = file_join(dir, "log.csv");
	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
	source.file = path;
	if (maillog_read(&source, add_row, &rows, &err) < 0) {
		assert_int_equal(err.kind, ERR_DATA);
		said = mem_strdup(err.msg + strlen(path));
	} else {
		said = mem_strdup(buf_str(&rows));
	}
	buf_release(&rows);
	free(path);
	temp_remove(dir);
	return said;
}

static void
test_read(void **state)
{
	static const struct {
		const char *text, *column, *status, *wanted;
	} cases[] = {
		{"Message-ID\n<a@b>\n\n\"<c@d>\"\n", NULL, NULL,
			"2:a@b:-:1 4:c@d:-:1 "},
		{"x;message_id\n1;<a@b>\n", NULL, NULL, "2:a@b:-:1 "},
		{"msgid,Event Type\na@b,Delivered\na@b,\nc@d,Failed\n", NULL,
			NULL, "2:a@b:Delivered:1 3:a@b::0 4:c@d:Failed:0 "},
		{"id,event,what\na@b,sent,no\n", "id", "what", "2:a@b:no:0 "},
		{"msgid,id\na@b,c@d\n", "id", NULL, "2:c@d:-:1 "},
		/* A whole word, not a part of one. */
		{"msgid,event\na@b,not delivered\n", NULL, NULL,
			"2:a@b:not delivered:0 "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *said = read_log(
			cases[i].text, cases[i].column, cases[i].status);

		assert_string_equal(said, cases[i].wanted);
		free(said);
	}
}

static void
test_refused(void **state)
{
	static const struct {
		const char *text, *column, *wanted;
	} cases[] = {
		{"", NULL, ":1: the file has no header row"},
		{"id\n", NULL, ":1: no column is called Message-ID"},
		{"msgid\n", "id", ":1: there is no column \"id\""},
		{"id,id\n", "id", ":1: two columns are called \"id\""},
		{"msgid,Message-ID\n", NULL,
			":1: \"msgid\" and \"Message-ID\" may both be meant; "
			"say which: --column COLUMN"},
		{"msgid,state,status\n", NULL,
			":1: \"state\" and \"status\" may both be meant; say "
			"which: --status COLUMN"},
		{"msgid\na@b\nc@d,e\n", NULL, ":3: 2 fields"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *said = read_log(cases[i].text, cases[i].column, NULL);

		if (strncmp(said, cases[i].wanted, strlen(cases[i].wanted)) !=
			0)
			fail_msg("case %zu: %s", i, said);
		free(said);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tidy_id),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
