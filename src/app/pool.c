#include "app/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/compose.h"
#include "app/composition.h"
#include "base/clock.h"
#include "base/mem.h"

_Static_assert(
	(int)POOL_BATCH <= SUBMIT_BATCH_MAX, "a batch must fit the transport");

enum worker_state {
	WORKER_IDLE,
	WORKER_BUSY, /* its thread works on the batch */
	WORKER_ENDED,
	WORKER_RETIRED,
};

/*
 * Guarded by the pool's lock: state. The batch belongs to the thread while
 * BUSY, but for what stands in done before done_count, which is the owner's to
 * read.
 */
struct worker {
	struct pool *pool;
	pthread_t thread;
	bool has_thread;
	enum worker_state state;
	pthread_cond_t wake;
	struct pool_batch batch;
	atomic_size_t done_count;
	atomic_size_t handed; /* index + 1 of the one handed over; 0: none */
	/* the thread's own */
	size_t first_slot;
	struct composition **compositions; /* one per language */
	struct submit_account account;	   /* the pool's, with what is kept */
	struct buf message;
};

struct pool {
	const struct submit_account *account;
	const struct mailing *mailing;
	struct inflight *inflight;
	size_t count;
	struct worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	atomic_bool closed;
	atomic_int refusals; /* in a row */
	atomic_bool refused;
	bool ending;
};

static int
give_body(void *ctx, size_t index, const char **data, size_t *len)
{
	struct worker *w = ctx;
	struct pool_batch *b = &w->batch;

	if (atomic_load(&w->pool->closed) || b->broken)
		return -1;
	buf_reset(&w->message);
	if (compose_delivery(w->pool->mailing, w->compositions,
		    &b->deliveries[index], &w->message, &b->err) < 0) {
		b->broken = true;
		b->broken_index = index;
		return -1;
	}
	*data = w->message.data;
	*len = w->message.len;
	return 0;
}

/* A failure to write down stops the batch: see submit_calls. */
static int
note_handed_over(void *ctx, size_t index)
{
	struct worker *w = ctx;
	const struct store_delivery *d = &w->batch.deliveries[index];
	struct err ignored;

	atomic_store(&w->handed, index + 1);
	return inflight_handed_over(w->pool->inflight, w->first_slot + index,
		d->id, d->attempts, clock_now(), &ignored);
}

/* What tells of ourselves ends the run before the owner hears of it. */
static void
judge(struct pool *pool, const struct outcome *outcome)
{
	if (outcome->policy &&
		atomic_fetch_add(&pool->refusals, 1) + 1 >= POOL_REFUSALS_MAX)
		atomic_store(&pool->refused, true);
	else if (!outcome->policy && outcome->kind != OUTCOME_QUEUED &&
		 outcome->kind != OUTCOME_OURS)
		atomic_store(&pool->refusals, 0);
	if (outcome->kind == OUTCOME_OURS || pool_is_refused(pool))
		pool_close(pool);
}

static int
note_settled(void *ctx, size_t index, const struct outcome *outcome)
{
	struct worker *w = ctx;
	size_t n = atomic_load(&w->done_count);
	struct pool_done *done = &w->batch.done[n];
	const struct store_delivery *d = &w->batch.deliveries[index];
	struct err ignored;
	int rc = 0;

	*done = (struct pool_done){index, clock_now(), *outcome};
	if (outcome->kind != OUTCOME_QUEUED ||
		atomic_load(&w->handed) == index + 1)
		rc = inflight_settled(w->pool->inflight, w->first_slot + index,
			d->id, d->attempts, outcome, done->at, &ignored);
	atomic_store(&w->handed, 0);
	atomic_store(&w->done_count, n + 1);
	judge(w->pool, outcome);
	return pool_is_refused(w->pool) ? -1 : rc;
}

static void
run_batch(struct worker *w)
{
	struct submit_envelope envelopes[POOL_BATCH];
	struct submit_calls calls = {
		.body = give_body,
		.handed_over = note_handed_over,
		.settled = note_settled,
		.ctx = w,
	};
	struct pool_batch *b = &w->batch;
	struct err err = {0};

	for (size_t i = 0; i < b->count; i++)
		envelopes[i] = (struct submit_envelope){
			.from = w->pool->mailing->from_address,
			.to = b->deliveries[i].recipient,
		};
	b->rc = submit_batch(&w->account, envelopes, b->count, &calls, &err);
	if (b->broken)
		b->rc = -1;
	else
		b->err = err;
}

static void
end_batch(struct worker *w)
{
	pthread_mutex_lock(&w->pool->lock);
	w->state = WORKER_ENDED;
	pthread_cond_signal(&w->pool->ended);
	pthread_mutex_unlock(&w->pool->lock);
}

