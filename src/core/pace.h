/*
 * How many messages an account may still send, from what it sent before.
 * Pure: the ledger says what was sent, the caller says what time it is.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "core/conf.h"
#include "core/outcome.h"

/*
 * What the ledger says of one window: how many messages were spent in the
 * last window_s seconds, and when the oldest of them was.
 */
struct pace_window {
	const struct conf_limit *limit;
	long spent;
	int64_t oldest; /* meaningless when spent is 0 */
};

/* Returns how many may be sent now, at most want; when that is 0, *again is
 * the time at which at least one may. */
long pace_allowance(const struct pace_window *windows, size_t count, long want,
	int64_t *again);

/* How long it takes at least until so many more are sent, by what was spent
 * before: a lower bound, since it takes all that was spent for as old as the
 * oldest. */
int64_t pace_span_s(const struct pace_window *windows, size_t count, long more,
	int64_t now);

/* Whether a reply asks for patience: 421, 450, 451, 452, 454 (RFC 5321 4.2.3,
 * RFC 4954 6). */
bool pace_is_slow(const struct smtp_reply *reply);

/*
 * How long to wait before the next batch when `step` batches more were slow
 * than were not: doubles from a second to a minute. jitter is 0..999 and
 * moves it by up to a fifth either way.
 */
enum {
	PACE_STEP_MAX = 7
};
int64_t pace_slow_ms(int step, int jitter);

#endif
