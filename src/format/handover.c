#include "format/handover.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "format/handover_sheet.h"
#include "format/handover_words.h"

/* A value keeps its own direction among others: first strong isolate, and the
 * end of it (UAX 9). */
#define ISOLATE "\u2068"
#define ISOLATE_END "\u2069"

#define INDENT 20.0  /* of a list or quotation */
#define MARK_GAP 6.0 /* between a number or bullet and its text */
#define TIGHT_GAP 2.0
#define PARAGRAPH_GAP 8.0
#define HEADING_GAP 16.0
#define NAME_GAP 5.0
#define TOTALS_WIDTH 240.0
#define ROW_GAP 3.0	  /* of a table */
#define COUNT_ROOM 40.0	  /* about what a number takes of its row */
#define HEADING_ROOM 60.0 /* a heading is not left alone at the end */

enum {
	NAME_COLUMNS = 2,
	COUNTRY_COLUMNS = 3
};

struct handover {
	const struct handover_facts *facts;
	const struct handover_words *words;
	struct sheet *sheet;
	struct handover_result result;
	double gutter;	/* for the numbers of the names */
	bool in_letter; /* its first block begins a page */
	struct buf text;
};

/* --- values ------------------------------------------------------------ */

/* Adds a value on one line: a comment may have been written on many. */
static void
add_value(struct buf *out, const char *value)
{
	buf_puts(out, ISOLATE);
	for (; *value; value++)
		buf_putc(out, str_is_space(*value) ? ' ' : *value);
	buf_puts(out, ISOLATE_END);
}

static const char *
one_value(struct handover *h, const char *value)
{
	buf_reset(&h->text);
	add_value(&h->text, value);
	return buf_str(&h->text);
}

/* The values that there are, with commas between them. */
static const char *
joined(struct handover *h, const char *const *values, size_t count)
{
	buf_reset(&h->text);
	for (size_t i = 0; i < count; i++) {
		if (!*values[i])
			continue;
		if (h->text.len)
			buf_puts(&h->text, h->words->comma);
		add_value(&h->text, values[i]);
	}
	return buf_str(&h->text);
}

/* --- title page -------------------------------------------------------- */

static void
put(struct handover *h, enum sheet_style style, const char *text, double gap)
{
	sheet_gap(h->sheet, gap);
	sheet_set(h->sheet, style, text, sheet_width(h->sheet));
	sheet_put(h->sheet, style, 0);
}

static void
put_title_page(struct handover *h)
{
	const struct handover_facts *f = h->facts;

	sheet_drop(h->sheet, sheet_height(h->sheet) / 4);
	sheet_bookmark(h->sheet, f->title);
	put(h, SHEET_TITLE, f->title, 0);
	sheet_gap(h->sheet, 16);
	sheet_rule(h->sheet, 0);
	put(h, SHEET_BYLINE, one_value(h, f->organiser), 14);
	put(h, SHEET_BYLINE, f->day, 4);
	sheet_gap(h->sheet, 40);
	buf_reset(&h->text);
	buf_printf(&h->text, "%s: ", h->words->signatures);
	handover_number(h->words, f->total, &h->text);
	put(h, SHEET_FIGURE, buf_str(&h->text), 0);
}

/* --- the letter -------------------------------------------------------- */

int
handover_block(void *handover, const struct markdown_block *b, struct err *err)
{
	struct handover *h = handover;
	enum sheet_style style = b->kind == MARKDOWN_CODE      ? SHEET_CODE
				 : b->kind != MARKDOWN_HEADING ? SHEET_BODY
				 : b->level < 3		       ? SHEET_HEADING
						: SHEET_SUBHEADING;
	double indent = b->depth * INDENT;
	double height;

	if (!h->in_letter)
		sheet_page(h->sheet);
	h->in_letter = true;
	/* However deep it stands, there is room for words. */
	if (indent > sheet_width(h->sheet) / 2)
		indent = sheet_width(h->sheet) / 2;
	sheet_gap(h->sheet, b->tight			  ? TIGHT_GAP
			    : b->kind == MARKDOWN_HEADING ? HEADING_GAP
							  : PARAGRAPH_GAP);
	if (b->kind == MARKDOWN_RULE) {
		sheet_rule(h->sheet, indent);
		return sheet_check(h->sheet, err);
	}
	height = sheet_set_markup(
		h->sheet, style, b->markup, sheet_width(h->sheet) - indent);
	sheet_need(h->sheet, b->kind == MARKDOWN_HEADING ? HEADING_ROOM
			     : height < HEADING_ROOM	 ? height
							 : HEADING_ROOM / 2);
	if (*b->marker)
		sheet_mark(h->sheet, SHEET_ITEM, b->marker, indent - MARK_GAP,
			style);
	sheet_put(h->sheet, style, indent);
	return sheet_check(h->sheet, err);
}

