/*
 * The signatures of a letter as somebody may see them (core/visibility.h):
 * as a listing, and as documents for other programs and for people. None of
 * them is held in memory.
 */
#ifndef APP_EXPORT_H
#define APP_EXPORT_H

#include "app/workspace.h"
#include "base/rows.h"
#include "core/visibility.h"

struct export_request {
	const char *letter;
	enum viewer viewer;
	const char *lang; /* of a page, by look-up; NULL: the organiser's */
};

/* Takes the next piece of a document. Returns 0, or -1 with err set. */
typedef int
export_write_fn(void *ctx, const char *data, size_t len, struct err *err);

/* A row for each signature; the organisers' have those that do not count,
 * too. Errors: ERR_NOTFOUND. */
int export_rows(struct workspace *ws, const struct export_request *request,
	struct rows *rows, struct err *err);

/*
 * Documents, of confirmed signatures only. Errors: ERR_NOTFOUND, and what
 * write says.
 *
 * OSDI: a collection of signatures with the petition they are under and the
 * persons who made them, in the JSON of the Open Supporter Data Interface
 * 1.2 (opensupporter.github.io/osdi-docs).
 */
int export_osdi(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct err *err);

/* A web page with the names, numbered, those of organisations first. */
int export_html(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct err *err);

#endif
