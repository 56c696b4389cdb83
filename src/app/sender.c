#include "app/sender.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/account.h"
#include "app/domains.h"
#include "app/enclosure.h"
#include "app/pool.h"
#include "app/recover.h"
#include "app/stop.h"
#include "app/tempo.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/pace.h"
#include "net/submit.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"
#include "store/store_names.h"

/*
 * TICK: how soon a signal, another command or an outcome is noticed.
 * WAIT_HERE: for no longer than that does a run wait for letters that
 * are not due yet.
 */
enum {
	WAIT_HERE_S = 90,
	TICK_MS = 200,
	BUSY_TRIES = 60, /* of ten seconds each */
};

struct sender {
	struct workspace *ws;
	struct mailing *mailing;
	const struct conf_account *account;
	struct account opened;
	char boot[RECOVER_BOOT_MAX];
	struct inflight *inflight;
	struct pool *pool;
	struct domains *domains;
	struct watch watch;
	struct sender_result *result;
	int64_t limit;	   /* 0: none */
	int64_t tried;	   /* messages that count against the limit */
	int64_t open;	   /* claimed and not over */
	int64_t dropping;  /* by the claim that is being made */
	int64_t looked_ms; /* when we looked for other commands last */
	struct tempo tempo;
	bool ending;   /* no more batches; why stands in result->end and err */
	bool drained;  /* the last claim found nothing that is due */
	bool stopping; /* a signal was seen */
	bool failed;   /* err says why the run cannot go on */
	struct err err;
	bool ours;    /* the fault is our own */
	bool refused; /* ... as recipient after recipient was told */
	struct smtp_reply ours_reply;
};

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
is_halted(struct sender *s, struct err *err)
{
	enum mailing_state state = MAILING_RUNNING;

	if (store_mailing_state(s->ws->store, s->mailing->id, &state, err) < 0)
		return -1;
	if (state == MAILING_PAUSED)
		watch_paused(&s->watch, "by hand");
	return state != MAILING_RUNNING;
}

/* Counts an outcome once it is written down. */
static void
count_outcome(struct sender *s, struct pool_batch *batch,
	const struct pool_done *done, enum delivery_state state)
{
	const struct store_delivery *d = &batch->deliveries[done->index];
	const struct outcome *outcome = &done->outcome;
	bool slow = state == DELIVERY_DEFERRED && pace_is_slow(&outcome->reply);

	s->result->sent += state == DELIVERY_SENT;
	s->result->deferred += state == DELIVERY_DEFERRED;
	s->result->rejected += state == DELIVERY_REJECTED;
	s->result->too_large += state == DELIVERY_REJECTED &&
				smtp_reply_is_too_large(&outcome->reply);
	s->result->unknown += state == DELIVERY_UNKNOWN;
	batch->tried += state != DELIVERY_QUEUED;
	batch->slowed += slow;
	if (state != DELIVERY_QUEUED)
		domains_note(s->domains, d->recipient, slow, done->at);
	if (!s->ours &&
		(outcome->kind == OUTCOME_OURS ||
			(outcome->policy && pool_is_refused(s->pool)))) {
		s->ours = true;
		s->refused = outcome->policy;
		s->ours_reply = outcome->reply;
		end_run(s, SENDER_PAUSED);
	}
	if (state != DELIVERY_QUEUED)
		watch_outcome(&s->watch, d, state, &outcome->reply,
			outcome->reply.text, done->at);
}

/* A batch as it is now; what comes later is noted later. */
struct look {
	struct pool_batch *batch;
	bool ended;
	const struct store_delivery *handed; /* NULL: none, or noted */
	size_t done;
	enum delivery_state states[POOL_BATCH]; /* of done, from noted on */
	int64_t at;				/* when it was written down */
};

/* Returns 1 when there is something to write down. What is handed over is
 * read first: it may be settled the moment after. */
