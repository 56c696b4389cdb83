/*
 * Two other programs read what format/message writes: GMime every message at
 * once, Python's email package all of them at the end, from a folder.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <gmime/gmime.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"
#include "format/message_header.h"
#include "message_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define PYTHON "/usr/bin/python3"

struct oracle {
	char folder[64];
	json_t *cases;
};

static GMimeMessage *
gmime_read(const struct buf *b)
{
	GMimeStream *stream =
		g_mime_stream_mem_new_with_buffer(b->data, b->len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

static void
expect_clean(const char *what, const char *input, const char *found)
{
	struct buf clean = {0};

	message_header_clean(input, &clean);
	if (strcmp(clean.data, found ? found : "") != 0)
		fail_msg("GMime: %s: \"%s\" came back as \"%s\"", what,
			clean.data, found);
	buf_release(&clean);
}

struct leaves {
	int count;
	GMimeTextPart *text; /* the first */
};

static void
add_leaf(GMimeObject *parent, GMimeObject *part, gpointer data)
{
	struct leaves *leaves = data;

	(void)parent;
	if (GMIME_IS_PART(part) && leaves->count++ == 0)
		leaves->text = GMIME_TEXT_PART(part);
}

/* Line ends are CRLF, and the last of a message is not left open. */
static void
expect_text(const struct message *m, const struct leaves *leaves)
{
	char *found = g_mime_text_part_get_text(leaves->text), *to = found;
	size_t len = strlen(m->text);

	for (const char *s = found; *s; s++)
		if (*s != '\r')
			*to++ = *s;
	*to = '\0';
	if (leaves->count == 1 && strlen(found) == len + 1)
		found[len] = '\0';
	if (!strchr(m->text, '\r'))
		assert_string_equal(found, m->text);
	g_free(found);
}

/* A field with a phrase has the form of a mailbox. */
static void
expect_phrase(GMimeMessage *message, const struct message_header *h)
{
	GMimeHeaderList *headers =
		g_mime_object_get_header_list(GMIME_OBJECT(message));
	GMimeHeader *found = g_mime_header_list_get_header(headers, h->name);
	InternetAddressList *list = internet_address_list_parse(
		NULL, g_mime_header_get_raw_value(found));
	InternetAddress *only;

	assert_int_equal(internet_address_list_length(list), 1);
	only = internet_address_list_get_address(list, 0);
	expect_clean(h->name, h->phrase, internet_address_get_name(only));
	assert_string_equal(internet_address_mailbox_get_addr(
				    INTERNET_ADDRESS_MAILBOX(only)),
		h->value);
	g_object_unref(list);
}

static void
gmime_check(const struct message *m, const struct buf *b)
{
	GMimeMessage *message = gmime_read(b);
	InternetAddressList *from;
	struct leaves leaves = {0};

	assert_non_null(message);
	from = g_mime_message_get_from(message);
	assert_int_equal(internet_address_list_length(from), 1);
	expect_clean("name", m->from.name,
		internet_address_get_name(
			internet_address_list_get_address(from, 0)));
	expect_clean(
		"subject", m->subject, g_mime_message_get_subject(message));
	for (size_t i = 0; i < m->extra_count; i++)
		expect_phrase(message, &m->extra[i]);
	g_mime_message_foreach(message, add_leaf, &leaves);
	assert_int_equal(
		leaves.count, 1 + !!m->html + (int)m->attachment_count);
	expect_text(m, &leaves);
	g_object_unref(message);
}

static json_t *
field_names(const struct message *m)
{
	json_t *names = json_pack(
		"[sssss]", "Date", "From", "To", "Subject", "Message-ID");

	for (size_t i = 0; i < m->extra_count; i++)
		json_array_append_new(names, json_string(m->extra[i].name));
	json_array_append_new(names, json_string("MIME-Version"));
	json_array_append_new(names, json_string("Content-Language"));
	json_array_append_new(names, json_string("Content-Type"));
	if (!m->html && m->attachment_count == 0)
		json_array_append_new(
			names, json_string("Content-Transfer-Encoding"));
	return names;
}

