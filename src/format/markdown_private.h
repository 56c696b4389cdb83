/*
 * A converted skeleton inside; for markdown*.c only.
 *
 * Text part, HTML part and each link's target are a program: an array of
 * pieces that is run once per message.
 */
#ifndef FORMAT_MARKDOWN_PRIVATE_H
#define FORMAT_MARKDOWN_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/markdown.h"

enum piece_kind {
	PIECE_LITERAL,	    /* at, len */
	PIECE_TEXT,	    /* value, plain; at, len: what its further lines
			       begin with */
	PIECE_HTML,	    /* value, escaped, line ends as <br /> */
	PIECE_HTML_AS_IS,   /* value, escaped, in an attribute or <pre> */
	PIECE_URL,	    /* value, at the start of a target */
	PIECE_COMPONENT,    /* value, further behind */
	PIECE_TARGET,	    /* target */
	PIECE_TARGET_HTML,  /* target, escaped */
	PIECE_TARGET_CHECK, /* target, not written */
};

struct piece {
	enum piece_kind kind;
	uint32_t index; /* of the value or target */
	uint32_t at;	/* into the program's text */
	uint32_t len;
};

struct program {
	struct piece *items;
	size_t count;
	size_t cap;
	struct buf text;
};

struct markdown {
	struct program text;
	struct program html;
	struct program *targets; /* in the order of the text */
	size_t target_count;
	size_t target_cap;
	char *prefix; /* of tokens, or NULL */
	size_t prefix_len;
	size_t value_count; /* how many values the tokens need */
};

struct cmark_node;

/* How a link is written where it cannot be followed. */
enum markdown_link {
	LINK_TEXT_AND_URL,
	LINK_URL_ONLY,
	LINK_TEXT_ONLY, /* an address or telephone number by itself */
};

/* --- markdown.c -------------------------------------------------------- */

/* Length of the token at s, 0 when there is none; *index is its value. */
size_t
markdown_token(const struct markdown *md, const char *s, uint32_t *index);

/* Adds what a person may see of s to a message: one line, cut, without
 * control characters. */
void markdown_excerpt(struct buf *out, const char *s);

/* The skeleton as cmark reads it; to free with cmark_node_free. */
struct cmark_node *
markdown_parse(const struct markdown *md, const char *skeleton);

/* --- markdown_text.c --------------------------------------------------- */

/* Makes the targets and the text program from the parsed document. */
int markdown_compile_text(
	struct markdown *md, struct cmark_node *document, struct err *err);

enum markdown_link markdown_link_form(struct cmark_node *link);

/* Whether no room is left round a block: it stands in a tight list. */
bool markdown_is_tight(struct cmark_node *block);

/* --- markdown_program.c ------------------------------------------------ */

void program_literal(struct program *p, const char *s, size_t len);
void program_piece(struct program *p, enum piece_kind kind, uint32_t index);
void program_release(struct program *p);

/* Adds literals, and values as pieces of this kind; a value's further lines
 * begin with margin (NULL: nothing). */
void program_add(struct program *p, const struct markdown *md,
	enum piece_kind kind, const char *s, const struct buf *margin);

/* Adds s with & < > " ' escaped, and this for a line end. */
void program_escape(struct buf *out, const char *s, const char *line_feed);

/* Writes a target that is in a skeleton as pieces of p. */
void
program_target(struct program *p, const struct markdown *md, const char *url);

/* Whether a target is http, https, mailto or tel and leads somewhere. */
bool program_target_is_good(const char *target);

int program_run(const struct markdown *md, const struct program *p,
	const char *const *values, struct buf *out, struct err *err);

#endif
