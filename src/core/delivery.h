/*
 * A delivery's life: one message of a mailing to one address, and what may
 * become of it. The numbers stand in the database and never change.
 */
#ifndef CORE_DELIVERY_H
#define CORE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/outcome.h"

/*        member    number  name          */
#define DELIVERY_STATES(X)             \
	X(QUEUED, 0, "queued")         \
	X(CLAIMED, 1, "claimed")       \
	X(SENDING, 2, "sending")       \
	X(SENT, 3, "sent")             \
	X(DEFERRED, 4, "deferred")     \
	X(REJECTED, 5, "rejected")     \
	X(UNKNOWN, 6, "unknown")       \
	X(SUPPRESSED, 7, "suppressed") \
	X(CANCELLED, 8, "cancelled")   \
	X(BOUNCED, 9, "bounced")

enum delivery_state {
#define X(member, number, name) DELIVERY_##member = (number),
	DELIVERY_STATES(X)
#undef X
	DELIVERY_STATE_COUNT
};

/* The state's name as people see it. */
const char *delivery_state_name(enum delivery_state state);

/* Returns 0 or -1. */
int delivery_state_parse(const char *name, enum delivery_state *out);

/* What an outcome makes of a delivery that was tried for the attempt-th time
 * (from 1), first at first_try, now being now. */
enum delivery_state
delivery_after(const struct outcome *outcome, int64_t first_try, int64_t now);

/* Retries end this long after the first try (RFC 5321 4.5.4.1: 4-5 days). */
enum {
	DELIVERY_GIVE_UP_S = 5 * 86400
};

/*
 * How long to wait after the attempt-th try (from 1): grows from 15 minutes
 * to 8 hours. jitter is 0..999 and moves it by up to a fifth either way, so
 * that what was refused together does not come back together.
 */
int64_t delivery_retry_wait_s(int attempt, int jitter);

#endif
