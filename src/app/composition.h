/*
 * One edition on its way to be rendered: whether it can be, and the Markdown
 * of each distinct skeleton, kept between messages. One thread at a time.
 */
#ifndef APP_COMPOSITION_H
#define APP_COMPOSITION_H

#include "app/edition.h"
#include "base/buf.h"
#include "base/fields.h"
#include "base/problem.h"
#include "format/markdown.h"

struct composition;

/* edition is borrowed as long as the composition lives. */
struct composition *composition_new(const struct edition *edition);
void composition_free(struct composition *composition);

/*
 * The converted skeleton, from those at hand or made now; borrowed until the
 * next call. Errors: as markdown_new.
 */
int composition_markdown(struct composition *c, const struct buf *text,
	const struct markdown **out, struct err *err);

/*
 * Adds what is wrong in an edition beyond its syntax: variables that nothing
 * declares (columns: the recipients' beside the known ones), and what only
 * the Markdown conversion sees: raw HTML, links that must not go out.
 */
void composition_check(const struct edition *edition,
	const struct fields *columns, struct problems *problems);

#endif
