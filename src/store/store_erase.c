#include "store/store_erase.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_counts.h"
#include "store/store_erased.h"
#include "store/store_suppression.h"

enum {
	CHUNK = 4096 /* rows that are changed between two readings */
};

static int
run(struct store *store, enum sql id, struct err *err)
{
	struct db_query *q = db_query(store->db, id, err);

	return q ? db_run(q, err) : -1;
}

static int
note(struct store *store, int64_t signature, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_ADD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, signature);
	return db_run(q, err);
}

/* Whether an address is the one with that form for matching. */
static bool
is_address(const char *email, const char *email_key)
{
	char key[ADDRESS_MAX];
	struct err ignored;

	return signature_address_key(email, key, &ignored) == 0 &&
	       strcmp(key, email_key) == 0;
}

int
store_erasing_address(
	struct store *store, const char *email_key, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_EMAILS, err);
	int rc;

	if (!q)
		return -1;
	/* Every row is looked at: who withdrew and signed again has rows that
	 * no signer leads to. */
	while ((rc = db_next(q, err)) > 0) {
		if (is_address(db_text(q, 1), email_key) &&
			note(store, db_int(q, 0), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

/* Whether a signature without an address has the key. */
static bool
has_key(struct db_query *q, const char *key, struct arena *arena)
{
	struct signature s = {
		.kind = (enum signature_kind)db_int(q, 1),
		.name = db_text(q, 2),
		.organisation = db_text(q, 3),
		.country = db_text(q, 4),
		.postcode = db_text(q, 5),
	};
	struct err ignored;

	return signature_check(&s, arena, &ignored) == 0 &&
	       strcmp(s.key, key) == 0;
}

int
store_erasing_key(struct store *store, int64_t letter, const char *key,
	const char *country, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_NAMES, err);
	struct arena arena = {0};
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, country);
	while ((rc = db_next(q, err)) > 0) {
		arena_reset(&arena);
		if (has_key(q, key, &arena) &&
			note(store, db_int(q, 0), err) < 0) {
			db_reset(q);
			rc = -1;
			break;
		}
	}
	arena_release(&arena);
	return rc;
}

int
store_erasing_old(struct store *store, int64_t letter, int64_t before,
	int64_t *kept, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_ADD_OLD, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, before);
	if (db_run(q, err) < 0)
		return -1;
	q = db_query(store->db, SQL_ERASING_KEPT, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, before);
	return db_find(q, kept, err) < 0 ? -1 : 0;
}

