#include "app/attachment.h"

#include <search.h>
#include <stdint.h>
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

const struct attachment *
attachments_take(struct attachments *set, struct attachment *a)
{
	struct attachment *kept = mem_zalloc(sizeof *kept);

	*kept = *a;
	*a = (struct attachment){0};
	tsearch(kept, &set->tree, compare);
	return kept;
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
