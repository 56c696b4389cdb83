#include "app/sign.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/desk.h"
#include "app/import_chunks.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/fold.h"
#include "store/store_signature.h"

enum field {
	FIELD_OURS = -2, /* line or error of a rejects file */
	FIELD_NONE = -1, /* a column that means nothing to us */
	FIELD_NAME,
	FIELD_FIRST_NAME,
	FIELD_LAST_NAME,
	FIELD_EMAIL,
	FIELD_KIND,
	FIELD_ORGANISATION,
	FIELD_ROLE,
	FIELD_COUNTRY,
	FIELD_CITY,
	FIELD_POSTCODE,
	FIELD_COMMENT,
	FIELD_LANG,
	FIELD_VISIBILITY,
	FIELD_UPDATES,
	FIELD_DATE,
	FIELD_COUNT
};

static const char *const field_names[FIELD_COUNT] = {"name", "first_name",
	"last_name", "email", "kind", "organisation", "role", "country", "city",
	"postcode", "comment", "lang", "visibility", "updates", "date"};

/* What people and other programs call a column, as fold_column makes it. */
static const struct {
	const char *name;
	enum field field;
} aliases[] = {
	{"name", FIELD_NAME},
	{"full name", FIELD_NAME},
	{"fullname", FIELD_NAME},
	{"your name", FIELD_NAME},
	{"signatory", FIELD_NAME},
	{"signer", FIELD_NAME},
	{"first name", FIELD_FIRST_NAME},
	{"firstname", FIELD_FIRST_NAME},
	{"given name", FIELD_FIRST_NAME},
	{"forename", FIELD_FIRST_NAME},
	{"last name", FIELD_LAST_NAME},
	{"lastname", FIELD_LAST_NAME},
	{"family name", FIELD_LAST_NAME},
	{"surname", FIELD_LAST_NAME},
	{"email", FIELD_EMAIL},
	{"e mail", FIELD_EMAIL},
	{"mail", FIELD_EMAIL},
	{"email address", FIELD_EMAIL},
	{"e mail address", FIELD_EMAIL},
	{"kind", FIELD_KIND},
	{"type", FIELD_KIND},
	{"organisation", FIELD_ORGANISATION},
	{"organization", FIELD_ORGANISATION},
	{"org", FIELD_ORGANISATION},
	{"affiliation", FIELD_ORGANISATION},
	{"union", FIELD_ORGANISATION},
	{"role", FIELD_ROLE},
	{"position", FIELD_ROLE},
	{"job title", FIELD_ROLE},
	{"country", FIELD_COUNTRY},
	{"country code", FIELD_COUNTRY},
	{"city", FIELD_CITY},
	{"town", FIELD_CITY},
	{"postcode", FIELD_POSTCODE},
	{"post code", FIELD_POSTCODE},
	{"postal code", FIELD_POSTCODE},
	{"zip", FIELD_POSTCODE},
	{"zip code", FIELD_POSTCODE},
	{"zipcode", FIELD_POSTCODE},
	{"comment", FIELD_COMMENT},
	{"comments", FIELD_COMMENT},
	{"message", FIELD_COMMENT},
	{"lang", FIELD_LANG},
	{"language", FIELD_LANG},
	{"visibility", FIELD_VISIBILITY},
	{"updates", FIELD_UPDATES},
	{"newsletter", FIELD_UPDATES},
	{"date", FIELD_DATE},
	{"signed on", FIELD_DATE},
	{"signed at", FIELD_DATE},
	{"timestamp", FIELD_DATE},
};

enum {
	COUNTS_MAX = 50000 /* kept in memory: organisations may be many */
};

struct import {
	const struct import_request *request;
	struct signing_desk *desk;
	struct csv_reader *csv;
	struct import_result *out;
	enum field *columns; /* of the file */
	size_t column_count;
	struct store_counts counts;
	int64_t first, last; /* ids of the batch */
	struct buf rejects;
	const char *source;
	int64_t now;
};

static enum field
find_alias(const char *column)
{
	char *folded = fold_column(column);
	enum field field = FIELD_NONE;

	for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
		if (strcmp(folded, aliases[i].name) == 0)
			field = aliases[i].field;
	if (strcmp(column, "line") == 0 || strcmp(column, "error") == 0)
		field = FIELD_OURS;
	free(folded);
	return field;
}

static int
find_map(const struct import *im, const char *column, enum field *out,
	struct err *err)
{
	for (size_t i = 0; i < im->request->map_count; i++) {
		const struct import_map *map = &im->request->maps[i];

		if (strcmp(map->column, column) != 0)
			continue;
		for (int f = 0; f < FIELD_COUNT; f++) {
			if (strcmp(map->field, field_names[f]) == 0) {
				*out = (enum field)f;
				return 1;
			}
		}
		return err_set(err, ERR_USAGE,
			"--map %s=%s: there is no field \"%s\"; the fields "
			"are name, first_name, last_name, email, kind, "
			"organisation, role, country, city, postcode, "
			"comment, lang, visibility, updates, date",
			map->column, map->field, map->field);
	}
	return 0;
}

