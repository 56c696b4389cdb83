/*
 * All letters and documents of a workspace, read from their files, and the
 * recipients' lists. Whatever is wrong is collected, a letter with problems
 * stays in the catalog without a compiled text.
 */
#ifndef APP_CATALOG_H
#define APP_CATALOG_H

#include <stddef.h>

#include "app/workspace.h"
#include "core/letter.h"
#include "core/template.h"
#include "core/value.h"

/* One language of one letter or document. */
struct catalog_entry {
	char *name;	/* "ilo/director-general" */
	char *campaign; /* "ilo" */
	char lang[LANG_MAX];
	char *file; /* shown to people: "letters/ilo/..." */
	char *text; /* normalised */
	struct letter letter;
	/* The edition: text and the partials it draws in (see schema.sql);
	 * NULL when the file cannot be read. */
	char *edition;
	bool usable; /* nothing was wrong in it */
};

struct catalog {
	struct catalog_entry *entries; /* sorted by name, then lang */
	size_t count;
	size_t cap;
};

/*
 * Reads everything below letters/. Returns 0 even when problems were added.
 * Errors: ERR_IO.
 */
int catalog_load(const struct workspace *ws, struct catalog *out,
	struct problems *problems, struct err *err);

void catalog_release(struct catalog *catalog);

/* The entries of one name are neighbours: the first of them and *count, or
 * NULL when there is no such letter. */
const struct catalog_entry *
catalog_find(const struct catalog *catalog, const char *name, size_t *count);

/* catalog_find, and ERR_NOTFOUND with a suggestion. */
int catalog_require(const struct catalog *catalog, const char *name,
	const struct catalog_entry **out, size_t *count, struct err *err);

/* The same for a letter that can be signed or sent. ERR_REFUSED: it is of
 * another kind. */
int catalog_require_letter(const struct catalog *catalog, const char *name,
	const struct catalog_entry **out, size_t *count, struct err *err);

/* The entry of an array of count that a reader of lang gets: RFC 4647
 * look-up, else the organiser's language, else English, else the first. */
const struct catalog_entry *catalog_choose(const struct catalog_entry *entries,
	size_t count, const char *lang, const struct conf *conf);

#endif
