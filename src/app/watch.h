/*
 * What a run of a mailing tells whoever watches it: a progress line, events
 * for another program. Nothing is told before it is written down, and where
 * nobody watches it costs nothing. By the thread that runs the mailing.
 */
#ifndef APP_WATCH_H
#define APP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "app/mailing.h"
#include "core/delivery.h"
#include "core/outcome.h"

/* Why nothing goes out for a while. */
enum watch_wait {
	WATCH_WAIT_NONE,
	WATCH_WAIT_RATE,   /* the account's rate is used up */
	WATCH_WAIT_QUOTA,  /* the account's quota is */
	WATCH_WAIT_RETRY,  /* what is left was deferred */
	WATCH_WAIT_SERVER, /* the server asked for patience, or was not there */
	WATCH_WAIT_TIME,   /* the mailing was made for later */
};

/* "rate"; NULL for none. */
const char *watch_wait_name(enum watch_wait why);

enum watch_kind {
	WATCH_START,	/* the mailing is read */
	WATCH_OUTCOME,	/* a delivery has one */
	WATCH_WAITING,	/* nothing will go out for some seconds */
	WATCH_PAUSED,	/* the mailing is, for a reason */
	WATCH_STOPPING, /* a signal came: messages in flight are finished */
	WATCH_TICK,	/* several times a second, whatever happens */
};

/* What became of a delivery, as it stands in the ledger. */
struct watch_outcome {
	int64_t delivery;
	const char *lang;
	const char *recipient;
	const char *message_id;
	enum delivery_state state;
	int attempts;
	int code;
	const char *status;
	const char *reply;
	int64_t at;
	bool copy;
};

/* Everything is borrowed for the call. */
struct sender_result;
struct watch_event {
	enum watch_kind kind;
	const struct mailing *mailing;
	const struct sender_result *so_far;
	int64_t total;			     /* what this run may try */
	const struct watch_outcome *outcome; /* OUTCOME */
	const char *reason;		     /* PAUSED */
	enum watch_wait wait;		     /* WAITING, TICK */
	int64_t until;			     /* of the wait */
};

/* Who watches. */
struct watcher {
	void (*event)(void *ctx, const struct watch_event *event);
	void *ctx;
};

struct watch_kept;

/* The side that tells. now is what is true of every event; the owner keeps
 * its mailing, so_far and total. Ends with watch_release. */
struct watch {
	const struct watcher *watcher; /* NULL: nobody */
	struct watch_event now;
	int64_t told_until;	 /* the wait that was told last */
	struct watch_kept *kept; /* outcomes that are not written down yet */
	size_t kept_count, kept_cap;
};

void watch_tell(struct watch *w, enum watch_kind kind);
void watch_paused(struct watch *w, const char *reason);

struct store_delivery;

/* reply: the server's, or all 0; words: its, or our own. */
void watch_outcome(struct watch *w, const struct store_delivery *d,
	enum delivery_state state, const struct smtp_reply *reply,
	const char *words, int64_t at);

/* Keeps an outcome without a server until it is written down, with the texts
 * of the delivery; why is not copied. */
void watch_keep(struct watch *w, struct store_delivery *d,
	enum delivery_state state, const char *why, int64_t at);
void watch_tell_kept(struct watch *w);
void watch_release(struct watch *w);

/* Nothing can be begun before a time. It is told when nothing is under way
 * (idle) and if it is long, once. */
void
watch_waiting(struct watch *w, enum watch_wait why, int64_t until, bool idle);

/* Something may be begun. */
void watch_no_wait(struct watch *w);

#endif
