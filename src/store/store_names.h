/*
 * The names that a mailing may show, frozen when it is made. Whose owner
 * withdraws or hides one later is left out: the names have versions, each
 * change makes a new one, and a message is made of the newest until a server
 * was given it. From then on it stays as it is, at every later try.
 */
#ifndef STORE_STORE_NAMES_H
#define STORE_STORE_NAMES_H

#include <stdbool.h>

#include "core/signature.h"
#include "store/store.h"

/* One name; strings are borrowed for the call. */
struct store_name {
	int64_t signature;
	/* Versions below it show the name to the public, and to recipients. */
	int64_t public_to;
	int64_t recipient_to;
	const char *name;
	const char *organisation;
	const char *role;
	const char *country;
	const char *city;
	const char *comment;
	const char *lang;
	int64_t signed_at;
};

/* Freezes the confirmed signatures of a letter whose visibility is not
 * tighter than given; within the transaction that makes the mailing. */
int store_names_freeze(struct store *store, int64_t mailing, int64_t letter,
	enum visibility tightest, struct err *err);

/* Calls each for the frozen names in the order they were signed. */
int store_names(struct store *store, int64_t mailing,
	int (*each)(void *ctx, const struct store_name *name, struct err *err),
	void *ctx, struct err *err);

/* Takes names out whose owners withdrew or hid them, within a transaction.
 * Returns 1 with the newest version, 0 when the mailing shows no names, -1. */
int store_names_follow(struct store *store, int64_t mailing, int64_t *version,
	struct err *err);

/* The newest version, 0 as long as nothing changed. Returns as above. */
int store_names_version(
	struct store *store, int64_t mailing, int64_t *out, struct err *err);

/* Calls each for what changed after a version; of the name only signature and
 * versions are set. */
int store_names_changed(struct store *store, int64_t mailing, int64_t since,
	int (*each)(void *ctx, const struct store_name *name, struct err *err),
	void *ctx, struct err *err);

/* A delivery is claimed, with this version if it had none; it is settled, and
 * a server was given all of it or not; claims of a dead run are put right,
 * those that bear the mark were given to no server. */
int store_names_claim(struct store *store, int64_t delivery, int64_t version,
	struct err *err);
int store_names_settle(struct store *store, int64_t delivery, bool handed_over,
	struct err *err);
int store_names_recover(struct store *store, const char *mark, struct err *err);

#endif
