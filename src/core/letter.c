#include "core/letter.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/address.h"

const char letter_default_consent[] =
	"My name may be shown as I chose, to the addressee at most unless I "
	"said public. My e-mail address is not passed on. I can withdraw at "
	"any time.";

/* The control character (C0, DEL, C1) at s that no letter may have, or 0. */
static unsigned
control_at(const char *s)
{
	unsigned code;

	if (((unsigned char)*s & 0xC0) == 0x80)
		return 0; /* inside a character */
	str_utf8_next(s, &code);
	if (code == '\t' || code == '\n')
		return 0;
	return code < ' ' || (code >= 0x7F && code < 0xA0) ? code : 0;
}

char *
letter_normalise(const char *bytes, size_t len, const char *file,
	struct problems *problems)
{
	size_t bad;
	long line = 1;
	char *out, *to;

	if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
		bytes += 3;
		len -= 3;
	}
	bad = str_utf8_bad(bytes, len);
	out = to = mem_zalloc(len + 1);
	for (size_t i = 0; i < bad; i++) {
		unsigned control = control_at(bytes + i);
		char c = bytes[i];

		if (c == '\r' && i + 1 < len && bytes[i + 1] == '\n')
			continue;
		if (control) {
			problems_add(problems, file, line, 0,
				"a control character (U+%04X); delete it",
				control);
			free(out);
			return NULL;
		}
		line += c == '\n';
		*to++ = c;
	}
	if (bad == len)
		return out;
	problems_add(problems, file, line, 0,
		bytes[bad] ? "not UTF-8; save the file as UTF-8"
			   : "a NUL byte; this is not a text file");
	free(out);
	return NULL;
}

static struct letter_field *
find_field(struct letter *letter, const char *name)
{
#define X(known, member, agree)   \
	if (str_ieq(name, known)) \
		return &letter->member;
	LETTER_FIELDS(X)
#undef X
	return NULL;
}

static void
unknown_field(const char *name, const struct letter *letter, long line,
	struct problems *problems)
{
	static const char *const names[] = {
#define X(known, member, agree) known,
		LETTER_FIELDS(X)
#undef X
			"Attach"};
	const char *near =
		str_nearest(name, names, sizeof names / sizeof names[0]);

	problems_add(problems, letter->file, line, 1,
		"unknown field \"%s\"%s%s%s", name,
		near ? "; did you mean \"" : "", near ? near : "",
		near ? "\"?" : "");
}

static void
set_field(struct letter *letter, const char *name, const char *value, long line,
	int column, struct problems *problems)
{
	struct letter_field *field;

	if (str_ieq(name, "Attach")) {
		letter->attach = mem_resize(letter->attach,
			letter->attach_count + 1, sizeof *letter->attach);
		field = &letter->attach[letter->attach_count++];
		*field = (struct letter_field){0};
	} else {
		field = find_field(letter, name);
	}
	if (!field) {
		unknown_field(name, letter, line, problems);
		return;
	}
	if (field->text) {
		problems_add(problems, letter->file, line, 1,
			"%s is given twice; the first is in line %ld", name,
			field->line);
		return;
	}
	if (!*value) {
		problems_add(problems, letter->file, line, 1,
			"%s is empty; give it a value or delete the line",
			name);
		return;
	}
	field->text = mem_strdup(value);
	field->line = line;
	field->column = column;
}

/* Makes each line end and the blanks round it one blank, in place. */
static void
unfold(char *field)
{
	char *to = field;

	for (char *c = field; *c; c++) {
		if (*c != '\n') {
			*to++ = *c;
			continue;
		}
		while (to > field && str_is_space(to[-1]))
			to--;
		c += strspn(c, " \t\n") - 1;
		*to++ = ' ';
	}
	*to = '\0';
}

/*
 * Reads one field with its folded lines (RFC 5322 2.2.3).
 * Returns what follows, with *line moved on.
 */
static const char *
read_field(const char *s, long *line, struct letter *letter,
	struct problems *problems)
{
	long first = *line;
	const char *end = s;
	char *field, *colon, *value;

	do {
		end += strcspn(end, "\n");
		end += *end == '\n';
		(*line)++;
	} while (*end == ' ' || *end == '\t');
	field = mem_strndup(s, (size_t)(end - s));
	unfold(field);
	colon = strchr(field, ':');
	if (!colon || colon == field ||
		strcspn(field, " \t") < (size_t)(colon - field)) {
		problems_add(problems, letter->file, first, 1,
			"not a header line: write \"Field: value\", and a "
			"blank line before the text of the letter");
	} else {
		*colon = '\0';
		value = str_trim(colon + 1);
		set_field(letter, field, value, first,
			*line - first > 1 ? 0 : (int)(value - field) + 1,
			problems);
	}
	free(field);
	return end;
}

const char *
letter_kind(const struct letter *letter)
{
	const char *slash = strrchr(letter->file, '/');

	if (letter->kind.text)
		return letter->kind.text;
	return slash && str_starts(slash, "/campaign.") ? "introduction"
							: "letter";
}

bool
letter_is_letter(const struct letter *letter)
{
	return str_ieq(letter_kind(letter), "letter");
}

int64_t
letter_day(const struct letter_field *field, int64_t fallback)
{
	int64_t day;

	return field->text && clock_parse_day(field->text, &day) == 0
		       ? day
		       : fallback;
}

