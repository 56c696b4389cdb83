#include "base/counter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/token.h"

enum {
	SIZE_FIRST = 64
};

/* FNV-1a from a start that nobody outside knows, so that a list cannot be
 * made to fall into one slot. */
static uint32_t
hash(uint32_t start, int what, const char *text)
{
	uint32_t h;

	for (h = start + (uint32_t)what; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619;
	return h ^ h >> 15;
}

/* Where the thing is, or belongs. */
static struct counted *
find(struct counted *slots, size_t size, uint32_t h, int what, const char *text)
{
	size_t i = h & (size - 1);

	while (slots[i].text && (slots[i].hash != h || slots[i].what != what ||
					strcmp(slots[i].text, text) != 0))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static void
grow(struct counter *counter)
{
	size_t size = counter->size ? counter->size * 2 : SIZE_FIRST;
	struct counted *slots = mem_zalloc(size * sizeof *slots);

	if (!counter->size)
		counter->start = token_below(UINT32_MAX);
	for (size_t i = 0; i < counter->size; i++) {
		const struct counted *c = &counter->slots[i];

		if (c->text)
			*find(slots, size, c->hash, c->what, c->text) = *c;
	}
	free(counter->slots);
	counter->slots = slots;
	counter->size = size;
}

void
counter_add(struct counter *counter, int what, const char *text, int64_t count)
{
	struct counted *c;
	uint32_t h;

	if (counter->used * 2 >= counter->size)
		grow(counter);
	h = hash(counter->start, what, text);
	c = find(counter->slots, counter->size, h, what, text);
	if (!c->text) {
		*c = (struct counted){what, mem_strdup(text), 0, h};
		counter->used++;
	}
	c->count += count;
}

const struct counted *
counter_next(const struct counter *counter, size_t *at)
{
	while (*at < counter->size) {
		const struct counted *c = &counter->slots[(*at)++];

		if (c->text)
			return c;
	}
	return NULL;
}

void
counter_release(struct counter *counter)
{
	for (size_t i = 0; i < counter->size; i++)
		free(counter->slots[i].text);
	free(counter->slots);
	*counter = (struct counter){0};
}
