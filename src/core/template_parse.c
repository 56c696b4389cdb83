#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/template_private.h"

enum {
	SECTION_DEPTH_MAX = 64, /* rendering recurses once per section */
	QUOTE_MAX = 60,		/* bytes of a name in a message */
};

struct span {
	const char *s;
	size_t len;
};

struct tag {
	char sigil; /* 0: a variable */
	size_t start;
	size_t end;
	struct span body; /* without white space around it */
	uint32_t line;
	uint32_t column;
};

struct parser {
	struct template *t;
	const struct template_loader *loader;
	struct problems *problems;
	const char **sources; /* text of each part; NULL: does not exist */
	size_t source_cap;

	/* The part that is being parsed. */
	const char *file;
	const char *text;
	size_t len;
	bool indented; /* a partial: its lines may have to be indented */
	size_t search; /* where the next tag may begin */
	size_t done;   /* text before this has become nodes */
	size_t at;     /* the place that line and line_start belong to */
	long line;
	size_t line_start;
	struct span open;
	struct span close;
	uint32_t sections[SECTION_DEPTH_MAX]; /* nodes not yet closed */
	size_t depth;
};

/* The name in a message: not too long, cut at a character. */
static const char *
quoted(char out[QUOTE_MAX + 4], const char *s, size_t len)
{
	size_t cut = len;

	if (cut > QUOTE_MAX) {
		cut = QUOTE_MAX;
		while (cut > 0 && ((unsigned char)s[cut] & 0xC0) == 0x80)
			cut--;
	}
	snprintf(out, QUOTE_MAX + 4, "%.*s%s", (int)cut, s,
		cut < len ? "..." : "");
	return out;
}

#define QUOTED(s, len) quoted((char[QUOTE_MAX + 4]){0}, s, len)

#define PROBLEM(p, place, ...)                                      \
	problems_add((p)->problems, (p)->file, (long)(place)->line, \
		(int)(place)->column, __VA_ARGS__)

static struct span
trimmed(const char *s, size_t len)
{
	while (len > 0 && str_is_space(s[0])) {
		s++;
		len--;
	}
	while (len > 0 && str_is_space(s[len - 1]))
		len--;
	return (struct span){s, len};
}

static size_t
find(const struct parser *p, size_t from, struct span what)
{
	const char *hit =
		memmem(p->text + from, p->len - from, what.s, what.len);

	return hit ? (size_t)(hit - p->text) : SIZE_MAX;
}

static struct node *
add_node(struct parser *p, enum node_kind kind, const char *s, size_t len)
{
	struct template *t = p->t;
	struct node *node;

	t->nodes = mem_grow(
		t->nodes, t->node_count, &t->node_cap, sizeof *t->nodes);
	node = &t->nodes[t->node_count++];
	*node = (struct node){
		.kind = kind,
		.at = (uint32_t)t->text.len,
		.len = (uint32_t)len,
	};
	buf_add(&t->text, s, len);
	return node;
}

static struct node *
add_tag_node(struct parser *p, enum node_kind kind, const struct tag *tag)
{
	struct node *node = add_node(p, kind, tag->body.s, tag->body.len);

	node->line = tag->line;
	node->column = tag->column;
	return node;
}

static bool
line_begins(const struct parser *p, size_t at)
{
	return at == 0 || p->text[at - 1] == '\n';
}

/*
 * A standalone partial's indentation goes in front of each line of its text,
 * not of its values', so the beginnings of lines are marked here.
 */
static void
add_text(struct parser *p, size_t from, size_t to, bool tag_follows)
{
	while (from < to) {
		const char *lf =
			p->indented ? memchr(p->text + from, '\n', to - from)
				    : NULL;
		size_t end = lf ? (size_t)(lf - p->text) + 1 : to;

		if (p->indented && line_begins(p, from))
			add_node(p, NODE_INDENT, "", 0);
		add_node(p, NODE_TEXT, p->text + from, end - from);
		from = end;
	}
	if (p->indented && tag_follows && line_begins(p, to))
		add_node(p, NODE_INDENT, "", 0);
}

static void
locate(struct parser *p, size_t at, struct tag *tag)
{
	uint32_t column = 1;

	for (; p->at < at; p->at++) {
		if (p->text[p->at] == '\n') {
			p->line++;
			p->line_start = p->at + 1;
		}
	}
	for (size_t i = p->line_start; i < at; i++)
		column += ((unsigned char)p->text[i] & 0xC0) != 0x80;
	tag->line = (uint32_t)p->line;
	tag->column = column;
}

