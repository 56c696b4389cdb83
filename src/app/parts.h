/*
 * Attachments as MIME parts: made when a message first needs one, and kept
 * for the next messages as far as memory allows. Thread-safe.
 */
#ifndef APP_PARTS_H
#define APP_PARTS_H

#include "base/buf.h"
#include "base/err.h"

struct parts;

struct parts *parts_new(void);
void parts_free(struct parts *parts); /* all were given back */

/* Adds the part to out. Returns 0 or -1. */
typedef int parts_make_fn(const void *ctx, struct buf *out, struct err *err);

/*
 * The part of this key, made now when it is not at hand. Borrowed until
 * parts_give_back. Errors: those of make.
 */
int parts_take(struct parts *parts, const char *key, parts_make_fn *make,
	const void *ctx, const struct buf **out, struct err *err);

void parts_give_back(struct parts *parts, const struct buf *part);

#endif
