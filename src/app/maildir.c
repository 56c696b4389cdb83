#include "app/maildir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/compose.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/store_ledger.h"

struct writing {
	const struct mailing *mailing;
	const struct maildir_request *request;
	int64_t written;
	struct buf message;
};

/* The message's own token names the file: unique, and says nothing. */
static int
save(struct writing *w, const struct store_delivery *d, struct err *err)
{
	const char *id = d->message_id + 1;
	int len = (int)strcspn(id, "@");
	char *tmp = mem_printf("%s/tmp/%" PRId64 ".%.*s.openletter",
		w->request->dir, d->date, len, id);
	char *new = mem_printf("%s/new/%" PRId64 ".%.*s.openletter",
		w->request->dir, d->date, len, id);
	int rc = file_write(tmp, buf_str(&w->message), w->message.len, err);

	if (rc == 0 && rename(tmp, new) < 0)
		rc = err_set(err, ERR_CREATE, "%s: cannot create: %s", new,
			strerror(errno));
	free(tmp);
	free(new);
	return rc;
}

static int
write_one(void *ctx, const struct store_delivery *d, struct err *err)
{
	struct writing *w = ctx;

	buf_reset(&w->message);
	if (compose_delivery(w->mailing, NULL, d, &w->message, err) < 0)
		return -1;
	if (save(w, d, err) < 0)
		return -1;
	w->written++;
	if (w->request->watch)
		w->request->watch(
			w->request->watch_ctx, w->written, w->request->total);
	return 0;
}

int
maildir_write(struct workspace *ws, const struct mailing *mailing,
	const struct maildir_request *request, struct err *err)
{
	static const char *const folders[] = {"tmp", "new", "cur"};
	struct writing w = {.mailing = mailing, .request = request};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 3; i++) {
		char *path = file_join(request->dir, folders[i]);

		rc = file_make_folder(path, err);
		free(path);
	}
	if (rc == 0)
		rc = store_deliveries(ws->store, mailing->id, clock_now(),
			write_one, &w, err);
	buf_release(&w.message);
	return rc;
}