int
store_erasing(struct store *store,
	int (*each)(void *ctx, const struct store_erasing *e, struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_SIGNATURES, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		struct store_erasing e = {
			.letter = db_text(q, 0),
			.signatures = db_int(q, 1),
			.counted = db_int(q, 2),
			.organisations = db_int(q, 3),
			.readers = db_int(q, 4),
		};

		if (each(ctx, &e, err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_erasing_messages(struct store *store, const char *email_key,
	struct store_erasing_messages *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_MESSAGES, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	if (db_next(q, err) < 0)
		return -1;
	*out = (struct store_erasing_messages){
		.all = db_int(q, 0),
		.open = db_int(q, 1),
		.unknown = db_int(q, 2),
	};
	db_reset(q);
	return 0;
}

/* Version 1 kept the names that a mailing shows as one text. */
static int
refuse_old_names(struct store *store, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_OLD_NAMES, err);
	int64_t mailing;
	int rc = q ? db_find(q, &mailing, err) : -1;

	return rc > 0 ? err_set(err, ERR_REFUSED,
				"mailing %" PRId64 " of an older openletter "
				"still shows names; finish it with `openletter "
				"resume %" PRId64 "` or `cancel %" PRId64 "`",
				mailing, mailing, mailing)
		      : rc;
}

/* What must be, since somebody's digest is asked for. */
static int
digest(struct store *store, const char *key, char out[static STORE_ERASED_MAX],
	struct err *err)
{
	int rc = store_erased_key(store, key, out, err);

	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(err, ERR_IO, "the store has no secret");
}

static int
erase_signer(
	struct store *store, int64_t letter, const char *key, struct err *err)
{
	char erased[STORE_ERASED_MAX];
	struct db_query *q;

	if (digest(store, key, erased, err) < 0)
		return -1;
	q = db_query(store->db, SQL_SIGNER_RENAME, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, key);
	db_bind_text(q, 3, erased);
	return db_run(q, err);
}

/* Reads keys of one letter behind another. They are read before they are
 * changed, since a table is not to be changed while it is walked. */
static int
read_keys(struct store *store, int64_t letter, const char *behind,
	struct arena *arena, char **keys, size_t *count, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_SIGNERS, err);
	int rc;

	*count = 0;
	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_text(q, 2, behind);
	db_bind_int(q, 3, CHUNK);
	while ((rc = db_next(q, err)) > 0)
		keys[(*count)++] = arena_strdup(arena, db_text(q, 1));
	return rc;
}

static int
erase_signers_of(struct store *store, int64_t letter, struct err *err)
{
	char **keys = mem_zalloc(CHUNK * sizeof *keys);
	/* Behind the digests, which all begin with an e. */
	char *last = mem_strdup("f");
	struct arena arena = {0};
	size_t count;
	int rc = 0;

	do {
		arena_reset(&arena);
		rc = read_keys(store, letter, last, &arena, keys, &count, err);
		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = erase_signer(store, letter, keys[i], err);
		if (rc == 0 && count > 0) {
			free(last);
			last = mem_strdup(keys[count - 1]);
		}
	} while (rc == 0 && count == CHUNK);
	free(last);
	arena_release(&arena);
	free(keys);
	return rc;
}

static int
erase_signers(struct store *store, struct err *err)
{
	int64_t letter = 0;
	int rc;

	do {
		struct db_query *q =
			db_query(store->db, SQL_ERASING_LETTERS, err);

		if (!q)
			return -1;
		db_bind_int(q, 1, letter);
		rc = db_find(q, &letter, err);
		if (rc > 0 && erase_signers_of(store, letter, err) < 0)
			rc = -1;
	} while (rc > 0);
	return rc;
}

/* Counts people's signatures as those of nobody who may be seen. */
static int
hide_counted(struct store *store, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_COUNTS, err);
	struct store_counts counts = {0};
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		const int64_t letter = db_int(q, 0);

		if (letter != counts.letter) {
			rc = store_counts_write(store, &counts, err);
			if (rc < 0)
				break;
			counts.letter = letter;
		}
		store_counts_hide(&counts, (enum visibility)db_int(q, 1),
			db_text(q, 2), (int)db_int(q, 3));
	}
	db_reset(q);
	if (rc == 0)
		rc = store_counts_write(store, &counts, err);
	store_counts_release(&counts);
	return rc;
}

/* A delivery to be erased. */
struct message {
	int64_t id;
	char *key; /* NULL: only in their name, it goes to somebody else */
};

static int
read_messages(struct store *store, const char *email_key, int64_t behind,
	struct arena *arena, struct message *out, size_t *count,
	struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_DELIVERIES, err);
	int rc;

	*count = 0;
	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	db_bind_int(q, 2, behind);
	db_bind_int(q, 3, CHUNK);
	while ((rc = db_next(q, err)) > 0)
		out[(*count)++] = (struct message){
			.id = db_int(q, 0),
			.key = db_int(q, 2) ? arena_strdup(arena, db_text(q, 1))
					    : NULL,
		};
	return rc;
}

static int
erase_message(struct store *store, const struct message *m, int64_t now,
	struct err *err)
{
	char erased[STORE_ERASED_MAX] = "";
	struct db_query *q;

	if (m->key && digest(store, m->key, erased, err) < 0)
		return -1;
	q = db_query(store->db, SQL_ERASE_DELIVERY, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, m->id);
	db_bind_text(q, 2, erased);
	db_bind_int(q, 3, now);
	return db_run(q, err);
}

static int
erase_messages(struct store *store, const char *email_key, int64_t now,
	struct err *err)
{
	struct message *messages = mem_zalloc(CHUNK * sizeof *messages);
	struct arena arena = {0};
	int64_t last = 0;
	size_t count;
	int rc = 0;

	do {
		arena_reset(&arena);
		rc = read_messages(
			store, email_key, last, &arena, messages, &count, err);
		for (size_t i = 0; rc == 0 && i < count; i++)
			rc = erase_message(store, &messages[i], now, err);
		if (count > 0)
			last = messages[count - 1].id;
	} while (rc == 0 && count == CHUNK);
	arena_release(&arena);
	free(messages);
	return rc;
}

