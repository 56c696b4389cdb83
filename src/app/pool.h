/*
 * The connections of a run: worker threads that each hand one batch of
 * messages at a time to the server. A worker renders its letters itself and
 * writes down in its own slots (store/inflight.h) what it did, before a body's
 * end and at an outcome. The owner, the thread that calls the functions here,
 * reads the outcomes and takes them over into the store, which it alone
 * touches.
 */
#ifndef APP_POOL_H
#define APP_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "app/mailing.h"
#include "net/submit.h"
#include "store/inflight.h"
#include "store/store_ledger.h"

/* libESMTP keeps 4 KB per message until its session ends. REFUSALS: so many
 * recipients in a row refused for policy (5.7.x) mean that the server refuses
 * us, not them. */
enum {
	POOL_BATCH = 100,
	POOL_REFUSALS_MAX = 10,
};

/* What became of one message of a batch. */
struct pool_done {
	size_t index;
	int64_t at;
	struct outcome outcome;
};

/*
 * One batch. The owner fills the first three members before pool_start. While
 * it runs the owner may read deliveries, and the first pool_done_count() of
 * done; all of it once it has ended.
 */
struct pool_batch {
	struct store_delivery deliveries[POOL_BATCH];
	size_t count;
	int64_t spending;
	struct pool_done done[POOL_BATCH];
	int rc;		/* of submit_batch */
	struct err err; /* with rc -1 */
	bool broken;	/* ... because one could not be rendered: ERR_DATA,
			   or none can be now */
	size_t broken_index;
	/* the owner's */
	size_t noted;	      /* of done, in the store */
	int64_t noted_handed; /* the delivery noted as handed over last */
	long tried;
	long slowed; /* answers that ask for patience */
	int64_t began_ms;
};

struct pool;

/* Makes a pool of 1..64 connections; the arguments are borrowed as long as it
 * lives. inflight has POOL_BATCH slots for each. Threads are made when they are
 * needed. */
struct pool *pool_new(size_t connections, const struct submit_account *account,
	const struct mailing *mailing, struct inflight *inflight);

/* An empty batch of the n-th worker, if that has nothing to do; else NULL. */
struct pool_batch *pool_idle(struct pool *pool, size_t n);

/* Starts the batch. Returns 0, or -1: there can be no thread. */
int pool_start(struct pool *pool, struct pool_batch *batch, struct err *err);

/* The n-th worker's batch that runs or has ended, or NULL. */
struct pool_batch *pool_batch(struct pool *pool, size_t n, bool *ended);

size_t pool_done_count(const struct pool_batch *batch);

/* The delivery whose body is all but its end with the server, and that has
 * no outcome yet; NULL: there is none. */
const struct store_delivery *pool_handed_over(const struct pool_batch *batch);

/* Waits until a batch has ended, at most timeout_ms. */
void pool_wait(struct pool *pool, int timeout_ms);

/*
 * Gives back a batch that has ended and whose outcomes are in the store: clears
 * its slots, releases its deliveries; its worker is idle again or, if retired,
 * not used again. Errors: ERR_IO: the slots may be as they were.
 */
int pool_finish(struct pool *pool, struct pool_batch *batch, bool retire,
	struct err *err);

/* How many batches run. */
size_t pool_running(const struct pool *pool);

/* Whether every worker is retired. */
bool pool_is_empty(const struct pool *pool);

/* From now on no worker begins another message. */
void pool_close(struct pool *pool);

/* Whether the last POOL_REFUSALS_MAX answers were refusals for policy; the
 * pool has closed itself then. */
bool pool_is_refused(const struct pool *pool);

/* Ends the threads; nothing runs any more. */
void pool_free(struct pool *pool);

#endif
