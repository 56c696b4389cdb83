#include "core/pace.h"

long
pace_allowance(const struct pace_window *windows, size_t count, long want,
	int64_t *again)
{
	long allowed = want;

	*again = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pace_window *w = &windows[i];
		long left = w->limit->count - w->spent;
		int64_t free_at = w->oldest + w->limit->window_s;

		if (left > 0) {
			if (left < allowed)
				allowed = left;
			continue;
		}
		allowed = 0;
		if (free_at > *again)
			*again = free_at;
	}
	return allowed;
}

int64_t
pace_span_s(
	const struct pace_window *windows, size_t count, long more, int64_t now)
{
	int64_t longest = 0;

	if (more <= 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const struct pace_window *w = &windows[i];
		int64_t began = w->spent ? w->oldest : now;
		int64_t windows_before =
			((int64_t)w->spent + more - 1) / w->limit->count;
		int64_t span =
			began + windows_before * w->limit->window_s - now;

		if (span > longest)
			longest = span;
	}
	return longest;
}

bool
pace_is_slow(const struct smtp_reply *reply)
{
	return reply->code == 421 || reply->code == 454 ||
	       (reply->code >= 450 && reply->code <= 452);
}

int64_t
pace_slow_ms(int step, int jitter)
{
	const int64_t longest = 60000;
	int64_t wait_ms;

	if (step <= 0)
		return 0;
	wait_ms = INT64_C(1000)
		  << (step < PACE_STEP_MAX ? step - 1 : PACE_STEP_MAX - 1);
	if (wait_ms > longest)
		wait_ms = longest;
	return wait_ms + wait_ms * (jitter - 500) / 2500;
}
