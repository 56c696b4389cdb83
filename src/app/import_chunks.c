#include "app/import_chunks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	CHUNKS = 2 /* one is filled, one stored */
};

struct exchange {
	struct import_chunk *chunks[CHUNKS];
	import_chunk_fn *fill;
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned filled, taken; /* so far, below the lock as all that follows */
	bool ended;		/* nothing more will be filled */
	bool abandoned;		/* nothing more will be taken */
	int rc;			/* of fill */
	struct err err;
};

/* Returns a chunk to be filled, or NULL: nobody will take it. */
static struct import_chunk *
wait_for_room(struct exchange *x)
{
	struct import_chunk *chunk = NULL;

	pthread_mutex_lock(&x->lock);
	while (!x->abandoned && x->filled - x->taken == CHUNKS)
		pthread_cond_wait(&x->moved, &x->lock);
	if (!x->abandoned)
		chunk = x->chunks[x->filled % CHUNKS];
	pthread_mutex_unlock(&x->lock);
	return chunk;
}

static void
hand_over(struct exchange *x, const struct import_chunk *chunk, int rc)
{
	pthread_mutex_lock(&x->lock);
	x->rc = rc;
	x->filled += rc == 0;
	x->ended = rc < 0 || chunk->last;
	pthread_cond_broadcast(&x->moved);
	pthread_mutex_unlock(&x->lock);
}

static void *
fill_all(void *arg)
{
	struct exchange *x = arg;
	struct import_chunk *chunk;
	int rc = 0;

	while (rc == 0 && (chunk = wait_for_room(x))) {
		arena_reset(&chunk->arena);
		chunk->count = 0;
		chunk->rows = chunk->rejected = chunk->idle = 0;
		chunk->place = 0;
		rc = x->fill(x->ctx, chunk, &x->err);
		hand_over(x, chunk, rc);
		if (chunk->last)
			break;
	}
	return NULL;
}

/* Returns the next chunk, or NULL at the end. */
static struct import_chunk *
wait_for_rows(struct exchange *x)
{
	struct import_chunk *chunk = NULL;

	pthread_mutex_lock(&x->lock);
	while (!x->ended && x->filled == x->taken)
		pthread_cond_wait(&x->moved, &x->lock);
	if (x->filled != x->taken)
		chunk = x->chunks[x->taken % CHUNKS];
	pthread_mutex_unlock(&x->lock);
	return chunk;
}

static void
give_back(struct exchange *x, bool abandon)
{
	pthread_mutex_lock(&x->lock);
	x->taken++;
	x->abandoned = abandon;
	pthread_cond_broadcast(&x->moved);
	pthread_mutex_unlock(&x->lock);
}

int
import_chunks(import_chunk_fn *fill, import_chunk_fn *take, void *ctx,
	struct err *err)
{
	struct exchange x = {
		.fill = fill,
		.ctx = ctx,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.moved = PTHREAD_COND_INITIALIZER,
	};
	struct import_chunk *chunk;
	pthread_t thread;
	int rc = 0, error;

	for (int i = 0; i < CHUNKS; i++)
		x.chunks[i] = mem_zalloc(sizeof *x.chunks[i]);
	error = pthread_create(&thread, NULL, fill_all, &x);
	if (error)
		rc = err_set(err, ERR_IO, "no thread to read the file: %s",
			strerror(error));
	while (rc == 0 && (chunk = wait_for_rows(&x))) {
		rc = take(ctx, chunk, err);
		give_back(&x, rc < 0);
	}
	if (!error)
		pthread_join(thread, NULL);
	if (rc == 0 && x.rc < 0) {
		*err = x.err;
		rc = -1;
	}
	for (int i = 0; i < CHUNKS; i++) {
		arena_release(&x.chunks[i]->arena);
		free(x.chunks[i]);
	}
	pthread_mutex_destroy(&x.lock);
	pthread_cond_destroy(&x.moved);
	return rc;
}
