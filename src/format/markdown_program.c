#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "format/markdown_private.h"

static struct piece *
add_piece(struct program *p, enum piece_kind kind, uint32_t index)
{
	p->items = mem_grow(p->items, p->count, &p->cap, sizeof *p->items);
	p->items[p->count] = (struct piece){.kind = kind, .index = index};
	return &p->items[p->count++];
}

void
program_piece(struct program *p, enum piece_kind kind, uint32_t index)
{
	add_piece(p, kind, index);
}

void
program_literal(struct program *p, const char *s, size_t len)
{
	struct piece *last = p->count ? &p->items[p->count - 1] : NULL;

	if (len == 0)
		return;
	if (!last || last->kind != PIECE_LITERAL ||
		last->at + last->len != p->text.len) {
		last = add_piece(p, PIECE_LITERAL, 0);
		last->at = (uint32_t)p->text.len;
	}
	buf_add(&p->text, s, len);
	last->len += (uint32_t)len;
}

void
program_add(struct program *p, const struct markdown *md, enum piece_kind kind,
	const char *s, const struct buf *margin)
{
	size_t margin_at = p->text.len;
	bool margin_added = false;

	while (*s) {
		uint32_t index;
		size_t len = markdown_token(md, s, &index);
		struct piece *piece;

		if (len == 0) {
			program_literal(p, s++, 1);
			continue;
		}
		s += len;
		piece = add_piece(p, kind, index);
		if (!margin || margin->len == 0)
			continue;
		if (!margin_added) {
			margin_at = p->text.len;
			buf_add(&p->text, margin->data, margin->len);
			margin_added = true;
		}
		piece->at = (uint32_t)margin_at;
		piece->len = (uint32_t)margin->len;
	}
}

void
program_release(struct program *p)
{
	free(p->items);
	buf_release(&p->text);
	*p = (struct program){0};
}

/* --- link targets ------------------------------------------------------ */

/* RFC 3986 2.3 */
static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/* RFC 3986 2.2 */
static const char reserved[] = ":/?#[]@!$&'()*+,;=";

static bool
is_hex(char c)
{
	return c && strchr("0123456789abcdefABCDEF", c);
}

/* Percent-encodes all but unreserved characters and those in keep; with "%"
 * in keep, what is encoded already stays as it is. */
