#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmark.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/markdown_private.h"

static const char rule[] = "--------------------";

/* What has to be undone at the end of a quote, list or item. */
struct level {
	size_t margin_len;
	int number; /* a list: of its next item */
};

struct writer {
	struct markdown *md;
	struct program *out;
	struct buf margin; /* what a line begins with */
	struct buf first;  /* the same for the first line of an item */
	bool use_first;
	struct level *levels;
	size_t level_count;
	size_t level_cap;
	enum markdown_link form; /* links do not nest */
	uint32_t link;		 /* its target */
	const cmark_node *skip;	 /* nothing inside this is written */
};

static void
add(struct writer *w, const char *s)
{
	program_add(w->out, w->md, PIECE_TEXT, s, &w->margin);
}

static void
add_plain(struct writer *w, const char *s)
{
	program_literal(w->out, s, strlen(s));
}

static size_t
trimmed_len(const struct buf *b)
{
	size_t len = b->len;

	while (len > 0 && b->data[len - 1] == ' ')
		len--;
	return len;
}

static void
begin_line(struct writer *w)
{
	const struct buf *b = w->use_first ? &w->first : &w->margin;

	program_literal(w->out, buf_str(b), b->len);
	w->use_first = false;
}

static void
blank_line(struct writer *w)
{
	const struct buf *b = w->use_first ? &w->first : &w->margin;

	program_literal(w->out, buf_str(b), trimmed_len(b));
	w->use_first = false;
	add_plain(w, "\n");
}

/* --- blocks ------------------------------------------------------------ */

static void
push(struct writer *w, int number)
{
	w->levels = mem_grow(
		w->levels, w->level_count, &w->level_cap, sizeof *w->levels);
	w->levels[w->level_count++] = (struct level){w->margin.len, number};
}

static struct level *
innermost(struct writer *w)
{
	assert(w->levels && w->level_count > 0);
	return &w->levels[w->level_count - 1];
}

static void
pop(struct writer *w)
{
	w->margin.len = innermost(w)->margin_len;
	w->level_count--;
}

/* From now on lines begin with more: this one with mark, the others with
 * rest. */
static void
indent(struct writer *w, const char *mark, const char *rest)
{
	if (!w->use_first) {
		buf_reset(&w->first);
		buf_add(&w->first, w->margin.data, w->margin.len);
	}
	w->use_first = true;
	buf_puts(&w->first, mark);
	buf_puts(&w->margin, rest);
}

static void
enter_item(struct writer *w, cmark_node *item)
{
	cmark_node *list = cmark_node_parent(item);
	char mark[16] = "- ", rest[16];
	int len = 2;

	if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST)
		len = snprintf(mark, sizeof mark, "%d%c ",
			innermost(w)->number++,
			cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM
				? ')'
				: '.');
	snprintf(rest, sizeof rest, "%*s", len, "");
	push(w, 0);
	indent(w, mark, rest);
}

static void
write_code_block(struct writer *w, const char *s)
{
	push(w, 0);
	indent(w, "    ", "    ");
	if (!*s)
		blank_line(w);
	while (*s) {
		size_t len = strcspn(s, "\n");
		char *line = mem_strndup(s, len);

		if (len == 0) {
			blank_line(w);
		} else {
			begin_line(w);
			add(w, line);
			add_plain(w, "\n");
		}
		free(line);
		s += len + (s[len] == '\n');
	}
	pop(w);
}

bool
markdown_is_tight(cmark_node *block)
{
	cmark_node *list = cmark_node_parent(block);

	if (cmark_node_get_type(list) == CMARK_NODE_ITEM)
		list = cmark_node_parent(list);
	return cmark_node_get_type(list) == CMARK_NODE_LIST &&
	       cmark_node_get_list_tight(list);
}

static void
separate(struct writer *w, cmark_node *block)
{
	if (cmark_node_next(block) && !markdown_is_tight(block))
		blank_line(w);
}

static void
enter_block(struct writer *w, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		push(w, 0);
		indent(w, "> ", "> ");
		break;
	case CMARK_NODE_LIST:
		push(w, cmark_node_get_list_start(node));
		break;
	case CMARK_NODE_ITEM:
		enter_item(w, node);
		break;
	case CMARK_NODE_PARAGRAPH:
	case CMARK_NODE_HEADING:
		begin_line(w);
		break;
	case CMARK_NODE_CODE_BLOCK: /* these two are never left */
		write_code_block(w, cmark_node_get_literal(node));
		separate(w, node);
		break;
	case CMARK_NODE_THEMATIC_BREAK:
		begin_line(w);
		add_plain(w, rule);
		add_plain(w, "\n");
		separate(w, node);
		break;
	default:
		break;
	}
}

static void
leave_block(struct writer *w, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
	case CMARK_NODE_ITEM:
		if (w->use_first) /* there is nothing in it */
			blank_line(w);
		pop(w);
		break;
	case CMARK_NODE_LIST:
		pop(w);
		break;
	case CMARK_NODE_PARAGRAPH:
	case CMARK_NODE_HEADING:
		add_plain(w, "\n");
		break;
	default:
		return;
	}
	separate(w, node);
}