static void
check_day(const struct letter *letter, const struct letter_field *field,
	const char *name, struct problems *problems)
{
	int64_t day;

	if (field->text && clock_parse_day(field->text, &day) < 0)
		problems_add(problems, letter->file, field->line, 1,
			"%s: \"%s\" is not a day; write it like 2026-05-01",
			name, field->text);
}

static void
check_mailbox(const struct letter *letter, const struct letter_field *field,
	const char *name, struct problems *problems)
{
	struct address address;
	struct err err;
	char *display = NULL;

	if (field->text && address_parse_mailbox(
				   field->text, &display, &address, &err) < 0)
		problems_add(problems, letter->file, field->line, 1,
			"%s: %s; write Name <name@example.org>", name, err.msg);
	free(display);
}

static void
check_copies(const struct letter *letter, struct problems *problems)
{
	size_t count = 0;
	char **list = letter->copy.text
			      ? str_split(letter->copy.text, ',', &count)
			      : NULL;
	struct address address;
	struct err err;

	for (size_t i = 0; i < count; i++)
		if (address_parse(list[i], &address, &err) < 0)
			problems_add(problems, letter->file, letter->copy.line,
				1, "Copy: %s: %s", list[i], err.msg);
	str_list_free(list, count);
}

static void
check_lists(const struct letter *letter, struct problems *problems)
{
	size_t count = 0;
	char **list = letter->to.text ? str_split(letter->to.text, ',', &count)
				      : NULL;

	for (size_t i = 0; i < count; i++)
		if (strpbrk(list[i], "/\\") || list[i][0] == '.')
			problems_add(problems, letter->file, letter->to.line, 1,
				"To: \"%s\" is not the name of a list; write "
				"ilo for recipients/ilo.csv",
				list[i]);
	str_list_free(list, count);
}

static void
check_attachments(const struct letter *letter, struct problems *problems)
{
	for (size_t i = 0; i < letter->attach_count; i++) {
		const char *path = letter->attach[i].text;

		if (path && (path[0] == '/' || strstr(path, "..")))
			problems_add(problems, letter->file,
				letter->attach[i].line, 1,
				"Attach: %s: the file must lie inside the "
				"campaign's folder",
				path);
	}
}

static void
check_fields(const struct letter *letter, struct problems *problems)
{
	long goal;

	if (!letter->title.text)
		problems_add(problems, letter->file, 1, 0,
			"the Title field is missing");
	if (letter_is_letter(letter) && !letter->subject.text)
		problems_add(problems, letter->file, 1, 0,
			"the Subject field is missing (or give a Kind: that "
			"is not letter)");
	if (!letter_is_letter(letter) && letter->subject.text)
		problems_add(problems, letter->file, letter->subject.line, 1,
			"Subject is for Kind: letter only");
	if (letter_is_letter(letter) &&
		!letter->body[strspn(letter->body, " \t\n")])
		problems_add(problems, letter->file, letter->body_line, 0,
			"the letter has no text; there must be a blank line "
			"after the header and text behind it");
	if (letter->goal.text &&
		str_to_number(letter->goal.text, 1000000000, &goal) < 0)
		problems_add(problems, letter->file, letter->goal.line, 1,
			"Goal: \"%s\" is not a number", letter->goal.text);
	check_day(letter, &letter->date, "Date", problems);
	check_day(letter, &letter->opens, "Opens", problems);
	check_day(letter, &letter->closes, "Closes", problems);
	if (letter_day(&letter->opens, INT64_MIN) >
		letter_day(&letter->closes, INT64_MAX))
		problems_add(problems, letter->file, letter->closes.line, 1,
			"Closes is before Opens");
	check_mailbox(letter, &letter->from, "From", problems);
	check_mailbox(letter, &letter->reply_to, "Reply-To", problems);
	check_copies(letter, problems);
	check_lists(letter, problems);
	check_attachments(letter, problems);
}

int
letter_parse(const char *text, const char *file, struct letter *out,
	struct problems *problems)
{
	size_t before = problems->count;
	const char *s = text;
	long line = 1;

	*out = (struct letter){.file = mem_strdup(file)};
	while (*s && *s != '\n')
		s = read_field(s, &line, out, problems);
	if (*s == '\n') {
		s++;
		line++;
	}
	out->body = s;
	out->body_line = line;
	check_fields(out, problems);
	return problems->count > before ? -1 : 0;
}

void
letter_release(struct letter *letter)
{
	if (!letter)
		return;
	free(letter->file);
#define X(name, member, agree) free(letter->member.text);
	LETTER_FIELDS(X)
#undef X
	for (size_t i = 0; i < letter->attach_count; i++)
		free(letter->attach[i].text);
	free(letter->attach);
	*letter = (struct letter){0};
}

static void
compare_field(const struct letter *a, const struct letter_field *x,
	const struct letter *b, const struct letter_field *y, const char *name,
	struct problems *problems)
{
	const char *here = y->text ? y->text : "(not there)";
	const char *there = x->text ? x->text : "(not there)";

	if (x->text == y->text ||
		(x->text && y->text && strcmp(x->text, y->text) == 0))
		return;
	problems_add(problems, b->file, y->line ? y->line : 1, 0,
		"%s: \"%s\" differs from \"%s\" in %s; all languages of a "
		"letter must agree in it",
		name, here, there, a->file);
}

void
letter_compare(const struct letter *a, const struct letter *b,
	struct problems *problems)
{
#define X(name, member, agree) \
	if (agree)             \
		compare_field(a, &a->member, b, &b->member, name, problems);
	LETTER_FIELDS(X)
#undef X
}
