/*
 * A letter file: a header block in RFC 5322 field syntax, a blank line, a
 * body in CommonMark with Mustache tags. Reads the text of one language's
 * file; what the tags mean is core/template's, what files exist is app's.
 */
#ifndef CORE_LETTER_H
#define CORE_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

/* name of the field, member of struct letter, whether all languages of a
 * letter must agree in it */
#define LETTER_FIELDS(X)              \
	X("Title", title, false)      \
	X("Subject", subject, false)  \
	X("To", to, true)             \
	X("Copy", copy, true)         \
	X("Reply-To", reply_to, true) \
	X("From", from, true)         \
	X("Date", date, true)         \
	X("Kind", kind, true)         \
	X("Goal", goal, true)         \
	X("Opens", opens, true)       \
	X("Closes", closes, true)     \
	X("Consent", consent, false)  \
	X("Summary", summary, false)

/* A field's value as it was written (unfolded, trimmed) and where it begins;
 * NULL and 0 when it is not there. */
struct letter_field {
	char *text;
	long line;
	int column; /* from 1; 0 when the value is folded over lines */
};

struct letter {
	char *file; /* for problems */
#define X(name, member, agree) struct letter_field member;
	LETTER_FIELDS(X)
#undef X
	struct letter_field *attach; /* may be given several times */
	size_t attach_count;
	const char *body; /* within the text given to letter_parse */
	long body_line;
};

/*
 * Takes the text apart and checks every field: known names, needed ones,
 * numbers, days, addresses. The body may be empty only of a kind that is not
 * letter. text must be UTF-8 with LF line ends (letter_normalise) and live as
 * long as *out. Returns 0, or -1 when problems were added; release out either
 * way.
 */
int letter_parse(const char *text, const char *file, struct letter *out,
	struct problems *problems);

void letter_release(struct letter *letter);

/* Adds a problem for each field in which two languages of one letter do not
 * agree. */
void letter_compare(const struct letter *a, const struct letter *b,
	struct problems *problems);

/* What Kind: says; without it "introduction" for campaign.<lang>.md, which is
 * told by the file's name, else "letter". */
const char *letter_kind(const struct letter *letter);

/* Whether it is of kind letter, which alone can be signed and sent. */
bool letter_is_letter(const struct letter *letter);

/* The day of a checked field, or fallback when it is not there. */
int64_t letter_day(const struct letter_field *field, int64_t fallback);

/* What is said about a signer's data where the letter has no Consent. */
extern const char letter_default_consent[];

/*
 * Makes a file's bytes a letter's text: skips a BOM, makes CRLF into LF.
 * Refuses bad UTF-8, NUL and control characters but tab and line feed.
 * Returns a string to free, or NULL when a problem was added.
 */
char *letter_normalise(const char *bytes, size_t len, const char *file,
	struct problems *problems);

#endif
