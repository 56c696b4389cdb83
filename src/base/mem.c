#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static void *
checked(void *p)
{
	static const char msg[] = "openletter: out of memory; nothing was "
				  "lost, run the command again\n";

	if (p)
		return p;
	if (write(STDERR_FILENO, msg, sizeof msg - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

void *
mem_zalloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *
mem_resize(void *p, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		return checked(realloc(p, 1));
	if (count > SIZE_MAX / size)
		return checked(NULL);
	return checked(realloc(p, count * size));
}

void *
mem_grow(void *p, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return p;
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(p, *cap, size);
}

char *
mem_strdup(const char *s)
{
	return s ? mem_strndup(s, strlen(s)) : NULL;
}

char *
mem_strndup(const char *s, size_t len)
{
	char *copy = mem_zalloc(len + 1);

	if (len)
		memcpy(copy, s, len);
	return copy;
}

char *
mem_printf(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		out = NULL;
	va_end(ap);
	return checked(out);
}
