/*
 * An ordered list of names and values: a recipient's row, a supporter's
 * answers, a line of output. Zero-initialised is empty. Owns its strings.
 */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <stddef.h>

struct field {
	char *name;
	char *value;
};

struct fields {
	struct field *items;
	size_t count;
	size_t cap;
};

/* Adds a field behind the others; the caller sees to it that names differ. */
void fields_add(struct fields *f, const char *name, const char *value);

/* The value of name, or NULL; borrowed until the next change. */
const char *fields_get(const struct fields *f, const char *name);

void fields_release(struct fields *f);

#endif
