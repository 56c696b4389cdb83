#include "format/chart.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/fold.h"
#include "core/lang.h"
#include "format/chart_private.h"
#include "format/page.h"

enum {
	TITLE_COLUMNS = 60,
	TITLE_LINE = 28,
	LABEL_COLUMNS = 44,
	BAR_LINE = 26,
	BAR_THICK = 18,
	TICKS = 6,
};

int64_t
chart_step(int64_t max, int most)
{
	int64_t step = 1;

	for (int i = 0; (max - 1) / step >= most; i++)
		step = i % 3 == 1 ? step / 2 * 5 : step * 2;
	return step;
}

struct chart_axis
chart_axis(int64_t max)
{
	struct chart_axis axis;

	axis.step = chart_step(max, TICKS);
	axis.end = (max + axis.step - 1) / axis.step * axis.step;
	return axis;
}

double
chart_number_width(int64_t number)
{
	return snprintf(NULL, 0, "%" PRId64, number) * CHART_COLUMN;
}

/* What XML cannot have at all is shown as what it is: unreadable. */
static void
add_escaped(const char *text, struct buf *out)
{
	struct buf clean = {0};
	unsigned c;
	size_t n;

	for (; (n = str_utf8_next(text, &c)) > 0; text += n) {
		if (c < 0x20)
			buf_putc(&clean, ' ');
		else if (c == 0xFFFE || c == 0xFFFF)
			buf_puts(&clean, "\uFFFD");
		else
			buf_add(&clean, text, n);
	}
	page_escape(buf_str(&clean), out);
	buf_release(&clean);
}

/* Anchors are named after the direction of the text, not after sides. */
static const char *
anchor(enum chart_side side, bool rtl)
{
	if (side == CHART_MIDDLE)
		return "middle";
	return (side == CHART_LEFT) != rtl ? "start" : "end";
}

void
chart_text(struct buf *out, const struct chart_text *at, const char *text)
{
	buf_printf(out,
		"<text x=\"%.1f\" y=\"%.1f\" direction=\"%s\" "
		"text-anchor=\"%s\" font-size=\"%d\"%s>",
		at->x, at->y, at->rtl ? "rtl" : "ltr",
		anchor(at->side, at->rtl), at->size ? at->size : CHART_SMALL,
		at->bold ? " font-weight=\"bold\"" : "");
	add_escaped(text, out);
	buf_puts(out, "</text>\n");
}

void
chart_number(struct buf *out, double x, double y, enum chart_side side,
	int64_t number)
{
	double width = chart_number_width(number);
	double before = side == CHART_LEFT     ? 0
			: side == CHART_MIDDLE ? width / 2
					       : width;
	struct buf text = {0};

	buf_printf(&text, "%" PRId64, number);
	/* so that no line of the grid goes through it */
	buf_printf(out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
		"fill=\"#fff\"/>\n",
		x - before, y - CHART_SMALL + 1, width, CHART_SMALL + 1);
	chart_text(out, &(struct chart_text){.x = x, .y = y, .side = side},
		buf_str(&text));
	buf_release(&text);
}

void
chart_line(
	struct buf *out, double x1, double y1, double x2, double y2, bool grid)
{
	buf_printf(out,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"%s\"/>\n",
		x1, y1, x2, y2, grid ? "#ccc" : "#000");
}

/* The next line of a text: as many words as fit, or a part of one that is
 * too long. Returns what follows. */
static const char *
next_line(const char *text, struct buf *line)
{
	size_t fits = fold_fit(text, TITLE_COLUMNS);
	size_t end = fits;

	buf_reset(line);
	if (text[fits] && text[fits] != ' ') {
		while (end > 0 && text[end - 1] != ' ')
			end--;
		if (end == 0)
			end = fits;
	}
	buf_add(line, text, end);
	while (line->len > 0 && line->data[line->len - 1] == ' ')
		line->data[--line->len] = '\0';
	text += end;
	return text + strspn(text, " ");
}

static double
add_title(const struct chart *chart, double side_x, enum chart_side side,
	struct buf *out)
{
	struct chart_text at = {
		.x = side_x,
		.y = CHART_MARGIN,
		.side = side,
		.size = CHART_LARGE,
		.bold = true,
		.rtl = fold_is_rtl(chart->title),
	};
	struct buf line = {0};

	for (const char *rest = chart->title; *rest;) {
		rest = next_line(rest, &line);
		at.y += TITLE_LINE;
		chart_text(out, &at, buf_str(&line));
	}
	buf_release(&line);
	return at.y;
}

void
chart_begin(struct chart_page *page, const struct chart *chart)
{
	*page = (struct chart_page){
		.chart = chart,
		.rtl = strcmp(lang_dir(chart->lang), "rtl") == 0,
	};
	page->side = page->rtl ? CHART_RIGHT : CHART_LEFT;
	page->side_x = chart_x(page, CHART_MARGIN);
	page->y = add_title(chart, page->side_x, page->side, &page->body);
}

double
chart_x(const struct chart_page *page, double x)
{
	return page->rtl ? CHART_WIDTH - x : x;
}

