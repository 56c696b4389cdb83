#include "app/life.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fields.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/token.h"
#include "core/fold.h"
#include "store/store_change.h"
#include "store/store_life.h"
#include "store/store_signature.h"

enum {
	DAY_LEN = 10 /* of 2026-05-01 */
};

/* Ends the transaction: commits if rc is 0. */
static int
end(struct store *store, int rc, struct err *err)
{
	if (rc == 0)
		rc = store_commit(store, err);
	store_rollback(store);
	return rc;
}

static int
refuse_token(enum store_confirmed what, struct err *err)
{
	switch (what) {
	case STORE_CONFIRMED_NOW:
		return 0;
	case STORE_CONFIRMED_UNKNOWN:
		return err_set(err, ERR_NOTFOUND,
			"no signature waits for this token; was all of it "
			"copied?");
	case STORE_CONFIRMED_BEFORE:
		return err_set(err, ERR_REFUSED,
			"this token was used already; nothing was changed");
	case STORE_CONFIRMED_LATE:
		return err_set(err, ERR_REFUSED,
			"this token has expired; please sign once more");
	case STORE_CONFIRMED_ENDED:
		break;
	}
	return err_set(err, ERR_REFUSED,
		"this signature was withdrawn, rejected or revoked since; "
		"please sign once more");
}

int
life_confirm(struct workspace *ws, const char *token, struct err *err)
{
	enum store_confirmed what = STORE_CONFIRMED_UNKNOWN;
	char digest[DIGEST_MAX];
	int rc;

	token_digest(token, strlen(token), digest);
	if (store_begin(ws->store, "confirming", DB_DURABLE, err) < 0)
		return -1;
	rc = store_confirm(ws->store, digest, clock_now(), &what, err);
	rc = end(ws->store, rc, err);
	return rc < 0 ? -1 : refuse_token(what, err);
}

int
life_expire(struct workspace *ws, int64_t *count, struct err *err)
{
	int rc;

	if (store_begin(ws->store, "expiring", DB_DURABLE, err) < 0)
		return -1;
	rc = store_expire(ws->store, clock_now(), count, err);
	return end(ws->store, rc, err);
}

/* A request, understood. */
struct wanted {
	struct life_plan *plan;
	struct rows *rows;
	char *name;	/* folded, or NULL */
	char *domain;	/* or NULL */
	char *source;	/* or NULL */
	int64_t since;	/* this and later */
	int64_t before; /* earlier than this */
	int64_t batch;
	bool states[SIGNATURE_STATES];
	bool found; /* one that is wanted */
};

static int
read_domain(struct wanted *w, const char *value, struct err *err)
{
	char *email = mem_printf("x@%s", value + (*value == '@'));
	struct address address;
	int rc = address_parse(email, &address, err);

	free(email);
	if (rc < 0)
		return err_set(err, ERR_USAGE,
			"--domain %s: not the domain of an address; write it "
			"like example.org",
			value);
	w->domain = mem_strdup(address.domain);
	return 0;
}

static int
read_time(const char *option, const char *value, int64_t *out, struct err *err)
{
	if (clock_parse_time(value, out) == 0)
		return 0;
	return err_set(err, ERR_USAGE,
		"%s %s: not a day like 2026-05-01 or a time like "
		"2026-05-01T12:00:00Z",
		option, value);
}

/* What can become confirmed, and what withdrawn or rejected. */
static const enum signature_state sources[2][2] = {
	{SIGNATURE_PENDING, SIGNATURE_CONFIRMED},
	{SIGNATURE_PENDING, SIGNATURE_EXPIRED},
};

