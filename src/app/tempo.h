/*
 * How much a run of a mailing asks of its server: how large the next batches
 * are and when the next may begin, from how the last ones went.
 */
#ifndef APP_TEMPO_H
#define APP_TEMPO_H

#include <stddef.h>
#include <stdint.h>

#include "app/pool.h"

/* Read only, except through what follows. */
struct tempo {
	size_t batch_size; /* about a second of work, so that little is in doubt
			      after a power loss */
	int step;	   /* see pace_slow_ms */
	int64_t until_ms;  /* by the monotonic clock; 0: never waited */
	int64_t until;	   /* the same by the clock */
};

void tempo_begin(struct tempo *t);

/* A batch is over. A server that asks for patience gets it, and trust comes
 * back slowly (RFC 5321 4.5.4.1). */
void tempo_note(struct tempo *t, const struct pool_batch *batch);

#endif
