#include "app/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/compose.h"
#include "app/composition.h"
#include "base/mem.h"

_Static_assert(
	(int)POOL_BATCH <= SUBMIT_BATCH_MAX, "a batch must fit the transport");
#include "store/store.h"

enum worker_state {
	WORKER_IDLE,
	WORKER_BUSY,   /* its thread works on the batch */
	WORKER_ASKING, /* its request waits for the owner */
	WORKER_TAKEN,  /* the owner has the request */
	WORKER_RETIRED,
};

/* Guarded by the pool's lock: state. The batch and the request belong to the
 * thread while BUSY, to the owner otherwise. */
struct worker {
	struct pool *pool;
	pthread_t thread;
	bool has_thread;
	enum worker_state state;
	pthread_cond_t wake;
	struct pool_batch batch;
	struct pool_request request;
	/* the thread's own */
	struct composition **compositions; /* one per language */
	struct buf message;
	struct err err; /* of rendering, when broken */
	bool broken;
	size_t broken_index;
};

struct pool {
	const struct submit_account *account;
	const struct mailing *mailing;
	size_t count;
	struct worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	atomic_bool closed;
	bool ending;
};

/* Asks the owner and waits. Returns its answer. */
static int
ask(struct worker *w)
{
	struct pool *pool = w->pool;

	pthread_mutex_lock(&pool->lock);
	w->request.batch = &w->batch;
	w->request.answer = 0;
	w->state = WORKER_ASKING;
	pthread_cond_signal(&pool->asked);
	while (w->state == WORKER_ASKING || w->state == WORKER_TAKEN)
		pthread_cond_wait(&w->wake, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return w->request.answer;
}

static int
give_body(void *ctx, size_t index, const char **data, size_t *len)
{
	struct worker *w = ctx;

	if (atomic_load(&w->pool->closed) || w->broken)
		return -1;
	buf_reset(&w->message);
	if (compose_delivery(w->pool->mailing, w->compositions,
		    &w->batch.deliveries[index], &w->message, &w->err) < 0) {
		w->broken = true;
		w->broken_index = index;
		return -1;
	}
	*data = w->message.data;
	*len = w->message.len;
	return 0;
}

static int
ask_handed_over(void *ctx, size_t index)
{
	struct worker *w = ctx;

	w->request.ask = POOL_HANDED_OVER;
	w->request.index = index;
	return ask(w);
}

static int
ask_settled(void *ctx, size_t index, const struct outcome *outcome)
{
	struct worker *w = ctx;

	w->request.ask = POOL_SETTLED;
	w->request.index = index;
	w->request.outcome = *outcome;
	return ask(w);
}

static void
run_batch(struct worker *w)
{
	struct submit_envelope envelopes[POOL_BATCH];
	struct submit_calls calls = {
		.body = give_body,
		.handed_over = ask_handed_over,
		.settled = ask_settled,
		.ctx = w,
	};
	struct err err = {0};

	w->broken = false;
	for (size_t i = 0; i < w->batch.count; i++)
		envelopes[i] = (struct submit_envelope){
			.from = w->pool->mailing->from_address,
			.to = w->batch.deliveries[i].recipient,
		};
	w->request.rc = submit_batch(
		w->pool->account, envelopes, w->batch.count, &calls, &err);
	if (w->broken)
		w->request.rc = -1;
	w->request.err = w->broken ? w->err : err;
	w->request.index = w->broken_index;
	w->request.ask = POOL_ENDED;
	ask(w);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct pool *pool = w->pool;
	const struct mailing *m = pool->mailing;

	/* Pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	w->compositions = mem_zalloc((m->lang_count + 1) * sizeof(void *));
	for (size_t i = 0; i < m->lang_count; i++)
		w->compositions[i] = composition_new(&m->langs[i].edition);
	for (;;) {
		bool busy;

		pthread_mutex_lock(&pool->lock);
		while (w->state != WORKER_BUSY && !pool->ending)
			pthread_cond_wait(&w->wake, &pool->lock);
		busy = w->state == WORKER_BUSY;
		pthread_mutex_unlock(&pool->lock);
		if (!busy)
			break;
		run_batch(w);
	}
	for (size_t i = 0; i < m->lang_count; i++)
		composition_free(w->compositions[i]);
	free(w->compositions);
	buf_release(&w->message);
	return NULL;
}

struct pool *
pool_new(size_t connections, const struct submit_account *account,
	const struct mailing *mailing)
{
	struct pool *pool = mem_zalloc(sizeof *pool);
	pthread_condattr_t monotonic;

	pool->account = account;
	pool->mailing = mailing;
	pool->count = connections;
	pool->workers = mem_zalloc(connections * sizeof *pool->workers);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->asked, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (size_t i = 0; i < connections; i++) {
		pool->workers[i].pool = pool;
		pthread_cond_init(&pool->workers[i].wake, NULL);
	}
	return pool;
}

/* The worker whose batch this is. */
static struct worker *
worker_of(struct pool_batch *batch)
{
	return (struct worker *)((char *)batch -
				 offsetof(struct worker, batch));
}

static size_t
count_state(const struct pool *pool, enum worker_state state)
{
	struct pool *writable = (struct pool *)(uintptr_t)pool;
	size_t count = 0;

	pthread_mutex_lock(&writable->lock);
	for (size_t i = 0; i < pool->count; i++)
		count += pool->workers[i].state == state;
	pthread_mutex_unlock(&writable->lock);
	return count;
}

struct pool_batch *
pool_idle(struct pool *pool)
{
	struct pool_batch *found = NULL;

	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < pool->count && !found; i++)
		if (pool->workers[i].state == WORKER_IDLE)
			found = &pool->workers[i].batch;
	pthread_mutex_unlock(&pool->lock);
	if (found)
		*found = (struct pool_batch){0};
	return found;
}

/* Signals that end the run are the owner's. */
static int
make_thread(struct worker *w)
{
	sigset_t blocked, before;
	int rc;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	rc = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->has_thread = rc == 0;
	return rc;
}

int
pool_start(struct pool *pool, struct pool_batch *batch, struct err *err)
{
	struct worker *w = worker_of(batch);
	int rc = w->has_thread ? 0 : make_thread(w);

	if (rc != 0)
		return err_set(err, ERR_IO,
			"no thread for another connection: %s", strerror(rc));
	pthread_mutex_lock(&pool->lock);
	w->state = WORKER_BUSY;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

size_t
pool_busy(const struct pool *pool)
{
	return pool->count - count_state(pool, WORKER_IDLE) -
	       count_state(pool, WORKER_RETIRED);
}

void
pool_retire(struct pool *pool, struct pool_batch *batch)
{
	struct worker *w = worker_of(batch);

	pthread_mutex_lock(&pool->lock);
	w->state = WORKER_RETIRED;
	pthread_mutex_unlock(&pool->lock);
}

bool
pool_is_empty(const struct pool *pool)
{
	return count_state(pool, WORKER_RETIRED) == pool->count;
}

void
pool_close(struct pool *pool)
{
	atomic_store(&pool->closed, true);
}

static bool
is_asking(const struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		if (pool->workers[i].state == WORKER_ASKING)
			return true;
	return false;
}

size_t
pool_wait(struct pool *pool, int timeout_ms, struct pool_request **requests)
{
	struct timespec until;
	size_t count = 0;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)timeout_ms % 1000 * 1000000;
	until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&pool->lock);
	while (!is_asking(pool) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&pool->asked, &pool->lock, &until);
	for (size_t i = 0; i < pool->count; i++) {
		struct worker *w = &pool->workers[i];

		if (w->state != WORKER_ASKING)
			continue;
		w->state = WORKER_TAKEN;
		requests[count++] = &w->request;
	}
	pthread_mutex_unlock(&pool->lock);
	return count;
}

void
pool_answer(struct pool *pool, struct pool_request **requests, size_t count)
{
	pthread_mutex_lock(&pool->lock);
	for (size_t i = 0; i < count; i++) {
		struct worker *w = worker_of(requests[i]->batch);

		if (requests[i]->ask != POOL_ENDED) {
			w->state = WORKER_BUSY;
		} else if (w->state == WORKER_TAKEN) {
			w->state = WORKER_IDLE;
		}
		if (requests[i]->ask == POOL_ENDED)
			for (size_t k = 0; k < w->batch.count; k++)
				store_delivery_release(&w->batch.deliveries[k]);
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&pool->lock);
}

void
pool_free(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	for (size_t i = 0; i < pool->count; i++)
		pthread_cond_signal(&pool->workers[i].wake);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->count; i++) {
		if (pool->workers[i].has_thread)
			pthread_join(pool->workers[i].thread, NULL);
		pthread_cond_destroy(&pool->workers[i].wake);
	}
	pthread_cond_destroy(&pool->asked);
	pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	free(pool);
}
