#include "base/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
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
	char line_end;
	bool utf8_only; /* opened without a word on encodings */
	enum encoding encoding;
	struct encoding_reader *decoder; /* NULL for UTF-8 */
	int64_t size;			 /* of the file; 0: not known */
	int64_t taken;			 /* read from fd */
	bool at_end;			 /* nothing more to read from fd */
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

/* Reads up to a block into b. Returns 1, 0 at the end, -1. */
static int
read_bytes(struct csv_reader *csv, struct buf *b, struct err *err)
{
	ssize_t n;

	do
		n = read(csv->fd, buf_reserve(b, BLOCK), BLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set(err, ERR_IO, "%s: cannot read: %s", csv->path,
			strerror(errno));
	if (n == 0) {
		csv->at_end = true;
		return 0;
	}
	buf_commit(b, (size_t)n);
	csv->taken += n;
	return 1;
}

/* The same where the bytes are not UTF-8 yet. At the end there may be one
 * byte more. */
static int
read_encoded(struct csv_reader *csv, struct err *err)
{
	size_t before = csv->in.len;
	struct buf bytes = {0};
	int rc = read_bytes(csv, &bytes, err);

	if (rc > 0)
		encoding_add(csv->decoder, bytes.data, bytes.len, &csv->in);
	if (rc == 0)
		encoding_finish(csv->decoder, &csv->in);
	buf_release(&bytes);
	return rc < 0 ? -1 : rc > 0 || csv->in.len > before;
}

/* Reads one more block behind what is there. Returns 1, 0 at the end, -1. */
static int
read_block(struct csv_reader *csv, struct err *err)
{
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
	return csv->decoder ? read_encoded(csv, err)
			    : read_bytes(csv, &csv->in, err);
}

/* Reads the first block whole: it says how the file is written. */
static int
read_start(struct csv_reader *csv, struct err *err)
{
	int rc;

	do
		rc = read_block(csv, err);
	while (rc > 0 && csv->in.len < BLOCK);
	return rc < 0 ? -1 : 0;
}

/* Goes over to the encoding of the file: what was read is turned into
 * UTF-8. */
static int
begin_decoding(struct csv_reader *csv, struct err *err)
{
	struct buf raw = csv->in;

	if (encoding_open(csv->encoding, &csv->decoder, err) < 0)
		return err_prefix(err, "%s:1", csv->path);
	csv->in = (struct buf){0};
	encoding_add(csv->decoder, raw.data + csv->from, raw.len - csv->from,
		&csv->in);
	if (csv->at_end)
		encoding_finish(csv->decoder, &csv->in);
	csv->from = 0;
	buf_release(&raw);
	return 0;
}

/* Finds out the encoding by the first bytes, and skips its mark. */
static int
settle_encoding(struct csv_reader *csv, enum encoding told, struct err *err)
{
	int rc = encoding_settle(told, buf_str(&csv->in), csv->in.len,
		&csv->encoding, &csv->from, err);

	if (csv->utf8_only && (rc < 0 || csv->encoding != ENCODING_UTF_8))
		return err_set(err, ERR_DATA,
			"%s:1: the file is UTF-16; save it as "
			"\"CSV UTF-8\" and try again",
			csv->path);
	if (rc < 0)
		return err_prefix(err, "%s:1", csv->path);
	return csv->encoding == ENCODING_UTF_8 ? 0 : begin_decoding(csv, err);
}

/* Lines end in CR where the first block has CR, and no LF, outside quotes. */
static char
guess_line_end(const char *s, size_t len)
{
	bool quoted = false, cr = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '\n' && !quoted)
			return '\n';
		else if (s[i] == '\r' && !quoted && i + 1 < len)
			cr = cr || s[i + 1] != '\n';
	}
	return cr ? '\r' : '\n';
}

