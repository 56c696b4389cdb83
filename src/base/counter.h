/* Counts of things by a number and a text, in memory. */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stddef.h>
#include <stdint.h>

/* One thing that is counted; text is borrowed from the counter. */
struct counted {
	int what;
	char *text;
	int64_t count;
	uint32_t hash;
};

/* Zero-initialised. */
struct counter {
	struct counted *slots; /* without a text: free */
	size_t size;	       /* of slots: 0 or a power of two */
	size_t used;
	uint32_t start; /* of every hash */
};

/* Adds to the count of what and text, which begins at 0. */
void
counter_add(struct counter *counter, int what, const char *text, int64_t count);

/* Walks what was counted, in no order: *at begins at 0. Returns NULL at the
 * end. */
const struct counted *counter_next(const struct counter *counter, size_t *at);

/* Forgets everything. */
void counter_release(struct counter *counter);

#endif
