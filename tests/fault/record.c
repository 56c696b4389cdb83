/* What the program did to files and said to sockets, in order. */
#include "fault.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Read by tests/e2e/disk.py. */
struct record {
	int64_t what;
	int64_t file; /* inode; of a socket, too */
	int64_t at;
	int64_t len;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -1;

__attribute__((constructor)) static void
open_record(void)
{
	const char *path = getenv("FAULT_RECORD");

	if (path)
		out = (int)syscall(SYS_openat, AT_FDCWD, path,
			O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

void
record_begin(void)
{
	if (out >= 0)
		pthread_mutex_lock(&lock);
}

void
record_add(
	enum record_what what, int fd, int64_t at, const void *data, size_t len)
{
	struct record r = {.what = what, .at = at, .len = (int64_t)len};
	struct iovec parts[] = {{&r, sizeof r}, {(void *)(uintptr_t)data, len}};
	struct stat st;

	if (out < 0)
		return;
	if (fd >= 0 && fstat(fd, &st) == 0)
		r.file = (int64_t)st.st_ino;
	if (syscall(SYS_writev, out, parts, 2) < (long)(sizeof r + len))
		abort();
}

void
record_end(void)
{
	if (out >= 0)
		pthread_mutex_unlock(&lock);
}
