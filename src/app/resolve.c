#include "app/resolve.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "core/signature.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"
#include "store/store_resolve.h"

enum verdict {
	VERDICT_NONE,
	VERDICT_SENT,
	VERDICT_AGAIN,
	VERDICT_LATER,	 /* left: a later mailing wrote to them */
	VERDICT_UNCLEAR, /* left: the log has another word */
};

/* A delivery whose server had all of it. */
struct resolve_item {
	int64_t id;
	bool unknown; /* else sent: only to know the log by */
	enum verdict verdict;
	char *message_id; /* as maillog_tidy_id makes it */
	char *key;	  /* the address for matching */
	char *word;	  /* VERDICT_UNCLEAR: of the log; else NULL */
	long line;
};

void
resolve_plan_release(struct resolve_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->items[i].message_id);
		free(plan->items[i].key);
		free(plan->items[i].word);
	}
	free(plan->items);
	free(plan->why_sent);
	free(plan->why_again);
	*plan = (struct resolve_plan){0};
}

static int
find_mailing(struct workspace *ws, int64_t mailing, enum mailing_state *state,
	struct err *err)
{
	int found = store_mailing_state(ws->store, mailing, state, err);

	if (found == 0)
		return err_set(err, ERR_NOTFOUND,
			"there is no mailing %" PRId64
			"; `openletter status` lists them",
			mailing);
	return found < 0 ? -1 : 0;
}

static int
add_item(void *ctx, const struct store_handed *d, struct err *err)
{
	struct resolve_plan *plan = ctx;
	char *id = mem_strdup(d->message_id);
	bool unknown = d->state == DELIVERY_UNKNOWN;

	(void)err;
	plan->items = mem_grow(
		plan->items, plan->count, &plan->cap, sizeof *plan->items);
	plan->items[plan->count++] = (struct resolve_item){
		.id = d->id,
		.unknown = unknown,
		.message_id = mem_strdup(maillog_tidy_id(id)),
		.key = unknown ? mem_strdup(d->key) : NULL,
	};
	plan->unknown += unknown;
	free(id);
	return 0;
}

static int
compare_items(const void *a, const void *b)
{
	const struct resolve_item *x = a, *y = b;

	return strcmp(x->message_id, y->message_id);
}

static int
load(struct workspace *ws, int64_t mailing, bool all_handed,
	struct resolve_plan *out, struct err *err)
{
	*out = (struct resolve_plan){.mailing = mailing};
	if (find_mailing(ws, mailing, &out->state, err) < 0 ||
		store_handed(
			ws->store, mailing, all_handed, add_item, out, err) < 0)
		return -1;
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items,
			compare_items);
	return 0;
}

/* The delivery with this tidy Message-ID, or NULL. */
static struct resolve_item *
find_id(const struct resolve_plan *plan, const char *id)
{
	size_t low = 0, high = plan->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, plan->items[middle].message_id);

		if (order == 0)
			return &plan->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The only unknown delivery to an address. */
static int
find_address(const struct resolve_plan *plan, const char *name,
	struct resolve_item **out, struct err *err)
{
	char key[ADDRESS_MAX];
	struct err no_address;
	size_t found = 0;

	if (signature_address_key(name, key, &no_address) == 0) {
		for (size_t i = 0; i < plan->count; i++) {
			if (strcmp(plan->items[i].key, key) == 0) {
				*out = &plan->items[i];
				found++;
			}
		}
	}
	if (found == 0)
		return err_set(err, ERR_NOTFOUND,
			"no letter to or with the Message-ID \"%.200s\" is "
			"unknown in mailing %" PRId64
			"; `openletter resolve %" PRId64 "` lists those",
			name, plan->mailing, plan->mailing);
	if (found > 1)
		return err_set(err, ERR_USAGE,
			"%zu letters to %.200s are unknown; name them by their "
			"Message-IDs, which `openletter resolve %" PRId64
			"` lists",
			found, name, plan->mailing);
	return 0;
}

