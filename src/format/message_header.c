#include "format/message_header.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <gmime/gmime.h>

enum {
	FIELD_LINE_MAX = 76, /* RFC 2047 2; 78 where no word is encoded */
	ENCODED_MAX = 75,    /* one encoded word, RFC 2047 2 */
	PIECE_MAX = 900,     /* what cannot be folded is cut: 998 is the end */
	SHORT_MAX = 60,	     /* short enough for the line it begins on */
	SECTION_MAX = 45,    /* of a parameter, RFC 2231 3 */
	FRAME_LEN = 12,	     /* of an encoded word without its text */
	CHAR_COST_MAX = 12,  /* of one character in a Q word */
};

static const char HEX[] = "0123456789ABCDEF";

/* One field being written; start is where its last line begins in out. */
struct field {
	struct buf *out;
	size_t start;
};

static struct field
field_begin(struct buf *out, const char *name)
{
	struct field f = {out, out->len};

	buf_puts(out, name);
	buf_putc(out, ':');
	return f;
}

static void
field_end(struct field *f)
{
	buf_add(f->out, "\r\n", 2);
}

static void
fold(struct field *f)
{
	buf_add(f->out, "\r\n", 2);
	f->start = f->out->len;
}

static size_t
column(const struct field *f)
{
	return f->out->len - f->start;
}

/* Everything that is not an encoded word of ours passes through here, so no
 * CR, LF or 8-bit byte can. */
static void
add_ascii(struct buf *out, const char *s, size_t len)
{
	char *to = buf_reserve(out, len);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		to[i] = s[i];
		if (c < ' ' || c == 0x7f)
			to[i] = ' ';
		else if (c > 0x7f)
			to[i] = '?';
	}
	buf_commit(out, len);
}

/* The length of a run of blanks and the word behind it. */
static size_t
piece_len(const char *s)
{
	size_t blanks = strspn(s, " ");

	return blanks + strcspn(s + blanks, " ");
}

/* Adds text with a blank in front, folding before blanks and keeping them. */
static void
add_folded(struct field *f, const char *text)
{
	const char *s = text;

	while (*s) {
		size_t n = piece_len(s);
		bool first = s == text;

		if (n > PIECE_MAX)
			n = PIECE_MAX;
		if (column(f) + first + n > FIELD_LINE_MAX) {
			fold(f);
			first |= *s != ' ';
		}
		if (first)
			buf_putc(f->out, ' ');
		add_ascii(f->out, s, n);
		s += n;
	}
}

/* Bytes of the character at s; never past a NUL, whatever the bytes are. */
static size_t
char_len(const char *s)
{
	size_t n = 1;

	while (n < 4 && ((unsigned char)s[n] & 0xC0) == 0x80)
		n++;
	return n;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* What stands for itself in a Q word even inside a phrase, RFC 2047 5 (3). */
static bool
is_q_literal(char c)
{
	return is_alnum(c) || c == ' ' || c == '!' || c == '*' || c == '+' ||
	       c == '-' || c == '/';
}

static size_t
q_cost(const char *s, size_t len)
{
	size_t cost = 0;

	for (size_t i = 0; i < len; i++)
		cost += is_q_literal(s[i]) ? 1 : 3;
	return cost;
}

static void
add_escaped(struct buf *out, char mark, char c)
{
	unsigned char u = (unsigned char)c;

	buf_add(out, (char[]){mark, HEX[u >> 4], HEX[u & 15]}, 3);
}

/* Returns how many bytes of s went into the word. */
static size_t
add_q_word(struct buf *out, const char *s, size_t room)
{
	size_t n = 0, cost = 0;

	while (s[n]) {
		size_t next = char_len(s + n);

		cost += q_cost(s + n, next);
		if (cost > room)
			break;
		n += next;
	}
	buf_puts(out, "=?utf-8?Q?");
	for (size_t i = 0; i < n; i++) {
		if (s[i] == ' ')
			buf_putc(out, '_');
		else if (is_q_literal(s[i]))
			buf_putc(out, s[i]);
		else
			add_escaped(out, '=', s[i]);
	}
	buf_puts(out, "?=");
	return n;
}

/*
 * Only the last word may be padded: GMime (seen in 3.2.13) joins neighbouring
 * base64 words before it decodes them and stops at the first padding, which
 * would cut the subject short for whoever reads with it. So a word ends
 * where a character ends and three bytes are full. Returns 0, with nothing
 * added, when there is no such place; else as add_q_word.
 */
static size_t
add_b_word(struct buf *out, const char *s, size_t len, size_t room)
{
	unsigned char word[ENCODED_MAX + 8];
	size_t n = room / 4 * 3, size;
	guint32 save = 0;
	int state = 0;

	if (n >= len)
		n = len;
	else
		while (n > 0 && (n % 3 || ((unsigned char)s[n] & 0xC0) == 0x80))
			n--;
	if (n == 0)
		return 0;
	size = g_mime_encoding_base64_encode_close(
		(const unsigned char *)s, n, word, &state, &save);
	buf_puts(out, "=?utf-8?B?");
	buf_add(out, word, size - 1); /* but the line end */
	buf_puts(out, "?=");
	return n;
}

/* Adds text as encoded words, in whichever encoding is the shorter. */
static void
add_encoded(struct field *f, const char *text)
{
	size_t len = strlen(text);
	bool base64 = q_cost(text, len) > (len + 2) / 3 * 4;

	while (len > 0) {
		size_t used = column(f) + 1 + FRAME_LEN, n = 0;

		if (used + CHAR_COST_MAX > FIELD_LINE_MAX) {
			fold(f);
			used = 1 + FRAME_LEN;
		}
		buf_putc(f->out, ' ');
		if (base64)
			n = add_b_word(
				f->out, text, len, FIELD_LINE_MAX - used);
		if (n == 0)
			n = add_q_word(f->out, text, FIELD_LINE_MAX - used);
		text += n;
		len -= n;
		if (len > 0)
			fold(f);
	}
}

/* Printable ASCII that no reader takes for an encoded word; clean text has
 * no controls left. */
static bool
is_plain(const char *s)
{
	if (strstr(s, "=?"))
		return false;
	while (*s && (unsigned char)*s < 0x7f)
		s++;
	return *s == '\0';
}

/* Whether the text can be folded, and need not be right behind the name. */
static bool
is_foldable(const char *s)
{
	while (*s) {
		size_t n = piece_len(s);

		if (n > SHORT_MAX)
			return false;
		s += n;
	}
	return true;
}

/* Words of atext and single blanks between them, RFC 5322 3.2.3. */
static bool
is_atoms(const char *s)
{
	for (; *s; s++) {
		if (*s == ' ' && s[1] != ' ')
			continue;
		if (!is_alnum(*s) && !is_one_of(*s, "!#$%&'*+-/=?^_`{|}~"))
			return false;
	}
	return true;
}

static void
add_quoted(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_putc(out, '\\');
		add_ascii(out, s, 1);
	}
	buf_putc(out, '"');
}

