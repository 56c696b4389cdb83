#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
problems_add(struct problems *ps, const char *file, long line, int column,
	const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = mem_zalloc(len < 0 ? 1 : (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(text, len < 0 ? 1 : (size_t)len + 1, fmt, ap);
	va_end(ap);
	ps->items = mem_grow(ps->items, ps->count, &ps->cap, sizeof *ps->items);
	ps->items[ps->count++] = (struct problem){
		.file = mem_strdup(file),
		.line = line,
		.column = column,
		.text = text,
	};
}

static int
compare(const void *a, const void *b)
{
	const struct problem *x = a, *y = b;
	int c = strcmp(x->file, y->file);

	if (c == 0)
		c = (x->line > y->line) - (x->line < y->line);
	if (c == 0)
		c = (x->column > y->column) - (x->column < y->column);
	return c ? c : strcmp(x->text, y->text);
}

static void
problem_release(struct problem *p)
{
	free(p->file);
	free(p->text);
}

void
problems_sort(struct problems *ps)
{
	size_t kept = 0;

	if (ps->count)
		qsort(ps->items, ps->count, sizeof *ps->items, compare);
	for (size_t i = 0; i < ps->count; i++) {
		if (kept && !compare(&ps->items[kept - 1], &ps->items[i]))
			problem_release(&ps->items[i]);
		else
			ps->items[kept++] = ps->items[i];
	}
	ps->count = kept;
}

void
problems_release(struct problems *ps)
{
	if (!ps)
		return;
	for (size_t i = 0; i < ps->count; i++)
		problem_release(&ps->items[i]);
	free(ps->items);
	*ps = (struct problems){0};
}
