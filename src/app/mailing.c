#include "app/mailing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"
#include "core/signature.h"
#include "store/store_mailing.h"
#include "store/store_signature.h"

static void
lang_release(struct mailing_lang *lang)
{
	free(lang->text);
	fields_release(&lang->letter);
	fields_release(&lang->campaign);
	for (size_t i = 0; i < lang->file_count; i++) {
		free(lang->files[i].path);
		if (lang->parts)
			buf_release(&lang->parts[i]);
	}
	free(lang->files);
	free(lang->parts);
	composition_free(lang->composition);
	edition_close(&lang->edition);
}

void
mailing_free(struct mailing *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->lang_count; i++)
		lang_release(&m->langs[i]);
	free(m->langs);
	for (size_t i = 0; i < m->name_count; i++)
		fields_release(&m->names[i]);
	free(m->names);
	fields_release(&m->organiser);
	fields_release(&m->signatures);
	free(m->letter);
	free(m->campaign);
	free(m->account);
	free(m->from_name);
	free(m->from_address);
	free(m->reply_to_name);
	free(m->reply_to_address);
	free(m);
}

struct mailing_lang *
mailing_find_lang(const struct mailing *m, const char *lang)
{
	for (size_t i = 0; i < m->lang_count; i++)
		if (lang_equal(m->langs[i].lang, lang))
			return &m->langs[i];
	return NULL;
}

struct mailing_lang *
mailing_choose(
	const struct mailing *m, const char *lang, const struct conf *conf)
{
	const char *wanted[] = {lang, conf->lang, "en"};
	const char **langs = mem_zalloc(m->lang_count * sizeof *langs);
	int found = -1;

	for (size_t i = 0; i < m->lang_count; i++)
		langs[i] = m->langs[i].lang;
	for (size_t i = 0; i < 3 && found < 0; i++)
		if (!str_empty(wanted[i]))
			found = lang_lookup(wanted[i], langs, m->lang_count);
	free(langs);
	return &m->langs[found < 0 ? 0 : found];
}

/* Splits a campaign off the front of a letter's name. */
static char *
campaign_of(const char *letter)
{
	return mem_strndup(letter, strcspn(letter, "/"));
}

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
prepare_lang(const struct workspace *ws, const struct catalog *catalog,
	const struct catalog_entry *entry, const struct fields *columns,
	struct mailing_lang *out, struct problems *problems)
{
	memcpy(out->lang, entry->lang, sizeof out->lang);
	if (!entry->usable)
		return -1;
	out->text = mem_strdup(entry->edition);
	describe(ws, catalog, entry, out);
	if (note_files(ws, entry, out, problems) < 0)
		return -1;
	if (edition_open(out->text, out->lang, entry->file, &out->edition,
		    problems) < 0)
		return -1;
	composition_check(&out->edition, columns, problems);
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
mailing_prepare(struct workspace *ws, const struct catalog *catalog,
	const char *letter, enum audience audience, bool supporters,
	const char *account, const struct fields *columns, int64_t now,
	struct mailing **out, struct problems *problems, struct err *err)
{
	const struct catalog_entry *entries;
	size_t count, before = problems->count;
	struct mailing *m;

