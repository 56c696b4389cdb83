/*
 * What the columns of a signature list mean: by `--map`, or by their names as
 * people and other programs write them in English, French, Spanish, Persian
 * and Arabic. A column that may be two things is asked about, not guessed.
 */
#ifndef CORE_COLUMNS_H
#define CORE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum signature_field {
	FIELD_OURS = -2, /* line or error of a rejects file */
	FIELD_NONE = -1, /* a column that means nothing to us */
	FIELD_NAME,
	FIELD_FIRST_NAME,
	FIELD_LAST_NAME,
	FIELD_EMAIL,
	FIELD_KIND,
	FIELD_ORGANISATION,
	FIELD_ROLE,
	FIELD_COUNTRY,
	FIELD_CITY,
	FIELD_POSTCODE,
	FIELD_COMMENT,
	FIELD_LANG,
	FIELD_VISIBILITY,
	FIELD_UPDATES,
	FIELD_DATE,
	FIELD_STATE, /* as `export` has it */
	FIELD_COUNT
};

/* `--map COLUMN=field`; both borrowed. */
struct column_map {
	const char *column;
	const char *field;
};

/* What each column of a file is. */
struct columns {
	enum signature_field *fields;
	size_t count;
};

/*
 * Reads a header row. A column is what a map says, else what its name says,
 * in any letter case, with or without accents, "_" or blanks.
 * Free with columns_release, on an error too.
 * Errors: ERR_USAGE: a map names a column or field that does not exist;
 * ERR_DATA: a name is missing or doubled, two columns are the same field, it
 * cannot be told what a column is, nothing is a name, or nothing an address
 * or a country.
 */
int columns_read(struct columns *out, char *const *names, size_t count,
	const struct column_map *maps, size_t map_count, struct err *err);

void columns_release(struct columns *columns);

bool columns_have(const struct columns *columns, enum signature_field field);

#endif
