#include "core/lang.h"

#include <string.h>

#include "base/str.h"

enum {
	SUBTAG_MAX = 8
}; /* RFC 5646 2.1 */

/* Scripts written from right to left (ISO 15924). */
static const char rtl_scripts[] =
	" adlm arab aran hebr mand mend nkoo rohg samr syrc syre syrj syrn "
	"thaa yezi ";

/* Languages whose usual script is one of them. Not among them: ku (Latin),
 * az, pa, uz, tg, ms, ff: they say -Arab or -Adlm when they mean it. */
static const char rtl_languages[] =
	" aeb acm aii ajp apc apd ar arb arc ary arz azb bal bgn bqi ckb dv "
	"fa glk hac haz he iw ji khw ks lki lrc luz mzn nqo pbt pbu "
	"pes pnb prs ps pst sd sdh skr syc syr tmr ug ur yi ";

static bool
is_letter(char c)
{
	return str_lower(c) >= 'a' && str_lower(c) <= 'z';
}

static bool
all_letters(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_letter(s[i]))
			return false;
	return true;
}

bool
lang_valid(const char *tag)
{
	size_t n = strcspn(tag, "-");

	if (strlen(tag) >= LANG_MAX)
		return false;
	if (n < 2 || n > SUBTAG_MAX || !all_letters(tag, n))
		return false;
	while (tag[n] == '-') {
		tag += n + 1;
		n = strcspn(tag, "-");
		if (n < 1 || n > SUBTAG_MAX)
			return false;
		for (size_t i = 0; i < n; i++)
			if (!is_letter(tag[i]) &&
				(tag[i] < '0' || tag[i] > '9'))
				return false;
	}
	return true;
}

bool
lang_equal(const char *a, const char *b)
{
	return str_ieq(a, b);
}

/* Length of the tag without its last subtag, and without a singleton that
 * would then stand last; 0 when nothing is left. */
static size_t
shorten(const char *tag, size_t len)
{
	while (len > 0 && tag[len - 1] != '-')
		len--;
	if (len > 0)
		len--;
	if (len >= 2 && tag[len - 2] == '-')
		len -= 2;
	return len;
}

/* Whether tag is the first len bytes of wanted. */
static bool
is_prefix(const char *tag, const char *wanted, size_t len)
{
	if (strlen(tag) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (str_lower(tag[i]) != str_lower(wanted[i]))
			return false;
	return true;
}

int
lang_lookup(const char *wanted, const char *const *available, size_t count)
{
	if (!wanted)
		return -1;
	for (size_t len = strlen(wanted); len > 0; len = shorten(wanted, len))
		for (size_t i = 0; i < count; i++)
			if (is_prefix(available[i], wanted, len))
				return (int)i;
	return -1;
}

/* Whether a subtag is one of the words of a list " a b c ". */
static bool
in_list(const char *list, const char *subtag, size_t len)
{
	char word[SUBTAG_MAX + 3] = " ";

	if (len < 1 || len > SUBTAG_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		word[1 + i] = str_lower(subtag[i]);
	word[1 + len] = ' ';
	return strstr(list, word) != NULL;
}

const char *
lang_dir(const char *tag)
{
	size_t n = strcspn(tag, "-");
	bool rtl = in_list(rtl_languages, tag, n);

	/* the script is the one subtag of four letters, before any singleton
	 * (RFC 5646 2.1) */
	for (const char *s = tag + n; *s == '-'; s += n) {
		s++;
		n = strcspn(s, "-");
		if (n < 2)
			break;
		if (n == 4 && all_letters(s, n)) {
			rtl = in_list(rtl_scripts, s, n);
			break;
		}
	}
	return rtl ? "rtl" : "ltr";
}
