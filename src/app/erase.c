#include "app/erase.h"

#include <stdlib.h>
#include <string.h>

#include "app/catalog.h"
#include "app/recover.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_erase.h"
#include "store/store_erased.h"
#include "store/store_suppression.h"

/* A request as the store takes it. */
struct target {
	const struct erase_request *request;
	char email_key[ADDRESS_MAX]; /* "" without */
	struct signature s;	     /* checked; by name only */
	struct arena arena;
	int64_t letter;	  /* 0: all */
	int64_t *letters; /* that closed; only with closed */
	size_t letter_count;
};

static void
release_target(struct target *t)
{
	arena_release(&t->arena);
	free(t->letters);
}

void
erase_plan_release(struct erase_plan *plan)
{
	for (size_t i = 0; i < plan->letter_count; i++)
		free(plan->letters[i].name);
	free(plan->letters);
	*plan = (struct erase_plan){0};
}

bool
erase_plan_any(const struct erase_plan *plan)
{
	return plan->signatures || plan->messages || plan->suppressed;
}

static int
find_letter(
	struct workspace *ws, const char *name, int64_t *id, struct err *err)
{
	int rc = store_letter_find(ws->store, name, id, err);

	return rc > 0	? 0
	       : rc < 0 ? -1
			: err_set(err, ERR_NOTFOUND,
				  "nobody has signed \"%.100s\"; `openletter "
				  "letters` lists the letters",
				  name);
}

static bool
has_closed(const struct catalog_entry *e, int64_t now)
{
	int64_t closes = letter_day(&e->letter.closes, INT64_MAX);

	return closes != INT64_MAX && now >= closes + CLOCK_DAY_S;
}

/* Finds the letters whose last day is over, or whether the one is of them. */
static int
find_closed(struct workspace *ws, struct target *t, struct err *err)
{
	const char *wanted = t->request->letter;
	struct problems ignored = {0};
	struct catalog catalog;
	const int64_t now = clock_now();
	int rc = 0;

	if (catalog_load(ws, &catalog, &ignored, err) < 0)
		return -1;
	t->letters = mem_zalloc((catalog.count + 1) * sizeof *t->letters);
	for (size_t i = 0, count; rc >= 0 && i < catalog.count; i += count) {
		const struct catalog_entry *e =
			catalog_find(&catalog, catalog.entries[i].name, &count);

		if (!has_closed(e, now) ||
			(wanted && strcmp(wanted, e->name) != 0))
			continue;
		rc = store_letter_find(
			ws->store, e->name, &t->letters[t->letter_count], err);
		t->letter_count += rc > 0;
	}
	problems_release(&ignored);
	catalog_release(&catalog);
	return rc < 0 ? -1 : 0;
}

static int
read_target(struct workspace *ws, const struct erase_request *request,
	struct target *t, struct err *err)
{
	*t = (struct target){.request = request};
	if (request->email &&
		signature_address_key(request->email, t->email_key, err) < 0)
		return err_prefix(err, "e-mail");
	if (request->letter &&
		find_letter(ws, request->letter, &t->letter, err) < 0)
		return -1;
	if (request->s) {
		t->s = *request->s;
		return signature_check(&t->s, &t->arena, err);
	}
	return request->closed ? find_closed(ws, t, err) : 0;
}

static int
note_old(struct workspace *ws, const struct target *t, struct erase_plan *plan,
	struct err *err)
{
	const int64_t before = t->request->before;

	if (!t->request->closed)
		return store_erasing_old(
			ws->store, t->letter, before, &plan->kept, err);
	for (size_t i = 0; i < t->letter_count; i++) {
		int64_t kept;

		if (store_erasing_old(
			    ws->store, t->letters[i], before, &kept, err) < 0)
			return -1;
		plan->kept += kept;
	}
	return 0;
}

static int
add_letter(void *ctx, const struct store_erasing *e, struct err *err)
{
	struct erase_plan *plan = ctx;

	(void)err;
	plan->letters = mem_grow(plan->letters, plan->letter_count,
		&plan->letter_cap, sizeof *plan->letters);
	plan->letters[plan->letter_count++] = (struct erase_letter){
		.name = mem_strdup(e->letter),
		.signatures = e->signatures,
	};
	plan->signatures += e->signatures;
	plan->counted += e->counted;
	plan->organisations += e->organisations;
	plan->readers += e->readers;
	return 0;
}

/* Whether the address is suppressed, or was erased before. */
static int
look_up_address(struct workspace *ws, const struct target *t,
	struct erase_plan *plan, struct err *err)
{
	char digest[STORE_ERASED_MAX];
	int rc = store_erased_key(ws->store, t->email_key, digest, err);

