/* Puts right what a run left that ended suddenly. */
#ifndef APP_RECOVER_H
#define APP_RECOVER_H

#include <stdint.h>

#include "app/workspace.h"

enum {
	RECOVER_BOOT_MAX = 64
};

/* What this start of the machine is called; a claim from another start
 * means that the power was lost in between. Where the system does not say, no
 * two are taken for the same. */
void recover_boot_id(char out[static RECOVER_BOOT_MAX]);

/* See store_recover; under the sender's lock, before a mailing is made or
 * run. */
int recover_run(struct workspace *ws, int64_t *unknown, struct err *err);

/*
 * The same for whoever opens the store: what a dead run left is put right
 * before it is read, and a run that is alive is left alone.
 */
int recover_look_after(struct workspace *ws, int64_t *unknown, struct err *err);

#endif