static char
guess_delimiter(const char *s, size_t len, char line_end)
{
	static const char candidates[] = ",;\t";
	size_t counts[3] = {0};
	bool quoted = false;
	size_t best = 0;

	for (size_t i = 0; i < len && (quoted || s[i] != line_end); i++) {
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

/*
 * Takes Excel's first line `sep=;` off and says what stands in it. Returns 1,
 * 0 when there is none, -1.
 */
static int
take_sep_line(struct csv_reader *csv, char *out, struct err *err)
{
	const char *s = buf_str(&csv->in) + csv->from;
	size_t n = csv->in.len - csv->from;

	if (n < 5 || strncasecmp(s, "sep=", 4) != 0)
		return 0;
	if (!strchr(",;\t", s[4]) || (n > 5 && s[5] != '\r' && s[5] != '\n'))
		return err_set(err, ERR_DATA,
			"%s:1: the delimiter that the first line says is none "
			"of , ; and tab; save the file with one of these",
			csv->path);
	*out = s[4];
	n = 5 + strcspn(s + 5, (char[]){csv->line_end, '\0'});
	csv->from += n + (s[n] != '\0');
	csv->line++;
	return 1;
}

static int
settle_delimiter(struct csv_reader *csv, char told, struct err *err)
{
	char said = '\0';

	if (take_sep_line(csv, &said, err) < 0)
		return -1;
	if (told && said && told != said)
		return err_set(err, ERR_DATA,
			"%s:1: the first line says another delimiter than the "
			"one that is wanted; delete it, or save the file anew",
			csv->path);
	csv->delimiter = told ? told : said;
	if (!csv->delimiter)
		csv->delimiter = guess_delimiter(buf_str(&csv->in) + csv->from,
			csv->in.len - csv->from, csv->line_end);
	return 0;
}

static int
open_file(struct csv_reader *csv, const char *path, struct err *err)
{
	struct stat st;

	csv->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (csv->fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
			"%s: cannot read: %s", csv->path, strerror(errno));
	if (fstat(csv->fd, &st) < 0 || S_ISDIR(st.st_mode))
		return err_set(err, ERR_DATA, "%s: not a file", csv->path);
	csv->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	return 0;
}

static int
start(struct csv_reader *csv, const char *path, char delimiter,
	enum encoding told, struct err *err)
{
	if (open_file(csv, path, err) < 0 || read_start(csv, err) < 0 ||
		settle_encoding(csv, told, err) < 0)
		return -1;
	csv->line_end = guess_line_end(
		buf_str(&csv->in) + csv->from, csv->in.len - csv->from);
	return settle_delimiter(csv, delimiter, err);
}

static int
open_reader(const char *path, const char *shown, char delimiter,
	enum encoding told, bool utf8_only, struct csv_reader **out,
	struct err *err)
{
	struct csv_reader *csv = mem_zalloc(sizeof *csv);

	csv->path = mem_strdup(shown);
	csv->line = 1;
	csv->utf8_only = utf8_only;
	if (start(csv, path, delimiter, told, err) < 0) {
		csv_close(csv);
		return -1;
	}
	*out = csv;
	return 0;
}

int
csv_open(const char *path, const char *shown, char delimiter,
	struct csv_reader **out, struct err *err)
{
	return open_reader(
		path, shown, delimiter, ENCODING_NOT_TOLD, true, out, err);
}

int
csv_open_encoded(const char *path, const char *shown, char delimiter,
	enum encoding told, struct csv_reader **out, struct err *err)
{
	return open_reader(path, shown, delimiter, told, false, out, err);
}

void
csv_close(struct csv_reader *csv)
{
	if (!csv)
		return;
	if (csv->fd >= 0)
		close(csv->fd);
	encoding_close(csv->decoder);
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
		const char *s = buf_str(&csv->in) + csv->from;
		size_t have = csv->in.len - csv->from;
		int rc;

		for (; at < have; at++) {
			if (s[at] == '"')
				quoted = !quoted;
			else if (s[at] == csv->line_end && !quoted) {
				*len = at > 0 && s[at] == '\n' &&
						       s[at - 1] == '\r'
					       ? at - 1
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

static int
say_bad_text(const struct csv_reader *csv, char bad, struct err *err)
{
	if (bad == '\0')
		return err_set(err, ERR_DATA,
			"%s:%ld: a NUL byte; this is not a text file",
			csv->path, csv->line);
	if (csv->encoding != ENCODING_UTF_8)
		return err_set(err, ERR_DATA,
			"%s:%ld: not %s; save the file as \"CSV UTF-8\", or "
			"say "
			"another --encoding",
			csv->path, csv->line, encoding_name(csv->encoding));
	if (csv->utf8_only)
		return err_set(err, ERR_DATA,
			"%s:%ld: not UTF-8; save the file as \"CSV UTF-8\" and "
			"try again",
			csv->path, csv->line);
	return err_set(err, ERR_DATA,
		"%s:%ld: not UTF-8; save the file as \"CSV UTF-8\", or say "
		"what it is: --encoding windows-1252 (western Europe), "
		"--encoding windows-1256 (Persian, Arabic)",
		csv->path, csv->line);
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
		return say_bad_text(csv, s[bad], err);
	for (size_t i = 0; i < next; i++)
		lines += s[i] == csv->line_end;
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
