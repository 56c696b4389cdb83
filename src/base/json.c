#include "base/json.h"

#include <jansson.h>
#include <stdlib.h>

void
json_add_string(struct buf *out, const char *s)
{
	json_t *value = json_string(s);
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

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
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &error);
	const char *name;
	json_t *value;
	int rc = -1;

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
