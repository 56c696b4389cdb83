#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/template_private.h"

/* Stands for what a section over an unknown name would make known: names
 * inside it are not reported, the section is. */
static const struct value anything = {.kind = VALUE_FALSE};

struct names {
	char **items;
	size_t count;
	size_t cap;
};

static void
collect(const struct value *map, const char *path, struct names *out)
{
	if (map->kind != VALUE_MAP)
		return;
	for (size_t i = 0; i < map->count; i++) {
		char *name = mem_printf(
			"%s%s%s", path, *path ? "." : "", map->names[i]);

		out->items = mem_grow(
			out->items, out->count, &out->cap, sizeof *out->items);
		out->items[out->count++] = name;
		collect(&map->items[i], name, out);
	}
}

/* "name" was written and only "recipient.name" exists. */
static const char *
same_last_part(const char *name, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		const char *dot = strrchr(names->items[i], '.');

		if (dot && strcmp(dot + 1, name) == 0)
			return names->items[i];
	}
	return NULL;
}

static void
report_unknown(const char *file, const struct node *node, const char *name,
	const struct frame *frame, struct problems *problems)
{
	struct names known = {0};
	const char *near;

	for (; frame; frame = frame->up)
		collect(frame->value, "", &known);
	near = str_nearest(name, (const char *const *)known.items, known.count);
	if (!near)
		near = same_last_part(name, &known);
	problems_add(problems, file, (long)node->line, (int)node->column,
		near ? "unknown variable \"%.200s\"; did you mean \"%.200s\"?"
		     : "unknown variable \"%.200s\"",
		name, near);
	str_list_free(known.items, known.count);
}

static bool
inside_anything(const struct frame *frame)
{
	for (; frame; frame = frame->up)
		if (frame->value == &anything)
			return true;
	return false;
}

/* Returns what is declared for the node's name; reports it otherwise. */
static const struct value *
declared_value(const struct template *t, const char *file,
	const struct node *node, const struct frame *frame,
	struct problems *problems)
{
	const struct value *found =
		template_lookup(frame, node_text(t, node), node->len);
	char *name;

	if (!found && inside_anything(frame))
		return &anything;
	if (found &&
		(node->kind == NODE_SECTION || node->kind == NODE_INVERTED ||
			(found->kind != VALUE_MAP &&
				found->kind != VALUE_LIST)))
		return found;
	name = mem_strndup(node_text(t, node), node->len);
	if (found)
		problems_add(problems, file, (long)node->line,
			(int)node->column,
			"\"%.200s\" is not a text but holds several values; "
			"name one of them or make it a section",
			name);
	else
		report_unknown(file, node, name, frame, problems);
	free(name);
	return found ? found : &anything;
}

static void
check_nodes(const struct template *t, const struct part *part, uint32_t from,
	uint32_t to, const struct frame *frame, struct problems *problems)
{
	for (uint32_t i = from; i < to; i++) {
		const struct node *node = &t->nodes[i];
		const struct part *sub;
		const struct value *value;

		switch (node->kind) {
		case NODE_TEXT:
		case NODE_INDENT:
			break;
		case NODE_VALUE:
		case NODE_VALUE_RAW:
			declared_value(t, part->file, node, frame, problems);
			break;
		case NODE_SECTION:
		case NODE_INVERTED:
			value = declared_value(
				t, part->file, node, frame, problems);
			if (value->kind == VALUE_LIST)
				value = value->count ? value->items : &anything;
			check_nodes(t, part, i + 1, node->to,
				node->kind == NODE_INVERTED
					? frame
					: &(struct frame){value, frame},
				problems);
			i = node->to - 1;
			break;
		case NODE_PARTIAL:
		case NODE_PARTIAL_LINE:
			sub = &t->parts[node->to];
			check_nodes(
				t, sub, sub->first, sub->end, frame, problems);
			break;
		}
	}
}

void
template_check(const struct template *t, const struct value *declared,
	struct problems *problems)
{
	const struct part *part = &t->parts[0];

	/* What may contain itself has no end here, without data. */
	assert(!(t->flags & TEMPLATE_RAW));
	check_nodes(t, part, part->first, part->end,
		&(struct frame){declared, NULL}, problems);
}
