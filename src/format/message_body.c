#include "format/message_body.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <gmime/gmime.h>

#include "base/str.h"

enum {
	LINE_7BIT_MAX = 78,  /* RFC 5322 2.1.1 */
	LINE_QP_MAX = 75,    /* RFC 2045 6.7, but the "=" of a soft break */
	LINE_BASE64_IN = 57, /* makes 76, RFC 2045 6.8 */
};

/* What decides about the encoding. */
struct shape {
	size_t len;
	size_t high;  /* bytes that are not ASCII */
	size_t lines; /* line feeds */
	bool fragile; /* a line is too long for 7bit or could be changed */
};

static size_t
count_high(const char *s, size_t len)
{
	static const uint64_t each = UINT64_C(0x0101010101010101);
	size_t count = 0;
	uint64_t word;

	/* Eight at a time, for every byte of every letter passes here: the
	 * product's first byte is the sum of the eight top bits. */
	for (; len >= sizeof word; s += sizeof word, len -= sizeof word) {
		memcpy(&word, s, sizeof word);
		count += (word >> 7 & each) * each >> 56;
	}
	for (; len > 0; s++, len--)
		count += (unsigned char)*s >> 7;
	return count;
}

/* Relays may cut blanks at the end of a line, the mbox format makes "From "
 * into ">From ", "--=_" may be a boundary. */
static bool
is_fragile_line(const char *s, size_t len)
{
	return len > LINE_7BIT_MAX ||
	       (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t')) ||
	       str_starts(s, "From ") || str_starts(s, "--=_");
}

static struct shape
measure(const char *text)
{
	struct shape shape = {.len = strlen(text)};
	const char *s = text, *end = text + shape.len, *lf;

	shape.high = count_high(text, shape.len);
	while ((lf = memchr(s, '\n', (size_t)(end - s)))) {
		shape.fragile =
			shape.fragile || is_fragile_line(s, (size_t)(lf - s));
		shape.lines++;
		s = lf + 1;
	}
	shape.fragile = shape.fragile || is_fragile_line(s, (size_t)(end - s));
	return shape;
}

static void
add_crlf_lines(const char *s, const struct shape *shape, struct buf *out)
{
	const char *end = s + shape->len, *lf;
	char *to = buf_reserve(out, shape->len + shape->lines);

	while ((lf = memchr(s, '\n', (size_t)(end - s)))) {
		to = mempcpy(to, s, (size_t)(lf - s));
		to = mempcpy(to, "\r\n", 2);
		s = lf + 1;
	}
	memcpy(to, s, (size_t)(end - s));
	buf_commit(out, shape->len + shape->lines);
}

/* How many bytes may stand as they are, room at most. A blank may not end a
 * line. */
static size_t
qp_run(const char *s, const char *end, size_t room)
{
	size_t len = (size_t)(end - s), n = 0;

	if (len > room)
		len = room;
	while (n < len &&
		((s[n] >= ' ' && s[n] <= '~' && s[n] != '=') || s[n] == '\t'))
		n++;
	if (n > 0 && s + n == end && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

/*
 * By hand because GMime's encoder leaves "From " as it is, knows only LF and
 * takes longer than all the rest of a message.
 */
static char *
qp_line(const char *s, const char *end, char *to)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t column = 0;

	while (s < end) {
		size_t n = qp_run(s, end, LINE_QP_MAX - column);

		if (column == 0 && str_starts(s, "From "))
			n = 0;
		to = mempcpy(to, s, n);
		s += n;
		column += n;
		if (column + 3 > LINE_QP_MAX && s < end) {
			to = mempcpy(to, "=\r\n", 3);
			column = 0;
		} else if (s < end) {
			*to++ = '=';
			*to++ = hex[(unsigned char)*s >> 4];
			*to++ = hex[*s++ & 15];
			column += 3;
		}
	}
	return to;
}

static void
add_quoted_printable(const char *s, const struct shape *shape, struct buf *out)
{
	const char *end = s + shape->len, *lf;
	/* Three for each byte, and a soft break for every 73 of those. */
	char *start = buf_reserve(out, shape->len * 4 + shape->lines);
	char *to = start;

	while ((lf = memchr(s, '\n', (size_t)(end - s)))) {
		to = qp_line(s, lf, to);
		to = mempcpy(to, "\r\n", 2);
		s = lf + 1;
	}
	to = qp_line(s, end, to);
	buf_commit(out, (size_t)(to - start));
}

void
message_body_base64(const void *data, size_t len, struct buf *out)
{
	const unsigned char *s = data;
	size_t lines = len / LINE_BASE64_IN + 1;
	unsigned char *start, *to;
	guint32 save = 0;
	int state = 0;

	start = to = (unsigned char *)buf_reserve(out, lines * 78 + 8);
	for (; len > LINE_BASE64_IN; len -= LINE_BASE64_IN) {
		to += g_mime_encoding_base64_encode_step(
			s, LINE_BASE64_IN, to, &state, &save);
		/* GMime ended the line with LF. */
		to[-1] = '\r';
		*to++ = '\n';
		s += LINE_BASE64_IN;
	}
	if (len > 0) {
		to += g_mime_encoding_base64_encode_close(
			s, len, to, &state, &save);
		to--;
	}
	buf_commit(out, (size_t)(to - start));
}

static void
add_base64_text(const char *s, const struct shape *shape, struct buf *out)
{
	struct buf crlf = {0};

	add_crlf_lines(s, shape, &crlf);
	message_body_base64(crlf.data, crlf.len, out);
	buf_release(&crlf);
}

/* CR LF and CR become LF. */
static const char *
without_cr(const char *text, struct buf *copy)
{
	if (!strchr(text, '\r'))
		return text;
	for (const char *s = text; *s; s++)
		if (*s != '\r')
			buf_putc(copy, *s);
		else if (s[1] != '\n')
			buf_putc(copy, '\n');
	return copy->data;
}

void
message_body_text(const char *subtype, const char *text, struct buf *out)
{
	struct buf copy = {0};
	const char *lf_text = without_cr(text, &copy);
	struct shape shape = measure(lf_text);
	const char *encoding = "quoted-printable";
	void (*add)(const char *, const struct shape *, struct buf *) =
		add_quoted_printable;

	if (shape.high > shape.len / 6) { /* 3 for 1 is more than 4 for 3 */
		encoding = "base64";
		add = add_base64_text;
	} else if (shape.high == 0 && !shape.fragile) {
		encoding = "7bit";
		add = add_crlf_lines;
	}
	buf_puts(out, "Content-Type: text/");
	buf_puts(out, subtype);
	buf_puts(out, "; charset=utf-8\r\nContent-Transfer-Encoding: ");
	buf_puts(out, encoding);
	buf_puts(out, "\r\n\r\n");
	add(lf_text, &shape, out);
	buf_release(&copy);
}
