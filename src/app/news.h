/*
 * What news to supporters bears beside the letter: how to get no more of it
 * (RFC 2369, RFC 8058), which list it belongs to (RFC 2919), and that no
 * machine is to answer it (RFC 3834).
 */
#ifndef APP_NEWS_H
#define APP_NEWS_H

#include "app/mailing.h"
#include "core/address.h"
#include "format/message.h"

/*
 * Where a reader goes to get no more mail: a page below the organiser's url
 * that knows the delivery by a sealed number, or without a url, or when the
 * mailing has no key because it is not in the ledger, a mail to us; the
 * subject of that is the message's own token, which the message bears anyway.
 * delivery 0: for showing only, with "..." for the number.
 * Returns a string to free.
 */
char *news_link(const struct mailing *mailing, int64_t delivery,
	const char *message_id);

/*
 * Reads such a page's link, or the end of one: whom it was sent to.
 * key: the address for matching. Errors: ERR_NOTFOUND: no link of a message
 * in this ledger; ERR_IO.
 */
int news_open_link(struct workspace *ws, const char *link,
	char key[static ADDRESS_MAX], struct err *err);

/* The fields; they borrow from this struct, which news_fields_release ends. */
struct news_fields {
	struct message_header items[4];
	size_t count;
	char *unsubscribe;
	char *list_id;
};

/* Fills out for one message in one language of the mailing. */
void news_fields(const struct mailing *mailing, const struct mailing_lang *lang,
	int64_t delivery, const char *message_id, struct news_fields *out);
void news_fields_release(struct news_fields *fields);

#endif
