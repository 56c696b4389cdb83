#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmark.h>

#include "format/markdown_private.h"

struct walker {
	const struct markdown *md;
	const char *const *values;
	markdown_block_fn *each;
	void *ctx;
	struct program text; /* of the block that is being read */
	struct buf markup;
	char marker[16]; /* of an item that nothing was shown of yet */
	int depth;
	uint32_t link; /* the next target; links are counted as they come */
	const cmark_node *skip; /* nothing inside this is written */
};

static void
add(struct walker *w, const char *s)
{
	struct buf escaped = {0};

	program_escape(&escaped, s, "\n");
	program_add(&w->text, w->md, PIECE_HTML_AS_IS, buf_str(&escaped), NULL);
	buf_release(&escaped);
}

static void
add_markup(struct walker *w, const char *s)
{
	program_literal(&w->text, s, strlen(s));
}

/* --- blocks ------------------------------------------------------------ */

static int
give(struct walker *w, struct markdown_block block, struct err *err)
{
	int rc;

	buf_reset(&w->markup);
	rc = program_run(w->md, &w->text, w->values, &w->markup, err);
	program_release(&w->text);
	if (rc < 0)
		return -1;
	block.depth = w->depth;
	block.marker = w->marker;
	block.markup = buf_str(&w->markup);
	rc = w->each(w->ctx, &block, err);
	w->marker[0] = '\0';
	return rc;
}

/* The first line of a list keeps its distance from what the list follows. */
static bool
is_close(cmark_node *block)
{
	cmark_node *item = cmark_node_parent(block);
	cmark_node *list = cmark_node_parent(item);

	return markdown_is_tight(block) &&
	       (cmark_node_previous(block) || cmark_node_previous(item) ||
		       cmark_node_get_type(cmark_node_parent(list)) ==
			       CMARK_NODE_ITEM);
}

/* An item of nothing, or of a list: its marker stands by itself. */
static int
give_marker(struct walker *w, struct err *err)
{
	if (!w->marker[0])
		return 0;
	return give(w,
		(struct markdown_block){
			.kind = MARKDOWN_PARAGRAPH, .tight = true},
		err);
}

static int
enter_item(struct walker *w, cmark_node *item, struct err *err)
{
	cmark_node *list = cmark_node_parent(item);
	/* Counting them anew for each would take long. */
	intptr_t before = (intptr_t)cmark_node_get_user_data(list);

	if (give_marker(w, err) < 0)
		return -1;
	w->depth++;
	cmark_node_set_user_data(list, (void *)(before + 1));
	if (cmark_node_get_list_type(list) == CMARK_ORDERED_LIST)
		snprintf(w->marker, sizeof w->marker, "%d%c",
			cmark_node_get_list_start(list) + (int)before,
			cmark_node_get_list_delim(list) == CMARK_PAREN_DELIM
				? ')'
				: '.');
	else
		strcpy(w->marker, "\xE2\x80\xA2");
	return 0;
}

static int
enter_code(struct walker *w, cmark_node *node, struct err *err)
{
	const char *s = cmark_node_get_literal(node);
	size_t len = strlen(s);
	struct buf text = {0};

	buf_add(&text, s, len > 0 && s[len - 1] == '\n' ? len - 1 : len);
	add(w, buf_str(&text));
	buf_release(&text);
	return give(w, (struct markdown_block){.kind = MARKDOWN_CODE}, err);
}

static int
enter_block(struct walker *w, cmark_node *node, struct err *err)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_BLOCK_QUOTE:
		w->depth++;
		return 0;
	case CMARK_NODE_ITEM:
		return enter_item(w, node, err);
	case CMARK_NODE_CODE_BLOCK: /* these two are never left */
		return enter_code(w, node, err);
	case CMARK_NODE_THEMATIC_BREAK:
		return give(
			w, (struct markdown_block){.kind = MARKDOWN_RULE}, err);
	default:
		return 0;
	}
}

