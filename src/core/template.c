#include "core/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/template_private.h"

/* Only TEMPLATE_RAW lets a partial contain itself; letters are refused when
 * they are parsed. Without data that ends, this ends it. */
enum {
	PARTIAL_DEPTH_MAX = 256
};

struct renderer {
	const struct template *t;
	struct buf *out;
	void (*put)(
		struct renderer *r, const struct node *node, const char *text);
	struct template_values *values; /* skeleton only */
	bool full;			/* skeleton only: out of tokens */
	struct buf indent;
	size_t indent_from; /* indent[indent_from..] is in force */
	int depth;
};

bool
template_is_sound(const struct template *t)
{
	return t->sound;
}

void
template_free(struct template *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->part_count; i++) {
		free(t->parts[i].name);
		free(t->parts[i].file);
	}
	free(t->parts);
	free(t->nodes);
	buf_release(&t->text);
	free(t);
}

static const struct value *
member(const struct value *map, const char *name, size_t len)
{
	if (map->kind != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strncmp(map->names[i], name, len) == 0 &&
			map->names[i][len] == '\0')
			return &map->items[i];
	return NULL;
}

/*
 * Only the first part of a dotted name is searched for in all of the stack;
 * where it is found the rest must be found too.
 */
const struct value *
template_lookup(const struct frame *frame, const char *name, size_t len)
{
	const struct value *found = NULL;
	const char *end = name + len;
	const char *dot = memchr(name, '.', len);

	if (len == 1 && dot)
		return frame->value;
	for (; frame && !found; frame = frame->up)
		found = member(
			frame->value, name, (size_t)((dot ? dot : end) - name));
	while (found && dot) {
		name = dot + 1;
		dot = memchr(name, '.', (size_t)(end - name));
		found = member(found, name, (size_t)((dot ? dot : end) - name));
	}
	return found;
}

static const char *
text_of(const struct value *value)
{
	if (!value || !value->text)
		return "";
	return value->kind == VALUE_TEXT || value->kind == VALUE_NUMBER
		       ? value->text
		       : "";
}

static bool
is_true(const struct value *value)
{
	switch (value->kind) {
	case VALUE_TEXT:
		return *text_of(value) != '\0';
	case VALUE_NUMBER:
		return strcmp(text_of(value), "0") != 0;
	case VALUE_MAP:
		return true;
	case VALUE_LIST:
		return value->count > 0;
	case VALUE_FALSE:
		break;
	}
	return false;
}

static void render_nodes(struct renderer *r, uint32_t from, uint32_t to,
	const struct frame *frame);

static void
render_section(struct renderer *r, uint32_t body, const struct node *node,
	const struct value *value, const struct frame *up)
{
	bool wanted = node->kind == NODE_SECTION;

	if ((value && is_true(value)) != wanted)
		return;
	if (!wanted) {
		render_nodes(r, body, node->to, up);
	} else if (value->kind == VALUE_LIST) {
		for (size_t i = 0; i < value->count; i++)
			render_nodes(r, body, node->to,
				&(struct frame){&value->items[i], up});
	} else {
		render_nodes(r, body, node->to, &(struct frame){value, up});
	}
}

static void
render_partial(
	struct renderer *r, const struct node *node, const struct frame *frame)
{
	const struct part *part = &r->t->parts[node->to];
	size_t len = r->indent.len;
	size_t from = r->indent_from;

	if (r->depth == PARTIAL_DEPTH_MAX)
		return;
	r->depth++;
	if (node->kind == NODE_PARTIAL_LINE)
		buf_add(&r->indent, node_text(r->t, node), node->len);
	else
		r->indent_from = len;
	render_nodes(r, part->first, part->end, frame);
	r->indent.len = len;
	r->indent_from = from;
	r->depth--;
}

