#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/mailing.h"
#include "base/file.h"
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
		struct mailing_file *file = &lang->files[lang->file_count++];
		struct buf data = {0};
		struct err err;
		char *path = NULL;

		file->path = mem_printf(
			"letters/%s/%s", entry->campaign, l->attach[i].text);
		if (workspace_attachment(ws, file->path, &path, &err) < 0 ||
			file_read(path, WORKSPACE_ATTACHMENT_MAX, &data, &err) <
				0) {
			problems_add(problems, entry->file, l->attach[i].line,
				0, "Attach: %s", err.msg);
			rc = -1;
		}
		token_digest(buf_str(&data), data.len, file->digest);
		buf_release(&data);
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

/* Adds one signature to signatures.list. */
static int
add_name(void *ctx, const struct store_signature *row, struct err *err)
{
	struct mailing *m = ctx;
	const struct signature *s = &row->signature;
	struct fields *f;

	(void)err;
	m->names = mem_resize(m->names, m->name_count + 1, sizeof *m->names);
	f = &m->names[m->name_count++];
	*f = (struct fields){0};
	add_number(f, "number", (int64_t)m->name_count);
	/* An organisation without a contact signs under its own name. */
	fields_add(f, "name", *s->name ? s->name : s->organisation);
	fields_add(f, "organisation", *s->name ? s->organisation : "");
	fields_add(f, "role", s->role);
	fields_add(f, "country", s->country);
	fields_add(f, "city", s->city);
	fields_add(f, "comment", s->comment);
	fields_add(f, MAILING_VISIBILITY, visibility_name(s->visibility));
	return 0;
}

static bool
lists_names(const struct mailing *m)
{
	for (size_t i = 0; i < m->lang_count; i++) {
		const struct edition *e = &m->langs[i].edition;

		if ((e->body && template_uses(e->body, "signatures.list")) ||
			(e->subject &&
				template_uses(e->subject, "signatures.list")))
			return true;
	}
	return false;
}

static int
prepare_totals(struct workspace *ws, struct mailing *m, struct err *err)
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
	if (!found || !lists_names(m))
		return 0;
	return store_signatures(ws->store, letter, false,
		m->supporters ? VISIBILITY_PUBLIC : VISIBILITY_RECIPIENT,
		add_name, m, err);
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
	if (prepare_totals(ws, m, err) < 0) {
		mailing_free(m);
		return -1;
	}
	*out = m;
	return 0;
}