static int
look_at(struct sender *s, size_t n, struct look *look)
{
	struct pool_batch *b = pool_batch(s->pool, n, &look->ended);

	look->batch = b;
	if (!b)
		return 0;
	look->handed = pool_handed_over(b);
	look->done = pool_done_count(b);
	if (look->handed && look->handed->id == b->noted_handed)
		look->handed = NULL;
	return look->ended || look->handed || look->done > b->noted;
}

static int
write_ended(struct store *store, const struct look *look, int64_t now,
	struct err *err)
{
	const struct pool_batch *b = look->batch;
	long tried = b->tried;

	/* A letter that cannot be made, although it could when the mailing
	 * was, must not stop the others; a file that changed does. */
	if (b->broken && b->err.kind == ERR_DATA &&
		store_reject(store, b->deliveries[b->broken_index].id,
			b->err.msg, now, err) < 0)
		return -1;
	for (size_t i = b->noted; i < look->done; i++)
		tried += look->states[i] != DELIVERY_QUEUED;
	return store_batch_end(store, b->spending, tried, now, err);
}

static int
write_look(struct store *store, struct look *look, struct err *err)
{
	const struct pool_batch *b = look->batch;
	int64_t now = clock_now();

	look->at = now;
	if (look->handed &&
		store_handed_over(store, look->handed->id, now, err) < 0)
		return -1;
	for (size_t i = b->noted; i < look->done; i++) {
		const struct pool_done *done = &b->done[i];
		const struct store_delivery *d = &b->deliveries[done->index];

		if (store_outcome(store, d->id, d->attempts, d->since,
			    &done->outcome, done->at, &look->states[i],
			    err) < 0)
			return -1;
		if (d->names >= 0 &&
			store_names_settle(store, d->id,
				done->outcome.handed_over, err) < 0)
			return -1;
	}
	return look->ended ? write_ended(store, look, now, err) : 0;
}

