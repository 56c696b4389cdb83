#include "format/page.h"

#include <string.h>

void
page_escape(const char *text, struct buf *out)
{
	for (;;) {
		size_t n = strcspn(text, "&<>\"");

		buf_add(out, text, n);
		text += n;
		if (!*text)
			return;
		buf_puts(out, *text == '&'   ? "&amp;"
			      : *text == '<' ? "&lt;"
			      : *text == '>' ? "&gt;"
					     : "&quot;");
		text++;
	}
}

void
page_begin(
	const char *lang, const char *dir, const char *title, struct buf *out)
{
	struct buf safe = {0};

	page_escape(title, &safe);
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"");
	page_escape(lang, out);
	buf_printf(out,
		"\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<title>%s</title>\n",
		dir, buf_str(&safe));
	/* A value of another direction than the page's keeps its own. */
	buf_puts(out,
		"<style>\n"
		"body { font-family: sans-serif; line-height: 1.5; "
		"margin: 2em }\n"
		"table { border-collapse: collapse }\n"
		"th, td { border-bottom: 1px solid #ccc; padding: .2em .6em; "
		"text-align: start; vertical-align: top; "
		"unicode-bidi: plaintext }\n"
		"</style>\n</head>\n<body>\n");
	buf_printf(out, "<h1>%s</h1>\n", buf_str(&safe));
	buf_release(&safe);
}

void
page_end(struct buf *out)
{
	buf_puts(out, "</body>\n</html>\n");
}
