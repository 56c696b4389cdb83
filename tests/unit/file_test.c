#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

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

static void
test_write_read(void **state)
{
	static const char data[] = "a\0b\r\n\xFF";
	char *path = file_join(dir, "file");
	struct buf out = {0};
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_false(file_exists(path));
	assert_int_equal(
		file_write(path, "longer than what follows", 24, &err), 0);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(file_write(path, data, sizeof data, &err), 0);
	assert_true(file_exists(path));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	buf_puts(&out, "x");
	assert_int_equal(file_read(path, sizeof data, &out, &err), 0);
	assert_int_equal(out.len, 1 + sizeof data);
	assert_memory_equal(out.data + 1, data, sizeof data);
	assert_int_equal(file_read(path, sizeof data - 1, &out, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);

	buf_reset(&out);
	assert_int_equal(file_write(path, "", 0, &err), 0);
	assert_int_equal(file_read(path, 0, &out, &err), 0);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	free(path);
}

static void
test_read_errors(void **state)
{
	char *missing = file_join(dir, "missing");
	char *fifo = file_join(dir, "fifo");
	struct buf out = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(file_read(missing, 10, &out, &err), -1);
	assert_int_equal(err.kind, ERR_NOTFOUND);
	assert_int_equal(file_read(dir, 10, &out, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	/* Must not wait for a writer. */
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, 10, &out, &err), -1);
	assert_int_equal(err.kind, ERR_DATA);
	buf_release(&out);
	free(missing);
	free(fifo);
}

/* What fails leaves the old file as it was, and nothing beside it. */
static void
test_write_errors(void **state)
{
	char *nowhere = file_join(dir, "nowhere/file");
	char *folder = file_join(dir, "folder");
	struct err err = {0};
	char **names;
	size_t count;

	(void)state;
	assert_int_equal(file_write(nowhere, "a", 1, &err), -1);
	assert_int_equal(err.kind, ERR_CREATE);
	temp_plant(dir, "folder/inside", "kept");
	assert_int_equal(file_write(folder, "a", 1, &err), -1);
	assert_int_equal(err.kind, ERR_IO);
	assert_int_equal(file_list(dir, "", &names, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(names[0], "folder");
	str_list_free(names, count);
	free(nowhere);
	free(folder);
}

static void
test_make_folder(void **state)
{
	char *deep = file_join(dir, "a/b/c");
	char *slashes = file_join(dir, "d//e/");
	char *blocked = file_join(dir, "file/x");
	struct err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(file_make_folder(deep, &err), 0);
	assert_int_equal(file_make_folder(deep, &err), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(file_make_folder(slashes, &err), 0);
	assert_true(file_exists(slashes));
	assert_int_equal(file_make_folder("/", &err), 0);
	assert_int_equal(file_make_folder(".", &err), 0);
	temp_plant(dir, "file", "");
	assert_int_equal(file_make_folder(blocked, &err), -1);
	assert_int_equal(err.kind, ERR_CREATE);
	err.kind = ERR_NONE;
	assert_int_equal(file_make_folder("", &err), -1);
	assert_int_equal(err.kind, ERR_CREATE);
	free(deep);
	free(slashes);
	free(blocked);
}

static void
test_list(void **state)
{
	char *missing = file_join(dir, "missing");
	char *file = file_join(dir, "b.md");
	struct err err = {0};
	char **names;
	size_t count;

	(void)state;
	temp_plant(dir, "b.md", "");
	temp_plant(dir, "a.md", "");
	temp_plant(dir, "c.txt", "");
	temp_plant(dir, ".hidden.md", "");
	temp_plant(dir, "B.md", "");
	assert_int_equal(file_list(dir, ".md", &names, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_string_equal(names[0], "B.md");
	assert_string_equal(names[1], "a.md");
	assert_string_equal(names[2], "b.md");
	str_list_free(names, count);
	assert_int_equal(file_list(dir, "", &names, &count, &err), 0);
	assert_int_equal(count, 4);
	str_list_free(names, count);
	assert_int_equal(file_list(missing, "", &names, &count, &err), 0);
	assert_int_equal(count, 0);
	str_list_free(names, count);
	assert_int_equal(file_list(file, "", &names, &count, &err), -1);
	assert_int_equal(err.kind, ERR_IO);
	str_list_free(names, count);
	free(missing);
	free(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
		WITH_DIR(test_write_read),
		WITH_DIR(test_read_errors),
		WITH_DIR(test_write_errors),
		WITH_DIR(test_make_folder),
		WITH_DIR(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
