#include "base/json.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"

/* Without memory the library takes sound text for broken. */
static void
use_mem(void)
{
	json_set_alloc_funcs(mem_zalloc, free);
}

static void
set_up(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, use_mem);
}

/* How many bytes at the start stand for themselves in quotes (RFC 8259 7). */
static size_t
plain_run(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= ' ' && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

void
json_add_string(struct buf *out, const char *s)
{
	size_t len = plain_run(s);
	json_t *value;
	char *text;

	if (!s[len] && str_utf8_bad(s, len) == len) {
		buf_putc(out, '"');
		buf_add(out, s, len);
		buf_putc(out, '"');
		return;
	}
	set_up();
	value = json_string(s);
	text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
	buf_puts(out, text ? text : "\"\"");
	free(text);
	json_decref(value);
}

void
json_add_fields(struct buf *out, const struct fields *f)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < f->count; i++) {
		if (i)
			buf_putc(out, ',');
		json_add_string(out, f->items[i].name);
		buf_putc(out, ':');
		json_add_string(out, f->items[i].value);
	}
	buf_putc(out, '}');
}

int
json_parse_fields(const char *json, struct fields *out, struct err *err)
{
	json_error_t error;
	const char *name;
	json_t *object, *value;
	int rc = -1;

	set_up();
	object = json_loads(json, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(object)) {
		err_set(err, ERR_DATA, "not a JSON object: %s", error.text);
		goto out;
	}
	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value)) {
			err_set(err, ERR_DATA, "\"%s\" is not a text", name);
			goto out;
		}
		fields_add(out, name, json_string_value(value));
	}
	rc = 0;
out:
	json_decref(object);
	return rc;
}
