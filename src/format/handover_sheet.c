#include "format/handover_sheet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/lang.h"

#define MARGIN_SIDE 56.0
#define MARGIN_TOP 56.0
#define MARGIN_BOTTOM 68.0
#define FOOT_LINE 44.0 /* of the foot, from the bottom of the page */
#define COLUMN_GAP 26.0
#define BODY_LEADING 3
/* What letters with many signs above and below may take of other lines. */
#define OVERHANG 2.0

static const struct {
	const char *font;
	double grey; /* 0: black */
} styles[SHEET_STYLE_COUNT] = {
	[SHEET_TITLE] = {"sans-serif bold 26", 0},
	[SHEET_FIGURE] = {"sans-serif 18", 0},
	[SHEET_BYLINE] = {"sans-serif 12", 0.25},
	[SHEET_HEADING] = {"sans-serif bold 16", 0},
	[SHEET_SUBHEADING] = {"sans-serif bold 11.5", 0},
	[SHEET_BODY] = {"sans-serif 10.5", 0},
	[SHEET_CODE] = {"monospace 9", 0},
	[SHEET_ITEM] = {"sans-serif 10.5", 0},
	[SHEET_NAME] = {"sans-serif 9.5", 0},
	[SHEET_COUNT] = {"sans-serif 9.5", 0},
	[SHEET_MARK] = {"sans-serif 8", 0.4},
	[SHEET_DETAIL] = {"sans-serif 8", 0.3},
	[SHEET_COMMENT] = {"sans-serif italic 8", 0.15},
	[SHEET_FOOT] = {"sans-serif 8", 0.4},
};

struct sheet {
	struct sheet_setup setup;
	bool is_rtl;
	PangoFontMap *fonts;
	PangoContext *context;
	PangoLayout *layouts[SHEET_STYLE_COUNT];
	PangoAttrList *plain; /* of a text without markup */

	int page;
	int page_count;
	int columns;
	int column;
	double column_top;
	double y;

	cairo_surface_t *surface; /* NULL while counting, as is cr */
	cairo_t *cr;
	sheet_write_fn *write;
	void *ctx;
	bool failed;
	struct err failure;
};

/* --- life -------------------------------------------------------------- */

/* A PDF has no pixels to fit letters to. */
static void
set_exact_metrics(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_cairo_context_set_resolution(context, 72);
	pango_context_set_round_glyph_positions(context, FALSE);
	cairo_font_options_destroy(options);
}

static void
make_layout(struct sheet *s, enum sheet_style style)
{
	PangoFontDescription *font =
		pango_font_description_from_string(styles[style].font);
	PangoLayout *layout = pango_layout_new(s->context);

	pango_layout_set_font_description(layout, font);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	/* All lines begin at the page's side, whatever script they are in. */
	pango_layout_set_auto_dir(layout, FALSE);
	if (style == SHEET_BODY)
		pango_layout_set_spacing(layout, BODY_LEADING * PANGO_SCALE);
	s->layouts[style] = layout;
	pango_font_description_free(font);
}

/* A name that is broken within a word gets no hyphen that is not its own. */
static void
add_no_hyphens(PangoAttrList *list)
{
	pango_attr_list_insert(list, pango_attr_insert_hyphens_new(FALSE));
}

static bool
has_fonts(struct sheet *s)
{
	PangoFontDescription *font =
		pango_font_description_from_string(styles[SHEET_BODY].font);
	PangoFont *found = pango_context_load_font(s->context, font);

	pango_font_description_free(font);
	if (!found)
		return false;
	g_object_unref(found);
	return true;
}

