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

/* A value of another direction than the page's keeps its own. Of a long list
 * no entry is torn apart between two printed pages. */
static const char style[] =
	"body { font-family: sans-serif; line-height: 1.5; "
	"margin: 1em }\n"
	"h1, li { overflow-wrap: anywhere }\n"
	"table { border-collapse: collapse }\n"
	"th, td { border-bottom: 1px solid #ccc; padding: .2em .6em; "
	"text-align: start; vertical-align: top; "
	"unicode-bidi: plaintext }\n"
	"ol { padding-inline-start: 3.5em; max-width: 60em }\n"
	"li { margin-bottom: .5em; break-inside: avoid }\n"
	"li small { display: block; color: #444 }\n"
	"li p { margin: 0; white-space: pre-line }\n"
	"h1, h2 { break-after: avoid }\n"
	"@media print { body { margin: 0 } li small { color: #000 } }\n";

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
		"<meta name=\"viewport\" content=\"width=device-width\">\n"
		"<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		dir, buf_str(&safe), style);
	buf_printf(out, "<h1>%s</h1>\n", buf_str(&safe));
	buf_release(&safe);
}

void
page_end(struct buf *out)
{
	buf_puts(out, "</body>\n</html>\n");
}