static int
read_state(struct wanted *w, const char *value, struct err *err)
{
	const bool confirm = w->plan->to == SIGNATURE_CONFIRMED;
	const enum signature_state *from = sources[confirm];

	if (!value) {
		w->states[from[0]] = true;
		w->states[from[1]] = !confirm;
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (strcmp(value, signature_state_name(from[i])) == 0) {
			w->states[from[i]] = true;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE, "--state %s: say %s or %s", value,
		signature_state_name(from[0]), signature_state_name(from[1]));
}

/* Reads one condition as it is kept, by its name. */
static int
read_condition(
	struct wanted *w, const char *name, const char *value, struct err *err)
{
	long number;

	if (strcmp(name, "domain") == 0)
		return read_domain(w, value, err);
	if (strcmp(name, "since") == 0)
		return read_time("--since", value, &w->since, err);
	if (strcmp(name, "until") == 0) {
		if (read_time("--until", value, &w->before, err) < 0)
			return -1;
		w->before += strlen(value) == DAY_LEN ? CLOCK_DAY_S : 1;
		return 0;
	}
	if (strcmp(name, "source") == 0)
		w->source = mem_strdup(value);
	if (strcmp(name, "batch") == 0 &&
		str_to_number(value, INT32_MAX, &number) == 0)
		w->batch = number;
	return 0;
}

/* The conditions of a request under their names. */
static void
list_conditions(const struct life_filter *filter, struct fields *out)
{
	const struct {
		const char *name, *value;
	} texts[] = {
		{"domain", filter->domain},
		{"source", filter->source},
		{"since", filter->since},
		{"until", filter->until},
		{"state", filter->state},
	};
	char *batch = mem_printf("%ld", filter->batch);

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (texts[i].value)
			fields_add(out, texts[i].name, texts[i].value);
	if (filter->batch)
		fields_add(out, "batch", batch);
	free(batch);
}

static int
find_filter(struct workspace *ws, const char *name, struct fields *out,
	struct err *err)
{
	char *filter = NULL;
	int rc = store_filter_find(ws->store, name, &filter, err);

	if (rc > 0)
		rc = json_parse_fields(filter, out, err);
	else if (rc == 0)
		rc = err_set(err, ERR_NOTFOUND,
			"there is no filter \"%.100s\"; `openletter filters` "
			"lists them",
			name);
	free(filter);
	return rc;
}

/* Of addresses only how many there are is kept: who is erased later must be
 * gone from here too. */
static char *
keep_filter(struct fields *conditions, size_t addresses)
{
	struct buf out = {0};
	char *count = mem_printf("%zu", addresses);

	if (addresses)
		fields_add(conditions, "addresses", count);
	json_add_fields(&out, conditions);
	free(count);
	return buf_take(&out);
}

static int
understand(struct workspace *ws, const struct life_request *request,
	struct wanted *w, struct err *err)
{
	struct fields conditions = {0};
	int rc = 0;

	list_conditions(&request->filter, &conditions);
	if (request->use)
		rc = find_filter(ws, request->use, &conditions, err);
	for (size_t i = 0; rc == 0 && i < conditions.count; i++)
		rc = read_condition(w, conditions.items[i].name,
			conditions.items[i].value, err);
	if (rc == 0)
		rc = read_state(w, fields_get(&conditions, "state"), err);
	if (rc == 0 && request->name)
		w->name = fold_name(request->name);
	if (rc == 0)
		w->plan->filter =
			keep_filter(&conditions, request->email_count);
	fields_release(&conditions);
	return rc;
}

static bool
is_wanted(const struct wanted *w, const struct store_signature *row)
{
	const struct signature *s = &row->signature;
	const char *at = strrchr(s->email, '@');
	const char *name =
		s->kind == SIGNATURE_PERSON ? s->name : s->organisation;
	char *folded;
	bool same;

	if (!w->states[row->state] || s->signed_at < w->since ||
		s->signed_at >= w->before ||
		(w->batch && row->batch != w->batch) ||
		(w->source && strcmp(row->source, w->source) != 0) ||
		(w->domain && (!at || !str_ieq(at + 1, w->domain))))
		return false;
	if (!w->name)
		return true;
	folded = fold_name(name);
	same = strcmp(folded, w->name) == 0;
	free(folded);
	return same;
}

static int
show(struct wanted *w, const struct store_signature *row, struct err *err)
{
	const struct signature *s = &row->signature;
	char day[CLOCK_TIME_MAX];

	clock_format_day(s->signed_at, day);
	if (w->plan->count <= LIFE_FIRST_SHOWN)
		buf_printf(&w->plan->first, "  %s%s%s%s%s%s, %s, %s, %s\n",
			s->name, *s->name && *s->organisation ? ", " : "",
			s->organisation, *s->email ? " <" : "", s->email,
			*s->email ? ">" : "", signature_state_name(row->state),
			row->source, day);
	if (!w->rows)
		return 0;
	return w->rows->add(w->rows,
		(struct cell[]){
			{.text = s->name},
			{.text = s->organisation},
			{.text = s->email},
			{.text = s->country},
			{.text = signature_state_name(row->state)},
			{.text = row->source},
			{.number = row->batch ? row->batch : CELL_NONE},
			{.number = row->line ? row->line : CELL_NONE},
			{.text = day},
		},
		err);
}

static int
take(void *ctx, const struct store_signature *row, struct err *err)
{
	struct wanted *w = ctx;
	struct life_plan *plan = w->plan;

	if (!is_wanted(w, row))
		return 0;
	w->found = true;
	plan->items = mem_grow(
		plan->items, plan->count, &plan->cap, sizeof *plan->items);
	plan->items[plan->count++] = (struct life_item){row->id, row->state};
	return show(w, row, err);
}

static int
add_id(void *ctx, const char *key, int64_t signature, struct err *err)
{
	(void)key;
	(void)err;
	buf_add(ctx, &signature, sizeof signature);
	return 0;
}

static int
check_addresses(const struct life_request *request, struct err *err)
{
	char key[ADDRESS_MAX];

	for (size_t i = 0; i < request->email_count; i++)
		if (signature_address_key(request->emails[i], key, err) < 0)
			return err_prefix(err, "e-mail");
	return 0;
}

static int
find_by_address(struct workspace *ws, const struct life_request *request,
	const char *email, struct wanted *w, struct err *err)
{
	struct buf ids = {0};
	char key[ADDRESS_MAX];
	int rc;

	if (signature_address_key(email, key, err) < 0)
		return -1;
	w->found = false;
	rc = store_signers(ws->store, w->plan->letter, key, add_id, &ids, err);
	for (size_t at = 0; rc == 0 && at < ids.len; at += sizeof(int64_t)) {
		int64_t id;

		memcpy(&id, buf_str(&ids) + at, sizeof id);
		rc = store_signature_get(ws->store, id, take, w, err);
	}
	buf_release(&ids);
	if (rc == 0 && !w->found)
		rc = err_set(err, ERR_NOTFOUND,
			"no signature of %s for %s that could be %s; nothing "
			"was changed",
			email, request->letter,
			signature_state_name(request->to));
	return rc;
}

static int
find(struct workspace *ws, const struct life_request *request, struct wanted *w,
	struct err *err)
{
	for (size_t i = 0; i < request->email_count; i++)
		if (find_by_address(ws, request, request->emails[i], w, err) <
			0)
			return -1;
	if (request->email_count > 0)
		return 0;
	return store_signatures(ws->store, w->plan->letter, true,
		VISIBILITY_COUNT, take, w, err);
}

int
life_plan(struct workspace *ws, const struct life_request *request,
	struct life_plan *out, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"name", COLUMN_ALWAYS},
		{"organisation", COLUMN_ALWAYS},
		{"email", COLUMN_ALWAYS},
		{"country", COLUMN_ALWAYS},
		{"state", COLUMN_ALWAYS},
		{"source", COLUMN_ALWAYS},
		{"batch", COLUMN_ALWAYS},
		{"line", COLUMN_ALWAYS},
		{"date", COLUMN_ALWAYS},
	};
	struct wanted w = {
		.plan = out,
		.rows = rows,
		.since = INT64_MIN,
		.before = INT64_MAX,
	};
	int rc;

	*out = (struct life_plan){.to = request->to, .save = request->save};
	if (check_addresses(request, err) < 0)
		return -1;
	rc = store_letter_find(ws->store, request->letter, &out->letter, err);
	if (rc == 0)
		rc = err_set(err, ERR_NOTFOUND,
			"nobody has signed \"%.100s\"; `openletter letters` "
			"lists the letters",
			request->letter);
	if (rc > 0)
		rc = understand(ws, request, &w, err);
	if (rc == 0 && rows)
		rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	if (rc == 0)
		rc = find(ws, request, &w, err);
	free(w.name);
	free(w.domain);
	free(w.source);
	return rc;
}