int
sheet_new(const struct sheet_setup *setup, struct sheet **out, struct err *err)
{
	struct sheet *s = mem_zalloc(sizeof *s);

	s->setup = *setup;
	s->is_rtl = strcmp(lang_dir(setup->lang), "rtl") == 0;
	s->fonts = pango_cairo_font_map_new();
	s->context = pango_font_map_create_context(s->fonts);
	set_exact_metrics(s->context);
	pango_context_set_base_dir(s->context,
		s->is_rtl ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
	pango_context_set_language(
		s->context, pango_language_from_string(setup->lang));
	if (!has_fonts(s)) {
		sheet_free(s);
		return err_set(err, ERR_CONFIG,
			"this computer has no fonts to write a PDF with; "
			"install some, such as the package fonts-noto-core");
	}
	for (int i = 0; i < SHEET_STYLE_COUNT; i++)
		make_layout(s, (enum sheet_style)i);
	s->plain = pango_attr_list_new();
	add_no_hyphens(s->plain);
	*out = s;
	return 0;
}

static void
close_file(struct sheet *s)
{
	cairo_destroy(s->cr);
	cairo_surface_destroy(s->surface);
	s->cr = NULL;
	s->surface = NULL;
}

void
sheet_free(struct sheet *s)
{
	if (!s)
		return;
	/* What was not ended must not look as if it were. */
	s->failed = true;
	close_file(s);
	for (int i = 0; i < SHEET_STYLE_COUNT; i++)
		if (s->layouts[i])
			g_object_unref(s->layouts[i]);
	pango_attr_list_unref(s->plain);
	g_object_unref(s->context);
	g_object_unref(s->fonts);
	free(s);
}

/* --- the file ---------------------------------------------------------- */

/* Cairo is not told of a failure: it does not always survive one. The rest
 * goes nowhere, and sheet_check ends the run. */
static cairo_status_t
write_bytes(void *ctx, const unsigned char *data, unsigned len)
{
	struct sheet *s = ctx;

	if (!s->failed &&
		s->write(s->ctx, (const char *)data, len, &s->failure) < 0)
		s->failed = true;
	return CAIRO_STATUS_SUCCESS;
}

static void
begin_column(struct sheet *s, int column)
{
	s->column = column;
	s->y = s->column_top;
}

static void
begin_page(struct sheet *s)
{
	s->page++;
	s->column_top = MARGIN_TOP;
	begin_column(s, 0);
}

void
sheet_count(struct sheet *s)
{
	s->page = 0;
	s->columns = 1;
	begin_page(s);
}

void
sheet_write(struct sheet *s, const struct sheet_about *about,
	sheet_write_fn *write, void *ctx)
{
	s->write = write;
	s->ctx = ctx;
	s->surface = cairo_pdf_surface_create_for_stream(
		write_bytes, s, s->setup.width, s->setup.height);
	cairo_pdf_surface_set_metadata(
		s->surface, CAIRO_PDF_METADATA_TITLE, about->title);
	cairo_pdf_surface_set_metadata(
		s->surface, CAIRO_PDF_METADATA_AUTHOR, about->author);
	/* Without this it would be now, in the clock zone of the machine. */
	cairo_pdf_surface_set_metadata(
		s->surface, CAIRO_PDF_METADATA_CREATE_DATE, about->day);
	s->cr = cairo_create(s->surface);
	sheet_count(s);
}

static void draw_foot(struct sheet *s);

static void
end_page(struct sheet *s)
{
	if (!s->cr)
		return;
	draw_foot(s);
	cairo_show_page(s->cr);
}

int
sheet_check(const struct sheet *s, struct err *err)
{
	if (s->failed)
		*err = s->failure;
	return s->failed ? -1 : 0;
}

int
sheet_end(struct sheet *s, struct err *err)
{
	cairo_status_t status;

	end_page(s);
	if (!s->cr) {
		s->page_count = s->page;
		return 0;
	}
	assert(s->page == s->page_count);
	cairo_surface_finish(s->surface);
	status = cairo_status(s->cr);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(s->surface);
	close_file(s);
	if (sheet_check(s, err) < 0)
		return -1;
	return status == CAIRO_STATUS_SUCCESS
		       ? 0
		       : err_set(err, ERR_IO, "cannot make the PDF: %s",
				 cairo_status_to_string(status));
}

int
sheet_pages(const struct sheet *s)
{
	return s->page_count;
}

/* --- where text goes --------------------------------------------------- */

static double
bottom(const struct sheet *s)
{
	return s->setup.height - MARGIN_BOTTOM;
}

double
sheet_width(const struct sheet *s)
{
	double all = s->setup.width - 2 * MARGIN_SIDE;

	return (all - (s->columns - 1) * COLUMN_GAP) / s->columns;
}

double
sheet_height(const struct sheet *s)
{
	return bottom(s) - MARGIN_TOP;
}

double
sheet_room(const struct sheet *s)
{
	return bottom(s) - s->y;
}

void
sheet_column(struct sheet *s)
{
	if (s->column + 1 < s->columns) {
		begin_column(s, s->column + 1);
		return;
	}
	end_page(s);
	begin_page(s);
}

void
sheet_page(struct sheet *s)
{
	if (s->column > 0 || s->y > MARGIN_TOP) {
		end_page(s);
		begin_page(s);
	}
	s->columns = 1;
}

void
sheet_split(struct sheet *s, int columns)
{
	assert(s->columns == 1);
	s->columns = columns;
	s->column_top = s->y;
}

void
sheet_need(struct sheet *s, double height)
{
	if (s->y > s->column_top && s->y + height > bottom(s))
		sheet_column(s);
}

void
sheet_gap(struct sheet *s, double height)
{
	if (s->y > s->column_top)
		s->y += height;
}

void
sheet_drop(struct sheet *s, double height)
{
	s->y += height;
}

/* Where something this wide begins that is so far from the column's start,
 * from the left. */
static double
left_of(const struct sheet *s, double indent, double width)
{
	double column = sheet_width(s);
	double start = MARGIN_SIDE + s->column * (column + COLUMN_GAP) + indent;

	return s->is_rtl ? s->setup.width - start - width : start;
}

/* --- text -------------------------------------------------------------- */

static double
points(int pango_units)
{
	return (double)pango_units / PANGO_SCALE;
}

static void
set_plain(struct sheet *s, enum sheet_style style, const char *text)
{
	pango_layout_set_attributes(s->layouts[style], s->plain);
	pango_layout_set_text(s->layouts[style], text, -1);
}

static double
height_of(PangoLayout *layout, double width)
{
	int height;

	pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	pango_layout_get_size(layout, NULL, &height);
	return points(height);
}

double
sheet_set(
	struct sheet *s, enum sheet_style style, const char *text, double width)
{
	set_plain(s, style, text);
	return height_of(s->layouts[style], width);
}

double
sheet_set_markup(struct sheet *s, enum sheet_style style, const char *markup,
	double width)
{
	PangoLayout *layout = s->layouts[style];
	PangoAttrList *list;

	pango_layout_set_markup(layout, markup, -1);
	list = pango_attr_list_copy(pango_layout_get_attributes(layout));
	add_no_hyphens(list);
	pango_layout_set_attributes(layout, list);
	pango_attr_list_unref(list);
	return height_of(layout, width);
}

double
sheet_measure(struct sheet *s, enum sheet_style style, const char *text)
{
	int width;

	set_plain(s, style, text);
	pango_layout_set_width(s->layouts[style], -1);
	pango_layout_get_size(s->layouts[style], &width, NULL);
	return points(width);
}

bool
sheet_lacks_glyphs(const struct sheet *s, enum sheet_style style)
{
	return pango_layout_get_unknown_glyphs_count(s->layouts[style]) > 0;
}

/* A line, with its baseline at y. Nobody writes over the lines of others,
 * however many signs they put above and below their letters. */
static void
draw_line(struct sheet *s, enum sheet_style style, PangoLayoutLine *line,
	double indent, double y)
{
	PangoRectangle ink, box;
	double left, over, under;

	if (!s->cr)
		return;
	pango_layout_line_get_extents(line, &ink, &box);
	left = left_of(s, indent, points(box.width));
	over = points(box.y) - OVERHANG;
	under = points(box.y + box.height) + OVERHANG;
	cairo_save(s->cr);
	if (points(ink.y) < over || points(ink.y + ink.height) > under) {
		cairo_rectangle(
			s->cr, 0, y + over, s->setup.width, under - over);
		cairo_clip(s->cr);
	}
	cairo_set_source_rgb(s->cr, styles[style].grey, styles[style].grey,
		styles[style].grey);
	cairo_move_to(s->cr, left, y);
	pango_cairo_show_layout_line(s->cr, line);
	cairo_restore(s->cr);
}

void
sheet_put(struct sheet *s, enum sheet_style style, double indent)
{
	PangoLayoutIter *iter = pango_layout_get_iter(s->layouts[style]);

	do {
		double baseline = points(pango_layout_iter_get_baseline(iter));
		int from, to;

		pango_layout_iter_get_line_yrange(iter, &from, &to);
		sheet_need(s, points(to - from));
		draw_line(s, style, pango_layout_iter_get_line_readonly(iter),
			indent, s->y + baseline - points(from));
		s->y += points(to - from);
	} while (pango_layout_iter_next_line(iter));
	pango_layout_iter_free(iter);
}

void
sheet_mark(struct sheet *s, enum sheet_style style, const char *text,
	double end, enum sheet_style beside)
{
	double width = sheet_measure(s, style, text);
	double baseline = points(pango_layout_get_baseline(s->layouts[beside]));

	draw_line(s, style,
		pango_layout_get_line_readonly(s->layouts[style], 0),
		end - width, s->y + baseline);
}

void
sheet_rule(struct sheet *s, double indent)
{
	double width = sheet_width(s) - indent;

	if (!s->cr)
		return;
	cairo_set_source_rgb(s->cr, 0.6, 0.6, 0.6);
	cairo_set_line_width(s->cr, 0.5);
	cairo_move_to(s->cr, left_of(s, indent, width), s->y);
	cairo_rel_line_to(s->cr, width, 0);
	cairo_stroke(s->cr);
}

void
sheet_bookmark(struct sheet *s, const char *name)
{
	char place[64];

	if (!s->cr)
		return;
	snprintf(place, sizeof place, "page=%d pos=[0 %d]", s->page,
		s->y > 20 ? (int)s->y - 20 : 0);
	cairo_pdf_surface_add_outline(s->surface, CAIRO_PDF_OUTLINE_ROOT, name,
		place, CAIRO_PDF_OUTLINE_FLAG_OPEN);
}

/* What it stands for, and where the reader is. */
static void
draw_foot(struct sheet *s)
{
	PangoLayout *layout = s->layouts[SHEET_FOOT];
	double all = s->setup.width - 2 * MARGIN_SIDE;
	int columns = s->columns;
	struct buf number = {0};
	double width;

	s->columns = 1;
	s->column = 0;
	s->y = s->setup.height - FOOT_LINE;
	handover_number(s->setup.words, s->page, &number);
	buf_puts(&number, " / ");
	handover_number(s->setup.words, s->page_count, &number);
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_NONE);
	width = sheet_measure(s, SHEET_FOOT, buf_str(&number));
	draw_line(s, SHEET_FOOT, pango_layout_get_line_readonly(layout, 0),
		all - width, s->y);
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	sheet_set(s, SHEET_FOOT, s->setup.foot, all - width - COLUMN_GAP);
	draw_line(s, SHEET_FOOT, pango_layout_get_line_readonly(layout, 0), 0,
		s->y);
	buf_release(&number);
	s->columns = columns;
}
