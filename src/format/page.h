/* Web pages that stand by themselves: no script, nothing from elsewhere. */
#ifndef FORMAT_PAGE_H
#define FORMAT_PAGE_H

#include "base/buf.h"

/* Adds text so that it is neither tag nor entity, in elements and in quoted
 * attributes. */
void page_escape(const char *text, struct buf *out);

/* Adds a page's beginning, with the title as its heading too, and its end.
 * lang: BCP 47; dir: "ltr" or "rtl". */
void page_begin(
	const char *lang, const char *dir, const char *title, struct buf *out);
void page_end(struct buf *out);

#endif
