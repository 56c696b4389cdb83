#include "app/suppression.h"

#include <string.h>

#include "app/news.h"
#include "base/clock.h"
#include "base/csv.h"
#include "base/str.h"
#include "core/signature.h"
#include "store/store_erased.h"
#include "store/store_suppression.h"

int
suppression_add(struct workspace *ws, const char *who, struct err *err)
{
	bool is_link =
		strchr(who, '/') ||
		(!strchr(who, '@') && strlen(who) == TOKEN_SEALED_MAX - 1);
	char key[ADDRESS_MAX];
	int rc;

	if (is_link && news_open_link(ws, who, key, err) < 0)
		return -1;
	if (!is_link && signature_address_key(who, key, err) < 0)
		return err_prefix(err, "e-mail");
	if (store_begin(ws->store, "suppressing", DB_DURABLE, err) < 0)
		return -1;
	rc = store_suppress(ws->store, key, is_link ? "by link" : "by hand",
		clock_now(), err);
	if (rc < 0 || store_commit(ws->store, err) < 0) {
		store_rollback(ws->store);
		return -1;
	}
	return rc;
}

/* Returns the place of the column with addresses, or -1 with err. */
static int
find_column(struct csv_reader *csv, const char *file, struct err *err)
{
	static const char *const names[] = {"email", "e-mail", "address",
		"email address", "e-mail address", "mail"};
	struct csv_record header;
	int rc = csv_next(csv, &header, err);

	if (rc < 0)
		return -1;
	for (size_t i = 0; rc > 0 && i < header.count; i++)
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
			if (str_ieq(str_trim(header.fields[i]), names[k]))
				return (int)i;
	return err_set(err, ERR_DATA,
		"%s:1: no column is headed email; a header row is needed",
		file);
}

static int
add_row(struct workspace *ws, const char *email, const char *file, long line,
	struct suppression_result *out, struct problems *problems,
	struct err *err)
{
	char key[ADDRESS_MAX];
	struct err why;
	int rc;

	if (signature_address_key(email, key, &why) < 0) {
		problems_add(problems, file, line, 0, "%s", why.msg);
		out->bad++;
		return 0;
	}
	rc = store_suppress(ws->store, key, "by list", clock_now(), err);
	out->added += rc > 0;
	out->known += rc == 0;
	return rc < 0 ? -1 : 0;
}

static int
add_rows(struct workspace *ws, struct csv_reader *csv, size_t column,
	const char *file, struct suppression_result *out,
	struct problems *problems, struct err *err)
{
	struct csv_record r;
	int rc;

	while ((rc = csv_next(csv, &r, err)) > 0) {
		const char *email = "";

		if (r.count == 0)
			continue;
		if (column < r.count)
			email = csv_unguard(str_trim(r.fields[column]));
		if (add_row(ws, email, file, r.line, out, problems, err) < 0)
			return -1;
	}
	return rc;
}

int
suppression_add_file(struct workspace *ws, const char *file,
	struct suppression_result *out, struct problems *problems,
	struct err *err)
{
	struct csv_reader *csv;
	int column, rc = -1;

	*out = (struct suppression_result){0};
	if (csv_open(file, file, 0, &csv, err) < 0)
		return -1;
	column = find_column(csv, file, err);
	if (column >= 0 &&
		store_begin(ws->store, "suppressing", DB_DURABLE, err) == 0) {
		rc = add_rows(
			ws, csv, (size_t)column, file, out, problems, err);
		if (rc == 0)
			rc = store_commit(ws->store, err);
		store_rollback(ws->store);
	}
	csv_close(csv);
	return rc;
}

int
suppression_remove(struct workspace *ws, const char *email, struct err *err)
{
	char key[ADDRESS_MAX];
	int rc;

	if (signature_address_key(email, key, err) < 0)
		return err_prefix(err, "e-mail");
	if (store_begin(ws->store, "suppressing", DB_DURABLE, err) < 0)
		return -1;
	rc = store_unsuppress(ws->store, key, err);
	if (rc > 0)
		return store_commit(ws->store, err);
	store_rollback(ws->store);
	return rc < 0 ? -1
		      : err_set(err, ERR_NOTFOUND,
				"%s is not suppressed; `openletter suppress` "
				"lists who is",
				email);
}

static int
list_one(void *ctx, const char *email_key, const char *reason, int64_t at,
	struct err *err)
{
	struct rows *rows = ctx;
	char day[CLOCK_TIME_MAX];

	clock_format_day(at, day);
	return rows->add(rows,
		(struct cell[]){
			{.text = store_is_erased_key(email_key) ? ""
								: email_key},
			{.text = reason},
			{.text = day},
		},
		err);
}

int
suppression_list(struct workspace *ws, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"email", COLUMN_ALWAYS},
		{"reason", COLUMN_ALWAYS},
		{"date", COLUMN_ALWAYS},
	};

	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	return store_suppressions(ws->store, list_one, rows, err);
}
