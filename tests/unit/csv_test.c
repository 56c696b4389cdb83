#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/str.h"
#include "temp.h"

static char dir[TEMP_MAX];

static int
set_up(void **state)
{
	(void)state;
	temp_make(dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	temp_remove(dir);
	return 0;
}

/* Opens a file of these bytes. */
static int
open_bytes(const void *data, size_t len, char delimiter,
	struct csv_reader **out, struct err *err)
{
	char *path = temp_write(dir, "list.csv", data, len);
	int rc = csv_open(path, "list.csv", delimiter, out, err);

	free(path);
	return rc;
}

/* Writes all records as "line:field|field\n" into out and closes the reader.
 * Returns as csv_next. */
static int
read_records(struct csv_reader *csv, struct buf *out, struct err *err)
{
	struct csv_record record;
	int rc;

	while ((rc = csv_next(csv, &record, err)) > 0) {
		buf_printf(out, "%ld:", record.line);
		for (size_t i = 0; i < record.count; i++)
			buf_printf(out, "%s%s", i ? "|" : "", record.fields[i]);
		buf_putc(out, '\n');
	}
	/* The end stays the end. */
	if (rc == 0)
		assert_int_equal(csv_next(csv, &record, err), 0);
	csv_close(csv);
	return rc;
}

static int
read_all(const void *data, size_t len, char delimiter, struct buf *out,
	struct err *err)
{
	struct csv_reader *csv;

	if (open_bytes(data, len, delimiter, &csv, err) < 0)
		return -1;
	return read_records(csv, out, err);
}

static void
test_well_formed(void **state)
{
	static const struct {
		const char *file;
		char delimiter;
		const char *records;
	} cases[] = {
		{"", ',', ""},
		{"\xEF\xBB\xBF", ',', ""},
		{"\xEF\xBB\xBF"
		 "a,b\n1,2\n",
			',', "1:a|b\n2:1|2\n"},
		{"a,b\r\n1,2\r\n", ',', "1:a|b\n2:1|2\n"},
		{"a,b\n1,2", ',', "1:a|b\n2:1|2\n"},
		{"a,b\r\n1,2\r", ',', "1:a|b\n2:1|2\n"},
		{"a\r\nb\nc", ',', "1:a\n2:b\n3:c\n"},
		{"\n\r\na\n\n", ',', "1:\n2:\n3:a\n4:\n"},
		{",\n", ',', "1:|\n"},
		{"a,\n", ',', "1:a|\n"},
		{"\"\"\n", ',', "1:\n"},
		{"\"\",\"\"", ',', "1:|\n"},
		{"\"a\"\"b\",\"c,d\"\n", ',', "1:a\"b|c,d\n"},
		{"\"a\nb\r\nc\",d\ne\n", ',', "1:a\nb\r\nc|d\n4:e\n"},
		{" a , \tb \n", ',', "1: a | \tb \n"},
		{"a;b,c\n", ';', "1:a|b,c\n"},
		{"a\tb\n", '\t', "1:a|b\n"},
		/* A lone CR ends no line: it belongs to the field. */
		{"a\rb,c\n", ',', "1:a\rb|c\n"},
		{"'=1,\u06CC\u200C\u06A9\n", ',', "1:'=1|\u06CC\u200C\u06A9\n"},
		/* But where there is nothing else it does. */
		{"a,b\r1,\"x\ny\"\r2,z", ',', "1:a|b\n2:1|x\ny\n3:2|z\n"},
		{"a\r\rb\r", ',', "1:a\n2:\n3:b\n"},
		{"a\r", ',', "1:a\n"},
		{"sep=;\na;b,c\n", 0, "2:a|b,c\n"},
		{"SEP=,\r\na,b;c\r\n", 0, "2:a|b;c\n"},
		{"sep=\t\na\tb\n", 0, "2:a|b\n"},
		{"sep=;\ra;b\r", 0, "2:a|b\n"},
		{"sep=;", 0, ""},
		{"\xEF\xBB\xBFsep=;\na;b\n", ';', "2:a|b\n"},
		{"sep,x\n", 0, "1:sep|x\n"},
		/* Ragged rows are for who knows the columns. */
		{"a,b,c\n1\n1,2,3,4\n", ',', "1:a|b|c\n2:1\n3:1|2|3|4\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = {0};
		struct err err = {0};

		if (read_all(cases[i].file, strlen(cases[i].file),
			    cases[i].delimiter, &out, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		if (strcmp(buf_str(&out), cases[i].records) != 0)
			fail_msg("case %zu: \"%s\", not \"%s\"", i,
				buf_str(&out), cases[i].records);
		buf_release(&out);
	}
}

static void
test_malformed(void **state)
{
#define FILE_OF(s) (s), sizeof(s) - 1
	static const struct {
		const char *file;
		size_t len;
		const char *where, *what;
	} cases[] = {
		{FILE_OF("a,b\nc\0d,e\n"), "list.csv:2: ", "NUL"},
		{FILE_OF("a,b\n1,\"2\0\"\n"), "list.csv:2: ", "NUL"},
		{FILE_OF("a,b\n1,2\n\"3,4\n5,6\n"),
			"list.csv:3: ", "never closed"},
		{FILE_OF("\""), "list.csv:1: ", "never closed"},
		{FILE_OF("a,b\n1,x\"y\"z\n"), "list.csv:2: ", "quote"},
		{FILE_OF("a,b\n1,\"y\"z\n"), "list.csv:2: ", "field 2"},
		{FILE_OF("a\n\"x\" \n"), "list.csv:2: ", "quote"},
		{FILE_OF("a\n5\" pipe\n"), "list.csv:2: ", "quote"},
		{FILE_OF("\xFF\xFE"
			 "a\0,\0b\0\n\0"),
			"list.csv:1: ", "UTF-16"},
		{FILE_OF("\xFE\xFF\0a\0,\0b\0\n"), "list.csv:1: ", "UTF-16"},
		{FILE_OF("a\0,\0b\0\n\0"), "list.csv:1: ", "UTF-16"},
		{FILE_OF("\0a\0,\0b\0\n"), "list.csv:1: ", "UTF-16"},
		{FILE_OF("sep=;\na;b\n"), "list.csv:1: ", "another delimiter"},
		{FILE_OF("sep=|\na|b\n"), "list.csv:1: ", "none of , ;"},
		{FILE_OF("name\nRen\xE9\n"), "list.csv:2: ", "UTF-8"},
		{FILE_OF("name\n\"a\nb\"\n\xED\xA0\x80\n"),
			"list.csv:4: ", "UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = {0};
		struct err err = {0};

		if (read_all(cases[i].file, cases[i].len, ',', &out, &err) >= 0)
			fail_msg("case %zu is taken", i);
		assert_int_equal(err.kind, ERR_DATA);
		if (!str_starts(err.msg, cases[i].where) ||
			!strstr(err.msg, cases[i].what))
			fail_msg("case %zu: %s", i, err.msg);
		buf_release(&out);
	}
}

/* Files in other encodings, told or with their mark. */
static void
test_encoded(void **state)
{
	static const struct {
		enum encoding told;
		const char *file;
		size_t len;
		const char *records; /* or what the error says */
	} cases[] = {
		{ENCODING_NOT_TOLD, FILE_OF("a,\u06CC\n"), "1:a|\u06CC\n"},
		{ENCODING_NOT_TOLD,
			FILE_OF("\xFF\xFE"
				"a\0;\0\xCC\x06\n\0"),
			"1:a|\u06CC\n"},
		{ENCODING_NOT_TOLD,
			FILE_OF("\xFE\xFF\0\"\0a\0\n\0\"\0,"
				"\x06\xCC\0\r\0\n\0b"),
			"1:a\n|\u06CC\n3:b\n"},
		{ENCODING_UTF_16BE, FILE_OF("\0a\0,\0b"), "1:a|b\n"},
		{ENCODING_WINDOWS_1256, FILE_OF("a,\xD3\n"), "1:a|\u0633\n"},
		{ENCODING_LATIN_1, FILE_OF("sep=;\nRen\xE9;x\n"),
			"2:Ren\u00E9|x\n"},
		{ENCODING_LATIN_1, FILE_OF(""), ""},
		{ENCODING_NOT_TOLD, FILE_OF("a\nRen\xE9\n"),
			"list.csv:2: not UTF-8"},
		{ENCODING_NOT_TOLD, FILE_OF("a\0,\0b\0"),
			"list.csv:1: UTF-16 without the mark"},
		{ENCODING_WINDOWS_1252, FILE_OF("a\nb\n\x81\n"),
			"list.csv:3: not windows-1252"},
		{ENCODING_UTF_16LE, FILE_OF("a\0\n\0b"),
			"list.csv:2: not utf-16le"},
		{ENCODING_UTF_16LE, FILE_OF("a\0\0\0"), "list.csv:1: a NUL"},
		{ENCODING_UTF_8,
			FILE_OF("\xFF\xFE"
				"a\0"),
			"list.csv:1: the file begins"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *path = temp_write(
			dir, "list.csv", cases[i].file, cases[i].len);
		struct csv_reader *csv;
		struct buf out = {0};
		struct err err = {0};
		int rc = csv_open_encoded(
			path, "list.csv", 0, cases[i].told, &csv, &err);

		if (rc == 0)
			rc = read_records(csv, &out, &err);
		if (!str_starts(
			    rc < 0 ? err.msg : buf_str(&out), cases[i].records))
			fail_msg("case %zu: %s%s", i, buf_str(&out), err.msg);
		buf_release(&out);
		free(path);
	}
}

/* Characters that lie across the blocks in which the file is read. */
static void
test_encoded_many(void **state)
{
	enum {
		ROWS = 100000
	};
	struct buf file = {0};
	struct csv_reader *csv;
	struct csv_record record;
	struct err err = {0};
	char *path;

	(void)state;
	buf_add(&file, "\xFF\xFE\x41", 3);
	for (int i = 0; i < ROWS; i++) /* A, a fist, a line feed */
		buf_add(&file, "\0\x3D\xD8\x4A\xDC\n\0\x41", 8);
	buf_putc(&file, '\0');
	path = temp_write(dir, "list.csv", file.data, file.len);
	assert_int_equal(csv_open_encoded(path, "list.csv", 0,
				 ENCODING_NOT_TOLD, &csv, &err),
		0);
	for (int i = 0; i < ROWS; i++) {
		assert_int_equal(csv_next(csv, &record, &err), 1);
		assert_string_equal(record.fields[0], "A\U0001F44A");
		assert_int_equal(record.line, i + 1);
	}
	assert_int_equal(csv_next(csv, &record, &err), 1);
	assert_string_equal(record.fields[0], "A");
	assert_int_equal(csv_next(csv, &record, &err), 0);
	assert_int_equal(csv_place(csv), csv_size(csv));
	csv_close(csv);
	free(path);
	buf_release(&file);
}

static void
test_open_errors(void **state)
{
	char *missing = file_join(dir, "missing.csv");
	struct csv_reader *csv;
	struct err err = {0};

	(void)state;
	assert_int_equal(csv_open(missing, "shown.csv", ',', &csv, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_true(str_starts(err.msg, "shown.csv: "));
	assert_int_equal(csv_open(dir, "shown.csv", ',', &csv, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	csv_close(NULL);
	free(missing);
}

static void
test_delimiter(void **state)
{
	static const struct {
		const char *file;
		char delimiter;
	} cases[] = {
		{"a,b,c\n", ','},
		{"a;b;c\n", ';'},
		{"a\tb\tc\n", '\t'},
		{"a;b;c,d\n1,2,3,4,5,6\n", ';'},
		{"\"a,b,c,d\";e;f\n", ';'},
		{"\"a;b\n;;;;\",c,d\n", ','},
		{"\xEF\xBB\xBF"
		 "a;b\n",
			';'},
		{"email\n", ','},
		{"", ','},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct csv_reader *csv;
		struct err err = {0};

		assert_int_equal(open_bytes(cases[i].file,
					 strlen(cases[i].file), 0, &csv, &err),
			0);
		if (csv_delimiter(csv) != cases[i].delimiter)
			fail_msg("case %zu: '%c'", i, csv_delimiter(csv));
		csv_close(csv);
	}
}

static void
test_fields_max(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		struct buf file = {0}, out = {0};
		struct csv_reader *csv;
		struct csv_record record;
		struct err err = {0};
		int rc;

		for (int i = 0; i < CSV_FIELDS_MAX - 1 + extra; i++)
			buf_puts(&file, "x,");
		buf_puts(&file, "y\n");
		assert_int_equal(
			open_bytes(file.data, file.len, ',', &csv, &err), 0);
		rc = csv_next(csv, &record, &err);
		assert_int_equal(rc, extra ? -1 : 1);
		if (rc > 0) {
			assert_int_equal(record.count, CSV_FIELDS_MAX);
			assert_string_equal(
				record.fields[CSV_FIELDS_MAX - 1], "y");
		} else {
			assert_int_equal(err.kind, ERR_DATA);
			assert_true(str_starts(err.msg, "list.csv:1: "));
		}
		csv_close(csv);
		buf_release(&file);
		buf_release(&out);
	}
}

static void
test_record_max(void **state)
{
	static const struct {
		size_t len;
		bool taken;
	} cases[] = {
		{CSV_RECORD_MAX - 1, true},
		{CSV_RECORD_MAX, true},
		{CSV_RECORD_MAX + 1, false},
		{CSV_RECORD_MAX + 100000, false},
		{CSV_RECORD_MAX + 1000000, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf file = {0};
		struct csv_reader *csv;
		struct csv_record record;
		struct err err = {0};
		int rc;

		buf_puts(&file, "head\n");
		memset(buf_reserve(&file, cases[i].len), 'x', cases[i].len);
		buf_commit(&file, cases[i].len);
		buf_puts(&file, "\nlast\n");
		assert_int_equal(
			open_bytes(file.data, file.len, ',', &csv, &err), 0);
		assert_int_equal(csv_next(csv, &record, &err), 1);
		rc = csv_next(csv, &record, &err);
		if (rc != (cases[i].taken ? 1 : -1))
			fail_msg("%zu bytes: %d", cases[i].len, rc);
		if (rc > 0) {
			assert_int_equal(
				strlen(record.fields[0]), cases[i].len);
			assert_int_equal(csv_next(csv, &record, &err), 1);
			assert_string_equal(record.fields[0], "last");
			assert_int_equal(record.line, 3);
		} else {
			assert_int_equal(err.kind, ERR_DATA);
			assert_true(str_starts(err.msg, "list.csv:2: "));
		}
		csv_close(csv);
		buf_release(&file);
	}
}

/* Records that lie across the blocks in which the file is read. */
static void
test_many(void **state)
{
	enum {
		ROWS = 40000
	};
	struct buf file = {0};
	struct csv_reader *csv;
	struct csv_record record;
	struct err err = {0};

	(void)state;
	for (int i = 0; i < ROWS; i++)
		buf_printf(&file, "%d,\"a\nb\"\"%d\",x\r\n", i, i * 7);
	assert_int_equal(open_bytes(file.data, file.len, ',', &csv, &err), 0);
	for (int i = 0; i < ROWS; i++) {
		char wanted[64];

		assert_int_equal(csv_next(csv, &record, &err), 1);
		assert_int_equal(record.count, 3);
		assert_int_equal(record.line, 1 + 2 * i);
		snprintf(wanted, sizeof wanted, "%d|a\nb\"%d", i, i * 7);
		wanted[strcspn(wanted, "|")] = '\0';
		assert_string_equal(record.fields[0], wanted);
		assert_string_equal(
			record.fields[1], wanted + strlen(wanted) + 1);
		assert_string_equal(record.fields[2], "x");
	}
	assert_int_equal(csv_next(csv, &record, &err), 0);
	csv_close(csv);
	buf_release(&file);
}

/* Compares a file with the JSON beside it: an array of objects. */
static void
compare_with_json(const char *csv_path, const json_t *rows)
{
	struct csv_reader *csv;
	struct csv_record record = {0};
	struct err err = {0};
	char **names;
	size_t name_count, row = 0;
	int rc;

	if (csv_open(csv_path, csv_path, ',', &csv, &err) < 0 ||
		csv_next(csv, &record, &err) <= 0)
		fail_msg("%s: %s", csv_path, err.msg);
	name_count = record.count;
	names = mem_zalloc(name_count * sizeof *names);
	for (size_t i = 0; i < name_count; i++)
		names[i] = mem_strdup(record.fields[i]);
	while ((rc = csv_next(csv, &record, &err)) > 0) {
		const json_t *object = json_array_get(rows, row++);

		/* A last empty line stands for no row. */
		if (record.count == 0 && row > json_array_size(rows))
			continue;
		assert_int_equal(record.count, name_count);
		assert_int_equal(json_object_size(object), name_count);
		for (size_t i = 0; i < name_count; i++)
			assert_string_equal(record.fields[i],
				json_string_value(
					json_object_get(object, names[i])));
	}
	if (rc < 0)
		fail_msg("%s", err.msg);
	assert_true(row >= json_array_size(rows));
	str_list_free(names, name_count);
	csv_close(csv);
}

/*
 * All files of csv-spectrum. One deliberate difference:
 * location_coordinates has quotes (of minutes and seconds of arc) inside
 * fields that are not quoted, which we refuse rather than guess. (Its JSON
 * is not what stands in it either.)
 */
static void
test_spectrum(void **state)
{
	char *folder = temp_corpus("csv-spectrum");
	char *csvs = file_join(folder, "csvs");
	struct err err = {0};
	char **names;
	size_t count;

	(void)state;
	assert_int_equal(file_list(csvs, ".csv", &names, &count, &err), 0);
	assert_true(count >= 12);
	for (size_t i = 0; i < count; i++) {
		char *path = file_join(csvs, names[i]);
		char *json_path = mem_printf("%s/json/%.*s.json", folder,
			(int)strlen(names[i]) - 4, names[i]);
		json_t *rows = json_load_file(json_path, 0, NULL);

		if (strcmp(names[i], "location_coordinates.csv") == 0) {
			struct csv_reader *csv;
			struct csv_record record;

			assert_int_equal(
				csv_open(path, path, ',', &csv, &err), 0);
			assert_int_equal(csv_next(csv, &record, &err), 1);
			assert_int_equal(csv_next(csv, &record, &err), -1);
			assert_int_equal(err.kind, ERR_DATA);
			csv_close(csv);
		} else {
			assert_non_null(rows);
			compare_with_json(path, rows);
		}
		json_decref(rows);
		free(json_path);
		free(path);
	}
	str_list_free(names, count);
	free(csvs);
	free(folder);
}

static void
test_add_field(void **state)
{
	static const struct {
		const char *text;
		char delimiter;
		const char *written;
	} cases[] = {
		{"", ',', ""},
		{"a b", ',', "a b"},
		{"a,b", ',', "\"a,b\""},
		{"a,b", ';', "a,b"},
		{"a;b", ';', "\"a;b\""},
		{"a\"b", ',', "\"a\"\"b\""},
		{"a\nb", ',', "\"a\nb\""},
		{"a\rb", ',', "\"a\rb\""},
		{"a\tb;c", ',', "a\tb;c"},
		{"a\tb;c,d", ',', "\"a\tb;c,d\""},
		{"a;b\tc", '\t', "\"a;b\tc\""},
		{"\"", ',', "\"\"\"\""},
		{"\u0645\u06CC\u200C\u06A9", ',', "\u0645\u06CC\u200C\u06A9"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = {0};

		csv_add_field(&out, cases[i].text, cases[i].delimiter);
		assert_string_equal(buf_str(&out), cases[i].written);
		buf_release(&out);
	}
}

/* What was written guarded is read back as it was, and no cell that a
 * spreadsheet would take for a formula is written. */
static void
test_guard(void **state)
{
	static const struct {
		const char *text;
		bool guarded;
	} cases[] = {
		{"=1+1", true},
		{"+49 30 1234", true},
		{"-1", true},
		{"@SUM(A1)", true},
		{"\t=1", true},
		{"\r=1", true},
		{"'=1", true},
		{"''@x", true},
		{"'", false},
		{"''", false},
		{"'90s", false},
		{"O'Brien", false},
		{"a=1", false},
		{" =1", false},
		{"", false},
		{"=HYPERLINK(\"http://x\",\"y\")\nz", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf file = {0};
		struct csv_reader *csv;
		struct csv_record record;
		struct err err = {0};

		csv_add_field(&file, "first", ',');
		buf_putc(&file, ',');
		csv_add_guarded(&file, cases[i].text, ',');
		buf_putc(&file, '\n');
		assert_int_equal(
			open_bytes(file.data, file.len, ',', &csv, &err), 0);
		assert_int_equal(csv_next(csv, &record, &err), 1);
		assert_int_equal(record.count, 2);
		if (cases[i].guarded)
			assert_int_equal(record.fields[1][0], '\'');
		else
			assert_string_equal(record.fields[1], cases[i].text);
		assert_string_equal(
			csv_unguard(record.fields[1]), cases[i].text);
		csv_close(csv);
		buf_release(&file);
	}
	/* A cell that nobody guarded is left alone. */
	assert_string_equal(csv_unguard("=1"), "=1");
	assert_string_equal(csv_unguard("'abc"), "'abc");
}

static void
test_place(void **state)
{
	static const char text[] = "\xEF\xBB\xBF"
				   "a,b\r\n1,2\r\n3,4";
	static const int64_t places[] = {8, 13, 16};
	struct csv_record record;
	struct csv_reader *csv;
	struct err err;

	(void)state;
	assert_int_equal(open_bytes(text, strlen(text), 0, &csv, &err), 0);
	assert_int_equal(csv_size(csv), 16);
	for (size_t i = 0; i < COUNT(places); i++) {
		assert_int_equal(csv_next(csv, &record, &err), 1);
		assert_int_equal(csv_place(csv), places[i]);
	}
	csv_close(csv);
	/* No file has a size of its own there. */
	assert_int_equal(
		csv_open("/dev/null", "/dev/null", ',', &csv, &err), 0);
	assert_int_equal(csv_size(csv), 0);
	csv_close(csv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_DIR(test_well_formed),
		WITH_DIR(test_malformed),
		WITH_DIR(test_encoded),
		WITH_DIR(test_encoded_many),
		WITH_DIR(test_open_errors),
		WITH_DIR(test_delimiter),
		WITH_DIR(test_fields_max),
		WITH_DIR(test_record_max),
		WITH_DIR(test_many),
		cmocka_unit_test(test_spectrum),
		cmocka_unit_test(test_add_field),
		WITH_DIR(test_guard),
		WITH_DIR(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
