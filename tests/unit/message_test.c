#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"
#include "message_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define X10 "xxxxxxxxxx"
#define X70 X10 X10 X10 X10 X10 X10 X10

/* The line of the field, folds and all, without its CRLF; free() it. */
static char *
field_of(const struct buf *message, const char *name)
{
	char *start = mem_printf("\r\n%s:", name);
	char *copy = mem_printf("\r\n%s", message->data);
	char *at = strstr(copy, start), *end = at, *out = NULL;

	if (!at) {
		fail_msg("no field %s in\n%s", name, message->data);
		return NULL;
	}
	do
		end = strstr(end + 2, "\r\n");
	while (end[2] == ' ');
	out = mem_strndup(at + 2, (size_t)(end - at - 2));
	free(copy);
	free(start);
	return out;
}

static bool
has_field(const struct buf *message, const char *name)
{
	char *start = mem_printf("\n%s:", name);
	bool found = strcasestr(message->data, start);

	free(start);
	return found;
}

static void
expect_field(const struct message *m, const char *field, const char *expected)
{
	struct buf b = {0};
	char *found;

	message_write(m, &b);
	check_bytes(&b, 78);
	found = field_of(&b, field);
	assert_string_equal(found, expected);
	free(found);
	buf_release(&b);
}

static void
test_whole(void **state)
{
	static const struct message_header extra = {
		"Auto-Submitted", "no", NULL};
	struct message m = letter();
	struct buf b = {0};

	(void)state;
	m.reply_to.address = "jane@example.com";
	m.extra = &extra;
	m.extra_count = 1;
	message_write(&m, &b);
	assert_string_equal(b.data,
		"Date: Thu, 07 Jan 2010 00:00:00 +0000\r\n"
		"From: Solidarity Committee <campaign@example.org>\r\n"
		"Reply-To: jane@example.com\r\n"
		"To: Sara <sara@example.net>\r\n"
		"Subject: Unpaid wages\r\n"
		"Message-ID: <a1b2c3@example.org>\r\n"
		"Auto-Submitted: no\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Language: en\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 7bit\r\n"
		"\r\n"
		"Dear Sara,\r\n"
		"\r\n"
		"hello\r\n");
	buf_release(&b);
}

static void
test_alternative(void **state)
{
	struct message m = letter();
	struct buf b = {0};

	(void)state;
	m.subject = "a < \"b\" & c";
	m.lang = "fa";
	m.dir = "rtl";
	m.html = "<p>hello</p>\n";
	message_write(&m, &b);
	assert_string_equal(strstr(b.data, "Content-Language"),
		"Content-Language: fa\r\n"
		"Content-Type: multipart/alternative;"
		" boundary=\"=_alternative\"\r\n"
		"\r\n"
		"--=_alternative\r\n"
		"Content-Type: text/plain; charset=utf-8\r\n"
		"Content-Transfer-Encoding: 7bit\r\n"
		"\r\n"
		"Dear Sara,\r\n"
		"\r\n"
		"hello\r\n"
		"\r\n"
		"--=_alternative\r\n"
		"Content-Type: text/html; charset=utf-8\r\n"
		"Content-Transfer-Encoding: quoted-printable\r\n"
		"\r\n"
		"<!DOCTYPE html>\r\n"
		"<html lang=3D\"fa\" dir=3D\"rtl\">\r\n"
		"<head><meta charset=3D\"utf-8\"><title>a &lt; &quot;b&quot; "
		"&amp; c</title>\r\n"
		"</head>\r\n"
		"<body dir=3D\"rtl\">\r\n"
		"<div lang=3D\"fa\" dir=3D\"rtl\" style=3D\"font-family: "
		"sans-serif; line-height:=\r\n"
		" 1.5; max-width: 40em; text-align: start\">\r\n"
		"<p>hello</p>\r\n"
		"</div>\r\n</body>\r\n</html>\r\n"
		"\r\n"
		"--=_alternative--\r\n");
	buf_release(&b);
}

