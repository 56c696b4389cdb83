#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/enclosure.h"
#include "app_sample.h"
#include "store/store_ledger.h"

/* A letter with this Subject and body, prepared; recipients have the columns
 * url and note beside the known ones. */
static void
prepare(struct app *a, enum audience audience, const char *subject,
	const char *body)
{
	char *text = mem_printf("Title: T\nSubject: %s\n\n%s", subject, body);
	struct fields columns = {0};

	app_forget(a);
	fields_add(&columns, "url", "");
	fields_add(&columns, "note", "");
	temp_plant(a->dir, "letters/c/l.en.md", text);
	app_prepare(a, audience, &columns);
	fields_release(&columns);
	free(text);
}

static struct compose_input
input(const struct app *a, const struct fields *row)
{
	return (struct compose_input){
		.mailing = a->mailing,
		.lang = &a->mailing->langs[0],
		.row = row,
		.to = "to@example.net",
		.message_id = "<token@example.org>",
		.date = 1700000000,
	};
}

/* Every known column and the two more, with what differs. */
static void
make_row(struct fields *row, const char *name, const char *url)
{
	fields_add(row, "email", "to@example.net");
	fields_add(row, "name", name);
	fields_add(row, "salutation", "");
	fields_add(row, "title", "");
	fields_add(row, "organisation", "");
	fields_add(row, "country", "");
	fields_add(row, "lang", "en");
	fields_add(row, "url", url);
	fields_add(row, "note", name);
}

static void
add_name(struct mailing *m, const char *name, const char *country)
{
	const char *const texts[NAME_TEXT_COUNT] = {
		name, "", "", country, "", "", "", ""};

	names_add(&m->names, (int64_t)m->names.count + 1, 0, INT64_MAX, texts);
}

