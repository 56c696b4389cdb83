/*
 * What is in flight: beside the database, a file with one slot for each
 * message that a run may have claimed. A connection writes its slot before the
 * end of a body and again at the outcome, one write each, without waiting for
 * the database; the ledger takes it over a moment later. What the kernel was
 * given outlives the program, so after a kill -9 the slots tell what the
 * ledger did not hear of yet. They do not outlive the machine: a claim bears
 * the mark of boot and file (inflight_mark), and one whose mark is not found
 * again is unknown.
 */
#ifndef STORE_INFLIGHT_H
#define STORE_INFLIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/outcome.h"

struct inflight;

enum inflight_stage {
	INFLIGHT_NONE,
	INFLIGHT_HANDED_OVER, /* a body is all but its end with the server */
	INFLIGHT_SETTLED,
};

/* One slot. */
struct inflight_slot {
	int64_t delivery;
	enum inflight_stage stage;
	int attempt; /* which of its tries, from 1 */
	int64_t at;
	struct outcome outcome; /* when settled */
};

/* "boot id/token", and a NUL. */
enum {
	INFLIGHT_MARK_MAX = 96
};

/*
 * Makes the file anew with that many slots, mode 0600, its room reserved.
 * Errors: ERR_CREATE.
 */
int inflight_open(const char *path, const char *boot, size_t slots,
	struct inflight **out, struct err *err);

/* With keep the file stays: the ledger could not take all of it over. */
void inflight_close(struct inflight *f, bool keep);

/* What a claim bears. Borrowed. */
const char *inflight_mark(const struct inflight *f);

/* Several threads may write, each its own slots. Errors: ERR_IO: what was to
 * be said is not certain to be there. */
int inflight_handed_over(struct inflight *f, size_t slot, int64_t delivery,
	int attempt, int64_t now, struct err *err);
int
inflight_settled(struct inflight *f, size_t slot, int64_t delivery, int attempt,
	const struct outcome *outcome, int64_t now, struct err *err);
/* Once the ledger has them, and before their deliveries are claimed anew. */
int
inflight_clear(struct inflight *f, size_t first, size_t count, struct err *err);

/*
 * Reads what a dead run left: each is called for every slot in use. mark is
 * that of its claims, "" when there is no such file or it is not of this
 * start of the machine. Returns 0, or -1: ERR_IO, or each's.
 */
int inflight_read(const char *path, const char *boot,
	char mark[static INFLIGHT_MARK_MAX],
	int (*each)(
		void *ctx, const struct inflight_slot *slot, struct err *err),
	void *ctx, struct err *err);

/* Once what it says is in the ledger for good. */
void inflight_remove(const char *path);

#endif
