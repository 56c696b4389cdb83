#include "store/store_counts.h"

#include <stdio.h>

#include "base/clock.h"

/* An enum's number as it is kept. */
static void
add_number(struct store_counts *counts, enum tally what, int value, int count)
{
	static const char *const texts[] = {
		"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

	counter_add(&counts->counter, what, texts[value], count);
}

static const char *
day_of(struct store_counts *counts, int64_t at)
{
	int64_t day = at / CLOCK_DAY_S - (at % CLOCK_DAY_S < 0);
	char text[CLOCK_TIME_MAX];

	if (!counts->day_text[0] || day != counts->day) {
		clock_format_day(at, text);
		snprintf(counts->day_text, sizeof counts->day_text, "%.15s",
			text);
		counts->day = day;
	}
	return counts->day_text;
}

/* Counts are for everybody: they name no organisation that only counts, and
 * nobody's who does. */
static const char *
shown_organisation(const char *organisation, enum visibility visibility)
{
	return visibility_shows(visibility, VIEWER_RECIPIENT) ? organisation
							      : "";
}

void
store_counts_add(
	struct store_counts *counts, const struct tally_facts *facts, int count)
{
	struct counter *c = &counts->counter;

	add_number(counts, TALLY_STATE, facts->state, count);
	if (facts->state != SIGNATURE_CONFIRMED)
		return;
	add_number(counts, TALLY_KIND, facts->kind, count);
	add_number(counts, TALLY_VISIBILITY, facts->visibility, count);
	counter_add(c, TALLY_COUNTRY, facts->country, count);
	counter_add(c, TALLY_DAY, day_of(counts, facts->signed_at), count);
	counter_add(c, TALLY_LANGUAGE, facts->lang, count);
	counter_add(c, TALLY_ORGANISATION,
		shown_organisation(facts->organisation, facts->visibility),
		count);
	counter_add(c, TALLY_SOURCE, facts->source, count);
	if (facts->fresh)
		counter_add(c, TALLY_NEW, "", count);
}

void
store_counts_move(struct store_counts *counts, const char *organisation,
	enum visibility from, enum visibility to)
{
	struct counter *c = &counts->counter;

	add_number(counts, TALLY_VISIBILITY, from, -1);
	add_number(counts, TALLY_VISIBILITY, to, 1);
	counter_add(c, TALLY_ORGANISATION,
		shown_organisation(organisation, from), -1);
	counter_add(
		c, TALLY_ORGANISATION, shown_organisation(organisation, to), 1);
}

void
store_counts_hide(struct store_counts *counts, enum visibility from,
	const char *organisation, int count)
{
	struct counter *c = &counts->counter;

	if (from == VISIBILITY_COUNT)
		return;
	add_number(counts, TALLY_VISIBILITY, from, -count);
	add_number(counts, TALLY_VISIBILITY, VISIBILITY_COUNT, count);
	counter_add(c, TALLY_ORGANISATION, organisation, -count);
	counter_add(c, TALLY_ORGANISATION, "", count);
}

static int
write_one(struct store *store, enum sql statement, int64_t letter,
	const struct counted *c, struct err *err)
{
	struct db_query *q = db_query(store->db, statement, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, c->what);
	db_bind_text(q, 3, c->text);
	if (statement == SQL_TALLY_ADD)
		db_bind_int(q, 4, c->count);
	return db_run(q, err);
}

int
store_counts_write(
	struct store *store, struct store_counts *counts, struct err *err)
{
	const int64_t letter = counts->letter;
	const struct counted *c;
	size_t at = 0;

	while ((c = counter_next(&counts->counter, &at))) {
		if (c->count == 0)
			continue;
		if (write_one(store, SQL_TALLY_ADD, letter, c, err) < 0)
			return -1;
		if (c->count < 0 &&
			write_one(store, SQL_TALLY_TRIM, letter, c, err) < 0)
			return -1;
	}
	store_counts_release(counts);
	return 0;
}

void
store_counts_release(struct store_counts *counts)
{
	counter_release(&counts->counter);
}

int
store_counts_read(struct store *store, int64_t letter, enum tally what,
	int (*each)(
		void *ctx, const char *value, int64_t total, struct err *err),
	void *ctx, struct err *err)
{
	const bool in_order = what == TALLY_DAY || what == TALLY_STATE ||
			      what == TALLY_KIND || what == TALLY_VISIBILITY;
	struct db_query *q = db_query(store->db,
		in_order ? SQL_TALLY_IN_ORDER
		: letter ? SQL_TALLY_READ
			 : SQL_TALLY_READ_ALL,
		err);
	int rc;

	if (!q)
		return -1;
	db_bind_int(q, 1, what);
	if (in_order || letter)
		db_bind_int(q, 2, letter);
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), db_int(q, 1), err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}

int
store_counts_one(struct store *store, int64_t letter, enum tally what,
	const char *value, int64_t *out, struct err *err)
{
	struct db_query *q =
		db_query(store->db, value ? SQL_TALLY_ONE : SQL_TALLY_SUM, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, what);
	if (value)
		db_bind_text(q, 3, value);
	return db_find(q, out, err) < 0 ? -1 : 0;
}

int
store_counts_values(struct store *store, int64_t letter, enum tally what,
	int64_t *out, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_TALLY_VALUES, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	db_bind_int(q, 2, what);
	return db_find(q, out, err) < 0 ? -1 : 0;
}

static int
run(struct store *store, enum sql statement, int64_t letter, struct err *err)
{
	struct db_query *q = db_query(store->db, statement, err);

	if (!q)
		return -1;
	db_bind_int(q, 1, letter);
	return db_run(q, err);
}

int
store_counts_age(struct store *store, int64_t letter, struct err *err)
{
	if (run(store, SQL_LETTER_AGE, letter, err) < 0)
		return -1;
	return run(store, SQL_TALLY_FORGET_NEW, letter, err);
}

int
store_counts_rejuvenate(struct store *store, int64_t letter, struct err *err)
{
	if (run(store, SQL_LETTER_REJUVENATE, letter, err) < 0 ||
		run(store, SQL_TALLY_FORGET_NEW, letter, err) < 0)
		return -1;
	return run(store, SQL_TALLY_COUNT_NEW, letter, err);
}

int
store_recount(struct store *store,
	int (*each)(void *ctx, const char *letter, enum tally what,
		const char *value, int64_t total, int64_t right,
		struct err *err),
	void *ctx, struct err *err)
{
	struct db_query *q = db_query(store->db, SQL_RECOUNT, err);
	int rc;

	if (!q)
		return -1;
	while ((rc = db_next(q, err)) > 0) {
		if (each(ctx, db_text(q, 0), (enum tally)db_int(q, 1),
			    db_text(q, 2), db_int(q, 3), db_int(q, 4),
			    err) < 0) {
			db_reset(q);
			return -1;
		}
	}
	return rc;
}
