#include "app/edition.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

/* One partial: its file's name below letters/_partials and its text. */
struct partial {
	char *name;
	char *file; /* shown to people */
	char *text;
};

/* Looks partials up, in files or among those at hand, and remembers them. */
struct partials {
	const struct workspace *ws; /* NULL: only those at hand */
	const char *lang;
	struct problems *problems;
	struct partial *items;
	size_t count;
	size_t cap;
};

static void
partials_release(struct partials *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].name);
		free(p->items[i].file);
		free(p->items[i].text);
	}
	free(p->items);
}

static struct partial *
partials_add(struct partials *p, const char *name, char *text)
{
	p->items = mem_grow(p->items, p->count, &p->cap, sizeof *p->items);
	p->items[p->count] = (struct partial){
		.name = mem_strdup(name),
		.file = mem_printf("letters/_partials/%s", name),
		.text = text,
	};
	return &p->items[p->count++];
}

/* Returns the partial in a file of exactly this name, or NULL. */
static const struct partial *
find_file(struct partials *p, const char *name)
{
	struct buf bytes = {0};
	const struct partial *found = NULL;
	struct err err;
	char *file, *path, *text;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].name, name) == 0)
			return &p->items[i];
	if (!p->ws)
		return NULL;
	file = mem_printf("letters/_partials/%s", name);
	path = workspace_path(p->ws, file);
	if (file_read(path, WORKSPACE_FILE_MAX, &bytes, &err) == 0) {
		text = letter_normalise(
			buf_str(&bytes), bytes.len, file, p->problems);
		found = partials_add(p, name, text ? text : mem_strdup(""));
	} else if (err.kind != ERR_NOTFOUND) {
		problems_add(p->problems, file, 0, 0, "%s", err.msg);
	}
	buf_release(&bytes);
	free(path);
	free(file);
	return found;
}

/* A template_loader. */
static int
load_partial(void *ctx, const char *name, const char **text, const char **file)
{
	struct partials *p = ctx;
	const struct partial *found = NULL;
	char *with_lang, *without;

	if (!*name || strpbrk(name, "/\\") || name[0] == '.')
		return 0;
	with_lang = mem_printf("%s.%s.md", name, p->lang);
	without = mem_printf("%s.md", name);
	found = find_file(p, with_lang);
	if (!found)
		found = find_file(p, without);
	free(with_lang);
	free(without);
	if (!found)
		return 0;
	*text = found->text;
	*file = found->file;
	return 1;
}

/* Counts columns of problems in the Subject from the beginning of its line. */
static void
shift_columns(
	const struct letter *letter, size_t from, struct problems *problems)
{
	for (size_t i = from; i < problems->count; i++) {
		struct problem *p = &problems->items[i];

		if (p->line != letter->subject.line ||
			strcmp(p->file, letter->file) != 0)
			continue;
		p->column = letter->subject.column
				    ? p->column + letter->subject.column - 1
				    : 0;
	}
}

static struct template *
parse_subject(const struct letter *letter, const struct template_loader *loader,
	struct problems *problems)
{
	size_t before = problems->count;
	struct template *t = template_parse(letter->subject.text, letter->file,
		letter->subject.line, TEMPLATE_LETTER, loader, problems);

	shift_columns(letter, before, problems);
	return t;
}

static struct template *
parse_body(const struct letter *letter, const struct template_loader *loader,
	struct problems *problems)
{
	return template_parse(letter->body, letter->file, letter->body_line,
		TEMPLATE_LETTER, loader, problems);
}

static int
compare_partials(const void *a, const void *b)
{
	const struct partial *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static char *
join(const char *text, struct partials *partials)
{
	struct buf out = {0};

	if (partials->count)
		qsort(partials->items, partials->count, sizeof *partials->items,
			compare_partials);
	buf_puts(&out, text);
	for (size_t i = 0; i < partials->count; i++)
		buf_printf(&out, "\f%s\n%s", partials->items[i].name,
			partials->items[i].text);
	return buf_take(&out);
}

char *
edition_build(const struct workspace *ws, const char *text,
	const struct letter *letter, const char *lang,
	struct problems *problems)
{
	struct partials partials = {
		.ws = ws,
		.lang = lang,
		.problems = problems,
	};
	struct template_loader loader = {load_partial, &partials};
	char *edition;

	if (letter->subject.text)
		template_free(parse_subject(letter, &loader, problems));
	template_free(parse_body(letter, &loader, problems));
	edition = join(text, &partials);
	partials_release(&partials);
	return edition;
}

/* Takes the partials off the end of an edition's text, in place. */
static void
split(char *text, struct partials *out)
{
	char *s = strchr(text, '\f');

	while (s) {
		char *name = s + 1;
		char *body = strchr(name, '\n');
		char *next;

		*s = '\0';
		if (!body)
			break;
		*body++ = '\0';
		next = strchr(body, '\f');
		partials_add(out, name,
			next ? mem_strndup(body, (size_t)(next - body))
			     : mem_strdup(body));
		s = next;
	}
}

int
edition_open(const char *text, const char *lang, const char *file,
	struct edition *out, struct problems *problems)
{
	struct partials partials = {.lang = lang, .problems = problems};
	struct template_loader loader = {load_partial, &partials};
	size_t before = problems->count;

	*out = (struct edition){
		.text = mem_strdup(text),
		.file = mem_strdup(file),
	};
	split(out->text, &partials);
	letter_parse(out->text, out->file, &out->letter, problems);
	if (out->letter.subject.text)
		out->subject = parse_subject(&out->letter, &loader, problems);
	out->body = parse_body(&out->letter, &loader, problems);
	partials_release(&partials);
	return problems->count > before ? -1 : 0;
}

void
edition_check(const struct edition *edition, const struct value *declared,
	struct problems *problems)
{
	size_t before = problems->count;

	if (edition->subject)
		template_check(edition->subject, declared, problems);
	shift_columns(&edition->letter, before, problems);
	if (edition->body)
		template_check(edition->body, declared, problems);
}

void
edition_close(struct edition *edition)
{
	if (!edition)
		return;
	template_free(edition->subject);
	template_free(edition->body);
	letter_release(&edition->letter);
	free(edition->text);
	free(edition->file);
	*edition = (struct edition){0};
}