static void
test_date(void **state)
{
	static const struct {
		int64_t date;
		const char *field;
	} cases[] = {
		{0, "Date: Thu, 01 Jan 1970 00:00:00 +0000"},
		{951782399, "Date: Mon, 28 Feb 2000 23:59:59 +0000"},
		{951782400, "Date: Tue, 29 Feb 2000 00:00:00 +0000"},
		{1798761599, "Date: Thu, 31 Dec 2026 23:59:59 +0000"},
		{4107542400, "Date: Mon, 01 Mar 2100 00:00:00 +0000"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = letter();

		m.date = cases[i].date;
		expect_field(&m, "Date", cases[i].field);
	}
}

static void
test_name(void **state)
{
	static const struct {
		const char *name, *field;
	} cases[] = {
		{NULL, "From: campaign@example.org"},
		{"", "From: campaign@example.org"},
		{" \t\r\n ", "From: campaign@example.org"},
		{"Jane", "From: Jane <campaign@example.org>"},
		{" Jane ", "From: Jane <campaign@example.org>"},
		{"Jane O'Neil-Doe", "From: Jane O'Neil-Doe"
				    " <campaign@example.org>"},
		{"Jane  Doe", "From: \"Jane  Doe\" <campaign@example.org>"},
		{"J. Doe", "From: \"J. Doe\" <campaign@example.org>"},
		{"a@b", "From: \"a@b\" <campaign@example.org>"},
		{"back\\slash", "From: \"back\\\\slash\""
				" <campaign@example.org>"},
		{"Jane \"JJ\" O'Neil via Committee, Inc.",
			"From: \"Jane \\\"JJ\\\" O'Neil via Committee, Inc.\""
			" <campaign@example.org>"},
		{"Jane \"JJ\" O'Neil via The Joint Committee, Inc.",
			"From: \"Jane \\\"JJ\\\" O'Neil via The Joint "
			"Committee,"
			" Inc.\"\r\n <campaign@example.org>"},
		{"Jane\r\nBcc: all@example.org",
			"From: \"Jane  Bcc: all@example.org\""
			" <campaign@example.org>"},
		{"Dr. J\u00FCrgen Habermas",
			"From: =?utf-8?Q?Dr=2E_J=C3=BCrgen_Habermas?="
			" <campaign@example.org>"},
		{"\u0633\u0627\u0631\u0627", "From: =?utf-8?B?2LPYp9ix2Kc=?="
					     " <campaign@example.org>"},
		{"=?utf-8?Q?a?=", "From: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?="
				  " <campaign@example.org>"},
		{X70, "From: =?utf-8?Q?" X10 X10 X10 X10 X10 "xxxxxxxx?=\r\n"
		      " =?utf-8?Q?" X10 "xx?= <campaign@example.org>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = letter();

		m.from.name = cases[i].name;
		expect_field(&m, "From", cases[i].field);
	}
}

static void
test_subject(void **state)
{
	static const struct {
		const char *subject, *field;
	} cases[] = {
		{"", "Subject:"},
		{" \r\n", "Subject:"},
		{"Plain", "Subject: Plain"},
		{"two  blanks", "Subject: two  blanks"},
		{"\tend\v", "Subject: end"},
		{"a\r\nBcc: b@example.org", "Subject: a  Bcc: b@example.org"},
		{"a\r\n\r\nbody", "Subject: a    body"},
		{"a\rb\nc\td\x7F"
		 "e",
			"Subject: a b c d e"},
		{"a\xC2\x85"
		 "b\u2028c\u2029d\xC2\x9F"
		 "e",
			"Subject: a b c d e"},
		{"What is =? here", "Subject: =?utf-8?Q?What_is_=3D=3F_here?="},
		{"Under_score and other signs=\u00E9",
			"Subject: "
			"=?utf-8?Q?Under=5Fscore_and_other_signs=3D=C3=A9?="},
		{X10 " " X10 " " X10 " " X10 " " X10 " " X10 " xxx " X10,
			"Subject: " X10 " " X10 " " X10 " " X10 " " X10 " " X10
			"\r\n xxx " X10},
		{X10 X10 X10 X10 X10 X10 "    " X10,
			"Subject: " X10 X10 X10 X10 X10 X10 "\r\n    " X10},
		/* words of three full bytes, whole characters */
		{"\u4E2D\u6587\u4E2D\u6587\u4E2D\u6587\u4E2D\u6587\u4E2D\u6587"
		 "\u4E2D\u6587\u4E2D\u6587",
			"Subject: =?utf-8?B?5Lit5paH5Lit5paH5Lit5paH5Lit5paH"
			"5Lit5paH5Lit5paH5Lit?=\r\n =?utf-8?B?5paH?="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = letter();

		m.subject = cases[i].subject;
		expect_field(&m, "Subject", cases[i].field);
	}
}

static void
test_extra(void **state)
{
	static const struct {
		const char *value, *field;
	} cases[] = {
		{"<https://example.org/u/" X10 ">, <mailto:u@example.org>",
			"X: <https://example.org/u/" X10 ">,"
			" <mailto:u@example.org>"},
		{"<https://example.org/u/" X10 X10 X10 X10 ">,"
		 " <mailto:u@example.org>",
			"X: <https://example.org/u/" X10 X10 X10 X10 ">,\r\n"
			" <mailto:u@example.org>"},
		{X70 "xxxxxx", "X:\r\n " X70 "xxxxxx"},
		{"a\r\nBcc: b@example.org", "X: a  Bcc: b@example.org"},
		{"\u00E9", "X: ??"},
		{"", "X:"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_header extra = {"X", cases[i].value, NULL};
		struct message m = letter();

		m.extra = &extra;
		m.extra_count = 1;
		expect_field(&m, "X", cases[i].field);
	}
}

static void
test_phrase(void **state)
{
	static const struct {
		const char *phrase, *field;
	} cases[] = {
		{"Call on the ILO", "List-Id: Call on the ILO <ilo.a.org>"},
		{"Wages, now!", "List-Id: \"Wages, now!\" <ilo.a.org>"},
		{"\u0646\u0627\u0645\u0647",
			"List-Id: =?utf-8?B?2YbYp9mF2Yc=?= <ilo.a.org>"},
		{X10 " " X10 " " X10 " " X10 " " X10 " " X10 " " X10,
			"List-Id: =?utf-8?Q?" X10 "_" X10 "_" X10 "_" X10
			"_" X10 "_?=\r\n"
			" =?utf-8?Q?" X10 "_" X10 "?= <ilo.a.org>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_header extra = {
			"List-Id", "ilo.a.org", cases[i].phrase};
		struct message m = letter();

		m.extra = &extra;
		m.extra_count = 1;
		expect_field(&m, "List-Id", cases[i].field);
	}
}

/* Nothing of the caller's can begin a field or a body, and what no one can
 * fold stays below the limit of RFC 5322 2.1.1. */
static void
test_injection(void **state)
{
	static const char evil[] = "x\r\nBcc: b@example.org\r\n\r\nx";
	struct message_header extra[] = {{"X", evil, evil}, {"Y", NULL, NULL}};
	struct buf b = {0}, file = {0}, longest = {0};
	struct message m = letter();

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_putc(&longest, 'x');
	extra[1].value = longest.data;
	message_attachment(evil, NULL, "x", 1, &file);
	m.from.name = m.to.name = m.reply_to.name = evil;
	m.from.address = m.to.address = m.reply_to.address = evil;
	m.subject = m.message_id = m.lang = evil;
	m.extra = extra;
	m.extra_count = 2;
	m.attachments = &file;
	m.attachment_count = 1;
	message_write(&m, &b);
	check_bytes(&b, 998);
	assert_false(has_field(&b, "Bcc"));
	buf_release(&b);
	buf_release(&file);
	buf_release(&longest);
}

static void
test_encoding(void **state)
{
	static const struct {
		const char *text, *encoding;
	} cases[] = {
		{"", "7bit"},
		{"hello\n.\n..\n", "7bit"},
		{X70 "xxxxxxxx\n", "7bit"},
		{X70 "xxxxxxxxx\n", "quoted-printable"},
		{"hello\n" X70 "xxxxxxxxx", "quoted-printable"},
		{"a From me\n", "7bit"},
		{"From me\n", "quoted-printable"},
		{"hello\nFrom me", "quoted-printable"},
		{"hello\n-- \n", "quoted-printable"},
		{"hello\t", "quoted-printable"},
		{"hello\n--=_a\n", "quoted-printable"},
		{"Gr\u00FC\u00DFe aus dem S\u00FCden Deutschlands\n",
			"quoted-printable"},
		{"Gr\u00FC\u00DFe\n", "base64"},
		{"\u0633\u0627\u0631\u0627\n", "base64"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = letter();
		char *field = mem_printf(
			"Content-Transfer-Encoding: %s", cases[i].encoding);

		m.text = cases[i].text;
		expect_field(&m, "Content-Transfer-Encoding", field);
		free(field);
	}
}

static void
test_quoted_printable(void **state)
{
	/* A line too long for 7bit comes first. */
	static const char before[] = X70 "xxxxxxxxx\n";
	static const char coded[] = X70 "xxxxx=\r\nxxxx\r\n";
	static const struct {
		const char *text, *body;
	} cases[] = {
		{"a=b\n", "a=3Db\r\n"},
		{"a \n\t\nb \t\n", "a=20\r\n=09\r\nb =09\r\n"},
		{"From me\n>From\n", "=46rom me\r\n>From\r\n"},
		{".\n\n--\n", ".\r\n\r\n--\r\n"},
		{"\x01\x7F\n", "=01=7F\r\n"},
		{"a\r\nb\rc\n\r", "a\r\nb\r\nc\r\n\r\n"},
		{"\u00FC\n", "=C3=BC\r\n"},
		{X70 "xx\u00FC\n", X70 "xx=C3=\r\n=BC\r\n"},
		{X70 "xxx\u00FC\n", X70 "xxx=\r\n=C3=BC\r\n"},
		{X70 "xxxxx \n", X70 "xxxxx=\r\n=20\r\n"},
		{X70 "xxxxxFrom me\n", X70 "xxxxx=\r\n=46rom me\r\n"},
		{"open ", "open=20\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message m = letter();
		struct buf b = {0};
		char *text = mem_printf("%s%s", before, cases[i].text);
		char *body = mem_printf("%s%s", coded, cases[i].body);

		m.text = text;
		message_write(&m, &b);
		check_bytes(&b, 78);
		assert_string_equal(strstr(b.data, "\r\n\r\n") + 4, body);
		buf_release(&b);
		free(text);
		free(body);
	}
}

static void
test_same_again(void **state)
{
	struct message m = letter();
	struct buf one = {0}, two = {0};

	(void)state;
	m.html = "<p>\u0633\u0627\u0631\u0627</p>\n";
	message_write(&m, &one);
	message_write(&m, &two);
	assert_string_equal(one.data, two.data);
	message_write(&m, &two); /* adds, does not replace */
	assert_int_equal(two.len, 2 * one.len);
	assert_string_equal(two.data + one.len, one.data);
	buf_reset(&two);
	m.message_id = "<a1b2c4@example.org>"; /* changes its own line only */
	message_write(&m, &two);
	assert_int_equal(two.len, one.len);
	assert_string_equal(strstr(one.data, "MIME-Version"),
		strstr(two.data, "MIME-Version"));
	buf_release(&one);
	buf_release(&two);
}

static void
test_attachment(void **state)
{
	static const struct {
		const char *name, *type, *data, *part;
	} cases[] = {
		{"a.pdf", NULL, "%PDF",
			"Content-Type: application/pdf;\r\n name=\"a.pdf\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"a.pdf\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\nJVBERg=="},
		{"A.JPG", NULL, "",
			"Content-Type: image/jpeg;\r\n name=\"A.JPG\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"A.JPG\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\n"},
		{"a b.txt", NULL, "\u00FC",
			"Content-Type: text/plain; charset=utf-8;\r\n"
			" name=\"a b.txt\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"a b.txt\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\nw7w="},
		{"latin1.csv", NULL, "\xFC",
			"Content-Type: text/csv;\r\n name=\"latin1.csv\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"latin1.csv\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\n/A=="},
		{"pdf", NULL, "x",
			"Content-Type: application/octet-stream;\r\n"
			" name=\"pdf\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"pdf\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\neA=="},
		{"mail", "message/rfc822", "x",
			"Content-Type: application/octet-stream;\r\n"
			" name=\"mail\"\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename=\"mail\"\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\neA=="},
		{"\u0646\u0627\u0645\u0647.docx", NULL, "x",
			"Content-Type:\r\n application/vnd.openxmlformats-"
			"officedocument.wordprocessingml.document;\r\n"
			" name*=utf-8''%D9%86%D8%A7%D9%85%D9%87.docx\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename*=utf-8''%D9%86%D8%A7%D9%85%D9%87.docx\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\neA=="},
		{"a\"b\\c.png", "image/png", "x",
			"Content-Type: image/png;\r\n"
			" name*=utf-8''a%22b%5Cc.png\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename*=utf-8''a%22b%5Cc.png\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\neA=="},
		{X70, "image/png", "x",
			"Content-Type: image/png;\r\n"
			" name*0*=utf-8''" X10 X10 X10 X10 "xxxxx;\r\n"
			" name*1*=" X10 X10 "xxxxx\r\n"
			"Content-Disposition: attachment;\r\n"
			" filename*0*=utf-8''" X10 X10 X10 X10 "xxxxx;\r\n"
			" filename*1*=" X10 X10 "xxxxx\r\n"
			"Content-Transfer-Encoding: base64\r\n\r\neA=="},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = {0};

		message_attachment(cases[i].name, cases[i].type, cases[i].data,
			strlen(cases[i].data), &b);
		assert_string_equal(b.data, cases[i].part);
		buf_release(&b);
	}
}

static void
test_base64_lengths(void **state)
{
	unsigned char data[400];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof data; len++) {
		struct buf b = {0};
		char *body;
		guchar *back;
		gsize back_len;

		message_attachment("a.png", NULL, data, len, &b);
		body = strstr(b.data, "\r\n\r\n") + 4;
		assert_false(str_ends(body, "\n"));
		for (char *line = body, *end; (end = strstr(line, "\r\n"));
			line = end + 2)
			assert_int_equal(end - line, 76);
		back = g_base64_decode(body, &back_len);
		assert_int_equal(back_len, len);
		assert_memory_equal(back, data, len);
		g_free(back);
		buf_release(&b);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_alternative),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_subject),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_phrase),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_quoted_printable),
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_attachment),
		cmocka_unit_test(test_base64_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
