#include "core/spf_private.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char delimiters[] = ".-+,/_=";

/* What stands between the braces of one macro. */
struct macro {
	char letter;
	long keep; /* so many parts from the right; 0: all */
	bool reverse;
	char split[sizeof delimiters]; /* where to take it apart */
	bool broken;
};

/* Reads what follows "%{" up to and with its "}". Returns what comes next. */
static const char *
read_macro(const char *s, struct macro *out)
{
	size_t len;
	char *end;

	*out = (struct macro){.letter = *s, .split = "."};
	out->broken = !*s;
	s += *s != '\0';
	if (isdigit((unsigned char)*s)) {
		out->keep = strtol(s, &end, 10);
		out->broken = out->broken || out->keep == 0;
		s = end;
	}
	out->reverse = *s == 'r' || *s == 'R';
	s += out->reverse;
	len = strspn(s, delimiters);
	if (len >= sizeof out->split)
		out->broken = true;
	else if (len > 0)
		snprintf(out->split, sizeof out->split, "%.*s", (int)len, s);
	s += len;
	if (*s != '}') {
		out->broken = true;
		return s;
	}
	return s + 1;
}

bool
spf_macro_valid(const char *text)
{
	while (*text) {
		struct macro macro;

		if (*text <= ' ' || *text > '~')
			return false;
		if (*text++ != '%')
			continue;
		if (*text == '%' || *text == '_' || *text == '-') {
			text++;
			continue;
		}
		if (*text != '{')
			return false;
		text = read_macro(text + 1, &macro);
		if (macro.broken ||
			!strchr("slodiphv",
				tolower((unsigned char)macro.letter)))
			return false;
	}
	return true;
}

/* "." toplabel: letters, digits, hyphens, not only digits. */
static bool
ends_as_name(const char *text, size_t len)
{
	bool letter = false;
	size_t from;

	if (len > 0 && text[len - 1] == '.')
		len--;
	for (from = len; from > 0 && text[from - 1] != '.'; from--) {
		unsigned char c = (unsigned char)text[from - 1];

		if (!isalnum(c) && c != '-')
			return false;
		letter = letter || !isdigit(c);
	}
	return from > 0 && from < len && letter && text[from] != '-' &&
	       text[len - 1] != '-';
}

/* Whether it ends in %{...}, %%, %_ or %-; text is a valid macro-string. */
static bool
ends_in_macro(const char *text)
{
	bool macro = false;

	while (*text) {
		macro = *text == '%';
		if (macro)
			text += text[1] == '{' ? strcspn(text, "}") : 1;
		text++;
	}
	return macro;
}

bool
spf_domain_valid(const char *text)
{
	return spf_macro_valid(text) &&
	       (ends_in_macro(text) || ends_as_name(text, strlen(text)));
}

/* IPv4 dotted, IPv6 as nibbles with dots. */
static void
add_address(const struct lookup_address *a, struct buf *out)
{
	for (int i = 0; i < a->bits / 8; i++) {
		const char *dot = i ? "." : "";

		if (a->bits == 32)
			buf_printf(out, "%s%d", dot, a->bytes[i]);
		else
			buf_printf(out, "%s%x.%x", dot, a->bytes[i] >> 4,
				a->bytes[i] & 15);
	}
}

static void
add_value(const struct spf_values *values, char letter, struct buf *out)
{
	const struct spf_query *query = values->query;

	switch (letter) {
	case 's':
		buf_printf(out, "%s@%s", query->local, query->domain);
		break;
	case 'l':
		buf_puts(out, query->local);
		break;
	case 'o':
		buf_puts(out, query->domain);
		break;
	case 'd':
		buf_puts(out, values->domain);
		break;
	case 'i':
		add_address(values->address, out);
		break;
	case 'v':
		buf_puts(out, values->address->bits == 32 ? "in-addr" : "ip6");
		break;
	case 'h':
		buf_puts(out, query->helo);
		break;
	default:
		/* p, whose look-up the RFC discourages and has this word
		 * for. */
		buf_puts(out, "unknown");
		break;
	}
}

/* RFC 3986 2.3: what needs no escape in a URL. */
static bool
is_unreserved(char c)
{
	return isalnum((unsigned char)c) || strchr("-._~", c);
}

static void
add_part(const char *part, size_t len, bool escape, struct buf *out)
{
	for (; len > 0; len--, part++)
		if (escape && !is_unreserved(*part))
			buf_printf(out, "%%%02X", (unsigned char)*part);
		else
			buf_putc(out, *part);
}

/* Takes a value apart, keeps and turns its parts, joins them with dots. */
static void
add_parts(const struct macro *macro, const char *value, struct buf *out)
{
	bool escape = isupper((unsigned char)macro->letter) != 0;
	size_t count = 1, first = 0;

	for (const char *c = value; *c; c++)
		count += strchr(macro->split, *c) != NULL;
	if (macro->keep > 0 && (size_t)macro->keep < count)
		first = count - (size_t)macro->keep;
	for (size_t i = first; i < count; i++) {
		size_t nth = macro->reverse ? count - 1 - i : i;
		const char *part = value;

		for (size_t k = 0; k < nth; k++)
			part += strcspn(part, macro->split) + 1;
		if (i > first)
			buf_putc(out, '.');
		add_part(part, strcspn(part, macro->split), escape, out);
	}
}

static void
add_macro(const struct spf_values *values, const struct macro *macro,
	struct buf *out)
{
	struct buf value = {0};

	add_value(values, (char)tolower((unsigned char)macro->letter), &value);
	add_parts(macro, buf_str(&value), out);
	buf_release(&value);
}

void
spf_expand(const struct spf_values *values, const char *spec, struct buf *out)
{
	struct buf name = {0};
	const char *fits;

	while (*spec) {
		struct macro macro;

		if (*spec != '%') {
			buf_putc(&name, *spec++);
		} else if (spec[1] == '{') {
			spec = read_macro(spec + 2, &macro);
			add_macro(values, &macro, &name);
		} else {
			buf_puts(&name, spec[1] == '%'	 ? "%"
					: spec[1] == '_' ? " "
							 : "%20");
			spec += 2;
		}
	}
	for (fits = buf_str(&name); strlen(fits) >= LOOKUP_NAME_MAX;) {
		const char *dot = strchr(fits, '.');

		if (!dot)
			break;
		fits = dot + 1;
	}
	buf_puts(out, fits);
	buf_release(&name);
}