/*
 * Where a tag's body ends and the tag after it. A set-delimiter tag ends in
 * "=}}", an unescaped one in "}}}"; a letter refuses the latter whatever its
 * end, so there it may be read like any other.
 */
static int
find_end(const struct parser *p, char sigil, size_t from, size_t *body_end,
	size_t *end)
{
	bool raw = p->t->flags & TEMPLATE_RAW;
	const char *before = sigil == '='	   ? "="
			     : sigil == '{' && raw ? "}"
						   : "";
	char *want =
		mem_printf("%s%.*s", before, (int)p->close.len, p->close.s);
	size_t len = strlen(want);

	*body_end = find(p, from, (struct span){want, len});
	*end = *body_end + len;
	free(want);
	return *body_end == SIZE_MAX ? -1 : 0;
}

/* A letter's author forgot a "}}" when the name runs into the next tag or
 * the next line. */
static bool
runs_on(const struct parser *p, const struct tag *tag)
{
	struct span body = tag->body;

	assert(body.s);
	return !(p->t->flags & TEMPLATE_RAW) && tag->sigil != '!' &&
	       tag->sigil != '=' &&
	       (memmem(body.s, body.len, "\n", 1) ||
		       memmem(body.s, body.len, p->open.s, p->open.len));
}

static bool
next_tag(struct parser *p, struct tag *tag)
{
	size_t at;

	while ((at = find(p, p->search, p->open)) != SIZE_MAX) {
		size_t from = at + p->open.len;
		size_t body_end;

		*tag = (struct tag){.start = at};
		locate(p, at, tag);
		p->search = from;
		while (from < p->len && str_is_space(p->text[from]))
			from++;
		if (from < p->len && strchr("!=#^/>{&", p->text[from]))
			tag->sigil = p->text[from++];
		if (find_end(p, tag->sigil, from, &body_end, &tag->end) < 0) {
			PROBLEM(p, tag, "this tag is never closed by \"%s\"",
				QUOTED(p->close.s, p->close.len));
			return false;
		}
		tag->body = trimmed(p->text + from, body_end - from);
		if (!runs_on(p, tag)) {
			p->search = tag->end;
			return true;
		}
		PROBLEM(p, tag,
			"this tag is not closed by \"%s\" before the next "
			"tag or line",
			QUOTED(p->close.s, p->close.len));
	}
	return false;
}

/* A tag alone on its line takes the line with it; a value does not. */
static bool
stands_alone(const struct parser *p, const struct tag *tag, size_t *line,
	size_t *next)
{
	size_t a = tag->start, b = tag->end;

	if (!tag->sigil || tag->sigil == '{' || tag->sigil == '&')
		return false;
	while (a > 0 && (p->text[a - 1] == ' ' || p->text[a - 1] == '\t'))
		a--;
	if (!line_begins(p, a))
		return false;
	while (b < p->len && (p->text[b] == ' ' || p->text[b] == '\t'))
		b++;
	if (b < p->len && p->text[b] == '\r')
		b++;
	if (b < p->len && p->text[b] != '\n')
		return false;
	*line = a;
	*next = b < p->len ? b + 1 : b;
	return true;
}

static bool
name_is_good(struct parser *p, const struct tag *tag)
{
	const char *s = tag->body.s;
	size_t len = tag->body.len;

	if (len == 0) {
		PROBLEM(p, tag, "a tag without a name");
		return false;
	}
	if (p->t->flags & TEMPLATE_RAW || tag->sigil == '>' ||
		(len == 1 && s[0] == '.'))
		return true;
	if (s[0] == '.' || s[len - 1] == '.' || memmem(s, len, "..", 2)) {
		PROBLEM(p, tag, "the name \"%s\" has an empty part",
			QUOTED(s, len));
		return false;
	}
	return true;
}

static void
set_delimiters(struct parser *p, const struct tag *tag)
{
	struct span body = tag->body;
	struct span open = {body.s, 0};
	struct span close;

	while (open.len < body.len && !str_is_space(body.s[open.len]))
		open.len++;
	close = trimmed(body.s + open.len, body.len - open.len);
	for (size_t i = 0; i < close.len; i++)
		if (str_is_space(close.s[i]))
			close.len = 0;
	if (open.len == 0 || close.len == 0 || memchr(body.s, '=', body.len)) {
		PROBLEM(p, tag,
			"bad delimiters \"%s\": two are needed, with a blank "
			"between them and no \"=\"",
			QUOTED(body.s, body.len));
		return;
	}
	p->open = open;
	p->close = close;
}

