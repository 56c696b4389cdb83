#include "app/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/data.h"
#include "app/enlist.h"
#include "app/recipients.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/signature.h"

/* Adds an error whose message begins `file:` or `file:line:`. */
static void
add_error(struct problems *problems, const char *file, const struct err *err)
{
	const char *text = err->msg;
	long line = 0;

	if (str_starts(text, file) && text[strlen(file)] == ':') {
		char *rest;

		text += strlen(file) + 1;
		line = strtol(text, &rest, 10);
		if (rest > text && *rest == ':')
			text = rest + 1;
		else
			line = 0;
	}
	problems_add(problems, file, line, 0, "%s", text + strspn(text, " "));
}

/* Reads a whole list for what is wrong in it. */
static void
check_list(struct workspace *ws, const char *name, struct problems *problems)
{
	char *file = mem_printf("recipients/%s.csv", name);
	struct recipients *list = NULL;
	struct recipient r;
	struct err err;
	int rc = recipients_open(ws, name, &list, &err);

	while (rc >= 0 && (rc = recipients_next(list, &r, problems, &err)) > 0)
		;
	if (rc < 0)
		add_error(problems, file, &err);
	recipients_close(list);
	free(file);
}

static int
check_lists(struct workspace *ws, struct check_result *out,
	struct problems *problems, struct err *err)
{
	char *folder = workspace_path(ws, "recipients");
	char **files;
	size_t count;
	int rc = file_list(folder, ".csv", &files, &count, err);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		files[i][strlen(files[i]) - strlen(".csv")] = '\0';
		check_list(ws, files[i], problems);
		out->lists++;
	}
	str_list_free(files, count);
	free(folder);
	return rc;
}

/* The columns of the lists that a letter names; a list that is not there is
 * a problem of the letter. */
static void
gather_columns(struct workspace *ws, const struct catalog_entry *entry,
	struct fields *columns, struct problems *problems)
{
	size_t count = 0;
	const struct letter_field *to = &entry->letter.to;
	char **lists = to->text ? str_split(to->text, ',', &count) : NULL;
	struct err err;

	for (size_t i = 0; i < count; i++)
		/* What is wrong inside a list is said where it is checked. */
		if (enlist_columns(ws, &lists[i], 1, columns, &err) < 0 &&
			err.kind == ERR_NOTFOUND)
			problems_add(problems, entry->file, to->line, 1,
				"To: %s", err.msg);
	str_list_free(lists, count);
}

static void
check_attachments(struct workspace *ws, const struct catalog_entry *entry,
	struct problems *problems)
{
	for (size_t i = 0; i < entry->letter.attach_count; i++) {
		const struct letter_field *f = &entry->letter.attach[i];
		char *name =
			mem_printf("letters/%s/%s", entry->campaign, f->text);
		char *path = NULL;
		struct err err;

		if (workspace_attachment(ws, name, &path, &err) < 0)
			problems_add(problems, entry->file, f->line, 1,
				"Attach: %s", err.msg);
		free(path);
		free(name);
	}
}

/* Whether the files are there that a letter's lists name for one recipient:
 * they lie in the folder of the letter's campaign. */
static void
check_row_files(const struct workspace *ws, const char *campaign,
	const struct recipient *r, struct problems *problems)
{
	const char *column = fields_get(&r->row, "attach");
	size_t count;
	char **paths = attachment_paths(campaign, column, &count);

	for (size_t i = 0; i < count; i++) {
		char *path = NULL;
		struct err err;

		if (workspace_attachment(ws, paths[i], &path, &err) < 0)
			problems_add(problems, r->file, r->line, 0,
				"attach: %s", err.msg);
		free(path);
	}
	str_list_free(paths, count);
}

static void
check_lists_files(const struct workspace *ws, const struct catalog_entry *entry,
	struct problems *problems)
{
	/* What else is wrong inside a list is said where it is checked. */
	struct problems ignored = {0};
	size_t count = 0;
	const char *to = entry->letter.to.text;
	char **lists = to ? str_split(to, ',', &count) : NULL;

