#include "base/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	WIDEST = 3 /* bytes of UTF-8 for one byte, or two of UTF-16, at most */
};

static const struct {
	const char *name;
	const char *iconv_name;
	size_t unit; /* bytes that are passed over where they mean nothing */
	const char *mark;
} encodings[] = {
	[ENCODING_UTF_8] = {"utf-8", "UTF-8", 1, "\xEF\xBB\xBF"},
	[ENCODING_UTF_16] = {"utf-16", NULL, 2, NULL},
	[ENCODING_UTF_16LE] = {"utf-16le", "UTF-16LE", 2, "\xFF\xFE"},
	[ENCODING_UTF_16BE] = {"utf-16be", "UTF-16BE", 2, "\xFE\xFF"},
	[ENCODING_WINDOWS_1256] = {"windows-1256", "CP1256", 1, NULL},
	[ENCODING_WINDOWS_1252] = {"windows-1252", "CP1252", 1, NULL},
	[ENCODING_LATIN_1] = {"latin-1", "ISO-8859-1", 1, NULL},
};

enum {
	ENCODING_COUNT = sizeof encodings / sizeof *encodings
};

struct encoding_reader {
	iconv_t iconv;
	size_t unit;
	struct buf waiting; /* bytes that are not turned yet */
};

const char *
encoding_name(enum encoding encoding)
{
	return encodings[encoding].name;
}

int
encoding_parse(const char *name, enum encoding *out, struct err *err)
{
	for (int i = ENCODING_UTF_8; i < ENCODING_COUNT; i++) {
		if (str_ieq(name, encodings[i].name)) {
			*out = (enum encoding)i;
			return 0;
		}
	}
	return err_set(err, ERR_USAGE,
		"there is no encoding \"%.40s\"; say utf-8, utf-16, utf-16le, "
		"utf-16be, windows-1256, windows-1252 or latin-1",
		name);
}

/* What the mark says, ENCODING_NOT_TOLD without one. */
static enum encoding
find_mark(const char *start, size_t len)
{
	for (int i = ENCODING_UTF_8; i < ENCODING_COUNT; i++) {
		const char *mark = encodings[i].mark;

		if (mark && len >= strlen(mark) &&
			memcmp(start, mark, strlen(mark)) == 0)
			return (enum encoding)i;
	}
	return ENCODING_NOT_TOLD;
}

/* UTF-16 without a mark: the first character of a list is ASCII. */
static enum encoding
find_wide(const char *start, size_t len)
{
	if (len < 2 || !start[0] == !start[1])
		return ENCODING_NOT_TOLD;
	return start[0] ? ENCODING_UTF_16LE : ENCODING_UTF_16BE;
}

int
encoding_settle(enum encoding told, const char *start, size_t len,
	enum encoding *out, size_t *mark, struct err *err)
{
	enum encoding marked = find_mark(start, len);
	enum encoding wide = find_wide(start, len);
	bool any = told == ENCODING_NOT_TOLD ||
		   (told == ENCODING_UTF_16 && marked != ENCODING_UTF_8);

	*mark = marked ? strlen(encodings[marked].mark) : 0;
	if (marked && marked != told && !any)
		return err_set(err, ERR_DATA,
			"the file begins with the mark of %s, so it is not %s; "
			"leave --encoding out",
			encodings[marked].name, encodings[told].name);
	if (!marked && any && wide)
		return err_set(err, ERR_DATA,
			"UTF-16 without the mark that says its byte order; say "
			"--encoding %s",
			encodings[wide].name);
	if (!marked && told == ENCODING_UTF_16)
		return err_set(err, ERR_DATA,
			"UTF-16 without the mark that says its byte order; say "
			"--encoding utf-16le or utf-16be");
	*out = marked ? marked : told ? told : ENCODING_UTF_8;
	return 0;
}

int
encoding_open(
	enum encoding encoding, struct encoding_reader **out, struct err *err)
{
	struct encoding_reader *r = mem_zalloc(sizeof *r);

	*out = r;
	r->unit = encodings[encoding].unit;
	r->iconv = iconv_open("UTF-8", encodings[encoding].iconv_name);
	if (r->iconv != (iconv_t)-1)
		return 0;
	free(r);
	*out = NULL;
	return err_set(err, ERR_CONFIG,
		"this system cannot read %s; save the file as UTF-8",
		encodings[encoding].name);
}

void
encoding_add(struct encoding_reader *r, const char *bytes, size_t len,
	struct buf *out)
{
	char *from;
	size_t left;

	buf_add(&r->waiting, bytes, len);
	from = r->waiting.data;
	left = r->waiting.len;
	while (left >= r->unit) {
		size_t room = left * WIDEST;
		char *start = buf_reserve(out, room);
		char *to = start;
		size_t rc = iconv(r->iconv, &from, &left, &to, &room);

		buf_commit(out, (size_t)(to - start));
		if (rc != (size_t)-1 || errno == EINVAL)
			break;
		if (errno == EILSEQ && left >= r->unit) {
			buf_putc(out, '\xFF');
			from += r->unit;
			left -= r->unit;
		}
	}
	if (left > 0)
		memmove(r->waiting.data, from, left);
	r->waiting.len = left;
}

void
encoding_finish(struct encoding_reader *r, struct buf *out)
{
	if (r->waiting.len > 0)
		buf_putc(out, '\xFF');
	buf_reset(&r->waiting);
}

void
encoding_close(struct encoding_reader *r)
{
	if (!r)
		return;
	iconv_close(r->iconv);
	buf_release(&r->waiting);
	free(r);
}
