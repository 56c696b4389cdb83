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

#include "app/watch.h"
#include "app/workspace.h"

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
	int64_t dropped;     /* not tried: suppressed, withdrawn ... since */
	int64_t too_large;   /* of the rejected: larger than the server takes */
	int64_t flawed;	     /* rejected and unknown, of the whole mailing */
	int64_t again;	     /* SENDER_LATER: when, 0 if not known */
	enum watch_wait why; /* SENDER_LATER: the quota, or to try again */
};

/*
 * Sends what is due of a mailing, at most limit messages (0: no limit). The
 * sender's lock is held and recover_run was called. limit counts tries.
 * Returns 0 with the result, or -1: ERR_UNAVAILABLE: the server cannot be
 * reached, run again; ERR_CONFIG: the mailing is paused with this reason;
 * ERR_CHANGED: an attachment; ERR_IO, ERR_AGAIN: the store.
 */
int sender_run(struct workspace *ws, int64_t mailing, int64_t limit,
	const struct watcher *watcher, struct sender_result *out,
	struct err *err);

#endif
