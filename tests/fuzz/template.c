/*
 * A letter's body from its text to both parts of the message: parsed,
 * checked, filled, converted. The input is the body; behind each byte 0x1e
 * stands a value, at last the partial "p".
 */
#include "fuzz.h"

#include "base/str.h"
#include "core/template.h"
#include "format/markdown.h"

enum {
	SEPARATOR = 0x1e,
	VALUES = 3,
	INPUT_MAX = 4096,
	/* A list within a list within a list ... multiplies. */
	SKELETON_MAX = 1 << 16
};

struct source {
	char *body, *partial;
	char *values[VALUES];
};

static int
load_partial(void *ctx, const char *name, const char **text, const char **file)
{
	const struct source *source = ctx;

	if (strcmp(name, "p") != 0)
		return 0;
	*text = source->partial;
	*file = "p.md";
	return 1;
}

/* No value may make a tag: what begins with < is Markdown's own. */
static void
check_html(const struct buf *html)
{
	static const char *const tags[] = {"p>", "a href=\"", "a>", "em>",
		"strong>", "code", "pre>", "ul>", "ol", "li>", "h1>", "h2>",
		"h3>", "h4>", "h5>", "h6>", "blockquote>", "hr", "br"};
	const char *at = buf_str(html);
	size_t i;

	while ((at = strchr(at, '<'))) {
		at += 1 + (at[1] == '/');
		for (i = 0; i < sizeof tags / sizeof tags[0]; i++)
			if (str_starts(at, tags[i]))
				break;
		assert(i < sizeof tags / sizeof tags[0]);
	}
	assert(!strstr(buf_str(html), "href=\"javascript"));
}

/* No token may be left. Digits of the letter's own or a value's could look
 * like one when what stood between is gone: "t**{{a}}**q00000z". */
static void
check_tokens(const struct template *t, const struct source *source,
	const struct buf *out)
{
	size_t i;

	if (strpbrk(source->body, "0&") || strpbrk(source->partial, "0&"))
		return;
	for (i = 0; i < VALUES; i++)
		if (strchr(source->values[i], '0'))
			return;
	assert(!strstr(buf_str(out), template_token_prefix(t)) ||
		!strstr(buf_str(out), "000"));
}

static void
convert(const struct template *t, const struct source *source,
	const struct buf *skeleton, const struct template_values *values)
{
	struct markdown *md = NULL;
	struct buf text = {0}, html = {0};
	struct err err;

	if (markdown_new(buf_str(skeleton), template_token_prefix(t), &md,
		    &err) != 0)
		return;
	if (markdown_text(md, values->items, values->count, &text, &err) == 0)
		check_tokens(t, source, &text);
	if (markdown_html(md, values->items, values->count, &html, &err) == 0) {
		check_html(&html);
		check_tokens(t, source, &html);
	}
	markdown_free(md);
	buf_release(&text);
	buf_release(&html);
}

static void
fill(const struct template *t, const struct source *source,
	const struct value *data)
{
	struct template_values values = {0};
	struct buf skeleton = {0}, subject = {0};

	if (template_skeleton(t, data, &skeleton, &values) == 0 &&
		skeleton.len < SKELETON_MAX) {
		template_render(t, data, &subject);
		convert(t, source, &skeleton, &values);
	}
	template_values_release(&values);
	buf_release(&skeleton);
	buf_release(&subject);
}

/* With a text, a list of maps, something empty and a number. */
static void
try_letter(const struct source *source)
{
	static const char *const outer_names[] = {"a", "list", "none", "n"};
	static const char *const inner_names[] = {"b", "c"};
	const struct template_loader loader = {
		load_partial, (void *)(uintptr_t)source};
	const struct value inner[] = {
		{.kind = VALUE_TEXT, .text = source->values[1]},
		{.kind = VALUE_TEXT, .text = source->values[2]}};
	const struct value map = {.kind = VALUE_MAP,
		.names = inner_names,
		.items = inner,
		.count = 2};
	const struct value maps[] = {map, map};
	const struct value outer[] = {
		{.kind = VALUE_TEXT, .text = source->values[0]},
		{.kind = VALUE_LIST, .items = maps, .count = 2},
		{.kind = VALUE_FALSE}, {.kind = VALUE_NUMBER, .text = "12"}};
	const struct value data = {.kind = VALUE_MAP,
		.names = outer_names,
		.items = outer,
		.count = 4};
	struct problems problems = {0};
	struct template *t = template_parse(
		source->body, "l.md", 1, TEMPLATE_LETTER, &loader, &problems);

	assert(t || problems.count > 0);
	if (t)
		template_check(t, &data, &problems);
	if (t && template_is_sound(t) && problems.count == 0)
		fill(t, source, &data);
	problems_sort(&problems);
	problems_release(&problems);
	template_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size < INPUT_MAX ? size : INPUT_MAX};
	struct source source;
	size_t len, i, bad = 0;

	source.body = fuzz_until(&f, SEPARATOR, &len);
	bad += str_utf8_bad(source.body, strlen(source.body)) != len;
	for (i = 0; i < VALUES; i++) {
		source.values[i] = fuzz_until(&f, SEPARATOR, &len);
		bad += str_utf8_bad(source.values[i],
			       strlen(source.values[i])) != len;
	}
	source.partial = fuzz_until(&f, SEPARATOR, &len);
	bad += str_utf8_bad(source.partial, strlen(source.partial)) != len;
	/* Files and rows are checked before anything is made of them. */
	if (bad == 0)
		try_letter(&source);
	free(source.body);
	free(source.partial);
	for (i = 0; i < VALUES; i++)
		free(source.values[i]);
	return 0;
}
