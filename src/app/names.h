/*
 * The names under a letter, as signatures.list and the list that goes along
 * with it show them. Read by several threads; names_end may be called
 * meanwhile, since it changes newer versions only (store/store_names.h).
 */
#ifndef APP_NAMES_H
#define APP_NAMES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/value.h"
#include "core/visibility.h"

enum name_text {
	NAME_NAME,
	NAME_ORGANISATION,
	NAME_ROLE,
	NAME_COUNTRY,
	NAME_CITY,
	NAME_COMMENT,
	NAME_LANG,
	NAME_DATE,
	NAME_TEXT_COUNT
};

struct name {
	int64_t signature; /* 0: not known */
	_Atomic int64_t public_to;
	_Atomic int64_t recipient_to;
	char *texts[NAME_TEXT_COUNT]; /* as signed; in one block, the first's */
};

/* Zero-initialised is empty. */
struct names {
	struct name *items; /* by signature */
	size_t count;
	size_t cap;
};

/* Who looks, and at which version. */
struct names_view {
	int64_t version;
	enum viewer viewer; /* the public, or a recipient */
};

/* Copies the texts. */
void names_add(struct names *names, int64_t signature, int64_t public_to,
	int64_t recipient_to, const char *const texts[NAME_TEXT_COUNT]);

/* Sets where a name ends; one that is not there is left alone. */
void names_end(struct names *names, int64_t signature, int64_t public_to,
	int64_t recipient_to);

void names_release(struct names *names);

/* The maps of signatures.list, numbered from 1: an array of *count to free,
 * whose texts are borrowed. An organisation without a contact bears its own
 * name. */
struct value *names_values(const struct names *names,
	const struct names_view *view, size_t *count);

/* Adds the list as `export` writes it. */
void names_csv(const struct names *names, const struct names_view *view,
	struct buf *out);

/* Adds the list as a page; columns that are empty in all of it are left
 * out. lang and title are the letter's. */
void names_html(const struct names *names, const struct names_view *view,
	const char *lang, const char *title, struct buf *out);

#endif