void
chart_caption(struct chart_page *page, const char *caption, int64_t number)
{
	struct chart_text at = {
		.x = page->side_x,
		.y = page->y + CHART_CAPTION,
		.side = page->side,
		.size = CHART_MEDIUM,
		.rtl = fold_is_rtl(caption),
	};
	struct buf text = {0};

	buf_puts(&text, caption);
	if (number >= 0)
		buf_printf(&text, ": %" PRId64, number);
	chart_text(&page->body, &at, buf_str(&text));
	page->y += CHART_CAPTION;
	buf_release(&text);
}

void
chart_end(struct chart_page *page, struct buf *out)
{
	double height = page->y + CHART_MARGIN;

	buf_puts(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" lang=\"");
	page_escape(page->chart->lang, out);
	buf_puts(out, "\" xml:lang=\"");
	page_escape(page->chart->lang, out);
	buf_printf(out,
		"\" direction=\"%s\" role=\"img\" width=\"%d\" "
		"height=\"%.0f\" viewBox=\"0 0 %d %.0f\" "
		"font-family=\"sans-serif\">\n<title>",
		page->rtl ? "rtl" : "ltr", CHART_WIDTH, height, CHART_WIDTH,
		height);
	add_escaped(page->chart->title, out);
	buf_printf(out,
		"</title>\n<rect width=\"%d\" height=\"%.0f\" "
		"fill=\"#fff\"/>\n",
		CHART_WIDTH, height);
	buf_add(out, buf_str(&page->body), page->body.len);
	buf_puts(out, "</svg>\n");
	buf_release(&page->body);
}

/* Where bars stand; x as if texts began at the left. */
struct bars {
	double begin, end;
	struct chart_axis axis;
};

static double
bar_length(const struct bars *at, int64_t value)
{
	double length =
		(at->end - at->begin) * (double)value / (double)at->axis.end;

	return value > 0 && length < 1 ? 1 : length;
}

static void
add_label(const struct chart_page *page, const struct bars *at, double y,
	const char *label, struct buf *out)
{
	struct chart_text text = {
		.x = chart_x(page, at->begin - CHART_GAP),
		.y = y,
		.side = page->rtl ? CHART_LEFT : CHART_RIGHT,
		.rtl = fold_is_rtl(label),
	};
	size_t fits = fold_fit(label, LABEL_COLUMNS);
	struct buf cut = {0};

	if (label[fits]) {
		buf_add(&cut, label, fold_fit(label, LABEL_COLUMNS - 1));
		buf_puts(&cut, "…");
		label = buf_str(&cut);
	}
	chart_text(out, &text, label);
	buf_release(&cut);
}

static void
add_bar(struct chart_page *page, const struct bars *at,
	const struct chart_bar *bar)
{
	double length = bar_length(at, bar->value);
	double text_y = page->y + BAR_LINE / 2.0 + CHART_SMALL * 0.36;

	add_label(page, at, text_y, bar->label, &page->body);
	buf_printf(&page->body,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
		"fill=\"#444\"/>\n",
		chart_x(page, page->rtl ? at->begin + length : at->begin),
		page->y + (BAR_LINE - BAR_THICK) / 2.0, length, BAR_THICK);
	chart_number(&page->body, chart_x(page, at->begin + length + CHART_GAP),
		text_y, page->side, bar->value);
	page->y += BAR_LINE;
}

static void
add_axis(struct chart_page *page, const struct bars *at, double height)
{
	double bottom = page->y + height;

	for (int64_t n = 0; n <= at->axis.end; n += at->axis.step) {
		double x = chart_x(page, at->begin + bar_length(at, n));

		chart_line(&page->body, x, page->y, x, bottom, n > 0);
		chart_number(&page->body, x, bottom + CHART_GAP + CHART_SMALL,
			CHART_MIDDLE, n);
	}
}

void
chart_bars(const struct chart *chart, const char *caption,
	const struct chart_bar *bars, size_t count, struct buf *out)
{
	struct chart_page page;
	struct bars at;
	int64_t max = 0, sum = 0;
	int widest = 0;

	for (size_t i = 0; i < count; i++) {
		int width = fold_width(bars[i].label);

		widest = width > widest ? width : widest;
		max = bars[i].value > max ? bars[i].value : max;
		sum += bars[i].value;
	}
	chart_begin(&page, chart);
	chart_caption(&page, caption, sum);
	if (max == 0) {
		chart_caption(&page, chart->empty, -1);
		chart_end(&page, out);
		return;
	}
	if (widest > LABEL_COLUMNS)
		widest = LABEL_COLUMNS;
	/* one more, as few capitals are wider than the mean of many letters */
	at.begin = CHART_MARGIN + (widest + 1) * CHART_COLUMN + CHART_GAP;
	at.axis = chart_axis(max);
	at.end = CHART_WIDTH - CHART_MARGIN - CHART_GAP -
		 chart_number_width(at.axis.end);
	page.y += 2 * CHART_GAP;
	add_axis(&page, &at, (double)count * BAR_LINE);
	for (size_t i = 0; i < count; i++)
		add_bar(&page, &at, &bars[i]);
	page.y += CHART_GAP + CHART_SMALL;
	chart_end(&page, out);
}