	if (catalog_require(catalog, letter, &entries, &count, err) < 0)
		return -1;
	m = mem_zalloc(sizeof *m);
	m->letter = mem_strdup(letter);
	m->campaign = campaign_of(letter);
	m->audience = audience;
	m->supporters = supporters;
	m->account = mem_strdup(account);
	m->created_at = now;
	m->langs = mem_zalloc(count * sizeof *m->langs);
	m->lang_count = count;
	for (size_t i = 0; i < count; i++)
		if (prepare_lang(ws, catalog, &entries[i], columns,
			    &m->langs[i], problems) < 0 &&
			problems->count == before)
			problems_add(problems, entries[i].file, 0, 0,
				"this file cannot be used; `openletter check "
				"%s` says why",
				letter);
	if (problems->count > before) {
		mailing_free(m);
		return err_set(err, ERR_DATA,
			"%s cannot be used before this is mended", letter);
	}
	prepare_people(&ws->conf, &entries[0].letter, m);
	if (prepare_totals(ws, m, err) < 0) {
		mailing_free(m);
		return -1;
	}
	*out = m;
	return 0;
}

static int
save_lang(struct workspace *ws, const struct mailing *m, int64_t letter_id,
	const struct mailing_lang *lang, struct err *err)
{
	struct buf letter = {0}, campaign = {0};
	struct store_mailing_edition e = {.lang = lang->lang};
	int rc;

	json_add_fields(&letter, &lang->letter);
	json_add_fields(&campaign, &lang->campaign);
	e.letter = buf_str(&letter);
	e.campaign = buf_str(&campaign);
	rc = store_edition(
		ws->store, letter_id, lang->lang, lang->text, &e.edition, err);
	if (rc == 0)
		rc = store_mailing_edition_add(ws->store, m->id, &e, err);
	for (size_t i = 0; rc == 0 && i < lang->file_count; i++)
		rc = store_mailing_attachment_add(ws->store, m->id, lang->lang,
			(int)i, lang->files[i].path, lang->files[i].digest,
			err);
	buf_release(&letter);
	buf_release(&campaign);
	return rc;
}

int
mailing_save(struct workspace *ws, struct mailing *m, int64_t *letter_id,
	struct err *err)
{
	struct buf organiser = {0}, signatures = {0}, names = {0};
	struct buf reply_to = {0};
	struct store_mailing row = {
		.audience = m->audience,
		.supporters = m->supporters,
		.account = m->account,
		.created_at = m->created_at,
		.from_name = m->from_name,
		.from_address = m->from_address,
	};
	int rc;

	json_add_fields(&organiser, &m->organiser);
	json_add_fields(&signatures, &m->signatures);
	for (size_t i = 0; i < m->name_count; i++) {
		json_add_fields(&names, &m->names[i]);
		buf_putc(&names, '\n');
	}
	if (*m->reply_to_address)
		buf_printf(&reply_to, "%s\n%s", m->reply_to_address,
			m->reply_to_name);
	row.organiser = buf_take(&organiser);
	row.signatures = buf_take(&signatures);
	row.names = buf_take(&names);
	row.reply_to = buf_take(&reply_to);
	rc = store_letter(ws->store, m->letter, letter_id, err);
	if (rc == 0)
		rc = store_mailing_add(
			ws->store, *letter_id, &row, &m->id, err);
	for (size_t i = 0; rc == 0 && i < m->lang_count; i++)
		rc = save_lang(ws, m, *letter_id, &m->langs[i], err);
	free(row.organiser);
	free(row.signatures);
	free(row.names);
	free(row.reply_to);
	return rc;
}

static int
load_lang(void *ctx, const struct store_mailing_edition *e, struct err *err)
{
	struct mailing *m = ctx;
	struct problems problems = {0};
	struct mailing_lang *lang;
	char *file;
	int rc;

	m->langs = mem_resize(m->langs, m->lang_count + 1, sizeof *m->langs);
	lang = &m->langs[m->lang_count++];
	*lang = (struct mailing_lang){.text = mem_strdup(e->text)};
	snprintf(lang->lang, sizeof lang->lang, "%s", e->lang);
	if (json_parse_fields(e->letter, &lang->letter, err) < 0 ||
		json_parse_fields(e->campaign, &lang->campaign, err) < 0)
		return -1;
	file = mem_printf("the edition of %s.%s", m->letter, e->lang);
	rc = edition_open(
		lang->text, lang->lang, file, &lang->edition, &problems);
	if (rc < 0)
		err_set(err, ERR_DATA, "%s: %s", file, problems.items[0].text);
	free(file);
	problems_release(&problems);
	return rc;
}

static int
load_file(void *ctx, const char *path, const char *digest, struct err *err)
{
	struct mailing_lang *lang = ctx;
	struct mailing_file *file;

	(void)err;
	lang->files = mem_resize(
		lang->files, lang->file_count + 1, sizeof *lang->files);
	file = &lang->files[lang->file_count++];
	file->path = mem_strdup(path);
	snprintf(file->digest, sizeof file->digest, "%s", digest);
	return 0;
}

static int
load_names(struct mailing *m, const char *lines, struct err *err)
{
	size_t count;
	char **list = str_split(lines, '\n', &count);
	int rc = 0;

	m->names = mem_zalloc((count + 1) * sizeof *m->names);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = json_parse_fields(
			list[i], &m->names[m->name_count++], err);
	str_list_free(list, count);
	return rc;
}

/* Moves what the row owns into the mailing. */
static int
take_row(struct mailing *m, struct store_mailing *row, struct err *err)
{
	size_t address_len = strcspn(row->reply_to, "\n");
	const char *name = row->reply_to + address_len;

	m->id = row->id;
	m->audience = row->audience;
	m->supporters = row->supporters;
	m->created_at = row->created_at;
	m->letter = mem_strdup(row->letter);
	m->campaign = campaign_of(row->letter);
	m->account = mem_strdup(row->account);
	m->from_name = mem_strdup(row->from_name);
	m->from_address = mem_strdup(row->from_address);
	m->reply_to_address = mem_strndup(row->reply_to, address_len);
	m->reply_to_name = mem_strdup(name + (*name == '\n'));
	if (json_parse_fields(row->organiser, &m->organiser, err) < 0 ||
		json_parse_fields(row->signatures, &m->signatures, err) < 0)
		return -1;
	return load_names(m, row->names, err);
}

int
mailing_load(
	struct workspace *ws, int64_t id, struct mailing **out, struct err *err)
{
	struct store_mailing row;
	struct mailing *m;
	int rc = store_mailing_find(ws->store, id, &row, err);

