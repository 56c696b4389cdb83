#include "app/recipients.h"

#include <stdlib.h>
#include <string.h>

#include "app/data.h"
#include "base/csv.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/address.h"
#include "core/fold.h"

enum {
	VALUE_MAX_LEN = 10000
};

struct recipients {
	char *file; /* shown */
	struct csv_reader *csv;
	struct fields columns;
	size_t email; /* its place among the columns */
	struct fields row;
	char address[ADDRESS_MAX];
	char key[ADDRESS_MAX];
};

static int
check_column(struct recipients *r, const char *name, size_t place, long line,
	struct err *err)
{
	if (!*name)
		return err_set(err, ERR_DATA,
			"%s:%ld: column %zu has no name in the header row",
			r->file, line, place + 1);
	if (fields_get(&r->columns, name))
		return err_set(err, ERR_DATA,
			"%s:%ld: two columns are named \"%s\"", r->file, line,
			name);
	return 0;
}

/* Says what the column of addresses may be called instead. */
static int
no_email(const struct recipients *r, long line, struct err *err)
{
	static const char *const near[] = {"e-mail", "mail", "email address"};

	for (size_t i = 0; i < r->columns.count; i++) {
		const char *name = r->columns.items[i].name;
		bool alike = str_ieq(name, "email");

		for (size_t k = 0; k < sizeof near / sizeof near[0]; k++)
			alike = alike || str_ieq(name, near[k]);
		if (alike)
			return err_set(err, ERR_DATA,
				"%s:%ld: there is no column named email; name "
				"the column \"%s\" so",
				r->file, line, name);
		if (strchr(name, ';'))
			return err_set(err, ERR_DATA,
				"%s:%ld: the columns are separated by ; and "
				"must be by commas; save the list as \"CSV, "
				"comma separated\"",
				r->file, line);
	}
	return err_set(err, ERR_DATA, "%s:%ld: there is no column named email",
		r->file, line);
}

static int
read_header(struct recipients *r, struct err *err)
{
	struct csv_record record;
	bool has_email = false;
	int rc = csv_next(r->csv, &record, err);

	if (rc < 0)
		return -1;
	if (rc == 0 || record.count == 0)
		return err_set(err, ERR_DATA,
			"%s:1: the list has no header row; its first line "
			"must name the columns: email,name,lang",
			r->file);
	for (size_t i = 0; i < record.count; i++) {
		char *name = str_trim(record.fields[i]);

		if (check_column(r, name, i, record.line, err) < 0)
			return -1;
		if (strcmp(name, "email") == 0) {
			r->email = i;
			has_email = true;
		}
		fields_add(&r->columns, name, "");
	}
	return has_email ? 0 : no_email(r, record.line, err);
}

int
recipients_open(const struct workspace *ws, const char *list,
	struct recipients **out, struct err *err)
{
	struct recipients *r = mem_zalloc(sizeof *r);
	char *path;
	int rc;

	r->file = mem_printf("recipients/%s.csv", list);
	path = workspace_path(ws, r->file);
	rc = csv_open(path, r->file, ',', &r->csv, err);
	free(path);
	if (rc < 0 && err->kind == ERR_NOTFOUND)
		err_set(err, ERR_NOTFOUND,
			"%s: there is no such list of recipients", r->file);
	if (rc == 0)
		rc = read_header(r, err);
	if (rc < 0) {
		recipients_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

const struct fields *
recipients_columns(const struct recipients *r)
{
	return &r->columns;
}

/* Returns 0, or -1 when a problem was added. */
static int
check_address(struct recipients *r, const char *text, long line,
	struct problems *problems)
{
	struct address address;
	struct err err;

	if (!*text) {
		problems_add(problems, r->file, line, 0,
			"no address in the email column; this row is skipped");
		return -1;
	}
	if (address_parse(text, &address, &err) < 0) {
		problems_add(problems, r->file, line, 0,
			"the address cannot be used (%s); this row is skipped",
			err.msg);
		return -1;
	}
	address_format(&address, r->address);
	address_canonical(&address, r->key);
	return 0;
}

static int
take_row(struct recipients *r, const struct csv_record *record,
	struct problems *problems)
{
	struct err err;

	if (record->count != r->columns.count) {
		problems_add(problems, r->file, record->line, 0,
			"%zu fields where the header has %zu; this row is "
			"skipped",
			record->count, r->columns.count);
		return -1;
	}
	if (check_address(r, record->fields[r->email], record->line, problems) <
		0)
		return -1;
	fields_release(&r->row);
	for (size_t i = 0; i < record->count; i++) {
		const char *name = r->columns.items[i].name;
		char *value = fold_tidy(record->fields[i]);
		int rc =
			fold_check_text(value, name, VALUE_MAX_LEN, true, &err);

		fields_add(&r->row, name, i == r->email ? r->address : value);
		free(value);
		if (rc < 0) {
			problems_add(problems, r->file, record->line, 0,
				"%s; this row is skipped", err.msg);
			return -1;
		}
	}
	for (size_t i = 0; i < data_recipient_column_count; i++)
		if (!fields_get(&r->row, data_recipient_columns[i]))
			fields_add(&r->row, data_recipient_columns[i], "");
	return 0;
}

int
recipients_next(struct recipients *r, struct recipient *out,
	struct problems *problems, struct err *err)
{
	struct csv_record record;
	int rc;

	while ((rc = csv_next(r->csv, &record, err)) > 0) {
		if (record.count == 0)
			continue;
		if (take_row(r, &record, problems) < 0)
			continue;
		*out = (struct recipient){
			.row = r->row,
			.email = r->address,
			.key = r->key,
			.file = r->file,
			.line = record.line,
		};
		return 1;
	}
	return rc;
}

void
recipients_close(struct recipients *r)
{
	if (!r)
		return;
	csv_close(r->csv);
	fields_release(&r->columns);
	fields_release(&r->row);
	free(r->file);
	free(r);
}

int
recipients_find(struct workspace *ws, char *const *lists, size_t count,
	const char *key, const char *lang, struct fields *out, struct err *err)
{
	struct problems ignored = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct recipients *list;
		struct recipient r;

		rc = recipients_open(ws, lists[i], &list, err);
		if (rc < 0)
			break;
		while ((rc = recipients_next(list, &r, &ignored, err)) > 0)
			if ((!key || strcmp(key, r.key) == 0) &&
				(!lang || lang_equal(lang,
						  fields_get(&r.row, "lang"))))
				break;
		for (size_t k = 0; rc > 0 && k < r.row.count; k++)
			fields_add(
				out, r.row.items[k].name, r.row.items[k].value);
		recipients_close(list);
	}
	problems_release(&ignored);
	return rc;
}
