/* The CSV reader, told the delimiter or guessing it. */
#include "fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = {0, ',', ';', '\t'};
	static int fd = -1, spare = -1;
	char path[32], other[32];
	struct csv_reader *csv;
	struct csv_record record;
	struct err err = {0};
	size_t i;
	bool first = true;
	int rc;

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
	if (csv_open(path, "fuzz.csv", delimiters[data[0] % 4], &csv, &err))
		return 0;
	while ((rc = csv_next(csv, &record, &err)) == 1) {
		for (i = 0; i < record.count; i++)
			assert(str_utf8_bad(record.fields[i],
				       strlen(record.fields[i])) ==
				strlen(record.fields[i]));
		/* An empty first field alone is an empty line. */
		if (first && record.count > 1)
			check_again(&record, other);
		first = false;
	}
	assert(rc == 0 || err.kind == ERR_DATA);
	csv_close(csv);
	return 0;
}