static int
check_maps(const struct import *im, char *const *names, size_t count,
	struct err *err)
{
	for (size_t i = 0; i < im->request->map_count; i++) {
		const char *column = im->request->maps[i].column;
		bool found = false;

		for (size_t k = 0; k < count; k++)
			found = found || strcmp(names[k], column) == 0;
		if (!found)
			return err_set(err, ERR_USAGE,
				"--map %s=%s: %s has no column \"%s\"", column,
				im->request->maps[i].field, im->request->file,
				column);
	}
	return 0;
}

static bool
has_field(const struct import *im, enum field field)
{
	for (size_t i = 0; i < im->column_count; i++)
		if (im->columns[i] == field)
			return true;
	return false;
}

static int
check_columns(const struct import *im, long line, struct err *err)
{
	if (!has_field(im, FIELD_NAME) && !has_field(im, FIELD_LAST_NAME) &&
		!has_field(im, FIELD_FIRST_NAME) &&
		!has_field(im, FIELD_ORGANISATION))
		return err_set(err, ERR_DATA,
			"%s:%ld: no column of this file is a name; name the "
			"columns in its first line (name,email,country), or "
			"say --map COLUMN=name",
			im->request->file, line);
	if (!has_field(im, FIELD_EMAIL) && !has_field(im, FIELD_COUNTRY))
		return err_set(err, ERR_DATA,
			"%s:%ld: no column of this file is an e-mail address "
			"or a country; a signature needs one of them, or say "
			"--map COLUMN=email",
			im->request->file, line);
	return 0;
}

/* Adds a record's own fields, and ends the line. */
static void
add_rejected(struct import *im, const struct csv_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		if (i < im->column_count && im->columns[i] == FIELD_OURS)
			continue;
		buf_putc(&im->rejects, ',');
		csv_add_guarded(
			&im->rejects, csv_unguard(record->fields[i]), ',');
	}
	buf_putc(&im->rejects, '\n');
}

static void
start_rejects(struct import *im, const struct csv_record *header)
{
	buf_puts(&im->rejects, "line,error");
	add_rejected(im, header);
}

static void
reject(struct import *im, const struct csv_record *record, const char *why)
{
	buf_printf(&im->rejects, "%ld,", record->line);
	csv_add_guarded(&im->rejects, why, ',');
	add_rejected(im, record);
}

static int
read_header(struct import *im, struct err *err)
{
	struct csv_record record;
	int rc = csv_next(im->csv, &record, err);

	if (rc <= 0 || record.count == 0)
		return rc < 0 ? -1
			      : err_set(err, ERR_DATA,
					"%s:1: the file has no header row",
					im->request->file);
	im->columns = mem_zalloc(record.count * sizeof *im->columns);
	im->column_count = record.count;
	for (size_t i = 0; i < record.count; i++)
		record.fields[i] = str_trim(record.fields[i]);
	if (check_maps(im, record.fields, record.count, err) < 0)
		return -1;
	for (size_t i = 0; i < record.count; i++) {
		const char *name = record.fields[i];

		rc = find_map(im, name, &im->columns[i], err);
		if (rc < 0)
			return -1;
		if (rc == 0)
			im->columns[i] = find_alias(name);
		for (size_t k = 0; k < i; k++)
			if (im->columns[i] >= 0 &&
				im->columns[k] == im->columns[i])
				return err_set(err, ERR_DATA,
					"%s:%ld: two columns are both the %s",
					im->request->file, record.line,
					field_names[im->columns[i]]);
	}
	start_rejects(im, &record);
	return check_columns(im, record.line, err);
}

static int
read_bool(const char *value, const char *what, bool *out, struct err *err)
{
	if (signature_parse_bool(value, out) < 0)
		return err_set(err, ERR_DATA,
			"%s: \"%.40s\" is neither yes nor no", what, value);
	return 0;
}