static void
open_section(struct parser *p, const struct tag *tag)
{
	enum node_kind kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;

	if (p->depth == SECTION_DEPTH_MAX) {
		PROBLEM(p, tag, "more than %d sections inside each other",
			SECTION_DEPTH_MAX);
		/* Its end would be taken for another's. */
		p->search = p->len;
		return;
	}
	p->sections[p->depth++] = (uint32_t)p->t->node_count;
	add_tag_node(p, kind, tag);
}

static bool
closes(const struct parser *p, const struct node *node, const struct tag *tag)
{
	return node->len == tag->body.len &&
	       memcmp(node_text(p->t, node), tag->body.s, node->len) == 0;
}

static struct node *
innermost(struct parser *p)
{
	return &p->t->nodes[p->sections[p->depth - 1]];
}

static void
report_unclosed(struct parser *p)
{
	const struct node *node = innermost(p);

	PROBLEM(p, node,
		"the section \"%s\" that is opened here is never closed",
		QUOTED(node_text(p->t, node), node->len));
	innermost(p)->to = (uint32_t)p->t->node_count;
	p->depth--;
}

static void
close_section(struct parser *p, const struct tag *tag)
{
	const char *name = QUOTED(tag->body.s, tag->body.len);
	size_t i = p->depth;

	if (p->depth == 0) {
		PROBLEM(p, tag, "\"%s\" is closed here but was not opened",
			name);
		return;
	}
	while (i > 0 && !closes(p, &p->t->nodes[p->sections[i - 1]], tag))
		i--;
	if (i == 0) {
		/* Probably a slip in the name: it closes what is open. */
		const struct node *node = innermost(p);

		PROBLEM(p, tag,
			"\"%s\" is closed here, but \"%s\" is what line %u "
			"opened",
			name, QUOTED(node_text(p->t, node), node->len),
			node->line);
	} else {
		while (p->depth > i)
			report_unclosed(p);
	}
	innermost(p)->to = (uint32_t)p->t->node_count;
	p->depth--;
}

static size_t
add_part(struct parser *p, const char *name, const char *file,
	const char *source)
{
	struct template *t = p->t;

	t->parts = mem_grow(
		t->parts, t->part_count, &t->part_cap, sizeof *t->parts);
	p->sources = mem_grow(
		p->sources, t->part_count, &p->source_cap, sizeof *p->sources);
	p->sources[t->part_count] = source;
	t->parts[t->part_count] = (struct part){
		.name = mem_strdup(name),
		.file = mem_strdup(file),
	};
	return t->part_count++;
}

/* The part of this name; a new one is parsed when its turn comes. */
static size_t
find_part(struct parser *p, const char *name)
{
	const char *text = NULL, *file = NULL;
	int found = 0;

	for (size_t i = 1; i < p->t->part_count; i++)
		if (strcmp(p->t->parts[i].name, name) == 0)
			return i;
	if (p->loader)
		found = p->loader->load(p->loader->ctx, name, &text, &file);
	return found == 1 ? add_part(p, name, file, text)
			  : add_part(p, name, NULL, NULL);
}

static void
add_partial(struct parser *p, const struct tag *tag, const size_t *line)
{
	char *name = mem_strndup(tag->body.s, tag->body.len);
	size_t part = find_part(p, name);
	struct node *node;

	if (p->sources[part]) {
		node = line ? add_node(p, NODE_PARTIAL_LINE, p->text + *line,
				      tag->start - *line)
			    : add_node(p, NODE_PARTIAL, "", 0);
		node->to = (uint32_t)part;
		node->line = tag->line;
		node->column = tag->column;
	} else if (!(p->t->flags & TEMPLATE_RAW)) {
		PROBLEM(p, tag,
			"there is no partial \"%s\": looked for "
			"_partials/%s.<lang>.md and _partials/%s.md",
			QUOTED(name, strlen(name)), QUOTED(name, strlen(name)),
			QUOTED(name, strlen(name)));
	}
	free(name);
}

