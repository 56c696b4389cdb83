/*
 * How many signatures of a letter have a country, a day, a language ...: kept
 * beside the signatures and written in the transaction that changes them, so
 * that a count reads no signature.
 */
#ifndef STORE_STORE_COUNTS_H
#define STORE_STORE_COUNTS_H

#include <stdbool.h>

#include "base/counter.h"
#include "core/signature.h"
#include "store/store.h"

/* The numbers stand in the database and never change. */
enum tally {
	TALLY_STATE = 0, /* all others count the confirmed ones only */
	TALLY_KIND = 1,
	TALLY_VISIBILITY = 2,
	TALLY_COUNTRY = 3,
	TALLY_DAY = 4,
	TALLY_LANGUAGE = 5,
	TALLY_ORGANISATION = 6, /* '' for those who only count */
	TALLY_SOURCE = 7,
	TALLY_NEW = 8, /* since the last letter to the recipients */
};

/* What of a signature is counted. */
struct tally_facts {
	enum signature_state state;
	enum signature_kind kind;
	enum visibility visibility;
	const char *country;
	const char *lang;
	const char *organisation;
	const char *source; /* or that of its batch */
	int64_t signed_at;
	bool fresh; /* new: see TALLY_NEW */
};

/* Changes that are to be written. Zero-initialised but for letter. */
struct store_counts {
	int64_t letter;
	struct counter counter;
	int64_t day;	   /* of the text below; 0: of none */
	char day_text[16]; /* most signatures in a row are of one day */
};

/* Counts a signature (1), or counts it no more (-1), with these facts. */
void store_counts_add(struct store_counts *counts,
	const struct tally_facts *facts, int count);

/* Counts a signature that is confirmed under another visibility. */
void store_counts_move(struct store_counts *counts, const char *organisation,
	enum visibility from, enum visibility to);

/* The same of so many signatures that nobody may see any more. */
void store_counts_hide(struct store_counts *counts, enum visibility from,
	const char *organisation, int count);

/* Writes the changes, within the transaction that made them, and begins
 * anew. */
int store_counts_write(
	struct store *store, struct store_counts *counts, struct err *err);

void store_counts_release(struct store_counts *counts);

/*
 * Reads how many there are of each value; of enums it is the number. letter
 * 0: of all. The greatest total first, but days and numbers in their order.
 */
int store_counts_read(struct store *store, int64_t letter, enum tally what,
	int (*each)(
		void *ctx, const char *value, int64_t total, struct err *err),
	void *ctx, struct err *err);

/* How many have one value, or with NULL how many have any. */
int store_counts_one(struct store *store, int64_t letter, enum tally what,
	const char *value, int64_t *out, struct err *err);

/* How many values but the empty one there are. */
int store_counts_values(struct store *store, int64_t letter, enum tally what,
	int64_t *out, struct err *err);

/* Everything is old from now on: a letter to the recipients was made. Or,
 * after that was cancelled, what came since the one before it is new. */
int store_counts_age(struct store *store, int64_t letter, struct err *err);
int
store_counts_rejuvenate(struct store *store, int64_t letter, struct err *err);

/*
 * Counts everything again from the signatures and calls each for what differs:
 * the tally's total and the right one.
 */
int store_recount(struct store *store,
	int (*each)(void *ctx, const char *letter, enum tally what,
		const char *value, int64_t total, int64_t right,
		struct err *err),
	void *ctx, struct err *err);

#endif
