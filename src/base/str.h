/*
 * Small questions about text. All text is UTF-8 whatever the locale, so
 * nothing here asks the locale.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

/* ASCII only; other bytes are compared as they are. */
bool str_ieq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
char str_lower(char c);
bool str_is_space(char c); /* blank, tab, CR, LF, VT, FF */

/* NULL and "" are empty. */
bool str_empty(const char *s);

/* Cuts white space at both ends, in place. Returns the first kept byte. */
char *str_trim(char *s);

/* How many bytes at the start are ASCII other than NUL. */
size_t str_ascii_run(const char *s, size_t len);

/* Offset of the first byte that is not well-formed UTF-8 (RFC 3629; U+0000
 * counts as bad), or len when all is well. */
size_t str_utf8_bad(const char *s, size_t len);

/*
 * Decodes one code point of well-formed UTF-8.
 * Returns the number of bytes used, 0 at the end of the string.
 */
size_t str_utf8_next(const char *s, unsigned *out);

/* Whole string is a decimal number from 0 to max. Returns 0 or -1. */
int str_to_number(const char *s, long max, long *out);

/*
 * Splits at a delimiter, trims the pieces and leaves empty ones out.
 * Returns an array of *count strings; free it with str_list_free.
 */
char **str_split(const char *s, char delimiter, size_t *count);
void str_list_free(char **list, size_t count);

/*
 * The candidate nearest to word by edit distance, or NULL when none is near
 * enough to be what was meant. Borrowed from candidates.
 */
const char *
str_nearest(const char *word, const char *const *candidates, size_t count);

#endif
