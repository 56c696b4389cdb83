/*
 * A file in the making: nobody sees it until draft_keep puts it in the place
 * of what is there. One that is not kept leaves nothing behind, not even when
 * the program is killed, where the file system knows files without a name.
 */
#ifndef BASE_DRAFT_H
#define BASE_DRAFT_H

#include <stddef.h>

#include "base/err.h"

struct draft;

/* Begins a file of mode 0600 that is to be path. Free with draft_close.
 * Errors: ERR_CREATE. */
int draft_open(const char *path, struct draft **out, struct err *err);

/* Adds to it; what is small is gathered first. Errors: ERR_IO. */
int draft_add(struct draft *d, const void *data, size_t len, struct err *err);

/* Sees to it that all of it is on the disk, so that little can still fail.
 * Errors: ERR_IO. */
int draft_sync(struct draft *d, struct err *err);

/* Puts it in its place, synced. Only draft_close may follow.
 * Errors: ERR_IO. */
int draft_keep(struct draft *d, struct err *err);

/* Throws away what was not kept. Takes NULL. */
void draft_close(struct draft *d);

#endif
