/*
 * What becomes of signatures: confirmed by their owners or by hand, withdrawn,
 * rejected, expired; and all that a person did to them at once undone.
 */
#ifndef APP_LIFE_H
#define APP_LIFE_H

#include "app/workspace.h"
#include "base/buf.h"
#include "base/rows.h"
#include "core/signature.h"

/* Confirms the signature that a token was made for. Errors: ERR_NOTFOUND: no
 * such token; ERR_REFUSED: used already, too late, withdrawn since. */
int life_confirm(struct workspace *ws, const char *token, struct err *err);

/* Ends what was not confirmed in time; *count is how many there were. */
int life_expire(struct workspace *ws, int64_t *count, struct err *err);

/* Which signatures of a letter; what is NULL or 0 does not matter. */
struct life_filter {
	const char *domain;
	const char *source;
	const char *since; /* a day or time: signed then or later */
	const char *until; /* a day, which is included, or a time */
	const char *state;
	long batch;
};

struct life_request {
	const char *letter;
	enum signature_state to; /* confirmed, withdrawn or rejected */
	char *const *emails;	 /* only theirs */
	size_t email_count;
	const char *name; /* of those with an address only who is named so */
	struct life_filter filter;
	const char *use;  /* or the filter that was kept under this name */
	const char *save; /* keep the filter */
};

/* One of the signatures it is about. */
struct life_item {
	int64_t signature;
	enum signature_state was;
};

enum {
	LIFE_FIRST_SHOWN = 10
};

struct life_plan {
	enum signature_state to;
	int64_t letter;
	struct life_item *items;
	size_t count;
	size_t cap;
	struct buf first; /* a line each of LIFE_FIRST_SHOWN */
	char *filter;	  /* as it is kept */
	const char *save; /* the request's */
};

/*
 * Finds them and changes nothing; rows (or NULL) gets each. Confirmed can be
 * what is pending (the default) or expired; withdrawn or rejected, what is
 * pending or confirmed (the default is both).
 * Errors: ERR_NOTFOUND: no such letter, filter, or no signature of one of the
 * addresses; ERR_USAGE: a filter that means nothing.
 */
int life_plan(struct workspace *ws, const struct life_request *request,
	struct life_plan *out, struct rows *rows, struct err *err);
void life_plan_release(struct life_plan *plan);

struct life_result {
	int64_t change; /* its number, 0: nothing was changed */
	int64_t done;
	int64_t left; /* changed by somebody else meanwhile */
};

/* Does it, in one transaction. */
int life_apply(struct workspace *ws, const struct life_plan *plan,
	struct life_result *out, struct err *err);

/* Makes the signatures of a change what they were. Errors: ERR_NOTFOUND;
 * ERR_REFUSED: it was undone already. */
int life_undo(struct workspace *ws, int64_t change, struct life_result *out,
	struct err *err);

/* The changes that were made, and the filters that were kept. */
int life_list_changes(struct workspace *ws, struct rows *rows, struct err *err);
int life_list_filters(struct workspace *ws, struct rows *rows, struct err *err);

#endif
