#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	REAP_MS = 5 /* between two looks whether it has ended */
};

extern char **environ;

/* The child gets back what signals do by default: a thread may have blocked
 * those that end it, and nobody here hears of a broken pipe. */
static int
spawn(const char *line, int output, pid_t *pid)
{
	char sh[] = "sh", option[] = "-c";
	char *argv[] = {sh, option, (char *)(uintptr_t)line, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, pipe_only;
	int error;

	sigemptyset(&none);
	sigemptyset(&pipe_only);
	sigaddset(&pipe_only, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &pipe_only);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	error = posix_spawn(pid, "/bin/sh", &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
}

/* Milliseconds until then, for poll: -1 is for ever. */
static int
time_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms == 0)
		return -1;
	left = deadline_ms - clock_monotonic_ms();
	return left > 0 ? (int)left : 0;
}

/* Returns 0 at the end of the output, or -1. */
static int
read_output(int fd, size_t limit_bytes, int64_t deadline_ms, struct buf *out,
	struct err *err)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t got = 0;
	ssize_t n;
	int ready;

	for (;;) {
		ready = poll(&p, 1, time_left(deadline_ms));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready == 0)
			return err_set(err, ERR_IO, "did not end in time");
		/* One byte more shows that there is too much. */
		n = read(fd, buf_reserve(out, limit_bytes + 1 - got),
			limit_bytes + 1 - got);
		if (n < 0)
			return err_set(
				err, ERR_IO, "failed: %s", strerror(errno));
		if (n == 0)
			return 0;
		buf_commit(out, (size_t)n);
		got += (size_t)n;
		if (got > limit_bytes)
			return err_set(err, ERR_IO,
				"printed more than %zu bytes", limit_bytes);
	}
}

/* Returns 0 when the child has ended, or -1: not in time. */
static int
wait_for_end(pid_t pid, int64_t deadline_ms, int *status, struct err *err)
{
	int flags = deadline_ms ? WNOHANG : 0;
	pid_t ended;

	for (;;) {
		ended = waitpid(pid, status, flags);
		/* Who started us may let nobody hear of ended children. */
		if (ended == pid || (ended < 0 && errno == ECHILD))
			return 0;
		if (ended == 0 && time_left(deadline_ms) == 0)
			return err_set(err, ERR_IO, "did not end in time");
		if (ended == 0)
			clock_sleep_ms(REAP_MS);
	}
}

static int
judge(int status, struct err *err)
{
	if (WIFSIGNALED(status))
		return err_set(err, ERR_IO, "was ended by signal %d",
			WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(err, ERR_IO, "failed with exit status %d",
			WEXITSTATUS(status));
	return 0;
}

int
command_read(const char *line, size_t limit_bytes, int timeout_s,
	struct buf *out, struct err *err)
{
	int64_t deadline_ms =
		timeout_s ? clock_monotonic_ms() + timeout_s * 1000L : 0;
	int ends[2], error, rc, status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_set(
			err, ERR_IO, "cannot be run: %s", strerror(errno));
	error = spawn(line, ends[1], &pid);
	close(ends[1]);
	if (error != 0) {
		close(ends[0]);
		return err_set(
			err, ERR_IO, "cannot be run: %s", strerror(error));
	}
	rc = read_output(ends[0], limit_bytes, deadline_ms, out, err);
	close(ends[0]);
	if (rc == 0)
		rc = wait_for_end(pid, deadline_ms, &status, err);
	if (rc == 0)
		return judge(status, err);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}