/* --- totals ------------------------------------------------------------ */

/* A label, and its number at the end of the line. */
static void
put_count(struct handover *h, enum sheet_style style, const char *label,
	enum sheet_style figure_style, int64_t count, double width)
{
	struct buf figure = {0};
	double room;

	handover_number(h->words, count, &figure);
	room = width - 2 * MARK_GAP -
	       sheet_measure(h->sheet, figure_style, buf_str(&figure));
	sheet_need(h->sheet,
		sheet_set(h->sheet, style, one_value(h, label), room));
	sheet_mark(h->sheet, figure_style, buf_str(&figure), width, style);
	sheet_put(h->sheet, style, 0);
	buf_release(&figure);
}

static const char *
country_label(struct handover *h, const struct handover_country *row)
{
	return *row->name ? row->name : h->words->no_country;
}

/* How high columns are that have the same share of the rows, where a page has
 * room for them; else more than they can be. */
static double
share_of(struct handover *h, const struct handover_country *rows, size_t count)
{
	double all = 0;

	for (size_t i = 0; i < count; i++)
		all += ROW_GAP + sheet_set(h->sheet, SHEET_NAME,
					 country_label(h, &rows[i]),
					 sheet_width(h->sheet) - COUNT_ROOM);
	all /= COUNTRY_COLUMNS;
	return all < sheet_room(h->sheet) - HEADING_ROOM ? all : INFINITY;
}

static void
put_countries(
	struct handover *h, const struct handover_country *rows, size_t count)
{
	double share, top;

	put(h, SHEET_SUBHEADING, h->words->by_country, 26);
	sheet_gap(h->sheet, 6);
	sheet_split(h->sheet, COUNTRY_COLUMNS);
	share = share_of(h, rows, count);
	top = sheet_room(h->sheet);
	for (size_t i = 0; i < count; i++) {
		if (top - sheet_room(h->sheet) >= share)
			sheet_column(h->sheet);
		put_count(h, SHEET_NAME, country_label(h, &rows[i]),
			SHEET_COUNT, rows[i].total, sheet_width(h->sheet));
		sheet_gap(h->sheet, ROW_GAP);
	}
}

int
handover_totals(struct handover *h, const struct handover_country *rows,
	size_t count, struct err *err)
{
	const struct handover_facts *f = h->facts;
	const struct {
		const char *label;
		int64_t count;
	} totals[] = {
		{h->words->signatures, f->total},
		{h->words->people, f->people},
		{h->words->organisations, f->organisations},
		{h->words->countries, f->countries},
	};

	sheet_page(h->sheet);
	sheet_bookmark(h->sheet, h->words->signatures);
	put(h, SHEET_HEADING, h->words->signatures, 0);
	sheet_gap(h->sheet, 10);
	for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
		put_count(h, SHEET_BODY, totals[i].label, SHEET_ITEM,
			totals[i].count, TOTALS_WIDTH);
		sheet_gap(h->sheet, ROW_GAP);
	}
	if (count > 0)
		put_countries(h, rows, count);
	return sheet_check(h->sheet, err);
}

/* --- names ------------------------------------------------------------- */

int
handover_part(struct handover *h, enum handover_part part, struct err *err)
{
	const char *heading = part == HANDOVER_PEOPLE ? h->words->people
						      : h->words->organisations;

	sheet_page(h->sheet);
	sheet_bookmark(h->sheet, heading);
	put(h, SHEET_HEADING, heading, 0);
	sheet_gap(h->sheet, 12);
	sheet_split(h->sheet, NAME_COLUMNS);
	return sheet_check(h->sheet, err);
}

/* What stands below a name, in the order that people write it. */
static double
set_details(struct handover *h, const struct handover_name *n, double width)
{
	const char *const values[] = {
		n->role, n->organisation, n->city, n->country};
	const char *text = joined(h, values, sizeof values / sizeof values[0]);

	return *text ? sheet_set(h->sheet, SHEET_DETAIL, text, width) : 0;
}

