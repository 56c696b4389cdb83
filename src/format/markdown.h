/*
 * CommonMark to plain text and HTML, once per distinct skeleton; values go
 * in afterwards, many times. Or to blocks, for a page that somebody else lays
 * out. cmark is used here only.
 *
 * A markdown is read-only once made and may be used by several threads.
 */
#ifndef FORMAT_MARKDOWN_H
#define FORMAT_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct markdown;

/*
 * Converts a skeleton. Tokens are token_prefix, five digits, 'z' (see
 * core/template.h); token i is the place of value i, and may appear any
 * number of times. NULL token_prefix: there are none.
 *
 * Returns 0 and *out to free with markdown_free, or -1.
 * Errors: ERR_DATA: raw HTML in the text (it would be dropped silently), a
 * picture (a remote one tells its server who reads the letter, and when), a
 * link whose own target is not http, https, mailto or tel, a token that
 * Markdown swallowed.
 */
int markdown_new(const char *skeleton, const char *token_prefix,
	struct markdown **out, struct err *err);

void markdown_free(struct markdown *md);

/*
 * Writes the text part: UTF-8, LF line ends, no hard wrap, `text <url>` for
 * links (only the url when both are the same), list markers kept, emphasis
 * dropped, block quotes with "> ", headings as plain lines.
 * Values stand plainly. In a link's target a value is percent-encoded; at the
 * start of a target the value is a URL itself and keeps its reserved
 * characters (RFC 3986 2.2) and what is encoded already; behind that it is a
 * component and does not, but for "@" in mailto: and "+" in tel:.
 * "<{{x}}>" is a link to x. On failure out is as it was.
 * Errors: ERR_DATA: a value makes a link target that is empty or whose scheme
 * is not http, https, mailto or tel.
 */
int markdown_text(const struct markdown *md, const char *const *values,
	size_t count, struct buf *out, struct err *err);

/* Writes an HTML fragment (the blocks inside <body>), values escaped for
 * HTML. Errors as markdown_text. */
int markdown_html(const struct markdown *md, const char *const *values,
	size_t count, struct buf *out, struct err *err);

enum markdown_block_kind {
	MARKDOWN_PARAGRAPH,
	MARKDOWN_HEADING,
	MARKDOWN_CODE,
	MARKDOWN_RULE, /* a line across; no markup */
};

/* One paragraph or the like; borrowed for the call. */
struct markdown_block {
	enum markdown_block_kind kind;
	int level;	    /* of a heading: 1 to 6 */
	int depth;	    /* in how many lists and quotations it stands */
	bool tight;	    /* no room between it and the block before */
	const char *marker; /* "3." or a bullet where an item begins, or "" */
	const char *markup; /* text escaped as in HTML, in <b>, <i> and <tt>;
			       links as in the text part; a line feed is a
			       line break */
};

typedef int markdown_block_fn(
	void *ctx, const struct markdown_block *block, struct err *err);

/*
 * Converts a skeleton, fills it in and gives each block in turn; -1 from each
 * ends it. Skeleton and tokens as in markdown_new, values as in
 * markdown_text. Errors: those of both, and of each.
 */
int markdown_blocks(const char *skeleton, const char *token_prefix,
	const char *const *values, size_t count, markdown_block_fn *each,
	void *ctx, struct err *err);

#endif
