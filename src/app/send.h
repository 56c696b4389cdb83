/*
 * Makes mailings: from what the user asked for to deliveries in the ledger,
 * or to a plan that changes nothing, or to a Maildir.
 */
#ifndef APP_SEND_H
#define APP_SEND_H

#include "app/enlist.h"
#include "app/milestone.h"

struct send_request {
	const char *letter;
	enum audience audience; /* recipients, for-signers, to-signers */
	const char *to;		/* lists, comma separated; NULL: the letter's */
	const char *account;	/* NULL: the first one */
	const char *test;	/* an address, or NULL */
	const char *outbox;	/* a folder, or NULL */
	bool again;
	struct milestone_wish wish; /* both 0: now, whatever the total */
	enum signature_list list;   /* what goes along */
	int64_t start_at;	    /* when it is to be begun; 0: at once */
	/* NULL, or told after each letter that is made: 0, and how many are;
	 * then, for an outbox, after each that is written. */
	void (*watch)(void *ctx, int64_t written, int64_t total);
	void *watch_ctx;
};

/* What a mailing is or would be; release with send_plan_release. */
struct send_plan {
	int64_t mailing; /* 0: nothing was kept */
	char *letter;
	char *title;
	enum audience audience;
	bool test;
	char *from;
	char *lists; /* as the letter or the user names them; "" */
	char *leave; /* news: the link to get no more of it; NULL: no news */
	const struct conf_account *account; /* NULL: not needed */
	int64_t start_at;		    /* 0: at once */
	int64_t span_s; /* how long the limits make it take, at least, with what
			   the account spent before */
	enum signature_list list;
	int64_t names; /* in it, of those that recipients see */
	struct enlisted enlisted;
	struct milestone milestone; /* of a request with a wish */
};

/* Looks whether a request with a wish has something to send. Errors:
 * ERR_NOTFOUND, ERR_REFUSED: no such letter; ERR_IO. */
int send_milestone(struct workspace *ws, const struct send_request *request,
	struct milestone *out, struct err *err);

/*
 * Makes a mailing of what is asked for. With keep it stays in the store (if
 * there is anybody to write to), else nothing does. With request->outbox the
 * messages are written into a Maildir and nothing stays in the store. With a
 * wish that is not fulfilled nothing is made: milestone.due is 0, and the plan
 * is empty but for the milestone.
 * What is wrong with rows goes to problems (they are skipped), repeats to
 * notes.
 * Errors: ERR_NOTFOUND; ERR_DATA with problems; ERR_REFUSED: an unfinished
 * mailing, a letter of another kind; ERR_CONFIG; ERR_USAGE; ERR_CREATE;
 * ERR_IO.
 */
int send_make(struct workspace *ws, const struct send_request *request,
	bool keep, struct send_plan *out, struct problems *problems,
	struct problems *notes, struct err *err);

void send_plan_release(struct send_plan *plan);

/*
 * Pauses a mailing (a run under way ends after its batch), or cancels it:
 * what is queued or deferred is not sent any more; *unknown is how many of its
 * letters are unknown. Errors: ERR_NOTFOUND; ERR_REFUSED: it is over.
 */
int send_pause(struct workspace *ws, int64_t mailing, struct err *err);
int send_cancel(struct workspace *ws, int64_t mailing, int64_t *unknown,
	struct err *err);

#endif