	if (rc > 0)
		rc = store_is_suppressed(ws->store, digest, err);
	if (rc < 0)
		return -1;
	plan->erased = rc > 0;
	rc = store_is_suppressed(ws->store, t->email_key, err);
	plan->suppressed = rc > 0 && !plan->erased;
	return rc < 0 ? -1 : 0;
}

/* Notes whom it is about, within a transaction, and what there is of them. */
static int
note(struct workspace *ws, const struct target *t, struct erase_plan *plan,
	struct err *err)
{
	struct store_erasing_messages messages;
	int rc = t->request->email
			 ? store_erasing_address(ws->store, t->email_key, err)
		 : t->request->s ? store_erasing_key(ws->store, t->letter,
					   t->s.key, t->s.country, err)
				 : note_old(ws, t, plan, err);

	if (rc < 0 || store_erasing(ws->store, add_letter, plan, err) < 0 ||
		store_erasing_messages(
			ws->store, t->email_key, &messages, err) < 0)
		return -1;
	plan->messages = messages.all;
	plan->open = messages.open;
	plan->unknown = messages.unknown;
	return t->request->email ? look_up_address(ws, t, plan, err) : 0;
}

/* Somebody who was named must be there. */
static int
check_found(
	const struct target *t, const struct erase_plan *plan, struct err *err)
{
	const char *who = t->request->email	 ? t->request->email
			  : !t->request->s	 ? NULL
			  : str_empty(t->s.name) ? t->s.organisation
						 : t->s.name;

	if (erase_plan_any(plan) || plan->erased || !who)
		return 0;
	return err_set(err, ERR_NOTFOUND,
		"there is nothing of %.100s here; was it written otherwise?",
		who);
}

/* Notes and, unless it is only to be looked at, erases. */
static int
run(struct workspace *ws, const struct target *t, bool look,
	struct erase_plan *plan, struct err *err)
{
	int rc;

	if (store_begin(ws->store, "erasing", DB_DURABLE, err) < 0)
		return -1;
	rc = note(ws, t, plan, err);
	if (rc == 0)
		rc = check_found(t, plan, err);
	if (rc == 0 && !look && erase_plan_any(plan))
		rc = store_erase(ws->store, t->email_key,
			t->request->email ? t->request->email : "", clock_now(),
			err);
	if (rc == 0 && !look)
		rc = store_commit(ws->store, err);
	store_rollback(ws->store);
	return rc;
}

/* Nothing may go out meanwhile, and what a dead run left may name them. */
static int
run_alone(struct workspace *ws, const struct erase_request *request, bool look,
	struct erase_plan *plan, struct err *err)
{
	struct target t;
	int64_t unknown;
	int rc = read_target(ws, request, &t, err);

	*plan = (struct erase_plan){0};
	if (rc == 0 && workspace_lock_sender(ws, err) < 0)
		rc = err_prefix(err, "nothing was erased");
	if (rc == 0)
		rc = recover_run(ws, &unknown, err);
	if (rc == 0)
		rc = run(ws, &t, look, plan, err);
	workspace_unlock_sender(ws);
	release_target(&t);
	return rc;
}

int
erase_look(struct workspace *ws, const struct erase_request *request,
	struct erase_plan *out, struct err *err)
{
	return run_alone(ws, request, true, out, err);
}

int
erase_do(struct workspace *ws, const struct erase_request *request,
	struct erase_plan *out, struct err *err)
{
	return run_alone(ws, request, false, out, err);
}

int
erase_scrub_is_due(struct workspace *ws, struct err *err)
{
	return store_scrub_is_due(ws->store, err);
}

int
erase_scrub(struct workspace *ws, struct err *err)
{
	if (store_scrub(ws->store, err) < 0)
		return err_prefix(err,
			"it is out of every table, but its bytes may still "
			"lie in the files");
	return 0;
}

int
erase_parse_age(const char *text, int64_t now, int64_t *before, struct err *err)
{
	static const struct {
		char unit;
		int days;
	} units[] = {{'d', 1}, {'w', 7}, {'m', 30}, {'y', 365}};
	size_t len = strlen(text);
	char *number;
	long count;

	if (clock_parse_day(text, before) == 0)
		return 0;
	for (size_t i = 0; len > 0 && i < sizeof units / sizeof units[0]; i++) {
		if (text[len - 1] != units[i].unit)
			continue;
		number = mem_printf("%.*s", (int)(len - 1), text);
		if (str_to_number(number, 36500, &count) < 0)
			count = 0;
		free(number);
		if (count > 0) {
			*before = now -
				  (int64_t)count * units[i].days * CLOCK_DAY_S;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE,
		"\"%.40s\" is neither an age such as 2y, 18m, 6w or 90d nor a "
		"day such as 2026-05-01",
		text);
}