/* A clean display name. */
static void
add_phrase(struct field *f, const char *name, size_t len)
{
	if (!is_plain(name) || len > SHORT_MAX) {
		add_encoded(f, name);
	} else if (is_atoms(name)) {
		add_folded(f, name);
	} else {
		buf_putc(f->out, ' ');
		add_quoted(f->out, name);
	}
}

static bool
is_control(const unsigned char *s, size_t *len)
{
	*len = 1;
	if (s[0] < ' ' || s[0] == 0x7f)
		return true;
	*len = 2;
	if (s[0] == 0xC2 && s[1] >= 0x80 && s[1] <= 0x9F)
		return true;
	*len = 3; /* U+2028, U+2029 */
	return s[0] == 0xE2 && s[1] == 0x80 && (s[2] & 0xFE) == 0xA8;
}

void
message_header_clean(const char *text, struct buf *out)
{
	char *to = buf_reserve(out, strlen(text));
	char *end = to;

	while (*text) {
		size_t n;
		char c = *text;

		if (is_control((const unsigned char *)text, &n))
			c = ' ';
		else
			n = 1;
		if (c != ' ' || end > to)
			*end++ = c;
		text += n;
	}
	while (end > to && end[-1] == ' ')
		end--;
	buf_commit(out, (size_t)(end - to));
}

void
message_header_field(const char *name, const char *value, struct buf *out)
{
	struct field f = field_begin(out, name);

	add_folded(&f, value);
	field_end(&f);
}

void
message_header_text(const char *name, const char *text, struct buf *out)
{
	struct field f = field_begin(out, name);
	struct buf clean = {0};

	message_header_clean(text, &clean);
	if (is_plain(clean.data) && is_foldable(clean.data))
		add_folded(&f, clean.data);
	else
		add_encoded(&f, clean.data);
	field_end(&f);
	buf_release(&clean);
}

void
message_header_mailbox(const char *name, const char *display,
	const char *address, struct buf *out)
{
	struct field f = field_begin(out, name);
	struct buf clean = {0};

	message_header_clean(display ? display : "", &clean);
	if (clean.len == 0) {
		add_folded(&f, address);
	} else {
		add_phrase(&f, clean.data, clean.len);
		buf_reset(&clean);
		buf_printf(&clean, "<%s>", address);
		add_folded(&f, clean.data);
	}
	field_end(&f);
	buf_release(&clean);
}

void
message_header_date(int64_t unix_s, struct buf *out)
{
	/* Not strftime: its names are the locale's. */
	static const char *const days[] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t t = unix_s;
	struct tm tm = {.tm_mday = 1};

	gmtime_r(&t, &tm);
	buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static bool
is_quotable(const char *s)
{
	return is_plain(s) && !strpbrk(s, "\"\\%") && strlen(s) <= SHORT_MAX;
}

/* attribute-char, RFC 5987 3.2.1. */
static bool
is_attribute_char(char c)
{
	return is_alnum(c) || is_one_of(c, "!#$&+-.^_`|~");
}

static void
percent_encode(const char *s, struct buf *out)
{
	for (; *s; s++) {
		if (is_attribute_char(*s))
			buf_putc(out, *s);
		else
			add_escaped(out, '%', *s);
	}
}

/* RFC 2231: name*=utf-8''..., in numbered sections when it is long. */
static void
add_extended(struct buf *out, const char *name, const char *value)
{
	struct buf encoded = {0};
	const char *s, *end;

	percent_encode(value, &encoded);
	s = buf_str(&encoded);
	end = s + encoded.len;
	if (encoded.len <= SECTION_MAX)
		buf_printf(out, ";\r\n %s*=utf-8''%s", name, s);
	for (int i = 0; encoded.len > SECTION_MAX && s < end; i++) {
		size_t n = (size_t)(end - s);

		if (n > SECTION_MAX) {
			n = SECTION_MAX;
			while (s[n - 1] == '%' || s[n - 2] == '%')
				n--;
		}
		buf_printf(out, ";\r\n %s*%d*=%s%.*s", name, i,
			i ? "" : "utf-8''", (int)n, s);
		s += n;
	}
	buf_release(&encoded);
}

void
message_header_param(const char *name, const char *value, struct buf *out)
{
	struct buf clean = {0};

	message_header_clean(value, &clean);
	if (is_quotable(clean.data)) {
		buf_printf(out, ";\r\n %s=", name);
		add_quoted(out, clean.data);
	} else {
		add_extended(out, name, clean.data);
	}
	buf_release(&clean);
}