/* --- inlines ----------------------------------------------------------- */

/* The text of a link as its reader sees it. */
static char *
text_inside(cmark_node *node)
{
	cmark_iter *iter = cmark_iter_new(node);
	struct buf out = {0};

	while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(iter);
		cmark_node_type type = cmark_node_get_type(at);

		if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
			buf_puts(&out, cmark_node_get_literal(at));
	}
	cmark_iter_free(iter);
	return buf_take(&out);
}

enum markdown_link
markdown_link_form(cmark_node *node)
{
	const char *url = cmark_node_get_url(node);
	char *text = text_inside(node);
	enum markdown_link form = LINK_TEXT_AND_URL;

	if (!*text || strcmp(text, url) == 0)
		form = LINK_URL_ONLY;
	else if ((str_starts(url, "mailto:") && !strcmp(text, url + 7)) ||
		 (str_starts(url, "tel:") && !strcmp(text, url + 4)))
		form = LINK_TEXT_ONLY;
	free(text);
	return form;
}

static int
refuse_target(cmark_node *node, const char *url, struct err *err)
{
	struct buf seen = {0};

	markdown_excerpt(&seen, url);
	err_set(err, ERR_DATA,
		"line %d: \"%s\" cannot be the target of a link; write a "
		"whole http://, https://, mailto: or tel: link",
		cmark_node_get_start_line(node), buf_str(&seen));
	buf_release(&seen);
	return -1;
}

/*
 * A target that begins with a value is known only when the value is. Any
 * other shows here what it is, whatever is filled in.
 */
static int
add_target(struct writer *w, cmark_node *node, uint32_t *index, struct err *err)
{
	struct markdown *md = w->md;
	const char *url = cmark_node_get_url(node);
	struct buf sample = {0};
	struct program *target;
	int rc = 0;

	*index = (uint32_t)md->target_count;
	md->targets = mem_grow(md->targets, md->target_count, &md->target_cap,
		sizeof *md->targets);
	target = &md->targets[md->target_count++];
	*target = (struct program){0};
	program_target(target, md, url);
	for (size_t i = 0; i < target->count; i++) {
		const struct piece *piece = &target->items[i];

		if (piece->kind == PIECE_LITERAL)
			buf_add(&sample, target->text.data + piece->at,
				piece->len);
		else
			buf_putc(&sample, 'x');
	}
	if (!(target->count && target->items[0].kind == PIECE_URL) &&
		!program_target_is_good(buf_str(&sample)))
		rc = refuse_target(node, url, err);
	buf_release(&sample);
	return rc;
}

static int
enter_link(struct writer *w, cmark_node *node, struct err *err)
{
	if (add_target(w, node, &w->link, err) < 0)
		return -1;
	w->form = markdown_link_form(node);
	if (w->form == LINK_URL_ONLY) {
		program_piece(w->out, PIECE_TARGET, w->link);
		w->skip = node;
	}
	return 0;
}

static void
leave_link(struct writer *w)
{
	if (w->form == LINK_TEXT_ONLY) {
		program_piece(w->out, PIECE_TARGET_CHECK, w->link);
	} else if (w->form == LINK_TEXT_AND_URL) {
		add_plain(w, " <");
		program_piece(w->out, PIECE_TARGET, w->link);
		add_plain(w, ">");
	}
}

static int
enter_inline(struct writer *w, cmark_node *node, struct err *err)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE:
		add(w, cmark_node_get_literal(node));
		return 0;
	case CMARK_NODE_SOFTBREAK:
		add_plain(w, " ");
		return 0;
	case CMARK_NODE_LINEBREAK:
		add_plain(w, "\n");
		begin_line(w);
		return 0;
	case CMARK_NODE_LINK:
		return enter_link(w, node, err);
	default:
		return 0;
	}
}

static int
visit(struct writer *w, cmark_node *node, bool enter, struct err *err)
{
	cmark_node_type type = cmark_node_get_type(node);

	if (w->skip && w->skip != node)
		return 0;
	if (enter) {
		if (type > CMARK_NODE_LAST_BLOCK)
			return enter_inline(w, node, err);
		enter_block(w, node);
	} else if (type == CMARK_NODE_LINK) {
		w->skip = NULL;
		leave_link(w);
	} else {
		leave_block(w, node);
	}
	return 0;
}

int
markdown_compile_text(
	struct markdown *md, cmark_node *document, struct err *err)
{
	struct writer w = {.md = md, .out = &md->text};
	cmark_iter *iter = cmark_iter_new(document);
	cmark_event_type event;
	int rc = 0;

	while (rc == 0 && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		rc = visit(&w, cmark_iter_get_node(iter),
			event == CMARK_EVENT_ENTER, err);
	cmark_iter_free(iter);
	buf_release(&w.margin);
	buf_release(&w.first);
	free(w.levels);
	return rc;
}
