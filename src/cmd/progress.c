#include "cmd/progress.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	FIRST_MS = 1000,
	EVERY_MS = 250,
	MARK_MS = 500, /* with PROGRESS_MARKS: ten seconds */
	WIDTH = 80,    /* where the terminal does not say */
	ROOM = 3,      /* the last column, which some terminals wrap at, and the
			  ^C that they show */
};

void
progress_begin(struct progress *p, bool wanted)
{
	int64_t now = clock_monotonic_ms();

	*p = (struct progress){
		.wanted = wanted,
		.began_ms = now,
		.moved_ms = now,
		.now.at_ms = now,
		.marks[0].at_ms = now,
		.mark_count = 1,
	};
}

bool
progress_due(struct progress *p, int64_t count, int64_t place, int64_t end)
{
	const struct progress_mark *last;
	int64_t now;

	if (!p->wanted)
		return false;
	now = clock_monotonic_ms();
	if (count != p->now.count)
		p->moved_ms = now;
	p->now = (struct progress_mark){now, count, place};
	p->end = end;
	last = &p->marks[(p->mark_count - 1) % PROGRESS_MARKS];
	if (now >= last->at_ms + MARK_MS)
		p->marks[p->mark_count++ % PROGRESS_MARKS] = p->now;
	return now >= p->began_ms + FIRST_MS && now >= p->drawn_ms + EVERY_MS;
}

int64_t
progress_still_s(const struct progress *p)
{
	return (p->now.at_ms - p->moved_ms) / 1000;
}

/* What was done since the oldest mark there is. */
static struct progress_mark
recent(const struct progress *p)
{
	size_t oldest = p->mark_count < PROGRESS_MARKS
				? 0
				: p->mark_count % PROGRESS_MARKS;
	const struct progress_mark *then = &p->marks[oldest];

	return (struct progress_mark){
		.at_ms = p->now.at_ms - then->at_ms,
		.count = p->now.count - then->count,
		.place = p->now.place - then->place,
	};
}

void
progress_part(struct progress *p, int weight, const char *fmt, ...)
{
	struct progress_part *part;
	va_list ap;

	if (p->part_count == PROGRESS_PARTS_MAX)
		return;
	part = &p->parts[p->part_count++];
	part->weight = weight;
	va_start(ap, fmt);
	vsnprintf(part->text, sizeof part->text, fmt, ap);
	va_end(ap);
}

void
progress_part_rate(struct progress *p, int weight)
{
	struct progress_mark done = recent(p);

	if (done.at_ms <= 0)
		return;
	if (done.count * 1000 >= done.at_ms * 10)
		progress_part(p, weight, "%" PRId64 "/s",
			done.count * 1000 / done.at_ms);
	else if (done.count * 1000 >= done.at_ms)
		progress_part(p, weight, "%.1f/s",
			(double)done.count * 1000 / (double)done.at_ms);
	else
		progress_part(p, weight, "%" PRId64 "/min",
			done.count * 60000 / done.at_ms);
}

void
progress_part_left(struct progress *p, int weight)
{
	struct progress_mark done = recent(p);
	char span[CLOCK_TIME_MAX];

	if (done.place <= 0 || p->end <= p->now.place)
		return;
	clock_format_span(
		(int64_t)((double)(p->end - p->now.place) * (double)done.at_ms /
			  (double)done.place / 1000),
		span);
	progress_part(p, weight, "%s left", span);
}

/* The length of the parts of at least this weight, commas between them. */
static size_t
length_from(const struct progress_part *parts, size_t count, int weight)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		if (parts[i].weight >= weight)
			len += (len ? strlen(", ") : 0) + strlen(parts[i].text);
	return len;
}

/* The smallest weight there is above one. */
static int
next_weight(const struct progress_part *parts, size_t count, int weight)
{
	int next = INT_MAX;

	for (size_t i = 0; i < count; i++)
		if (parts[i].weight > weight && parts[i].weight < next)
			next = parts[i].weight;
	return next;
}

void
progress_fit(const struct progress_part *parts, size_t count, size_t width,
	char out[static PROGRESS_LINE_MAX])
{
	int weight = 0;
	size_t len = 0;

	while (length_from(parts, count, weight) > width)
		weight = next_weight(parts, count, weight);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (parts[i].weight >= weight)
			len += (size_t)snprintf(out + len,
				PROGRESS_LINE_MAX - len, "%s%s",
				len ? ", " : "", parts[i].text);
}

static size_t
terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH - ROOM;
	return size.ws_col > ROOM ? size.ws_col - ROOM : 0;
}

void
progress_draw(struct progress *p)
{
	char line[PROGRESS_LINE_MAX];

	p->drawn_ms = p->now.at_ms;
	progress_fit(p->parts, p->part_count, terminal_width(), line);
	p->part_count = 0;
	/* Not in the midst of what somebody else shows there now. */
	if (tcgetpgrp(STDERR_FILENO) != getpgrp())
		return;
	fprintf(stderr, "\r%s\033[K", line);
	p->shown = true;
}

void
progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
	p->drawn_ms = 0;
}
