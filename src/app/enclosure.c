#include "app/enclosure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"

/* A file to be read. */
struct file_wish {
	const struct workspace *ws;
	const struct attachment *file;
};

/* A list to be written. */
struct list_wish {
	const struct mailing *mailing;
	const struct mailing_lang *lang;
	const struct names_view *view;
};

static int
make_file(const void *ctx, struct buf *out, struct err *err)
{
	const struct file_wish *wish = ctx;

	return attachment_encode(wish->ws, wish->file, out, err);
}

static int
make_list(const void *ctx, struct buf *out, struct err *err)
{
	const struct list_wish *wish = ctx;
	const struct names *names = &wish->mailing->names;
	struct buf data = {0};

	(void)err;
	if (wish->mailing->list == SIGNATURE_LIST_CSV) {
		names_csv(names, wish->view, &data);
		message_attachment(
			"signatures.csv", NULL, buf_str(&data), data.len, out);
	} else {
		names_html(names, wish->view, wish->lang->lang,
			fields_get(&wish->lang->letter, "title"), &data);
		message_attachment(
			"signatures.html", NULL, buf_str(&data), data.len, out);
	}
	buf_release(&data);
	return 0;
}

static int
add(const struct mailing *m, const char *key, parts_make_fn *make,
	const void *wish, struct enclosure *e, struct err *err)
{
	const struct buf *part;

	if (parts_take(m->parts, key, make, wish, &part, err) < 0)
		return -1;
	e->items = mem_resize(e->items, e->count + 1, sizeof *e->items);
	/* Pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	e->parts = mem_resize(e->parts, e->count + 1, sizeof *e->parts);
	e->items[e->count] = *part;
	e->parts[e->count++] = part;
	return 0;
}

static int
add_file(const struct mailing *m, const struct attachment *file,
	struct enclosure *e, struct err *err)
{
	const struct file_wish wish = {m->ws, file};

	return add(m, file->path, make_file, &wish, e, err);
}

static int
add_letter_files(const struct mailing *m, const struct mailing_lang *lang,
	struct enclosure *e, struct err *err)
{
	for (size_t i = 0; i < lang->file_count; i++)
		if (add_file(m, &lang->files[i], e, err) < 0)
			return -1;
	return 0;
}

static int
add_row_files(const struct mailing *m, const struct fields *row,
	struct enclosure *e, struct err *err)
{
	const char *column = row ? fields_get(row, "attach") : NULL;
	size_t count = 0;
	char **paths = str_empty(column)
			       ? NULL
			       : attachment_paths(m->campaign, column, &count);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		const struct attachment *file =
			attachments_find(&m->row_files, paths[i]);

		rc = file ? add_file(m, file, e, err)
			  : err_set(err, ERR_DATA,
				    "%s: not a file of this mailing", paths[i]);
	}
	str_list_free(paths, count);
	return rc;
}

/* No file's path begins like these keys. */
static int
add_list(const struct mailing *m, const struct mailing_lang *lang,
	const struct names_view *view, struct enclosure *e, struct err *err)
{
	const struct list_wish wish = {m, lang, view};
	char *key;
	int rc;

	if (m->list == SIGNATURE_LIST_NONE)
		return 0;
	key = mem_printf("signatures:%" PRId64 ":%d:%s", view->version,
		view->viewer, m->list == SIGNATURE_LIST_HTML ? lang->lang : "");
	rc = add(m, key, make_list, &wish, e, err);
	free(key);
	return rc;
}

int
enclosure_gather(const struct mailing *m, const struct mailing_lang *lang,
	const struct fields *row, const struct names_view *view,
	struct enclosure *out, struct err *err)
{
	if (add_letter_files(m, lang, out, err) < 0 ||
		add_row_files(m, row, out, err) < 0)
		return -1;
	return add_list(m, lang, view, out, err);
}

void
enclosure_release(const struct mailing *m, struct enclosure *e)
{
	for (size_t i = 0; i < e->count; i++)
		parts_give_back(m->parts, e->parts[i]);
	free(e->items);
	free(e->parts);
	*e = (struct enclosure){0};
}

int
enclosure_check(const struct mailing *m, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->lang_count; i++) {
		struct enclosure e = {0};

		rc = add_letter_files(m, &m->langs[i], &e, err);
		enclosure_release(m, &e);
	}
	return rc;
}
