#include "cmd/out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/bars.h"
#include "core/fold.h"

/* First strong isolate, and the end of it. */
#define ISOLATE "\u2068"
#define ISOLATE_END "\u2069"

enum {
	COLUMNS_MAX = 32,
	BLOCK = 64 * 1024, /* is written at once */
	BARS_MIN = 8,	   /* columns: shorter ones tell nothing */
	BARS_MAX = 60,
	BARS_SPARE = 3, /* the last column, which some terminals wrap at, and
			   two that isolates take where they are not known */
};

/* One line of a table, kept until all widths are known. */
struct line {
	char *cells[COLUMNS_MAX];
};

struct out {
	struct rows rows; /* first, so that a rows pointer is ours */
	enum out_format format;
	struct column columns[COLUMNS_MAX];
	bool details;
	size_t count;
	size_t printed;
	struct buf buf;
	struct line *lines; /* OUT_TABLE */
	size_t line_count;
	size_t line_cap;
	bool numeric[COLUMNS_MAX];
	struct screen screen;
};

int
out_format_parse(const char *name, enum out_format *out)
{
	static const char *const names[] = {"table", "csv", "json", "jsonl"};

	for (int i = 0; i < 4; i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum out_format)i;
			return 0;
		}
	}
	return -1;
}

int
out_flush(struct err *err)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return err_set(
		err, ERR_IO, "cannot write the output: %s", strerror(errno));
}

int
out_write(const char *data, size_t len, struct err *err)
{
	if (fwrite(data, 1, len, stdout) == len)
		return 0;
	return err_set(
		err, ERR_IO, "cannot write the output: %s", strerror(errno));
}

static int
print(struct out *out, struct err *err)
{
	int rc = out_write(buf_str(&out->buf), out->buf.len, err);

	buf_reset(&out->buf);
	return rc;
}

/* A number as it stands in every format. */
static void
add_number(struct buf *buf, int64_t number, const char *none)
{
	if (number == CELL_NONE)
		buf_puts(buf, none);
	else
		buf_add_number(buf, number);
}

static void
add_csv(struct out *out, const struct cell *cells)
{
	for (size_t i = 0; i < out->count; i++) {
		if (i)
			buf_putc(&out->buf, ',');
		if (cells[i].text)
			csv_add_guarded(&out->buf, cells[i].text, ',');
		else
			add_number(&out->buf, cells[i].number, "");
	}
	buf_putc(&out->buf, '\n');
}

static void
add_json(struct out *out, const struct cell *cells)
{
	for (size_t i = 0; i < out->count; i++) {
		buf_putc(&out->buf, i ? ',' : '{');
		json_add_string(&out->buf, out->columns[i].name);
		buf_putc(&out->buf, ':');
		if (cells[i].text)
			json_add_string(&out->buf, cells[i].text);
		else
			add_number(&out->buf, cells[i].number, "null");
	}
	buf_putc(&out->buf, '}');
}

/* A cell of a table is one line, and moves no cursor; on a terminal, one from
 * right to left does not take its neighbours along. */
static char *
one_line(const struct out *out, const char *text)
{
	bool isolate = out->screen.unicode && fold_is_rtl(text);
	char *copy = isolate ? mem_printf(ISOLATE "%s" ISOLATE_END, text)
			     : mem_strdup(text);

	for (char *c = copy; *c; c++)
		if (((unsigned char)*c < ' ') || *c == 0x7F)
			*c = ' ';
	return copy;
}

static void
keep_line(struct out *out, const struct cell *cells)
{
	struct line *line;

	out->lines = mem_grow(out->lines, out->line_count, &out->line_cap,
		sizeof *out->lines);
	line = &out->lines[out->line_count++];
	for (size_t i = 0; i < out->count; i++) {
		struct buf number = {0};

		if (cells[i].text) {
			line->cells[i] = one_line(out, cells[i].text);
			continue;
		}
		add_number(&number, cells[i].number, "");
		line->cells[i] = buf_take(&number);
		out->numeric[i] = true;
	}
}

static void
begin(struct rows *rows, const struct column *columns, size_t count)
{
	struct out *out = (struct out *)rows;

	for (size_t i = 0; i < count && i < COLUMNS_MAX; i++)
		out->columns[out->count++] = columns[i];
	if (out->format == OUT_CSV) {
		for (size_t i = 0; i < out->count; i++)
			buf_printf(&out->buf, "%s%s", i ? "," : "",
				columns[i].name);
		buf_putc(&out->buf, '\n');
	}
}

