/* Reading and writing whole files. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/token.h"

/*
 * Reads a regular file of at most limit_bytes, adding it to out.
 * Errors: ERR_NOTFOUND; ERR_DATA: too long, not a regular file; ERR_IO.
 */
int file_read(
	const char *path, size_t limit_bytes, struct buf *out, struct err *err);

/* The SHA-256 of a file of any length. Errors: ERR_NOTFOUND, ERR_IO. */
int file_digest(const char *path, char out[static DIGEST_MAX], struct err *err);

/*
 * Writes a file of mode 0600 whole or not at all: a temporary file in the
 * same folder, synced, then renamed over path.
 * Errors: ERR_CREATE, ERR_IO.
 */
int file_write(const char *path, const void *data, size_t len, struct err *err);

/* Makes a folder of mode 0700 and those above it; one that is there is fine.
 * Errors: ERR_CREATE. */
int file_make_folder(const char *path, struct err *err);

bool file_exists(const char *path);

/*
 * Names in a folder that end in suffix ("" for all), sorted, without those
 * that begin with a dot. Free with str_list_free. A missing folder has none.
 * Errors: ERR_IO.
 */
int file_list(const char *folder, const char *suffix, char ***names,
	size_t *count, struct err *err);

/* folder/name in a new string. */
char *file_join(const char *folder, const char *name);

#endif
