#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/encoding.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BYTES(s) (s), sizeof(s) - 1

static void
test_names(void **state)
{
	struct err err = {0};
	enum encoding encoding;

	(void)state;
	for (int i = ENCODING_UTF_8; i <= ENCODING_LATIN_1; i++) {
		assert_int_equal(
			encoding_parse(encoding_name(i), &encoding, &err), 0);
		assert_int_equal(encoding, i);
	}
	assert_int_equal(encoding_parse("Windows-1256", &encoding, &err), 0);
	assert_int_equal(encoding, ENCODING_WINDOWS_1256);
	assert_int_equal(encoding_parse("ebcdic", &encoding, &err), -1);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_non_null(strstr(err.msg, "windows-1256"));
}

static void
test_settle(void **state)
{
	static const struct {
		enum encoding told;
		const char *start;
		size_t len;
		enum encoding settled; /* ENCODING_NOT_TOLD: refused */
		size_t mark;
		const char *what;
	} cases[] = {
		{ENCODING_NOT_TOLD, BYTES(""), ENCODING_UTF_8, 0, ""},
		{ENCODING_NOT_TOLD, BYTES("name"), ENCODING_UTF_8, 0, ""},
		{ENCODING_NOT_TOLD, BYTES("\xEF\xBB\xBFn"), ENCODING_UTF_8, 3,
			""},
		{ENCODING_NOT_TOLD, BYTES("\xFF\xFEn\0"), ENCODING_UTF_16LE, 2,
			""},
		{ENCODING_NOT_TOLD, BYTES("\xFE\xFF\0n"), ENCODING_UTF_16BE, 2,
			""},
		{ENCODING_NOT_TOLD, BYTES("n\0a\0"), ENCODING_NOT_TOLD, 0,
			"say --encoding utf-16le"},
		{ENCODING_NOT_TOLD, BYTES("\0n\0a"), ENCODING_NOT_TOLD, 0,
			"say --encoding utf-16be"},
		{ENCODING_UTF_16, BYTES("\xFE\xFF\0n"), ENCODING_UTF_16BE, 2,
			""},
		{ENCODING_UTF_16, BYTES("n\0a\0"), ENCODING_NOT_TOLD, 0,
			"say --encoding utf-16le"},
		{ENCODING_UTF_16, BYTES("name"), ENCODING_NOT_TOLD, 0,
			"utf-16le or utf-16be"},
		{ENCODING_UTF_16, BYTES("\xEF\xBB\xBFn"), ENCODING_NOT_TOLD, 0,
			"mark of utf-8"},
		{ENCODING_UTF_16LE, BYTES("n\0a\0"), ENCODING_UTF_16LE, 0, ""},
		{ENCODING_UTF_16LE, BYTES("\xFF\xFEn\0"), ENCODING_UTF_16LE, 2,
			""},
		{ENCODING_UTF_16LE, BYTES("\xFE\xFF\0n"), ENCODING_NOT_TOLD, 0,
			"mark of utf-16be"},
		{ENCODING_WINDOWS_1256, BYTES("name"), ENCODING_WINDOWS_1256, 0,
			""},
		{ENCODING_WINDOWS_1256, BYTES("\xEF\xBB\xBFn"),
			ENCODING_NOT_TOLD, 0, "leave --encoding out"},
		{ENCODING_UTF_8, BYTES("\xFF\xFEn\0"), ENCODING_NOT_TOLD, 0,
			"mark of utf-16le"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum encoding encoding = ENCODING_NOT_TOLD;
		struct err err = {0};
		size_t mark = 0;
		int rc = encoding_settle(cases[i].told, cases[i].start,
			cases[i].len, &encoding, &mark, &err);

		if (encoding != cases[i].settled ||
			(rc == 0) != (encoding != ENCODING_NOT_TOLD) ||
			(rc == 0 && mark != cases[i].mark) ||
			!strstr(err.msg, cases[i].what))
			fail_msg("case %zu: %d, %d, %zu: %s", i, rc, encoding,
				mark, err.msg);
	}
}

/* Whole, and in pieces of every size, the bytes are the same text. */
static void
test_read(void **state)
{
	static const struct {
		enum encoding encoding;
		const char *bytes;
		size_t len;
		const char *text;
	} cases[] = {
		{ENCODING_UTF_16LE,
			BYTES("a\0\x33\x06\xCC\x06\x3D\xD8\x4A\xDC\n\0"),
			"a\u0633\u06CC\U0001F44A\n"},
		{ENCODING_UTF_16BE, BYTES("\0a\x06\x33\xD8\x3D\xDC\x4A"),
			"a\u0633\U0001F44A"},
		/* half a pair, in the middle and at the end; half a unit */
		{ENCODING_UTF_16LE, BYTES("\x3D\xD8\x61\0"),
			"\xFF"
			"a"},
		{ENCODING_UTF_16LE, BYTES("\x4A\xDC\x61\0"),
			"\xFF"
			"a"},
		{ENCODING_UTF_16LE, BYTES("a\0\x3D\xD8"), "a\xFF"},
		{ENCODING_UTF_16BE, BYTES("\0a\0"), "a\xFF"},
		{ENCODING_WINDOWS_1256,
			BYTES("\xD3\xE1\xC7\xE3 \x8D\x9D\x81 \x98"),
			"\u0633\u0644\u0627\u0645 \u0686\u200C\u067E \u06A9"},
		{ENCODING_WINDOWS_1252, BYTES("Ren\xE9 \x80 \x81"),
			"Ren\u00E9 \u20AC \xFF"},
		{ENCODING_LATIN_1, BYTES("Ren\xE9 \x85"), "Ren\u00E9 \xC2\x85"},
		{ENCODING_LATIN_1, BYTES(""), ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 1; piece <= cases[i].len + 1; piece++) {
			struct encoding_reader *r;
			struct buf out = {0};
			struct err err = {0};

			assert_int_equal(
				encoding_open(cases[i].encoding, &r, &err), 0);
			for (size_t at = 0; at < cases[i].len; at += piece)
				encoding_add(r, cases[i].bytes + at,
					cases[i].len - at < piece
						? cases[i].len - at
						: piece,
					&out);
			encoding_finish(r, &out);
			if (strcmp(buf_str(&out), cases[i].text) != 0)
				fail_msg("case %zu in pieces of %zu: \"%s\"", i,
					piece, buf_str(&out));
			encoding_close(r);
			buf_release(&out);
		}
	}
	encoding_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
