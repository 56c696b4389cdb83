/* Time: int64 unix seconds in UTC, written as RFC 3339. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/err.h"

enum {
	CLOCK_DAY_S = 86400
};

/* "2026-05-01T12:00:00Z" or "2026-05-01", with the NUL. */
enum {
	CLOCK_TIME_MAX = 32
};

int64_t clock_now(void);

/* The moment that a document says it was made at: now, or SOURCE_DATE_EPOCH
 * of the environment, so that it can be made again to the byte. */
int64_t clock_document(void);

/* Milliseconds that only go forward, for waits and rates. */
int64_t clock_monotonic_ms(void);

void clock_sleep_ms(int64_t wait_ms);

void clock_format_time(int64_t at, char out[static CLOCK_TIME_MAX]);
void clock_format_day(int64_t at, char out[static CLOCK_TIME_MAX]);

/* The first second in UTC of a day of the Gregorian calendar, month and day
 * from 1. Returns 0, or -1 when there is no such day. */
int clock_make_day(int year, int month, int day, int64_t *out);

/* Reads YYYY-MM-DD, a day that exists; *out is its first second in UTC.
 * Returns 0 or -1. */
int clock_parse_day(const char *text, int64_t *out);

/*
 * Reads a day as above or an RFC 3339 time ("2026-05-01T12:00:00Z", with a
 * blank for the T, or with an offset).
 * Returns 0 or -1.
 */
int clock_parse_time(const char *text, int64_t *out);

/*
 * Reads a moment that a person names: an RFC 3339 time with its offset, or
 * "2026-05-01 12:00" (seconds too, or a T for the blank) in the clock zone of
 * this machine.
 * Errors: ERR_USAGE: it is neither, or the clocks are changed over it, so that
 * it happens twice or never.
 */
int clock_parse_moment(const char *text, int64_t *out, struct err *err);

/* "2026-05-01 12:00" in the clock zone of this machine. */
void clock_format_local(int64_t at, char out[static CLOCK_TIME_MAX]);

/* "3 h 20 min" and the like, for people. */
void clock_format_span(int64_t span_s, char out[static CLOCK_TIME_MAX]);

#endif
