/*
 * What is wrong in files that people wrote, collected so that all of it can
 * be reported at once, a line each: `file:line:column: what`.
 */
#ifndef BASE_PROBLEM_H
#define BASE_PROBLEM_H

#include <stddef.h>

struct problem {
	char *file; /* as the user would name it */
	long line;  /* from 1; 0 when the file as a whole is meant */
	int column; /* in code points from 1; 0 when the line is meant */
	char *text; /* what is wrong; what to do */
};

/* Zero-initialised is empty. */
struct problems {
	struct problem *items;
	size_t count;
	size_t cap;
};

void problems_add(struct problems *ps, const char *file, long line, int column,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Sorts by file, line, column and leaves out exact repeats. */
void problems_sort(struct problems *ps);

void problems_release(struct problems *ps);

#endif
