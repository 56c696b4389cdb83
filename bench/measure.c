/*
 * Runs a command and writes what it took into a file: seconds of wall clock,
 * seconds of processor time in the program and in the kernel, peak resident
 * memory in KB. A program of its own, because Linux counts the memory of the
 * process that starts another among the other's.
 *
 * usage: measure FILE COMMAND [ARGUMENT...]
 *
 * Exits as the command did; 126 when there is no measuring it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FAILED = 126,
	NOT_FOUND = 127,
	SIGNALLED = 128
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int
write_figures(const char *path, double wall, const struct rusage *used)
{
	FILE *file = fopen(path, "w");

	if (!file) {
		perror(path);
		return -1;
	}
	fprintf(file, "%.6f %.6f %.6f %ld\n", wall, seconds(&used->ru_utime),
		seconds(&used->ru_stime), used->ru_maxrss);
	if (fclose(file) != 0) {
		perror(path);
		return -1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	double begun;
	pid_t pid;
	int status;

	if (argc < 3) {
		fprintf(stderr, "usage: measure FILE COMMAND...\n");
		return FAILED;
	}
	begun = now();
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return FAILED;
	}
	if (pid == 0) {
		/* Who ends this ends the command. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(NOT_FOUND);
	}
	if (wait4(pid, &status, 0, &used) < 0) {
		perror("wait4");
		return FAILED;
	}
	if (write_figures(argv[1], now() - begun, &used) < 0)
		return FAILED;
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : SIGNALLED + WTERMSIG(status);
}