/* Writes down in one transaction what the connections did. */
static int
write_looks(struct sender *s, struct look *looks, size_t count, struct err *err)
{
	struct store *store = s->ws->store;

	if (store_begin(store, "noting what became of letters", DB_ORDERED,
		    err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (write_look(store, &looks[i], err) < 0) {
			store_rollback(store);
			return -1;
		}
	}
	return store_commit(store, err);
}

/* What the end of a batch says about its connection. Returns whether that is
 * not used again. */
static bool
judge_batch(struct sender *s, const struct look *look)
{
	const struct pool_batch *batch = look->batch;
	struct err err = batch->err;

	s->open -= (int64_t)batch->count;
	s->tried += batch->tried;
	s->drained = false;
	tempo_note(&s->tempo, batch);
	domains_give_back(s->domains, batch->deliveries, batch->count);
	if (batch->rc < 0 && err.kind == ERR_CONFIG) {
		s->ours = true;
		s->err = err;
		end_run(s, SENDER_PAUSED);
	}
	if (batch->broken && err.kind == ERR_DATA) {
		s->result->rejected++;
		watch_outcome(&s->watch,
			&batch->deliveries[batch->broken_index],
			DELIVERY_REJECTED, &(struct smtp_reply){0}, err.msg,
			look->at);
		return false;
	}
	if (batch->broken) {
		fail(s, &err);
		return false;
	}
	if (batch->tried > 0 || s->ending)
		return false;
	/* A connection that broke after some work is made anew; one that did
	 * nothing is not worth a second try, by another connection neither:
	 * a silent server would be waited for once for each. */
	if (s->open > 0)
		return true;
	if (batch->rc == 0)
		err_set(&err, ERR_UNAVAILABLE,
			"%s:%d: the server ended the connection before it took "
			"a letter",
			s->account->host, s->account->port);
	fail(s, &err);
	return true;
}

/* What was written down is told, and what has ended is cleared away. */
static void
take_note(struct sender *s, struct look *look)
{
	struct pool_batch *b = look->batch;
	struct err err;

	if (look->handed)
		b->noted_handed = look->handed->id;
	for (; b->noted < look->done; b->noted++)
		count_outcome(s, b, &b->done[b->noted], look->states[b->noted]);
	if (look->ended &&
		pool_finish(s->pool, b, judge_batch(s, look), &err) < 0)
		fail(s, &err);
}

/*
 * Takes over what the connections did since the last time. Returns 0, or -1
 * when it could not be written down: it stands in the slots.
 */
static int
note(struct sender *s)
{
	size_t connections = (size_t)s->account->connections, count = 0;
	struct look *looks = mem_zalloc(connections * sizeof *looks);
	struct err err = {0};
	int rc = 0;

	for (size_t n = 0; n < connections; n++)
		count += look_at(s, n, &looks[count]) > 0;
	if (count > 0)
		rc = write_looks(s, looks, count, &err);
	/* What is known is not given up because another program writes. */
	for (int tries = 1; rc < 0 && err.kind == ERR_AGAIN &&
			    tries < BUSY_TRIES && !stop_is_asked();
		tries++)
		rc = write_looks(s, looks, count, &err);
	if (rc < 0)
		fail(s, &err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		take_note(s, &looks[i]);
	free(looks);
	return rc;
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
		s->result->why = WATCH_WAIT_QUOTA;
		end_run(s, SENDER_LATER);
		return 0;
	}
	want = *out;
	if (allowance(s, a->rate, a->rate_count, want, out, &again, err) < 0)
		return -1;
	if (*out == 0)
		watch_waiting(&s->watch, WATCH_WAIT_RATE, again, s->open == 0);
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

	if (set_state(s, MAILING_PAUSED, err->msg, &ignored) == 0)
		watch_paused(&s->watch, err->msg);
	return -1;
}

/* Says whose fault it was when a reply told us so. */
static void
explain_ours(const struct sender *s, struct err *err)
{
	if (s->refused)
		err_set(err, ERR_CONFIG,
			"%s refused %d recipients in a row for policy reasons "
			"(%d %s %s); ask the provider, then resume",
			s->account->host, POOL_REFUSALS_MAX, s->ours_reply.code,
			s->ours_reply.status, s->ours_reply.text);
	else if (smtp_reply_is_too_large(&s->ours_reply))
		err_set(err, ERR_CONFIG,
			"%s does not take a message as large as this one "
			"(%d %s %s); cancel the mailing, let less go along, "
			"and send again",
			s->account->host, s->ours_reply.code,
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

/*
 * Ends the run when nothing is due and nothing under way, unless something is
 * due soon.
 */
static int
end_if_drained(struct sender *s, struct err *err)
{
	int64_t next = 0;
	int found;

	s->drained = true;
	if (s->open > 0)
		return 0;
	found = store_next_due(s->ws->store, s->mailing->id, &next, err);
	if (found <= 0 || next > clock_now() + WAIT_HERE_S)
		end_run(s, SENDER_DONE);
	else
		watch_waiting(&s->watch, WATCH_WAIT_RETRY, next, true);
	return found < 0 ? -1 : 0;
}

/* How many letters may be claimed now for so many idle connections; 0: none,
 * and perhaps that was the end. */
static int
find_room(struct sender *s, size_t idle, long *out, struct err *err)
{
	int64_t left = s->limit - s->tried - s->open;
	long want = (long)(idle * s->tempo.batch_size);
	int due;

	*out = 0;
	if (s->limit && left < want)
		want = (long)left;
	if (want == 0) {
		if (s->open == 0)
			end_run(s, SENDER_LIMIT);
		return 0;
	}
	due = store_any_due(s->ws->store, s->mailing->id, clock_now(), err);
	if (due <= 0)
		return due < 0 ? -1 : end_if_drained(s, err);
	return find_allowance(s, want, out, err);
}

static enum store_verdict
judge_domain(void *ctx, const char *recipient, int64_t *later)
{
	struct sender *s = ctx;

	return domains_judge(s->domains, recipient, later);
}

static void
keep_dropped(void *ctx, struct store_delivery *d, enum delivery_state state,
	const char *why)
{
	struct sender *s = ctx;

	s->dropping++;
	watch_keep(&s->watch, d, state, why, clock_now());
}

/* Claims a batch for each of some idle connections, within a transaction.
 * s->dropping counts what was settled instead. */
static int
claim_batches(struct sender *s, struct pool_batch **batches, size_t count,
	long room, struct err *err)
{
	const struct store_claim claim = {
		.mailing = s->mailing->id,
		.audience = s->mailing->audience,
		.account = s->account->name,
		.mark = inflight_mark(s->inflight),
		.now = clock_now(),
		.judge = judge_domain,
		.dropped = keep_dropped,
		.ctx = s,
	};

	s->dropping = 0;
	for (size_t i = 0; i < count && room > 0; i++) {
		struct pool_batch *b = batches[i];
		size_t most = s->tempo.batch_size;

		if ((long)most > room)
			most = (size_t)room;
		if (store_claim(s->ws->store, &claim, most, b->deliveries,
			    &b->count, &b->spending, err) < 0)
			return -1;
		if (b->count == 0)
			break;
		domains_take(s->domains, b->deliveries, b->count);
		room -= (long)b->count;
	}
	return 0;
}

/* Gives idle connections work: one transaction, one wait for the disk. */
static int
start_batches(struct sender *s, struct pool_batch **idle, size_t count,
	struct err *err)
{
	struct store *store = s->ws->store;
	int64_t claimed = 0;
	long room;

	if (find_room(s, count, &room, err) < 0)
		return -1;
	if (room == 0)
		return 0;
	if (store_begin(store, "claiming letters", DB_DURABLE, err) < 0)
		return -1;
	if (claim_batches(s, idle, count, room, err) < 0) {
		store_rollback(store);
		return -1;
	}
	if (store_commit(store, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		claimed += (int64_t)idle[i]->count;
	s->open += claimed;
	s->result->dropped += s->dropping;
	watch_tell_kept(&s->watch);
	if (mailing_follow_names(s->ws, s->mailing, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (idle[i]->count > 0 && pool_start(s->pool, idle[i], err) < 0)
			return -1;
	return claimed + s->dropping == 0 ? end_if_drained(s, err) : 0;
}

/* Looks whether to go on, and starts what can be started. */
static void
go_on(struct sender *s)
{
	struct pool_batch *idle[CONF_CONNECTIONS_MAX];
	int64_t now_ms = clock_monotonic_ms();
	size_t count = 0;
	struct err err = {0};
	int rc = 0;

	watch_no_wait(&s->watch);
	if (now_ms - s->looked_ms >= TICK_MS) {
		s->looked_ms = now_ms;
		rc = is_halted(s, &err);
		if (rc > 0)
			end_run(s, SENDER_STOPPED);
	}
	for (int n = 0; n < s->account->connections; n++)
		if ((idle[count] = pool_idle(s->pool, (size_t)n)))
			count++;
	if (now_ms < s->tempo.until_ms)
		watch_waiting(&s->watch, WATCH_WAIT_SERVER, s->tempo.until,
			s->open == 0);
	else if (rc >= 0 && !s->ending && count > 0 &&
		 (!s->drained || s->open == 0))
		rc = start_batches(s, idle, count, &err);
	if (rc < 0)
		fail(s, &err);
}

static void
stop_if_asked(struct sender *s)
{
	if (!stop_is_asked() || s->stopping)
		return;
	s->stopping = true;
	end_run(s, SENDER_STOPPED);
	watch_tell(&s->watch, WATCH_STOPPING);
}

/* Runs batches until nothing is left to do or something ends the run.
 * Returns whether all that was done is in the ledger. */
static bool
run_pool(struct sender *s)
{
	bool noted = true;

	while (!s->ending || pool_running(s->pool) > 0) {
		stop_if_asked(s);
		if (!s->ending)
			go_on(s);
		/* After a failure the batches only run out. */
		if (!noted)
			clock_sleep_ms(TICK_MS);
		else if (!s->ending || pool_running(s->pool) > 0)
			pool_wait(s->pool, TICK_MS);
		if (noted)
			noted = note(s) == 0;
		watch_tell(&s->watch, WATCH_TICK);
	}
	return note(s) == 0;
}

static int
run_batches(struct sender *s, struct err *err)
{
	size_t connections = (size_t)s->account->connections;
	char *path = workspace_path(s->ws, INFLIGHT_NAME);
	bool noted;
	int rc = inflight_open(
		path, s->boot, connections * POOL_BATCH, &s->inflight, err);

	free(path);
	if (rc < 0)
		return -1;
	s->domains = domains_new(s->account->perdomain);
	s->pool = pool_new(
		connections, &s->opened.submit, s->mailing, s->inflight);
	noted = run_pool(s);
	pool_free(s->pool);
	domains_free(s->domains);
	inflight_close(s->inflight, !noted || s->failed);
	*err = s->err;
	if (s->failed)
		return -1;
	if (!s->ours)
		return 0;
	if (err->kind != ERR_CONFIG || s->refused)
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
	int64_t next, queued;

	if (store_mailing_state(store, s->mailing->id, &state, err) < 0 ||
		store_mailing_tally(store, s->mailing->id, &tally, err) < 0)
		return -1;
	if (state == MAILING_CANCELLED)
		return finish_cancelled(s, err);
	result->flawed = tally.states[DELIVERY_REJECTED] +
			 tally.states[DELIVERY_UNKNOWN];
	queued = tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_CLAIMED];
	/* What is queued but not due is put off for its domain's sake. */
	if (queued > 0 && result->end != SENDER_DONE)
		return 0;
	if (queued + tally.states[DELIVERY_DEFERRED] > 0) {
		int found = store_next_due(store, s->mailing->id, &next, err);

		/* The quota may come back only after they are due. */
		if (found > 0 && result->end != SENDER_STOPPED &&
			next > result->again) {
			result->why = WATCH_WAIT_RETRY;
			result->again = next;
		}
		if (found > 0 && result->end != SENDER_STOPPED)
			result->end = SENDER_LATER;
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
		store_mailing_tally(store, id, &tally, err) < 0)
		return -1;
	s->watch.now.mailing = s->mailing;
	s->watch.now.total =
		tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_DEFERRED];
	if (s->limit && s->limit < s->watch.now.total)
		s->watch.now.total = s->limit;
	watch_tell(&s->watch, WATCH_START);
	if (enclosure_check(s->mailing, err) < 0)
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
	account_isolate(&s->opened, s->mailing->campaign);
	return set_state(s, MAILING_RUNNING, "", err);
}

int
sender_run(struct workspace *ws, int64_t mailing, int64_t limit,
	const struct watcher *watcher, struct sender_result *out,
	struct err *err)
{
	struct sender s = {
		.ws = ws,
		.watch = {.watcher = watcher, .now.so_far = out},
		.result = out,
		.limit = limit,
	};
	int rc = -1;

	*out = (struct sender_result){0};
	tempo_begin(&s.tempo);
	recover_boot_id(s.boot);
	submit_global_init();
	if (start(&s, mailing, err) == 0) {
		if (run_batches(&s, err) == 0)
			rc = finish(&s, err);
	} else if (err->kind == ERR_CONFIG && s.mailing) {
		rc = pause_mailing(&s, err);
	}
	account_close(&s.opened);
	mailing_free(s.mailing);
	watch_release(&s.watch);
	submit_global_cleanup();
	return rc;
}
