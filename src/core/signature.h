/*
 * A signature: a person's or an organisation's signing of one letter. Checks
 * and tidies what was given, and says when two are the same signer. Numbers
 * of enums stand in the database and never change.
 */
#ifndef CORE_SIGNATURE_H
#define CORE_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/address.h"
#include "core/lang.h"
#include "core/visibility.h"

enum signature_kind {
	SIGNATURE_PERSON = 0,
	SIGNATURE_ORGANISATION = 1
};

enum signature_state {
	SIGNATURE_PENDING = 0,
	SIGNATURE_CONFIRMED = 1,
	SIGNATURE_WITHDRAWN = 2,
	SIGNATURE_REJECTED = 3, /* by the organisers */
	SIGNATURE_EXPIRED = 4,	/* never confirmed */
	SIGNATURE_REPEATED = 5, /* its owner had signed before */
	SIGNATURE_REVOKED = 6,	/* taken back with its batch */
};

enum {
	SIGNATURE_STATES = 7
};

/* Texts are borrowed: from whoever fills it in, and from the arena of
 * signature_check, after which none is NULL. */
struct signature {
	enum signature_kind kind;
	const char *name;  /* of the person; of an organisation's contact */
	const char *email; /* as checked, "" without */
	const char *organisation;
	const char *role;
	const char *country; /* ISO 3166-1 alpha-2 or "" */
	const char *city;
	const char *postcode;
	const char *comment;
	const char *lang; /* BCP 47 or "" */
	enum visibility visibility;
	bool updates; /* asked for news */
	bool by_name; /* of those who share an address each may sign */
	int64_t signed_at;
	const char *key; /* the same for the same signer; see signature_check */
	const char *email_key; /* canonical address, "" without */
};

/*
 * Checks and tidies every value and sets key and email_key. A text that is as
 * it should be stays the caller's; any other is put into the arena. NULL
 * becomes "". A person needs a name and an address, or a name and a
 * country; an organisation needs its name in organisation (or in name, which
 * then moves there).
 * The key is the canonical address (by_name: and the folded name), else folded
 * name, country and postcode; people and organisations never share one.
 * Errors: ERR_DATA: what is wrong with which value.
 */
int signature_check(struct signature *s, struct arena *arena, struct err *err);

/* The key of a signature whose values were checked before; email_key may be
 * NULL. Returns NULL when nothing is left in it that a key could be made of,
 * else a text in the arena. */
const char *signature_key(const struct signature *s, struct arena *arena);

/* The form that address matching uses. Errors: ERR_DATA. */
int signature_address_key(
	const char *email, char out[static ADDRESS_MAX], struct err *err);

const char *signature_kind_name(enum signature_kind kind);
const char *signature_state_name(enum signature_state state);

/* Read the words of signature_words.c, in any letter case: the names above,
 * and others in the five languages of our lists. Return 0 or -1. */
int signature_kind_parse(const char *name, enum signature_kind *out);
int signature_state_parse(const char *name, enum signature_state *out);

/* yes/no in the forms that people and other programs write; "" is no.
 * Returns 0 or -1. */
int signature_parse_bool(const char *text, bool *out);

#endif
