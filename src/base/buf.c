#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char *
buf_reserve(struct buf *b, size_t len)
{
	size_t want = len > SIZE_MAX / 4 ? SIZE_MAX : b->len + len + 1;

	if (want > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < want && cap < SIZE_MAX / 2)
			cap *= 2;
		b->data = mem_resize(b->data, cap < want ? want : cap, 1);
		b->cap = cap < want ? want : cap;
	}
	return b->data + b->len;
}

void
buf_commit(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	char *to = buf_reserve(b, len);

	if (len > 0)
		memcpy(to, data, len);
	buf_commit(b, len);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_add_number(struct buf *b, int64_t number)
{
	char digits[20];
	char *end = digits + sizeof digits, *to = end;
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		*--to = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--to = '-';
	buf_add(b, to, (size_t)(end - to));
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t room;
	va_list ap;
	int n;

	buf_reserve(b, 0);
	room = b->cap - b->len;
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= room) {
		buf_reserve(b, (size_t)n);
		va_start(ap, fmt);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	buf_commit(b, (size_t)n);
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

const char *
buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *
buf_take(struct buf *b)
{
	char *out = b->data ? b->data : mem_strdup("");

	*b = (struct buf){0};
	return out;
}

void
buf_release(struct buf *b)
{
	if (!b)
		return;
	free(b->data);
	*b = (struct buf){0};
}