static int
find_named(const struct resolve_plan *plan, const char *name,
	struct resolve_item **out, struct err *err)
{
	char *copy = mem_strdup(name);

	*out = find_id(plan, maillog_tidy_id(copy));
	free(copy);
	return *out ? 0 : find_address(plan, name, out, err);
}

/* The person who is to get a letter again must not have a later one of the
 * same. by_name: say so as an error. */
static int
plan_again(struct workspace *ws, struct resolve_item *item, bool by_name,
	struct err *err)
{
	int64_t later;
	int found = store_resolve_later(ws->store, item->id, &later, err);

	if (found < 0)
		return -1;
	if (found && by_name)
		return err_set(err, ERR_REFUSED,
			"%s has this letter in mailing %" PRId64
			" too, which came later; nothing was changed (settle "
			"it with --sent, or leave it as it is)",
			item->key, later);
	item->verdict = found ? VERDICT_LATER : VERDICT_AGAIN;
	return 0;
}

static const char *
say_again(const struct resolve_plan *plan)
{
	return plan->state == MAILING_CANCELLED
		       ? "cancelled with its mailing, not sent"
		       : "to be sent again";
}

static void
count_verdicts(struct resolve_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		enum verdict verdict = plan->items[i].verdict;

		plan->sent += verdict == VERDICT_SENT;
		plan->again += verdict == VERDICT_AGAIN;
		plan->later += verdict == VERDICT_LATER;
		plan->unclear += verdict == VERDICT_UNCLEAR;
	}
}

int
resolve_by_hand(struct workspace *ws, int64_t mailing, bool again, bool all,
	char *const *names, size_t count, struct resolve_plan *out,
	struct err *err)
{
	if (load(ws, mailing, false, out, err) < 0)
		return -1;
	if (all)
		count = out->count;
	for (size_t i = 0; i < count; i++) {
		struct resolve_item *item = all ? &out->items[i] : NULL;

		if (!all && find_named(out, names[i], &item, err) < 0)
			return -1;
		if (!again)
			item->verdict = VERDICT_SENT;
		else if (plan_again(ws, item, !all, err) < 0)
			return -1;
	}
	out->why_sent = mem_strdup("sent, as said by hand");
	out->why_again = mem_printf("%s, as said by hand", say_again(out));
	count_verdicts(out);
	return 0;
}

struct reading {
	struct resolve_plan *plan;
	bool known; /* a letter of the mailing stands in the log */
};

static int
take_row(void *ctx, const struct maillog_row *row, struct err *err)
{
	struct reading *reading = ctx;
	struct resolve_item *item = find_id(reading->plan, row->message_id);

	(void)err;
	reading->plan->has_status = row->status != NULL;
	if (!item)
		return 0;
	reading->known = true;
	if (row->accepted) {
		item->verdict = VERDICT_SENT;
	} else if (item->verdict == VERDICT_NONE) {
		item->verdict = VERDICT_UNCLEAR;
		item->word = mem_strdup(row->status);
		item->line = row->line;
	}
	return 0;
}

/* What a letter of the mailing that is not in question says is not asked. */
static void
forget_known(struct resolve_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->items[i].unknown)
			plan->items[i].verdict = VERDICT_NONE;
}

static int
plan_rest(struct workspace *ws, const struct reading *reading,
	const struct maillog_source *log, struct err *err)
{
	struct resolve_plan *plan = reading->plan;

	if (!reading->known)
		return err_set(err, ERR_REFUSED,
			"%s: no letter of mailing %" PRId64 " stands in it, so "
			"it does not show what was not accepted; is it the "
			"right log and column? Nothing was changed",
			log->file, plan->mailing);
	for (size_t i = 0; i < plan->count; i++) {
		struct resolve_item *item = &plan->items[i];

		if (item->unknown && item->verdict == VERDICT_NONE &&
			plan_again(ws, item, false, err) < 0)
			return -1;
	}
	return 0;
}

