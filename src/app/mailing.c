#include "app/mailing.h"

#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"

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
