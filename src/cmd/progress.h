/*
 * The line on a terminal that says how far something long is. It is first
 * shown after a second, fits the terminal's width, is redrawn a few times a
 * second and is gone at the end. Where no line can be rewritten there is none.
 * One at a time; what else is printed meanwhile comes after progress_clear.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROGRESS_PARTS_MAX = 12,
	PROGRESS_PART_MAX = 48, /* bytes of one, with the NUL */
	PROGRESS_MARKS = 20,
	PROGRESS_LINE_MAX = PROGRESS_PARTS_MAX * (PROGRESS_PART_MAX + 2),
};

/* "12 sent". Where not all fit, those of the smallest weight (from 1) go
 * first, those of one weight together. */
struct progress_part {
	int weight;
	char text[PROGRESS_PART_MAX];
};

/* Where it was at a moment of the last seconds. */
struct progress_mark {
	int64_t at_ms;
	int64_t count;
	int64_t place;
};

struct progress {
	bool wanted;
	bool shown;
	int64_t began_ms;
	int64_t drawn_ms;
	int64_t moved_ms; /* when the count last changed */
	struct progress_mark now;
	int64_t end;
	struct progress_mark marks[PROGRESS_MARKS]; /* a ring */
	size_t mark_count;			    /* ever made */
	struct progress_part parts[PROGRESS_PARTS_MAX];
	size_t part_count;
};

void progress_begin(struct progress *p, bool wanted);

/*
 * Notes where it is: count things are done, and what is read or made is at
 * place on its way to end (0: not known); for many things place is count.
 * Returns whether it is time to draw. Cheap: call it for every thing, and as
 * often as it can be while nothing happens.
 */
bool
progress_due(struct progress *p, int64_t count, int64_t place, int64_t end);

/* Parts of the line, in order; those of the pace in the last ten seconds. */
void progress_part(struct progress *p, int weight, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void progress_part_rate(struct progress *p, int weight);
void progress_part_left(struct progress *p, int weight);

/* Seconds since the count changed. */
int64_t progress_still_s(const struct progress *p);

/* Shows the parts and forgets them. */
void progress_draw(struct progress *p);

/* Takes the line away; the next progress_draw brings it back. */
void progress_clear(struct progress *p);

/* Writes the parts that fit in width bytes, ", " between them. For tests. */
void progress_fit(const struct progress_part *parts, size_t count, size_t width,
	char out[static PROGRESS_LINE_MAX]);

#endif