static int
set_field(struct signature *s, enum field field, const char *value,
	const char **first, const char **last, struct err *err)
{
	const char **texts[FIELD_COUNT] = {
		[FIELD_NAME] = &s->name,
		[FIELD_FIRST_NAME] = first,
		[FIELD_LAST_NAME] = last,
		[FIELD_EMAIL] = &s->email,
		[FIELD_ORGANISATION] = &s->organisation,
		[FIELD_ROLE] = &s->role,
		[FIELD_COUNTRY] = &s->country,
		[FIELD_CITY] = &s->city,
		[FIELD_POSTCODE] = &s->postcode,
		[FIELD_COMMENT] = &s->comment,
		[FIELD_LANG] = &s->lang,
	};

	if (texts[field]) {
		*texts[field] = value;
		return 0;
	}
	if (!*value)
		return 0;
	switch (field) {
	case FIELD_KIND:
		return signature_kind_parse(value, &s->kind) == 0
			       ? 0
			       : err_set(err, ERR_DATA,
					 "kind: \"%.40s\" is neither person "
					 "nor "
					 "organisation",
					 value);
	case FIELD_VISIBILITY:
		return visibility_parse(value, &s->visibility) == 0
			       ? 0
			       : err_set(err, ERR_DATA,
					 "visibility: \"%.40s\" is not public, "
					 "recipient or count",
					 value);
	case FIELD_UPDATES:
		return read_bool(value, "updates", &s->updates, err);
	case FIELD_DATE:
		return clock_parse_time(value, &s->signed_at) == 0
			       ? 0
			       : err_set(err, ERR_DATA,
					 "date: \"%.40s\" is not a day like "
					 "2026-05-01",
					 value);
	default:
		return 0;
	}
}

/* Reads one row. Returns 0 or -1 with what is wrong with it. */
static int
read_row(struct import *im, const struct csv_record *record,
	struct arena *arena, struct signature *s, struct err *err)
{
	const char *first = NULL, *last = NULL;
	int rc = 0;

	s->visibility = VISIBILITY_RECIPIENT;
	s->signed_at = im->now;
	if (record->count != im->column_count)
		return err_set(err, ERR_DATA,
			"%zu fields where the header has %zu", record->count,
			im->column_count);
	for (size_t i = 0; rc == 0 && i < record->count; i++) {
		const char *value = csv_unguard(str_trim(record->fields[i]));

		if (im->columns[i] >= 0)
			rc = set_field(
				s, im->columns[i], value, &first, &last, err);
	}
	if (rc == 0 && str_empty(s->name) && (first || last)) {
		char *both = mem_printf(
			"%s %s", first ? first : "", last ? last : "");

		s->name = arena_strdup(arena, both);
		free(both);
	}
	if (rc == 0 && str_empty(s->lang))
		s->lang = im->desk->lang;
	if (rc == 0)
		rc = signature_check(s, arena, err);
	if (rc == 0 && s->signed_at > im->now + CLOCK_DAY_S)
		rc = err_set(err, ERR_DATA, "the date lies in the future");
	if (rc == 0 && s->signed_at < im->desk->opens)
		rc = err_set(err, ERR_DATA, "signed before the letter opened");
	if (rc == 0 && im->desk->closes != INT64_MAX &&
		s->signed_at >= im->desk->closes + CLOCK_DAY_S)
		rc = err_set(err, ERR_DATA, "signed after the letter closed");
	return rc;
}

/* What is borrowed from the record must outlive it. */
static void
keep(struct signature *s, struct arena *arena)
{
	const char **texts[] = {&s->name, &s->email, &s->organisation, &s->role,
		&s->country, &s->city, &s->postcode, &s->comment, &s->lang,
		&s->key, &s->email_key};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = **texts[i] ? arena_strdup(arena, *texts[i]) : "";
}

