#include "base/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	BLOCK = 256 * 1024
};

struct csv_reader {
	char *path;
	int fd;
	char delimiter;
	int64_t size;  /* of the file; 0: not known */
	int64_t taken; /* read from fd */
	bool at_end;   /* nothing more to read from fd */
	struct buf in; /* what was read and not yet handed out from `from` */
	size_t from;
	long line;
	char **fields;
	size_t fields_cap;
};

static int
too_long(const struct csv_reader *csv, struct err *err)
{
	return err_set(err, ERR_DATA,
		"%s:%ld: the record is longer than %d MB; a quote is probably "
		"missing",
		csv->path, csv->line, CSV_RECORD_MAX >> 20);
}

/* Reads one more block behind what is there. Returns 1, 0 at the end, -1. */
static int
read_block(struct csv_reader *csv, struct err *err)
{
	ssize_t n;

	if (csv->at_end)
		return 0;
	if (csv->from > 0) {
		memmove(csv->in.data, csv->in.data + csv->from,
			csv->in.len - csv->from);
		csv->in.len -= csv->from;
		csv->from = 0;
	}
	if (csv->in.len > CSV_RECORD_MAX + 1) /* a CR may be the last */
		return too_long(csv, err);
	do
		n = read(csv->fd, buf_reserve(&csv->in, BLOCK), BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, ERR_IO, "%s: cannot read: %s", csv->path,
			strerror(errno));
	if (n == 0) {
		csv->at_end = true;
		return 0;
	}
	buf_commit(&csv->in, (size_t)n);
	csv->taken += n;
	return 1;
}

/* Looks at the first bytes: skips a BOM, refuses other encodings. */
static int
check_start(struct csv_reader *csv, struct err *err)
{
	const unsigned char *s = (const unsigned char *)csv->in.data;
	size_t len = csv->in.len;
	bool wide = len >= 2 && ((s[0] == 0xFF && s[1] == 0xFE) ||
					(s[0] == 0xFE && s[1] == 0xFF) ||
					(s[0] == 0 && s[1] != 0) ||
					(s[0] != 0 && s[1] == 0));

	if (wide)
		return err_set(err, ERR_DATA,
			"%s:1: the file is UTF-16; save it as "
			"\"CSV UTF-8\" and try again",
			csv->path);
	if (len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)
		csv->from = 3;
	return 0;
}

static char
guess_delimiter(const char *s, size_t len)
{
	static const char candidates[] = ",;\t";
	size_t counts[3] = {0};
	bool quoted = false;
	size_t best = 0;

	for (size_t i = 0; i < len && (quoted || s[i] != '\n'); i++) {
		const char *hit;

		if (s[i] == '"')
			quoted = !quoted;
		else if (!quoted && s[i] && (hit = strchr(candidates, s[i])))
			counts[hit - candidates]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return candidates[best];
}

int
csv_open(const char *path, const char *shown, char delimiter,
	struct csv_reader **out, struct err *err)
{
	struct csv_reader *csv = mem_zalloc(sizeof *csv);
	struct stat st;

	csv->path = mem_strdup(shown);
	csv->line = 1;
	csv->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (csv->fd < 0) {
		err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
			"%s: cannot read: %s", shown, strerror(errno));
		goto fail;
	}
	if (fstat(csv->fd, &st) < 0 || S_ISDIR(st.st_mode)) {
		err_set(err, ERR_DATA, "%s: not a file", shown);
		goto fail;
	}
	csv->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	if (read_block(csv, err) < 0 || check_start(csv, err) < 0)
		goto fail;
	csv->delimiter =
		delimiter ? delimiter
			  : guess_delimiter(buf_str(&csv->in) + csv->from,
				    csv->in.len - csv->from);
	*out = csv;
	return 0;
fail:
	csv_close(csv);
	return -1;
}

void
csv_close(struct csv_reader *csv)
{
	if (!csv)
		return;
	if (csv->fd >= 0)
		close(csv->fd);
	free(csv->path);
	free(csv->fields);
	buf_release(&csv->in);
	free(csv);
}

int64_t
csv_place(const struct csv_reader *csv)
{
	return csv->taken - (int64_t)(csv->in.len - csv->from);
}

int64_t
csv_size(const struct csv_reader *csv)
{
	return csv->size;
}

char
csv_delimiter(const struct csv_reader *csv)
{
	return csv->delimiter;
}

/*
 * Finds the end of the record that begins at `from`, reading more as needed.
 * Returns 1 with *len (without its line end) and *next (behind it), 0 when
 * there is no record left, -1.
 */
