#include "app/mailing.h"

#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "base/mem.h"
#include "base/str.h"

static void
lang_release(struct mailing_lang *lang)
{
	free(lang->text);
	fields_release(&lang->letter);
	fields_release(&lang->campaign);
	for (size_t i = 0; i < lang->file_count; i++)
		attachment_release(&lang->files[i]);
	free(lang->files);
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
	names_release(&m->names);
	attachments_release(&m->row_files);
	parts_free(m->parts);
	fields_release(&m->organiser);
	fields_release(&m->signatures);
	free(m->letter);
	free(m->campaign);
	free(m->account);
	free(m->from_name);
	free(m->from_address);
	free(m->reply_to_name);
	free(m->reply_to_address);
	explicit_bzero(&m->unsubscribe_key, sizeof m->unsubscribe_key);
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

bool
mailing_lists_names(const struct edition *e)
{
	return (e->body && template_uses(e->body, "signatures.list")) ||
	       (e->subject && template_uses(e->subject, "signatures.list"));
}

bool
mailing_shows_names(const struct mailing *m)
{
	bool shows = m->list != SIGNATURE_LIST_NONE;

	for (size_t i = 0; i < m->lang_count && !shows; i++)
		shows = m->langs[i].lists_names;
	return shows;
}

enum viewer
mailing_viewer(const struct mailing *m)
{
	return m->supporters ? VIEWER_PUBLIC : VIEWER_RECIPIENT;
}
