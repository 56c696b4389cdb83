#include "app/sender.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/account.h"
#include "app/pool.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/pace.h"
#include "net/submit.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"

/*
 * REFUSALS_MAX: so many recipients in a row refused for policy (5.7.x) mean
 * that the server refuses us, not them. TICK: how soon a signal or another
 * command is noticed.
 */
enum {
	REFUSALS_MAX = 10,
	WAIT_TOLD_S = 3, /* a longer wait is told */
	TICK_MS = 200,
	BOOT_MAX = 64,
	BUSY_TRIES = 60, /* of ten seconds each */
	CONNECTIONS_MAX = 64,
};

static volatile sig_atomic_t stop_asked;

struct sender {
	struct workspace *ws;
	struct mailing *mailing;
	const struct conf_account *account;
	struct account opened;
	char boot[BOOT_MAX];
	const struct sender_progress *progress;
	struct sender_result *result;
	int64_t total;
	int64_t limit; /* 0: none */
	int64_t tried; /* messages that count against the limit */
	int64_t open;  /* claimed and not over */
	int refusals;  /* in a row */
	int slow_step; /* see pace_slow_ms */
	int64_t slow_until_ms;
	struct pool *pool;
	bool ending;  /* no more batches; why stands in result->end and err */
	bool drained; /* the last claim found nothing that is due */
	bool told;    /* that the rate makes it wait */
	bool failed;  /* err says why the run cannot go on */
	struct err err;
	bool ours; /* the fault is our own */
	struct smtp_reply ours_reply;
};

static void
on_signal(int number)
{
	stop_asked = 1;
	signal(number, SIG_DFL);
}

void
sender_catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader of our output that went away must not end a run. */
	signal(SIGPIPE, SIG_IGN);
}

/* What this start of the machine is called; a claim from another start
 * means that the power was lost in between. */
static void
read_boot_id(char out[static BOOT_MAX])
{
	struct buf text = {0};
	struct err err;
	size_t len;

	if (file_read("/proc/sys/kernel/random/boot_id", BOOT_MAX, &text,
		    &err) < 0)
		buf_puts(&text, "unknown");
	len = strcspn(buf_str(&text), "\n");
	if (len >= BOOT_MAX)
		len = BOOT_MAX - 1;
	memcpy(out, buf_str(&text), len);
	out[len] = '\0';
	buf_release(&text);
}

int
sender_recover(struct workspace *ws, int64_t *unknown, struct err *err)
{
	char boot[BOOT_MAX];

	read_boot_id(boot);
	return store_recover(ws->store, boot, clock_now(), unknown, err);
}

/* Begins no more batches and no more messages. */
static void
end_run(struct sender *s, enum sender_end end)
{
	if (!s->ending)
		s->result->end = end;
	s->ending = true;
	pool_close(s->pool);
}

/* The same, for a failure that the run ends with. */
static void
fail(struct sender *s, const struct err *err)
{
	if (!s->failed)
		s->err = *err;
	s->failed = true;
	end_run(s, SENDER_STOPPED);
}

/* Whether somebody paused or cancelled the mailing meanwhile. 1, 0 or -1. */
static int
is_halted(const struct sender *s, struct err *err)
{
	enum mailing_state state = MAILING_RUNNING;

	if (store_mailing_state(s->ws->store, s->mailing->id, &state, err) < 0)
		return -1;
	return state != MAILING_RUNNING;
}

static enum delivery_state
state_after(const struct pool_request *r, int64_t now)
{
	return delivery_after(
		&r->outcome, r->batch->deliveries[r->index].date, now);
}

/* Counts an outcome once it is written down. */
static void
count_outcome(struct sender *s, struct pool_request *r, int64_t now)
{
	enum delivery_state state = state_after(r, now);

	s->result->sent += state == DELIVERY_SENT;
	s->result->deferred += state == DELIVERY_DEFERRED;
	s->result->rejected += state == DELIVERY_REJECTED;
	s->result->unknown += state == DELIVERY_UNKNOWN;
	if (state != DELIVERY_QUEUED)
		r->batch->tried++;
	if (state == DELIVERY_DEFERRED && pace_is_slow(&r->outcome.reply))
		r->batch->slowed++;
	if (r->outcome.policy)
		s->refusals++;
	else if (state != DELIVERY_QUEUED && !s->ours)
		s->refusals = 0;
	if (!s->ours && (r->outcome.kind == OUTCOME_OURS ||
				s->refusals >= REFUSALS_MAX)) {
		s->ours = true;
		s->ours_reply = r->outcome.reply;
		end_run(s, SENDER_PAUSED);
	}
	/* After a fault of our own the transport goes no further by itself. */
	if (s->refusals >= REFUSALS_MAX)
		r->answer = -1;
	if (s->progress && state != DELIVERY_QUEUED)
		s->progress->step(s->progress->ctx, s->result, s->total);
}

