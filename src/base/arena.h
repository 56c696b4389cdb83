/*
 * Memory that is handed out in small pieces and given back all at once: for
 * what lives exactly as long as something else, such as the texts of a batch
 * of rows. Zero-initialised is empty and usable. Not for two threads at once,
 * but one may fill it and another read and reset it, in turns.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *first;
	struct arena_block *now; /* where the next piece comes from */
};

/* Returns size bytes (not zeroed) that any type may stand in; they live
 * until the arena is reset or released. */
void *arena_alloc(struct arena *a, size_t size);

/* Copies a string; NULL gives NULL. */
char *arena_strdup(struct arena *a, const char *s);

/* Copies len bytes and puts a NUL behind them. */
char *arena_strndup(struct arena *a, const char *s, size_t len);

/* Where the arena stood: arena_rewind takes back what was handed out since. */
struct arena_mark {
	struct arena_block *block;
	size_t used;
};

struct arena_mark arena_mark(const struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark mark);

/* How many bytes were handed out since the last reset. */
size_t arena_used(const struct arena *a);

/* Takes all pieces back and keeps the memory for the next ones. */
void arena_reset(struct arena *a);

/* Frees the memory. Takes NULL and the zeroed state. */
void arena_release(struct arena *a);

#endif
