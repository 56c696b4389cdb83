/*
 * A growing byte buffer. Zero-initialised is empty and usable; data is NULL
 * until something is added, and has a NUL behind len bytes from then on.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
/* In decimal digits: what buf_printf makes of PRId64, in a tenth of its
 * time. */
void buf_add_number(struct buf *b, int64_t number);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes room for len more bytes. Returns where they go; see buf_commit. */
char *buf_reserve(struct buf *b, size_t len);
/* Counts len bytes written to where buf_reserve pointed. */
void buf_commit(struct buf *b, size_t len);

/* Empties the buffer and keeps its memory. */
void buf_reset(struct buf *b);

/* The contents as a string, "" when empty; borrowed until the next change. */
const char *buf_str(const struct buf *b);

/* Hands the contents over (never NULL, free() them) and empties the buffer. */
char *buf_take(struct buf *b);

/* Frees the memory. Takes NULL and the zeroed state. */
void buf_release(struct buf *b);

#endif
