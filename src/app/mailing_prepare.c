#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/data.h"
#include "app/mailing.h"
#include "base/clock.h"
#include "base/mem.h"
#include "core/signature.h"
#include "store/store_signature.h"

static void
describe(const struct workspace *ws, const struct catalog *catalog,
	const struct catalog_entry *entry, struct mailing_lang *lang)
{
	const char *url = ws->conf.url ? ws->conf.url : "";
	char *intro_name = mem_printf("%s/campaign", entry->campaign);
	size_t count;
	const struct catalog_entry *intro =
		catalog_find(catalog, intro_name, &count);
	char *letter_url =
		*url ? mem_printf("%s/%s", url, entry->name) : mem_strdup("");
	char *campaign_url = *url ? mem_printf("%s/%s", url, entry->campaign)
				  : mem_strdup("");
	const struct letter *l = &entry->letter;
	const struct letter *c = NULL;

	if (intro)
		c = &catalog_choose(intro, count, entry->lang, &ws->conf)
			     ->letter;
	fields_add(&lang->letter, "title", l->title.text);
	fields_add(&lang->letter, "date", l->date.text ? l->date.text : "");
	fields_add(&lang->letter, "url", letter_url);
	fields_add(&lang->letter, "goal", l->goal.text ? l->goal.text : "");
	fields_add(&lang->campaign, "title",
		c && c->title.text ? c->title.text : entry->campaign);
	fields_add(&lang->campaign, "summary",
		c && c->summary.text ? c->summary.text : "");
	fields_add(&lang->campaign, "url", campaign_url);
	free(intro_name);
	free(letter_url);
	free(campaign_url);
}

/* Digests the files of one language's Attach fields. */
static int
note_files(const struct workspace *ws, const struct catalog_entry *entry,
	struct mailing_lang *lang, struct problems *problems)
{
	const struct letter *l = &entry->letter;
	int rc = 0;

	lang->files = mem_zalloc((l->attach_count + 1) * sizeof *lang->files);
	for (size_t i = 0; i < l->attach_count; i++) {
		char *path = mem_printf(
			"letters/%s/%s", entry->campaign, l->attach[i].text);
		struct err err;

		if (attachment_note(ws, path, &lang->files[lang->file_count++],
			    &err) < 0) {
			problems_add(problems, entry->file, l->attach[i].line,
				0, "Attach: %s", err.msg);
			rc = -1;
		}
		free(path);
	}
	return rc;
}

static int
prepare_lang(const struct workspace *ws, const struct mailing_request *r,
	const struct catalog_entry *entry, struct mailing_lang *out,
	struct problems *problems)
{
	memcpy(out->lang, entry->lang, sizeof out->lang);
	if (!entry->usable)
		return -1;
	out->text = mem_strdup(entry->edition);
	describe(ws, r->catalog, entry, out);
	if (note_files(ws, entry, out, problems) < 0)
		return -1;
	if (edition_open(out->text, out->lang, entry->file, &out->edition,
		    problems) < 0)
		return -1;
	composition_check(&out->edition, r->columns, problems);
	out->lists_names = mailing_lists_names(&out->edition);
	out->composition = composition_new(&out->edition);
	return 0;
}

static void
prepare_people(
	const struct conf *conf, const struct letter *letter, struct mailing *m)
{
	struct address address = conf->from;
	char text[ADDRESS_MAX];
	struct err err;
	char *name = NULL;

	if (letter->from.text && address_parse_mailbox(letter->from.text, &name,
					 &address, &err) == 0)
		m->from_name = name;
	else
		m->from_name =
			mem_strdup(conf->from_name ? conf->from_name : "");
	address_format(&address, text);
	m->from_address = mem_strdup(text);
	text[0] = '\0';
	if (letter->reply_to.text &&
		address_parse_mailbox(letter->reply_to.text, &m->reply_to_name,
			&address, &err) == 0)
		address_format(&address, text);
	m->reply_to_address = mem_strdup(text);
	if (!m->reply_to_name)
		m->reply_to_name = mem_strdup("");
	fields_add(&m->organiser, "name",
		conf->organiser_name ? conf->organiser_name : "");
	fields_add(&m->organiser, "address",
		conf->organiser_address ? conf->organiser_address : "");
	fields_add(&m->organiser, "url", conf->url ? conf->url : "");
}

static void
add_number(struct fields *f, const char *name, int64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, number);
	fields_add(f, name, text);
}

