/*
 * Text files in other encodings than UTF-8, turned into it piece by piece
 * with the libc's iconv. A file that does not say what it is, by its mark
 * (U+FEFF at its beginning), is UTF-8 or must be told: it is never guessed.
 */
#ifndef BASE_ENCODING_H
#define BASE_ENCODING_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum encoding {
	ENCODING_NOT_TOLD, /* by the mark, else UTF-8 */
	ENCODING_UTF_8,
	ENCODING_UTF_16, /* in the byte order that the mark says */
	ENCODING_UTF_16LE,
	ENCODING_UTF_16BE,
	ENCODING_WINDOWS_1256, /* Arabic, Persian */
	ENCODING_WINDOWS_1252, /* western Europe */
	ENCODING_LATIN_1,
};

/* "utf-8", "windows-1256" ... as --encoding takes them. */
const char *encoding_name(enum encoding encoding);

/* Reads such a name in any letter case.
 * Errors: ERR_USAGE: there is none; which there are. */
int encoding_parse(const char *name, enum encoding *out, struct err *err);

/*
 * Says what a file is that was told to be something, or was not, and begins
 * with these bytes (four are enough). *out is never ENCODING_NOT_TOLD or
 * ENCODING_UTF_16; *mark is the length of the mark.
 * Errors: ERR_DATA: its mark says something else; UTF-16 without a mark. They
 * say what to do with an option --encoding.
 */
int encoding_settle(enum encoding told, const char *start, size_t len,
	enum encoding *out, size_t *mark, struct err *err);

/* Turns one file into UTF-8. */
struct encoding_reader;

/* For an encoding that encoding_settle gave. Free with encoding_close.
 * Errors: ERR_CONFIG: this system cannot read it. */
int encoding_open(
	enum encoding encoding, struct encoding_reader **out, struct err *err);

/*
 * Adds what the next bytes of the file stand for to out; a character whose
 * other half is still to come waits for it. Where they stand for nothing there
 * is a byte FF, which is not UTF-8 anywhere, so that whoever reads on meets
 * the mistake in its place.
 */
void encoding_add(struct encoding_reader *r, const char *bytes, size_t len,
	struct buf *out);

/* The same at the end of the file, where nothing waits any more. */
void encoding_finish(struct encoding_reader *r, struct buf *out);

/* Takes NULL. */
void encoding_close(struct encoding_reader *r);

#endif
