/*
 * Who was erased (store_erase.h): what is left of them are keyed digests in
 * the places where their address or their key stood. An address among the
 * suppressed ones: they are not written to and no list brings them back. The
 * key of a signer: the signature counts on, without a name, until its owner
 * signs again. The address in the ledger: whom the letter reached.
 */
#ifndef STORE_STORE_ERASED_H
#define STORE_STORE_ERASED_H

#include <stdbool.h>

#include "base/token.h"
#include "core/signature.h"
#include "store/store.h"

/* "e:" and the digest, and a NUL. No address and no other key begins so. */
#define STORE_ERASED_MARK "e:"

enum {
	STORE_ERASED_MAX = TOKEN_MAC_MAX + 2
};

/* What stands in the place of a key or an address for matching, which may be
 * a digest itself. Returns 1; 0: nobody was erased, there is none; or -1. */
int store_erased_key(struct store *store, const char *key,
	char out[static STORE_ERASED_MAX], struct err *err);

bool store_is_erased_key(const char *key);

/* Whether anybody was erased that a signature of the letter could be of.
 * Returns 1, 0 or -1. */
int store_erased_any(struct store *store, int64_t letter, struct err *err);

/* Whether a signature is of somebody who was erased: their address, or their
 * signature of this letter. Returns 1, 0 or -1. */
int store_is_erased(struct store *store, int64_t letter,
	const struct signature *signature, struct err *err);

/* Who was erased signs again: the signature without a name that stands for
 * them is known by their key again. Returns 1, 0 without one, or -1. */
int store_erased_return(
	struct store *store, int64_t letter, const char *key, struct err *err);

#endif
