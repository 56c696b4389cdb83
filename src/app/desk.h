/* What sign.c and import.c share: a letter that is open for signing. */
#ifndef APP_DESK_H
#define APP_DESK_H

#include "app/sign.h"

struct signing_desk {
	struct workspace *ws;
	int64_t letter;
	int64_t edition;
	int64_t consent;
	int64_t opens;	/* INT64_MIN: always */
	int64_t closes; /* its last day; INT64_MAX: never */
	bool by_name;	/* who shares an address is told apart by name */
	char *lang;	/* of the edition */
	char *title;
	char *consent_text;
};

#endif
