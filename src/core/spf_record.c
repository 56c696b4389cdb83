#include "core/spf_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	SHOWN_MAX = 80, /* of a term in a message */
};

static int
refuse(char why[SPF_WHY_MAX], const char *what, const char *term)
{
	snprintf(why, SPF_WHY_MAX, "%s: \"%.*s\"", what, SHOWN_MAX, term);
	return -1;
}

/* A prefix length: no leading zero, at most max. Returns what follows it, or
 * NULL. */
static const char *
read_length(const char *s, long max, int *out)
{
	size_t len = strspn(s, "0123456789");
	char digits[4];
	long n;

	if (len == 0 || len >= sizeof digits || (s[0] == '0' && len > 1))
		return NULL;
	snprintf(digits, sizeof digits, "%.*s", (int)len, s);
	if (str_to_number(digits, max, &n) < 0)
		return NULL;
	*out = (int)n;
	return s + len;
}

/* "", "/24", "//64" or "/24//64". Returns 0 or -1. */
static int
read_lengths(const char *s, struct spf_term *term)
{
	if (s[0] == '/' && s[1] != '/') {
		s = read_length(s + 1, 32, &term->bits4);
		if (!s)
			return -1;
	}
	if (s[0] == '/' && s[1] == '/') {
		s = read_length(s + 2, 128, &term->bits6);
		if (!s)
			return -1;
	}
	return *s ? -1 : 0;
}

/* Where the prefix lengths begin: a slash in a macro is a delimiter. */
static size_t
domain_length(const char *s)
{
	bool macro = false;
	size_t i;

	for (i = 0; s[i] && (macro || s[i] != '/'); i++)
		macro = s[i] == '{' || (macro && s[i] != '}');
	return i;
}

/* ip4:192.0.2.0/24 */
static int
read_network(const char *value, int bits, struct spf_term *term)
{
	size_t len = strcspn(value, "/");
	char *address = mem_strndup(value, len);
	bool v6 = strchr(address, ':') != NULL;
	int rc = lookup_parse_address(address, &term->network);
	int *length = bits == 32 ? &term->bits4 : &term->bits6;

	free(address);
	if (rc < 0 || v6 != (bits == 128))
		return -1;
	if (value[len] == '/') {
		value = read_length(value + len + 1, bits, length);
		if (!value || *value)
			return -1;
	}
	/* IPv4 in its IPv6 form: the network holds the last 32 bits. */
	if (bits == 128 && term->network.bits == 32)
		term->bits6 = term->bits6 > 96 ? term->bits6 - 96 : 0;
	return 0;
}

/* How each mechanism is written. */
static const struct syntax {
	const char *name;
	enum spf_mechanism what;
	enum {
		NEVER,
		MAY,
		MUST
	} domain;
	bool lengths;
} syntaxes[] = {
	{"all", SPF_ALL, NEVER, false},
	{"include", SPF_INCLUDE, MUST, false},
	{"a", SPF_A, MAY, true},
	{"mx", SPF_MX, MAY, true},
	{"ptr", SPF_PTR, MAY, false},
	{"ip4", SPF_IP4, MUST, false},
	{"ip6", SPF_IP6, MUST, false},
	{"exists", SPF_EXISTS, MUST, false},
};

static const struct syntax *
find_syntax(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof syntaxes / sizeof syntaxes[0]; i++)
		if (strlen(syntaxes[i].name) == len &&
			strncasecmp(syntaxes[i].name, name, len) == 0)
			return &syntaxes[i];
	return NULL;
}

/* What follows a mechanism's name: ":domain/24//64", each perhaps missing. */
static int
read_argument(
	const struct syntax *syntax, const char *rest, struct spf_term *term)
{
	size_t len;

	if (*rest != ':') {
		if (syntax->domain == MUST)
			return -1;
		if (syntax->lengths)
			return read_lengths(rest, term);
		return *rest ? -1 : 0;
	}
	rest++;
	if (syntax->what == SPF_IP4 || syntax->what == SPF_IP6)
		return read_network(
			rest, syntax->what == SPF_IP4 ? 32 : 128, term);
	if (syntax->domain == NEVER)
		return -1;
	len = syntax->lengths ? domain_length(rest) : strlen(rest);
	term->domain = mem_strndup(rest, len);
	if (!spf_domain_valid(term->domain))
		return -1;
	return syntax->lengths ? read_lengths(rest + len, term) : 0;
}

static int
read_mechanism(const char *text, struct spf_record *out, char why[SPF_WHY_MAX])
{
	static const char qualifiers[] = "+-~?";
	static const enum spf_result results[] = {
		SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL};
	const char *qualifier = strchr(qualifiers, *text);
	const char *name = text + (qualifier != NULL);
	size_t len = strcspn(name, ":/");
	const struct syntax *syntax = find_syntax(name, len);
	struct spf_term *term;

	if (!syntax)
		return refuse(why, "no such mechanism", text);
	out->terms =
		mem_grow(out->terms, out->count, &out->cap, sizeof *out->terms);
	term = &out->terms[out->count++];
	*term = (struct spf_term){
		.what = syntax->what,
		.result =
			qualifier ? results[qualifier - qualifiers] : SPF_PASS,
		.text = mem_strdup(text),
		.bits4 = 32,
		.bits6 = 128,
	};
	if (read_argument(syntax, name + len, term) < 0)
		return refuse(why, "cannot be understood", text);
	return 0;
}

/* name=value; unknown names are for others to read (RFC 7208 6). */
static int
read_modifier(const char *text, size_t len, struct spf_record *out,
	char why[SPF_WHY_MAX])
{
	static const char marks[] = "-_.";
	const char *value = text + len + 1;
	char **known = len == 8 && strncasecmp(text, "redirect", 8) == 0
			       ? &out->redirect
		       : len == 3 && strncasecmp(text, "exp", 3) == 0
			       ? &out->explain
			       : NULL;

	if (known) {
		if (*known)
			return refuse(why, "stands there twice", text);
		*known = mem_strdup(value);
		return spf_domain_valid(value)
			       ? 0
			       : refuse(why, "cannot be understood", text);
	}
	for (size_t i = 0; i < len; i++)
		if (!isalpha((unsigned char)text[i]) &&
			(i == 0 || (!isdigit((unsigned char)text[i]) &&
					   !strchr(marks, text[i]))))
			return refuse(why, "no such mechanism", text);
	return len > 0 && spf_macro_valid(value)
		       ? 0
		       : refuse(why, "cannot be understood", text);
}

int
spf_parse(const char *text, struct spf_record *out, char why[SPF_WHY_MAX])
{
	int rc = 0;

	*out = (struct spf_record){0};
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return refuse(why, "other characters than ASCII", text);
	text += strcspn(text, " ");
	while (rc == 0 && *(text += strspn(text, " "))) {
		size_t len = strcspn(text, " ");
		char *term = mem_strndup(text, len);
		size_t name = strcspn(term, "=:/");

		if (term[name] == '=')
			rc = read_modifier(term, name, out, why);
		else
			rc = read_mechanism(term, out, why);
		free(term);
		text += len;
	}
	return rc;
}

void
spf_record_release(struct spf_record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		free(record->terms[i].text);
		free(record->terms[i].domain);
	}
	free(record->terms);
	free(record->redirect);
	free(record->explain);
	*record = (struct spf_record){0};
}
