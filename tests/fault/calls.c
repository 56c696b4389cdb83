/* The calls that stand before those of the C library and of SQLite. */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* glibc's own names for what is replaced below. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

/* Pipes and terminals are no business of ours: 0. */
static enum fault_site
site_of(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return 0;
	if (S_ISSOCK(st.st_mode))
		return FAULT_SEND;
	return S_ISREG(st.st_mode) ? FAULT_WRITE : 0;
}

/* Output to a file or socket; at < 0: where the descriptor stands. */
struct put {
	int fd;
	const void *data;
	off64_t at;
	int flags; /* < 0: not by send */
};

static ssize_t
put_now(const struct put *p, size_t len)
{
	if (p->flags >= 0)
		return syscall(
			SYS_sendto, p->fd, p->data, len, p->flags, NULL, 0);
	if (p->at >= 0)
		return syscall(SYS_pwrite64, p->fd, p->data, len, p->at);
	return syscall(SYS_write, p->fd, p->data, len);
}

/* What is said to a socket may be heard at once, so it is recorded before. */
static ssize_t
put_recorded(const struct put *p, enum fault_site site, size_t len)
{
	off64_t at = p->at;
	ssize_t n;

	if (site == 0)
		return put_now(p, len);
	record_begin();
	if (site == FAULT_SEND) {
		record_add(RECORD_SEND, p->fd, 0, p->data, len);
		record_end();
		return put_now(p, len);
	}
	if (at < 0)
		at = lseek64(p->fd, 0, SEEK_CUR);
	n = put_now(p, len);
	if (n > 0)
		record_add(RECORD_WRITE, p->fd, at, p->data, (size_t)n);
	record_end();
	return n;
}

static ssize_t
put(const struct put *p, size_t len)
{
	enum fault_site site = site_of(p->fd);
	enum fault_what what = FAULT_NONE;
	int error = 0;
	ssize_t n;

	if (site)
		what = fault_next(site, &error);
	if (what == FAULT_FAIL) {
		if (error == ECONNRESET)
			shutdown(p->fd, SHUT_RDWR);
		errno = error;
		return -1;
	}
	if (what == FAULT_SHORT || what == FAULT_HALF)
		len = (len + 1) / 2;
	n = put_recorded(p, site, len);
	if (what == FAULT_HALF || what == FAULT_DONE)
		fault_die();
	return n;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	return put(&(struct put){fd, data, -1, -1}, len);
}

ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
	return put(&(struct put){fd, data, at, -1}, len);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	return put(&(struct put){fd, data, at, -1}, len);
}

ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	return put(&(struct put){fd, data, -1, flags}, len);
}

/* A step that is done or not. Returns what the call shall, with *go false
 * when it is not to be made. */
static enum fault_what
whole_step(enum fault_site site, bool *go)
{
	int error = 0;
	enum fault_what what = fault_next(site, &error);

	*go = what != FAULT_FAIL && what != FAULT_HALF;
	if (what == FAULT_HALF)
		fault_die();
	if (what == FAULT_FAIL)
		errno = error;
	return what;
}

static int
sync_file(int fd, long number)
{
	struct stat st;
	bool go;
	enum fault_what what = whole_step(FAULT_SYNC, &go);
	int rc;

	if (!go)
		return -1;
	record_begin();
	rc = (int)syscall(number, fd);
	if (rc == 0 && fstat(fd, &st) == 0)
		record_add(
			S_ISDIR(st.st_mode) ? RECORD_SYNC_FOLDER : RECORD_SYNC,
			fd, 0, NULL, 0);
	record_end();
	if (what == FAULT_DONE)
		fault_die();
	return rc;
}

