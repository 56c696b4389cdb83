#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	BLOCK = 64 * 1024 - 64 /* with malloc's own bytes a round size */
};

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char data[];
};

/* A block that follows a (NULL: none) and has room for size bytes. One that
 * was kept and is too small stays behind it, for what comes later. */
static struct arena_block *
next_block(struct arena *a, size_t size)
{
	struct arena_block *next = a->now ? a->now->next : a->first;
	size_t room = size > BLOCK ? size : BLOCK;
	struct arena_block *block;

	if (next && size <= next->size) {
		next->used = 0;
		return next;
	}
	block = mem_resize(NULL, 1, sizeof *block + room);
	*block = (struct arena_block){.next = next, .size = room};
	if (a->now)
		a->now->next = block;
	else
		a->first = block;
	return block;
}

/* align is a power of two. */
static inline char *
take(struct arena *a, size_t size, size_t align)
{
	struct arena_block *block = a->now;
	size_t from = block ? (block->used + align - 1) & ~(align - 1) : 0;

	if (!block || from > block->size || size > block->size - from) {
		block = next_block(a, size);
		a->now = block;
		from = 0;
	}
	block->used = from + size;
	return block->data + from;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	return take(a, size, _Alignof(max_align_t));
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = take(a, len + 1, 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

struct arena_mark
arena_mark(const struct arena *a)
{
	return (struct arena_mark){a->now, a->now ? a->now->used : 0};
}

void
arena_rewind(struct arena *a, struct arena_mark mark)
{
	if (!mark.block) {
		arena_reset(a);
		return;
	}
	a->now = mark.block;
	a->now->used = mark.used;
}

size_t
arena_used(const struct arena *a)
{
	size_t used = 0;

	for (const struct arena_block *b = a->first; b; b = b->next) {
		used += b->used;
		if (b == a->now)
			break;
	}
	return used;
}

void
arena_reset(struct arena *a)
{
	if (a->first)
		a->first->used = 0;
	a->now = a->first;
}

void
arena_release(struct arena *a)
{
	if (!a)
		return;
	for (struct arena_block *b = a->first, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){0};
}
