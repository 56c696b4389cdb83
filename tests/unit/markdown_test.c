#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/markdown.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum {
	VALUES = 4
};

/* tq00000z and so on are long to read, so tables say {0}. */
static char *
skeleton(const char *s)
{
	struct buf out = {0};

	for (; *s; s++) {
		if (s[0] == '{' && s[1] >= '0' && s[1] <= '9' && s[2] == '}') {
			buf_printf(&out, "tq0000%cz", s[1]);
			s += 2;
		} else {
			buf_putc(&out, *s);
		}
	}
	return buf_take(&out);
}

static struct markdown *
converted(const char *source)
{
	char *s = skeleton(source);
	struct markdown *md = NULL;
	struct err err = {0};

	if (markdown_new(s, "tq", &md, &err) < 0)
		fail_msg("%s: %s", source, err.msg);
	free(s);
	return md;
}

struct sample {
	const char *source;
	const char *values[VALUES];
	const char *text; /* NULL: not looked at */
	const char *html;
};

static void
run_samples(const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct sample *c = &samples[i];
		struct markdown *md = converted(c->source);
		struct buf out = {0};
		struct err err = {0};

		if (markdown_text(md, c->values, VALUES, &out, &err) < 0)
			fail_msg("%s: %s", c->source, err.msg);
		if (c->text)
			assert_string_equal(buf_str(&out), c->text);
		buf_reset(&out);
		if (markdown_html(md, c->values, VALUES, &out, &err) < 0)
			fail_msg("%s: %s", c->source, err.msg);
		if (c->html)
			assert_string_equal(buf_str(&out), c->html);
		buf_release(&out);
		markdown_free(md);
	}
}

static void
blocks(void **state)
{
	static const struct sample samples[] = {
		{"", {0}, "", ""},
		{"a\nb", {0}, "a b\n", "<p>a\nb</p>\n"},
		{"a\\\nb  \nc", {0}, "a\nb\nc\n",
			"<p>a<br />\nb<br />\nc</p>\n"},
		{"# A *b*\n\nc\n\nd", {0}, "A b\n\nc\n\nd\n", NULL},
		{"A\n===\nb\n\n***\nc", {0},
			"A\n\nb\n\n--------------------\n\nc\n", NULL},
		{"* a\n* b\n\nc", {0}, "- a\n- b\n\nc\n", NULL},
		{"* a\n\n* b\n* c", {0}, "- a\n\n- b\n\n- c\n", NULL},
		{"9) a\n10) b\n    - c", {0}, "9) a\n10) b\n    - c\n", NULL},
		{"3. a\n\n   b\n3. c", {0}, "3. a\n\n   b\n\n4. c\n", NULL},
		{"- - a\n  - b\n-\n- c", {0}, "- - a\n  - b\n-\n- c\n", NULL},
		{"- a\\\n  b\n  c", {0}, "- a\n  b c\n", NULL},
		{"> a\n>\n> b\n>> c\n\nd", {0}, "> a\n>\n> b\n>\n> > c\n\nd\n",
			NULL},
		{">\n\nd", {0}, ">\n\nd\n", NULL},
		{"- > a\n- # b\n-     c\n", {0}, "- > a\n- b\n-     c\n", NULL},
		{"```c\na *b*\n\n  c\n```\nd", {0},
			"    a *b*\n\n      c\n\nd\n", NULL},
		{"> ```\n> a\n>\n> b\n> ```", {0}, ">     a\n>\n>     b\n",
			NULL},
		{"- ```\n  ```\n- b", {0}, "-\n- b\n", NULL},
		{"**a** _b_ `c *d*` &amp; \\* \xE2\x82\xAC", {0},
			"a b c *d* & * \xE2\x82\xAC\n", NULL},
		{"\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85 *{0}*", {"\xD8\xB3"},
			"\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85 \xD8\xB3\n",
			"<p>\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85 "
			"<em>\xD8\xB3</em></p>\n"},
	};

	(void)state;
	run_samples(samples, COUNT(samples));
}