static int
leave_block(struct walker *w, cmark_node *node, struct err *err)
{
	int rc = 0;

	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_ITEM:
		rc = give_marker(w, err);
		w->depth--;
		break;
	case CMARK_NODE_BLOCK_QUOTE:
		w->depth--;
		break;
	case CMARK_NODE_PARAGRAPH:
		rc = give(w,
			(struct markdown_block){
				.kind = MARKDOWN_PARAGRAPH,
				.tight = is_close(node),
			},
			err);
		break;
	case CMARK_NODE_HEADING:
		rc = give(w,
			(struct markdown_block){
				.kind = MARKDOWN_HEADING,
				.level = cmark_node_get_heading_level(node),
			},
			err);
		break;
	default:
		break;
	}
	return rc;
}

/* --- inlines ----------------------------------------------------------- */

static void
enter_inline(struct walker *w, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
		add(w, cmark_node_get_literal(node));
		break;
	case CMARK_NODE_CODE:
		add_markup(w, "<tt>");
		add(w, cmark_node_get_literal(node));
		add_markup(w, "</tt>");
		break;
	case CMARK_NODE_SOFTBREAK:
		add_markup(w, " ");
		break;
	case CMARK_NODE_LINEBREAK:
		add_markup(w, "\n");
		break;
	case CMARK_NODE_EMPH:
		add_markup(w, "<i>");
		break;
	case CMARK_NODE_STRONG:
		add_markup(w, "<b>");
		break;
	case CMARK_NODE_LINK:
		if (markdown_link_form(node) != LINK_URL_ONLY)
			break;
		program_piece(&w->text, PIECE_TARGET_HTML, w->link);
		w->skip = node;
		break;
	default:
		break;
	}
}

static void
leave_link(struct walker *w, cmark_node *node)
{
	enum markdown_link form = markdown_link_form(node);

	w->skip = NULL;
	if (form == LINK_TEXT_ONLY) {
		program_piece(&w->text, PIECE_TARGET_CHECK, w->link);
	} else if (form == LINK_TEXT_AND_URL) {
		add_markup(w, " &lt;");
		program_piece(&w->text, PIECE_TARGET_HTML, w->link);
		add_markup(w, "&gt;");
	}
	w->link++;
}

static void
leave_inline(struct walker *w, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_EMPH:
		add_markup(w, "</i>");
		break;
	case CMARK_NODE_STRONG:
		add_markup(w, "</b>");
		break;
	case CMARK_NODE_LINK:
		leave_link(w, node);
		break;
	default:
		break;
	}
}

static int
visit(struct walker *w, cmark_node *node, bool enter, struct err *err)
{
	bool is_block = cmark_node_get_type(node) <= CMARK_NODE_LAST_BLOCK;

	if (w->skip && w->skip != node)
		return 0;
	if (is_block)
		return enter ? enter_block(w, node, err)
			     : leave_block(w, node, err);
	if (enter)
		enter_inline(w, node);
	else
		leave_inline(w, node);
	return 0;
}

int
markdown_blocks(const char *skeleton, const char *token_prefix,
	const char *const *values, size_t count, markdown_block_fn *each,
	void *ctx, struct err *err)
{
	struct walker w = {.values = values, .each = each, .ctx = ctx};
	struct markdown *md;
	cmark_node *document;
	cmark_event_type event;
	cmark_iter *iter;
	int rc = 0;

	/* What must not be in a letter is refused there, and the targets of
	 * its links are made. */
	if (markdown_new(skeleton, token_prefix, &md, err) < 0)
		return -1;
	assert(count >= md->value_count);
	w.md = md;
	document = markdown_parse(md, skeleton);
	iter = cmark_iter_new(document);
	while (rc == 0 && (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		rc = visit(&w, cmark_iter_get_node(iter),
			event == CMARK_EVENT_ENTER, err);
	cmark_iter_free(iter);
	cmark_node_free(document);
	program_release(&w.text);
	buf_release(&w.markup);
	markdown_free(md);
	return rc;
}
