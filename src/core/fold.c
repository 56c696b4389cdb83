#include "core/fold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unigbrk.h>
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
	return c == '$' || c == '+' || (c >= '<' && c <= '>') || c == '|' ||
			       c == '~'
		       ? c
		       : ' ';
}

/*
 * Characters of the scripts that are usual in lists which are in NFC whatever
 * stands beside them, are no blanks, and may stand in a name: each is composed
 * already or cannot be, and none combines with what is before it.
 */
static bool
is_plain(unsigned c)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{0x00A1, 0x02FF}, /* Latin */
		{0x0621, 0x064A}, /* Arabic */
		{0x0671, 0x06D5},
		{0x06F0, 0x06FF},
		{0x0660, 0x066F},
		{0x200B, 0x200F}, /* joiners, direction marks */
		{0x0388, 0x0482}, /* Greek, Cyrillic */
		{0x048A, 0x0556}, /* Cyrillic, Armenian */
		{0x05D0, 0x05EA}, /* Hebrew */
		{0x0600, 0x060F}, /* Arabic signs and punctuation */
		{0x061B, 0x0620},
		{0x1E00, 0x1EFF}, /* Latin, as Vietnamese has it */
		{0x2010, 0x2027}, /* punctuation */
		{0x3041, 0x3096}, /* Hiragana, Katakana, Han, Hangul */
		{0x30A1, 0x30FA},
		{0x3400, 0x4DBF},
		{0x4E00, 0x9FFF},
		{0xAC00, 0xD7A3},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Length of the plain character that is not ASCII at s, or 0. */
static size_t
plain_at(const unsigned char *s)
{
	unsigned c;

	if (s[0] < 0xC2 || s[0] >= 0xF0 || (s[1] & 0xC0) != 0x80)
		return 0;
	c = (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
	if (s[0] < 0xE0)
		return is_plain(c) ? 2 : 0;
	if ((s[2] & 0xC0) != 0x80)
		return 0;
	c = (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
	return c >= 0x800 && is_plain(c) ? 3 : 0;
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

/* Adds all of a text folded, but not composed; its end may be a blank. */
static void
add_all_folded(struct buf *b, const char *text)
{
	size_t len = 0;
	uint8_t *wide = decompose(text, &len);

	for (size_t i = 0; i < len;) {
		ucs4_t c;
		int n = u8_mbtouc(&c, wide + i, len - i);

		add_folded(b, c, wide + i, (size_t)n);
		i += (size_t)n;
	}
	free(wide);
}

static char *
fold_closely(const char *text)
{
	struct buf b = {0};
	char *out;

	add_all_folded(&b, text);
	if (b.len > 0 && b.data[b.len - 1] == ' ')
		b.len--;
	out = compose(buf_str(&b), b.len);
	buf_release(&b);
	return out;
}

enum {
	KNOWN_END = 0x700, /* Latin, Greek, Cyrillic, Hebrew, Arabic */
	KNOWN_LEN = 6
};

/* What a plain character of two bytes is folded to, whatever stands beside it,
 * with blanks at its ends; NULL when that is long. Each thread remembers what
 * it saw, for libunistring takes a microsecond for it. */
static const char *
fold_plain(const unsigned char bytes[static 2])
{
	static _Thread_local struct {
		bool known;
		char folded[KNOWN_LEN + 1];
	} memory[KNOWN_END];
	unsigned c = (bytes[0] & 0x1Fu) << 6 | (bytes[1] & 0x3Fu);
	/* the letter in front keeps a blank from being the first */
	const char text[] = {'x', (char)bytes[0], (char)bytes[1], '\0'};
	struct buf b = {0};

	if (c >= KNOWN_END)
		return NULL;
	if (!memory[c].known) {
		add_all_folded(&b, text);
		if (b.len <= 1 + KNOWN_LEN) {
			memcpy(memory[c].folded, b.data + 1, b.len - 1);
			memory[c].known = true;
		}
		buf_release(&b);
	}
	return memory[c].known ? memory[c].folded : NULL;
}

/* Most names need no libunistring. Returns NULL when this one does. */
static char *
fold_quickly(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *out = mem_zalloc(strlen(text) * KNOWN_LEN / 2 + 1);
	size_t len = 0, n;

	for (; *s; s += n) {
		char one[2] = {fold_ascii((char)*s), '\0'};
		const char *folded = one;

		n = *s < 0x80 ? 1 : plain_at(s);
		if (n == 2)
			folded = fold_plain(s);
		if (n == 0 || n > 2 || !folded) {
			free(out);
			return NULL;
		}
		for (; *folded; folded++)
			if (*folded != ' ' || (len > 0 && out[len - 1] != ' '))
				out[len++] = *folded;
	}
	if (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
	return out;
}

char *
fold_name(const char *text)
{
	char *out = fold_quickly(text);

	return out ? out : fold_closely(text);
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

bool
fold_is_one_of(const char *text, const char *words)
{
	char *folded = fold_column(text);
	size_t len = strlen(folded);
	const char *found = len > 0 ? words : NULL;

	do
		found = found ? strstr(found + 1, folded) : NULL;
	while (found && (found[-1] != ',' || found[len] != ','));
	free(folded);
	return found != NULL;
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

	if (fold_is_plain(text, max_len, multi_line))
		return 0;
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

bool
fold_is_plain(const char *text, size_t max_len, bool multi_line)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char before = ' ';
	size_t count = 0;

	if (!*s)
		return true;
	for (; *s; count++) {
		size_t n = 1;

		if (*s >= 0x80)
			n = plain_at(s);
		else if (*s == '\n' ? !multi_line || before == ' '
				    : *s < ' ' || *s == 0x7F ||
					      (*s == ' ' && before == ' '))
			n = 0;
		if (n == 0)
			return false;
		before = *s;
		s += n;
	}
	return before != ' ' && before != '\n' && count <= max_len;
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
	return fold_is_plain(text, SIZE_MAX, true) ? mem_strdup(text)
						   : tidy(text);
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

size_t
fold_fit(const char *text, int columns)
{
	const uint8_t *s = (const uint8_t *)text;
	const uint8_t *end = s + strlen(text), *next;

	for (; s < end; s = next) {
		next = u8_grapheme_next(s, end);
		columns -= u8_width(s, (size_t)(next - s), "UTF-8");
		if (columns < 0)
			break;
	}
	return (size_t)(s - (const uint8_t *)text);
}

bool
fold_is_rtl(const char *text)
{
	unsigned c;
	size_t n;

	for (; (n = str_utf8_next(text, &c)) > 0; text += n) {
		int class = uc_bidi_class(c);

		if (class == UC_BIDI_L)
			return false;
		if (class == UC_BIDI_R || class == UC_BIDI_AL)
			return true;
	}
	return false;
}
