#include "app/recover.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/token.h"
#include "store/inflight.h"
#include "store/store_ledger.h"

void
recover_boot_id(char out[static RECOVER_BOOT_MAX])
{
	struct buf text = {0};
	struct err err;
	size_t len;

	if (file_read("/proc/sys/kernel/random/boot_id", RECOVER_BOOT_MAX,
		    &text, &err) < 0) {
		char token[TOKEN_MAX];

		token_random(token);
		buf_puts(&text, token);
	}
	len = strcspn(buf_str(&text), "\n");
	if (len >= RECOVER_BOOT_MAX)
		len = RECOVER_BOOT_MAX - 1;
	memcpy(out, buf_str(&text), len);
	out[len] = '\0';
	buf_release(&text);
}

int
recover_run(struct workspace *ws, int64_t *unknown, struct err *err)
{
	char *path = workspace_path(ws, INFLIGHT_NAME);
	char boot[RECOVER_BOOT_MAX];
	int rc;

	recover_boot_id(boot);
	rc = store_recover(ws->store, path, boot, clock_now(), unknown, err);
	free(path);
	return rc;
}

int
recover_look_after(struct workspace *ws, int64_t *unknown, struct err *err)
{
	int open = store_batch_is_open(ws->store, err);
	int rc;

	*unknown = 0;
	if (open <= 0)
		return open;
	if (workspace_lock_sender(ws, err) < 0)
		return err->kind == ERR_REFUSED ? 0 : -1;
	rc = recover_run(ws, unknown, err);
	workspace_unlock_sender(ws);
	return rc;
}
