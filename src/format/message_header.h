/*
 * The header fields of a message: cleaned, encoded, folded. Whatever the
 * value, a field is printable ASCII, ends in CRLF and cannot start another
 * one. Only for message.c; thread-safe.
 */
#ifndef FORMAT_MESSAGE_HEADER_H
#define FORMAT_MESSAGE_HEADER_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Adds text with every control character (C0, DEL, C1) and Unicode line
 * break made a blank, and blanks at both ends cut.
 */
void message_header_clean(const char *text, struct buf *out);

/* A structured field, folded at its blanks. Bytes that are not ASCII, which
 * the caller should not have, become '?'. */
void message_header_field(const char *name, const char *value, struct buf *out);

/* Free text of any UTF-8, in encoded words (RFC 2047) where needed. */
void message_header_text(const char *name, const char *text, struct buf *out);

/* One mailbox; display may be NULL or "", address is checked. */
void message_header_mailbox(const char *name, const char *display,
	const char *address, struct buf *out);

/* Date, in +0000. */
void message_header_date(int64_t unix_s, struct buf *out);

/*
 * A parameter that goes behind an unfinished field: ";", a fold and
 * name="value", or the extended form of RFC 2231 where that cannot say it.
 */
void message_header_param(const char *name, const char *value, struct buf *out);

#endif
