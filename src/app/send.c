#include "app/send.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/account.h"
#include "app/maildir.h"
#include "app/news.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/pace.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"

/* What one call of send_make works with. */
struct making {
	struct workspace *ws;
	const struct send_request *request;
	bool keep;
	const struct catalog *catalog;
	struct send_plan *plan;
	struct problems *problems;
	struct problems *notes;
	struct enlist_options options;
	const struct letter *letter; /* of the catalog */
	char **lists;
	char **copies;
	char test[ADDRESS_MAX];
	struct mailing *mailing;
};

void
send_plan_release(struct send_plan *plan)
{
	free(plan->letter);
	free(plan->title);
	free(plan->from);
	free(plan->lists);
	free(plan->leave);
	enlisted_release(&plan->enlisted);
	*plan = (struct send_plan){0};
}

static int
read_options(struct making *m, struct err *err)
{
	const struct send_request *request = m->request;
	struct enlist_options *o = &m->options;
	const char *to = request->to ? request->to : m->letter->to.text;
	struct address address;

	o->audience = request->audience;
	o->again = request->again || milestone_wished(&request->wish);
	o->watch = request->watch;
	o->watch_ctx = request->watch_ctx;
	/* News may name the columns of the letter's lists; they are empty. */
	m->lists = to ? str_split(to, ',', &o->list_count) : NULL;
	o->lists = m->lists;
	if (o->audience != AUDIENCE_TO_SIGNERS && o->list_count == 0)
		return err_set(err, ERR_DATA,
			"%s has no To: field; add one, or say --to LIST",
			request->letter);
	if (m->letter->copy.text)
		m->copies =
			str_split(m->letter->copy.text, ',', &o->copy_count);
	o->copies = m->copies;
	if (request->test) {
		if (address_parse(request->test, &address, err) < 0) {
			err->kind = ERR_USAGE;
			return err_prefix(err, "--test");
		}
		address_format(&address, m->test);
		o->test = m->test;
	}
	return 0;
}

static int
find_account(const struct making *m, const struct conf_account **out,
	struct err *err)
{
	*out = conf_account_find(&m->ws->conf, m->request->account);
	if (*out || m->request->outbox)
		return 0;
	if (m->request->account)
		return err_set(err, ERR_CONFIG,
			"there is no [smtp %s] in openletter.conf",
			m->request->account);
	return err_set(err, ERR_CONFIG,
		"no mail account: openletter.conf needs an [smtp main] section "
		"with host, port and tls");
}

/* A letter and audience with an unfinished mailing is not begun again. */
static int
check_unfinished(const struct making *m, struct err *err)
{
	int64_t letter, mailing;
	int rc;

	if (m->request->test || m->request->outbox)
		return 0;
	rc = store_letter_find(m->ws->store, m->request->letter, &letter, err);
	if (rc <= 0)
		return rc;
	rc = store_mailing_unfinished(
		m->ws->store, letter, (int)m->request->audience, &mailing, err);
	if (rc <= 0)
		return rc;
	return err_set(err, ERR_REFUSED,
		"mailing %" PRId64 " of %s is not finished; go on with it: "
		"openletter resume %" PRId64,
		mailing, m->request->letter, mailing);
}

/* How long count messages take at least under the account's limits, if they
 * begin at `from`. */
static int
estimate(struct workspace *ws, const struct conf_account *a, int64_t count,
	int64_t from, int64_t *out, struct err *err)
{
	struct pace_window windows[2 * CONF_LIMITS_MAX];
	size_t n = a->rate_count + a->quota_count;

	for (size_t i = 0; i < n; i++) {
		const struct conf_limit *l =
			i < a->rate_count ? &a->rate[i]
					  : &a->quota[i - a->rate_count];

		windows[i].limit = l;
		if (store_spent(ws->store, a->name, from - l->window_s,
			    &windows[i].spent, &windows[i].oldest, err) < 0)
			return -1;
	}
	*out = pace_span_s(windows, n, (long)count, from);
	return 0;
}

