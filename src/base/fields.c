#include "base/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
fields_add(struct fields *f, const char *name, const char *value)
{
	f->items = mem_grow(f->items, f->count, &f->cap, sizeof *f->items);
	f->items[f->count++] = (struct field){
		.name = mem_strdup(name),
		.value = mem_strdup(value),
	};
}

const char *
fields_get(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return f->items[i].value;
	return NULL;
}

void
fields_release(struct fields *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->items[i].name);
		free(f->items[i].value);
	}
	free(f->items);
	*f = (struct fields){0};
}
