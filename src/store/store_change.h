/*
 * What a person made of many signatures at once, so that it can be taken
 * back; and the filters that say which.
 */
#ifndef STORE_STORE_CHANGE_H
#define STORE_STORE_CHANGE_H

#include "core/signature.h"
#include "store/store.h"

/* One change; texts are borrowed for the call. */
struct store_change {
	int64_t id;
	int64_t letter;
	const char *name;	    /* of the letter */
	enum signature_state state; /* that the signatures got */
	const char *filter;	    /* JSON */
	int64_t at;
	int64_t undone_at; /* 0: not */
	int64_t count;	   /* of signatures */
};

/* Adds one, of which id, name, undone_at and count are not read. */
int store_change_add(struct store *store, const struct store_change *change,
	int64_t *id, struct err *err);

/* Adds what a signature was before it. */
int store_changed_add(struct store *store, int64_t change, int64_t signature,
	enum signature_state was, struct err *err);

/* Calls each for the changes, all (0) or one. */
int store_changes(struct store *store, int64_t change,
	int (*each)(void *ctx, const struct store_change *c, struct err *err),
	void *ctx, struct err *err);

/* One of the signatures of a change. */
struct store_changed {
	int64_t signature;
	enum signature_state was;
	enum signature_state is; /* now */
};

/* The first behind signature `after`. Returns 1, 0 at the end, or -1. */
int store_changed_next(struct store *store, int64_t change, int64_t after,
	struct store_changed *out, struct err *err);

int store_change_undone(
	struct store *store, int64_t change, int64_t now, struct err *err);

/* Keeps a filter (JSON), in the place of one of that name. */
int store_filter_set(struct store *store, const char *name, const char *filter,
	struct err *err);

/* *filter is to be freed. Returns 1, 0 when there is none, or -1. */
int store_filter_find(
	struct store *store, const char *name, char **filter, struct err *err);

int store_filters(struct store *store,
	int (*each)(void *ctx, const char *name, const char *filter,
		struct err *err),
	void *ctx, struct err *err);

#endif
