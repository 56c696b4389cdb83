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