static int
find_record(struct csv_reader *csv, size_t *len, size_t *next, struct err *err)
{
	bool quoted = false;
	size_t at = 0;

	for (;;) {
		const char *s = csv->in.data + csv->from;
		size_t have = csv->in.len - csv->from;
		int rc;

		for (; at < have; at++) {
			if (s[at] == '"')
				quoted = !quoted;
			else if (s[at] == '\n' && !quoted) {
				*len = at > 0 && s[at - 1] == '\r' ? at - 1
								   : at;
				*next = at + 1;
				return 1;
			}
		}
		rc = read_block(csv, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (have == 0)
			return 0;
		if (quoted)
			return err_set(err, ERR_DATA,
				"%s:%ld: a quote (\") is opened here and never "
				"closed; close it or double it",
				csv->path, csv->line);
		s = csv->in.data + csv->from;
		*len = s[have - 1] == '\r' ? have - 1 : have;
		*next = have;
		return 1;
	}
}

/*
 * Reads a field that begins with a quote, undoubling quotes in place.
 * Returns the first byte behind it, or NULL when something follows the
 * closing quote.
 */
static char *
unquote(char *s, const char *end, char delimiter)
{
	char *to = s;

	for (s++; s < end; s++) {
		if (*s == '"') {
			if (s + 1 >= end || s[1] != '"')
				break;
			s++;
		}
		*to++ = *s;
	}
	s++;
	if (s < end && *s != delimiter)
		return NULL;
	*to = '\0';
	return s;
}

static int
split_record(struct csv_reader *csv, char *s, size_t len, size_t *count,
	struct err *err)
{
	char *end = s + len;
	char delimiter = csv->delimiter;

	*count = 0;
	*end = '\0';
	if (len == 0)
		return 0;
	for (;;) {
		char *field = s;

		if (*count == CSV_FIELDS_MAX)
			return err_set(err, ERR_DATA,
				"%s:%ld: more than %d fields in one record",
				csv->path, csv->line, CSV_FIELDS_MAX);
		if (*s == '"') {
			s = unquote(s, end, delimiter);
		} else {
			/* fields are too short for strcspn to pay */
			while (*s && *s != delimiter && *s != '"')
				s++;
			if (*s == '"')
				s = NULL;
		}
		if (!s)
			return err_set(err, ERR_DATA,
				"%s:%ld: field %zu has a quote (\") in its "
				"middle; put the whole field in quotes and "
				"double the one inside",
				csv->path, csv->line, *count + 1);
		csv->fields = mem_grow(csv->fields, *count, &csv->fields_cap,
			sizeof *csv->fields);
		csv->fields[(*count)++] = field;
		if (s >= end)
			break;
		*s++ = '\0';
	}
	return 0;
}

int
csv_next(struct csv_reader *csv, struct csv_record *out, struct err *err)
{
	size_t len, next, bad;
	long lines = 0;
	char *s;
	int rc = find_record(csv, &len, &next, err);

	if (rc <= 0)
		return rc;
	if (len > CSV_RECORD_MAX)
		return too_long(csv, err);
	s = csv->in.data + csv->from;
	bad = str_utf8_bad(s, len);
	if (bad < len)
		return err_set(err, ERR_DATA, "%s:%ld: %s", csv->path,
			csv->line,
			s[bad] == '\0'
				? "a NUL byte; this is not a text file"
				: "not UTF-8; save the file as \"CSV UTF-8\" "
				  "and try again");
	for (size_t i = 0; i < next; i++)
		lines += s[i] == '\n';
	if (split_record(csv, s, len, &out->count, err) < 0)
		return -1;
	out->line = csv->line;
	out->fields = csv->fields;
	csv->line += lines;
	csv->from += next;
	return 1;
}

/* Bytes that neither end a text nor may need quotes, whatever the delimiter:
 * one look at each is enough for nearly all that is written. */
static size_t
plain_run(const char *text)
{
	static const bool stops[UCHAR_MAX + 1] = {
		['\0'] = true,
		['\t'] = true,
		['\n'] = true,
		['\r'] = true,
		['"'] = true,
		[','] = true,
		[';'] = true,
	};
	size_t n = 0;

	while (!stops[(unsigned char)text[n]])
		n++;
	return n;
}

static void
add_quoted(struct buf *out, const char *guard, const char *text)
{
	buf_putc(out, '"');
	buf_puts(out, guard);
	for (;;) {
		size_t n = strcspn(text, "\"");

		buf_add(out, text, n);
		if (!text[n])
			break;
		buf_puts(out, "\"\"");
		text += n + 1;
	}
	buf_putc(out, '"');
}

static void
add_field(struct buf *out, const char *guard, const char *text, char delimiter)
{
	const char special[] = {delimiter, '"', '\n', '\r', '\0'};
	size_t n = plain_run(text);

	if (text[n])
		n += strcspn(text + n, special);
	if (text[n]) {
		add_quoted(out, guard, text);
		return;
	}
	if (*guard)
		buf_puts(out, guard);
	buf_add(out, text, n);
}

void
csv_add_field(struct buf *out, const char *text, char delimiter)
{
	add_field(out, "", text, delimiter);
}

static bool
needs_guard(const char *text)
{
	while (*text == '\'')
		text++;
	switch (*text) {
	case '=':
	case '+':
	case '-':
	case '@':
	case '\t':
	case '\r':
		return true;
	default:
		return false;
	}
}

void
csv_add_guarded(struct buf *out, const char *text, char delimiter)
{
	add_field(out, needs_guard(text) ? "'" : "", text, delimiter);
}

const char *
csv_unguard(const char *text)
{
	return *text == '\'' && needs_guard(text) ? text + 1 : text;
}
