/*
 * An edition: one exact text of a letter with the partials it draws in, as
 * one string (see schema.sql), and the parts of it again.
 */
#ifndef APP_EDITION_H
#define APP_EDITION_H

#include "app/workspace.h"
#include "core/letter.h"
#include "core/template.h"
#include "core/value.h"

/*
 * Reads the partials that a letter's Subject and body draw in, checks their
 * Mustache syntax, and joins them to text, the letter's own. Returns the
 * edition, to free. Problems are added.
 */
char *edition_build(const struct workspace *ws, const char *text,
	const struct letter *letter, const char *lang,
	struct problems *problems);

/* An edition taken apart and compiled. */
struct edition {
	char *text; /* what the rest points into */
	char *file; /* for problems */
	struct letter letter;
	struct template *subject; /* NULL in documents */
	struct template *body;
};

/* Takes an edition apart. Returns 0 or -1 with problems. */
int edition_open(const char *text, const char *lang, const char *file,
	struct edition *out, struct problems *problems);

/* Looks every variable of Subject and body up in declared; see
 * template_check. */
void edition_check(const struct edition *edition, const struct value *declared,
	struct problems *problems);

void edition_close(struct edition *edition);

#endif
