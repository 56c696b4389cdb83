/*
 * Settles unknown deliveries by a person's word: by hand, or by a log of the
 * mail provider. First a plan, which changes nothing and can be shown, then
 * one durable transaction for all of it. Both under the sender's lock.
 */
#ifndef APP_RESOLVE_H
#define APP_RESOLVE_H

#include "app/maillog.h"
#include "app/workspace.h"
#include "base/rows.h"
#include "core/delivery.h"
#include "core/mailing.h"

struct resolve_item;

/* What would become of the unknown deliveries of a mailing. Zero-initialised
 * is none; release with resolve_plan_release. */
struct resolve_plan {
	int64_t mailing;
	enum mailing_state state; /* of the mailing, before */
	int64_t unknown;	  /* in all, before */
	int64_t sent;
	int64_t again;	 /* to be sent again; of a cancelled mailing: to count
			    as not sent */
	int64_t later;	 /* left, since a later mailing wrote to them */
	int64_t unclear; /* left, since the log does not decide them */
	bool has_status; /* the log has a column that is a status */
	char *why_sent;	 /* what the ledger will say */
	char *why_again;
	struct resolve_item *items; /* what was handed over, by Message-ID */
	size_t count;
	size_t cap;
};

/*
 * Plans that the named ones, or with `all` every one, were sent, or are to be
 * sent again. A name is a Message-ID or an address.
 * Errors: ERR_NOTFOUND: the mailing, or a name is not unknown in it;
 * ERR_USAGE: an address has several unknown letters; ERR_REFUSED: a later
 * mailing wrote to a named one that is to be sent again; ERR_IO.
 */
int resolve_by_hand(struct workspace *ws, int64_t mailing, bool again, bool all,
	char *const *names, size_t count, struct resolve_plan *out,
	struct err *err);

/*
 * Plans that those which the log says were accepted were sent, and with rest
 * that those which do not stand in it are sent again. What stands in it with
 * another word stays unknown and is told in notes.
 * Errors: ERR_NOTFOUND; ERR_DATA: see maillog_read; ERR_REFUSED: rest, and no
 * letter of the mailing stands in the log; ERR_IO.
 */
int resolve_by_log(struct workspace *ws, int64_t mailing,
	const struct maillog_source *log, bool rest, struct resolve_plan *out,
	struct problems *notes, struct err *err);

/* Does as planned, all or nothing; a mailing that was done runs again if it
 * has letters to send. Errors: ERR_IO, ERR_AGAIN. */
int resolve_apply(
	struct workspace *ws, const struct resolve_plan *plan, struct err *err);

void resolve_plan_release(struct resolve_plan *plan);

/* Lists the unknown deliveries of a mailing; *count is how many there are.
 * Errors: ERR_NOTFOUND, ERR_IO. */
int resolve_list(struct workspace *ws, int64_t mailing, struct rows *rows,
	int64_t *count, struct err *err);

#endif
