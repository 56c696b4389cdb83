#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/draft.h"
#include "base/str.h"
#include "temp.h"

static char dir[TEMP_MAX];

static int
set_up(void **state)
{
	(void)state;
	temp_make(dir);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	temp_remove(dir);
	return 0;
}

static size_t
count_files(void)
{
	struct err err = {0};
	char **names;
	size_t count;

	assert_int_equal(file_list(dir, "", &names, &count, &err), 0);
	str_list_free(names, count);
	return count;
}

/* Nobody sees the file until it is kept, whole and for its owner only. */
static void
test_keep(void **state)
{
	char *path = temp_write(dir, "list.csv", "old\n", 4);
	struct draft *d;
	struct stat st;
	struct buf text = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(draft_open(path, &d, &err), 0);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(draft_add(d, "line\n", 5, &err), 0);
	assert_int_equal(draft_sync(d, &err), 0);
	assert_int_equal(file_read(path, 10, &text, &err), 0);
	assert_string_equal(buf_str(&text), "old\n");
	assert_int_equal(draft_add(d, "last\n", 5, &err), 0);
	assert_int_equal(draft_keep(d, &err), 0);
	draft_close(d);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 500005);
	assert_int_equal(count_files(), 1);
	buf_release(&text);
	free(path);
}

static void
test_not_kept(void **state)
{
	char *path = file_join(dir, "none.csv");
	size_t before = count_files();
	struct draft *d;
	struct err err = {0};

	(void)state;
	assert_int_equal(draft_open(path, &d, &err), 0);
	assert_int_equal(draft_add(d, "secret", 6, &err), 0);
	assert_int_equal(draft_sync(d, &err), 0);
	draft_close(d);
	draft_close(NULL);
	assert_int_equal(count_files(), before);
	free(path);
}

static void
test_no_folder(void **state)
{
	char *path = file_join(dir, "missing/none.csv");
	struct draft *d;
	struct err err = {0};

	(void)state;
	assert_int_equal(draft_open(path, &d, &err), -1);
	assert_int_equal(err.kind, ERR_CREATE);
	assert_true(str_starts(err.msg, path));
	free(path);
}

/* A path without a folder is one in the current folder. */
static void
test_bare_name(void **state)
{
	char *path = file_join(dir, "bare.csv");
	struct draft *d;
	struct err err = {0};

	(void)state;
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(draft_open("bare.csv", &d, &err), 0);
	assert_int_equal(draft_keep(d, &err), 0);
	draft_close(d);
	assert_true(file_exists(path));
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_not_kept),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_bare_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
