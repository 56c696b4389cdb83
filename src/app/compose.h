/*
 * Renders letters: one recipient's (or signer's) Subject, text and HTML, and
 * the whole message. Everything that differs between two messages of a
 * mailing is in struct compose_input; the rest is the mailing's.
 */
#ifndef APP_COMPOSE_H
#define APP_COMPOSE_H

#include "app/mailing.h"

/* What rendering keeps of one edition between messages: the Markdown of each
 * distinct skeleton. One thread at a time. */
struct composition;

/* edition is borrowed as long as the composition lives. */
struct composition *composition_new(const struct edition *edition);
void composition_free(struct composition *composition);

/*
 * Adds what is wrong in an edition beyond its syntax: variables that nothing
 * declares (columns: the recipients' beside the known ones), and what only
 * the Markdown conversion sees: raw HTML, links that must not go out.
 */
void compose_check(const struct edition *edition, const struct fields *columns,
	struct problems *problems);

struct compose_input {
	const struct mailing *mailing;
	const struct mailing_lang *lang;
	const struct fields *row;    /* the recipient's */
	const struct fields *signer; /* for-signers; else NULL */
	const char *to;		     /* bare address */
	bool copy;		     /* mark it as a copy */
	const char *message_id;
	int64_t date;
};

/* Zero-initialised is empty; release the three. */
struct composed {
	struct buf subject;
	struct buf text;
	struct buf html;
};

/* Errors: ERR_DATA: a value makes a link that must not go out. */
int compose_letter(
	const struct compose_input *in, struct composed *out, struct err *err);
void composed_release(struct composed *c);

/* The HTML document of the message, added to out. Errors: as
 * compose_letter. */
int
compose_html(const struct compose_input *in, struct buf *out, struct err *err);

/* The message as it is sent, added to out; mailing_load_files was called.
 * Errors: as compose_letter. */
int compose_message(
	const struct compose_input *in, struct buf *out, struct err *err);

/*
 * The message of a delivery from the ledger, whose rows are JSON (NULL:
 * none). Errors: as compose_letter; ERR_DATA: a row that cannot be read.
 */
struct store_delivery;
int compose_delivery(const struct mailing *mailing,
	const struct store_delivery *delivery, struct buf *out,
	struct err *err);

#endif