static void
save(const char *folder, const char *name, const char *data, size_t len)
{
	char *path = mem_printf("%s/%s", folder, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(path);
}

/* file: the name of one attachment, with its own name in it, or NULL. */
static void
oracle_add(struct oracle *oracle, const struct message *given, const char *file)
{
	struct message m = *given;
	struct message_header list = {
		"List-Id", "ilo.example.org", m.from.name};
	char *name = mem_printf("%zu.eml", json_array_size(oracle->cases));
	struct buf b = {0}, attachment = {0};
	json_t *entry = json_pack("{ss ss ss ss so s[]}", "name", m.from.name,
		"address", m.from.address, "subject", m.subject, "text", m.text,
		"fields", json_null(), "files");

	if (file) {
		message_attachment(
			file, "image/png", file, strlen(file), &attachment);
		m.attachments = &attachment;
		m.attachment_count = 1;
		json_array_append_new(
			json_object_get(entry, "files"), json_string(file));
	}
	m.extra = &list;
	m.extra_count = 1;
	if (m.html)
		json_object_set_new(entry, "html", json_string(m.html));
	json_object_set_new(entry, "fields", field_names(&m));
	json_array_append_new(oracle->cases, entry);
	message_write(&m, &b);
	check_bytes(&b, 78);
	gmime_check(&m, &b);
	save(oracle->folder, name, b.data, b.len);
	buf_release(&b);
	buf_release(&attachment);
	free(name);
}

/* Every length of several scripts: all ways to cut an encoded word. */
static void
add_lengths(struct oracle *oracle)
{
	static const char *const scripts[] = {
		"\u0646\u0627\u0645\u0647\u0654 \u0633\u0631\u06AF\u0634\u0627"
		"\u062F\u0647 \u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u06CC"
		"\u0645 ",
		"\u0631\u0633\u0627\u0644\u0629 \u0645\u0641\u062A\u0648\u062D"
		"\u0629: 10\u060C ",
		"\u81F4\u603B\u5E72\u4E8B\u7684\u516C\u5F00\u4FE1",
		"\U0001F469\u200D\U0001F469\u200D\U0001F467\u270A\U0001F3FF",
		"L\u00F6hne f\u00FCr alle, jetzt! ",
		"plain words, and = some_? signs ",
		"x",
	};

	for (size_t i = 0; i < COUNT(scripts); i++) {
		char *whole = mem_strdup("");

		/* At least 200 characters, of 4 bytes at most. */
		while (strlen(whole) < 800) {
			char *longer = mem_printf("%s%s", whole, scripts[i]);

			free(whole);
			whole = longer;
		}
		for (size_t chars = 0, at = 0; chars <= 200; chars++) {
			struct message m = letter();
			char *s = mem_strndup(whole, at);
			unsigned c;

			m.subject = m.from.name = m.text = s;
			m.html = chars % 3 ? NULL : s;
			oracle_add(oracle, &m, chars % 5 || !*s ? NULL : s);
			at += str_utf8_next(whole + at, &c);
			free(s);
		}
		free(whole);
	}
}

static void
add_names(struct oracle *oracle)
{
	static const char *const names[] = {
		"Jane \"JJ\" O'Neil via Committee, Inc.",
		"\u0633\u0627\u0631\u0627 \"\u0633\" via Committee, Inc.",
		"a,b;c:d<e>f(g)h[i]j@k.l\\m\"",
		"\\",
		"\"",
		"\"quoted\"",
		"=?utf-8?Q?a?=",
		"\"=?utf-8?Q?a?=\" x",
		"ends in =?",
		"?= begins",
		"=?",
		"(comment)",
		"<a@b.org>",
		"a@b.org",
		"group: a@b.org;",
		"two  blanks   three",
		"%41 \u00E9%41",
		"O'",
		"* ! # $ % & ' + - / = ? ^ _ ` { | } ~",
	};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct message m = letter();

		m.subject = m.from.name = names[i];
		m.text = "From me\n.\n\n--=_a\n ";
		m.html = i % 2 ? names[i] : NULL;
		oracle_add(oracle, &m, names[i]);
	}
}

/* A text that holds the very lines that divide the parts. */
static void
add_boundaries(struct oracle *oracle)
{
	struct message m = letter();
	struct buf b = {0};
	char *copy, *text;

	m.html = "<p>x</p>\n";
	message_write(&m, &b);
	copy = buf_take(&b);
	text = strstr(copy, "--=_");
	strchr(text, '\r')[0] = '\0';
	m.text = text;
	m.html = text;
	oracle_add(oracle, &m, NULL);
	text[4] = 'm';
	oracle_add(oracle, &m, "a.png");
	free(copy);
}

static int
add_naughty(struct oracle *oracle)
{
	const char *corpora = getenv("OPENLETTER_CORPORA");
	char *path = mem_printf("%s/naughty-strings/blns.json",
		corpora ? corpora : "../shared/corpora");
	json_t *strings = json_load_file(path, 0, NULL), *string;
	size_t i;

	free(path);
	if (!strings)
		return -1;
	json_array_foreach(strings, i, string)
	{
		struct message m = letter();
		const char *s = json_string_value(string);

		m.subject = m.from.name = m.text = s;
		m.html = i % 2 ? s : NULL;
		oracle_add(oracle, &m, i % 3 ? NULL : "a.png");
	}
	json_decref(strings);
	return 0;
}

static int
run(const char *fmt, const char *arg)
{
	char *command = mem_printf(fmt, arg);
	int status = system(command);

	free(command);
	return status;
}

static int
setup(void **state)
{
	struct oracle *oracle = mem_zalloc(sizeof *oracle);

	strcpy(oracle->folder, "/tmp/message_test.XXXXXX");
	oracle->cases = json_array();
	*state = oracle;
	return mkdtemp(oracle->folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	struct oracle *oracle = *state;
	int status = run("rm -r %s", oracle->folder);

	json_decref(oracle->cases);
	free(oracle);
	return status;
}

static void
read_back(const struct oracle *oracle)
{
	char *cases = json_dumps(oracle->cases, 0);

	save(oracle->folder, "cases.json", cases, strlen(cases));
	free(cases);
	if (access(PYTHON, X_OK)) {
		print_message("no " PYTHON "\n");
		skip();
	}
	assert_int_equal(
		run(PYTHON " tests/unit/message_oracle.py %s", oracle->folder),
		0);
}

static void
test_made_up(void **state)
{
	add_lengths(*state);
	add_names(*state);
	add_boundaries(*state);
	read_back(*state);
}

static void
test_naughty(void **state)
{
	if (add_naughty(*state)) {
		print_message("no naughty-strings/blns.json in "
			      "OPENLETTER_CORPORA\n");
		skip();
	}
	read_back(*state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_naughty, setup, teardown),
	};

	g_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