	if (rc <= 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_NOTFOUND,
					"there is no mailing %" PRId64
					"; `openletter status` lists them",
					id);
	m = mem_zalloc(sizeof *m);
	rc = take_row(m, &row, err);
	store_mailing_release(&row);
	if (rc == 0)
		rc = store_mailing_editions(ws->store, id, load_lang, m, err);
	for (size_t i = 0; rc == 0 && i < m->lang_count; i++) {
		struct mailing_lang *lang = &m->langs[i];

		lang->composition = composition_new(&lang->edition);
		rc = store_mailing_attachments(
			ws->store, id, lang->lang, load_file, lang, err);
	}
	if (rc < 0) {
		mailing_free(m);
		return err_prefix(err, "mailing %" PRId64, id);
	}
	*out = m;
	return 0;
}

static int
encode_file(const struct workspace *ws, const struct mailing_file *file,
	struct buf *out, struct err *err)
{
	char *path = NULL;
	const char *slash = strrchr(file->path, '/');
	char digest[DIGEST_MAX];
	struct buf data = {0};
	int rc = workspace_attachment(ws, file->path, &path, err);

	if (rc == 0)
		rc = file_read(path, WORKSPACE_ATTACHMENT_MAX, &data, err);
	if (rc < 0) {
		err->kind = ERR_DATA;
	} else {
		token_digest(buf_str(&data), data.len, digest);
		if (strcmp(digest, file->digest) != 0)
			rc = err_set(err, ERR_DATA,
				"%s: not the file that it was when the mailing "
				"was made; put that one back, then resume",
				file->path);
	}
	if (rc == 0)
		message_attachment(slash ? slash + 1 : file->path, NULL,
			buf_str(&data), data.len, out);
	buf_release(&data);
	free(path);
	return rc;
}

int
mailing_load_files(struct workspace *ws, struct mailing *m, struct err *err)
{
	for (size_t i = 0; i < m->lang_count; i++) {
		struct mailing_lang *lang = &m->langs[i];

		if (lang->parts)
			continue;
		lang->parts = mem_zalloc(
			(lang->file_count + 1) * sizeof *lang->parts);
		for (size_t k = 0; k < lang->file_count; k++)
			if (encode_file(ws, &lang->files[k], &lang->parts[k],
				    err) < 0)
				return -1;
	}
	return 0;
}
