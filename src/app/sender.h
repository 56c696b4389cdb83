/*
 * Runs a mailing: claims deliveries, hands them to the account's server over
 * several connections, and writes down what became of each. The order of
 * writes is the promise "never twice": a claim is on the disk before anything
 * of a message is sent, "handed over" is committed before the end of its body
 * goes out, its outcome before that connection's next message. One process
 * at a time.
 */
#ifndef APP_SENDER_H
#define APP_SENDER_H

#include "app/mailing.h"

/* How a run ended. */
enum sender_end {
	SENDER_DONE,  /* nothing is left to do */
	SENDER_LIMIT, /* --limit was reached, letters are left */
	SENDER_LATER, /* deferred letters or the quota: run again at `again` */
	SENDER_STOPPED,	  /* a signal; letters are left */
	SENDER_CANCELLED, /* by hand, meanwhile */
	SENDER_PAUSED,	  /* our own fault: err says what */
};

struct sender_result {
	enum sender_end end;
	int64_t sent;
	int64_t deferred;
	int64_t rejected;
	int64_t unknown;
	int64_t too_large; /* of the rejected: larger than the server takes */
	int64_t flawed;	   /* rejected and unknown, of the whole mailing */
	int64_t again;	   /* SENDER_LATER: when, 0 if not known */
	bool quota;	   /* SENDER_LATER: because of the quota */
};

/* step is told after each outcome, waiting when the rate makes it wait until
 * a time; total counts what was due when the run began. */
struct sender_progress {
	void (*step)(
		void *ctx, const struct sender_result *so_far, int64_t total);
	void (*waiting)(void *ctx, int64_t until);
	void *ctx;
};

/*
 * Sends what is due of a mailing, at most limit messages (0: no limit). The
 * sender's lock is held and sender_recover was called. limit counts tries.
 * Returns 0 with the result, or -1: ERR_UNAVAILABLE: the server cannot be
 * reached, run again; ERR_CONFIG: the mailing is paused with this reason;
 * ERR_CHANGED: an attachment; ERR_IO, ERR_AGAIN: the store.
 */
int sender_run(struct workspace *ws, int64_t mailing, int64_t limit,
	const struct sender_progress *progress, struct sender_result *out,
	struct err *err);

/* Puts right what a dead run left; see store_recover. Under the sender's
 * lock, before a mailing is made or run. */
int sender_recover(struct workspace *ws, int64_t *unknown, struct err *err);

/*
 * The same for whoever opens the store: what a dead run left is put right
 * before it is read, and a run that is alive is left alone.
 */
int sender_look_after(struct workspace *ws, int64_t *unknown, struct err *err);

/* Whether such a signal came. */
bool sender_stop_asked(void);

/* Once, before a run: SIGINT and SIGTERM end it after the message in flight,
 * a second one ends the program. */
void sender_catch_signals(void);

#endif
