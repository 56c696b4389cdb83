/*
 * What goes along with one message: the letter's files in its language, those
 * that the list names for this recipient alone, and the list of signatures.
 */
#ifndef APP_ENCLOSURE_H
#define APP_ENCLOSURE_H

#include "app/mailing.h"
#include "app/names.h"

/* Zero-initialised is empty. */
struct enclosure {
	struct buf *items; /* count MIME parts, borrowed from the mailing */
	const struct buf **parts;
	size_t count;
};

/*
 * Gathers it. row: the recipient's, whose files go to nobody else: NULL in a
 * copy. On failure too it is to be released.
 * Errors: ERR_CHANGED: a file is not what it was; ERR_DATA: a file was not
 * noted when the mailing was made; ERR_IO.
 */
int enclosure_gather(const struct mailing *mailing,
	const struct mailing_lang *lang, const struct fields *row,
	const struct names_view *view, struct enclosure *out, struct err *err);

void enclosure_release(const struct mailing *mailing, struct enclosure *e);

/* Whether the letter's own files are what they were. Errors: as above. */
int enclosure_check(const struct mailing *mailing, struct err *err);

#endif
