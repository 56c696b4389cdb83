#include "format/markdown.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmark.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/markdown_private.h"

enum {
	TOKEN_DIGITS = 5,
	EXCERPT_MAX = 60, /* bytes */
};

/*
 * "<{{url}}>" is what people write for a link by itself, and "<token>" is an
 * HTML tag to CommonMark. So behind "<" a token gets another end, "y:", which
 * makes it the scheme of an autolink; it means the same everywhere.
 */
#define TOKEN_END 'z'
#define TOKEN_END_BEHIND_BRACKET "y:"

size_t
markdown_token(const struct markdown *md, const char *s, uint32_t *index)
{
	const char *at = s + md->prefix_len;
	uint32_t n = 0;

	if (md->prefix_len == 0 || strncmp(s, md->prefix, md->prefix_len) != 0)
		return 0;
	for (int i = 0; i < TOKEN_DIGITS; i++, at++) {
		if (*at < '0' || *at > '9')
			return 0;
		n = n * 10 + (uint32_t)(*at - '0');
	}
	if (*at == TOKEN_END)
		at++;
	else if (str_starts(at, TOKEN_END_BEHIND_BRACKET))
		at += strlen(TOKEN_END_BEHIND_BRACKET);
	else
		return 0;
	*index = n;
	return (size_t)(at - s);
}

static void
mark_autolinks(const struct markdown *md, const char *s, struct buf *out)
{
	uint32_t index;

	for (; *s; s++) {
		size_t len = *s == '<' ? markdown_token(md, s + 1, &index) : 0;

		if (len > 0) {
			buf_add(out, s, len);
			buf_puts(out, TOKEN_END_BEHIND_BRACKET);
			s += len;
		} else {
			buf_putc(out, *s);
		}
	}
}

void
markdown_excerpt(struct buf *out, const char *s)
{
	const char *end = s + str_utf8_bad(s, strlen(s));
	size_t start = out->len;

	while (s < end) {
		unsigned c;
		size_t len = str_utf8_next(s, &c);

		if (out->len - start + len > EXCERPT_MAX) {
			buf_puts(out, "...");
			break;
		}
		if (c < 0x20 || (c >= 0x7F && c < 0xA0))
			buf_putc(out, '?');
		else
			buf_add(out, s, len);
		s += len;
	}
}

/* --- what is refused --------------------------------------------------- */

static int
refuse_html(const struct markdown *md, cmark_node *node, struct err *err)
{
	const char *s = cmark_node_get_literal(node);
	struct buf seen = {0};
	char *line;
	size_t len = 0;
	uint32_t index;

	while (s[len] && s[len] != '\n' && !markdown_token(md, s + len, &index))
		len++;
	line = mem_strndup(s, len);
	markdown_excerpt(&seen, line);
	err_set(err, ERR_DATA,
		"line %d: \"%s\" is HTML; letters are written in Markdown only "
		"(for a plain \"<\" write \"\\<\")",
		cmark_node_get_start_line(node), buf_str(&seen));
	free(line);
	buf_release(&seen);
	return -1;
}

/* Inline nodes bear no line of their own in older versions of cmark. */
static int
line_of(cmark_node *node)
{
	while (node && cmark_node_get_start_line(node) == 0)
		node = cmark_node_parent(node);
	return node ? cmark_node_get_start_line(node) : 0;
}

/* What a letter must not have. */
static int
refuse_nodes(const struct markdown *md, cmark_node *document, struct err *err)
{
	cmark_iter *iter = cmark_iter_new(document);
	int rc = 0;

	while (rc == 0 && cmark_iter_next(iter) != CMARK_EVENT_DONE) {
		cmark_node *node = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(node);

		if (type == CMARK_NODE_HTML_BLOCK ||
			type == CMARK_NODE_HTML_INLINE)
			rc = refuse_html(md, node, err);
		else if (type == CMARK_NODE_IMAGE)
			rc = err_set(err, ERR_DATA,
				"line %d: a picture would be fetched from "
				"elsewhere and tell when the letter is read; "
				"send it along with Attach: instead",
				line_of(node));
	}
	cmark_iter_free(iter);
	return rc;
}

static void
see(bool *seen, const struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		enum piece_kind kind = p->items[i].kind;

		if (kind == PIECE_HTML || kind == PIECE_HTML_AS_IS ||
			kind == PIECE_URL || kind == PIECE_COMPONENT)
			seen[p->items[i].index] = true;
	}
}

/* A value must not disappear without a word, as it does in the definition of
 * a link that is never used. */