static int
add(struct rows *rows, const struct cell *cells, struct err *err)
{
	struct out *out = (struct out *)rows;

	switch (out->format) {
	case OUT_TABLE:
		keep_line(out, cells);
		return 0;
	case OUT_CSV:
		add_csv(out, cells);
		break;
	case OUT_JSON:
		buf_puts(&out->buf, out->printed ? ",\n" : "[\n");
		add_json(out, cells);
		break;
	case OUT_JSONL:
		add_json(out, cells);
		buf_putc(&out->buf, '\n');
		break;
	}
	out->printed++;
	return out->buf.len < BLOCK ? 0 : print(out, err);
}

static void
add_padded(struct buf *out, const char *text, int width, bool right, bool last)
{
	int pad = width - fold_width(text);

	if (right)
		buf_printf(out, "%*s", pad > 0 ? pad : 0, "");
	buf_puts(out, text);
	if (!right && !last)
		buf_printf(out, "%*s", pad > 0 ? pad : 0, "");
	if (!last)
		buf_puts(out, "  ");
}

/* Whether a table of these lines has the column; its width if so. */
static int
column_width(const struct out *out, size_t i)
{
	int widest = fold_width(out->columns[i].name);
	bool empty = out->line_count > 0, zero = empty;

	for (size_t k = 0; k < out->line_count; k++) {
		const char *cell = out->lines[k].cells[i];
		int width = fold_width(cell);

		empty = empty && !*cell;
		zero = zero && strcmp(cell, "0") == 0;
		if (width > widest)
			widest = width;
	}
	if (out->details)
		return widest;
	if (empty || (zero && out->columns[i].use == COLUMN_COUNT) ||
		out->columns[i].use == COLUMN_DETAIL)
		return 0;
	return widest;
}

/* The bars of a table on a terminal, after its last column. */
struct bars {
	bool wanted;
	size_t column; /* of the numbers */
	int64_t max;
	int room;
};

/* A cell that a number was written into. */
static int64_t
number_of(const struct line *line, size_t column)
{
	return strtoll(line->cells[column], NULL, 10);
}

static struct bars
find_bars(const struct out *out, const int *widths)
{
	struct bars bars = {.room = out->screen.columns - BARS_SPARE};

	for (size_t i = 0; i < out->count; i++) {
		if (widths[i])
			bars.room -= widths[i] + 2;
		if (out->columns[i].use != COLUMN_BAR)
			continue;
		bars.wanted = true;
		bars.column = i;
	}
	if (bars.room > BARS_MAX)
		bars.room = BARS_MAX;
	bars.wanted = bars.wanted && bars.room >= BARS_MIN;
	for (size_t k = 0; bars.wanted && k < out->line_count; k++) {
		int64_t n = number_of(&out->lines[k], bars.column);

		bars.max = n > bars.max ? n : bars.max;
	}
	return bars;
}

static void
add_line(struct out *out, const struct line *line, const int *widths,
	size_t last, const struct bars *bars)
{
	for (size_t i = 0; i < out->count; i++)
		if (widths[i])
			add_padded(&out->buf, line->cells[i], widths[i],
				out->numeric[i], i == last && !bars->wanted);
	if (bars->wanted)
		bar_add(&out->screen, number_of(line, bars->column), bars->max,
			bars->room, &out->buf);
	buf_putc(&out->buf, '\n');
}

static void
add_table(struct out *out)
{
	int widths[COLUMNS_MAX] = {0};
	struct bars bars;
	size_t last = 0;

	for (size_t i = 0; i < out->count; i++) {
		widths[i] = column_width(out, i);
		if (widths[i])
			last = i;
	}
	for (size_t i = 0; i < out->count; i++)
		if (widths[i])
			add_padded(&out->buf, out->columns[i].name, widths[i],
				out->numeric[i], i == last);
	buf_putc(&out->buf, '\n');
	bars = find_bars(out, widths);
	for (size_t k = 0; k < out->line_count; k++)
		add_line(out, &out->lines[k], widths, last, &bars);
}

struct out *
out_new(enum out_format format, bool details)
{
	struct out *out = mem_zalloc(sizeof *out);

	out->format = format;
	out->details = details;
	if (format == OUT_TABLE)
		out->screen = screen_find();
	out->rows.begin = begin;
	out->rows.add = add;
	return out;
}

void
out_bom(struct out *out)
{
	buf_puts(&out->buf, "\uFEFF");
}

struct rows *
out_rows(struct out *out)
{
	return &out->rows;
}

int
out_free(struct out *out, int finish, struct err *err)
{
	int rc = 0;

	if (finish) {
		if (out->format == OUT_TABLE && out->count)
			add_table(out);
		if (out->format == OUT_JSON)
			buf_puts(&out->buf, out->printed ? "\n]\n" : "[]\n");
		rc = print(out, err);
		if (rc == 0)
			rc = out_flush(err);
	}
	for (size_t k = 0; k < out->line_count; k++)
		for (size_t i = 0; i < out->count; i++)
			free(out->lines[k].cells[i]);
	free(out->lines);
	buf_release(&out->buf);
	free(out);
	return rc;
}