	for (size_t i = 0; i < count; i++) {
		struct recipients *list = NULL;
		struct recipient r;
		struct err err;

		if (recipients_open(ws, lists[i], &list, &err) < 0)
			continue;
		while (fields_get(recipients_columns(list), "attach") &&
			recipients_next(list, &r, &ignored, &err) > 0)
			check_row_files(ws, entry->campaign, &r, problems);
		recipients_close(list);
	}
	problems_release(&ignored);
	str_list_free(lists, count);
}

static void
check_entry(struct workspace *ws, const struct catalog_entry *entry,
	struct problems *problems)
{
	struct fields columns = {0};
	struct edition edition;

	if (!entry->edition)
		return;
	gather_columns(ws, entry, &columns, problems);
	check_attachments(ws, entry, problems);
	edition_open(
		entry->edition, entry->lang, entry->file, &edition, problems);
	composition_check(&edition, &columns, problems);
	edition_close(&edition);
	fields_release(&columns);
}

static bool
is_wanted(const struct catalog_entry *entry, char *const *letters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(entry->name, letters[i]) == 0)
			return true;
	return count == 0;
}

/* Leaves out what is wrong in files that were not asked about. */
static void
keep_wanted(const struct catalog *catalog, char *const *letters, size_t count,
	const struct problems *all, struct problems *out)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct problem *p = &all->items[i];
		bool wanted =
			count == 0 || str_starts(p->file, "letters/_partials/");

		for (size_t k = 0; k < catalog->count && !wanted; k++)
			wanted =
				strcmp(catalog->entries[k].file, p->file) ==
					0 &&
				is_wanted(&catalog->entries[k], letters, count);
		if (wanted)
			problems_add(out, p->file, p->line, p->column, "%s",
				p->text);
	}
}

int
check_all(struct workspace *ws, char *const *letters, size_t count,
	struct check_result *out, struct problems *problems, struct err *err)
{
	struct problems all = {0};
	struct catalog catalog;
	const char *last = "";
	int rc = -1;

	*out = (struct check_result){0};
	if (workspace_load_conf(ws, problems, err) < 0) {
		if (err->kind != ERR_CONFIG)
			return -1;
		out->conf_wrong = true;
	}
	if (catalog_load(ws, &catalog, &all, err) < 0)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const struct catalog_entry *entries;
		size_t n;

		if (catalog_require(&catalog, letters[i], &entries, &n, err) <
			0)
			goto out;
	}
	keep_wanted(&catalog, letters, count, &all, problems);
	for (size_t i = 0; i < catalog.count; i++) {
		const struct catalog_entry *entry = &catalog.entries[i];

		if (!is_wanted(entry, letters, count))
			continue;
		check_entry(ws, entry, problems);
		if (strcmp(last, entry->name) != 0)
			check_lists_files(ws, entry, problems);
		out->files++;
		out->letters += strcmp(last, entry->name) != 0;
		last = entry->name;
	}
	rc = check_lists(ws, out, problems, err);
	problems_sort(problems);
out:
	problems_release(&all);
	catalog_release(&catalog);
	return rc;
}

static int
choose_row(struct workspace *ws, const struct preview_request *request,
	char *const *lists, size_t count, struct fields *row, struct err *err)
{
	char key[ADDRESS_MAX];
	int rc;

	if (request->recipient &&
		signature_address_key(request->recipient, key, err) < 0)
		return err_prefix(err, "--recipient");
	if (request->recipient) {
		rc = recipients_find(ws, lists, count, key, NULL, row, err);
	} else {
		rc = recipients_find(
			ws, lists, count, NULL, request->lang, row, err);
		if (rc == 0 && request->lang)
			rc = recipients_find(
				ws, lists, count, NULL, NULL, row, err);
	}
	if (rc < 0)
		return -1;
	if (rc == 0 && request->recipient)
		return err_set(err, ERR_NOTFOUND,
			"%s is in none of the lists that %s goes to",
			request->recipient, request->letter);
	for (size_t i = 0; i < data_recipient_column_count; i++)
		if (!fields_get(row, data_recipient_columns[i]))
			fields_add(row, data_recipient_columns[i], "");
	return 0;
}