/* Reads which rows of a piece hold the address; *behind moves on to the last
 * one of the piece. Returns 1, 0 at the end, or -1. */
static int
read_rows(struct store *store, const char *email_key, int64_t *behind,
	int64_t *ids, size_t *count, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_ERASING_ROWS, err);
	size_t seen = 0;
	int rc;

	*count = 0;
	if (!q)
		return -1;
	db_bind_int(q, 1, *behind);
	db_bind_int(q, 2, CHUNK);
	while ((rc = db_next(q, err)) > 0) {
		*behind = db_int(q, 0);
		if (is_address(db_text(q, 1), email_key))
			ids[(*count)++] = *behind;
		seen++;
	}
	return rc < 0 ? -1 : seen == CHUNK;
}

/* Rows that letters are filled with, also in mailings to others: tests. */
static int
erase_rows(struct store *store, const char *email_key, struct err *err)
{
	int64_t *ids = mem_zalloc(CHUNK * sizeof *ids);
	int64_t last = 0;
	size_t count;
	int rc;

	do {
		rc = read_rows(store, email_key, &last, ids, &count, err);
		for (size_t i = 0; rc >= 0 && i < count; i++) {
			struct db_query *q =
				db_query(store->db, SQL_ERASE_ROW, err);

			if (!q) {
				rc = -1;
				break;
			}
			db_bind_int(q, 1, ids[i]);
			if (db_run(q, err) < 0)
				rc = -1;
		}
	} while (rc > 0);
	free(ids);
	return rc;
}

/* What servers said of them. */
static int
erase_words(struct store *store, enum sql id, const char *email_key,
	const char *email, struct err *err)
{
	struct db_query *q = db_query(store->db, id, err);

	if (!q)
		return -1;
	db_bind_text(q, 1, email_key);
	db_bind_text(q, 2, email);
	return db_run(q, err);
}

/* What bears the address and no signature leads to. */
static int
erase_address(struct store *store, const char *email_key, const char *email,
	int64_t now, struct err *err)
{
	char erased[STORE_ERASED_MAX];

	if (erase_rows(store, email_key, err) < 0 ||
		erase_words(store, SQL_ERASE_REASONS, email_key, email, err) <
			0 ||
		erase_words(store, SQL_ERASE_REPLIES, email_key, email, err) <
			0 ||
		digest(store, email_key, erased, err) < 0 ||
		store_unsuppress(store, email_key, err) < 0)
		return -1;
	return store_suppress(store, erased, STORE_REASON_ERASED, now, err) < 0
		       ? -1
		       : 0;
}

/* In this order: what a step looks for the next ones take away. */
static int
erase_noted(struct store *store, const char *email_key, int64_t now,
	struct err *err)
{
	static const enum sql steps[] = {
		SQL_ERASE_SIGNER_ROWS,
		SQL_ERASE_NAMES,
		SQL_ERASE_NAMES_OF_CONTACTS,
		SQL_ERASE_MAILINGS,
		SQL_ERASE_SIGNATURES,
		SQL_ERASING_CLEAR,
	};

	if (erase_signers(store, err) < 0 || hide_counted(store, err) < 0 ||
		erase_messages(store, email_key, now, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (run(store, steps[i], err) < 0)
			return -1;
	return 0;
}

int
store_erase(struct store *store, const char *email_key, const char *email,
	int64_t now, struct err *err)
{
	struct db_query *q;

	if (refuse_old_names(store, err) < 0 ||
		store_secret_make(store, err) < 0)
		return -1;
	if (*email_key && erase_address(store, email_key, email, now, err) < 0)
		return -1;
	if (erase_noted(store, email_key, now, err) < 0)
		return -1;
	q = db_query(store->db, SQL_SCRUB_BEGIN, err);
	if (!q)
		return -1;
	db_bind_int(q, 1, now);
	return db_run(q, err);
}

int
store_scrub_is_due(struct store *store, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_SCRUB_DUE, err);

	return q ? db_find(q, NULL, err) : -1;
}

/* Free pages and the gaps within pages may hold the bytes: the engine wipes
 * what it frees, not what it moved before. */
int
store_scrub(struct store *store, struct err *err)
{
	if (db_rewrite(store->db, err) < 0 || db_empty_log(store->db, err) < 0)
		return -1;
	if (store_begin(store, "scrubbing", DB_DURABLE, err) < 0)
		return -1;
	if (run(store, SQL_SCRUB_END, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}
