#include "app/handover.h"

#include <stdlib.h>
#include <string.h>

#include "app/data.h"
#include "app/enlist.h"
#include "app/mailing.h"
#include "app/recipients.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/country_title.h"
#include "store/store_counts.h"
#include "store/store_signature.h"

/* All that the pages are made of. */
struct book {
	const struct handover_request *request;
	struct store *store;
	struct mailing *mailing;
	const struct mailing_lang *lang;
	struct fields row; /* the recipient's */
	char day[CLOCK_TIME_MAX];
	int64_t letter; /* 0: nobody signed it */
	struct store_totals totals;
	struct handover_country *countries;
	size_t country_count;
	size_t country_cap;
	int64_t fed;   /* names so far, in both runs */
	int64_t named; /* in one, once it is over */
};

static void
release(struct book *b)
{
	for (size_t i = 0; i < b->country_count; i++)
		free(b->countries[i].name);
	free(b->countries);
	fields_release(&b->row);
	mailing_free(b->mailing);
}

/* --- what was asked for ------------------------------------------------ */

/* What a page shows of a signature is for everybody who may be handed it. */
static int
refuse_organisers(enum viewer viewer, struct err *err)
{
	if (viewer != VIEWER_ORGANISERS)
		return 0;
	return err_set(err, ERR_USAGE,
		"--audience organisers: a PDF is made to be handed over, and "
		"theirs names people who are to be named to nobody; say "
		"recipient or public, or another --format");
}

static int
read_paper(const char *paper, enum handover_paper *out, struct err *err)
{
	*out = HANDOVER_A4;
	if (!paper || str_ieq(paper, "a4"))
		return 0;
	*out = HANDOVER_LETTER;
	if (str_ieq(paper, "letter"))
		return 0;
	return err_set(err, ERR_USAGE, "--paper %s: say a4 or letter", paper);
}

/* --- the letter -------------------------------------------------------- */

/* The row of one recipient, or one in which all columns are empty. */
static int
find_recipient(struct workspace *ws, const struct handover_request *request,
	char *const *lists, size_t count, const struct fields *columns,
	struct fields *row, struct err *err)
{
	char key[ADDRESS_MAX];
	int rc = 1;

	if (request->recipient) {
		if (signature_address_key(request->recipient, key, err) < 0)
			return err_prefix(err, "--recipient");
		rc = recipients_find(ws, lists, count, key, NULL, row, err);
	}
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_NOTFOUND,
			"%s is in none of the lists that %s goes to",
			request->recipient, request->letter);
	for (size_t i = 0; i < data_recipient_column_count; i++)
		if (!fields_get(row, data_recipient_columns[i]))
			fields_add(row, data_recipient_columns[i], "");
	for (size_t i = 0; i < columns->count; i++)
		if (!fields_get(row, columns->items[i].name))
			fields_add(row, columns->items[i].name, "");
	return 0;
}

static int
choose_lang(const struct workspace *ws, const struct handover_request *request,
	struct book *b, struct err *err)
{
	if (request->lang)
		b->lang = mailing_find_lang(b->mailing, request->lang);
	else
		b->lang = mailing_choose(
			b->mailing, fields_get(&b->row, "lang"), &ws->conf);
	return b->lang ? 0
		       : err_set(err, ERR_NOTFOUND, "%s is not there in \"%s\"",
				 request->letter, request->lang);
}

static int
prepare_letter(struct workspace *ws, const struct handover_request *request,
	const struct catalog *catalog, struct book *b,
	struct problems *problems, struct err *err)
{
	const struct catalog_entry *entries;
	struct fields columns = {0};
	char **lists = NULL;
	size_t entry_count, count = 0;
	int64_t now = clock_document();
	int rc = -1;

	if (catalog_require_letter(
		    catalog, request->letter, &entries, &entry_count, err) < 0)
		return -1;
	clock_format_day(now, b->day);
	if (entries[0].letter.to.text)
		lists = str_split(entries[0].letter.to.text, ',', &count);
	if (enlist_columns(ws, lists, count, &columns, err) < 0 ||
		find_recipient(
			ws, request, lists, count, &columns, &b->row, err) < 0)
		goto out;
	/* Names come from the store, page by page. */
	if (mailing_prepare(ws,
		    &(struct mailing_request){
			    .catalog = catalog,
			    .letter = request->letter,
			    .audience = AUDIENCE_RECIPIENTS,
			    .account = "",
			    .columns = &columns,
			    .bare = true,
			    .now = now,
		    },
		    &b->mailing, problems, err) < 0)
		goto out;
	rc = choose_lang(ws, request, b, err);
out:
	str_list_free(lists, count);
	fields_release(&columns);
	return rc;
}

static int
feed_letter(struct book *b, struct handover *h, struct err *err)
{
	const struct template *body = b->lang->edition.body;
	struct template_values values = {0};
	struct buf skeleton = {0};
	struct data *data = data_new(&(struct data_input){
		.recipient = &b->row,
		.letter = &b->lang->letter,
		.campaign = &b->lang->campaign,
		.organiser = &b->mailing->organiser,
		.signatures = &b->mailing->signatures,
		.date = b->day,
	});
	int rc;

	if (template_skeleton(body, data_root(data), &skeleton, &values) < 0)
		rc = err_set(err, ERR_DATA, "more than %d values in one letter",
			TEMPLATE_TOKEN_MAX);
	else
		rc = markdown_blocks(buf_str(&skeleton),
			template_token_prefix(body), values.items, values.count,
			handover_block, h, err);
	template_values_release(&values);
	buf_release(&skeleton);
	data_free(data);
	return rc;
}

