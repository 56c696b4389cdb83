#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "format/markdown.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A line for each block: kind and depth, "-" if it is tight, marker, markup
 * with its line breaks as "/". */
static int
note(void *ctx, const struct markdown_block *b, struct err *err)
{
	static const char kinds[] = "phcr";
	struct buf *out = ctx;

	(void)err;
	buf_printf(out, "%c%d%s[%s]", kinds[b->kind],
		b->kind == MARKDOWN_HEADING ? b->level : b->depth,
		b->tight ? "-" : "", b->marker);
	for (const char *s = b->markup; *s; s++)
		buf_putc(out, *s == '\n' ? '/' : *s);
	buf_putc(out, '\n');
	return 0;
}

static const char *const values[] = {
	"A & <B>", "https://a.example/?x='", "two\nlines"};

static void
test_blocks(void **state)
{
	static const struct {
		const char *source;
		const char *blocks;
	} samples[] = {
		{"", ""},
		{"a *b* **c _d_** `e*`\nf\\\ng", "p0[]a <i>b</i> <b>c "
						 "<i>d</i></b> "
						 "<tt>e*</tt> f/g\n"},
		{"a & \\<b> \"c\"", "p0[]a &amp; &lt;b&gt; &quot;c&quot;\n"},
		{"# A *b*\n\nc\n\n### d\n***\n", "h1[]A <i>b</i>\np0[]c\n"
						 "h3[]d\nr0[]\n"},
		{"> a\n>\n> > b", "p1[]a\np2[]b\n"},
		{"a\n\n- b\n- c\n  - d\n", "p0[]a\np1[\xE2\x80\xA2]b\n"
					   "p1-[\xE2\x80\xA2]c\n"
					   "p2-[\xE2\x80\xA2]d\n"},
		{"9) a\n10) b\n\n    c\n", "p1[9)]a\np1[10)]b\np1[]c\n"},
		{"- - a\n-\n", "p1-[\xE2\x80\xA2]\n"
			       "p2-[\xE2\x80\xA2]a\np1-[\xE2\x80\xA2]\n"},
		{"```\na <b>\n\n c\n```", "c0[]a &lt;b&gt;// c\n"},
		{"[a](https://b.example/?c=1&d) e",
			"p0[]a &lt;https://b.example/?c=1&amp;d&gt; e\n"},
		{"<https://b.example> <me@b.example>",
			"p0[]https://b.example me@b.example\n"},
		{"tq00000z *tq00000z* `tq00000z`",
			"p0[]A &amp; &lt;B&gt; <i>A &amp; &lt;B&gt;</i> "
			"<tt>A &amp; &lt;B&gt;</tt>\n"},
		{"[a](tq00001z) <tq00001z> [b](https://c.example/tq00000z)",
			"p0[]a &lt;https://a.example/?x=&#39;&gt; "
			"https://a.example/?x=&#39; "
			"b &lt;https://c.example/A%20%26%20%3CB%3E&gt;\n"},
		{"tq00002z", "p0[]two/lines\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct buf out = {0};
		struct err err = {0};

		if (markdown_blocks(samples[i].source, "tq", values,
			    COUNT(values), note, &out, &err) < 0)
			fail_msg("%s: %s", samples[i].source, err.msg);
		assert_string_equal(buf_str(&out), samples[i].blocks);
		buf_release(&out);
	}
}

static int
stop(void *ctx, const struct markdown_block *b, struct err *err)
{
	(void)ctx;
	(void)b;
	return err_set(err, ERR_IO, "full");
}

/* What markdown_new refuses is refused here, and so is what each refuses. */
static void
test_errors(void **state)
{
	static const char *const bad[] = {"a <b>c</b>", "![a](b.png)",
		"[a](javascript:b)", "[a](tq00000z)"};
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct buf out = {0};

		assert_int_equal(markdown_blocks(bad[i], "tq", values,
					 COUNT(values), note, &out, &err),
			-1);
		assert_int_equal(err.kind, ERR_DATA);
		assert_string_equal(buf_str(&out), "");
		buf_release(&out);
	}
	assert_int_equal(
		markdown_blocks("a\n\nb", NULL, NULL, 0, stop, NULL, &err), -1);
	assert_string_equal(err.msg, "full");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