static int
refuse_lost_values(
	const struct markdown *md, const char *skeleton, struct err *err)
{
	bool *seen = mem_zalloc(md->value_count * sizeof *seen);
	int line = 1, rc = 0;

	see(seen, &md->html);
	for (size_t i = 0; i < md->target_count; i++)
		see(seen, &md->targets[i]);
	for (const char *s = skeleton; *s && rc == 0; s++) {
		uint32_t index;

		line += *s == '\n';
		if (markdown_token(md, s, &index) && !seen[index])
			rc = err_set(err, ERR_DATA,
				"line %d: the value here is lost, since "
				"Markdown does not show what it stands in (the "
				"definition of a link that is not used?)",
				line);
	}
	free(seen);
	return rc;
}

/* --- HTML -------------------------------------------------------------- */

/*
 * Where in cmark's output a scan stands. cmark writes a bare <, > or " only
 * for markup, since raw HTML has been refused.
 */
struct scan {
	const char *at;
	bool in_tag;
	bool in_pre;
	uint32_t target; /* the next one */
};

static size_t
target_attribute(const struct scan *scan)
{
	static const char *const names[] = {" href=\"", " src=\""};

	for (size_t i = 0; scan->in_tag && i < 2; i++)
		if (str_starts(scan->at, names[i]))
			return strlen(names[i]);
	return 0;
}

static void
follow_tags(struct scan *scan)
{
	if (*scan->at == '<') {
		scan->in_tag = true;
		if (str_starts(scan->at, "<pre>"))
			scan->in_pre = true;
		else if (str_starts(scan->at, "</pre>"))
			scan->in_pre = false;
	} else if (*scan->at == '>') {
		scan->in_tag = false;
	}
}

static void
compile_html(struct markdown *md, const char *html)
{
	struct scan scan = {.at = html};
	uint32_t index;
	size_t len;

	while (*scan.at) {
		follow_tags(&scan);
		if ((len = markdown_token(md, scan.at, &index)) > 0) {
			program_piece(&md->html,
				scan.in_tag || scan.in_pre ? PIECE_HTML_AS_IS
							   : PIECE_HTML,
				index);
			scan.at += len;
		} else if ((len = target_attribute(&scan)) > 0) {
			program_literal(&md->html, scan.at, len);
			program_piece(
				&md->html, PIECE_TARGET_HTML, scan.target++);
			scan.at += len;
			scan.at += strcspn(scan.at, "\"");
		} else {
			program_literal(&md->html, scan.at++, 1);
		}
	}
	assert(scan.target == md->target_count);
}

/* --- life -------------------------------------------------------------- */

static void
count_values(struct markdown *md, const char *s)
{
	uint32_t index;

	for (; *s; s++)
		if (markdown_token(md, s, &index) && index >= md->value_count)
			md->value_count = (size_t)index + 1;
}

cmark_node *
markdown_parse(const struct markdown *md, const char *skeleton)
{
	struct buf marked = {0};
	cmark_node *document;

	mark_autolinks(md, skeleton, &marked);
	document = cmark_parse_document(
		buf_str(&marked), marked.len, CMARK_OPT_DEFAULT);
	buf_release(&marked);
	return document;
}

int
markdown_new(const char *skeleton, const char *token_prefix,
	struct markdown **out, struct err *err)
{
	struct markdown *md = mem_zalloc(sizeof *md);
	cmark_node *document = NULL;
	char *html = NULL;
	int rc = -1;

	md->prefix = mem_strdup(token_prefix);
	md->prefix_len = token_prefix ? strlen(token_prefix) : 0;
	count_values(md, skeleton);
	document = markdown_parse(md, skeleton);
	if (refuse_nodes(md, document, err) < 0 ||
		markdown_compile_text(md, document, err) < 0)
		goto out;
	html = cmark_render_html(document, CMARK_OPT_DEFAULT);
	compile_html(md, html);
	if (refuse_lost_values(md, skeleton, err) < 0)
		goto out;
	*out = md;
	md = NULL;
	rc = 0;
out:
	free(html);
	cmark_node_free(document);
	markdown_free(md);
	return rc;
}

void
markdown_free(struct markdown *md)
{
	if (!md)
		return;
	program_release(&md->text);
	program_release(&md->html);
	for (size_t i = 0; i < md->target_count; i++)
		program_release(&md->targets[i]);
	free(md->targets);
	free(md->prefix);
	free(md);
}

int
markdown_text(const struct markdown *md, const char *const *values,
	size_t count, struct buf *out, struct err *err)
{
	assert(count >= md->value_count);
	return program_run(md, &md->text, values, out, err);
}

int
markdown_html(const struct markdown *md, const char *const *values,
	size_t count, struct buf *out, struct err *err)
{
	assert(count >= md->value_count);
	return program_run(md, &md->html, values, out, err);
}