static void
values(void **state)
{
	static const struct sample samples[] = {
		{"# {0}\n{1}", {"*A*", "<b>&\"'"}, "*A*\n\n<b>&\"'\n",
			"<h1>*A*</h1>\n"
			"<p>&lt;b&gt;&amp;&quot;&#39;</p>\n"},
		{"- {0}\n- {1}", {"# x", "- y"}, "- # x\n- - y\n",
			"<ul>\n<li># x</li>\n<li>- y</li>\n</ul>\n"},
		{"**{0}**_{1}_`{2}`", {"a", "b", "`c`"}, "ab`c`\n",
			"<p><strong>a</strong><em>b</em>"
			"<code>`c`</code></p>\n"},
		{"x{0}y{0}{1}\\{1}", {"1", "2"}, "x1y12\\2\n",
			"<p>x1y12\\2</p>\n"},
		{"&{0}; tq tq0 tq0000 {0}", {"lt"}, "&lt; tq tq0 tq0000 lt\n",
			"<p>&amp;lt; tq tq0 tq0000 lt</p>\n"},
		{"a\n{0}\nb", {""}, "a  b\n", "<p>a\n\nb</p>\n"},
		/* Line ends of a value. */
		{"a {0} b", {"1\r\n2\n\n3\r4"}, "a 1\n2\n\n3\n4 b\n",
			"<p>a 1<br />\n2<br />\n<br />\n3<br />\n4 b</p>\n"},
		{"> - {0} {1}", {"1\n2", "3\n4"}, "> - 1\n>   2 3\n>   4\n",
			NULL},
		{"    {0}", {"1\n2"}, "    1\n    2\n",
			"<pre><code>1\n2\n</code></pre>\n"},
		{"```{0}\n{1}\n```", {"\"c\n'", "x"}, "    x\n",
			"<pre><code class=\"language-&quot;c\n&#39;\">x\n"
			"</code></pre>\n"},
	};

	(void)state;
	run_samples(samples, COUNT(samples));
}

static void
links(void **state)
{
	static const struct sample samples[] = {
		{"[a](HTTPS://x.org/?a=1&b=2)", {0},
			"a <HTTPS://x.org/?a=1&b=2>\n",
			"<p><a href=\"HTTPS://x.org/?a=1&amp;b=2\">a</a></p>"
			"\n"},
		{"[a](<http://x/ \xC3\xBC%20'>)", {0},
			"a <http://x/%20%C3%BC%20'>\n",
			"<p><a href=\"http://x/%20%C3%BC%20&#39;\">a</a></p>"
			"\n"},
		{"[*a*][r]\n\n[r]: https://x/{0} \"t {1}\"", {"p/q", "\"\n"},
			"a <https://x/p%2Fq>\n",
			"<p><a href=\"https://x/p%2Fq\" title=\"t &quot;\n\">"
			"<em>a</em></a></p>\n"},
		/* The text is the target. */
		{"<https://x.org> [](http://y)", {0},
			"https://x.org http://y\n", NULL},
		{"<a@x.org> [a@x.org](mailto:a@x.org) [1](tel:1)", {0},
			"a@x.org a@x.org 1\n", NULL},
		{"[{0}]({0}) [{1}](mailto:{1})", {"https://x", "a@x"},
			"https://x a@x\n",
			"<p><a href=\"https://x\">https://x</a> "
			"<a href=\"mailto:a@x\">a@x</a></p>\n"},
		/* A value inside. */
		{"[{0}](https://x/{1}/y?z={2})", {"<", "a b/c", "&='%41"},
			"< <https://x/a%20b%2Fc/y?z=%26%3D%27%2541>\n",
			"<p><a href=\"https://x/a%20b%2Fc/y?z=%26%3D%27%2541\">"
			"&lt;</a></p>\n"},
		{"<https://x/{0}>", {"\xC3\xBC \n"}, "https://x/%C3%BC%20%0A\n",
			"<p><a href=\"https://x/%C3%BC%20%0A\">"
			"https://x/\xC3\xBC <br />\n</a></p>\n"},
		{"[a](mailto:{0}) [b](tel:{1})", {"a+b@x.org?cc=y", "+4122"},
			"a <mailto:a%2Bb@x.org%3Fcc%3Dy> b <tel:+4122>\n",
			NULL},
		/* A value at the start is a URL. */
		{"[a]({0}) [b]({0}?l={1})",
			{"https://x/?a=b&c=%20 '\"<\\%zz", "&"},
			"a <https://x/?a=b&c=%20%20'%22%3C%5C%25zz> "
			"b <https://x/?a=b&c=%20%20'%22%3C%5C%25zz?l=%26>\n",
			"<p><a href=\"https://x/?a=b&amp;c=%20%20&#39;%22%3C"
			"%5C%25zz\">a</a> <a href=\"https://x/?a=b&amp;c=%20"
			"%20&#39;%22%3C%5C%25zz?l=%26\">b</a></p>\n"},
		{"<{0}>\nx <{0}?l=en> `<{0}>`", {"https://x"},
			"https://x x https://x?l=en <https://x>\n",
			"<p><a href=\"https://x\">https://x</a>\nx "
			"<a href=\"https://x?l=en\">https://x?l=en</a> "
			"<code>&lt;https://x&gt;</code></p>\n"},
		{"[a](<{0}>)", {"Tel:12"}, "a <Tel:12>\n", NULL},
	};

	(void)state;
	run_samples(samples, COUNT(samples));
}

