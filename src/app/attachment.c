#include "app/attachment.h"

#include <search.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/message.h"

static int
read_file(const struct workspace *ws, const char *shown, struct buf *out,
	char digest[static DIGEST_MAX], struct err *err)
{
	char *path = NULL;
	int rc = workspace_attachment(ws, shown, &path, err);

	if (rc == 0)
		rc = file_read(path, WORKSPACE_ATTACHMENT_MAX, out, err);
	if (rc < 0 && err->kind == ERR_NOTFOUND)
		err_set(err, ERR_NOTFOUND,
			"%s: there is no such file to attach; put it there, "
			"or mend Attach: or the column attach",
			shown);
	if (rc == 0)
		token_digest(buf_str(out), out->len, digest);
	free(path);
	return rc;
}

int
attachment_note(const struct workspace *ws, const char *path,
	struct attachment *out, struct err *err)
{
	struct buf data = {0};
	int rc = read_file(ws, path, &data, out->digest, err);

	out->size = data.len;
	out->path = rc < 0 ? NULL : mem_strdup(path);
	buf_release(&data);
	return rc;
}

void
attachment_release(struct attachment *a)
{
	free(a->path);
	*a = (struct attachment){0};
}

int
attachment_encode(const struct workspace *ws, const struct attachment *a,
	struct buf *out, struct err *err)
{
	const char *slash = strrchr(a->path, '/');
	char digest[DIGEST_MAX];
	struct buf data = {0};
	int rc = read_file(ws, a->path, &data, digest, err);

	if (rc < 0 && err->kind != ERR_IO)
		err->kind = ERR_CHANGED;
	if (rc == 0 && strcmp(digest, a->digest) != 0)
		rc = err_set(err, ERR_CHANGED,
			"%s: not the file that it was when the mailing was "
			"made; put that one back, then resume",
			a->path);
	if (rc == 0)
		message_attachment(slash ? slash + 1 : a->path, NULL,
			buf_str(&data), data.len, out);
	buf_release(&data);
	return rc;
}

char **
attachment_paths(const char *campaign, const char *column, size_t *count)
{
	char **paths = str_split(column, ';', count);

	for (size_t i = 0; i < *count; i++) {
		char *path = mem_printf("letters/%s/%s", campaign, paths[i]);

		free(paths[i]);
		paths[i] = path;
	}
	return paths;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct attachment *)a)->path,
		((const struct attachment *)b)->path);
}

const struct attachment *
attachments_find(const struct attachments *set, const char *path)
{
	const struct attachment wanted = {.path = (char *)(uintptr_t)path};
	void *node = tfind(&wanted, &set->tree, compare);

	return node ? *(struct attachment **)node : NULL;
}

/* Takes the attachment over. */
static const struct attachment *
add(struct attachments *set, const struct attachment *a)
{
	struct attachment *kept = mem_zalloc(sizeof *kept);

	*kept = *a;
	tsearch(kept, &set->tree, compare);
	return kept;
}

void
attachments_add(struct attachments *set, const char *path, const char *digest)
{
	struct attachment a = {.path = mem_strdup(path)};

	snprintf(a.digest, sizeof a.digest, "%s", digest);
	add(set, &a);
}

static int
note_one(struct attachments *set, const struct workspace *ws, const char *path,
	size_t *sum, struct err *err)
{
	const struct attachment *found = attachments_find(set, path);
	struct attachment a;

	if (!found) {
		if (attachment_note(ws, path, &a, err) < 0)
			return err_prefix(err, "attach");
		found = add(set, &a);
	}
	*sum += found->size;
	if (*sum > WORKSPACE_ATTACHMENT_MAX)
		return err_set(err, ERR_DATA,
			"attach: larger than %d MB together; no mail server "
			"takes that",
			WORKSPACE_ATTACHMENT_MAX >> 20);
	return 0;
}

int
attachments_note(struct attachments *set, const struct workspace *ws,
	const char *campaign, const char *column, struct err *err)
{
	size_t count, sum = 0;
	char **paths = attachment_paths(campaign, column, &count);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = note_one(set, ws, paths[i], &sum, err);
	str_list_free(paths, count);
	return rc;
}

struct each {
	int (*call)(void *ctx, const struct attachment *a, struct err *err);
	void *ctx;
	struct err *err;
	int rc;
};

static void
visit(const void *node, VISIT order, void *closure)
{
	struct each *each = closure;

	if (each->rc == 0 && (order == postorder || order == leaf))
		each->rc = each->call(each->ctx,
			*(struct attachment *const *)node, each->err);
}

int
attachments_each(const struct attachments *set,
	int (*call)(void *ctx, const struct attachment *a, struct err *err),
	void *ctx, struct err *err)
{
	struct each each = {call, ctx, err, 0};

	twalk_r(set->tree, visit, &each);
	return each.rc;
}

static void
free_node(void *node)
{
	attachment_release(node);
	free(node);
}

void
attachments_release(struct attachments *set)
{
	tdestroy(set->tree, free_node);
	set->tree = NULL;
}