static bool
wait_for_batch(struct worker *w)
{
	bool busy;

	pthread_mutex_lock(&w->pool->lock);
	while (w->state != WORKER_BUSY && !w->pool->ending)
		pthread_cond_wait(&w->wake, &w->pool->lock);
	busy = w->state == WORKER_BUSY;
	pthread_mutex_unlock(&w->pool->lock);
	return busy;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	const struct mailing *m = w->pool->mailing;

	w->account = *w->pool->account;
	w->account.keep = submit_keep_new();
	/* Pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	w->compositions = mem_zalloc((m->lang_count + 1) * sizeof(void *));
	for (size_t i = 0; i < m->lang_count; i++)
		w->compositions[i] = composition_new(&m->langs[i].edition);
	while (wait_for_batch(w)) {
		run_batch(w);
		end_batch(w);
	}
	for (size_t i = 0; i < m->lang_count; i++)
		composition_free(w->compositions[i]);
	free(w->compositions);
	submit_keep_free(w->account.keep);
	buf_release(&w->message);
	return NULL;
}

struct pool *
pool_new(size_t connections, const struct submit_account *account,
	const struct mailing *mailing, struct inflight *inflight)
{
	struct pool *pool = mem_zalloc(sizeof *pool);
	pthread_condattr_t monotonic;

	pool->account = account;
	pool->mailing = mailing;
	pool->inflight = inflight;
	pool->count = connections;
	pool->workers = mem_zalloc(connections * sizeof *pool->workers);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->ended, &monotonic);
	pthread_condattr_destroy(&monotonic);
	for (size_t i = 0; i < connections; i++) {
		pool->workers[i].pool = pool;
		pool->workers[i].first_slot = i * POOL_BATCH;
		pthread_cond_init(&pool->workers[i].wake, NULL);
	}
	return pool;
}

/* The worker whose batch this is. */
static struct worker *
worker_of(const struct pool_batch *batch)
{
	return (struct worker *)((uintptr_t)batch -
				 offsetof(struct worker, batch));
}

static enum worker_state
state_of(struct worker *w)
{
	enum worker_state state;

	pthread_mutex_lock(&w->pool->lock);
	state = w->state;
	pthread_mutex_unlock(&w->pool->lock);
	return state;
}

static size_t
count_state(const struct pool *pool, enum worker_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < pool->count; i++)
		count += state_of(&pool->workers[i]) == state;
	return count;
}

struct pool_batch *
pool_idle(struct pool *pool, size_t n)
{
	struct worker *w = &pool->workers[n];

	if (state_of(w) != WORKER_IDLE)
		return NULL;
	memset(&w->batch, 0, sizeof w->batch);
	atomic_store(&w->done_count, 0);
	return &w->batch;
}

struct pool_batch *
pool_batch(struct pool *pool, size_t n, bool *ended)
{
	struct worker *w = &pool->workers[n];
	enum worker_state state = state_of(w);

	*ended = state == WORKER_ENDED;
	return state == WORKER_BUSY || *ended ? &w->batch : NULL;
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
	batch->began_ms = clock_monotonic_ms();
	pthread_mutex_lock(&pool->lock);
	w->state = WORKER_BUSY;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}

size_t
pool_done_count(const struct pool_batch *batch)
{
	return atomic_load(&worker_of(batch)->done_count);
}

const struct store_delivery *
pool_handed_over(const struct pool_batch *batch)
{
	size_t handed = atomic_load(&worker_of(batch)->handed);

	return handed ? &batch->deliveries[handed - 1] : NULL;
}

static bool
has_ended(const struct pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		if (pool->workers[i].state == WORKER_ENDED)
			return true;
	return false;
}

void
pool_wait(struct pool *pool, int timeout_ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)timeout_ms % 1000 * 1000000;
	until.tv_sec += timeout_ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&pool->lock);
	while (!has_ended(pool) && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&pool->ended, &pool->lock, &until);
	pthread_mutex_unlock(&pool->lock);
}

int
pool_finish(struct pool *pool, struct pool_batch *batch, bool retire,
	struct err *err)
{
	struct worker *w = worker_of(batch);
	int rc = inflight_clear(
		pool->inflight, w->first_slot, batch->count, err);

	for (size_t i = 0; i < batch->count; i++)
		store_delivery_release(&batch->deliveries[i]);
	pthread_mutex_lock(&pool->lock);
	w->state = retire ? WORKER_RETIRED : WORKER_IDLE;
	pthread_mutex_unlock(&pool->lock);
	return rc;
}

size_t
pool_running(const struct pool *pool)
{
	return count_state(pool, WORKER_BUSY);
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

bool
pool_is_refused(const struct pool *pool)
{
	return atomic_load(&pool->refused);
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
		struct worker *w = &pool->workers[i];

		if (w->has_thread)
			pthread_join(w->thread, NULL);
		pthread_cond_destroy(&w->wake);
		for (size_t k = 0; k < w->batch.count; k++)
			store_delivery_release(&w->batch.deliveries[k]);
	}
	pthread_cond_destroy(&pool->ended);
	pthread_mutex_destroy(&pool->lock);
	free(pool->workers);
	free(pool);
}
