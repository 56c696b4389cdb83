#include "app/import_table.h"

#include <stdlib.h>
#include <string.h>

#include "app/rejects.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/date.h"
#include "core/fold.h"

enum {
	UNUSED_SHOWN = 10, /* names of columns, and characters in one */
	NAME_SHOWN = 80
};

struct import_table {
	struct import_table_options options;
	struct csv_reader *csv;
	struct columns columns;
	struct buf unused; /* columns, for people */
	struct rejects *rejects;
	struct date_order order;
	long disordered; /* the first line whose date has the other one */
};

/* The texts of one row by field; "" where no column has it. Those that are
 * kept are in the arena, the others in the record. */
struct texts {
	const char *of[FIELD_COUNT];
};

/* A name that could do something to the terminal is not shown. */
static void
note_unused(struct import_table *t, const struct csv_record *header)
{
	size_t count = 0;
	struct err err;

	for (size_t i = 0; i < header->count; i++) {
		const char *name = header->fields[i];

		if (t->columns.fields[i] != FIELD_NONE ||
			count++ >= UNUSED_SHOWN)
			continue;
		buf_puts(&t->unused, count > 1 ? ", " : "");
		if (fold_check_text(name, "", NAME_SHOWN, false, &err) == 0)
			buf_puts(&t->unused, name);
		else
			buf_printf(&t->unused, "column %zu", i + 1);
	}
	if (count > UNUSED_SHOWN)
		buf_printf(&t->unused, " and %zu more", count - UNUSED_SHOWN);
}

static int
read_header(struct import_table *t, struct err *err)
{
	const struct import_table_options *o = &t->options;
	struct csv_record record;
	int rc = csv_next(t->csv, &record, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || record.count == 0)
		return err_set(err, ERR_DATA,
			"%s:1: the file has no header row", o->file);
	for (size_t i = 0; i < record.count; i++) {
		char *name = str_trim(record.fields[i]);

		record.fields[i] = name + (csv_unguard(name) - name);
	}
	if (columns_read(&t->columns, record.fields, record.count, o->maps,
		    o->map_count, err) < 0)
		return err->kind == ERR_DATA
			       ? err_prefix(err, "%s:%ld", o->file, record.line)
			       : -1;
	note_unused(t, &record);
	rejects_begin(t->rejects, &record, &t->columns);
	return 0;
}

int
import_table_open(const struct import_table_options *options,
	struct import_table **out, struct err *err)
{
	struct import_table *t = mem_zalloc(sizeof *t);

	t->options = *options;
	t->order.month_first = options->month_first;
	if (csv_open_encoded(options->file, options->file, options->delimiter,
		    options->encoding, &t->csv, err) < 0)
		goto fail;
	t->rejects = rejects_new(options->file, csv_delimiter(t->csv));
	if (read_header(t, err) < 0)
		goto fail;
	*out = t;
	return 0;
fail:
	import_table_close(t);
	return -1;
}

/* Spreadsheets write rows of nothing but delimiters below the last one. */
static bool
is_blank(const struct csv_record *record)
{
	for (size_t i = 0; i < record->count; i++)
		if (record->fields[i][0])
			return false;
	return true;
}

static int
read_texts(const struct import_table *t, const struct csv_record *record,
	struct arena *arena, struct texts *out, struct err *err)
{
	if (record->count != t->columns.count)
		return err_set(err, ERR_DATA,
			"%zu fields where the header has %zu", record->count,
			t->columns.count);
	for (int f = 0; f < FIELD_COUNT; f++)
		out->of[f] = "";
	for (size_t i = 0; i < record->count; i++) {
		enum signature_field field = t->columns.fields[i];
		const char *value;

		if (field < 0)
			continue;
		value = csv_unguard(str_trim(record->fields[i]));
		if (*value)
			out->of[field] = arena_strdup(arena, value);
	}
	return 0;
}

/* "" and "" give "", one of them gives itself. */
static const char *
join_names(const char *first, const char *last, struct arena *arena)
{
	char *both, *to;

	if (!*first || !*last)
		return *first ? first : last;
	both = arena_alloc(arena, strlen(first) + 1 + strlen(last) + 1);
	to = mempcpy(both, first, strlen(first));
	*to++ = ' ';
	memcpy(to, last, strlen(last) + 1);
	return both;
}

static int
read_choices(const struct texts *texts, struct date_order *order,
	struct signature *s, struct err *err)
{
	const char *kind = texts->of[FIELD_KIND];
	const char *visibility = texts->of[FIELD_VISIBILITY];
	const char *updates = texts->of[FIELD_UPDATES];
	const char *date = texts->of[FIELD_DATE];

