/* JSON, one row at a time. jansson is used here only. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/fields.h"

/* Adds a string as a JSON literal, quotes included. Text that is not UTF-8
 * is added as an empty string. */
void json_add_string(struct buf *out, const char *s);

/* Adds `{"name":"value",...}` in the order of the fields. */
void json_add_fields(struct buf *out, const struct fields *f);

/*
 * Reads an object of strings, adding to out in the object's order.
 * Errors: ERR_DATA.
 */
int json_parse_fields(const char *json, struct fields *out, struct err *err);

#endif
