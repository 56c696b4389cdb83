/* Makes the hand-over of a letter from the files and the store: see
 * format/handover.h. */
#ifndef APP_HANDOVER_H
#define APP_HANDOVER_H

#include "app/workspace.h"
#include "core/visibility.h"
#include "format/handover.h"

struct handover_request {
	const char *letter;
	enum viewer viewer;    /* not the organisers */
	const char *recipient; /* address of a row that the letter is filled in
				  for; NULL: recipient.* is empty */
	const char *lang;      /* NULL: as that row's reader gets it */
	const char *paper;     /* "a4" or "letter"; NULL: a4 */
	/* Is told after each name how far it is; NULL: nobody is. */
	void (*watch)(void *ctx, int64_t done, int64_t end);
	void *watch_ctx;
};

/*
 * Writes the PDF; all of it is as the store was at one moment.
 * Errors: ERR_USAGE: no such paper, or for the organisers; ERR_REFUSED: the
 * letter is of another kind; ERR_NOTFOUND: letter, recipient or language;
 * ERR_DATA, with what is wrong in problems; those of handover_write.
 */
int handover_make(struct workspace *ws, const struct handover_request *request,
	handover_write_fn *write, void *ctx, struct handover_result *out,
	struct problems *problems, struct err *err);

#endif