/* Adds one signature to the names. */
static int
add_name(void *ctx, const struct store_signature *row, struct err *err)
{
	const struct signature *s = &row->signature;
	char day[CLOCK_TIME_MAX];
	const char *const texts[NAME_TEXT_COUNT] = {
		[NAME_NAME] = s->name,
		[NAME_ORGANISATION] = s->organisation,
		[NAME_ROLE] = s->role,
		[NAME_COUNTRY] = s->country,
		[NAME_CITY] = s->city,
		[NAME_COMMENT] = s->comment,
		[NAME_LANG] = s->lang,
		[NAME_DATE] = day,
	};

	(void)err;
	clock_format_day(s->signed_at, day);
	names_add(ctx, row->id,
		visibility_shows(s->visibility, VIEWER_PUBLIC) ? INT64_MAX : 0,
		visibility_shows(s->visibility, VIEWER_RECIPIENT) ? INT64_MAX
								  : 0,
		texts);
	return 0;
}

static int
prepare_totals(struct workspace *ws, const struct mailing_request *r,
	struct mailing *m, struct err *err)
{
	struct store_totals totals = {0};
	int64_t letter = 0, fresh = 0;
	int found = ws->store ? store_letter_find(
					ws->store, m->letter, &letter, err)
			      : 0;

	if (found < 0)
		return -1;
	if (found &&
		(store_totals(ws->store, letter, &totals, err) < 0 ||
			store_count_new(ws->store, letter, &fresh, err) < 0))
		return -1;
	add_number(&m->signatures, "total", totals.total);
	add_number(&m->signatures, "people", totals.people);
	add_number(&m->signatures, "organisations", totals.organisations);
	add_number(&m->signatures, "countries", totals.countries);
	add_number(&m->signatures, "new", fresh);
	if (!found || r->bare || !mailing_shows_names(m))
		return 0;
	return store_signatures(ws->store, letter, false,
		visibility_tightest(mailing_viewer(m)), add_name, &m->names,
		err);
}

/* Names are the letter's and not a row's: when they are too many for it, no
 * row makes them fit. */
static int
check_room(const struct mailing *m, struct err *err)
{
	const struct names_view view = {.viewer = mailing_viewer(m)};
	struct template_values values = {0};
	struct buf skeleton = {0};
	struct data_input in = {
		.organiser = &m->organiser, .signatures = &m->signatures};
	struct value *names = names_values(&m->names, &view, &in.name_count);
	int rc = 0;

	in.names = names;
	for (size_t i = 0; rc == 0 && i < m->lang_count; i++) {
		const struct mailing_lang *lang = &m->langs[i];
		struct data *data = lang->lists_names ? data_new(&in) : NULL;

		if (data && template_skeleton(lang->edition.body,
				    data_root(data), &skeleton, &values) < 0)
			rc = err_set(err, ERR_DATA,
				"%s lists %zu names, too many for one letter; "
				"take {{#signatures.list}} out of it and send "
				"the list along with --attach-signatures csv",
				m->letter, in.name_count);
		data_free(data);
		buf_reset(&skeleton);
		template_values_release(&values);
	}
	buf_release(&skeleton);
	free(names);
	return rc;
}

int
mailing_prepare(struct workspace *ws, const struct mailing_request *r,
	struct mailing **out, struct problems *problems, struct err *err)
{
	const struct catalog_entry *entries;
	size_t count, before = problems->count;
	struct mailing *m;

	if (catalog_require(r->catalog, r->letter, &entries, &count, err) < 0)
		return -1;
	m = mem_zalloc(sizeof *m);
	m->ws = ws;
	m->parts = parts_new();
	m->list = r->list;
	m->letter = mem_strdup(r->letter);
	m->campaign = mem_strndup(r->letter, strcspn(r->letter, "/"));
	m->audience = r->audience;
	m->supporters = r->supporters;
	m->account = mem_strdup(r->account);
	m->created_at = r->now;
	m->milestone = r->milestone;
	m->langs = mem_zalloc(count * sizeof *m->langs);
	m->lang_count = count;
	for (size_t i = 0; i < count; i++)
		if (prepare_lang(ws, r, &entries[i], &m->langs[i], problems) <
				0 &&
			problems->count == before)
			problems_add(problems, entries[i].file, 0, 0,
				"this file cannot be used; `openletter check "
				"%s` says why",
				r->letter);
	if (problems->count > before) {
		mailing_free(m);
		return err_set(err, ERR_DATA,
			"%s cannot be used before this is mended", r->letter);
	}
	prepare_people(&ws->conf, &entries[0].letter, m);
	if (prepare_totals(ws, r, m, err) < 0 || check_room(m, err) < 0) {
		mailing_free(m);
		return -1;
	}
	*out = m;
	return 0;
}
