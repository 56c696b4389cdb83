/*
 * The delivery ledger and the order of its writes: claim (durable), handed
 * over, settled. What an account spent stands beside it.
 */
#ifndef STORE_STORE_LEDGER_H
#define STORE_STORE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/address.h"
#include "core/delivery.h"
#include "core/mailing.h"
#include "store/store.h"

/* A delivery to add to a mailing that is being made. */
struct store_delivery_new {
	int64_t mailing;
	int64_t letter;
	const char *lang;
	const char *recipient; /* bare address */
	const char *key;       /* the address for matching */
	int64_t row;	       /* 0: none */
	int64_t signer_row;    /* 0: none */
	int64_t signature;     /* 0: none */
	bool copy;
	enum delivery_state state; /* queued or suppressed */
	const char *reply;	   /* why it is suppressed; NULL: none */
	const char *message_id;
	int64_t now;
};

int store_delivery_add(struct store *store, const struct store_delivery_new *in,
	struct err *err);

/*
 * Whether the address perhaps has this letter already, from an earlier
 * mailing to the same audience (and, unless signature is 0, of the same
 * signature). Returns 1, 0 or -1.
 */
int store_reached(struct store *store, int64_t letter, const char *key,
	enum audience audience, int64_t signature, struct err *err);

/* Whether the mailing has a message for the address (and, unless signature is
 * 0, in the name of that signature). Returns 1, 0 or -1. */
int store_in_mailing(struct store *store, int64_t letter, int64_t mailing,
	const char *key, int64_t signature, struct err *err);

/* The address for matching that a delivery went to. Returns 1, 0 or -1. */
int store_delivery_key(struct store *store, int64_t delivery,
	char out[static ADDRESS_MAX], struct err *err);

/* A delivery to be made now; owned. */
struct store_delivery {
	int64_t id;
	char *lang;
	char *recipient;
	bool copy;
	int attempts; /* this one counted */
	char *message_id;
	int64_t date;
	int64_t since; /* when its tries began, or began again */
	int64_t names; /* version (store_names.h), -1: it shows none */
	char *row;     /* JSON or NULL */
	char *signer;  /* JSON or NULL */
};

void store_delivery_release(struct store_delivery *d);

/* Calls each for every delivery of a mailing that is to be made, in order. */
int store_deliveries(struct store *store, int64_t mailing, int64_t now,
	int (*each)(void *ctx, const struct store_delivery *d, struct err *err),
	void *ctx, struct err *err);

/* What a caller thinks of sending to an address now. */
enum store_verdict {
	STORE_TAKE,
	STORE_SKIP,  /* not while others are under way */
	STORE_LATER, /* not before a time */
};

/* On whose behalf and how deliveries are claimed. */
struct store_claim {
	int64_t mailing;
	enum audience audience;
	const char *account; /* is charged with what was claimed */
	const char *mark;    /* see inflight.h */
	int64_t now;
	/* NULL, or asked for each address, in order; *later is set for
	 * STORE_LATER. */
	enum store_verdict (*judge)(
		void *ctx, const char *recipient, int64_t *later);
	/* NULL, or told of each that is settled instead; it may take the
	 * delivery's texts, leaving zeros. Rolled back with the claim. */
	void (*dropped)(void *ctx, struct store_delivery *d,
		enum delivery_state state, const char *why);
	void *ctx;
};

/*
 * Claims up to limit due deliveries, within a durable transaction. What must
 * not go out any more is settled instead: a supporter's address suppressed
 * since becomes suppressed; a signature that counts no more, or (for signers)
 * whose name was hidden since, cancelled. After very many of these it returns
 * with none claimed while more are due.
 * out has room for limit deliveries; the first *count of them are to be
 * released, also when -1 is returned. *spending goes to store_batch_end.
 */
int store_claim(struct store *store, const struct store_claim *claim,
	size_t limit, struct store_delivery *out, size_t *count,
	int64_t *spending, struct err *err);

/* Records "the body was handed over". */
int store_handed_over(
	struct store *store, int64_t delivery, int64_t now, struct err *err);

/*
 * Records an outcome. state is what
 * delivery_after makes of it; DELIVERY_QUEUED gives the try back.
 */
int store_settle(struct store *store, int64_t delivery,
	enum delivery_state state, const struct smtp_reply *reply,
	int64_t due_at, int64_t now, struct err *err);

/*
 * Records what became of a try that began as the attempts-th, of those since
 * a time: delivery_after decides, and when it is due again. *state is what it
 * is now.
 */
int store_outcome(struct store *store, int64_t delivery, int attempts,
	int64_t since, const struct outcome *outcome, int64_t at,
	enum delivery_state *state, struct err *err);

/* Ends a claimed batch, of which `count` messages were really tried. */
int store_batch_end(struct store *store, int64_t spending, long count,
	int64_t now, struct err *err);

/*
 * Puts right what a dead run left, in a durable transaction of its own; only
 * under the sender's lock. inflight: the path of its file, which is removed
 * when all of it is in the ledger; NULL: there is none, and boot is the mark
 * itself. *unknown counts what became unknown. In store_recover.c.
 */
int store_recover(struct store *store, const char *inflight, const char *boot,
	int64_t now, int64_t *unknown, struct err *err);

/* Whether a batch is under way, or was when a run died. Returns 1, 0 or -1. */
int store_batch_is_open(struct store *store, struct err *err);

/* What an account spent after `since`: how many, and when the oldest was. */
int store_spent(struct store *store, const char *account, int64_t since,
	long *count, int64_t *oldest, struct err *err);

/* Whether anything of the mailing is due. Returns 1, 0 or -1. */
int store_any_due(
	struct store *store, int64_t mailing, int64_t now, struct err *err);

/* Ends a claimed delivery that cannot be made as rejected, and says why. */
int store_reject(struct store *store, int64_t delivery, const char *why,
	int64_t now, struct err *err);

/* When the first delivery that waits is due. Returns 1, 0 without one, -1. */
int store_next_due(
	struct store *store, int64_t mailing, int64_t *at, struct err *err);

/* One row of the ledger; borrowed for the call. */
struct store_log_row {
	int64_t delivery;
	int64_t mailing;
	const char *letter;
	const char *lang;
	const char *recipient;
	enum delivery_state state;
	int attempts;
	const char *message_id;
	int code;
	const char *status;
	const char *reply;
	int64_t at;
	enum audience audience;
	bool copy;
};

/* mailing 0: all; state -1: all. */
int store_log(struct store *store, int64_t mailing, int state, int64_t since,
	int (*each)(
		void *ctx, const struct store_log_row *row, struct err *err),
	void *ctx, struct err *err);

#endif
