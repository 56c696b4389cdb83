/*
 * Builds an Internet message (RFC 5322, MIME) with our own small writer and
 * GMime's encoders. Output has CRLF line ends, is 7-bit, has no line over 998
 * bytes, and says nothing about the machine: Date is in +0000, Message-ID is
 * the caller's. The same input always gives the same bytes. Thread-safe.
 */
#ifndef FORMAT_MESSAGE_H
#define FORMAT_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One RFC 5322 mailbox. In name, subject and file names control characters
 * and line breaks become blanks and blanks at the ends are cut. */
struct message_mailbox {
	const char *name;    /* display name, any UTF-8; NULL or "" for none */
	const char *address; /* bare, checked; NULL: no such field */
};

struct message_header {
	const char *name;   /* ASCII */
	const char *value;  /* ASCII, structured as the field wants it; folded
			       at blanks when long */
	const char *phrase; /* any UTF-8, stands before the value, which is then
			       put in <>; NULL: none */
};

struct message {
	struct message_mailbox from;
	struct message_mailbox to;
	struct message_mailbox reply_to;
	const char *subject;	/* any UTF-8 */
	const char *message_id; /* with <> */
	int64_t date;		/* unix seconds */
	const char *lang;	/* BCP 47; Content-Language and the HTML's
				   lang */
	const char *dir;	/* "ltr" or "rtl" */
	const char *text;	/* LF line ends; a CR is one too */
	const char *html;	/* fragment; the writer puts the document
				   (doctype, lang, dir, charset, title) round
				   it. NULL: text only */
	const struct message_header *extra; /* more fields, in order */
	size_t extra_count;
	const struct buf *attachments; /* from message_attachment */
	size_t attachment_count;
};

/* Adds the message to out. Headers come first in one block; the structure is
 * multipart/alternative, inside multipart/mixed if there are attachments. */
void message_write(const struct message *m, struct buf *out);

/* Adds the HTML document as it stands in the message: the fragment with its
 * doctype, language, direction and title. */
void message_html(const struct message *m, struct buf *out);

/*
 * Encodes one file as a MIME part once, for use in many messages.
 * name: file name without a path (RFC 2231 when not ASCII); type: media
 * type, or NULL to tell from the name's ending.
 */
void message_attachment(const char *name, const char *type, const void *data,
	size_t len, struct buf *out);

#endif
