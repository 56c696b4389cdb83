/* Copies of the store, to be put away. */
#ifndef STORE_STORE_COPY_H
#define STORE_STORE_COPY_H

#include "store/store.h"

/* Writes the store as it is now to an empty file; others may go on with it
 * meanwhile. Not synced. Errors: ERR_IO: the disk is full. */
int store_copy(struct store *store, const char *path, struct err *err);

/*
 * Makes a copy one that sends nothing by itself: what was open in it is
 * unknown, since the original goes on and sends it, and mailings are paused.
 * *unknown counts these. The copy is one file then.
 */
int store_put_away(struct store *copy, const char *reason, int64_t now,
	int64_t *unknown, struct err *err);

#endif
