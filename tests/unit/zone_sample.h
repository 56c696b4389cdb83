/* A DNS for tests: what it holds is a table, and it counts its questions. */
#ifndef TESTS_ZONE_SAMPLE_H
#define TESTS_ZONE_SAMPLE_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/lookup.h"

/* One record; a name in the table exists, with every type that it has not. A
 * value NULL fails: nobody answers. A row without name ends the table. */
struct zone_record {
	const char *name;
	enum lookup_type type;
	const char *value; /* MX: the host */
	size_t len;	   /* 0: up to the NUL */
};

struct zone {
	const struct zone_record *records;
	int questions;
};

static inline void
zone_ask(void *ctx, const char *name, enum lookup_type type, struct lookup *out)
{
	struct zone *zone = ctx;
	const struct zone_record *r;

	zone->questions++;
	out->kind = LOOKUP_NO_NAME;
	for (r = zone->records; r->name; r++) {
		size_t len = strlen(name), tail = strlen(r->name);

		/* Names above a record exist too. */
		if (tail > len && str_ieq(r->name + tail - len, name) &&
			r->name[tail - len - 1] == '.' &&
			out->kind == LOOKUP_NO_NAME)
			out->kind = LOOKUP_NO_DATA;
		if (!str_ieq(r->name, name))
			continue;
		if (out->kind == LOOKUP_NO_NAME)
			out->kind = LOOKUP_NO_DATA;
		if (r->type != type)
			continue;
		if (!r->value) {
			lookup_fail(out, "it is silent");
			return;
		}
		lookup_add(
			out, r->value, r->len ? r->len : strlen(r->value), 10);
	}
}

static inline struct resolver
zone_resolver(struct zone *zone)
{
	return (struct resolver){zone_ask, zone};
}

#endif