	if (*kind && signature_kind_parse(kind, &s->kind) < 0)
		return err_set(err, ERR_DATA,
			"kind: \"%.40s\" is neither person nor organisation",
			kind);
	if (*visibility && visibility_parse(visibility, &s->visibility) < 0)
		return err_set(err, ERR_DATA,
			"visibility: \"%.40s\" is not public, recipient or "
			"count",
			visibility);
	if (*updates && signature_parse_bool(updates, &s->updates) < 0)
		return err_set(err, ERR_DATA,
			"updates: \"%.40s\" is neither yes nor no", updates);
	if (*date && date_parse(date, order, &s->signed_at, err) < 0)
		return err_prefix(err, "date \"%.40s\"", date);
	return 0;
}

static int
check_date(const struct import_table_options *o, int64_t signed_at,
	struct err *err)
{
	if (signed_at > o->now + CLOCK_DAY_S)
		return err_set(err, ERR_DATA, "the date lies in the future");
	if (signed_at < o->opens)
		return err_set(
			err, ERR_DATA, "signed before the letter opened");
	if (o->closes != INT64_MAX && signed_at >= o->closes + CLOCK_DAY_S)
		return err_set(err, ERR_DATA, "signed after the letter closed");
	return 0;
}

/* What an export says of a signature that does not count. Others have columns
 * of this name for other states, those of America, say. */
static bool
is_idle(const char *text)
{
	enum signature_state state;

	return signature_state_parse(text, &state) == 0 &&
	       state != SIGNATURE_CONFIRMED;
}

/* Returns 0 or -1 with what is wrong with the row. */
static int
read_row(struct import_table *t, const struct csv_record *record,
	struct arena *arena, struct import_row *out, struct err *err)
{
	const struct import_table_options *o = &t->options;
	struct signature *s = &out->signature;
	struct texts texts;

	if (read_texts(t, record, arena, &texts, err) < 0)
		return -1;
	out->idle = is_idle(texts.of[FIELD_STATE]);
	if (out->idle)
		return 0;
	*s = (struct signature){
		.name = texts.of[FIELD_NAME],
		.email = texts.of[FIELD_EMAIL],
		.organisation = texts.of[FIELD_ORGANISATION],
		.role = texts.of[FIELD_ROLE],
		.country = texts.of[FIELD_COUNTRY],
		.city = texts.of[FIELD_CITY],
		.postcode = texts.of[FIELD_POSTCODE],
		.comment = texts.of[FIELD_COMMENT],
		.lang = texts.of[FIELD_LANG],
		.visibility = VISIBILITY_RECIPIENT,
		.signed_at = o->now,
		.by_name = o->by_name,
	};
	if (!*s->name)
		s->name = join_names(texts.of[FIELD_FIRST_NAME],
			texts.of[FIELD_LAST_NAME], arena);
	if (!*s->lang)
		s->lang = o->lang;
	if (read_choices(&texts, &t->order, s, err) < 0 ||
		signature_check(s, arena, err) < 0)
		return -1;
	return check_date(o, s->signed_at, err);
}

/* One such date may be a slip; when no date of the file says otherwise, the
 * others would be misread without a word. */
static int
check_order(const struct import_table *t, struct err *err)
{
	if (!date_order_wrong(&t->order))
		return 0;
	return err_set(err, ERR_DATA,
		t->order.month_first
			? "%s:%ld: this date has its day first; if the others "
			  "do, import the file without --month-first, else "
			  "mend it"
			: "%s:%ld: this date has its month first; if the "
			  "others do, import the file with --month-first, "
			  "else mend it",
		t->options.file, t->disordered);
}

int
import_table_next(struct import_table *t, struct arena *arena,
	struct import_row *out, struct err *err)
{
	struct arena_mark mark = arena_mark(arena);
	struct csv_record record;
	struct err why;
	int rc;

	do
		rc = csv_next(t->csv, &record, err);
	while (rc > 0 && is_blank(&record));
	if (rc == 0)
		rc = check_order(t, err);
	if (rc <= 0)
		return rc;
	out->line = record.line;
	out->taken = read_row(t, &record, arena, out, &why) == 0;
	if (!t->disordered && date_order_wrong(&t->order))
		t->disordered = record.line;
	if (out->taken && !out->idle)
		return 1;
	arena_rewind(arena, mark);
	if (!out->taken && !t->options.dry_run &&
		rejects_add(t->rejects, &record, why.msg, err) < 0)
		return -1;
	return 1;
}

const char *
import_table_unused(const struct import_table *t)
{
	return buf_str(&t->unused);
}

int64_t
import_table_place(const struct import_table *t)
{
	return csv_place(t->csv);
}

int64_t
import_table_size(const struct import_table *t)
{
	return csv_size(t->csv);
}

int
import_table_sync_rejects(struct import_table *t, struct err *err)
{
	return rejects_sync(t->rejects, err);
}

int
import_table_keep_rejects(struct import_table *t, char **path, struct err *err)
{
	return rejects_keep(t->rejects, path, err);
}

void
import_table_close(struct import_table *t)
{
	if (!t)
		return;
	csv_close(t->csv);
	rejects_close(t->rejects);
	columns_release(&t->columns);
	buf_release(&t->unused);
	free(t);
}