void
life_plan_release(struct life_plan *plan)
{
	free(plan->items);
	free(plan->filter);
	buf_release(&plan->first);
	*plan = (struct life_plan){0};
}

/* Returns 1, 0 when it is not what it was any more, or -1. */
static int
apply_one(struct store *store, const struct life_plan *plan,
	const struct life_item *item, struct store_counts *counts,
	struct err *err)
{
	enum signature_state now;
	int rc = store_state(store, item->signature, &now, err);

	if (rc < 0 || now != item->was)
		return rc;
	rc = store_is_signer(store, plan->letter, item->signature, err);
	if (rc <= 0)
		return rc;
	rc = plan->to == SIGNATURE_CONFIRMED
		     ? store_confirm_by_hand(
			       store, item->signature, counts, err)
		     : store_end(store, item->signature, plan->to, counts, err);
	return rc < 0 ? -1 : 1;
}

static int
apply(struct store *store, const struct life_plan *plan,
	struct store_counts *counts, struct life_result *out, struct err *err)
{
	const struct store_change change = {
		.letter = plan->letter,
		.state = plan->to,
		.filter = plan->filter,
		.at = clock_now(),
	};

	if (plan->save &&
		store_filter_set(store, plan->save, plan->filter, err) < 0)
		return -1;
	if (plan->count > 0 &&
		store_change_add(store, &change, &out->change, err) < 0)
		return -1;
	for (size_t i = 0; i < plan->count; i++) {
		const struct life_item *item = &plan->items[i];
		int rc = apply_one(store, plan, item, counts, err);

		if (rc < 0 || (rc > 0 && store_changed_add(store, out->change,
						 item->signature, item->was,
						 err) < 0))
			return -1;
		out->done += rc > 0;
		out->left += rc == 0;
	}
	return store_counts_write(store, counts, err);
}

