#include "app/tempo.h"

#include "base/clock.h"
#include "base/token.h"
#include "core/pace.h"

enum {
	BATCH_FIRST = 20,
	BATCH_LEAST = 5,
	BATCH_MS = 1000,
};

void
tempo_begin(struct tempo *t)
{
	*t = (struct tempo){.batch_size = BATCH_FIRST};
}

static void
fit_batch(struct tempo *t, int64_t took_ms)
{
	if (took_ms * 2 < BATCH_MS && t->batch_size * 2 <= POOL_BATCH)
		t->batch_size *= 2;
	else if (took_ms * 2 < BATCH_MS)
		t->batch_size = POOL_BATCH;
	else if (took_ms > BATCH_MS && t->batch_size / 2 >= BATCH_LEAST)
		t->batch_size /= 2;
}

void
tempo_note(struct tempo *t, const struct pool_batch *batch)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms;

	if (batch->slowed * 2 > (long)batch->count) {
		if (t->step < PACE_STEP_MAX)
			t->step++;
		wait_ms = pace_slow_ms(t->step, (int)token_below(1000));
		t->until_ms = now_ms + wait_ms;
		t->until = clock_now() + wait_ms / 1000;
	} else if (batch->tried > 0 && t->step > 0) {
		t->step--;
	}
	fit_batch(t, now_ms - batch->began_ms);
}
