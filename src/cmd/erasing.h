/* What erase and forget have in common: to show what will go, to ask, to
 * erase it and to clean the files. */
#ifndef CMD_ERASING_H
#define CMD_ERASING_H

#include "app/erase.h"
#include "cmd/cmd.h"

/* Returns an exit status, or -1. With look it is only shown. */
int erasing_run(struct cmd *cmd, const struct erase_request *request, bool look,
	bool yes, struct err *err);

#endif
