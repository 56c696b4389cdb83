/* Finds everything wrong in letters, lists and configuration, and shows what
 * a letter would look like. */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include "app/compose.h"

/* What was looked at. */
struct check_result {
	size_t files;
	size_t letters;
	size_t lists;
	bool conf_wrong;
};

/*
 * Checks the named letters (count 0: all) and the lists they name, and the
 * configuration. What is wrong goes to problems; the result is 0 all the
 * same. Errors: ERR_NOTFOUND: no such letter; ERR_IO.
 */
int check_all(struct workspace *ws, char *const *letters, size_t count,
	struct check_result *out, struct problems *problems, struct err *err);

enum preview_format {
	PREVIEW_TEXT,
	PREVIEW_HTML,
	PREVIEW_EML
};

/* What to show: see the command line. */
struct preview_request {
	const char *letter;
	const char *recipient; /* address of a row; NULL: the first row */
	const char *lang;      /* NULL: the row's */
	enum preview_format format;
};

/* Renders one letter: Subject and text, the HTML document, or the whole
 * message. Errors: as send_make. */
int check_preview(struct workspace *ws, const struct preview_request *request,
	struct buf *out, struct problems *problems, struct err *err);

#endif
