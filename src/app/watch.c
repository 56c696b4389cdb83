#include "app/watch.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/store_ledger.h"

enum {
	WAIT_TOLD_S = 3 /* a longer wait is told */
};

struct watch_kept {
	struct store_delivery delivery;
	enum delivery_state state;
	const char *why;
	int64_t at;
};

const char *
watch_wait_name(enum watch_wait why)
{
	static const char *const names[] = {
		[WATCH_WAIT_NONE] = NULL,
		[WATCH_WAIT_RATE] = "rate",
		[WATCH_WAIT_QUOTA] = "quota",
		[WATCH_WAIT_RETRY] = "retry",
		[WATCH_WAIT_SERVER] = "server",
		[WATCH_WAIT_TIME] = "time",
	};

	return names[why];
}

void
watch_tell(struct watch *w, enum watch_kind kind)
{
	w->now.kind = kind;
	if (w->watcher)
		w->watcher->event(w->watcher->ctx, &w->now);
}

void
watch_paused(struct watch *w, const char *reason)
{
	w->now.reason = reason;
	watch_tell(w, WATCH_PAUSED);
	w->now.reason = NULL;
}

void
watch_outcome(struct watch *w, const struct store_delivery *d,
	enum delivery_state state, const struct smtp_reply *reply,
	const char *words, int64_t at)
{
	if (!w->watcher)
		return;
	w->now.outcome = &(struct watch_outcome){
		.delivery = d->id,
		.lang = d->lang,
		.recipient = d->recipient,
		.message_id = d->message_id,
		.state = state,
		.attempts = d->attempts,
		.code = reply->code,
		.status = reply->status,
		.reply = words,
		.at = at,
		.copy = d->copy,
	};
	watch_tell(w, WATCH_OUTCOME);
	w->now.outcome = NULL;
}

void
watch_keep(struct watch *w, struct store_delivery *d, enum delivery_state state,
	const char *why, int64_t at)
{
	if (!w->watcher)
		return;
	w->kept =
		mem_grow(w->kept, w->kept_count, &w->kept_cap, sizeof *w->kept);
	w->kept[w->kept_count++] = (struct watch_kept){*d, state, why, at};
	*d = (struct store_delivery){0};
}

void
watch_tell_kept(struct watch *w)
{
	for (size_t i = 0; i < w->kept_count; i++) {
		struct watch_kept *k = &w->kept[i];

		watch_outcome(w, &k->delivery, k->state,
			&(struct smtp_reply){0}, k->why, k->at);
		store_delivery_release(&k->delivery);
	}
	w->kept_count = 0;
}

void
watch_release(struct watch *w)
{
	for (size_t i = 0; i < w->kept_count; i++)
		store_delivery_release(&w->kept[i].delivery);
	free(w->kept);
	*w = (struct watch){0};
}

void
watch_waiting(struct watch *w, enum watch_wait why, int64_t until, bool idle)
{
	w->now.wait = why;
	w->now.until = until;
	if (!idle || until == w->told_until ||
		until <= clock_now() + WAIT_TOLD_S)
		return;
	w->told_until = until;
	watch_tell(w, WATCH_WAITING);
}

void
watch_no_wait(struct watch *w)
{
	w->now.wait = WATCH_WAIT_NONE;
}
