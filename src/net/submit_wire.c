#include "net/submit_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"

/* glibc keeps this name of timer_create(2) to itself. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/*
 * Several threads connect to the same server, and a library does not say
 * which socket is its own. So only one thread at a time is between "before"
 * and "found": what is new then, and goes to our port, is ours. The time is
 * bounded, since the clock below interrupts connect().
 */
static pthread_mutex_t connecting = PTHREAD_MUTEX_INITIALIZER;

/*
 * A timer that signals its own thread is the one thing that ends both a
 * connect() to a host that never answers (it fails with EINTR) and a server
 * that drips a byte at a time (its connection is broken). A second thread
 * could do only the latter.
 */
static _Thread_local struct submit_wire *current;

static int
clock_signal(void)
{
	return SIGRTMIN + 5;
}

static void
on_clock(int number)
{
	/* It breaks the connection. After shutdown() a server that sends
	 * faster than we read would go on to be read. */
	const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	struct submit_wire *wire = current;
	int saved = errno;

	(void)number;
	if (wire && wire->fd >= 0) {
		wire->expired = 1;
		(void)!connect(wire->fd, &nowhere, sizeof nowhere);
	}
	errno = saved;
}

void
submit_wire_global_init(void)
{
	struct sigaction action = {.sa_handler = on_clock};

	/* Without SA_RESTART: connect() must not go on. */
	sigemptyset(&action.sa_mask);
	sigaction(clock_signal(), &action, NULL);
}

static void
set_clock(
	struct submit_wire *wire, int flags, struct timespec first, int again_s)
{
	struct itimerspec when = {.it_value = first};

	when.it_interval.tv_sec = again_s;
	timer_settime(wire->timer, flags, &when, NULL);
}

void
submit_wire_open(
	struct submit_wire *wire, int port, int connect_s, int deadline_s)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID};
	sigset_t clock_only;

	assert(!current);
	memset(wire, 0, sizeof *wire);
	wire->fd = -1;
	wire->port = port;
	wire->connect_s = connect_s < deadline_s ? connect_s : deadline_s;
	clock_gettime(CLOCK_MONOTONIC, &wire->deadline);
	wire->deadline.tv_sec += deadline_s;

	event.sigev_signo = clock_signal();
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, &wire->timer) != 0)
		abort(); /* only for want of memory, as in base/mem */
	current = wire;
	sigemptyset(&clock_only);
	sigaddset(&clock_only, clock_signal());
	pthread_sigmask(SIG_UNBLOCK, &clock_only, &wire->mask);
}

/*
 * Calls see for every socket of the process until it returns true. It goes by
 * the names of the links: most of the descriptors belong to other threads,
 * and may be closed at any time.
 */
static void
each_socket(bool (*see)(struct submit_wire *, int fd, unsigned long inode),
	struct submit_wire *wire)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	bool done = false;

	while (dir && !done && (entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		char link[64];
		ssize_t len = readlinkat(
			dirfd(dir), entry->d_name, link, sizeof link - 1);

		link[len > 0 ? len : 0] = '\0';
		if (str_starts(link, "socket:["))
			done = see(wire, fd,
				strtoul(link + strlen("socket:["), NULL, 10));
	}
	if (dir)
		closedir(dir);
}

static bool
remember(struct submit_wire *wire, int fd, unsigned long inode)
{
	(void)fd;
	buf_add(&wire->before, &inode, sizeof inode);
	return false;
}

static bool
was_there(const struct submit_wire *wire, unsigned long inode)
{
	size_t at;

	for (at = 0; at < wire->before.len; at += sizeof inode)
		if (memcmp(wire->before.data + at, &inode, sizeof inode) == 0)
			return true;
	return false;
}

static int
peer_port(int fd)
{
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof peer;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
		return -1;
	if (peer.ss_family == AF_INET) {
		memcpy(&v4, &peer, sizeof v4);
		return ntohs(v4.sin_port);
	}
	if (peer.ss_family != AF_INET6)
		return -1;
	memcpy(&v6, &peer, sizeof v6);
	return ntohs(v6.sin6_port);
}

static bool
take_new(struct submit_wire *wire, int fd, unsigned long inode)
{
	if (was_there(wire, inode) || peer_port(fd) != wire->port)
		return false;
	/* A duplicate stays ours whatever the library closes, and whoever
	 * gets that number next. */
	wire->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return true;
}

void
submit_wire_expect(struct submit_wire *wire)
{
	struct timespec first = {.tv_sec = wire->connect_s};

	if (!wire->expecting)
		pthread_mutex_lock(&connecting);
	wire->expecting = true;
	buf_reset(&wire->before);
	each_socket(remember, wire);
	set_clock(wire, 0, first, wire->connect_s);
}

static void
stop_expecting(struct submit_wire *wire)
{
	if (wire->expecting)
		pthread_mutex_unlock(&connecting);
	wire->expecting = false;
}

int
submit_wire_found(struct submit_wire *wire)
{
	int on = 1;

	each_socket(take_new, wire);
	stop_expecting(wire);
	if (wire->fd < 0)
		return -1;
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	set_clock(wire, TIMER_ABSTIME, wire->deadline, 1);
	return 0;
}

void
submit_wire_leave(struct submit_wire *wire, int limit_s)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += limit_s;
	if (until.tv_sec < wire->deadline.tv_sec)
		set_clock(wire, TIMER_ABSTIME, until, 1);
}

void
submit_wire_lost(struct submit_wire *wire)
{
	int fd = wire->fd;

	/* First, so that the clock cannot hit a number that is gone. */
	wire->fd = -1;
	if (fd >= 0)
		close(fd);
}

void
submit_wire_hang_up(struct submit_wire *wire)
{
	if (wire->fd >= 0)
		shutdown(wire->fd, SHUT_RDWR);
}

bool
submit_wire_is_quiet(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};

	return poll(&p, 1, 0) == 0;
}

uint64_t
submit_wire_heard(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof info;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	return info.tcpi_bytes_received;
}

bool
submit_wire_is_loopback(const struct submit_wire *wire)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof peer;

	return getpeername(wire->fd, (struct sockaddr *)&peer, &len) == 0 &&
	       submit_is_loopback((struct sockaddr *)&peer);
}

void
submit_wire_close(struct submit_wire *wire)
{
	stop_expecting(wire);
	timer_delete(wire->timer);
	pthread_sigmask(SIG_SETMASK, &wire->mask, NULL);
	current = NULL;
	submit_wire_lost(wire);
	buf_release(&wire->before);
}