static void
add_encoded(struct buf *out, const char *s, const char *keep)
{
	for (; *s; s++) {
		bool kept = is_unreserved(*s) || strchr(keep, *s);

		if (*s == '%' && kept)
			kept = is_hex(s[1]) && is_hex(s[2]);
		if (kept)
			buf_putc(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
	}
}

static const char *
behind_scheme(const char *target, const char *scheme)
{
	while (*scheme && str_lower(*target) == *scheme) {
		target++;
		scheme++;
	}
	return *scheme ? NULL : target;
}

bool
program_target_is_good(const char *target)
{
	const char *rest = behind_scheme(target, "http://");

	if (!rest)
		rest = behind_scheme(target, "https://");
	if (rest)
		return !strchr("/?#", *rest); /* there is a host */
	rest = behind_scheme(target, "mailto:");
	if (!rest)
		rest = behind_scheme(target, "tel:");
	return rest && *rest;
}

/* What a component may keep: addresses and telephone numbers have to stay
 * readable to the programs they are handed to (RFC 6068, RFC 3966). */
static const char *
component_keeps(const char *target)
{
	if (behind_scheme(target, "mailto:"))
		return "@";
	return behind_scheme(target, "tel:") ? "+" : "";
}

void
program_target(struct program *p, const struct markdown *md, const char *url)
{
	struct buf literal = {0};
	bool start = true;

	while (*url) {
		char one[2] = {*url, '\0'};
		uint32_t index;
		size_t len = markdown_token(md, url, &index);

		if (len) {
			program_piece(
				p, start ? PIECE_URL : PIECE_COMPONENT, index);
			url += len;
		} else if (*url == '%') {
			program_literal(p, url++, 1);
		} else {
			buf_reset(&literal);
			add_encoded(&literal, one, reserved);
			program_literal(p, literal.data, literal.len);
			url++;
		}
		start = false;
	}
	buf_release(&literal);
}

static const char *
first_value(const struct program *target, const char *const *values)
{
	for (size_t i = 0; i < target->count; i++)
		if (target->items[i].kind != PIECE_LITERAL)
			return values[target->items[i].index];
	return "";
}

/* Puts the values into a target and sees where it leads. */
static int
fill_target(const struct program *p, const char *const *values, struct buf *out,
	struct err *err)
{
	buf_reset(out);
	for (size_t i = 0; i < p->count; i++) {
		const struct piece *piece = &p->items[i];

		if (piece->kind == PIECE_LITERAL)
			buf_add(out, p->text.data + piece->at, piece->len);
		else if (piece->kind == PIECE_URL)
			add_encoded(out, values[piece->index],
				":/?#[]@!$&'()*+,;=%");
		else
			add_encoded(out, values[piece->index],
				component_keeps(buf_str(out)));
	}
	if (program_target_is_good(buf_str(out)))
		return 0;
	buf_reset(out);
	markdown_excerpt(out, first_value(p, values));
	return err_set(err, ERR_DATA,
		"\"%s\" cannot be the target of a link; write a whole "
		"http://, https://, mailto: or tel: link",
		buf_str(out));
}

/* --- running ----------------------------------------------------------- */

/* Length of the line end at s: LF, CR or CRLF. */
static size_t
line_end(const char *s)
{
	return s[0] == '\r' && s[1] == '\n' ? 2 : 1;
}

static void
add_plain(struct buf *out, const char *s, const char *margin, size_t len)
{
	for (;;) {
		size_t n = strcspn(s, "\r\n");

		buf_add(out, s, n);
		s += n;
		if (!*s)
			return;
		s += line_end(s);
		buf_putc(out, '\n');
		buf_add(out, margin, len);
	}
}

void
program_escape(struct buf *out, const char *s, const char *line_feed)
{
	for (;;) {
		size_t n = strcspn(s, "&<>\"'\r\n");

		buf_add(out, s, n);
		s += n;
		switch (*s) {
		case '\0':
			return;
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_puts(out, line_feed);
			s += line_end(s) - 1;
			break;
		}
		s++;
	}
}

int
program_run(const struct markdown *md, const struct program *p,
	const char *const *values, struct buf *out, struct err *err)
{
	struct buf target = {0};
	size_t before = out->len;
	int rc = -1;

	for (size_t i = 0; i < p->count; i++) {
		const struct piece *piece = &p->items[i];
		const char *s = buf_str(&p->text) + piece->at;

		switch (piece->kind) {
		case PIECE_LITERAL:
			buf_add(out, s, piece->len);
			break;
		case PIECE_TEXT:
			add_plain(out, values[piece->index], s, piece->len);
			break;
		case PIECE_HTML:
			program_escape(out, values[piece->index], "<br />\n");
			break;
		case PIECE_HTML_AS_IS:
			program_escape(out, values[piece->index], "\n");
			break;
		case PIECE_TARGET:
		case PIECE_TARGET_HTML:
		case PIECE_TARGET_CHECK:
			if (fill_target(&md->targets[piece->index], values,
				    &target, err) < 0)
				goto out;
			if (piece->kind == PIECE_TARGET)
				buf_add(out, target.data, target.len);
			else if (piece->kind == PIECE_TARGET_HTML)
				program_escape(out, target.data, "\n");
			break;
		case PIECE_URL:
		case PIECE_COMPONENT:
			break; /* only inside a target */
		}
	}
	rc = 0;
out:
	if (rc < 0 && out->data) {
		out->len = before;
		out->data[before] = '\0';
	}
	buf_release(&target);
	return rc;
}
