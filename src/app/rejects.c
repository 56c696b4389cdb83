#include "app/rejects.h"

#include <stdlib.h>
#include <string.h>

#include "base/draft.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static const char ending[] = ".rejects.csv";

struct rejects {
	char *path;
	bool of_itself; /* the list is a mended file of rejects */
	char delimiter;
	const struct columns *columns;
	struct buf line;     /* the header row until the file is made */
	struct draft *draft; /* NULL as long as there is nothing to say */
	int64_t count;
};

struct rejects *
rejects_new(const char *file, char delimiter)
{
	struct rejects *r = mem_zalloc(sizeof *r);
	size_t stem = strlen(file) - (str_ends(file, ".csv") ? 4 : 0);

	r->of_itself = str_ends(file, ending);
	r->path = r->of_itself ? mem_strdup(file)
			       : mem_printf("%.*s%s", (int)stem, file, ending);
	r->delimiter = delimiter;
	return r;
}

/* Adds a row's own fields, and ends the line. */
static void
add_fields(struct rejects *r, const struct csv_record *row)
{
	for (size_t i = 0; i < row->count; i++) {
		if (i < r->columns->count &&
			r->columns->fields[i] == FIELD_OURS)
			continue;
		buf_putc(&r->line, r->delimiter);
		csv_add_guarded(
			&r->line, csv_unguard(row->fields[i]), r->delimiter);
	}
	buf_putc(&r->line, '\n');
}

void
rejects_begin(struct rejects *r, const struct csv_record *header,
	const struct columns *columns)
{
	r->columns = columns;
	/* With the mark of UTF-8, without which spreadsheets take the letters
	 * for others and lose them when the file is saved. */
	buf_printf(&r->line, "\uFEFFline%cerror", r->delimiter);
	add_fields(r, header);
}

/* Writes what stands in the line, making the file first. */
static int
write_line(struct rejects *r, struct err *err)
{
	if (!r->draft && draft_open(r->path, &r->draft, err) < 0)
		return -1;
	if (draft_add(r->draft, buf_str(&r->line), r->line.len, err) < 0)
		return -1;
	buf_reset(&r->line);
	return 0;
}

int
rejects_add(struct rejects *r, const struct csv_record *row, const char *why,
	struct err *err)
{
	buf_printf(&r->line, "%ld%c", row->line, r->delimiter);
	csv_add_guarded(&r->line, why, r->delimiter);
	add_fields(r, row);
	r->count++;
	return write_line(r, err);
}

int
rejects_sync(struct rejects *r, struct err *err)
{
	/* One that was mended is the list itself, and stays. */
	bool stale = !r->count && !r->of_itself && file_exists(r->path);

	if (stale && !r->draft && write_line(r, err) < 0)
		return -1;
	return r->draft ? draft_sync(r->draft, err) : 0;
}

int
rejects_keep(struct rejects *r, char **path, struct err *err)
{
	*path = NULL;
	if (rejects_sync(r, err) < 0)
		return -1;
	if (r->draft && draft_keep(r->draft, err) < 0)
		return -1;
	if (r->count)
		*path = mem_strdup(r->path);
	return 0;
}

void
rejects_close(struct rejects *r)
{
	if (!r)
		return;
	draft_close(r->draft);
	buf_release(&r->line);
	free(r->path);
	free(r);
}
