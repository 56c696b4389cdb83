/*
 * How many messages an account may still send, from what it sent before.
 * Pure: the ledger says what was sent, the caller says what time it is.
 */
#ifndef CORE_PACE_H
#define CORE_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "core/conf.h"

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

#endif
