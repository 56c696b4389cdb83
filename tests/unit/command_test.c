#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include "base/clock.h"
#include "base/command.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
reads_what_is_printed(void **state)
{
	struct buf out = {0};
	struct err err;

	(void)state;
	buf_puts(&out, "before ");
	assert_int_equal(command_read("printf 'a b\\nc'; echo unseen >&2", 10,
				 0, &out, &err),
		0);
	assert_string_equal(buf_str(&out), "before a b\nc");
	buf_reset(&out);
	assert_int_equal(
		command_read("printf 0123456789", 10, 5, &out, &err), 0);
	assert_string_equal(buf_str(&out), "0123456789");
	buf_reset(&out);
	assert_int_equal(command_read(":", 10, 5, &out, &err), 0);
	assert_string_equal(buf_str(&out), "");
	buf_release(&out);
}

static void
says_how_it_failed(void **state)
{
	static const struct {
		const char *line;
		const char *what;
	} cases[] = {
		{"exit 3", "exit status 3"},
		{"echo secret; false", "exit status 1"},
		{"kill -9 $$", "signal 9"},
		{"/nonexistent/command", "exit status 127"},
		{"if", "exit status 2"},
		{"printf 0123456789a", "more than 10 bytes"},
		{"yes", "more than 10 bytes"},
		{"sleep 60", "in time"},
		{"echo a; exec >&-; exec sleep 60", "in time"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t begun = clock_monotonic_ms();
		struct buf out = {0};
		struct err err = {0};

		assert_int_equal(
			command_read(cases[i].line, 10, 1, &out, &err), -1);
		if (!strstr(err.msg, cases[i].what))
			fail_msg("%s: %s", cases[i].line, err.msg);
		assert_int_equal(err.kind, ERR_IO);
		assert_null(strstr(err.msg, "secret"));
		assert_true(clock_monotonic_ms() - begun < 10000);
		buf_release(&out);
	}
}

/* A thread of ours has signals blocked and SIGPIPE ignored; a command must
 * not. */
static void
gives_signals_back(void **state)
{
	struct buf out = {0};
	struct err err;
	sigset_t term, before;
	void (*pipe_before)(int) = signal(SIGPIPE, SIG_IGN);

	(void)state;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, &before);
	assert_int_equal(
		command_read("kill -TERM $$; sleep 5", 10, 9, &out, &err), -1);
	assert_non_null(strstr(err.msg, "signal 15"));
	assert_int_equal(
		command_read("kill -PIPE $$; sleep 5", 10, 9, &out, &err), -1);
	assert_non_null(strstr(err.msg, "signal 13"));
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, pipe_before);
	buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_is_printed),
		cmocka_unit_test(says_how_it_failed),
		cmocka_unit_test(gives_signals_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
