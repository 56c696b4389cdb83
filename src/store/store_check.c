#include "store/store_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/store_counts.h"

enum {
	LINES_MAX = 20 /* of one sort; a broken table has millions */
};

#define RESTORE "; restore a backup"

struct check {
	struct store *store;
	const char *file;
	struct problems *problems;
	size_t lines; /* of the sort that is looked at */
};

/* The engine says more than a line. */
static int
check_pages(struct check *c, struct err *err)
{
	struct db_query *q = db_query(c->store->db, SQL_CHECK_PAGES, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		char *text = mem_strdup(db_text(q, 0));

		for (char *at = text; (at = strchr(at, '\n')); at++)
			*at = ' ';
		if (strcmp(text, "ok") != 0)
			problems_add(c->problems, c->file, 0, 0,
				"damaged: %.300s" RESTORE, text);
		free(text);
	}
	return rc;
}

static int
check_references(struct check *c, struct err *err)
{
	struct db_query *q = db_query(c->store->db, SQL_CHECK_REFERENCES, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0)
		problems_add(c->problems, c->file, 0, 0,
			"%" PRId64 " rows of %s name a %s that is not "
			"there" RESTORE,
			db_int(q, 2), db_text(q, 0), db_text(q, 1));
	return rc;
}

/* Each statement gives a number, and one of the rows that are meant. */
static const struct {
	enum sql id;
	const char *what;
} rules[] = {
	{SQL_CHECK_UNSIGNED, "signatures count for no signer"},
	{SQL_CHECK_SIGNERS, "signers have no signature in their letter"},
	{SQL_CHECK_SHARED, "signatures count for several signers"},
	{SQL_CHECK_REPEATED, "signatures repeat one that is not there"},
	{SQL_CHECK_SIGNATURE_CODES,
		"signatures have a kind, state or visibility that nobody "
		"knows"},
	{SQL_CHECK_DELIVERY_CODES, "messages have a state that nobody knows"},
	{SQL_CHECK_MAILING_CODES,
		"mailings have a state or audience that nobody knows"},
};

static int
check_rules(struct check *c, struct err *err)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct db_query *q = db_query(c->store->db, rules[i].id, err);

		if (!q || db_next(q, err) < 0)
			return -1;
		if (db_int(q, 0))
			problems_add(c->problems, c->file, 0, 0,
				"%" PRId64 " %s, the first is %" PRId64 RESTORE,
				db_int(q, 0), rules[i].what, db_int(q, 1));
		db_reset(q);
	}
	return 0;
}

static int
add_tally(void *ctx, const char *letter, enum tally what, const char *value,
	int64_t total, int64_t right, struct err *err)
{
	static const char *const names[] = {"state", "kind", "visibility",
		"country", "day", "language", "organisation", "source", "new"};
	const size_t known = sizeof names / sizeof names[0];
	struct check *c = ctx;

	(void)err;
	if (c->lines++ < LINES_MAX)
		problems_add(c->problems, c->file, 0, 0,
			"%s: %s \"%.60s\": %" PRId64 " are counted, %" PRId64
			" are there; count anew with: openletter check --store "
			"--mend",
			letter,
			(size_t)what < known ? names[what] : "unknown tally",
			value, total, right);
	return 0;
}

static int
check_tallies(struct check *c, struct err *err)
{
	c->lines = 0;
	if (store_recount(c->store, add_tally, c, err) < 0)
		return -1;
	if (c->lines > LINES_MAX)
		problems_add(c->problems, c->file, 0, 0,
			"%zu more tallies are wrong", c->lines - LINES_MAX);
	return 0;
}

static int
check_scrubbed(struct check *c, struct err *err)
{
	struct db_query *q = db_query(c->store->db, SQL_SCRUB_DUE, err);
	int rc = q ? db_find(q, NULL, err) : -1;

	if (rc > 0)
		problems_add(c->problems, c->file, 0, 0,
			"bytes of somebody who was erased may still be in it; "
			"run the same `openletter erase` or `openletter "
			"forget` again");
	return rc < 0 ? -1 : 0;
}

int
store_check(struct store *store, const char *file, struct problems *problems,
	struct err *err)
{
	struct check c = {
		.store = store,
		.file = file,
		.problems = problems,
	};
	size_t before = problems->count;

	if (check_pages(&c, err) < 0)
		return -1;
	/* What the pages hold is of no account when they are damaged. */
	if (problems->count > before)
		return 0;
	if (check_references(&c, err) < 0 || check_rules(&c, err) < 0 ||
		check_tallies(&c, err) < 0)
		return -1;
	return check_scrubbed(&c, err);
}

static int
run(struct store *store, enum sql id, struct err *err)
{
	struct db_query *q = db_query(store->db, id, err);

	return q ? db_run(q, err) : -1;
}

int
store_mend_tallies(struct store *store, struct err *err)
{
	if (store_begin(store, "counting anew", DB_DURABLE, err) < 0)
		return -1;
	if (run(store, SQL_TALLY_FORGET_ALL, err) < 0 ||
		run(store, SQL_TALLY_COUNT_ALL, err) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}
