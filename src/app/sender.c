#include "app/sender.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/compose.h"
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
 * that the server refuses us, not them. BATCH: libESMTP keeps 4 KB per
 * message until its session ends. The deadline of a batch lets a slow server
 * have a minute for each message.
 */
enum {
	REFUSALS_MAX = 10,
	BATCH = 50,
	DOT_TIMEOUT_S = 600, /* RFC 5321 4.5.3.2.6 */
	DEADLINE_PER_MESSAGE_S = 60,
	WAIT_TOLD_S = 3, /* a longer wait is told */
	BOOT_MAX = 64,
	BUSY_TRIES = 60, /* of ten seconds each */
};

static volatile sig_atomic_t stop_asked;

struct sender {
	struct workspace *ws;
	struct mailing *mailing;
	const struct conf_account *account;
	char *password;
	char boot[BOOT_MAX];
	const struct sender_progress *progress;
	struct sender_result *result;
	int64_t total;
	int64_t tried; /* messages that count against the limit */
	int refusals;  /* in a row */
	/* the batch under way */
	struct store_delivery *batch;
	long batch_tried;
	struct buf message;
	struct err err; /* of a call back, when failed is set */
	bool failed;
	bool halted; /* somebody paused or cancelled the mailing */
	bool ours;   /* an outcome was our own fault */
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

/* Remembers why the batch must end. Always -1. */
static int
fail(struct sender *s, const struct err *err)
{
	if (!s->failed)
		s->err = *err;
	s->failed = true;
	return -1;
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

static int
give_body(void *ctx, size_t index, const char **data, size_t *len)
{
	struct sender *s = ctx;
	struct err err;

	if (stop_asked || s->failed || s->ours)
		return -1;
	s->halted = is_halted(s, &err) != 0;
	if (s->halted)
		return -1;
	buf_reset(&s->message);
	if (compose_delivery(s->mailing, &s->batch[index], &s->message, &err) <
		0)
		return fail(s, &err);
	*data = s->message.data;
	*len = s->message.len;
	return 0;
}

static int
note_handed_over(void *ctx, size_t index)
{
	struct sender *s = ctx;
	struct err err;

	if (s->failed)
		return -1;
	if (store_handed_over(
		    s->ws->store, s->batch[index].id, clock_now(), &err) < 0)
		return fail(s, &err);
	return 0;
}

static void
count_outcome(struct sender *s, const struct outcome *outcome,
	enum delivery_state state)
{
	s->result->sent += state == DELIVERY_SENT;
	s->result->deferred += state == DELIVERY_DEFERRED;
	s->result->rejected += state == DELIVERY_REJECTED;
	s->result->unknown += state == DELIVERY_UNKNOWN;
	if (state != DELIVERY_QUEUED)
		s->batch_tried++;
	if (outcome->policy)
		s->refusals++;
	else if (state != DELIVERY_QUEUED && !s->ours)
		s->refusals = 0;
	if (!s->ours && (outcome->kind == OUTCOME_OURS ||
				s->refusals >= REFUSALS_MAX)) {
		s->ours = true;
		s->ours_reply = outcome->reply;
	}
	if (s->progress && state != DELIVERY_QUEUED)
		s->progress->step(s->progress->ctx, s->result, s->total);
}

static int
note_outcome(void *ctx, size_t index, const struct outcome *outcome)
{
	struct sender *s = ctx;
	const struct store_delivery *d = &s->batch[index];
	int64_t now = clock_now();
	enum delivery_state state = delivery_after(outcome, d->date, now);
	int64_t due = 0;
	struct err err;
	int rc = -1;

	if (state == DELIVERY_DEFERRED)
		due = now + delivery_retry_wait_s(
				    d->attempts, (int)token_below(1000));
	/* What is known is not given up because another program writes. */
	for (int tries = 0; rc < 0 && tries < BUSY_TRIES; tries++) {
		rc = store_settle(s->ws->store, d->id, state, &outcome->reply,
			due, now, &err);
		if (rc < 0 && err.kind != ERR_AGAIN)
			break;
	}
	if (rc < 0)
		return fail(s, &err);
	count_outcome(s, outcome, state);
	/* After a fault of our own the transport goes no further by itself. */
	return s->refusals >= REFUSALS_MAX ? -1 : 0;
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
 * How many messages may go now, waiting for the rate (not for the quota).
 * *out is 0 when a signal or the quota ends the run.
 */
static int
wait_for_turn(struct sender *s, long want, long *out, struct err *err)
{
	const struct conf_account *a = s->account;
	int64_t again;

	if (allowance(s, a->quota, a->quota_count, want, out, &again, err) < 0)
		return -1;
	if (*out == 0) {
		s->result->again = again;
		s->result->quota = true;
		return 0;
	}
	want = *out;
	for (bool told = false; !stop_asked;) {
		if (allowance(s, a->rate, a->rate_count, want, out, &again,
			    err) < 0)
			return -1;
		if (*out > 0)
			return 0;
		if (!told && s->progress && again > clock_now() + WAIT_TOLD_S)
			s->progress->waiting(s->progress->ctx, again);
		told = true;
		clock_sleep_ms(200);
	}
	*out = 0;
	return 0;
}

static const char *
helo_name(const struct sender *s)
{
	return s->account->helo ? s->account->helo
				: strrchr(s->mailing->from_address, '@') + 1;
}

static int
submit(struct sender *s, size_t count, struct err *err)
{
	static const enum submit_tls modes[] = {
		[CONF_TLS_STARTTLS] = SUBMIT_STARTTLS,
		[CONF_TLS_IMPLICIT] = SUBMIT_IMPLICIT,
		[CONF_TLS_NONE] = SUBMIT_CLEAR,
	};
	const struct conf_account *a = s->account;
	char *cafile = NULL;
	struct submit_account account = {
		.host = a->host,
		.port = a->port,
		.tls = modes[a->tls],
		.user = a->user,
		.password = s->password,
		.helo = helo_name(s),
		.timeout_s = a->timeout_s,
		.timeout_dot_s = a->timeout_s > DOT_TIMEOUT_S ? a->timeout_s
							      : DOT_TIMEOUT_S,
	};
	struct submit_envelope envelopes[BATCH];
	struct submit_calls calls = {
		.body = give_body,
		.handed_over = note_handed_over,
		.settled = note_outcome,
		.ctx = s,
	};
	int rc;

	if (a->cafile)
		cafile = a->cafile[0] == '/' ? mem_strdup(a->cafile)
					     : workspace_path(s->ws, a->cafile);
	account.cafile = cafile;
	account.deadline_s =
		account.timeout_dot_s + (int)count * DEADLINE_PER_MESSAGE_S;
	for (size_t i = 0; i < count; i++)
		envelopes[i] = (struct submit_envelope){
			.from = s->mailing->from_address,
			.to = s->batch[i].recipient,
		};
	rc = submit_batch(&account, envelopes, count, &calls, err);
	free(cafile);
	return rc;
}

/* Pauses the mailing for a fault of our own. Always -1, ERR_CONFIG. */
static int
pause_mailing(struct sender *s, const struct err *why, struct err *err)
{
	struct store *store = s->ws->store;
	struct err ignored;

	*err = *why;
	err->kind = ERR_CONFIG;
	if (store_begin(store, "pausing the mailing", DB_DURABLE, &ignored) < 0)
		return -1;
	if (store_mailing_set_state(store, s->mailing->id, MAILING_PAUSED,
		    why->msg, &ignored) < 0 ||
		store_commit(store, &ignored) < 0)
		store_rollback(store);
	s->result->end = SENDER_PAUSED;
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

/*
 * Sends one batch. Returns 1 when there may be more to do, 0 when nothing is
 * due, -1.
 */
static int
run_batch(struct sender *s, long limit, struct err *err)
{
	struct store_delivery batch[BATCH] = {0};
	int64_t spending;
	size_t count;
	struct err net = {0};
	int rc, end;

	s->batch_tried = 0;
	if (store_claim(s->ws->store, s->mailing->id, s->mailing->audience,
		    s->account->name, s->boot, clock_now(), (size_t)limit,
		    batch, &count, &spending, err) < 0)
		return -1;
	s->batch = batch;
	rc = count ? submit(s, count, &net) : 0;
	s->batch = NULL;
	end = store_batch_end(
		s->ws->store, spending, s->batch_tried, clock_now(), err);
	for (size_t i = 0; i < count; i++)
		store_delivery_release(&batch[i]);
	s->tried += s->batch_tried;
	if (s->failed) {
		*err = s->err;
		return -1;
	}
	if (end < 0)
		return -1;
	if (s->refusals >= REFUSALS_MAX || (s->ours && net.kind != ERR_CONFIG))
		explain_ours(s, &net);
	if (s->ours || (rc < 0 && net.kind == ERR_CONFIG))
		return pause_mailing(s, &net, err);
	if (count == 0 || s->batch_tried > 0 || s->halted || stop_asked)
		return count > 0;
	/* A connection that broke after some work is made anew; one that did
	 * nothing is not worth a second try. */
	if (rc == 0)
		err_set(&net, ERR_UNAVAILABLE,
			"%s:%d: the server ended the connection before it took "
			"a letter",
			s->account->host, s->account->port);
	*err = net;
	return -1;
}

static int
run_batches(struct sender *s, int64_t limit, struct err *err)
{
	for (;;) {
		long want = BATCH;
		int rc = is_halted(s, err);

		if (rc != 0) {
			s->result->end = SENDER_STOPPED;
			return rc < 0 ? -1 : 0;
		}
		if (limit && limit - s->tried < want)
			want = (long)(limit - s->tried);
		if (want == 0) {
			s->result->end = SENDER_LIMIT;
			return 0;
		}
		if (wait_for_turn(s, want, &want, err) < 0)
			return -1;
		if (stop_asked || want == 0) {
			s->result->end =
				stop_asked ? SENDER_STOPPED : SENDER_LATER;
			return 0;
		}
		rc = run_batch(s, want, err);
		if (rc <= 0)
			return rc;
	}
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
	if (store_begin(store, "closing the mailing", DB_DURABLE, err) < 0)
		return -1;
	if (store_mailing_set_state(
		    store, s->mailing->id, MAILING_DONE, "", err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
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
	if (sender_password(s->ws, s->account, &s->password, err) < 0)
		return -1;
	if (store_mailing_tally(store, id, &tally, err) < 0)
		return -1;
	s->total =
		tally.states[DELIVERY_QUEUED] + tally.states[DELIVERY_DEFERRED];
	if (store_begin(store, "starting the mailing", DB_DURABLE, err) < 0)
		return -1;
	if (store_mailing_set_state(store, id, MAILING_RUNNING, "", err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
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
	};
	int rc = -1;

	*out = (struct sender_result){0};
	read_boot_id(s.boot);
	submit_global_init();
	if (start(&s, mailing, err) == 0 && run_batches(&s, limit, err) == 0)
		rc = finish(&s, err);
	if (s.password)
		explicit_bzero(s.password, strlen(s.password));
	free(s.password);
	mailing_free(s.mailing);
	buf_release(&s.message);
	submit_global_cleanup();
	return rc;
}
