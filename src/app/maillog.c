#include "app/maillog.h"

#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/str.h"
#include "core/fold.h"

/* Names of columns, as fold_column makes them. */
static const char *const id_names[] = {
	"message id",
	"messageid",
	"msg id",
	"msgid",
	"smtp id",
	"internet message id",
	"internetmessageid",
	"message headers message id",
};
static const char *const status_names[] = {
	"status",
	"state",
	"event",
	"event type",
	"eventtype",
	"event name",
	"record type",
	"recordtype",
	"delivery status",
	"message status",
};

/*
 * Words for what only happens to a message that the provider took, as
 * fold_column makes them. "deferred", "failed", "dropped", "rejected" and the
 * like are not here: with some providers they come before it is taken, with
 * others after.
 */
static const char *const accepted_words[] = {
	"accepted",
	"accept",
	"processed",
	"queued",
	"relayed",
	"send",
	"sent",
	"delivery",
	"delivered",
	"bounce",
	"bounced",
	"hard bounce",
	"soft bounce",
	"open",
	"opened",
	"click",
	"clicked",
	"complaint",
	"complained",
	"spam complaint",
	"unsubscribe",
	"unsubscribed",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct maillog {
	const struct maillog_source *source;
	struct csv_reader *csv;
	size_t columns;
	size_t id;
	size_t status;
	bool has_status;
};

static bool
is_one_of(const char *text, const char *const *words, size_t count)
{
	char *folded = fold_column(text);
	bool found = false;

	for (size_t i = 0; i < count && !found; i++)
		found = strcmp(folded, words[i]) == 0;
	free(folded);
	return found;
}

char *
maillog_tidy_id(char *text)
{
	char *id = str_trim(text);
	size_t len = strlen(id);
	char *at;

	if (len >= 2 && id[0] == '<' && id[len - 1] == '>') {
		id[len - 1] = '\0';
		id = str_trim(id + 1);
	}
	at = strrchr(id, '@');
	for (char *c = at; c && *c; c++)
		*c = str_lower(*c);
	return id;
}

/*
 * Finds the column that is asked for by name, or whose name is one of those
 * given. Returns 1, 0 without one, or -1. option: what else names it.
 */
static int
find_column(const struct maillog *log, const struct csv_record *header,
	const char *asked, const char *const *names, size_t count,
	const char *option, size_t *out, struct err *err)
{
	const char *file = log->source->file;
	bool found = false;

	for (size_t i = 0; i < header->count; i++) {
		const char *name = header->fields[i];

		if (asked ? strcmp(name, asked) != 0
			  : !is_one_of(name, names, count))
			continue;
		if (found && asked)
			return err_set(err, ERR_DATA,
				"%s:%ld: two columns are called \"%.80s\"; "
				"rename one",
				file, header->line, name);
		if (found)
			return err_set(err, ERR_DATA,
				"%s:%ld: \"%.80s\" and \"%.80s\" may both be "
				"meant; say which: %s COLUMN",
				file, header->line, header->fields[*out], name,
				option);
		*out = i;
		found = true;
	}
	if (asked && !found)
		return err_set(err, ERR_DATA,
			"%s:%ld: there is no column \"%.80s\"", file,
			header->line, asked);
	return found;
}

static int
read_header(struct maillog *log, struct err *err)
{
	const struct maillog_source *source = log->source;
	struct csv_record header;
	int rc = csv_next(log->csv, &header, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || header.count == 0)
		return err_set(err, ERR_DATA,
			"%s:1: the file has no header row", source->file);
	for (size_t i = 0; i < header.count; i++)
		header.fields[i] = str_trim(header.fields[i]);
	log->columns = header.count;
	rc = find_column(log, &header, source->column, id_names,
		COUNT(id_names), "--column", &log->id, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_DATA,
			"%s:%ld: no column is called Message-ID; say which it "
			"is: --column COLUMN",
			source->file, header.line);
	rc = find_column(log, &header, source->status, status_names,
		COUNT(status_names), "--status", &log->status, err);
	log->has_status = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int
read_rows(struct maillog *log,
	int (*each)(void *ctx, const struct maillog_row *row, struct err *err),
	void *ctx, struct err *err)
{
	struct csv_record record;
	int rc;

	while ((rc = csv_next(log->csv, &record, err)) > 0) {
		struct maillog_row row = {.line = record.line};
		char *id;

		if (record.count == 0)
			continue;
		if (record.count != log->columns)
			return err_set(err, ERR_DATA,
				"%s:%ld: %zu fields where the header has %zu; "
				"nothing of this log was used",
				log->source->file, record.line, record.count,
				log->columns);
		id = maillog_tidy_id(record.fields[log->id]);
		row.message_id = id;
		row.accepted = true;
		if (log->has_status) {
			row.status = str_trim(record.fields[log->status]);
			row.accepted = is_one_of(row.status, accepted_words,
				COUNT(accepted_words));
		}
		if (*id && each(ctx, &row, err) < 0)
			return -1;
	}
	return rc;
}

int
maillog_read(const struct maillog_source *source,
	int (*each)(void *ctx, const struct maillog_row *row, struct err *err),
	void *ctx, struct err *err)
{
	struct maillog log = {.source = source};
	int rc = -1;

	if (csv_open(source->file, source->file, 0, &log.csv, err) < 0)
		return -1;
	if (read_header(&log, err) == 0)
		rc = read_rows(&log, each, ctx, err);
	csv_close(log.csv);
	return rc;
}