/* --- the signatures ---------------------------------------------------- */

static const char *
country_name(const struct book *b, const char *country)
{
	const char *title = country_title(country, b->lang->lang);

	return title ? title : country;
}

static int
keep_country(void *ctx, const char *country, int64_t total, struct err *err)
{
	struct book *b = ctx;

	(void)err;
	b->countries = mem_grow(b->countries, b->country_count, &b->country_cap,
		sizeof *b->countries);
	b->countries[b->country_count++] = (struct handover_country){
		.name = mem_strdup(country_name(b, country)),
		.total = total,
	};
	return 0;
}

static int
read_totals(struct book *b, const char *letter, struct err *err)
{
	int found = store_letter_find(b->store, letter, &b->letter, err);

	if (found <= 0)
		return found;
	if (store_totals(b->store, b->letter, &b->totals, err) < 0)
		return -1;
	return store_counts_read(
		b->store, b->letter, TALLY_COUNTRY, keep_country, b, err);
}

/* One of the two lists, on its way to the page. */
struct list {
	struct book *book;
	struct handover *handover;
	enum signature_kind kind;
	int64_t named;
};

/* Until all were fed once, those whose names are not shown count too. */
static void
tell(struct book *b)
{
	const struct handover_request *r = b->request;

	b->fed++;
	if (r->watch)
		r->watch(r->watch_ctx, b->fed,
			2 * (b->named ? b->named : b->totals.total));
}

static int
feed_name(void *ctx, const struct store_signature *row, struct err *err)
{
	struct list *list = ctx;
	const struct signature *s = &row->signature;
	bool person = s->kind == SIGNATURE_PERSON;
	const struct handover_name name = {
		.name = person ? s->name : s->organisation,
		.role = s->role,
		.organisation = person ? s->organisation : s->name,
		.city = s->city,
		.country = country_name(list->book, s->country),
		.comment = s->comment,
	};

	if (s->kind != list->kind)
		return 0;
	list->named++;
	tell(list->book);
	return handover_name(list->handover, &name, err);
}

static int
feed_list(struct book *b, struct handover *h, enum signature_kind kind,
	struct err *err)
{
	struct list list = {.book = b, .handover = h, .kind = kind};
	bool people = kind == SIGNATURE_PERSON;
	int64_t all = people ? b->totals.people : b->totals.organisations;

	if (all == 0)
		return 0;
	if (handover_part(h, people ? HANDOVER_PEOPLE : HANDOVER_ORGANISATIONS,
		    err) < 0 ||
		store_signatures(b->store, b->letter, false,
			visibility_tightest(b->request->viewer), feed_name,
			&list, err) < 0)
		return -1;
	return handover_unnamed(h, all - list.named, err);
}

static int
feed(void *ctx, struct handover *h, struct err *err)
{
	struct book *b = ctx;

	if (feed_letter(b, h, err) < 0 ||
		handover_totals(h, b->countries, b->country_count, err) < 0 ||
		feed_list(b, h, SIGNATURE_ORGANISATION, err) < 0 ||
		feed_list(b, h, SIGNATURE_PERSON, err) < 0)
		return -1;
	b->named = b->fed;
	return 0;
}

/* --- all of it --------------------------------------------------------- */

static int
write_book(struct book *b, enum handover_paper paper, handover_write_fn *write,
	void *ctx, struct handover_result *out, struct err *err)
{
	const struct handover_facts facts = {
		.paper = paper,
		.lang = b->lang->lang,
		.title = fields_get(&b->lang->letter, "title"),
		.organiser = fields_get(&b->mailing->organiser, "name"),
		.day = b->day,
		.total = b->totals.total,
		.people = b->totals.people,
		.organisations = b->totals.organisations,
		.countries = b->totals.countries,
	};

	return handover_write(&facts, feed, b, write, ctx, out, err);
}

int
handover_make(struct workspace *ws, const struct handover_request *request,
	handover_write_fn *write, void *ctx, struct handover_result *out,
	struct problems *problems, struct err *err)
{
	struct problems ignored = {0};
	struct book b = {.request = request, .store = ws->store};
	struct catalog catalog;
	enum handover_paper paper;
	int rc = -1;

	if (refuse_organisers(request->viewer, err) < 0 ||
		read_paper(request->paper, &paper, err) < 0 ||
		catalog_load(ws, &catalog, &ignored, err) < 0)
		return -1;
	if (store_begin_read(ws->store, "export", err) < 0)
		goto out;
	if (prepare_letter(ws, request, &catalog, &b, problems, err) == 0 &&
		read_totals(&b, request->letter, err) == 0)
		rc = write_book(&b, paper, write, ctx, out, err);
	store_rollback(ws->store);
out:
	release(&b);
	catalog_release(&catalog);
	problems_release(&ignored);
	return rc;
}
