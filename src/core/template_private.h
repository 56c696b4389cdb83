/*
 * What a compiled template looks like inside; for template*.c only.
 *
 * A template is one array of nodes and one buffer of text. The letter itself
 * and each partial are a part: a range of nodes. A section's body stands
 * behind its node, so a section that is not taken is a jump.
 */
#ifndef CORE_TEMPLATE_PRIVATE_H
#define CORE_TEMPLATE_PRIVATE_H

#include <stdint.h>

#include "base/buf.h"
#include "core/template.h"

enum node_kind {
	NODE_TEXT,	   /* at, len: the text */
	NODE_VALUE,	   /* at, len: the name, as in all that follow */
	NODE_VALUE_RAW,	   /* {{{x}}}, {{&x}} */
	NODE_SECTION,	   /* to: the first node behind the body */
	NODE_INVERTED,	   /* likewise */
	NODE_PARTIAL,	   /* to: the part */
	NODE_PARTIAL_LINE, /* alone on its line; at, len: its indentation */
	NODE_INDENT,	   /* a line of a partial begins */
};

struct node {
	enum node_kind kind;
	uint32_t at; /* offset into the template's text */
	uint32_t len;
	uint32_t to;
	uint32_t line;	 /* of the tag, for problems; from 1 */
	uint32_t column; /* in code points, from 1 */
};

struct part {
	char *name; /* NULL: the template itself */
	char *file; /* NULL: a partial that does not exist */
	uint32_t first;
	uint32_t end;
};

struct template
{
	struct buf text;
	struct node *nodes;
	size_t node_count;
	size_t node_cap;
	struct part *parts;
	size_t part_count;
	size_t part_cap;
	enum template_flags flags;
	bool sound;
	char prefix[16];
};

/* The context stack: what a name is looked up in, innermost first. */
struct frame {
	const struct value *value;
	const struct frame *up;
};

/* Returns the value of a dotted name or of ".", or NULL. */
const struct value *
template_lookup(const struct frame *frame, const char *name, size_t len);

static inline const char *
node_text(const struct template *t, const struct node *node)
{
	return buf_str(&t->text) + node->at;
}

#endif
