/*
 * Who may see what of a signature. Whatever shows signatures to anybody asks
 * here: exports, names in letters, the lists that go along with them, pages.
 * Numbers of enum visibility stand in the database and never change; of two
 * visibilities the larger number is the tighter.
 */
#ifndef CORE_VISIBILITY_H
#define CORE_VISIBILITY_H

#include <stdbool.h>
#include <stddef.h>

/* Whom a signer lets see the signature. */
enum visibility {
	VISIBILITY_PUBLIC = 0,
	VISIBILITY_RECIPIENT = 1, /* the addressee only; the default */
	VISIBILITY_COUNT = 2,	  /* nobody; it only counts */
};

/* Who looks. */
enum viewer {
	VIEWER_PUBLIC,
	VIEWER_RECIPIENT, /* whom the letter is written to */
	VIEWER_ORGANISERS,
};

/* name, the first viewer that sees it of a signature they see; those behind
 * see it too. They are the fields of an export, in its order: what only
 * organisers see comes last. */
#define VISIBILITY_FIELDS(X)                    \
	X(NUMBER, "number", PUBLIC)             \
	X(NAME, "name", PUBLIC)                 \
	X(ORGANISATION, "organisation", PUBLIC) \
	X(ROLE, "role", PUBLIC)                 \
	X(COUNTRY, "country", PUBLIC)           \
	X(CITY, "city", PUBLIC)                 \
	X(COMMENT, "comment", PUBLIC)           \
	X(LANG, "lang", PUBLIC)                 \
	X(DATE, "date", PUBLIC)                 \
	X(KIND, "kind", ORGANISERS)             \
	X(EMAIL, "email", ORGANISERS)           \
	X(POSTCODE, "postcode", ORGANISERS)     \
	X(VISIBILITY, "visibility", ORGANISERS) \
	X(UPDATES, "updates", ORGANISERS)       \
	X(STATE, "state", ORGANISERS)           \
	X(SOURCE, "source", ORGANISERS)         \
	X(EDITION, "edition", ORGANISERS)

enum visibility_field {
#define X(id, name, viewer) VISIBILITY_FIELD_##id,
	VISIBILITY_FIELDS(X)
#undef X
	VISIBILITY_FIELD_COUNT
};

/* Whether a signature may be shown at all. */
bool visibility_shows(enum visibility visibility, enum viewer viewer);

/* The tightest one that is shown to them, for queries. */
enum visibility visibility_tightest(enum viewer viewer);

/* Whether they see signatures that do not count too: pending, withdrawn. */
bool visibility_every_state(enum viewer viewer);

/* Whether they see a field, and how many they see, from the first on. */
bool visibility_field_shown(enum visibility_field field, enum viewer viewer);
size_t visibility_field_count(enum viewer viewer);

/* As columns and members are called. */
const char *visibility_field_name(enum visibility_field field);

const char *visibility_name(enum visibility visibility);

/* Return 0 or -1. A visibility may also be one of the words that lists have for
 * it in our five languages. */
int visibility_parse(const char *name, enum visibility *out);
int viewer_parse(const char *name, enum viewer *out);

#endif
