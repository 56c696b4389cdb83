#include "core/mailing.h"

#include <string.h>

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

int
signature_list_parse(const char *name, enum signature_list *out)
{
	if (strcmp(name, "csv") == 0)
		*out = SIGNATURE_LIST_CSV;
	else if (strcmp(name, "html") == 0)
		*out = SIGNATURE_LIST_HTML;
	else
		return -1;
	return 0;
}
