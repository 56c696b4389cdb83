#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "store/inflight.h"
#include "temp.h"

struct scene {
	char dir[TEMP_MAX];
	char *path;
	struct err err;
};

static int
set_up(void **state)
{
	struct scene *s = mem_zalloc(sizeof *s);

	temp_make(s->dir);
	s->path = file_join(s->dir, "openletter.inflight");
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct scene *s = *state;

	temp_remove(s->dir);
	free(s->path);
	free(s);
	return 0;
}

static int
add_slot(void *ctx, const struct inflight_slot *slot, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%d:%d", (int)slot->delivery, (int)slot->stage);
	if (slot->stage == INFLIGHT_SETTLED)
		buf_printf(ctx, ":%d:%d:%s:%s", slot->outcome.kind,
			slot->outcome.reply.code, slot->outcome.reply.status,
			slot->outcome.reply.text);
	buf_putc(ctx, ' ');
	return 0;
}

#define assert_slots(scene, boot, wanted)                                  \
	do {                                                               \
		char mark_[INFLIGHT_MARK_MAX];                             \
		struct buf text = {0};                                     \
                                                                           \
		assert_int_equal(inflight_read((scene)->path, boot, mark_, \
					 add_slot, &text, &(scene)->err),  \
			0);                                                \
		assert_string_equal(buf_str(&text), wanted);               \
		buf_release(&text);                                        \
	} while (0)

static struct inflight *
open_file(struct scene *s, size_t slots)
{
	struct inflight *f = NULL;

	assert_int_equal(inflight_open(s->path, "boot", slots, &f, &s->err), 0);
	return f;
}

static void
test_slots(void **state)
{
	struct scene *s = *state;
	struct inflight *f = open_file(s, 4);
	struct outcome sent = {
		.kind = OUTCOME_SENT, .reply = {250, "2.0.0", "Ok"}};
	char mark[INFLIGHT_MARK_MAX];
	struct buf none = {0};
	struct stat st;

	assert_int_equal(stat(s->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_slots(s, "boot", "");
	assert_int_equal(inflight_handed_over(f, 0, 11, 1, 5, &s->err), 0);
	assert_int_equal(inflight_handed_over(f, 3, 12, 1, 5, &s->err), 0);
	assert_slots(s, "boot", "11:1 12:1 ");
	assert_int_equal(inflight_settled(f, 0, 11, 1, &sent, 6, &s->err), 0);
	assert_slots(s, "boot", "11:2:4:250:2.0.0:Ok 12:1 ");
	assert_int_equal(
		inflight_read(s->path, "boot", mark, add_slot, &none, &s->err),
		0);
	assert_string_equal(mark, inflight_mark(f));
	buf_release(&none);
	/* Another start of the machine: what stands there says nothing. */
	assert_slots(s, "boo", "");
	assert_slots(s, "boot2", "");
	assert_int_equal(inflight_clear(f, 0, 2, &s->err), 0);
	assert_slots(s, "boot", "12:1 ");
	inflight_close(f, true);
	assert_true(file_exists(s->path));
	inflight_close(open_file(s, 4), false);
	assert_false(file_exists(s->path));
	assert_slots(s, "boot", "");
}

/* Two runs never bear the same mark. */
static void
test_marks(void **state)
{
	struct scene *s = *state;
	struct inflight *f = open_file(s, 1);
	char *first = mem_strdup(inflight_mark(f));

	inflight_close(f, true);
	f = open_file(s, 1);
	assert_string_not_equal(inflight_mark(f), first);
	inflight_close(f, false);
	free(first);
}

/* Whatever stands in the file, nothing is made up from it. */
static void
test_damaged(void **state)
{
	struct scene *s = *state;
	static const struct {
		off_t at;
		const char *bytes;
		size_t len;
		const char *wanted;
	} cases[] = {
		{0, "O", 1, ""},
		{16, "\1", 1, ""},
		{512 + 8, "\3", 1, "12:1 "},
		{512 + 8, "\0", 1, "12:1 "},
		{512, "\0\0\0\0\0\0\0\0", 8, "12:1 "},
		{512, "\377\377\377\377\377\377\377\377", 8, "12:1 "},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct inflight *f = open_file(s, 2);
		int fd;

		assert_int_equal(
			inflight_handed_over(f, 0, 11, 1, 5, &s->err), 0);
		assert_int_equal(
			inflight_handed_over(f, 1, 12, 1, 5, &s->err), 0);
		fd = open(s->path, O_WRONLY);
		assert_int_equal(
			pwrite(fd, cases[i].bytes, cases[i].len, cases[i].at),
			cases[i].len);
		close(fd);
		assert_slots(s, "boot", cases[i].wanted);
		inflight_close(f, true);
	}
	assert_int_equal(truncate(s->path, 100), 0);
	assert_slots(s, "boot", "");
	assert_int_equal(truncate(s->path, 0), 0);
	assert_slots(s, "boot", "");
}

/* What others put in its place is neither waited for nor followed. */
static void
test_not_a_file(void **state)
{
	struct scene *s = *state;
	char mark[INFLIGHT_MARK_MAX];
	struct buf none = {0};

	assert_int_equal(mkfifo(s->path, 0600), 0);
	assert_int_equal(
		inflight_read(s->path, "boot", mark, add_slot, &none, &s->err),
		-1);
	assert_int_equal(s->err.kind, ERR_IO);
	assert_int_equal(unlink(s->path), 0);
	assert_int_equal(symlink("/dev/zero", s->path), 0);
	assert_int_equal(
		inflight_read(s->path, "boot", mark, add_slot, &none, &s->err),
		-1);
	assert_int_equal(s->err.kind, ERR_IO);
}

static void
test_cannot_create(void **state)
{
	struct scene *s = *state;
	struct inflight *f = NULL;
	char *path = file_join(s->dir, "none/file");

	assert_int_equal(inflight_open(path, "boot", 1, &f, &s->err), -1);
	assert_int_equal(s->err.kind, ERR_CREATE);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_damaged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_not_a_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_cannot_create, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