static int
write_request(struct sender *s, const struct pool_request *r, int64_t now,
	struct err *err)
{
	struct store *store = s->ws->store;
	const struct store_delivery *d = &r->batch->deliveries[r->index];
	enum delivery_state state;
	int64_t due = 0;

	switch (r->ask) {
	case POOL_HANDED_OVER:
		return store_handed_over(store, d->id, now, err);
	case POOL_SETTLED:
		state = state_after(r, now);
		if (state == DELIVERY_DEFERRED)
			due = now + delivery_retry_wait_s(d->attempts,
					    (int)token_below(1000));
		return store_settle(
			store, d->id, state, &r->outcome.reply, due, now, err);
	case POOL_ENDED:
		break;
	}
	/* A letter that cannot be made, although it could when the mailing
	 * was, must not stop the others. */
	if (r->rc < 0 && r->err.kind == ERR_DATA &&
		store_reject(store, d->id, r->err.msg, now, err) < 0)
		return -1;
	return store_batch_end(
		store, r->batch->spending, r->batch->tried, now, err);
}

/* Writes down what all askers ask in one transaction. */
static int
write_requests(struct sender *s, struct pool_request **requests, size_t count,
	int64_t now, struct err *err)
{
	struct store *store = s->ws->store;

	if (store_begin(store, "noting what became of letters", DB_ORDERED,
		    err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (write_request(s, requests[i], now, err) < 0) {
			store_rollback(store);
			return -1;
		}
	}
	return store_commit(store, err);
}

/* A server that asks for patience gets it, and trust comes back slowly. */
static void
adapt_pace(struct sender *s, const struct pool_batch *batch)
{
	if (batch->slowed * 2 > (long)batch->count) {
		if (s->slow_step < PACE_STEP_MAX)
			s->slow_step++;
		s->slow_until_ms =
			clock_monotonic_ms() +
			pace_slow_ms(s->slow_step, (int)token_below(1000));
	} else if (batch->tried > 0 && s->slow_step > 0) {
		s->slow_step--;
	}
}

/* What the end of a batch says about its connection. */
static void
judge_batch(struct sender *s, const struct pool_request *r)
{
	struct err err = r->err;

	s->open -= (int64_t)r->batch->count;
	s->tried += r->batch->tried;
	adapt_pace(s, r->batch);
	s->drained = false;
	if (r->rc < 0 && err.kind == ERR_CONFIG) {
		s->ours = true;
		s->err = err;
		end_run(s, SENDER_PAUSED);
	}
	if (r->rc < 0 && err.kind == ERR_DATA) {
		s->result->rejected++;
		return;
	}
	if (r->batch->tried > 0 || s->ending)
		return;
	/* A connection that broke after some work is made anew; one that did
	 * nothing is not worth a second try, by another connection neither:
	 * a silent server would be waited for once for each. */
	pool_retire(s->pool, r->batch);
	if (s->open > 0 && !pool_is_empty(s->pool))
		return;
	if (r->rc == 0)
		err_set(&err, ERR_UNAVAILABLE,
			"%s:%d: the server ended the connection before it took "
			"a letter",
			s->account->host, s->account->port);
	fail(s, &err);
}

/* Writes down what workers ask, and lets them go on. */
static void
serve(struct sender *s, struct pool_request **requests, size_t count)
{
	int64_t now = clock_now();
	struct err err;
	int rc = -1;

	/* What is known is not given up because another program writes. */
	for (int tries = 0; rc < 0 && tries < BUSY_TRIES; tries++) {
		rc = write_requests(s, requests, count, now, &err);
		if (rc < 0 && err.kind != ERR_AGAIN)
			break;
	}
	if (rc < 0)
		fail(s, &err);
	for (size_t i = 0; i < count; i++) {
		requests[i]->answer = rc;
		if (requests[i]->ask == POOL_SETTLED && rc == 0)
			count_outcome(s, requests[i], now);
		if (requests[i]->ask == POOL_ENDED)
			judge_batch(s, requests[i]);
	}
	pool_answer(s->pool, requests, count);
}

/* How many of the limits' windows are full; see pace_allowance. */
static int
allowance(struct sender *s, const struct conf_limit *limits, size_t count,
	long want, long *allowed, int64_t *again, struct err *err)
{
	struct pace_window windows[CONF_LIMITS_MAX];
	int64_t now = clock_now();

	for (size_t i = 0; i < count; i++) {
		windows[i].limit = &limits[i];
		if (store_spent(s->ws->store, s->account->name,
			    now - limits[i].window_s, &windows[i].spent,
			    &windows[i].oldest, err) < 0)
			return -1;
	}
	*allowed = pace_allowance(windows, count, want, again);
	return 0;
}

/*
 * How many messages may go now. *out is 0 when the rate says to wait, or the
 * quota that the run is over.
 */
static int
find_allowance(struct sender *s, long want, long *out, struct err *err)
{
	const struct conf_account *a = s->account;
	int64_t again;

	if (allowance(s, a->quota, a->quota_count, want, out, &again, err) < 0)
		return -1;
	if (*out == 0) {
		/* What is under way may give some of its claim back. */
		if (s->open > 0)
			return 0;
		s->result->again = again;
		s->result->quota = true;
		end_run(s, SENDER_LATER);
		return 0;
	}
	want = *out;
	if (allowance(s, a->rate, a->rate_count, want, out, &again, err) < 0)
		return -1;
	if (*out == 0 && !s->told && s->progress &&
		again > clock_now() + WAIT_TOLD_S) {
		s->progress->waiting(s->progress->ctx, again);
		s->told = true;
	}
	return 0;
}

/* Gives the mailing a state, unless it is over. */
static int
set_state(struct sender *s, enum mailing_state state, const char *reason,
	struct err *err)
{
	struct store *store = s->ws->store;

	if (store_begin(store, "changing the mailing", DB_DURABLE, err) < 0)
		return -1;
	if (store_mailing_set_state(store, s->mailing->id, state, reason, err) <
		0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* Pauses the mailing for a fault of our own, which err says. Always -1. */
static int
pause_mailing(struct sender *s, const struct err *err)
{
	struct err ignored; /* the fault itself is what must be told */

	set_state(s, MAILING_PAUSED, err->msg, &ignored);
	return -1;
}

/* Says whose fault it was when a reply told us so. */
static void
explain_ours(const struct sender *s, struct err *err)
{
	if (s->refusals >= REFUSALS_MAX)
		err_set(err, ERR_CONFIG,
			"%s refused %d recipients in a row for policy reasons "
			"(%d %s %s); ask the provider, then resume",
			s->account->host, REFUSALS_MAX, s->ours_reply.code,
			s->ours_reply.status, s->ours_reply.text);
	else
		err_set(err, ERR_CONFIG,
			"%s does not take mail from %s (%d %s %s); ask the "
			"provider and resume, or cancel this mailing and send "
			"from another address",
			s->account->host, s->mailing->from_address,
			s->ours_reply.code, s->ours_reply.status,
			s->ours_reply.text);
}

/* Claims a batch for an idle connection. Returns 1 when it was started, 0
 * when there is nothing to start now, or -1. */
static int
start_batch(struct sender *s, struct err *err)
{
	struct pool_batch *batch = pool_idle(s->pool);
	int64_t left = s->limit - s->tried - s->open;
	long want = POOL_BATCH;
	int due;

	if (!batch || (s->drained && s->open > 0) ||
		clock_monotonic_ms() < s->slow_until_ms)
		return 0;
	if (s->limit && left < want)
		want = (long)left;
	if (want == 0) {
		if (s->open == 0)
			end_run(s, SENDER_LIMIT);
		return 0;
	}
	due = store_any_due(s->ws->store, s->mailing->id, clock_now(), err);
	if (due <= 0) {
		s->drained = true;
		if (due == 0 && s->open == 0)
			end_run(s, SENDER_DONE);
		return due;
	}
	if (find_allowance(s, want, &want, err) < 0)
		return -1;
	if (want == 0)
		return 0;
	if (store_claim(s->ws->store, s->mailing->id, s->mailing->audience,
		    s->account->name, s->boot, clock_now(), (size_t)want,
		    batch->deliveries, &batch->count, &batch->spending,
		    err) < 0)
		return -1;
	if (batch->count == 0) {
		s->drained = true;
		if (s->open == 0)
			end_run(s, SENDER_DONE);
		return 0;
	}
	s->open += (int64_t)batch->count;
	return pool_start(s->pool, batch, err) < 0 ? -1 : 1;
}

static void
start_batches(struct sender *s)
{
	struct err err;
	int rc;

	if (stop_asked) {
		end_run(s, SENDER_STOPPED);
		return;
	}
	rc = is_halted(s, &err);
	if (rc > 0)
		end_run(s, SENDER_STOPPED);
	while (rc >= 0 && !s->ending && (rc = start_batch(s, &err)) > 0)
		;
	if (rc < 0)
		fail(s, &err);
}

/* Runs batches until nothing is left to do or something ends the run. */
static int
run_batches(struct sender *s, struct err *err)
{
	struct pool_request *requests[CONNECTIONS_MAX];

	s->pool = pool_new(
		(size_t)s->account->connections, &s->opened.submit, s->mailing);
	while (!s->ending || pool_busy(s->pool) > 0) {
		size_t count;

		if (!s->ending)
			start_batches(s);
		if (s->ending && pool_busy(s->pool) == 0)
			break;
		count = pool_wait(s->pool, TICK_MS, requests);
		if (count)
			serve(s, requests, count);
	}
	pool_free(s->pool);
	*err = s->err;
	if (s->failed)
		return -1;
	if (!s->ours)
		return 0;
	if (err->kind != ERR_CONFIG || s->refusals >= REFUSALS_MAX)
		explain_ours(s, err);
	return pause_mailing(s, err);
}

/* Cancels what the run had in its hands when the mailing was cancelled. */
static int
finish_cancelled(struct sender *s, struct err *err)
{
	struct store *store = s->ws->store;

	s->result->end = SENDER_CANCELLED;
	if (store_begin(store, "cancelling the rest", DB_DURABLE, err) < 0)
		return -1;
	if (store_mailing_cancel(store, s->mailing->id, clock_now(), err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* Looks what is left and closes the mailing when nothing is. */
static int
finish(struct sender *s, struct err *err)
{
	struct store *store = s->ws->store;
	struct sender_result *result = s->result;
	enum mailing_state state = MAILING_RUNNING;
	struct store_tally tally;
	int64_t next;

	if (store_mailing_state(store, s->mailing->id, &state, err) < 0 ||
		store_mailing_tally(store, s->mailing->id, &tally, err) < 0)
		return -1;
	if (state == MAILING_CANCELLED)
		return finish_cancelled(s, err);
	result->flawed = tally.states[DELIVERY_REJECTED] +
			 tally.states[DELIVERY_UNKNOWN];
	if (tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_CLAIMED] > 0)
		return 0;
	if (tally.states[DELIVERY_DEFERRED] > 0) {
		int found = store_next_due(store, s->mailing->id, &next, err);

		if (found > 0 && result->end != SENDER_STOPPED) {
			result->end = SENDER_LATER;
			result->quota = false;
			result->again = next;
		}
		return found < 0 ? -1 : 0;
	}
	result->end = SENDER_DONE;
	return set_state(s, MAILING_DONE, "", err);
}

static int
start(struct sender *s, int64_t id, struct err *err)
{
	struct store *store = s->ws->store;
	enum mailing_state state = MAILING_RUNNING;
	struct store_tally tally;

	if (store_mailing_state(store, id, &state, err) < 0)
		return -1;
	if (state == MAILING_CANCELLED)
		return err_set(err, ERR_REFUSED,
			"mailing %" PRId64 " was cancelled; `openletter send` "
			"makes a new one",
			id);
	if (mailing_load(s->ws, id, &s->mailing, err) < 0 ||
		mailing_load_files(s->ws, s->mailing, err) < 0)
		return -1;
	s->account = conf_account_find(&s->ws->conf, s->mailing->account);
	if (!s->account)
		return err_set(err, ERR_CONFIG,
			"mailing %" PRId64 " goes out through [smtp %s], which "
			"is not in openletter.conf any more",
			id, s->mailing->account);
	if (account_open(s->ws, s->account,
		    strrchr(s->mailing->from_address, '@') + 1, &s->opened,
		    err) < 0)
		return -1;
	if (store_mailing_tally(store, id, &tally, err) < 0)
		return -1;
	s->total =
		tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_DEFERRED];
	return set_state(s, MAILING_RUNNING, "", err);
}

int
sender_run(struct workspace *ws, int64_t mailing, int64_t limit,
	const struct sender_progress *progress, struct sender_result *out,
	struct err *err)
{
	struct sender s = {
		.ws = ws,
		.progress = progress,
		.result = out,
		.limit = limit,
	};
	int rc = -1;

	*out = (struct sender_result){0};
	read_boot_id(s.boot);
	submit_global_init();
	if (start(&s, mailing, err) == 0) {
		if (run_batches(&s, err) == 0)
			rc = finish(&s, err);
	} else if (err->kind == ERR_CONFIG && s.mailing) {
		rc = pause_mailing(&s, err);
	}
	account_close(&s.opened);
	mailing_free(s.mailing);
	submit_global_cleanup();
	return rc;
}
