#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/mailing.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_mailing.h"
#include "store/store_names.h"

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
	struct buf organiser = {0}, signatures = {0}, reply_to = {0};
	struct store_mailing row = {
		.audience = m->audience,
		.supporters = m->supporters,
		.account = m->account,
		.created_at = m->created_at,
		.milestone = m->milestone,
		.list = m->list,
		.from_name = m->from_name,
		.from_address = m->from_address,
	};
	int rc;

	json_add_fields(&organiser, &m->organiser);
	json_add_fields(&signatures, &m->signatures);
	if (*m->reply_to_address)
		buf_printf(&reply_to, "%s\n%s", m->reply_to_address,
			m->reply_to_name);
	row.organiser = buf_take(&organiser);
	row.signatures = buf_take(&signatures);
	row.reply_to = buf_take(&reply_to);
	rc = store_letter(ws->store, m->letter, letter_id, err);
	if (rc == 0 && m->supporters)
		rc = store_secret_make(ws->store, err);
	if (rc == 0)
		rc = store_mailing_add(
			ws->store, *letter_id, &row, &m->id, err);
	if (rc == 0 && mailing_shows_names(m))
		rc = store_names_freeze(ws->store, m->id, *letter_id,
			visibility_tightest(mailing_viewer(m)), err);
	for (size_t i = 0; rc == 0 && i < m->lang_count; i++)
		rc = save_lang(ws, m, *letter_id, &m->langs[i], err);
	free(row.organiser);
	free(row.signatures);
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
	lang->lists_names = rc == 0 && mailing_lists_names(&lang->edition);
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
	struct attachment *file;

	(void)err;
	lang->files = mem_resize(
		lang->files, lang->file_count + 1, sizeof *lang->files);
	file = &lang->files[lang->file_count++];
	*file = (struct attachment){.path = mem_strdup(path)};
	snprintf(file->digest, sizeof file->digest, "%s", digest);
	return 0;
}

/* What version 1 froze: without whose it is, so it stays as it is. */
static int
load_old_name(struct names *names, const char *json, struct err *err)
{
	static const char *const members[NAME_TEXT_COUNT] = {"name",
		"organisation", "role", "country", "city", "comment", "", ""};
	const char *texts[NAME_TEXT_COUNT];
	struct fields f = {0};
	int rc = json_parse_fields(json, &f, err);
	const char *who = fields_get(&f, "visibility");

	for (int i = 0; i < NAME_TEXT_COUNT; i++) {
		const char *text = fields_get(&f, members[i]);

		texts[i] = text ? text : "";
	}
	if (rc == 0)
		names_add(names, 0,
			who && strcmp(who, "public") == 0 ? INT64_MAX : 0,
			INT64_MAX, texts);
	fields_release(&f);
	return rc;
}

static int
load_old_names(struct mailing *m, const char *lines, struct err *err)
{
	size_t count;
	char **list = str_split(lines, '\n', &count);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = load_old_name(&m->names, list[i], err);
	str_list_free(list, count);
	return rc;
}

static int
load_name(void *ctx, const struct store_name *n, struct err *err)
{
	char day[CLOCK_TIME_MAX];
	const char *const texts[NAME_TEXT_COUNT] = {
		[NAME_NAME] = n->name,
		[NAME_ORGANISATION] = n->organisation,
		[NAME_ROLE] = n->role,
		[NAME_COUNTRY] = n->country,
		[NAME_CITY] = n->city,
		[NAME_COMMENT] = n->comment,
		[NAME_LANG] = n->lang,
		[NAME_DATE] = day,
	};

	(void)err;
	clock_format_day(n->signed_at, day);
	names_add(ctx, n->signature, n->public_to, n->recipient_to, texts);
	return 0;
}

static int
load_names(struct store *store, struct mailing *m, struct err *err)
{
	int rc = store_names_version(store, m->id, &m->names_version, err);

	return rc <= 0 ? rc
		       : store_names(store, m->id, load_name, &m->names, err);
}

static int
load_row_file(void *ctx, const char *path, const char *digest, struct err *err)
{
	(void)err;
	attachments_add(ctx, path, digest);
	return 0;
}

static int
end_name(void *ctx, const struct store_name *n, struct err *err)
{
	(void)err;
	names_end(ctx, n->signature, n->public_to, n->recipient_to);
	return 0;
}

int
mailing_follow_names(struct workspace *ws, struct mailing *m, struct err *err)
{
	int64_t version;
	int rc = store_names_version(ws->store, m->id, &version, err);

	if (rc <= 0 || version == m->names_version)
		return rc < 0 ? -1 : 0;
	rc = store_names_changed(
		ws->store, m->id, m->names_version, end_name, &m->names, err);
	m->names_version = version;
	return rc;
}

/* Moves what the row owns into the mailing. */
static int
take_row(struct mailing *m, struct store_mailing *row, struct err *err)
{
	size_t address_len = strcspn(row->reply_to, "\n");
	const char *name = row->reply_to + address_len;

	m->id = row->id;
	m->list = row->list;
	m->audience = row->audience;
	m->supporters = row->supporters;
	m->created_at = row->created_at;
	m->letter = mem_strdup(row->letter);
	m->campaign = mem_strndup(row->letter, strcspn(row->letter, "/"));
	m->account = mem_strdup(row->account);
	m->from_name = mem_strdup(row->from_name);
	m->from_address = mem_strdup(row->from_address);
	m->reply_to_address = mem_strndup(row->reply_to, address_len);
	m->reply_to_name = mem_strdup(name + (*name == '\n'));
	if (json_parse_fields(row->organiser, &m->organiser, err) < 0 ||
		json_parse_fields(row->signatures, &m->signatures, err) < 0)
		return -1;
	return load_old_names(m, row->names, err);
}

static int
load_key(struct workspace *ws, struct mailing *m, struct err *err)
{
	int rc = m->supporters ? store_token_key(ws->store, MAILING_UNSUBSCRIBE,
					 &m->unsubscribe_key, err)
			       : 0;

	m->has_unsubscribe_key = rc > 0;
	return rc < 0 ? -1 : 0;
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
	m->ws = ws;
	m->parts = parts_new();
	rc = take_row(m, &row, err);
	store_mailing_release(&row);
	if (rc == 0)
		rc = load_key(ws, m, err);
	if (rc == 0)
		rc = load_names(ws->store, m, err);
	if (rc == 0)
		rc = store_mailing_attachments(
			ws->store, id, "", load_row_file, &m->row_files, err);
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