static void
refuses_sources(void **state)
{
	static const struct {
		const char *source;
		const char *message; /* how it begins */
	} cases[] = {
		{"a\n\nb <b>c</b>", "line 3: \"<b>\" is HTML"},
		{"a\n\n<div>\nx\n</div>", "line 3: \"<div>\" is HTML"},
		{"<!-- a -->", "line 1: \"<!-- a -->\" is HTML"},
		{"> - x\n>   y <a href=\"{0}\">", "line 2: \"<a href=\""},
		{"[a](/b)", "line 1: \"/b\" cannot be the target"},
		{"a\n[a]()", "line 2: \"\" cannot be the target"},
		{"[a](#b)", "line 1: \"#b\""},
		{"[a](ftp://b)", "line 1: \"ftp://b\""},
		{"[a](javascript:alert\\({0}\\))", "line 1: \"javascript:"},
		{"a\n\n![a](https://x.org/{0})", "line 3: a picture"},
		{"<x-y:z>", "line 1: \"x-y:z\""},
		{"[a](https://)", "line 1: \"https://\""},
		{"[a](https:///{0})", "line 1: \"https:///"},
		{"[a](http:b)", "line 1: \"http:b\""},
		{"[a](mailto:)", "line 1: \"mailto:\""},
		{"[a](//{0})", "line 1: \"//"},
		{"a\n\n[r]: http://x/{0}", "line 3: the value here is lost"},
		{"```c {0}\n```", "line 1: the value here is lost"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *s = skeleton(cases[i].source);
		struct markdown *md = NULL;
		struct err err = {0};

		assert_int_equal(markdown_new(s, "tq", &md, &err), -1);
		assert_int_equal(err.kind, ERR_DATA);
		if (!str_starts(err.msg, cases[i].message))
			fail_msg("%s: %s", cases[i].source, err.msg);
		free(s);
	}
}

static void
refuses_targets(void **state)
{
	static const struct {
		const char *source;
		const char *value;
		const char *seen;
	} cases[] = {
		{"[a]({0})", "javascript:alert(1)", "javascript:alert(1)"},
		{"[a]({0})", " JaVaScRiPt:alert(1)", " JaVaScRiPt:alert(1)"},
		{"<{0}>", "java\nscript:\x01\x7F\xC2\x85x", "java?script:???x"},
		{"[a]({0})", "data:text/html,x", "data:text/html,x"},
		{"[a]({0})", "//evil.org", "//evil.org"},
		{"[a]({0})", "", ""},
		{"[a]({0}://x)", "", ""},
		{"[a](https://{0})", "", ""},
		{"[a](https://{0}/b)", "", ""},
		{"[a](mailto:{0})", "", ""},
		{"[{0}](mailto:{0})", "", ""},
		{"[a](tel:{0})", "", ""},
		{"[a]({0})", "https:", "https:"},
		{"[a]({0})", "https:/x", "https:/x"},
		{"[a]({0})", "https:///x", "https:///x"},
		{"[a]({0})", "www.x.org", "www.x.org"},
		{"[a]({0})", "a@x.org", "a@x.org"},
		{"[a]({0})",
			"ftp://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaa\xC3\xBC\xC3\xBC",
			"ftp://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaa\xC3\xBC..."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct markdown *md = converted(cases[i].source);
		char *want = mem_printf("\"%s\" cannot be", cases[i].seen);
		struct buf out = {0};

		buf_puts(&out, "kept");
		for (int html = 0; html < 2; html++) {
			struct err err = {0};
			int rc = (html ? markdown_html : markdown_text)(
				md, &cases[i].value, 1, &out, &err);

			assert_int_equal(rc, -1);
			assert_int_equal(err.kind, ERR_DATA);
			if (!str_starts(err.msg, want))
				fail_msg("%s: %s", cases[i].source, err.msg);
			assert_string_equal(buf_str(&out), "kept");
		}
		buf_release(&out);
		free(want);
		markdown_free(md);
	}
}

static void
needs_no_tokens(void **state)
{
	struct markdown *md = NULL;
	struct buf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(
		markdown_new("tq00000z <https://x>", NULL, &md, &err), 0);
	assert_int_equal(markdown_text(md, NULL, 0, &out, &err), 0);
	assert_string_equal(buf_str(&out), "tq00000z https://x\n");
	buf_release(&out);
	markdown_free(md);
}

/* --- naughty strings --------------------------------------------------- */

static char *
unescaped(const char *s)
{
	static const char *const entities[][2] = {{"&amp;", "&"}, {"&lt;", "<"},
		{"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"},
		{"<br />", ""}};
	struct buf out = {0};

	while (*s) {
		size_t i = 0;

		while (i < COUNT(entities) && !str_starts(s, entities[i][0]))
			i++;
		if (i < COUNT(entities)) {
			buf_puts(&out, entities[i][1]);
			s += strlen(entities[i][0]);
		} else {
			buf_putc(&out, *s++);
		}
	}
	return buf_take(&out);
}

/* Every value comes out as it went in, whatever it is. */
static void
check_naughty(const struct markdown *md, const char *value)
{
	char *text = mem_printf("Dear %s,\n", value);
	char *html = mem_printf("<p>Dear %s,</p>", value);
	struct buf out = {0};
	struct err err = {0};
	char *back;

	assert_int_equal(markdown_text(md, &value, 1, &out, &err), 0);
	if (!strchr(value, '\r') && !strchr(value, '\n'))
		assert_non_null(strstr(buf_str(&out), text));
	buf_reset(&out);
	assert_int_equal(markdown_html(md, &value, 1, &out, &err), 0);
	assert_null(strcasestr(buf_str(&out), "<script"));
	assert_null(strcasestr(buf_str(&out), "<img"));
	back = unescaped(buf_str(&out));
	if (!strchr(value, '\r'))
		assert_non_null(strstr(back, html));
	free(back);
	free(html);
	free(text);
	buf_release(&out);
}

static void
survives_naughty_strings(void **state)
{
	const char *corpora = getenv("OPENLETTER_CORPORA");
	char *path = mem_printf("%s/naughty-strings/blns.json",
		corpora ? corpora : "../shared/corpora");
	json_t *strings = json_load_file(path, JSON_ALLOW_NUL, NULL);
	struct markdown *md = converted(
		"Dear {0},\n\n- `{0}` [{0}](https://x/{0} \"{0}\")\n");
	json_t *item;
	size_t i;

	(void)state;
	if (!strings) {
		print_message("%s is missing\n", path);
		markdown_free(md);
		free(path);
		skip();
	}
	assert_true(json_array_size(strings) > 400);
	json_array_foreach(strings, i, item)
		check_naughty(md, json_string_value(item));
	json_decref(strings);
	markdown_free(md);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks),
		cmocka_unit_test(values),
		cmocka_unit_test(links),
		cmocka_unit_test(refuses_sources),
		cmocka_unit_test(refuses_targets),
		cmocka_unit_test(needs_no_tokens),
		cmocka_unit_test(survives_naughty_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
