#include "core/address.h"

#include <idn2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/address_domains.h"
#include "core/fold.h"

/* Sizes in octets, without the NUL. */
enum {
	LOCAL_MAX = 64,	  /* RFC 5321 4.5.3.1.1 */
	LABEL_MAX = 63,	  /* RFC 1035 2.3.4 */
	DOMAIN_MAX = 253, /* RFC 1035 2.3.4, written with dots */
	WHOLE_MAX = 254,  /* RFC 5321 4.5.3.1.3, erratum 1690 */
	NAME_MAX_CHARS = 200
};

/* A piece of somebody else's string. */
struct piece {
	const char *at;
	size_t len;
};

/* What comes along when an address is copied from a page or a spreadsheet:
 * wide and zero-width blanks, direction marks, a byte order mark. */
static const char *const invisible[] = {"\u00A0", "\u061C", "\u200B", "\u200C",
	"\u200D", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D",
	"\u202E", "\u202F", "\u2060", "\u2066", "\u2067", "\u2068", "\u2069",
	"\u3000", "\uFEFF"};

/* Length of the blank or invisible character at one end, or 0. */
static size_t
blank_at(struct piece p, bool front)
{
	char c;

	if (p.len == 0)
		return 0;
	c = p.at[front ? 0 : p.len - 1];
	if (str_is_space(c))
		return 1;
	if ((unsigned char)c < 0x80)
		return 0;
	for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++) {
		size_t n = strlen(invisible[i]);

		if (n <= p.len && memcmp(p.at + (front ? 0 : p.len - n),
					  invisible[i], n) == 0)
			return n;
	}
	return 0;
}

static struct piece
trim(struct piece p)
{
	size_t n;

	while ((n = blank_at(p, true)) > 0) {
		p.at += n;
		p.len -= n;
	}
	while ((n = blank_at(p, false)) > 0)
		p.len -= n;
	return p;
}

static const char scheme[] = "mailto:";

static bool
has_scheme(struct piece p)
{
	if (p.len < sizeof scheme - 1)
		return false;
	for (size_t i = 0; scheme[i]; i++)
		if (str_lower(p.at[i]) != scheme[i])
			return false;
	return true;
}