int
life_apply(struct workspace *ws, const struct life_plan *plan,
	struct life_result *out, struct err *err)
{
	struct store_counts counts = {.letter = plan->letter};
	int rc;

	*out = (struct life_result){0};
	if (store_begin(ws->store, "changing signatures", DB_DURABLE, err) < 0)
		return -1;
	rc = apply(ws->store, plan, &counts, out, err);
	store_counts_release(&counts);
	return end(ws->store, rc, err);
}

/* The change that is to be undone; id is 0 when there is none. */
static int
keep_change(void *ctx, const struct store_change *c, struct err *err)
{
	struct store_change *out = ctx;

	(void)err;
	*out = *c;
	out->name = out->filter = NULL;
	return 0;
}

/* Returns 1, 0 when it is not what the change made it any more, or -1. */
static int
undo_one(struct store *store, const struct store_change *change,
	const struct store_changed *c, struct store_counts *counts,
	struct err *err)
{
	int rc;

	if (c->is != change->state)
		return 0;
	rc = store_is_signer(store, change->letter, c->signature, err);
	if (rc <= 0)
		return rc;
	if (change->state == SIGNATURE_CONFIRMED)
		return store_confirm_undo(store, c->signature,
			c->was == SIGNATURE_EXPIRED, counts, err);
	return store_end_undo(store, c->signature, counts, err) < 0 ? -1 : 1;
}

