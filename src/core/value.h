/*
 * The data that a template is filled with: texts, maps and lists, built by
 * the caller and borrowed by whoever reads it. The same shape, with made-up
 * texts, declares which names exist.
 */
#ifndef CORE_VALUE_H
#define CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

enum value_kind {
	VALUE_FALSE,  /* declared, but there is nothing: false section, "" */
	VALUE_TEXT,   /* "" is false in a section */
	VALUE_NUMBER, /* a text of ASCII digits; "0" is false in a section */
	VALUE_MAP,    /* names -> items */
	VALUE_LIST,   /* items only; empty is false */
};

struct value {
	enum value_kind kind;
	const char *text;	   /* TEXT, NUMBER */
	const char *const *names;  /* MAP: count names */
	const struct value *items; /* MAP, LIST: count values */
	size_t count;
};

#endif
