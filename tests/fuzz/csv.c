/* Signature lists, from bytes to signatures: encoding, CSV, header, rows. The
 * first byte says which delimiter and encoding are told. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/import_table.h"
#include "base/csv.h"
#include "base/str.h"

/* Reading what was written gives the same fields. */
static void
check_again(const struct csv_record *record, const char *path)
{
	struct csv_reader *csv;
	struct csv_record again;
	struct buf line = {0};
	struct err err;
	size_t i;
	FILE *f;

	/* A BOM would be skipped at the very beginning. */
	buf_puts(&line, "header\r\n");
	for (i = 0; i < record->count; i++) {
		if (i > 0)
			buf_putc(&line, ',');
		csv_add_field(&line, record->fields[i], ',');
	}
	buf_puts(&line, "\r\n");
	f = fopen(path, "w");
	fwrite(buf_str(&line), 1, line.len, f);
	fclose(f);
	assert(csv_open(path, "x", ',', &csv, &err) == 0);
	assert(csv_next(csv, &again, &err) == 1);
	assert(csv_next(csv, &again, &err) == 1);
	assert(again.count == record->count);
	for (i = 0; i < record->count; i++)
		assert(strcmp(again.fields[i], record->fields[i]) == 0);
	csv_close(csv);
	buf_release(&line);
}

static void
check_fields(const char *path, char delimiter, enum encoding encoding,
	const char *spare)
{
	struct csv_reader *csv;
	struct csv_record record;
	struct err err = {0};
	bool first = true;
	int rc;

	if (csv_open_encoded(path, "fuzz.csv", delimiter, encoding, &csv, &err))
		return;
	while ((rc = csv_next(csv, &record, &err)) == 1) {
		for (size_t i = 0; i < record.count; i++)
			assert(str_utf8_bad(record.fields[i],
				       strlen(record.fields[i])) ==
				strlen(record.fields[i]));
		/* An empty first field alone is an empty line. */
		if (first && record.count > 1)
			check_again(&record, spare);
		first = false;
	}
	assert(rc == 0 || err.kind == ERR_DATA);
	csv_close(csv);
}

/* What was checked is all there, and passes again as it is. */
static void
check_signature(const struct signature *s)
{
	struct signature again = *s;
	struct arena arena = {0};
	struct err err;

	assert(*s->name || *s->organisation);
	assert(*s->email_key || strlen(s->country) == 2);
	assert(signature_check(&again, &arena, &err) == 0);
	assert(strcmp(again.key, s->key) == 0);
	assert(strcmp(again.email_key, s->email_key) == 0);
	assert(strcmp(again.email, s->email) == 0);
	assert(strcmp(again.name, s->name) == 0);
	assert(strcmp(again.organisation, s->organisation) == 0);
	assert(strcmp(again.role, s->role) == 0);
	assert(strcmp(again.city, s->city) == 0);
	assert(strcmp(again.comment, s->comment) == 0);
	arena_release(&arena);
}

static void
check_rows(const char *path, char delimiter, enum encoding encoding)
{
	const struct import_table_options options = {
		.file = path,
		.encoding = encoding,
		.delimiter = delimiter,
		.lang = "en",
		.now = 1800000000,
		.opens = INT64_MIN,
		.closes = INT64_MAX,
		.dry_run = true,
	};
	struct import_table *t;
	struct import_row row;
	struct arena arena = {0};
	struct err err = {0};
	int rc;

	if (import_table_open(&options, &t, &err)) {
		assert(err.kind == ERR_DATA);
		return;
	}
	while ((rc = import_table_next(t, &arena, &row, &err)) == 1) {
		if (row.taken)
			check_signature(&row.signature);
		arena_reset(&arena);
	}
	assert(rc == 0 || err.kind == ERR_DATA);
	import_table_close(t);
	arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = {0, ',', ';', '\t'};
	static int fd = -1, spare = -1;
	char path[32], other[32];
	enum encoding encoding;
	char delimiter;

	if (size == 0)
		return 0;
	if (fd < 0) {
		fd = memfd_create("csv", MFD_CLOEXEC);
		spare = memfd_create("again", MFD_CLOEXEC);
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	snprintf(other, sizeof other, "/proc/self/fd/%d", spare);
	if (ftruncate(fd, 0) != 0 ||
		pwrite(fd, data + 1, size - 1, 0) != (ssize_t)(size - 1))
		abort();
	delimiter = delimiters[data[0] % 4];
	encoding = data[0] / 4 % (ENCODING_LATIN_1 + 1);
	check_fields(path, delimiter, encoding, other);
	check_rows(path, delimiter, encoding);
	return 0;
}