/* Takes blanks, one pair of <> and "mailto:" off, the last two in any order. */
static struct piece
unwrap(const char *text)
{
	struct piece p = trim((struct piece){text, strlen(text)});
	bool bracketed = false;

	for (int round = 0; round < 2; round++) {
		if (!bracketed && p.len >= 2 && p.at[0] == '<' &&
			p.at[p.len - 1] == '>') {
			p = trim((struct piece){p.at + 1, p.len - 2});
			bracketed = true;
		}
		if (round == 0 && has_scheme(p))
			p = trim((struct piece){p.at + sizeof scheme - 1,
				p.len - (sizeof scheme - 1)});
	}
	return p;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* RFC 5322 3.2.3 atext. */
static bool
is_atext(char c)
{
	return is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

/* Signs that show what the writer had in mind. */
static const char *
say_sign(char c)
{
	switch (c) {
	case ' ':
	case '\t':
		return "blank inside";
	case ',':
	case ';':
		return "a comma or semicolon in it; write one address only";
	case '<':
	case '>':
		return "a name or < > in it; write the bare address only";
	case '"':
		return "quotes in it; such addresses are not supported";
	case '(':
	case ')':
		return "a remark in ( ) in it; write the bare address only";
	case '[':
	case ']':
		return "an IP address in [ ]; write a domain name";
	default:
		return NULL;
	}
}

/* Everything that can be said before local part and domain are known. */
static int
check_whole(struct piece p, const char **at_sign, struct err *err)
{
	const char *at = memchr(p.at, '@', p.len);
	const char *end = p.at + p.len;

	if (p.len == 0)
		return err_set(err, ERR_DATA, "the address is empty");
	if (str_utf8_bad(p.at, p.len) < p.len)
		return err_set(
			err, ERR_DATA, "not UTF-8; save the file as UTF-8");
	if (!at)
		return err_set(err, ERR_DATA, "no @ in it");
	for (const char *s = p.at; s < end; s++) {
		const char *why = say_sign(*s);

		if (why)
			return err_set(err, ERR_DATA, "%s", why);
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			return err_set(err, ERR_DATA,
				"control character U+%04X inside",
				(unsigned)*s);
	}
	if (memchr(at + 1, '@', (size_t)(end - at - 1)))
		return err_set(err, ERR_DATA, "two @ in it");
	if (at == p.at)
		return err_set(err, ERR_DATA, "nothing before the @");
	if (at + 1 == end)
		return err_set(err, ERR_DATA, "nothing after the @");
	*at_sign = at;
	return 0;
}

/* A dot-atom of RFC 5322 3.2.3. */
static int
check_local(struct piece p, struct err *err)
{
	for (size_t i = 0; i < p.len; i++) {
		unsigned c;

		if (is_atext(p.at[i]) || p.at[i] == '.')
			continue;
		str_utf8_next(p.at + i, &c);
		if (c >= 0x80)
			return err_set(err, ERR_DATA,
				"before the @ stands U+%04X; only a-z, digits "
				"and some signs are supported there",
				c);
		return err_set(err, ERR_DATA, "'%c' cannot stand before the @",
			p.at[i]);
	}
	if (p.len > LOCAL_MAX)
		return err_set(err, ERR_DATA,
			"more than %d characters before the @", LOCAL_MAX);
	if (p.at[0] == '.')
		return err_set(err, ERR_DATA, "begins with a dot");
	if (p.at[p.len - 1] == '.')
		return err_set(err, ERR_DATA, "a dot right before the @");
	if (memmem(p.at, p.len, "..", 2))
		return err_set(err, ERR_DATA, "two dots in a row");
	return 0;
}

/* One label: letters, digits and inner hyphens (RFC 1123 2.1, STD 3). */
static int
check_label(struct piece p, struct err *err)
{
	for (size_t i = 0; i < p.len; i++) {
		char c = p.at[i];

		if (is_alnum(c) || c == '-')
			continue;
		/* IDNA mapping can bring blanks and worse */
		if (c <= ' ' || c >= 0x7F)
			return err_set(err, ERR_DATA, "blank inside");
		return err_set(
			err, ERR_DATA, "'%c' cannot stand in a domain", c);
	}
	if (p.len > LABEL_MAX)
		return err_set(err, ERR_DATA,
			"a part of the domain has more than %d characters",
			LABEL_MAX);
	if (p.at[0] == '-' || p.at[p.len - 1] == '-')
		return err_set(err, ERR_DATA,
			"a part of the domain begins or ends with a hyphen");
	return 0;
}

/* domain is A-labels in lower case. */
static int
check_domain(const char *domain, struct err *err)
{
	const char *label = domain;
	size_t len = strlen(domain);
	size_t n;

	if (domain[0] == '.')
		return err_set(err, ERR_DATA, "a dot right after the @");
	if (len > 0 && domain[len - 1] == '.')
		return err_set(err, ERR_DATA, "ends in a dot");
	for (;; label += n + 1) {
		n = strcspn(label, ".");
		if (n == 0)
			return err_set(err, ERR_DATA, "two dots in a row");
		if (check_label((struct piece){label, n}, err))
			return -1;
		if (!label[n])
			break;
	}
	if (len > DOMAIN_MAX)
		return err_set(err, ERR_DATA,
			"the domain has more than %d characters", DOMAIN_MAX);
	if (strspn(label, "0123456789") == n)
		return err_set(err, ERR_DATA, "the domain ends in a number");
	if (label == domain && strcmp(domain, "localhost") != 0)
		return err_set(err, ERR_DATA, "no dot after the @");
	return 0;
}

/* IDNA 2008 with the mapping of UTS 46. Returns a string for idn2_free. */
static char *
to_a_labels(struct piece p, struct err *err)
{
	char *text = mem_strndup(p.at, p.len);
	char *out = NULL;
	int rc = idn2_to_ascii_8z(
		text, &out, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);

	free(text);
	if (rc == IDN2_OK)
		return out;
	err_set(err, ERR_DATA, "not a domain name (%s)", idn2_strerror(rc));
	return NULL;
}

static int
parse_domain(struct piece p, char out[static DOMAIN_MAX + 1], struct err *err)
{
	char lower[ADDRESS_MAX];
	const char *domain = lower;
	char *idn = NULL;
	size_t i;
	int rc = -1;

	for (i = 0; i < p.len && i < sizeof lower - 1; i++) {
		if ((unsigned char)p.at[i] >= 0x80)
			break;
		lower[i] = str_lower(p.at[i]);
	}
	lower[i] = '\0';
	if (i < p.len && (unsigned char)p.at[i] >= 0x80) {
		idn = to_a_labels(p, err);
		if (!idn)
			goto out;
		domain = idn;
	}
	if (check_domain(domain, err))
		goto out;
	memcpy(out, domain, strlen(domain) + 1);
	rc = 0;
out:
	idn2_free(idn);
	return rc;
}

/* Length of the local part of a plain address, 0 when it is none. */
static size_t
plain_local(const char *s)
{
	size_t n = 0;

	for (; s[n] != '@'; n++) {
		if (s[n] == '.' && (n == 0 || s[n - 1] == '.'))
			return 0;
		if (!is_alnum(s[n]) && s[n] != '.' && s[n] != '-' &&
			s[n] != '_' && s[n] != '+')
			return 0;
	}
	return n > 0 && n <= LOCAL_MAX && s[n - 1] != '.' ? n : 0;
}

/* Length of the domain of a plain address, 0 when it is none. */
static size_t
plain_domain(const char *s)
{
	size_t n = 0, label = 0; /* where it begins */
	bool number = true;	 /* the label has digits only */

	for (;; n++) {
		bool end = s[n] == '.' || s[n] == '\0';

		if (end && (n == label || s[n - 1] == '-' ||
				   n - label > LABEL_MAX))
			return 0;
		if (s[n] == '\0')
			break;
		if (end) {
			label = n + 1;
			number = true;
			continue;
		}
		if (!is_alnum(s[n]) && (s[n] != '-' || n == label))
			return 0;
		number = number && s[n] <= '9';
	}
	return label > 0 && !number && n <= DOMAIN_MAX ? n : 0;
}

/* Takes what most addresses are. What it does not take may be right too, and
 * is looked at closely. */
static bool
parse_plain(const char *text, struct address *out)
{
	size_t local = plain_local(text);
	const char *at = text + local + 1;
	size_t domain = local > 0 ? plain_domain(at) : 0;

	if (domain == 0 || local + 1 + domain > WHOLE_MAX)
		return false;
	memcpy(out->local, text, local);
	out->local[local] = '\0';
	for (size_t i = 0; i < domain; i++)
		out->domain[i] = str_lower(at[i]);
	out->domain[domain] = '\0';
	return true;
}

static int
parse_closely(const char *text, struct address *out, struct err *err)
{
	struct piece p = unwrap(text);
	struct address a = {0};
	const char *at = NULL;
	struct piece local, domain;

	if (check_whole(p, &at, err))
		return -1;
	local = (struct piece){p.at, (size_t)(at - p.at)};
	domain = (struct piece){at + 1, p.len - local.len - 1};
	if (check_local(local, err) || parse_domain(domain, a.domain, err))
		return -1;
	if (local.len + 1 + strlen(a.domain) > WHOLE_MAX)
		return err_set(err, ERR_DATA, "has more than %d characters",
			WHOLE_MAX);
	memcpy(a.local, local.at, local.len);
	*out = a;
	return 0;
}

int
address_parse(const char *text, struct address *out, struct err *err)
{
	return parse_plain(text, out) ? 0 : parse_closely(text, out, err);
}

static void
join(const char *local, const char *domain, char out[static ADDRESS_MAX])
{
	char *to = mempcpy(out, local, strlen(local));

	*to++ = '@';
	memcpy(to, domain, strlen(domain) + 1);
}

void
address_format(const struct address *a, char out[static ADDRESS_MAX])
{
	join(a->local, a->domain, out);
}

static const struct address_provider *
find_provider(const char *domain)
{
	size_t count = sizeof address_providers / sizeof *address_providers;

	for (size_t i = 0; i < count; i++) {
		const struct address_provider *p = &address_providers[i];

		for (const char *const *d = p->domains; *d; d++)
			if (**d == *domain && strcmp(*d, domain) == 0)
				return p;
	}
	return NULL;
}

/* Drops from a lower-case local part what the provider ignores. */
static void
reduce_local(const struct address_provider *p, char *local)
{
	char kept[sizeof((struct address *)0)->local];
	size_t n = 0;

	for (const char *s = local; *s; s++) {
		if (*s == '+' && p->tags)
			break;
		if (strchr(p->ignored, *s))
			continue;
		kept[n] = *s;
		if (*s == '.' && p->dot_is_hyphen)
			kept[n] = '-';
		n++;
	}
	/* "+tag@" alone is no mailbox of anybody: let it stand */
	if (n == 0)
		return;
	memcpy(local, kept, n);
	local[n] = '\0';
}

void
address_canonical(const struct address *a, char out[static ADDRESS_MAX])
{
	const struct address_provider *p = find_provider(a->domain);
	char local[sizeof a->local] = "";

	for (size_t n = 0; a->local[n]; n++)
		local[n] = str_lower(a->local[n]);
	if (p)
		reduce_local(p, local);
	join(local, p && p->same ? p->same : a->domain, out);
}

/*
 * Reads the quoted string at the start of text into name (RFC 5322 3.2.4).
 * Returns what follows the closing quote, or NULL when there is none.
 */
static const char *
read_quoted(const char *text, char *name)
{
	for (text++; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		*name++ = *text;
	}
	*name = '\0';
	return *text ? text + 1 : NULL;
}

/* Copies the name in front of the '<' and sets *rest behind it. */
static int
read_name(const char *text, char *name, const char **rest, struct err *err)
{
	size_t n;

	if (*text == '"') {
		*rest = read_quoted(text, name);
		if (!*rest)
			return err_set(
				err, ERR_DATA, "the closing quote is missing");
		while (str_is_space(**rest))
			(*rest)++;
		if (**rest != '<')
			return err_set(err, ERR_DATA,
				"after the name in quotes the address must "
				"stand in < >");
		return 0;
	}
	n = strcspn(text, "<");
	*rest = text + n;
	memcpy(name, text, n);
	name[n] = '\0';
	if (strpbrk(name, "\",;:@>\\"))
		return err_set(err, ERR_DATA,
			"a name with one of , ; : @ > \" \\ in it must stand "
			"in quotes");
	return 0;
}

int
address_parse_mailbox(
	const char *text, char **name, struct address *out, struct err *err)
{
	struct piece p = trim((struct piece){text, strlen(text)});
	char *copy = mem_strndup(p.at, p.len);
	char *raw = mem_zalloc(p.len + 1);
	const char *rest = copy;
	char *tidy = NULL;
	int rc = -1;

	if (str_utf8_bad(p.at, p.len) < p.len) {
		err_set(err, ERR_DATA, "not UTF-8; save the file as UTF-8");
		goto out;
	}
	if ((*copy == '"' || strchr(copy, '<')) &&
		read_name(copy, raw, &rest, err))
		goto out;
	if (*rest == '<' && rest[strlen(rest) - 1] != '>') {
		err_set(err, ERR_DATA, "the address must stand last, in < >");
		goto out;
	}
	tidy = fold_tidy(raw);
	if (fold_check_text(tidy, "the name", NAME_MAX_CHARS, false, err))
		goto out;
	if (address_parse(rest, out, err))
		goto out;
	*name = tidy;
	tidy = NULL;
	rc = 0;
out:
	free(copy);
	free(raw);
	free(tidy);
	return rc;
}
