/* For tests: a folder of one's own, files in it, and the corpora. */
#ifndef TESTS_TEMP_H
#define TESTS_TEMP_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum {
	TEMP_MAX = 4096
};

/* Makes an empty folder and writes its path. */
static inline void
temp_make(char out[static TEMP_MAX])
{
	const char *base = getenv("TMPDIR");

	snprintf(out, TEMP_MAX, "%s/openletter-test.XXXXXX",
		base && *base ? base : "/tmp");
	assert_non_null(mkdtemp(out));
}

static inline int
temp_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* Removes the folder and all that is in it. */
static inline void
temp_remove(const char *dir)
{
	nftw(dir, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the folder, making the folders on the way. Returns its
 * path to free. */
static inline char *
temp_write(const char *dir, const char *name, const void *data, size_t len)
{
	char *path = file_join(dir, name);
	char *slash = strrchr(path, '/');
	struct err err = {0};

	*slash = '\0';
	if (file_make_folder(path, &err) < 0)
		fail_msg("%s", err.msg);
	*slash = '/';
	if (file_write(path, data, len, &err) < 0)
		fail_msg("%s", err.msg);
	return path;
}

/* The same for a text, where nobody needs the path. */
static inline void
temp_plant(const char *dir, const char *name, const char *text)
{
	free(temp_write(dir, name, text, strlen(text)));
}

/* The path of test data that the project did not write, to free; skips the
 * test that calls it when it is not there. */
static inline char *
temp_corpus(const char *name)
{
	const char *corpora = getenv("OPENLETTER_CORPORA");
	char *path = file_join(corpora ? corpora : "../shared/corpora", name);

	if (!file_exists(path)) {
		print_message("%s: not there, the test is skipped\n", path);
		free(path);
		path = NULL;
		skip();
	}
	return path;
}

#endif