static int
choose_lang(const struct workspace *ws, const struct preview_request *request,
	const struct mailing *m, const struct fields *row,
	const struct mailing_lang **out, struct err *err)
{
	if (!request->lang) {
		*out = mailing_choose(m, fields_get(row, "lang"), &ws->conf);
		return 0;
	}
	*out = mailing_find_lang(m, request->lang);
	return *out ? 0
		    : err_set(err, ERR_NOTFOUND, "%s is not there in \"%s\"",
			      request->letter, request->lang);
}

static int
render(struct workspace *ws, const struct preview_request *request,
	struct mailing *m, const struct fields *row, struct buf *out,
	struct err *err)
{
	const char *email = fields_get(row, "email");
	struct composed composed = {0};
	char id[ADDRESS_MAX];
	struct compose_input in = {
		.mailing = m,
		.row = row,
		.to = *email ? email : "nobody@example.org",
		.message_id = id,
		.date = m->created_at,
	};
	int rc;

	if (choose_lang(ws, request, m, row, &in.lang, err) < 0)
		return -1;
	snprintf(id, sizeof id, "<preview%s>", strchr(m->from_address, '@'));
	switch (request->format) {
	case PREVIEW_HTML:
		return compose_html(&in, out, err);
	case PREVIEW_EML:
		if (attachments_note(&m->row_files, ws, m->campaign,
			    fields_get(row, "attach"), err) < 0)
			return -1;
		return compose_message(&in, out, err);
	case PREVIEW_TEXT:
		break;
	}
	rc = compose_letter(&in, &composed, err);
	buf_printf(out, "Subject: %s\n\n%s", buf_str(&composed.subject),
		buf_str(&composed.text));
	composed_release(&composed);
	return rc;
}

int
check_preview(struct workspace *ws, const struct preview_request *request,
	struct buf *out, struct problems *problems, struct err *err)
{
	const struct catalog_entry *entries;
	struct problems ignored = {0};
	struct fields columns = {0}, row = {0};
	struct catalog catalog;
	struct mailing *m = NULL;
	char **lists = NULL;
	size_t entry_count, count = 0;
	int rc = -1;

	if (catalog_load(ws, &catalog, &ignored, err) < 0)
		return -1;
	if (catalog_require(
		    &catalog, request->letter, &entries, &entry_count, err) < 0)
		goto out;
	keep_wanted(&catalog, (char *const[]){entries[0].name}, 1, &ignored,
		problems);
	if (problems->count) {
		err_set(err, ERR_DATA,
			"%s cannot be shown before this is "
			"mended",
			request->letter);
		goto out;
	}
	if (entries[0].letter.to.text)
		lists = str_split(entries[0].letter.to.text, ',', &count);
	if (choose_row(ws, request, lists, count, &row, err) < 0 ||
		enlist_columns(ws, lists, count, &columns, err) < 0 ||
		mailing_prepare(ws,
			&(struct mailing_request){
				.catalog = &catalog,
				.letter = request->letter,
				.audience = AUDIENCE_RECIPIENTS,
				.account = "",
				.columns = &columns,
				.now = clock_now(),
			},
			&m, problems, err) < 0)
		goto out;
	rc = render(ws, request, m, &row, out, err);
out:
	mailing_free(m);
	str_list_free(lists, count);
	fields_release(&columns);
	fields_release(&row);
	problems_release(&ignored);
	catalog_release(&catalog);
	return rc;
}
