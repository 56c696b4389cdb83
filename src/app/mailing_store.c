#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/mailing.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_mailing.h"

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
		.milestone = m->milestone,
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
	m->campaign = mem_strndup(row->letter, strcspn(row->letter, "/"));
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
