/* Mailings: what is frozen when one is made, and what became of it. */
#ifndef STORE_STORE_MAILING_H
#define STORE_STORE_MAILING_H

#include <stdbool.h>

#include "core/delivery.h"
#include "core/mailing.h"
#include "store/store.h"

/* A mailing as it is kept. Strings are owned unless a function says that
 * they are borrowed; release with store_mailing_release. */
struct store_mailing {
	int64_t id;
	char *letter; /* its name */
	enum audience audience;
	enum mailing_state state;
	char *reason;
	bool supporters; /* who can unsubscribe */
	char *account;
	int64_t created_at;
	int64_t milestone; /* sent for so many signatures; 0: none */
	int64_t start_at;  /* of store_mailings: not to be begun before, or 0 */
	char *from_name;
	char *from_address;
	char *reply_to;	  /* a mailbox, or "" */
	char *organiser;  /* JSON */
	char *signatures; /* JSON */
	char *names;	  /* JSON objects, one a line: of version 1 only */
	enum signature_list list;
};

void store_mailing_release(struct store_mailing *m);

/* Adds a mailing; id, letter, state and reason of m are not looked at. */
int store_mailing_add(struct store *store, int64_t letter,
	const struct store_mailing *m, int64_t *id, struct err *err);

/* Returns 1, 0 when there is none, or -1. */
int store_mailing_find(struct store *store, int64_t id,
	struct store_mailing *out, struct err *err);

/* The oldest mailing that is running or paused. letter 0 and audience -1
 * stand for any. Returns 1, 0 or -1. */
int store_mailing_unfinished(struct store *store, int64_t letter, int audience,
	int64_t *id, struct err *err);

/* A mailing that was made for a milestone. */
struct store_milestone {
	int64_t milestone;
	int64_t mailing;
	bool open; /* running or paused */
};

/* The greatest milestone that the letter was sent to the audience for and
 * not cancelled. Returns 1, 0 without one, or -1. */
int store_mailing_milestone(struct store *store, int64_t letter,
	enum audience audience, struct store_milestone *out, struct err *err);

/* Calls each for every mailing that is running or paused, those that are
 * paused after the others and tests last. start_at: see struct
 * store_mailing. */
int store_mailings_open(struct store *store,
	int (*each)(void *ctx, int64_t id, int64_t start_at, struct err *err),
	void *ctx, struct err *err);

/* The time before which the mailing is not to be begun; 0: at once, or it was
 * begun. store_mailing_start: returns 1, 0 without such a mailing, or -1. */
int store_mailing_start(
	struct store *store, int64_t id, int64_t *start_at, struct err *err);
int store_mailing_set_start(
	struct store *store, int64_t id, int64_t start_at, struct err *err);

/* Sets the state of a mailing that is running or paused; one that is over
 * stays as it is. */
int store_mailing_set_state(struct store *store, int64_t id,
	enum mailing_state state, const char *reason, struct err *err);

/* Returns 1, 0 when there is no such mailing, or -1. */
int store_mailing_state(struct store *store, int64_t id,
	enum mailing_state *out, struct err *err);

/* Cancels a mailing and what is queued or deferred of it. */
int store_mailing_cancel(
	struct store *store, int64_t id, int64_t now, struct err *err);

/* How many deliveries there are in each state. */
struct store_tally {
	int64_t states[DELIVERY_STATE_COUNT];
	int64_t total;
};

int store_mailing_tally(struct store *store, int64_t id,
	struct store_tally *out, struct err *err);

/* id 0: all mailings. The row's JSON members and addresses are NULL; its
 * strings are borrowed for the call. */
int store_mailings(struct store *store, int64_t id,
	int (*each)(void *ctx, const struct store_mailing *m, struct err *err),
	void *ctx, struct err *err);

/* One language of a mailing; JSON texts; borrowed. */
struct store_mailing_edition {
	const char *lang;
	int64_t edition;  /* to add */
	const char *text; /* read */
	const char *letter;
	const char *campaign;
};

int store_mailing_edition_add(struct store *store, int64_t mailing,
	const struct store_mailing_edition *e, struct err *err);
int store_mailing_editions(struct store *store, int64_t mailing,
	int (*each)(void *ctx, const struct store_mailing_edition *e,
		struct err *err),
	void *ctx, struct err *err);

/* The files that go with one language, in order. */
int store_mailing_attachment_add(struct store *store, int64_t mailing,
	const char *lang, int position, const char *path, const char *sha256,
	struct err *err);
int store_mailing_attachments(struct store *store, int64_t mailing,
	const char *lang,
	int (*each)(void *ctx, const char *path, const char *sha256,
		struct err *err),
	void *ctx, struct err *err);

/* Freezes one row of data, a JSON object of texts. */
int store_mailing_row_add(struct store *store, int64_t mailing,
	const char *fields, int64_t *id, struct err *err);

#endif
