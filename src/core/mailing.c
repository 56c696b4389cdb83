#include "core/mailing.h"

const char *
audience_name(enum audience audience)
{
	static const char *const names[] = {
		"recipients", "for-signers", "to-signers", "test"};

	return names[audience];
}

const char *
mailing_state_name(enum mailing_state state)
{
	static const char *const names[] = {
		"running", "paused", "done", "cancelled"};

	return names[state];
}
