/* Backups of the database. */
#ifndef APP_BACKUP_H
#define APP_BACKUP_H

#include <stdint.h>

#include "app/workspace.h"

struct backup_result {
	int64_t bytes;
	int64_t unknown; /* messages that are unknown in it, as they were open
			  */
};

/*
 * Writes a copy of the database to a new file of mode 0600: as it is at one
 * moment, also while letters are sent; checked and synced before it gets its
 * name. Restoring one never sends by itself.
 * Errors: ERR_CREATE: the file is there, or cannot be made; ERR_REFUSED:
 * another is just writing it; ERR_DATA with problems: the copy is not sound;
 * ERR_IO: the disk is full.
 */
int backup_make(struct workspace *ws, const char *path,
	struct backup_result *out, struct problems *problems, struct err *err);

#endif