int
resolve_by_log(struct workspace *ws, int64_t mailing,
	const struct maillog_source *log, bool rest, struct resolve_plan *out,
	struct problems *notes, struct err *err)
{
	const char *slash = strrchr(log->file, '/');
	const char *name = slash ? slash + 1 : log->file;
	struct reading reading = {.plan = out};

	if (load(ws, mailing, rest, out, err) < 0 ||
		maillog_read(log, take_row, &reading, err) < 0)
		return -1;
	forget_known(out);
	if (rest && plan_rest(ws, &reading, log, err) < 0)
		return -1;
	for (size_t i = 0; i < out->count; i++) {
		const struct resolve_item *item = &out->items[i];

		if (item->verdict == VERDICT_UNCLEAR)
			problems_add(notes, log->file, item->line, 0,
				"\"%.80s\" does not show whether the provider "
				"took <%s>; it stays unknown",
				item->word, item->message_id);
	}
	problems_sort(notes);
	out->why_sent = mem_printf("sent, as the log %s says", name);
	out->why_again = mem_printf(
		"%s, as it is not in the log %s", say_again(out), name);
	count_verdicts(out);
	return 0;
}

static int
apply(struct store *store, const struct resolve_plan *plan, int64_t now,
	struct err *err)
{
	/* What is queued in a cancelled mailing is cancelled. */
	enum delivery_state again = plan->state == MAILING_CANCELLED
					    ? DELIVERY_CANCELLED
					    : DELIVERY_QUEUED;

	for (size_t i = 0; i < plan->count; i++) {
		const struct resolve_item *item = &plan->items[i];
		int rc = 0;

		if (item->verdict == VERDICT_SENT)
			rc = store_resolve(store, item->id, DELIVERY_SENT,
				plan->why_sent, now, err);
		else if (item->verdict == VERDICT_AGAIN)
			rc = store_resolve(store, item->id, again,
				plan->why_again, now, err);
		if (rc < 0)
			return -1;
	}
	return plan->again ? store_resolve_reopen(store, plan->mailing, err)
			   : 0;
}

int
resolve_apply(
	struct workspace *ws, const struct resolve_plan *plan, struct err *err)
{
	if (store_begin(
		    ws->store, "settling unknown letters", DB_DURABLE, err) < 0)
		return -1;
	if (apply(ws->store, plan, clock_now(), err) < 0) {
		store_rollback(ws->store);
		return -1;
	}
	return store_commit(ws->store, err);
}

struct listing {
	struct rows *rows;
	int64_t count;
};

static int
add_row(void *ctx, const struct store_log_row *row, struct err *err)
{
	struct listing *listing = ctx;
	char at[CLOCK_TIME_MAX];

	listing->count++;
	clock_format_time(row->at, at);
	return listing->rows->add(listing->rows,
		(struct cell[]){
			{.number = row->delivery},
			{.text = row->recipient},
			{.text = row->message_id},
			{.number = row->attempts},
			{.text = at},
			{.text = row->reply},
		},
		err);
}

int
resolve_list(struct workspace *ws, int64_t mailing, struct rows *rows,
	int64_t *count, struct err *err)
{
	static const struct column columns[] = {
		{"delivery", COLUMN_DETAIL},
		{"recipient", COLUMN_ALWAYS},
		{"message_id", COLUMN_ALWAYS},
		{"attempts", COLUMN_DETAIL},
		{"at", COLUMN_ALWAYS},
		{"reply", COLUMN_ALWAYS},
	};
	struct listing listing = {.rows = rows};
	enum mailing_state state;

	if (find_mailing(ws, mailing, &state, err) < 0)
		return -1;
	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	if (store_log(ws->store, mailing, DELIVERY_UNKNOWN, 0, add_row,
		    &listing, err) < 0)
		return -1;
	*count = listing.count;
	return 0;
}
