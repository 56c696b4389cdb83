/*
 * Pages of text in one or more columns: what does not fit goes on in the next
 * column, then on the next page. Pango shapes the text, Cairo writes it as it
 * comes, and nothing of a page that is full is kept. For handover.c.
 *
 * The pages are made twice, from the same calls: the first time they are only
 * counted, since each bears the number of all.
 *
 * Lengths are points (1/72 inch). A page of a language from right to left is
 * the mirror of one from left to right: its start is the right side.
 */
#ifndef FORMAT_HANDOVER_SHEET_H
#define FORMAT_HANDOVER_SHEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "format/handover_words.h"

/* Each style holds one text at a time; see sheet_set. */
enum sheet_style {
	SHEET_TITLE,
	SHEET_FIGURE,
	SHEET_BYLINE,
	SHEET_HEADING,
	SHEET_SUBHEADING,
	SHEET_BODY,
	SHEET_CODE,
	SHEET_ITEM, /* number or bullet beside a body */
	SHEET_NAME,
	SHEET_COUNT, /* number beside a name */
	SHEET_MARK,  /* the same, small */
	SHEET_DETAIL,
	SHEET_COMMENT,
	SHEET_FOOT,
	SHEET_STYLE_COUNT
};

struct sheet;

struct sheet_setup {
	double width; /* of the page */
	double height;
	const char *lang; /* BCP 47 */
	const struct handover_words *words;
	const char *foot; /* stands below each page; borrowed */
};

/* Errors: ERR_CONFIG: this computer has no font. */
int
sheet_new(const struct sheet_setup *setup, struct sheet **out, struct err *err);
void sheet_free(struct sheet *sheet);

/* How the PDF describes itself. */
struct sheet_about {
	const char *title;
	const char *author;
	const char *day; /* YYYY-MM-DD */
};

/* Takes the next bytes of the PDF. Returns 0, or -1 with err set. */
typedef int
sheet_write_fn(void *ctx, const char *data, size_t len, struct err *err);

/* Begins the first page: to count, or to write what was counted before. */
void sheet_count(struct sheet *sheet);
void sheet_write(struct sheet *sheet, const struct sheet_about *about,
	sheet_write_fn *write, void *ctx);

/* Ends the last page and the file. Errors: of write; ERR_IO: Cairo cannot
 * make it. */
int sheet_end(struct sheet *sheet, struct err *err);

/* Returns -1 with err when writing has failed, so that the rest is no use. */
int sheet_check(const struct sheet *sheet, struct err *err);

/* How many pages were counted. */
int sheet_pages(const struct sheet *sheet);

/* --- where text goes --------------------------------------------------- */

/* Goes on at the top of a page, in one column over all its width. */
void sheet_page(struct sheet *sheet);

/* Goes on in this many columns, from here down; those of the next pages have
 * their full height. */
void sheet_split(struct sheet *sheet, int columns);

/* Goes on at the top of the next column. */
void sheet_column(struct sheet *sheet);

/* The same, unless there is as much room left or the column is empty. */
void sheet_need(struct sheet *sheet, double height);

/* Leaves room, but not at the top of a column. */
void sheet_gap(struct sheet *sheet, double height);

/* Leaves room wherever it is. */
void sheet_drop(struct sheet *sheet, double height);

/* Width of a column, height of one that is as high as a page has room, and
 * what is left of this one. */
double sheet_width(const struct sheet *sheet);
double sheet_height(const struct sheet *sheet);
double sheet_room(const struct sheet *sheet);

/* --- text -------------------------------------------------------------- */

/* Gives a style its text, which is broken into lines of this width. Markup:
 * see struct markdown_block. Returns its height. */
double sheet_set(struct sheet *sheet, enum sheet_style style, const char *text,
	double width);
double sheet_set_markup(struct sheet *sheet, enum sheet_style style,
	const char *markup, double width);

/* How wide a line of text is. */
double
sheet_measure(struct sheet *sheet, enum sheet_style style, const char *text);

/* Whether the text of a style has characters that no font here has. */
bool sheet_lacks_glyphs(const struct sheet *sheet, enum sheet_style style);

/* Puts the style's text down, this far from the start of the column. */
void sheet_put(struct sheet *sheet, enum sheet_style style, double indent);

/* Puts one line of text of the style on the first line that the text of
 * beside will have, so that it ends this far from the start of the column. */
void sheet_mark(struct sheet *sheet, enum sheet_style style, const char *text,
	double end, enum sheet_style beside);

/* Draws a line across the column. */
void sheet_rule(struct sheet *sheet, double indent);

/* Lets the reader of the PDF come here by this name. */
void sheet_bookmark(struct sheet *sheet, const char *name);

#endif