static void
add_unescaped(struct parser *p, const struct tag *tag)
{
	if (p->t->flags & TEMPLATE_RAW) {
		add_tag_node(p, NODE_VALUE_RAW, tag);
		return;
	}
	PROBLEM(p, tag, "values are always escaped; write {{%s}}",
		QUOTED(tag->body.s, tag->body.len));
}

/* line: where the tag's line begins, if the tag stands alone on it. */
static void
handle_tag(struct parser *p, const struct tag *tag, const size_t *line)
{
	if (tag->sigil == '!')
		return;
	if (tag->sigil == '=') {
		set_delimiters(p, tag);
		return;
	}
	if (!name_is_good(p, tag))
		return;
	switch (tag->sigil) {
	case '#':
	case '^':
		open_section(p, tag);
		break;
	case '/':
		close_section(p, tag);
		break;
	case '>':
		add_partial(p, tag, line);
		break;
	case '{':
	case '&':
		add_unescaped(p, tag);
		break;
	default:
		add_tag_node(p, NODE_VALUE, tag);
		break;
	}
}

static void
parse_part(struct parser *p, size_t part, long line)
{
	struct tag tag;

	p->file = p->t->parts[part].file;
	p->text = p->sources[part];
	p->len = strlen(p->text);
	p->indented = part > 0;
	p->search = p->done = p->at = p->line_start = 0;
	p->line = line;
	p->open = (struct span){"{{", 2};
	p->close = (struct span){"}}", 2};
	p->t->parts[part].first = (uint32_t)p->t->node_count;
	while (next_tag(p, &tag)) {
		size_t begin, next;
		bool alone = stands_alone(p, &tag, &begin, &next);

		add_text(p, p->done, alone ? begin : tag.start, !alone);
		p->done = alone ? next : tag.end;
		handle_tag(p, &tag, alone ? &begin : NULL);
	}
	add_text(p, p->done, p->len, false);
	while (p->depth > 0)
		report_unclosed(p);
	p->t->parts[part].end = (uint32_t)p->t->node_count;
}

enum visit {
	VISIT_NEW,
	VISIT_OPEN,
	VISIT_DONE
};

/* Returns whether a partial contains itself. */
static bool
find_recursion(struct parser *p, size_t at, enum visit *visits)
{
	const struct template *t = p->t;
	bool found = false;

	visits[at] = VISIT_OPEN;
	for (size_t i = t->parts[at].first; i < t->parts[at].end; i++) {
		const struct node *node = &t->nodes[i];

		if (node->kind != NODE_PARTIAL &&
			node->kind != NODE_PARTIAL_LINE)
			continue;
		if (visits[node->to] == VISIT_NEW)
			found = find_recursion(p, node->to, visits) || found;
		if (visits[node->to] != VISIT_OPEN)
			continue;
		found = true;
		problems_add(p->problems, t->parts[at].file, (long)node->line,
			(int)node->column, "the partial \"%s\" contains itself",
			t->parts[node->to].name);
	}
	visits[at] = VISIT_DONE;
	return found;
}

/* Letters only after "tq", so that a prefix never overlaps with itself. */
static void
choose_prefix(struct template *t)
{
	for (unsigned n = 0;; n++) {
		size_t len = 2;

		memcpy(t->prefix, "tq", 2);
		for (unsigned rest = n; rest > 0; rest /= 26)
			t->prefix[len++] = (char)('a' + rest % 26);
		t->prefix[len] = '\0';
		if (!memmem(buf_str(&t->text), t->text.len, t->prefix, len))
			return;
	}
}

struct template *
template_parse(const char *text, const char *file, long line,
	enum template_flags flags, const struct template_loader *loader,
	struct problems *problems)
{
	size_t before = problems->count;
	bool endless = false;
	struct template *t = mem_zalloc(sizeof *t);
	struct parser p = {.t = t, .loader = loader, .problems = problems};

	t->flags = flags;
	add_part(&p, NULL, file, text);
	for (size_t i = 0; i < t->part_count; i++)
		if (p.sources[i])
			parse_part(&p, i, i == 0 ? line : 1);
	if (!(flags & TEMPLATE_RAW)) {
		enum visit *visits = mem_zalloc(t->part_count * sizeof *visits);

		endless = find_recursion(&p, 0, visits);
		free(visits);
	}
	free(p.sources);
	choose_prefix(t);
	t->sound = problems->count == before;
	if (endless) {
		template_free(t);
		return NULL;
	}
	return t;
}
