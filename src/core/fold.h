/*
 * Folding of names and texts for matching, and the question what may stand
 * in a name at all. libunistring is used here (and for widths in the
 * terminal's tables and in pictures: fold_width).
 */
#ifndef CORE_FOLD_H
#define CORE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Folds a name so that the same name typed in two ways is the same bytes:
 * NFKC, case folded, diacritics and Arabic vowel marks dropped, Arabic-script
 * variants made one (ي ى -> ی, ك -> ک, ة ۀ -> ه, أ إ آ ٱ -> ا, ؤ -> و,
 * ئ -> ی), Arabic-Indic digits made ASCII, ZWNJ, ZWJ, tatweel, soft hyphen
 * and direction marks dropped, punctuation and blanks each a single blank,
 * none at the ends. German ß is ss, Turkish dotless ı is i, ø is o, ł is l.
 * Returns a string to free.
 */
char *fold_name(const char *text);

/* The same for the name of a column, in which "_" is a blank as well. */
char *fold_column(const char *text);

/* Whether fold_column makes one of these words of a text; words are as it
 * makes them, each between two commas: ",oui,non,". */
bool fold_is_one_of(const char *text, const char *words);

/*
 * Checks a one-line value that a person gave (name, city, role ...).
 * Refused: control characters (C0, DEL, C1, U+2028, U+2029), the embedding,
 * override and isolate direction controls (U+202A..202E, U+2066..2069),
 * noncharacters, bad UTF-8, tag characters (U+E0000..E007F), more than
 * max_len code points. Allowed: everything that scripts need, e.g. ZWNJ, ZWJ,
 * LRM, RLM, ALM.
 * multi_line: line feeds and tabs are allowed too (comments).
 * what: the field's name for the message. Errors: ERR_DATA, naming the
 * character (U+202E) and saying what to do.
 */
int fold_check_text(const char *text, const char *what, size_t max_len,
	bool multi_line, struct err *err);

/* NFC of a text with white space at its ends cut and runs of blanks inside a
 * line made one: the form values are kept in. Returns a string to free. */
char *fold_tidy(const char *text);

/*
 * Whether a text is certainly tidy, and such as fold_check_text takes, found
 * out at a glance: so most texts are, and need not be looked at closely. Of a
 * few that are so too it says no.
 */
bool fold_is_plain(const char *text, size_t max_len, bool multi_line);

/* Columns that a text takes on a terminal. */
int fold_width(const char *text);

/* Bytes of the longest beginning of a text (UTF-8) that takes at most that
 * many columns and cuts no character from its marks. */
size_t fold_fit(const char *text, int columns);

/* Whether a text (UTF-8) runs from right to left: the first of its characters
 * that has a direction says so (UAX #9, P2). */
bool fold_is_rtl(const char *text);

#endif
