/*
 * Mustache (the public specification: comments, delimiters, interpolation,
 * inverted, partials, sections), compiled once and rendered many times. A
 * compiled template may be used by several threads at once.
 *
 * Knows no file system (partials come from a loader), no Markdown, no HTML.
 */
#ifndef CORE_TEMPLATE_H
#define CORE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/problem.h"
#include "core/value.h"

struct template;

/*
 * Finds the text of a partial by name.
 * Returns 1 with *text and *file (borrowed as long as the template is being
 * parsed), 0 when there is none. The second parse of a name may be avoided by
 * the template, so a loader is asked once per name and template.
 */
struct template_loader {
	int (*load)(void *ctx, const char *name, const char **text,
		const char **file);
	void *ctx;
};

enum template_flags {
	TEMPLATE_LETTER = 0, /* {{{x}}} and {{&x}} are problems, so are missing
				and recursive partials */
	TEMPLATE_RAW = 1,    /* all of the specification, for its tests */
};

/*
 * Compiles text. file and line (of text's first line) are for problems;
 * every problem in text and its partials is collected, not just the first.
 * text is borrowed for the call. loader may be NULL: no partials.
 * Returns a template to free with template_free. When there were problems it
 * is not sound: good for template_check only, so that unknown variables are
 * told at the same time; or it is NULL, when a partial contains itself.
 */
struct template *template_parse(const char *text, const char *file, long line,
	enum template_flags flags, const struct template_loader *loader,
	struct problems *problems);

/* Whether there were no problems: whether it may be rendered. */
bool template_is_sound(const struct template *t);

void template_free(struct template *t);

/*
 * Looks up every name that the template uses, in sections that would not be
 * taken too, in declared (a map of the same shape as the data; a list's
 * first item stands for all of its items). A name that nothing declares is a
 * problem: `file:line:column: unknown variable "x"; did you mean "y"?`. So is
 * a map or list where a text is wanted. Flag TEMPLATE_LETTER only.
 */
void template_check(const struct template *t, const struct value *declared,
	struct problems *problems);

/* Whether the template uses this dotted name (or a part of it). */
bool template_uses(const struct template *t, const char *name);

/* Renders with values as they are: for header fields. */
void template_render(
	const struct template *t, const struct value *data, struct buf *out);

/* Renders with {{x}} escaped for HTML (& < > "), {{{x}}} as it is: the
 * specification's way. Flag TEMPLATE_RAW only. */
void template_render_spec(
	const struct template *t, const struct value *data, struct buf *out);

/*
 * A stand-in for a value while Markdown is converted: letters and digits
 * only, fixed length, found nowhere in the template's own text. Token i is
 * prefix, five digits of i, then 'z'.
 */
enum {
	TEMPLATE_TOKEN_MAX = 99999,
	TEMPLATE_TOKEN_DIGITS = 5
};

/* The template's token prefix, e.g. "tq"; borrowed from the template. */
const char *template_token_prefix(const struct template *t);

/* The values that tokens stand for, in order. Zero-initialised is empty; the
 * texts are borrowed from data. */
struct template_values {
	const char **items;
	size_t count;
	size_t cap;
};

void template_values_release(struct template_values *values);

/*
 * Evaluates sections and writes the skeleton: the template's own text with a
 * token where a value goes. Values never become part of it. Both out and
 * values are added to. Returns 0, or -1 when there are more than
 * TEMPLATE_TOKEN_MAX values.
 */
int template_skeleton(const struct template *t, const struct value *data,
	struct buf *out, struct template_values *values);

#endif
