/* Language tags (BCP 47), their look-up and direction. */
#ifndef CORE_LANG_H
#define CORE_LANG_H

#include <stdbool.h>
#include <stddef.h>

enum {
	LANG_MAX = 36
}; /* RFC 5646 4.4.1, with the NUL */

/* Well-formed enough to be used: letters, digits, '-', 2-8 letters first,
 * shorter than LANG_MAX. */
bool lang_valid(const char *tag);

/* Compares without regard to letter case. */
bool lang_equal(const char *a, const char *b);

/*
 * RFC 4647 3.4 look-up: the available tag that wanted, made shorter step by
 * step, equals. Returns an index into available, or -1.
 */
int lang_lookup(const char *wanted, const char *const *available, size_t count);

/* "rtl" or "ltr", by the script subtag, else by the language (ar arc ckb dv
 * fa he iw ks lrc mzn nqo ps sd syr ug ur yi ji ...). */
const char *lang_dir(const char *tag);

#endif
