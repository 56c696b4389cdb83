#include "app/composition.h"

#include <stdlib.h>
#include <string.h>

#include "app/data.h"
#include "base/mem.h"
#include "base/str.h"

/* A letter has as many skeletons as its sections have combinations; nearly
 * all have a handful. Past this many the oldest makes room. */
enum {
	SKELETONS_MAX = 64
};

struct skeleton {
	char *text;
	size_t len;
	struct markdown *markdown;
};

struct composition {
	const struct edition *edition;
	struct skeleton skeletons[SKELETONS_MAX];
	size_t count;
	size_t next; /* to be replaced when all are taken */
};

struct composition *
composition_new(const struct edition *edition)
{
	struct composition *c = mem_zalloc(sizeof *c);

	c->edition = edition;
	return c;
}

void
composition_free(struct composition *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++) {
		free(c->skeletons[i].text);
		markdown_free(c->skeletons[i].markdown);
	}
	free(c);
}

int
composition_markdown(struct composition *c, const struct buf *text,
	const struct markdown **out, struct err *err)
{
	const char *prefix = template_token_prefix(c->edition->body);
	struct markdown *made = NULL;
	struct skeleton *s;

	for (size_t i = 0; i < c->count; i++) {
		s = &c->skeletons[i];
		if (s->len == text->len &&
			memcmp(s->text, buf_str(text), s->len) == 0) {
			*out = s->markdown;
			return 0;
		}
	}
	if (markdown_new(buf_str(text), prefix, &made, err) < 0)
		return -1;
	if (c->count < SKELETONS_MAX) {
		s = &c->skeletons[c->count++];
	} else {
		s = &c->skeletons[c->next++ % SKELETONS_MAX];
		free(s->text);
		markdown_free(s->markdown);
	}
	s->text = mem_strndup(buf_str(text), text->len);
	s->len = text->len;
	s->markdown = made;
	*out = made;
	return 0;
}

/*
 * The line of the letter's file that a line of the skeleton comes from: the
 * first that begins like it, up to where a value goes. 0 when there is none.
 */
static long
find_source_line(const struct letter *letter, const char *skeleton, long line,
	const char *prefix)
{
	const char *s = skeleton, *value;
	char *wanted;
	long found = 0, at = letter->body_line;
	size_t len;

	for (; line > 1 && *s; line--) {
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	wanted = mem_strndup(s, strcspn(s, "\n"));
	value = strstr(wanted, prefix);
	len = value ? (size_t)(value - wanted) : strlen(wanted);
	for (s = letter->body; len && *s && !found; at++) {
		if (strncmp(s, wanted, len) == 0)
			found = at;
		s += strcspn(s, "\n");
		s += *s == '\n';
	}
	free(wanted);
	return found;
}

/* Converts the letter with all sections taken, or none. */
static void
try_markdown(const struct edition *edition, const struct value *root,
	struct problems *problems)
{
	const char *prefix = template_token_prefix(edition->body);
	struct err err = {.msg = "too many values in one letter"};
	struct template_values values = {0};
	struct buf skeleton = {0};
	struct markdown *markdown = NULL;
	const char *what;
	char *rest;
	long line = 0;

	if (template_skeleton(edition->body, root, &skeleton, &values) < 0 ||
		markdown_new(buf_str(&skeleton), prefix, &markdown, &err) < 0) {
		what = err.msg;
		if (str_starts(what, "line ")) {
			line = find_source_line(&edition->letter,
				buf_str(&skeleton),
				strtol(what + strlen("line "), &rest, 10),
				prefix);
			what = rest + strspn(rest, ": ");
		}
		problems_add(problems, edition->file, line, 0, "%s", what);
	}
	markdown_free(markdown);
	template_values_release(&values);
	buf_release(&skeleton);
}

void
composition_check(const struct edition *edition, const struct fields *columns,
	struct problems *problems)
{
	static const char *const texts[] = {"1", ""};

	for (size_t i = 0; i < 2; i++) {
		struct data *declared = data_declare(columns, texts[i]);

		edition_check(edition, data_root(declared), problems);
		if (edition->body && template_is_sound(edition->body))
			try_markdown(edition, data_root(declared), problems);
		data_free(declared);
	}
	problems_sort(problems);
}
