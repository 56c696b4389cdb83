/*
 * The bodies of a message's parts: line ends made CRLF, then the transfer
 * encoding that suits them. What is written has no 8-bit byte, no line over
 * 78 bytes and no line that begins with "--=_", so that a boundary which
 * begins with "=_" is safe. Only for message.c; thread-safe.
 */
#ifndef FORMAT_MESSAGE_BODY_H
#define FORMAT_MESSAGE_BODY_H

#include <stddef.h>

#include "base/buf.h"

/*
 * Adds the fields Content-Type and Content-Transfer-Encoding, the blank line
 * and the text: 7bit, quoted-printable or base64, whichever carries it
 * unharmed and is the shorter. subtype: "plain" or "html". A CR alone is a
 * line break too. The last line is left open when the encoding allows.
 */
void message_body_text(const char *subtype, const char *text, struct buf *out);

/* Adds base64 in lines of 76, the last one left open. */
void message_body_base64(const void *data, size_t len, struct buf *out);

#endif
