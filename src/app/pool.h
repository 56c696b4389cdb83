/*
 * The connections of a run: worker threads that each hand one batch of
 * messages at a time to the server. A worker renders its letters itself and
 * asks at two points, before a body's end and at an outcome; it waits until
 * the owner has written that down. The owner is the thread that calls the
 * functions here, and it alone touches the store.
 */
#ifndef APP_POOL_H
#define APP_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "app/mailing.h"
#include "net/submit.h"
#include "store/store_ledger.h"

/* libESMTP keeps 4 KB per message until its session ends. */
enum {
	POOL_BATCH = 50
};

/* One batch. The owner fills deliveries, count and spending and may read all
 * of it between pool_wait and pool_answer. */
struct pool_batch {
	struct store_delivery deliveries[POOL_BATCH];
	size_t count;
	int64_t spending;
	long tried;  /* the owner's */
	long slowed; /* the owner's: answers that ask for patience */
};

enum pool_ask {
	POOL_HANDED_OVER, /* a body is all but its end with the server */
	POOL_SETTLED,	  /* a message has its outcome */
	POOL_ENDED,	  /* the batch is over; asks nothing */
};

/* What a worker asks. The owner sets answer to 0, or -1: go no further. */
struct pool_request {
	enum pool_ask ask;
	struct pool_batch *batch;
	size_t index; /* HANDED_OVER, SETTLED; ENDED with ERR_DATA: the one
			 that could not be rendered */
	struct outcome outcome; /* SETTLED */
	int rc;			/* ENDED: what submit_batch said */
	struct err err;		/* ENDED with rc -1 */
	int answer;
};

struct pool;

/* Makes a pool of 1..64 connections; account and mailing are borrowed as long
 * as it lives. Threads are made when they are needed. */
struct pool *pool_new(size_t connections, const struct submit_account *account,
	const struct mailing *mailing);

/* An empty batch of a worker that has nothing to do, or NULL. */
struct pool_batch *pool_idle(struct pool *pool);

/* Starts the batch. Returns 0, or -1: there can be no thread. */
int pool_start(struct pool *pool, struct pool_batch *batch, struct err *err);

/* How many batches are under way. */
size_t pool_busy(const struct pool *pool);

/* After a batch ended in vain: its connection is not used again. */
void pool_retire(struct pool *pool, struct pool_batch *batch);

/* Whether no connection is left. */
bool pool_is_empty(const struct pool *pool);

/* From now on no worker begins another message. */
void pool_close(struct pool *pool);

/*
 * Waits until workers ask something, at most timeout_ms.
 * Returns how many do; requests has room for as many as connections.
 */
size_t
pool_wait(struct pool *pool, int timeout_ms, struct pool_request **requests);

/* Lets the askers go on; a batch that ended becomes idle, its deliveries
 * released. */
void
pool_answer(struct pool *pool, struct pool_request **requests, size_t count);

/* Ends the threads; nothing is under way any more. */
void pool_free(struct pool *pool);

#endif
