/*
 * The mailings that a run goes on with, and when each of them is next: at
 * once, when the quota comes back or a letter is due, when the server is
 * tried again, or at the time that the mailing was made for. Waiting holds no
 * lock, goes by the clock on the wall in short steps, and ends by a signal.
 */
#ifndef APP_AGENDA_H
#define APP_AGENDA_H

#include <stdbool.h>
#include <stdint.h>

#include "app/workspace.h"

enum {
	/* So late a mailing still goes out at its time without a question. */
	AGENDA_GRACE_S = 600,
};

struct agenda_item {
	int64_t mailing;
	int64_t start_at; /* it was not begun and waits for this time, or 0 */
	int64_t at;	  /* when it is next; 0: at once */
	int64_t at_ms;	  /* the same, by the clock that is never set */
	bool on_time; /* somebody was there at start_at, or said yes later */
	bool waited;
	int failures; /* in a row: the server was not there */
	int64_t failing_since;
};

/* Zero-initialised is empty; release with agenda_release. */
struct agenda {
	struct agenda_item *items;
	size_t count;
	size_t cap;
	/* Told several times a second while nothing is due, or NULL: what is
	 * next. */
	void (*tick)(void *ctx, const struct agenda_item *next);
	void *tick_ctx;
};

void agenda_release(struct agenda *agenda);

/*
 * Adds a mailing. One that waits for its time and was paused waits again.
 * Errors: ERR_NOTFOUND, ERR_IO.
 */
int agenda_add(struct agenda *agenda, struct workspace *ws, int64_t mailing,
	struct err *err);

/* Adds every mailing that is not over, paused ones after the others, tests
 * last. Those that wait for their time are told to left instead. */
int agenda_add_unfinished(struct agenda *agenda, struct workspace *ws,
	void (*left)(void *ctx, int64_t mailing, int64_t start_at), void *ctx,
	struct err *err);

enum agenda_event {
	AGENDA_EMPTY,
	AGENDA_READY,	  /* run it: after agenda_begin */
	AGENDA_LATE,	  /* its time has passed while nobody waited for it */
	AGENDA_PAUSED,	  /* by hand, while it waited */
	AGENDA_CANCELLED, /* the same */
	AGENDA_STOPPED,	  /* a signal came while it waited */
};

/*
 * Waits for what is next and says what and with which mailing; *out is
 * borrowed until the agenda changes. Gives the sender's lock back before it
 * begins to wait. Errors: ERR_IO.
 */
int agenda_next(struct agenda *agenda, struct workspace *ws,
	enum agenda_event *event, struct agenda_item **out, struct err *err);

/* How many messages of the mailing are not sent yet. Errors: ERR_IO. */
int agenda_count(const struct agenda_item *item, struct workspace *ws,
	int64_t *out, struct err *err);

/* The mailing is about to be run: from now on it waits for no time. Errors:
 * ERR_IO, ERR_AGAIN. */
int
agenda_begin(struct agenda_item *item, struct workspace *ws, struct err *err);

/* It is next at that time, but at least a second from now. */
void agenda_postpone(struct agenda_item *item, int64_t at);

/*
 * The server was not there: the mailing is next after a wait that grows from
 * a quarter of an hour to 8 hours. Returns 0, or -1 after five days of that.
 */
int agenda_retry(struct agenda_item *item);

/* The server was there. */
void agenda_answered(struct agenda_item *item);

void agenda_drop(struct agenda *agenda, struct agenda_item *item);

#endif
