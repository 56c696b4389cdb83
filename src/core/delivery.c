#include "core/delivery.h"

#include <string.h>

static const char *const names[] = {
#define X(member, number, name) [(number)] = (name),
	DELIVERY_STATES(X)
#undef X
};

const char *
delivery_state_name(enum delivery_state state)
{
	return names[state];
}

int
delivery_state_parse(const char *name, enum delivery_state *out)
{
	for (int i = 0; i < DELIVERY_STATE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum delivery_state)i;
			return 0;
		}
	}
	return -1;
}

enum delivery_state
delivery_after(const struct outcome *outcome, int64_t first_try, int64_t now)
{
	switch (outcome->kind) {
	case OUTCOME_QUEUED:
	case OUTCOME_OURS:
		return DELIVERY_QUEUED;
	case OUTCOME_DEFERRED:
		return now - first_try >= DELIVERY_GIVE_UP_S
			       ? DELIVERY_REJECTED
			       : DELIVERY_DEFERRED;
	case OUTCOME_REJECTED:
		return DELIVERY_REJECTED;
	case OUTCOME_SENT:
		return DELIVERY_SENT;
	case OUTCOME_UNKNOWN:
		break;
	}
	return DELIVERY_UNKNOWN;
}

int64_t
delivery_retry_wait_s(int attempt, int jitter)
{
	const int64_t longest = 8 * 3600;
	int64_t wait_s = 15 * 60;

	for (int i = 1; i < attempt && wait_s < longest; i++)
		wait_s *= 2;
	if (wait_s > longest)
		wait_s = longest;
	return wait_s + wait_s * (jitter - 500) / 2500;
}
