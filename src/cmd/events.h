/*
 * What happens while a mailing runs, as JSON lines on stdout: start, then
 * delivery, waiting and paused, and at last end. A reader that goes away ends
 * the events and nothing else.
 */
#ifndef CMD_EVENTS_H
#define CMD_EVENTS_H

#include "app/sender.h"
#include "base/buf.h"

/* Zero-initialised: nobody listens. */
struct events {
	bool wanted;
	bool started;
	struct buf lines; /* not yet written */
};

/* Adds a line for what the sender tells, or writes the lines that wait. */
void events_tell(struct events *e, const struct watch_event *event);

/* The mailing is not gone on with before a time. Writes at once. */
void events_wait(
	struct events *e, int64_t mailing, enum watch_wait why, int64_t until);

/* Adds the last line, if there was a first, and writes. error: what ended
 * the run, or NULL. Frees what is left. */
void events_end(struct events *e, int64_t mailing,
	const struct sender_result *result, int exit_status, const char *error);

#endif