static int
describe(const struct making *m, struct err *err)
{
	struct send_plan *out = m->plan;
	const struct mailing *mailing = m->mailing;
	const char *to = m->request->to ? m->request->to : m->letter->to.text;

	out->letter = mem_strdup(m->request->letter);
	out->title = mem_strdup(m->letter->title.text);
	out->audience = m->request->audience;
	out->test = m->request->test != NULL;
	out->start_at = m->request->start_at;
	out->from = *mailing->from_name
			    ? mem_printf("%s <%s>", mailing->from_name,
				      mailing->from_address)
			    : mem_strdup(mailing->from_address);
	out->lists = mem_strdup(
		out->audience != AUDIENCE_TO_SIGNERS && to ? to : "");
	out->list = mailing->list;
	out->names = (int64_t)mailing->names.count;
	if (mailing->supporters)
		out->leave = news_link(mailing, 0, "...");
	if (!out->account || !out->enlisted.queued)
		return 0;
	return estimate(m->ws, out->account, out->enlisted.queued,
		m->request->start_at ? m->request->start_at : clock_now(),
		&out->span_s, err);
}

static int
fill(struct making *m, struct err *err)
{
	struct store *store = m->ws->store;
	struct enlisted *enlisted = &m->plan->enlisted;
	int64_t letter_id;

	if (check_unfinished(m, err) < 0 ||
		mailing_save(m->ws, m->mailing, &letter_id, err) < 0 ||
		enlist(m->ws, m->mailing, letter_id, &m->options, enlisted,
			m->problems, m->notes, err) < 0)
		return -1;
	if (m->request->outbox &&
		maildir_write(m->ws, m->mailing,
			&(struct maildir_request){
				.dir = m->request->outbox,
				.total = enlisted->queued,
				.watch = m->request->watch,
				.watch_ctx = m->request->watch_ctx,
			},
			err) < 0)
		return -1;
	if (m->request->start_at &&
		store_mailing_set_start(
			store, m->mailing->id, m->request->start_at, err) < 0)
		return -1;
	if (!m->keep || enlisted->queued == 0) {
		store_rollback(store);
		return 0;
	}
	m->plan->mailing = m->mailing->id;
	return store_commit(store, err);
}

/* Finds out before a mailing is made what would stop it at once. */
static int
check_password(const struct making *m, const struct conf_account *conf,
	struct err *err)
{
	struct account account;
	int rc = account_open(m->ws, conf, "", &account, err);

	account_close(&account);
	return rc;
}

/* All that the mailing is made of is seen at one moment. */
static int
make_within(struct making *m, const struct fields *columns, struct err *err)
{
	const struct send_request *request = m->request;
	struct send_plan *plan = m->plan;

	if (milestone_wished(&request->wish)) {
		if (milestone_find(m->ws->store, request->letter,
			    request->audience, &request->wish, &plan->milestone,
			    err) < 0)
			return -1;
		if (!plan->milestone.due)
			return 0;
	}
	if (mailing_prepare(m->ws,
		    &(struct mailing_request){
			    .catalog = m->catalog,
			    .letter = request->letter,
			    .audience = request->test ? AUDIENCE_TEST
						      : request->audience,
			    .supporters =
				    request->audience == AUDIENCE_TO_SIGNERS,
			    .account = plan->account ? plan->account->name : "",
			    .columns = columns,
			    .milestone = plan->milestone.due,
			    .list = request->list,
			    .now = clock_now(),
		    },
		    &m->mailing, m->problems, err) < 0)
		return -1;
	return fill(m, err);
}

static int
make(struct making *m, struct err *err)
{
	const struct send_request *request = m->request;
	const struct catalog_entry *entries;
	struct send_plan *plan = m->plan;
	struct fields columns = {0};
	size_t count;
	int rc = -1;

	if (catalog_require_letter(
		    m->catalog, request->letter, &entries, &count, err) < 0)
		return -1;
	m->letter = &entries[0].letter;
	if (m->problems->count)
		return err_set(err, ERR_DATA,
			"%s cannot be used before this is mended",
			request->letter);
	if (read_options(m, err) < 0 ||
		find_account(m, &plan->account, err) < 0 ||
		(m->keep && check_password(m, plan->account, err) < 0))
		return -1;
	if (enlist_columns(m->ws, m->lists, m->options.list_count, &columns,
		    err) == 0 &&
		store_begin(m->ws->store, "making the mailing", DB_DURABLE,
			err) == 0) {
		rc = make_within(m, &columns, err);
		store_rollback(m->ws->store);
	}
	if (rc == 0 && m->mailing)
		rc = describe(m, err);
	fields_release(&columns);
	return rc;
}

