#include "core/fold.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>
#include <unictype.h>
#include <uniwidth.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

/* libunistring gives NULL only when memory is out, for texts are well-formed
 * before they come to it. */
static uint8_t *
need(uint8_t *p)
{
	if (!p)
		abort();
	return p;
}

static bool
is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* A copy in which bytes that are not UTF-8 are U+FFFD. */
static char *
well_formed(const char *text, size_t *len)
{
	struct buf b = {0};
	size_t left = strlen(text);

	for (;;) {
		size_t good = str_utf8_bad(text, left);

		buf_add(&b, text, good);
		if (good == left)
			break;
		buf_puts(&b, "\uFFFD");
		text += good + 1;
		left -= good + 1;
	}
	*len = b.len;
	return buf_take(&b);
}

/* Folds one ASCII character: a letter, a digit, a mathematical or currency
 * sign, or a blank. */
static char
fold_ascii(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c;
	if (c >= 'A' && c <= 'Z')
		return str_lower(c);
	if (strchr("$+<=>|~", c))
		return c;
	return ' ';
}

/* The quick path: most names of a list are ASCII. */
static char *
fold_ascii_name(const char *text)
{
	char *out = mem_zalloc(strlen(text) + 1);
	size_t n = 0;

	for (; *text; text++) {
		char c = fold_ascii(*text);

		if (c != ' ' || (n > 0 && out[n - 1] != ' '))
			out[n++] = c;
	}
	if (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

/*
 * Marks that one writer sets and another leaves out. Marks of other scripts
 * (Devanagari, Thai ...) are vowels there, and stay.
 */
static bool
is_optional_mark(ucs4_t c)
{
	static const struct {
		ucs4_t first, last;
	} ranges[] = {
		{0x0300, 0x036F}, /* Latin, Greek, Cyrillic */
		{0x0483, 0x0487}, /* Cyrillic titlo ... */
		{0x0591, 0x05BD}, /* Hebrew points */
		{0x05BF, 0x05BF},
		{0x05C1, 0x05C2},
		{0x05C4, 0x05C5},
		{0x05C7, 0x05C7},
		{0x0610, 0x061A}, /* Arabic honorifics, vowels, hamza, madda */
		{0x064B, 0x065F},
		{0x0670, 0x0670},
		{0x06D6, 0x06DC},
		{0x06DF, 0x06E4},
		{0x06E7, 0x06E8},
		{0x06EA, 0x06ED},
		{0x0711, 0x0711}, /* Syriac */
		{0x0730, 0x074A},
		{0x08CA, 0x08E1}, /* Arabic, Koran */
		{0x08E3, 0x08FF},
		{0x1AB0, 0x1AFF}, /* more of the first kind */
		{0x1DC0, 0x1DFF},
		{0x20D0, 0x20FF},
		{0xFE20, 0xFE2F},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Letters that stand for another one in somebody's keyboard; NULL for the
 * rest. Decomposed and case-folded before, so hamza and madda are gone. */
static const char *
other_letter(ucs4_t c)
{
	switch (c) {
	case 0x00E6: /* ae */
		return "ae";
	case 0x00F0: /* eth */
	case 0x0111: /* d with stroke: Vietnamese, Croatian, Sami */
		return "d";
	case 0x00F8: /* o with stroke */
		return "o";
	case 0x00FE: /* thorn */
		return "th";
	case 0x0127: /* h with stroke */
		return "h";
	case 0x0131: /* Turkish dotless i */
		return "i";
	case 0x0142: /* l with stroke */
		return "l";
	case 0x0153: /* oe */
		return "oe";
	case 0x0167: /* t with stroke */
		return "t";
	case 0x0671: /* alef wasla */
		return "\u0627";
	case 0x0643: /* Arabic kaf */
	case 0x06AA: /* swash kaf */
		return "\u06A9";
	case 0x0649: /* alef maksura */
	case 0x064A: /* Arabic yeh */
		return "\u06CC";
	case 0x0629: /* teh marbuta */
	case 0x06C1: /* Urdu heh */
	case 0x06C3: /* Urdu teh marbuta */
	case 0x06D5: /* Kurdish ae; what is left of heh with yeh above */
		return "\u0647";
	default:
		return NULL;
	}
}

static bool
is_ignored(ucs4_t c)
{
	return c == 0x0640 /* tatweel */ || is_optional_mark(c) ||
	       uc_is_general_category(c, UC_CATEGORY_Cf) ||
	       uc_is_property_default_ignorable_code_point(c);
}

static bool
is_separator(ucs4_t c)
{
	/* apostrophes that are letters by category: the same name is also
	 * typed with U+0027 or U+2019 */
	if (c >= 0x02B9 && c <= 0x02BF)
		return true;
	return uc_is_general_category_withtable(
		c, UC_CATEGORY_MASK_P | UC_CATEGORY_MASK_Z |
			   UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Sk);
}

static void
add_blank(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] != ' ')
		buf_putc(b, ' ');
}

static void
add_folded(struct buf *b, ucs4_t c, const uint8_t *bytes, size_t len)
{
	const char *other;
	int digit;

	if (c < 0x80) {
		char a = fold_ascii((char)c);

		if (a == ' ')
			add_blank(b);
		else
			buf_putc(b, a);
		return;
	}
	if (is_ignored(c))
		return;
	other = other_letter(c);
	digit = other ? -1 : uc_decimal_value(c);
	if (other)
		buf_puts(b, other);
	else if (digit >= 0)
		buf_putc(b, (char)('0' + digit));
	else if (is_separator(c))
		add_blank(b);
	else
		buf_add(b, bytes, len);
}

/* Decomposed, so that marks can be dropped one by one, and case-folded.
 * Compatibility forms come first, for some have capitals inside; folding what
 * is decomposed leaves it so. */
static uint8_t *
decompose(const char *text, size_t *len)
{
	size_t clean_len = 0, wide_len = 0;
	char *clean = well_formed(text, &clean_len);
	uint8_t *wide = need(u8_normalize(
		UNINORM_NFKD, (uint8_t *)clean, clean_len, NULL, &wide_len));
	uint8_t *folded =
		need(u8_casefold(wide, wide_len, NULL, NULL, NULL, len));

	free(clean);
	free(wide);
	return folded;
}

/* NFC of a well-formed text, as a string. */
static char *
compose(const char *text, size_t len)
{
	struct buf b = {0};
	size_t out_len = 0;
	uint8_t *out = need(u8_normalize(
		UNINORM_NFC, (const uint8_t *)text, len, NULL, &out_len));

	buf_add(&b, out, out_len);
	free(out);
	return buf_take(&b);
}

char *
fold_name(const char *text)
{
	struct buf b = {0};
	size_t len = 0;
	uint8_t *wide;
	char *out;

	if (is_ascii(text))
		return fold_ascii_name(text);
	wide = decompose(text, &len);
	for (size_t i = 0; i < len;) {
		ucs4_t c;
		int n = u8_mbtouc(&c, wide + i, len - i);

		add_folded(&b, c, wide + i, (size_t)n);
		i += (size_t)n;
	}
	if (b.len > 0 && b.data[b.len - 1] == ' ')
		b.len--;
	out = compose(buf_str(&b), b.len);
	free(wide);
	buf_release(&b);
	return out;
}

char *
fold_column(const char *text)
{
	char *folded = fold_name(text);

	for (char *c = folded; *c; c++)
		if (*c == '_')
			*c = ' ';
	return folded;
}

/* Why this character cannot stand in a value, or NULL. */
static const char *
say_character(unsigned c, bool multi_line)
{
	if (c == '\n' || c == '\r')
		return multi_line && c == '\n'
			       ? NULL
			       : "a line break (U+%04X); write one line";
	if (c == 0x2028 || c == 0x2029)
		return "a line break (U+%04X); delete it";
	if (c == '\t')
		return multi_line ? NULL : "a tab (U+%04X); write a blank";
	if (c < 0x20 || (c >= 0x7F && c <= 0x9F))
		return "a control character (U+%04X); delete it";
	if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
		return "a hidden direction control (U+%04X); delete it";
	if (c >= 0xE0000 && c <= 0xE007F)
		return "a hidden tag character (U+%04X); delete it";
	if ((c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE)
		return "U+%04X, which is no character; delete it";
	return NULL;
}

int
fold_check_text(const char *text, const char *what, size_t max_len,
	bool multi_line, struct err *err)
{
	size_t len = strlen(text);
	size_t count = 0;
	unsigned c;
	size_t n;

	if (str_utf8_bad(text, len) < len)
		return err_set(err, ERR_DATA,
			"%s is not UTF-8; save the file as UTF-8", what);
	for (; (n = str_utf8_next(text, &c)) > 0; text += n, count++) {
		const char *why = say_character(c, multi_line);

		if (why) {
			err_set(err, ERR_DATA, why, c);
			return err_prefix(err, "%s contains", what);
		}
	}
	if (count > max_len)
		return err_set(err, ERR_DATA,
			"%s has %zu characters; at most %zu are possible", what,
			count, max_len);
	return 0;
}

/* White space inside a line. */
static bool
is_blank(unsigned c)
{
	if (c < 0x80)
		return c == ' ' || c == '\t';
	return uc_is_general_category(c, UC_CATEGORY_Zs);
}

/* Adds one character of a tidy text; *gap says that blanks are due. */
static void
add_tidy(struct buf *b, unsigned c, const char *bytes, size_t n, bool *gap)
{
	if (is_blank(c)) {
		*gap = true;
		return;
	}
	/* white space at the beginning, and blanks at a line's end, go */
	if (n == 1 && str_is_space((char)c)) {
		*gap = false;
		if (b->len > 0)
			buf_putc(b, (char)c);
		return;
	}
	if (*gap && b->len > 0)
		buf_putc(b, ' ');
	*gap = false;
	buf_add(b, bytes, n);
}

/* Most text is: one word of ASCII after the other, with single blanks. */
static bool
is_tidy(const char *text)
{
	char before = ' ';

	for (; *text; before = *text++)
		if (*text < ' ' || *text == 0x7f ||
			(*text == ' ' && before == ' '))
			return false;
	return before != ' ';
}

static char *
tidy(const char *text)
{
	struct buf b = {0};
	size_t len = 0;
	char *clean = well_formed(text, &len);
	char *nfc = is_ascii(clean) ? clean : compose(clean, len);
	bool gap = false;
	unsigned c;
	size_t n;

	for (const char *s = nfc; (n = str_utf8_next(s, &c)) > 0; s += n) {
		if (c == '\r' && s[1] == '\n')
			continue;
		if (c == '\r')
			add_tidy(&b, '\n', "\n", 1, &gap);
		else
			add_tidy(&b, c, s, n, &gap);
	}
	while (b.len > 0 && str_is_space(b.data[b.len - 1]))
		b.len--;
	if (b.data)
		b.data[b.len] = '\0';
	if (nfc != clean)
		free(nfc);
	free(clean);
	return buf_take(&b);
}

char *
fold_tidy(const char *text)
{
	return is_tidy(text) ? mem_strdup(text) : tidy(text);
}

int
fold_width(const char *text)
{
	size_t len = strlen(text);
	char *clean =
		str_utf8_bad(text, len) < len ? well_formed(text, &len) : NULL;
	const char *s = clean ? clean : text;
	int width = u8_width((const uint8_t *)s, len, "UTF-8");

	free(clean);
	return width;
}
