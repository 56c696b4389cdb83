/*
 * Memory that is always there: when it runs out the program says so and ends
 * with EX_OSERR. The store's transaction is the safety net, so nothing needs
 * undoing. What these return is freed with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Returns size zeroed bytes (at least one). */
void *mem_zalloc(size_t size);

/* Resizes to count elements of size bytes; overflow ends the program. */
void *mem_resize(void *p, size_t count, size_t size);

/*
 * Makes room for one more element: doubles *cap when count has reached it.
 * Returns the array, perhaps moved.
 */
void *mem_grow(void *p, size_t count, size_t *cap, size_t size);

/* Copies a string; NULL gives NULL. */
char *mem_strdup(const char *s);

/* Copies len bytes and puts a NUL behind them. */
char *mem_strndup(const char *s, size_t len);

/* Formats into a new string. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
