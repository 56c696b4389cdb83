#include "cmd/opt.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool
is_end(const struct opt *o)
{
	return !o->name && !o->letter;
}

static const struct opt *
find_in(const struct opt *o, const char *name, size_t len, char letter)
{
	for (; o && !is_end(o); o++) {
		if (name && o->name && strlen(o->name) == len &&
			strncmp(o->name, name, len) == 0)
			return o;
		if (letter && o->letter == letter)
			return o;
	}
	return NULL;
}

static int
unknown(const struct opt *own, const struct opt *common, const char *name,
	size_t len, struct err *err)
{
	const struct opt *tables[] = {own, common};
	const char *names[64];
	char word[64] = "";
	const char *near;
	size_t n = 0;

	for (int t = 0; t < 2; t++)
		for (const struct opt *o = tables[t]; o && !is_end(o); o++)
			if (o->name && n < 64)
				names[n++] = o->name;
	snprintf(word, sizeof word, "%.*s", (int)len, name);
	near = str_nearest(word, names, n);
	return err_set(err, ERR_USAGE, "unknown option --%s%s%s%s", word,
		near ? "; did you mean --" : "; -h lists them",
		near ? near : "", near ? "?" : "");
}

static int
set(const struct opt *o, const char *value, struct err *err)
{
	struct opt_list *list;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->to = true;
		return 0;
	case OPT_TEXT:
		*(const char **)o->to = value;
		return 0;
	case OPT_NUMBER:
		if (str_to_number(value, INT_MAX, o->to) < 0 ||
			*(long *)o->to < 1)
			return err_set(err, ERR_USAGE,
				"--%s %s: write a number from 1 to %d", o->name,
				value, INT_MAX);
		return 0;
	case OPT_LIST:
		list = o->to;
		if (list->count == OPT_LIST_MAX)
			return err_set(err, ERR_USAGE,
				"--%s is given too many times", o->name);
		list->items[list->count++] = value;
		return 0;
	}
	return 0;
}

/* Reads the option in argv[*at], moving *at to its last argument. */
static int
read_option(const struct opt *own, const struct opt *common, int argc,
	char **argv, int *at, struct err *err)
{
	const char *word = argv[*at];
	bool is_long = word[1] == '-';
	const char *name = is_long ? word + 2 : NULL;
	size_t len = name ? strcspn(name, "=") : 0;
	char letter = is_long ? 0 : word[1];
	const struct opt *o = find_in(own, name, len, letter);
	const char *value = NULL;

	if (!o)
		o = find_in(common, name, len, letter);
	if (!o && is_long)
		return unknown(own, common, name, len, err);
	if (!o)
		return err_set(err, ERR_USAGE,
			"unknown option -%c; -h lists them", letter);
	if (is_long && name[len] == '=')
		value = name + len + 1;
	else if (!is_long && word[2])
		value = word + 2;
	if (o->kind == OPT_FLAG)
		return value ? err_set(err, ERR_USAGE, "%s takes no value",
				       word)
			     : set(o, NULL, err);
	if (!value && *at + 1 >= argc)
		return err_set(err, ERR_USAGE, "%s needs a value: %s %s", word,
			word, o->value);
	if (!value)
		value = argv[++*at];
	return set(o, value, err);
}

int
opt_parse(const struct opt *own, const struct opt *common, bool stop_at_word,
	int *argc, char **argv, struct err *err)
{
	int kept = 0, at;

	for (at = 0; at < *argc; at++) {
		bool is_word = argv[at][0] != '-' || !argv[at][1];

		if (is_word && stop_at_word)
			break;
		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (is_word)
			argv[kept++] = argv[at];
		else if (read_option(own, common, *argc, argv, &at, err) < 0)
			return -1;
	}
	for (; at < *argc; at++)
		argv[kept++] = argv[at];
	*argc = kept;
	return 0;
}

void
opt_help(const struct opt *o)
{
	for (; !is_end(o); o++) {
		char left[64];

		snprintf(left, sizeof left, "%s%c%s%s%s%s%s",
			o->letter ? "-" : "", o->letter ? o->letter : ' ',
			o->letter && o->name ? ", " : "", o->name ? "--" : "",
			o->name ? o->name : "", o->value ? " " : "",
			o->value ? o->value : "");
		printf("  %-26s %s\n", left + (left[0] == ' '), o->help);
	}
}