static void
render_nodes(struct renderer *r, uint32_t from, uint32_t to,
	const struct frame *frame)
{
	const struct template *t = r->t;

	for (uint32_t i = from; i < to; i++) {
		const struct node *node = &t->nodes[i];
		const char *s = node_text(t, node);

		switch (node->kind) {
		case NODE_TEXT:
			buf_add(r->out, s, node->len);
			break;
		case NODE_VALUE:
		case NODE_VALUE_RAW:
			r->put(r, node,
				text_of(template_lookup(frame, s, node->len)));
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			render_section(r, i + 1, node,
				template_lookup(frame, s, node->len), frame);
			i = node->to - 1;
			break;
		case NODE_PARTIAL:
		case NODE_PARTIAL_LINE:
			render_partial(r, node, frame);
			break;
		case NODE_INDENT:
			buf_add(r->out, buf_str(&r->indent) + r->indent_from,
				r->indent.len - r->indent_from);
			break;
		}
	}
}

static void
render(struct renderer *r, const struct value *data)
{
	const struct part *part = &r->t->parts[0];

	render_nodes(r, part->first, part->end, &(struct frame){data, NULL});
	buf_release(&r->indent);
}

static void
put_plain(struct renderer *r, const struct node *node, const char *text)
{
	(void)node;
	buf_puts(r->out, text);
}

static void
put_spec(struct renderer *r, const struct node *node, const char *text)
{
	if (node->kind == NODE_VALUE_RAW) {
		buf_puts(r->out, text);
		return;
	}
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_puts(r->out, "&amp;");
			break;
		case '<':
			buf_puts(r->out, "&lt;");
			break;
		case '>':
			buf_puts(r->out, "&gt;");
			break;
		case '"':
			buf_puts(r->out, "&quot;");
			break;
		default:
			buf_putc(r->out, *text);
		}
	}
}

static void
put_token(struct renderer *r, const struct node *node, const char *text)
{
	struct template_values *v = r->values;
	char digits[TEMPLATE_TOKEN_DIGITS + 1] = {
		[TEMPLATE_TOKEN_DIGITS] = 'z'};
	size_t n = v->count;

	(void)node;
	if (v->count >= TEMPLATE_TOKEN_MAX) {
		r->full = true;
		return;
	}
	for (int i = TEMPLATE_TOKEN_DIGITS - 1; i >= 0; i--, n /= 10)
		digits[i] = (char)('0' + n % 10);
	buf_puts(r->out, r->t->prefix);
	buf_add(r->out, digits, sizeof digits);
	v->items = mem_grow(v->items, v->count, &v->cap, sizeof *v->items);
	v->items[v->count++] = text;
}

void
template_render(
	const struct template *t, const struct value *data, struct buf *out)
{
	render(&(struct renderer){.t = t, .out = out, .put = put_plain}, data);
}

void
template_render_spec(
	const struct template *t, const struct value *data, struct buf *out)
{
	render(&(struct renderer){.t = t, .out = out, .put = put_spec}, data);
}

int
template_skeleton(const struct template *t, const struct value *data,
	struct buf *out, struct template_values *values)
{
	struct renderer r = {
		.t = t,
		.out = out,
		.put = put_token,
		.values = values,
	};

	render(&r, data);
	return r.full ? -1 : 0;
}

const char *
template_token_prefix(const struct template *t)
{
	return t->prefix;
}

void
template_values_release(struct template_values *values)
{
	if (!values)
		return;
	free(values->items);
	*values = (struct template_values){0};
}

/* Whether one name is the other or the beginning of its path. */
static bool
same_path(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;

	return memcmp(a, b, len) == 0 && (a_len == len || a[len] == '.') &&
	       (b_len == len || b[len] == '.');
}

/* A section over "a" may use "a.b" by the name "b", so it counts for it. */
bool
template_uses(const struct template *t, const char *name)
{
	for (size_t i = 0; i < t->node_count; i++) {
		const struct node *node = &t->nodes[i];

		if (node->kind >= NODE_VALUE && node->kind <= NODE_INVERTED &&
			same_path(node_text(t, node), node->len, name,
				strlen(name)))
			return true;
	}
	return false;
}