static void
note_glyphs(struct handover *h, bool details, bool comment)
{
	if (sheet_lacks_glyphs(h->sheet, SHEET_NAME) ||
		(details && sheet_lacks_glyphs(h->sheet, SHEET_DETAIL)) ||
		(comment && sheet_lacks_glyphs(h->sheet, SHEET_COMMENT)))
		h->result.unreadable++;
}

int
handover_name(
	struct handover *h, const struct handover_name *n, struct err *err)
{
	double width = sheet_width(h->sheet) - h->gutter;
	double name, details, comment = 0;
	char mark[24];

	snprintf(mark, sizeof mark, "%" PRId64, ++h->result.names);
	name = sheet_set(h->sheet, SHEET_NAME, one_value(h, n->name), width);
	details = set_details(h, n, width);
	if (*n->comment)
		comment = sheet_set(h->sheet, SHEET_COMMENT,
			one_value(h, n->comment), width);
	note_glyphs(h, details > 0, comment > 0);
	/* What is longer than a column goes on in the next. */
	sheet_gap(h->sheet, NAME_GAP);
	sheet_need(h->sheet, name + details + comment < sheet_height(h->sheet)
				     ? name + details + comment
				     : name);
	sheet_mark(
		h->sheet, SHEET_MARK, mark, h->gutter - MARK_GAP, SHEET_NAME);
	sheet_put(h->sheet, SHEET_NAME, h->gutter);
	if (details > 0)
		sheet_put(h->sheet, SHEET_DETAIL, h->gutter);
	if (comment > 0)
		sheet_put(h->sheet, SHEET_COMMENT, h->gutter);
	return sheet_check(h->sheet, err);
}

int
handover_unnamed(struct handover *h, int64_t count, struct err *err)
{
	const struct handover_phrase *p =
		count == 1 ? &h->words->one_unnamed : &h->words->more_unnamed;

	if (count > 0) {
		buf_reset(&h->text);
		buf_puts(&h->text, p->before);
		handover_number(h->words, count, &h->text);
		buf_puts(&h->text, p->after);
		put(h, SHEET_NAME, buf_str(&h->text), 2 * NAME_GAP);
	}
	return sheet_check(h->sheet, err);
}

/* --- all of it --------------------------------------------------------- */

/* All pages once. */
static int
run(struct handover *h, handover_feed_fn *feed, void *ctx, struct err *err)
{
	h->result = (struct handover_result){0};
	h->in_letter = false;
	put_title_page(h);
	if (feed(ctx, h, err) < 0)
		return -1;
	return sheet_end(h->sheet, err);
}

static double
gutter_for(struct handover *h, int64_t greatest)
{
	char text[24];

	/* Digits are equally wide in most fonts, and 0 in all wide enough. */
	snprintf(text, sizeof text, "%" PRId64, greatest);
	memset(text, '0', strlen(text));
	return sheet_measure(h->sheet, SHEET_MARK, text) + MARK_GAP + 1;
}

int
handover_write(const struct handover_facts *facts, handover_feed_fn *feed,
	void *feed_ctx, handover_write_fn *write, void *write_ctx,
	struct handover_result *out, struct err *err)
{
	bool a4 = facts->paper == HANDOVER_A4;
	struct handover h = {
		.facts = facts,
		.words = handover_words(facts->lang),
	};
	const struct sheet_setup setup = {
		.width = a4 ? 595.276 : 612,
		.height = a4 ? 841.89 : 792,
		.lang = facts->lang,
		.words = h.words,
		.foot = facts->title,
	};
	const struct sheet_about about = {
		.title = facts->title,
		.author = facts->organiser,
		.day = facts->day,
	};
	int rc = -1;

	if (sheet_new(&setup, &h.sheet, err) < 0)
		return -1;
	h.gutter = gutter_for(&h, facts->total);
	sheet_count(h.sheet);
	if (run(&h, feed, feed_ctx, err) < 0)
		goto out;
	sheet_write(h.sheet, &about, write, write_ctx);
	if (run(&h, feed, feed_ctx, err) < 0)
		goto out;
	*out = h.result;
	out->pages = sheet_pages(h.sheet);
	rc = 0;
out:
	sheet_free(h.sheet);
	buf_release(&h.text);
	return rc;
}
