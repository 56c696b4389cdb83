#include "app/parts.h"

#include <pthread.h>
#include <search.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/mem.h"

/* What is kept though nobody uses it; one file is up to 35 MB, encoded. */
enum {
	IDLE_MAX = 64 << 20
};

struct kept_part {
	char *key;
	struct buf part;
	size_t users;
	TAILQ_ENTRY(kept_part) idle; /* when nobody uses it */
};

/* The lock is held while a part is made: of those who want the same one only
 * the first makes it, and memory holds one more at a time. */
struct parts {
	pthread_mutex_t lock;
	void *tree;				/* entries by key */
	TAILQ_HEAD(kept_parts, kept_part) idle; /* the longest unused first */
	size_t idle_bytes;
};

struct parts *
parts_new(void)
{
	struct parts *parts = mem_zalloc(sizeof *parts);

	pthread_mutex_init(&parts->lock, NULL);
	TAILQ_INIT(&parts->idle);
	return parts;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct kept_part *)a)->key,
		((const struct kept_part *)b)->key);
}

static void
drop(struct parts *parts, struct kept_part *e)
{
	TAILQ_REMOVE(&parts->idle, e, idle);
	parts->idle_bytes -= e->part.len;
	tdelete(e, &parts->tree, compare);
	free(e->key);
	buf_release(&e->part);
	free(e);
}

void
parts_free(struct parts *parts)
{
	if (!parts)
		return;
	while (!TAILQ_EMPTY(&parts->idle))
		drop(parts, TAILQ_FIRST(&parts->idle));
	pthread_mutex_destroy(&parts->lock);
	free(parts);
}

static struct kept_part *
find(struct parts *parts, const char *key)
{
	const struct kept_part wanted = {.key = (char *)(uintptr_t)key};
	void *node = tfind(&wanted, &parts->tree, compare);

	return node ? *(struct kept_part **)node : NULL;
}

static struct kept_part *
make_entry(struct parts *parts, const char *key, parts_make_fn *make,
	const void *ctx, struct err *err)
{
	struct kept_part *e = mem_zalloc(sizeof *e);

	if (make(ctx, &e->part, err) < 0) {
		buf_release(&e->part);
		free(e);
		return NULL;
	}
	e->key = mem_strdup(key);
	tsearch(e, &parts->tree, compare);
	return e;
}

int
parts_take(struct parts *parts, const char *key, parts_make_fn *make,
	const void *ctx, const struct buf **out, struct err *err)
{
	struct kept_part *e;

	pthread_mutex_lock(&parts->lock);
	e = find(parts, key);
	if (e && e->users == 0) {
		TAILQ_REMOVE(&parts->idle, e, idle);
		parts->idle_bytes -= e->part.len;
	}
	if (!e)
		e = make_entry(parts, key, make, ctx, err);
	if (e)
		e->users++;
	pthread_mutex_unlock(&parts->lock);
	if (!e)
		return -1;
	*out = &e->part;
	return 0;
}

void
parts_give_back(struct parts *parts, const struct buf *part)
{
	struct kept_part *e =
		(struct kept_part *)(uintptr_t)((const char *)part -
						offsetof(struct kept_part,
							part));

	pthread_mutex_lock(&parts->lock);
	if (--e->users == 0) {
		TAILQ_INSERT_TAIL(&parts->idle, e, idle);
		parts->idle_bytes += e->part.len;
	}
	while (parts->idle_bytes > IDLE_MAX)
		drop(parts, TAILQ_FIRST(&parts->idle));
	pthread_mutex_unlock(&parts->lock);
}
