/*
 * Renders letters: one recipient's (or signer's) Subject, text and HTML, and
 * the whole message. Everything that differs between two messages of a
 * mailing is in struct compose_input; the rest is the mailing's.
 */
#ifndef APP_COMPOSE_H
#define APP_COMPOSE_H

#include "app/mailing.h"

struct compose_input {
	const struct mailing *mailing;
	const struct mailing_lang *lang;
	const struct fields *row;    /* the recipient's */
	const struct fields *signer; /* for-signers; else NULL */
	const char *to;		     /* bare address */
	bool copy;		     /* mark it as a copy */
	int64_t delivery;	     /* 0: not in the ledger, only shown */
	const char *message_id;
	int64_t date;
	int64_t names; /* which version of them; see store/store_names.h */
	/* Of the thread that renders; NULL: the language's own, which is the
	 * main thread's. */
	struct composition *composition;
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

/* The message as it is sent, added to out. Errors: as compose_letter and
 * enclosure_gather. */
int compose_message(
	const struct compose_input *in, struct buf *out, struct err *err);

/*
 * The message of a delivery from the ledger, whose rows are JSON (NULL:
 * none). compositions: one for each language of the mailing, of the calling
 * thread, or NULL as above. Errors: as compose_message; ERR_DATA: a row that
 * cannot be read.
 */
struct store_delivery;
int compose_delivery(const struct mailing *mailing,
	struct composition *const *compositions,
	const struct store_delivery *delivery, struct buf *out,
	struct err *err);

#endif