/* Lists and paragraphs that sections make. */
static void
test_sections(void **state)
{
	struct app *a = *state;
	struct fields row = {0};
	struct composed c = {0};
	struct compose_input in;

	make_row(&row, "A", "");
	prepare(a, AUDIENCE_RECIPIENTS, "S",
		"Signed by:\n\n"
		"{{#signatures.list}}\n"
		"* {{name}}{{#country}} ({{country}}){{/country}}\n"
		"{{/signatures.list}}\n"
		"{{^signatures.list}}\nnobody yet\n{{/signatures.list}}\n\n"
		"{{#recipient.name}}\nDear {{recipient.name}},\n\n"
		"a second paragraph\n{{/recipient.name}}\n");
	in = input(a, &row);
	if (compose_letter(&in, &c, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	assert_string_equal(buf_str(&c.text),
		"Signed by:\n\nnobody yet\n\nDear A,\n\na second paragraph\n");
	composed_release(&c);

	add_name(a->mailing, "Reza", "IR");
	add_name(a->mailing, "* Ann\n* Bob", "");
	c = (struct composed){0};
	if (compose_letter(&in, &c, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	assert_string_equal(buf_str(&c.text),
		"Signed by:\n\n- Reza (IR)\n- * Ann\n  * Bob\n\n"
		"Dear A,\n\na second paragraph\n");
	assert_non_null(strstr(buf_str(&c.html), "<li>Reza (IR)</li>"));
	/* Two items: a value makes none. */
	assert_non_null(strstr(buf_str(&c.html), "<li>* Ann"));
	assert_null(strstr(buf_str(&c.html), "<li>Bob"));
	assert_non_null(strstr(buf_str(&c.html), "<p>a second paragraph</p>"));
	composed_release(&c);
	fields_release(&row);
}

/* A value is never a template, Markdown or HTML, and stands plainly in the
 * text. */
static void
test_hostile(void **state)
{
	static const struct {
		const char *value, *html;
	} cases[] = {
		{"{{x}}", "{{x}}"},
		{"{{{recipient.email}}}", "{{{recipient.email}}}"},
		{"<script>alert(1)</script>",
			"&lt;script&gt;alert(1)&lt;/script&gt;"},
		{"a & b &amp; c", "a &amp; b &amp;amp; c"},
		{"**bold** _x_ `y`", "**bold** _x_ `y`"},
		{"[a](javascript:b)", "[a](javascript:b)"},
		{"<javascript:x>", "&lt;javascript:x&gt;"},
		{"# heading", "# heading"},
		{"%s%n$1", "%s%n$1"},
		{"\\* \\", "\\* \\"},
	};
	struct app *a = *state;

	prepare(a, AUDIENCE_RECIPIENTS, "For {{recipient.name}}",
		"{{recipient.name}}\n\nx **{{recipient.note}}** y\n");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fields row = {0};
		struct composed c = {0};
		struct compose_input in = input(a, &row);
		char *wanted;

		make_row(&row, cases[i].value, "");
		if (compose_letter(&in, &c, &a->err) < 0)
			fail_msg("%s", a->err.msg);
		wanted = mem_printf("For %s", cases[i].value);
		assert_string_equal(buf_str(&c.subject), wanted);
		free(wanted);
		wanted = mem_printf(
			"%s\n\nx %s y\n", cases[i].value, cases[i].value);
		assert_string_equal(buf_str(&c.text), wanted);
		free(wanted);
		wanted = mem_printf("<p>%s</p>\n<p>x <strong>%s</strong> y"
				    "</p>\n",
			cases[i].html, cases[i].html);
		assert_string_equal(buf_str(&c.html), wanted);
		free(wanted);
		composed_release(&c);
		fields_release(&row);
	}
}

/* No value ends a header line. */
static void
test_header_injection(void **state)
{
	static const char *const values[] = {
		"A\r\nBcc: b@example.org",
		"A\nBcc: b@example.org",
		"A\rBcc: b@example.org",
		"A\r\n\r\nBcc: b@example.org",
		"A\r\n Bcc: b@example.org",
	};
	struct app *a = *state;

	prepare(a, AUDIENCE_RECIPIENTS, "For {{recipient.name}}", "body\n");
	assert_int_equal(enclosure_check(a->mailing, &a->err), 0);
	for (size_t i = 0; i < COUNT(values); i++) {
		struct fields row = {0};
		struct buf out = {0};
		struct compose_input in = input(a, &row);
		char *end;

		make_row(&row, values[i], "");
		if (compose_message(&in, &out, &a->err) < 0)
			fail_msg("%s", a->err.msg);
		end = strstr(out.data, "\r\n\r\n");
		assert_non_null(end);
		*end = '\0';
		assert_null(strstr(out.data, "\nBcc"));
		assert_null(strstr(out.data, "\rBcc"));
		assert_non_null(strstr(out.data, "Content-Type: "));
		assert_non_null(strstr(out.data, "Subject: "));
		buf_release(&out);
		fields_release(&row);
	}
}

static void
test_links(void **state)
{
	static const struct {
		const char *url, *href; /* NULL: refused */
	} cases[] = {
		{"https://example.org/a?b=c", "https://example.org/a?b=c"},
		{"http://example.org/", "http://example.org/"},
		{"mailto:a@example.org", "mailto:a@example.org"},
		{"tel:+4930", "tel:+4930"},
		{"HTTPS://example.org", "HTTPS://example.org"},
		{"https://example.org/\"><script>",
			"https://example.org/%22%3E%3Cscript%3E"},
		{"javascript:alert(1)", NULL},
		{"JavaScript:alert(1)", NULL},
		{" javascript:alert(1)", NULL},
		{"java\nscript:alert(1)", NULL},
		{"data:text/html,x", NULL},
		{"vbscript:x", NULL},
		{"file:///etc/passwd", NULL},
		{"www.example.org", NULL},
		{"", NULL},
	};
	struct app *a = *state;

	prepare(a, AUDIENCE_RECIPIENTS, "S", "[look]({{recipient.url}})\n");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fields row = {0};
		struct composed c = {0};
		struct buf out = {0};
		struct compose_input in = input(a, &row);
		int rc;

		make_row(&row, "A", cases[i].url);
		a->err.kind = ERR_NONE;
		rc = compose_letter(&in, &c, &a->err);
		if (rc != (cases[i].href ? 0 : -1))
			fail_msg("\"%s\": %d %s", cases[i].url, rc,
				buf_str(&c.html));
		if (cases[i].href) {
			char *wanted = mem_printf(
				"<a href=\"%s\">look</a>", cases[i].href);

			if (!strstr(buf_str(&c.html), wanted))
				fail_msg("%s", buf_str(&c.html));
			free(wanted);
		} else {
			assert_int_equal(a->err.kind, ERR_DATA);
			/* Nothing half-rendered comes out. */
			assert_int_equal(
				compose_message(&in, &out, &a->err), -1);
			assert_int_equal(a->err.kind, ERR_DATA);
			assert_int_equal(out.len, 0);
		}
		buf_release(&out);
		composed_release(&c);
		fields_release(&row);
	}
}

static void
assert_header(const struct buf *message, const char *line, bool there)
{
	char *wanted = mem_printf("\r\n%s\r\n", line);
	char *all = mem_printf("\r\n%.*s\r\n",
		(int)(strstr(message->data, "\r\n\r\n") - message->data),
		message->data);

	if (!strstr(all, wanted) == there)
		fail_msg("%s is%s in:%s", line, there ? " not" : "", all);
	free(wanted);
	free(all);
}

static void
test_audiences(void **state)
{
	static const struct {
		enum audience audience;
		bool copy;
		const char *subject;
	} cases[] = {
		{AUDIENCE_RECIPIENTS, false, "Subject: S"},
		{AUDIENCE_RECIPIENTS, true, "Subject: [COPY] S"},
		{AUDIENCE_TEST, false, "Subject: [TEST] S"},
		{AUDIENCE_TO_SIGNERS, false, "Subject: S"},
	};
	struct app *a = *state;
	struct fields row = {0};

	make_row(&row, "A", "");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct compose_input in;
		struct buf out = {0};

		prepare(a, cases[i].audience, "S",
			"{{#signer}}signer{{/signer}}\n");
		assert_int_equal(enclosure_check(a->mailing, &a->err), 0);
		in = input(a, &row);
		in.copy = cases[i].copy;
		if (compose_message(&in, &out, &a->err) < 0)
			fail_msg("%s", a->err.msg);
		assert_header(&out, cases[i].subject, true);
		assert_header(&out, "Message-ID: <token@example.org>", true);
		assert_header(
			&out, "Date: Tue, 14 Nov 2023 22:13:20 +0000", true);
		assert_header(&out, "From: Committee <us@example.org>", true);
		assert_null(strstr(out.data, "signer"));
		buf_release(&out);
	}
	fields_release(&row);
}

/* In a signer's name, from the campaign's own address. */
static void
test_signer(void **state)
{
	struct app *a = *state;
	struct fields row = {0}, signer = {0};
	struct compose_input in;
	struct buf out = {0};

	make_row(&row, "A", "");
	fields_add(&signer, "name", "Reza");
	fields_add(&signer, "email", "reza@example.com");
	fields_add(&signer, "organisation", "");
	fields_add(&signer, "role", "");
	fields_add(&signer, "country", "IR");
	fields_add(&signer, "city", "");
	fields_add(&signer, "comment", "");
	prepare(a, AUDIENCE_FOR_SIGNERS, "{{#signer}}{{name}}{{/signer}} asks",
		"{{#signer}}{{name}}, {{country}}{{/signer}}\n");
	assert_int_equal(enclosure_check(a->mailing, &a->err), 0);
	in = input(a, &row);
	in.signer = &signer;
	if (compose_message(&in, &out, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	assert_header(&out, "From: Reza via Committee <us@example.org>", true);
	assert_header(&out, "Reply-To: Reza <reza@example.com>", true);
	assert_header(&out, "Subject: Reza asks", true);
	assert_non_null(strstr(out.data, "\r\nReza, IR\r\n"));
	buf_release(&out);
	fields_release(&row);
	fields_release(&signer);
}

static const char whole_header[] = "Title: T\n"
				   "Subject: {{recipient.name}}: {{> s}}\n"
				   "From: Other <other@example.org>\n"
				   "Reply-To: R <reply@example.org>\n"
				   "Attach: a.txt\n"
				   "\n";

static void
plant_whole(struct app *a)
{
	char *en = mem_printf("%sDear {{recipient.name}}, {{> greet}} "
			      "[x]({{recipient.url}})\n",
		whole_header);
	char *fa = mem_printf(
		"%s\u0633\u0644\u0627\u0645 {{> greet}}\n", whole_header);

	temp_plant(a->dir, "letters/c/l.en.md", en);
	temp_plant(a->dir, "letters/c/l.fa.md", fa);
	temp_plant(a->dir, "letters/c/campaign.en.md",
		"Title: C\nKind: campaign\n\nx");
	temp_plant(a->dir, "letters/c/a.txt", "attached");
	temp_plant(a->dir, "letters/_partials/s.md", "subject");
	temp_plant(a->dir, "letters/_partials/greet.md", "good day");
	temp_plant(a->dir, "letters/_partials/greet.fa.md",
		"\u062F\u0631\u0648\u062F");
	free(en);
	free(fa);
}

/* Renders a delivery of the mailing in one language. */
static void
render_delivery(struct app *a, const char *lang, struct buf *out)
{
	const struct store_delivery d = {
		.lang = (char *)(uintptr_t)lang,
		.recipient = (char *)(uintptr_t) "to@example.net",
		.message_id = (char *)(uintptr_t) "<1@example.org>",
		.date = 1700000000,
		.row = (char *)(uintptr_t) "{\"name\":\"A\",\"url\":"
					   "\"https://example.net/\"}",
	};

	if (compose_delivery(a->mailing, NULL, &d, out, &a->err) < 0)
		fail_msg("%s", a->err.msg);
}

/* What a mailing says comes from the store, whatever has become of the
 * files since. */
static void
test_frozen(void **state)
{
	static const char *const langs[] = {"en", "fa"};
	struct app *a = *state;
	struct fields columns = {0};
	struct buf before[2] = {{0}};
	int64_t id, letter;

	fields_add(&columns, "url", "");
	plant_whole(a);
	app_prepare(a, AUDIENCE_RECIPIENTS, &columns);
	assert_int_equal(enclosure_check(a->mailing, &a->err), 0);
	for (int i = 0; i < 2; i++)
		render_delivery(a, langs[i], &before[i]);
	assert_header(&before[0], "From: Other <other@example.org>", true);
	assert_header(&before[0], "Reply-To: R <reply@example.org>", true);
	assert_header(&before[0], "Subject: A: subject", true);
	assert_non_null(strstr(before[0].data, "good day"));
	assert_non_null(strstr(before[0].data, "a.txt"));
	if (workspace_open_store(&a->ws, &a->err) < 0 ||
		store_begin(a->ws.store, "test", DB_DURABLE, &a->err) < 0 ||
		mailing_save(&a->ws, a->mailing, &letter, &a->err) < 0 ||
		store_commit(a->ws.store, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	id = a->mailing->id;
	assert_true(id > 0);
	app_forget(a);

	temp_plant(a->dir, "letters/c/l.en.md", "Title: Other\n\nother");
	temp_plant(a->dir, "letters/c/campaign.en.md", "other");
	temp_plant(a->dir, "letters/_partials/greet.md", "other");
	temp_plant(a->dir, "letters/_partials/greet.en.md", "other");
	temp_plant(a->dir, "letters/_partials/s.fa.md", "other");
	if (mailing_load(&a->ws, id, &a->mailing, &a->err) < 0 ||
		enclosure_check(a->mailing, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	for (int i = 0; i < 2; i++) {
		struct buf after = {0};

		render_delivery(a, langs[i], &after);
		assert_string_equal(buf_str(&after), buf_str(&before[i]));
		buf_release(&after);
		buf_release(&before[i]);
	}
	app_forget(a);

	/* An attachment that changed stops it. */
	temp_plant(a->dir, "letters/c/a.txt", "Attached");
	assert_int_equal(mailing_load(&a->ws, id, &a->mailing, &a->err), 0);
	assert_int_equal(enclosure_check(a->mailing, &a->err), -1);
	assert_int_equal(a->err.kind, ERR_CHANGED);
	app_forget(a);
	assert_int_equal(
		mailing_load(&a->ws, id + 1, &a->mailing, &a->err), -1);
	assert_int_equal(a->err.kind, ERR_NOTFOUND);
	fields_release(&columns);
}

/* More skeletons than are kept: each letter is still its own. */
static void
test_many_skeletons(void **state)
{
	static const char *const columns[] = {"name", "salutation", "title",
		"organisation", "country", "url", "note"};
	struct app *a = *state;
	struct buf body = {0};

	for (size_t i = 0; i < COUNT(columns); i++)
		buf_printf(&body,
			"{{#recipient.%s}}%zu{{/recipient.%s}}"
			"{{^recipient.%s}}x{{/recipient.%s}}",
			columns[i], i, columns[i], columns[i], columns[i]);
	prepare(a, AUDIENCE_RECIPIENTS, "S", buf_str(&body));
	for (unsigned round = 0; round < 300; round++) {
		char wanted[] = "xxxxxxx\n";
		struct fields row = {0};
		struct composed c = {0};
		struct compose_input in = input(a, &row);

		for (size_t i = 0; i < COUNT(columns); i++) {
			bool set = round >> i & 1;

			fields_add(&row, columns[i], set ? "1" : "");
			if (set)
				wanted[i] = (char)('0' + i);
		}
		if (compose_letter(&in, &c, &a->err) < 0)
			fail_msg("%s", a->err.msg);
		assert_string_equal(buf_str(&c.text), wanted);
		composed_release(&c);
		fields_release(&row);
	}
	buf_release(&body);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APP(test_sections),
		WITH_APP(test_hostile),
		WITH_APP(test_header_injection),
		WITH_APP(test_links),
		WITH_APP(test_audiences),
		WITH_APP(test_signer),
		WITH_APP(test_frozen),
		WITH_APP(test_many_skeletons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