static int
undo(struct store *store, const struct store_change *change,
	struct store_counts *counts, struct life_result *out, struct err *err)
{
	struct store_changed c = {0};
	int rc;

	while ((rc = store_changed_next(
			store, change->id, c.signature, &c, err)) > 0) {
		rc = undo_one(store, change, &c, counts, err);
		if (rc < 0)
			return -1;
		out->done += rc > 0;
		out->left += rc == 0;
	}
	if (rc < 0 ||
		store_change_undone(store, change->id, clock_now(), err) < 0)
		return -1;
	return store_counts_write(store, counts, err);
}

int
life_undo(struct workspace *ws, int64_t change, struct life_result *out,
	struct err *err)
{
	struct store_change c = {0};
	struct store_counts counts = {0};
	int rc;

	*out = (struct life_result){.change = change};
	if (store_begin(ws->store, "undoing a change", DB_DURABLE, err) < 0)
		return -1;
	rc = store_changes(ws->store, change, keep_change, &c, err);
	if (rc == 0 && c.id == 0)
		rc = err_set(err, ERR_NOTFOUND,
			"there is no change %" PRId64
			"; `openletter undo` lists them",
			change);
	else if (rc == 0 && c.undone_at)
		rc = err_set(err, ERR_REFUSED,
			"change %" PRId64 " was undone already", change);
	counts.letter = c.letter;
	if (rc == 0)
		rc = undo(ws->store, &c, &counts, out, err);
	store_counts_release(&counts);
	return end(ws->store, rc, err);
}

/* {"domain":"x.org"} for people: "domain x.org". */
static int
describe(const char *filter, struct buf *out, struct err *err)
{
	struct fields conditions = {0};
	int rc = json_parse_fields(filter, &conditions, err);

	for (size_t i = 0; i < conditions.count; i++)
		buf_printf(out, "%s%s %s", i ? ", " : "",
			conditions.items[i].name, conditions.items[i].value);
	fields_release(&conditions);
	return rc;
}

static int
list_change(void *ctx, const struct store_change *c, struct err *err)
{
	struct rows *rows = ctx;
	char at[CLOCK_TIME_MAX], undone[CLOCK_TIME_MAX] = "";
	struct buf filter = {0};
	int rc = describe(c->filter, &filter, err);

	clock_format_time(c->at, at);
	if (c->undone_at)
		clock_format_time(c->undone_at, undone);
	if (rc == 0)
		rc = rows->add(rows,
			(struct cell[]){
				{.number = c->id},
				{.text = c->name},
				{.text = signature_state_name(c->state)},
				{.number = c->count},
				{.text = buf_str(&filter)},
				{.text = at},
				{.text = undone},
			},
			err);
	buf_release(&filter);
	return rc;
}

int
life_list_changes(struct workspace *ws, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"change", COLUMN_ALWAYS},
		{"letter", COLUMN_ALWAYS},
		{"state", COLUMN_ALWAYS},
		{"signatures", COLUMN_ALWAYS},
		{"filter", COLUMN_ALWAYS},
		{"at", COLUMN_ALWAYS},
		{"undone", COLUMN_ALWAYS},
	};

	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return store_changes(ws->store, 0, list_change, rows, err);
}

static int
list_filter(void *ctx, const char *name, const char *filter, struct err *err)
{
	struct rows *rows = ctx;
	struct buf text = {0};
	int rc = describe(filter, &text, err);

	if (rc == 0)
		rc = rows->add(rows,
			(struct cell[]){
				{.text = name}, {.text = buf_str(&text)}},
			err);
	buf_release(&text);
	return rc;
}

int
life_list_filters(struct workspace *ws, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"name", COLUMN_ALWAYS},
		{"filter", COLUMN_ALWAYS},
	};

	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return store_filters(ws->store, list_filter, rows, err);
}