/* Reads rows until the chunk is full: in a thread of its own. */
static int
fill(void *ctx, struct import_chunk *chunk, struct err *err)
{
	struct import *im = ctx;
	struct csv_record record;
	int rc = 1;

	while (chunk->count < CHUNK_ROWS &&
		arena_used(&chunk->arena) < CHUNK_BYTES &&
		(rc = csv_next(im->csv, &record, err)) > 0) {
		struct signature s = {0};
		struct err why;

		if (record.count == 0)
			continue;
		chunk->rows++;
		if (read_row(im, &record, &chunk->arena, &s, &why) < 0) {
			reject(im, &record, why.msg);
			chunk->rejected++;
			continue;
		}
		keep(&s, &chunk->arena);
		chunk->signatures[chunk->count] = s;
		chunk->items[chunk->count] = (struct store_item){
			.signature = &chunk->signatures[chunk->count],
			.line = record.line,
		};
		chunk->count++;
	}
	chunk->place = csv_place(im->csv);
	chunk->last = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* Stores a chunk of them: in the thread that has the store. */
static int
take(void *ctx, struct import_chunk *chunk, struct err *err)
{
	struct import *im = ctx;
	struct import_result *out = im->out;
	const struct store_signing in = {
		.letter = im->desk->letter,
		.edition = im->desk->edition,
		.consent = im->desk->consent,
		.state = SIGNATURE_CONFIRMED,
		.source = im->source,
		.batch = out->batch,
		.now = im->now,
	};

	if (store_sign(im->desk->ws->store, &in, chunk->items, chunk->count,
		    &im->counts, err) < 0)
		return -1;
	for (size_t i = 0; i < chunk->count; i++) {
		const enum store_signed what = chunk->items[i].what;

		out->added += what == STORE_SIGNED_NEW;
		out->again += what == STORE_SIGNED_AGAIN;
		out->tighter += what == STORE_SIGNED_TIGHTER;
		out->withdrawn += what == STORE_SIGNED_WITHDRAWN;
		out->refused += what == STORE_SIGNED_REJECTED;
	}
	if (chunk->count > 0) {
		im->first = im->first ? im->first : chunk->items[0].id;
		im->last = chunk->items[chunk->count - 1].id;
	}
	out->rows += chunk->rows;
	out->rejected += chunk->rejected;
	if (im->counts.counter.used > COUNTS_MAX &&
		store_counts_write(im->desk->ws->store, &im->counts, err) < 0)
		return -1;
	if (im->request->watch)
		im->request->watch(im->request->watch_ctx, out, chunk->place,
			csv_size(im->csv));
	return 0;
}

/* The rejects stand beside the file: march.csv -> march.rejects.csv. They
 * are written even when there are none over those of an earlier run. */
static int
write_rejects(struct import *im, struct err *err)
{
	const char *file = im->request->file;
	size_t stem = strlen(file) - (str_ends(file, ".csv") ? 4 : 0);
	char *path = mem_printf("%.*s.rejects.csv", (int)stem, file);
	int rc = 0;

	if (str_ends(file, ".rejects.csv")) {
		free(path);
		path = mem_strdup(file);
	}
	if (im->out->rejected || (file_exists(path) && strcmp(path, file) != 0))
		rc = file_write(
			path, buf_str(&im->rejects), im->rejects.len, err);
	if (rc == 0 && im->out->rejected)
		im->out->rejects = path;
	else
		free(path);
	return rc;
}

/*
 * Returns 1, 0 when there is nothing to keep, or -1. A file that was imported
 * before has nothing new, and its repeated signatures need not be kept twice.
 */
static int
end_batch(struct import *im, struct err *err)
{
	struct store *store = im->desk->ws->store;
	const int64_t batch = im->out->batch;
	char digest[DIGEST_MAX];
	int same;

	if (im->last == 0)
		return 0;
	if (file_digest(im->request->file, digest, err) < 0)
		return -1;
	same = store_import_same(store, im->desk->letter, digest, batch, err);
	if (same < 0)
		return -1;
	if (same && im->out->added + im->out->tighter == 0)
		return 0;
	if (store_import_end(store, batch, im->first, im->last, digest, err) <
		0)
		return -1;
	return 1;
}

static int
run(struct import *im, struct err *err)
{
	struct store *store = im->desk->ws->store;
	int rc = -1;

	if (read_header(im, err) < 0)
		return -1;
	if (store_begin(store, "importing", DB_DURABLE, err) < 0)
		return -1;
	im->counts.letter = im->desk->letter;
	if (store_import_begin(store, im->desk->letter, im->source,
		    im->request->file, im->now, &im->out->batch, err) < 0 ||
		import_chunks(fill, take, im, err) < 0 ||
		store_counts_write(store, &im->counts, err) < 0)
		goto out;
	rc = end_batch(im, err);
	if (rc < 0)
		goto out;
	if (rc == 0 || im->request->dry_run) {
		im->out->batch = 0;
		rc = im->request->dry_run ? 0 : write_rejects(im, err);
		goto out;
	}
	/* Only now may a mended file of rejects be written over. */
	rc = store_commit(store, err);
	if (rc == 0)
		rc = write_rejects(im, err);
out:
	store_rollback(store);
	return rc;
}

int
sign_import(struct workspace *ws, const struct import_request *request,
	struct import_result *out, struct problems *problems, struct err *err)
{
	const char *slash = strrchr(request->file, '/');
	struct import im = {
		.request = request,
		.out = out,
		.source = request->source ? request->source
			  : slash	  ? slash + 1
					  : request->file,
		.now = clock_now(),
	};
	int rc = -1;

	*out = (struct import_result){0};
	if (fold_check_text(im.source, "--source", 200, false, err) < 0) {
		err->kind = ERR_USAGE;
		return -1;
	}
	if (csv_open(request->file, request->file, 0, &im.csv, err) < 0)
		return -1;
	if (sign_open(ws, request->letter, NULL, true, &im.desk, problems,
		    err) == 0)
		rc = run(&im, err);
	sign_close(im.desk);
	csv_close(im.csv);
	free(im.columns);
	store_counts_release(&im.counts);
	buf_release(&im.rejects);
	return rc;
}
