/*
 * Two threads of an import: one reads rows and makes signatures of them, the
 * other, the caller's, stores them. They meet over a few chunks of rows, so
 * that memory does not grow with the file.
 */
#ifndef APP_IMPORT_CHUNKS_H
#define APP_IMPORT_CHUNKS_H

#include "base/arena.h"
#include "store/store_signature.h"

enum {
	CHUNK_ROWS = 32768,   /* the more, the fewer pages each row costs */
	CHUNK_BYTES = 8 << 20 /* of texts, roughly */
};

/* Rows on their way. Who fills it begins with all 0 and an empty arena. */
struct import_chunk {
	struct arena arena; /* of the texts */
	struct signature signatures[CHUNK_ROWS];
	struct store_item items[CHUNK_ROWS];
	size_t count;
	int64_t rows;	  /* read, with those that were rejected */
	int64_t rejected; /* of these */
	int64_t idle;	  /* of these: do not count where they come from */
	int64_t place;	  /* in the file, in bytes */
	bool last;
};

/* Each returns 0, or -1 with err, which ends it all. */
typedef int
import_chunk_fn(void *ctx, struct import_chunk *chunk, struct err *err);

/* Calls fill, in a thread of its own, until it sets last, and take for each
 * chunk in order; both with ctx. Returns 0, or -1 with the error of whoever
 * failed first. Errors also: ERR_IO: there is no thread to be had. */
int import_chunks(import_chunk_fn *fill, import_chunk_fn *take, void *ctx,
	struct err *err);

#endif
