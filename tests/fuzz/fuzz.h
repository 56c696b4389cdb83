/*
 * What the fuzz targets share: libFuzzer's entry point, and a cursor that
 * takes its input apart. assert() tells of a broken rule.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#undef NDEBUG
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct fuzz {
	const uint8_t *data;
	size_t left;
};

/* 0 at the end. */
static inline unsigned
fuzz_byte(struct fuzz *f)
{
	if (f->left == 0)
		return 0;
	f->left--;
	return *f->data++;
}

/* Up to the next mark, which is left out; to be freed. */
static inline char *
fuzz_until(struct fuzz *f, uint8_t mark, size_t *len)
{
	const uint8_t *end =
		f->left > 0 ? memchr(f->data, mark, f->left) : NULL;
	char *text;

	*len = end ? (size_t)(end - f->data) : f->left;
	text = mem_zalloc(*len + 1);
	if (*len > 0)
		memcpy(text, f->data, *len);
	f->data += *len + (end != NULL);
	f->left -= *len + (end != NULL);
	return text;
}

static inline char *
fuzz_line(struct fuzz *f)
{
	size_t len;

	return fuzz_until(f, '\n', &len);
}

#endif