int
fsync(int fd)
{
	return sync_file(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return sync_file(fd, SYS_fdatasync);
}

int
ftruncate64(int fd, off64_t size)
{
	bool go;
	enum fault_what what = whole_step(FAULT_WRITE, &go);
	int rc;

	if (!go)
		return -1;
	record_begin();
	rc = (int)syscall(SYS_ftruncate, fd, size);
	if (rc == 0)
		record_add(RECORD_CUT, fd, size, NULL, 0);
	record_end();
	if (what == FAULT_DONE)
		fault_die();
	return rc;
}

int
ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

int
unlink(const char *path)
{
	bool go;
	enum fault_what what = whole_step(FAULT_WRITE, &go);
	int rc;

	if (!go)
		return -1;
	record_begin();
	rc = (int)syscall(SYS_unlink, path);
	if (rc == 0)
		record_add(RECORD_REMOVE, -1, 0, path, strlen(path));
	record_end();
	if (what == FAULT_DONE)
		fault_die();
	return rc;
}

int
rename(const char *from, const char *to)
{
	bool go;
	enum fault_what what = whole_step(FAULT_WRITE, &go);
	int rc;

	if (!go)
		return -1;
	rc = (int)syscall(SYS_rename, from, to);
	if (what == FAULT_DONE)
		fault_die();
	return rc;
}

static int
open_recorded(const char *path, int flags, mode_t mode)
{
	const char *boot_id = getenv("FAULT_BOOT_ID");
	bool made;
	int fd;

	if (boot_id && strcmp(path, BOOT_ID) == 0)
		path = boot_id;
	record_begin();
	made = (flags & O_CREAT) && access(path, F_OK) < 0;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
	if (fd >= 0 && made)
		record_add(RECORD_CREATE, fd, 0, path, strlen(path));
	record_end();
	return fd;
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_recorded(path, flags, mode);
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = mode_of(flags, ap);
	va_end(ap);
	return open_recorded(path, flags, mode);
}

/* The clock */

time_t
time(time_t *out)
{
	const char *path = getenv("FAULT_CLOCK");
	struct timespec now;
	char text[32] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	if (path) {
		long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);

		syscall(SYS_read, fd, text, sizeof text - 1);
		syscall(SYS_close, fd);
		now.tv_sec += strtol(text, NULL, 10);
	}
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

/* Memory */

static bool
no_memory(void)
{
	int error = 0;

	if (fault_next(FAULT_ALLOC, &error) == FAULT_NONE)
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return no_memory() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *p, size_t size)
{
	return no_memory() ? NULL : __libc_realloc(p, size);
}

/* The database */

/* What the database calls itself while it serves a call is no step. */
static _Thread_local int depth;

/* The function of this name that stands behind ours. */
static void *
next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found) {
		dprintf(STDERR_FILENO, "no %s to stand before\n", name);
		abort();
	}
	return found;
}

/* Returns the result code that a call gives back instead of what it did, or
 * -1; *go is false when it is not to do anything. */
static int
sql_step(bool *go)
{
	int error = 0;
	enum fault_what what =
		depth ? FAULT_NONE : fault_next(FAULT_SQL, &error);

	*go = what != FAULT_FAIL;
	return what == FAULT_NONE ? -1 : error;
}

/* One call: SQL_CALL(name, what it gives when not done, arguments). */
#define SQL_CALL(name, without, ...)                                 \
	bool go;                                                     \
	int code = sql_step(&go);                                    \
	int rc = without;                                            \
                                                                     \
	if (go) {                                                    \
		depth++;                                             \
		rc = ((__typeof__(name) *)next(#name))(__VA_ARGS__); \
		depth--;                                             \
	}                                                            \
	return code >= 0 ? code : rc

int
sqlite3_step(sqlite3_stmt *stmt)
{
	SQL_CALL(sqlite3_step, 0, stmt);
}

int
sqlite3_exec(sqlite3 *db, const char *sql,
	int (*each)(void *, int, char **, char **), void *ctx, char **message)
{
	SQL_CALL(sqlite3_exec, 0, db, sql, each, ctx, message);
}

/* Without a handle even a failed open leaves nothing to ask why. */
int
sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
	int rc = 0;
	bool go;
	int code = sql_step(&go);

	depth++;
	rc = ((__typeof__(sqlite3_open_v2) *)next("sqlite3_open_v2"))(
		path, db, flags, vfs);
	depth--;
	return code >= 0 ? code : rc;
}

int
sqlite3_prepare_v2(sqlite3 *db, const char *sql, int len, sqlite3_stmt **stmt,
	const char **tail)
{
	*stmt = NULL;
	SQL_CALL(sqlite3_prepare_v2, 0, db, sql, len, stmt, tail);
}

int
sqlite3_prepare_v3(sqlite3 *db, const char *sql, int len, unsigned flags,
	sqlite3_stmt **stmt, const char **tail)
{
	*stmt = NULL;
	SQL_CALL(sqlite3_prepare_v3, 0, db, sql, len, flags, stmt, tail);
}
