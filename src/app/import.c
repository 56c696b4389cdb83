#include "app/sign.h"

#include <string.h>

#include "app/desk.h"
#include "app/import_chunks.h"
#include "app/import_table.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "core/fold.h"
#include "store/store_signature.h"

enum {
	COUNTS_MAX = 50000 /* kept in memory: organisations may be many */
};

struct import {
	const struct import_request *request;
	struct signing_desk *desk;
	struct import_table *table;
	struct import_result *out;
	const char *source;
	int64_t now;
	struct store_counts counts;
	int64_t first, last; /* ids of the batch */
};

/* Reads rows until the chunk is full: in a thread of its own. */
static int
fill(void *ctx, struct import_chunk *chunk, struct err *err)
{
	struct import *im = ctx;
	struct import_row row;
	int rc = 1;

	while (chunk->rows < CHUNK_ROWS &&
		arena_used(&chunk->arena) < CHUNK_BYTES &&
		(rc = import_table_next(im->table, &chunk->arena, &row, err)) >
			0) {
		chunk->rows++;
		chunk->rejected += !row.taken;
		chunk->idle += row.taken && row.idle;
		if (!row.taken || row.idle)
			continue;
		chunk->signatures[chunk->count] = row.signature;
		chunk->items[chunk->count] = (struct store_item){
			.signature = &chunk->signatures[chunk->count],
			.line = row.line,
		};
		chunk->count++;
	}
	chunk->place = import_table_place(im->table);
	chunk->last = rc == 0;
	return rc < 0 ? -1 : 0;
}

/* Stores a chunk of them: in the thread that has the store. */
static int
take(void *ctx, struct import_chunk *chunk, struct err *err)
{
	struct import *im = ctx;
	struct import_result *out = im->out;
	struct store *store = im->desk->ws->store;
	const struct store_signing in = {
		.letter = im->desk->letter,
		.edition = im->desk->edition,
		.consent = im->desk->consent,
		.state = SIGNATURE_CONFIRMED,
		.source = im->source,
		.batch = out->batch,
		.now = im->now,
	};

	if (store_sign(store, &in, chunk->items, chunk->count, &im->counts,
		    err) < 0)
		return -1;
	for (size_t i = 0; i < chunk->count; i++) {
		const enum store_signed what = chunk->items[i].what;

		out->added += what == STORE_SIGNED_NEW;
		out->again += what == STORE_SIGNED_AGAIN;
		out->tighter += what == STORE_SIGNED_TIGHTER;
		out->withdrawn += what == STORE_SIGNED_WITHDRAWN;
		out->refused += what == STORE_SIGNED_REJECTED;
		out->erased += what == STORE_SIGNED_ERASED;
	}
	if (chunk->count > 0) {
		im->first = im->first ? im->first : chunk->items[0].id;
		im->last = chunk->items[chunk->count - 1].id;
	}
	out->rows += chunk->rows;
	out->rejected += chunk->rejected;
	out->idle += chunk->idle;
	if (im->counts.counter.used > COUNTS_MAX &&
		store_counts_write(store, &im->counts, err) < 0)
		return -1;
	if (im->request->watch)
		im->request->watch(im->request->watch_ctx, out, chunk->place,
			import_table_size(im->table));
	return 0;
}

/*
 * Returns 1, 0 when there is nothing to keep, or -1. A file that was imported
 * before has nothing new, and its repeated signatures need not be kept twice.
 */
static int
end_batch(struct import *im, struct err *err)
{
	struct store *store = im->desk->ws->store;
	const int64_t batch = im->out->batch;
	char digest[DIGEST_MAX];
	int same;

	if (im->out->added + im->out->again + im->out->tighter == 0)
		return 0;
	if (file_digest(im->request->file, digest, err) < 0)
		return -1;
	same = store_import_same(store, im->desk->letter, digest, batch, err);
	if (same < 0)
		return -1;
	if (same && im->out->added + im->out->tighter == 0)
		return 0;
	if (store_import_end(store,
		    &(struct store_batch){.id = batch,
			    .first = im->first,
			    .last = im->last,
			    .sha256 = digest,
			    .added = im->out->added,
			    .again = im->out->again + im->out->tighter},
		    err) < 0)
		return -1;
	return 1;
}

static int
open_table(struct import *im, struct err *err)
{
	const struct import_table_options options = {
		.file = im->request->file,
		.encoding = im->request->encoding,
		.delimiter = im->request->delimiter,
		.maps = im->request->maps,
		.map_count = im->request->map_count,
		.lang = im->desk->lang,
		.now = im->now,
		.opens = im->desk->opens,
		.closes = im->desk->closes,
		.dry_run = im->request->dry_run,
		.by_name = im->desk->by_name,
		.month_first = im->request->month_first,
	};

	if (import_table_open(&options, &im->table, err) < 0)
		return -1;
	im->out->unused = mem_strdup(import_table_unused(im->table));
	return 0;
}

static int
run(struct import *im, struct err *err)
{
	struct store *store = im->desk->ws->store;
	int rc = -1;

	if (open_table(im, err) < 0)
		return -1;
	if (store_begin(store, "importing", DB_DURABLE, err) < 0)
		return -1;
	im->counts.letter = im->desk->letter;
	if (store_import_begin(store, im->desk->letter, im->source,
		    im->request->file, im->now, &im->out->batch, err) < 0 ||
		import_chunks(fill, take, im, err) < 0 ||
		store_counts_write(store, &im->counts, err) < 0)
		goto out;
	rc = end_batch(im, err);
	if (rc < 0)
		goto out;
	if (rc == 0 || im->request->dry_run) {
		im->out->batch = 0;
		rc = im->request->dry_run ? 0
					  : import_table_keep_rejects(im->table,
						    &im->out->rejects, err);
		goto out;
	}
	/* Only now may a mended file of rejects be written over. */
	rc = import_table_sync_rejects(im->table, err);
	if (rc == 0)
		rc = store_commit(store, err);
	if (rc == 0)
		rc = import_table_keep_rejects(
			im->table, &im->out->rejects, err);
out:
	store_rollback(store);
	return rc;
}

int
sign_import(struct workspace *ws, const struct import_request *request,
	struct import_result *out, struct problems *problems, struct err *err)
{
	const char *slash = strrchr(request->file, '/');
	struct import im = {
		.request = request,
		.out = out,
		.source = request->source ? request->source
			  : slash	  ? slash + 1
					  : request->file,
		.now = clock_now(),
	};
	int rc = -1;

	*out = (struct import_result){0};
	if (fold_check_text(im.source, "--source", 200, false, err) < 0) {
		err->kind = ERR_USAGE;
		return -1;
	}
	if (sign_open(ws, request->letter, NULL, true, &im.desk, problems,
		    err) == 0)
		rc = run(&im, err);
	sign_close(im.desk);
	import_table_close(im.table);
	store_counts_release(&im.counts);
	return rc;
}
