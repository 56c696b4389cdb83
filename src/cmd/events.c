#include "cmd/events.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static void
begin(struct events *e, const char *name, int64_t mailing)
{
	buf_printf(&e->lines, "{\"event\":\"%s\",\"mailing\":%" PRId64, name,
		mailing);
}

static void
add_number(struct events *e, const char *name, int64_t value)
{
	buf_printf(&e->lines, ",\"%s\":%" PRId64, name, value);
}

/* NULL is null. */
static void
add_text(struct events *e, const char *name, const char *value)
{
	buf_printf(&e->lines, ",\"%s\":", name);
	if (value)
		json_add_string(&e->lines, value);
	else
		buf_puts(&e->lines, "null");
}

/* 0 is null. */
static void
add_time(struct events *e, const char *name, int64_t at)
{
	char text[CLOCK_TIME_MAX];

	clock_format_time(at, text);
	add_text(e, name, at ? text : NULL);
}

static void
end(struct events *e)
{
	buf_puts(&e->lines, "}\n");
}

/* Not through stdio, which gives up what a signal interrupted. */
static void
write_lines(struct events *e)
{
	size_t done = 0;

	while (e->wanted && done < e->lines.len) {
		struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
		ssize_t n = write(STDOUT_FILENO, e->lines.data + done,
			e->lines.len - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			poll(&out, 1, -1);
		} else if (errno != EINTR) {
			e->wanted = false;
			if (errno != EPIPE)
				fprintf(stderr,
					"openletter: the events cannot be "
					"written: %s; the mailing goes on\n",
					strerror(errno));
		}
	}
	buf_reset(&e->lines);
}

static void
add_start(struct events *e, const struct watch_event *event)
{
	const struct mailing *m = event->mailing;

	e->started = true;
	begin(e, "start", m->id);
	add_text(e, "letter", m->letter);
	add_text(e, "audience", audience_name(m->audience));
	add_text(e, "account", m->account);
	add_text(e, "from", m->from_address);
	add_number(e, "total", event->total);
	end(e);
}

/* The fields of `log`. */
static void
add_delivery(struct events *e, const struct watch_event *event)
{
	const struct watch_outcome *o = event->outcome;

	begin(e, "delivery", event->mailing->id);
	add_number(e, "delivery", o->delivery);
	add_text(e, "letter", event->mailing->letter);
	add_text(e, "lang", o->lang);
	add_text(e, "recipient", o->recipient);
	add_text(e, "state", delivery_state_name(o->state));
	add_number(e, "attempts", o->attempts);
	add_text(e, "message_id", o->message_id);
	add_number(e, "code", o->code);
	add_text(e, "status", o->status);
	add_text(e, "reply", o->reply);
	add_time(e, "at", o->at);
	add_text(e, "audience", audience_name(event->mailing->audience));
	add_text(e, "copy", o->copy ? "yes" : "no");
	end(e);
}

static void
add_waiting(
	struct events *e, int64_t mailing, enum watch_wait why, int64_t until)
{
	begin(e, "waiting", mailing);
	add_text(e, "why", watch_wait_name(why));
	add_time(e, "until", until);
	end(e);
}

void
events_tell(struct events *e, const struct watch_event *event)
{
	if (!e->wanted)
		return;
	switch (event->kind) {
	case WATCH_START:
		add_start(e, event);
		break;
	case WATCH_OUTCOME:
		add_delivery(e, event);
		break;
	case WATCH_WAITING:
		add_waiting(e, event->mailing->id, event->wait, event->until);
		break;
	case WATCH_PAUSED:
		begin(e, "paused", event->mailing->id);
		add_text(e, "reason", event->reason);
		end(e);
		break;
	case WATCH_STOPPING:
		break;
	case WATCH_TICK:
		write_lines(e);
		break;
	}
}

void
events_wait(
	struct events *e, int64_t mailing, enum watch_wait why, int64_t until)
{
	if (e->wanted)
		add_waiting(e, mailing, why, until);
	write_lines(e);
	buf_release(&e->lines);
}

void
events_end(struct events *e, int64_t mailing,
	const struct sender_result *result, int exit_status, const char *error)
{
	if (e->started) {
		begin(e, "end", mailing);
		add_number(e, "sent", result->sent);
		add_number(e, "deferred", result->deferred);
		add_number(e, "rejected", result->rejected);
		add_number(e, "unknown", result->unknown);
		add_number(e, "dropped", result->dropped);
		add_number(e, "exit", exit_status);
		add_time(e, "again", result->again);
		add_text(e, "why", watch_wait_name(result->why));
		add_text(e, "error", error);
		end(e);
		write_lines(e);
	}
	e->started = false;
	buf_release(&e->lines);
}
