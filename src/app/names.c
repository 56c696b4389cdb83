#include "app/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/mem.h"
#include "core/lang.h"
#include "format/page.h"

enum {
	NUMBER_MAX = 24
};

/* A column of the list; its values are those of `export`. */
static const struct {
	enum visibility_field field;
	const char *heading;
} columns[NAME_TEXT_COUNT] = {
	[NAME_NAME] = {VISIBILITY_FIELD_NAME, "Name"},
	[NAME_ORGANISATION] = {VISIBILITY_FIELD_ORGANISATION, "Organisation"},
	[NAME_ROLE] = {VISIBILITY_FIELD_ROLE, "Role"},
	[NAME_COUNTRY] = {VISIBILITY_FIELD_COUNTRY, "Country"},
	[NAME_CITY] = {VISIBILITY_FIELD_CITY, "City"},
	[NAME_COMMENT] = {VISIBILITY_FIELD_COMMENT, "Comment"},
	[NAME_LANG] = {VISIBILITY_FIELD_LANG, "Language"},
	[NAME_DATE] = {VISIBILITY_FIELD_DATE, "Date"},
};

void
names_add(struct names *names, int64_t signature, int64_t public_to,
	int64_t recipient_to, const char *const texts[NAME_TEXT_COUNT])
{
	size_t size = 0;
	struct name *n;
	char *to;

	names->items =
		mem_grow(names->items, names->count, &names->cap, sizeof *n);
	n = &names->items[names->count++];
	n->signature = signature;
	atomic_init(&n->public_to, public_to);
	atomic_init(&n->recipient_to, recipient_to);
	for (int i = 0; i < NAME_TEXT_COUNT; i++)
		size += strlen(texts[i]) + 1;
	to = mem_zalloc(size);
	for (int i = 0; i < NAME_TEXT_COUNT; i++) {
		n->texts[i] = to;
		to = stpcpy(to, texts[i]) + 1;
	}
}

static int
compare(const void *key, const void *item)
{
	int64_t a = *(const int64_t *)key;
	int64_t b = ((const struct name *)item)->signature;

	return (a > b) - (a < b);
}

void
names_end(struct names *names, int64_t signature, int64_t public_to,
	int64_t recipient_to)
{
	struct name *n = names->count == 0
				 ? NULL
				 : bsearch(&signature, names->items,
					   names->count, sizeof *n, compare);

	if (!n)
		return;
	atomic_store(&n->public_to, public_to);
	atomic_store(&n->recipient_to, recipient_to);
}

void
names_release(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].texts[0]);
	free(names->items);
	*names = (struct names){0};
}

static bool
is_shown(const struct name *n, const struct names_view *view)
{
	return view->version < atomic_load(view->viewer == VIEWER_PUBLIC
						   ? &n->public_to
						   : &n->recipient_to);
}

/* What a letter calls the name: signatures.list has no kind to tell an
 * organisation by. */
static const char *
shown_text(const struct name *n, int text)
{
	const char *name = n->texts[NAME_NAME];

	if (text == NAME_NAME && !*name)
		return n->texts[NAME_ORGANISATION];
	if (text == NAME_ORGANISATION && !*name)
		return "";
	return n->texts[text];
}

/* The members of one name, and what they lie in. */
enum {
	MEMBERS = 1 + NAME_COMMENT + 1
};

struct member_block {
	struct value items[MEMBERS];
	char number[NUMBER_MAX];
};

struct value *
names_values(
	const struct names *names, const struct names_view *view, size_t *count)
{
	static const char *const members[MEMBERS] = {"number", "name",
		"organisation", "role", "country", "city", "comment"};
	/* One block, since a letter may have thousands: maps, then members. */
	struct value *maps = mem_zalloc(
		names->count * (sizeof *maps + sizeof(struct member_block)));
	struct member_block *block =
		(struct member_block *)(void *)(maps + names->count);

	*count = 0;
	for (size_t i = 0; i < names->count; i++) {
		const struct name *n = &names->items[i];

		if (!is_shown(n, view))
			continue;
		snprintf(
			block->number, sizeof block->number, "%zu", *count + 1);
		block->items[0] = (struct value){
			.kind = VALUE_TEXT, .text = block->number};
		for (int k = 1; k < MEMBERS; k++)
			block->items[k] = (struct value){
				.kind = VALUE_TEXT,
				.text = shown_text(n, k - 1),
			};
		maps[(*count)++] = (struct value){
			.kind = VALUE_MAP,
			.names = members,
			.items = block++->items,
			.count = MEMBERS,
		};
	}
	return maps;
}

void
names_csv(const struct names *names, const struct names_view *view,
	struct buf *out)
{
	size_t number = 0;

	buf_puts(out, visibility_field_name(VISIBILITY_FIELD_NUMBER));
	for (int k = 0; k < NAME_TEXT_COUNT; k++)
		buf_printf(out, ",%s", visibility_field_name(columns[k].field));
	buf_putc(out, '\n');
	for (size_t i = 0; i < names->count; i++) {
		const struct name *n = &names->items[i];

		if (!is_shown(n, view))
			continue;
		buf_add_number(out, (int64_t)++number);
		for (int k = 0; k < NAME_TEXT_COUNT; k++) {
			buf_putc(out, ',');
			csv_add_guarded(out, n->texts[k], ',');
		}
		buf_putc(out, '\n');
	}
}

static void
html_row(const struct name *n, size_t number, const bool *used, struct buf *out)
{
	buf_printf(out, "<tr><td>%zu</td>", number);
	for (int k = 0; k < NAME_TEXT_COUNT; k++) {
		if (!used[k])
			continue;
		buf_puts(out, "<td>");
		page_escape(shown_text(n, k), out);
		buf_puts(out, "</td>");
	}
	buf_puts(out, "</tr>\n");
}

void
names_html(const struct names *names, const struct names_view *view,
	const char *lang, const char *title, struct buf *out)
{
	bool used[NAME_TEXT_COUNT] = {false};
	size_t number = 0;

	for (size_t i = 0; i < names->count; i++)
		for (int k = 0; k < NAME_TEXT_COUNT; k++)
			used[k] = used[k] ||
				  (is_shown(&names->items[i], view) &&
					  *shown_text(&names->items[i], k));
	page_begin(lang, lang_dir(lang), title, out);
	buf_puts(out, "<table>\n<thead lang=\"en\">\n<tr><th>No.</th>");
	for (int k = 0; k < NAME_TEXT_COUNT; k++)
		if (used[k])
			buf_printf(out, "<th>%s</th>", columns[k].heading);
	buf_puts(out, "</tr>\n</thead>\n<tbody>\n");
	for (size_t i = 0; i < names->count; i++)
		if (is_shown(&names->items[i], view))
			html_row(&names->items[i], ++number, used, out);
	buf_puts(out, "</tbody>\n</table>\n");
	page_end(out);
}