/* Keeps the problems of one letter only: others may be half written. */
static void
keep_problems(
	const char *letter, const struct problems *all, struct problems *out)
{
	char *stem = mem_printf("letters/%s.", letter);

	for (size_t i = 0; i < all->count; i++) {
		const struct problem *p = &all->items[i];

		if (str_starts(p->file, stem) ||
			str_starts(p->file, "letters/_partials/"))
			problems_add(out, p->file, p->line, p->column, "%s",
				p->text);
	}
	free(stem);
}

int
send_milestone(struct workspace *ws, const struct send_request *request,
	struct milestone *out, struct err *err)
{
	/* What is wrong in letters is said when one is to be sent. */
	struct problems ignored = {0};
	const struct catalog_entry *entries;
	struct catalog catalog;
	size_t count;
	int rc = catalog_load(ws, &catalog, &ignored, err);

	problems_release(&ignored);
	if (rc < 0)
		return -1;
	rc = catalog_require_letter(
		&catalog, request->letter, &entries, &count, err);
	catalog_release(&catalog);
	if (rc < 0)
		return -1;
	return milestone_find(ws->store, request->letter, request->audience,
		&request->wish, out, err);
}

int
send_make(struct workspace *ws, const struct send_request *request, bool keep,
	struct send_plan *out, struct problems *problems,
	struct problems *notes, struct err *err)
{
	struct catalog catalog;
	struct making m = {
		.ws = ws,
		.request = request,
		.keep = keep,
		.catalog = &catalog,
		.plan = out,
		.problems = problems,
		.notes = notes,
	};
	struct problems all = {0};
	int rc;

	*out = (struct send_plan){0};
	if (catalog_load(ws, &catalog, &all, err) < 0) {
		problems_release(&all);
		return -1;
	}
	keep_problems(request->letter, &all, problems);
	rc = make(&m, err);
	mailing_free(m.mailing);
	str_list_free(m.lists, m.options.list_count);
	str_list_free(m.copies, m.options.copy_count);
	problems_release(&all);
	catalog_release(&catalog);
	if (rc < 0)
		send_plan_release(out);
	return rc;
}

/* Ends or pauses a mailing that is not over. */
static int
set_state(struct workspace *ws, int64_t mailing, bool cancel, struct err *err)
{
	struct store *store = ws->store;
	enum mailing_state state = MAILING_DONE;
	int rc;

	if (store_begin(store, "changing the mailing", DB_DURABLE, err) < 0)
		return -1;
	rc = store_mailing_state(store, mailing, &state, err);
	if (rc == 0)
		rc = err_set(err, ERR_NOTFOUND,
			"there is no mailing %" PRId64
			"; `openletter status` lists them",
			mailing);
	else if (rc > 0 && state != MAILING_RUNNING && state != MAILING_PAUSED)
		rc = err_set(err, ERR_REFUSED,
			"mailing %" PRId64 " is %s already", mailing,
			mailing_state_name(state));
	else if (rc > 0 && cancel)
		rc = store_mailing_cancel(store, mailing, clock_now(), err);
	else if (rc > 0)
		rc = store_mailing_set_state(
			store, mailing, MAILING_PAUSED, "by hand", err);
	if (rc < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

int
send_pause(struct workspace *ws, int64_t mailing, struct err *err)
{
	return set_state(ws, mailing, false, err);
}

int
send_cancel(struct workspace *ws, int64_t mailing, int64_t *unknown,
	struct err *err)
{
	struct store_tally tally;

	if (set_state(ws, mailing, true, err) < 0 ||
		store_mailing_tally(ws->store, mailing, &tally, err) < 0)
		return -1;
	*unknown = tally.states[DELIVERY_UNKNOWN];
	return 0;
}
