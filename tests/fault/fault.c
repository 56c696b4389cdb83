/* The plan: which step is the one, and what happens there. */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned sites;
} site_names[] = {
	{"write", FAULT_WRITE},
	{"sync", FAULT_SYNC},
	{"send", FAULT_SEND},
	{"step", FAULT_WRITE | FAULT_SYNC | FAULT_SEND},
	{"alloc", FAULT_ALLOC},
	{"sql", FAULT_SQL},
};

static const struct {
	const char *name;
	enum fault_what what;
	int error;
} what_names[] = {
	{"die", FAULT_DIE, 0},
	{"done", FAULT_DONE, 0},
	{"half", FAULT_HALF, 0},
	{"short", FAULT_SHORT, 0},
	{"ENOSPC", FAULT_FAIL, ENOSPC},
	{"EIO", FAULT_FAIL, EIO},
	{"EINTR", FAULT_FAIL, EINTR},
	{"ECONNRESET", FAULT_FAIL, ECONNRESET},
	{"BUSY", FAULT_FAIL, SQLITE_BUSY},
	{"FULL", FAULT_FAIL, SQLITE_FULL},
	{"IOERR", FAULT_FAIL, SQLITE_IOERR},
	{"NOMEM", FAULT_FAIL, SQLITE_NOMEM}, /* of alloc: NULL */
	{"LATE", FAULT_LATE, SQLITE_IOERR},
};

static struct {
	unsigned sites; /* 0: no plan */
	long first, last;
	enum fault_what what;
	int error;
} plan;

static atomic_long steps;

/* A plan with a slip of the pen must not look like a passed test. */
static void
refuse(const char *text)
{
	dprintf(STDERR_FILENO, "FAULT=%s is not understood\n", text);
	abort();
}

__attribute__((constructor)) static void
read_plan(void)
{
	const char *text = getenv("FAULT");
	char site[16], what[16];
	unsigned sites = 0;

	if (!text)
		return;
	if (sscanf(text, "%15[a-z]:%ld:%ld:%15[A-Za-z]", site, &plan.first,
		    &plan.last, what) != 4)
		refuse(text);
	for (size_t i = 0; i < sizeof site_names / sizeof site_names[0]; i++)
		if (strcmp(site, site_names[i].name) == 0)
			sites = site_names[i].sites;
	for (size_t i = 0; i < sizeof what_names / sizeof what_names[0]; i++) {
		if (strcmp(what, what_names[i].name) != 0)
			continue;
		plan.what = what_names[i].what;
		plan.error = what_names[i].error;
	}
	if (!sites || !plan.what)
		refuse(text);
	plan.sites = sites;
}

__attribute__((destructor)) static void
write_tally(void)
{
	const char *path = getenv("FAULT_TALLY");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	plan.sites = 0;
	if (fd >= 0) {
		dprintf(fd, "%ld\n", atomic_load(&steps));
		close(fd);
	}
}

void
fault_die(void)
{
	syscall(SYS_kill, getpid(), SIGKILL);
	for (;;)
		pause();
}

enum fault_what
fault_next(enum fault_site site, int *error)
{
	long number;

	if (!(plan.sites & site))
		return FAULT_NONE;
	number = atomic_fetch_add(&steps, 1) + 1;
	if (number < plan.first || (plan.last && number > plan.last))
		return FAULT_NONE;
	if (plan.what == FAULT_DIE)
		fault_die();
	*error = plan.error;
	return plan.what;
}
