/* The words that the program itself puts on the pages of a hand-over. */
#ifndef FORMAT_HANDOVER_WORDS_H
#define FORMAT_HANDOVER_WORDS_H

#include <stdint.h>

#include "base/buf.h"

/* A sentence round a number. */
struct handover_phrase {
	const char *before;
	const char *after;
};

struct handover_words {
	const char *lang;
	const char *signatures;
	const char *people;
	const char *organisations;
	const char *countries;
	const char *by_country;
	const char *no_country;		     /* in that table */
	const char *organisers_only;	     /* of a page with all names */
	struct handover_phrase one_unnamed;  /* for 1 */
	struct handover_phrase more_unnamed; /* for any other number */
	const char *comma;		     /* between role and organisation */
	const char *thousands;		     /* between groups of digits */
};

/* The words of a language (BCP 47), or English ones; static. */
const struct handover_words *handover_words(const char *lang);

/* Adds a number that is not negative, in groups of digits. */
void handover_number(
	const struct handover_words *words, int64_t number, struct buf *out);

#endif
