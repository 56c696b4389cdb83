/*
 * A network that is far away: passes connections on to a port of the
 * loopback, and everything that is said arrives later, in order. Only the
 * connecting itself takes no time.
 *
 * usage: delay PORT MILLISECONDS
 *
 * MILLISECONDS is a whole round trip. Prints its own port, and runs until it
 * is killed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum {
	BACKLOG = 1024,
	EVENTS_MAX = 64,
	PIECE_MAX = 64 * 1024,
	NS_PER_MS = 1000 * 1000
};

static const int64_t NS_PER_S = 1000 * (int64_t)NS_PER_MS;

/* Two sockets; what one says goes to the other. */
struct link {
	struct side {
		struct link *link;
		int fd;
	} sides[2];
	int open; /* directions in which something may still come */
};

/* Something under way; len 0 is the end of that direction. */
struct piece {
	struct piece *next;
	int64_t due_ns;
	struct side *to;
	size_t len;
	char bytes[];
};

/* All take equally long: the first to leave is the first to arrive. */
static struct piece *first, **last = &first;
static int64_t one_way_ns;
static in_port_t target;
static int epoll, timer, listener;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct sockaddr_in
loopback(in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static void
watch(int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		fail("epoll_ctl");
}

/* Wakes the loop when the first piece is due. */
static void
set_timer(void)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = first->due_ns / NS_PER_S,
			.tv_nsec = first->due_ns % NS_PER_S}};

	if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		fail("timerfd_settime");
}

static void
post(struct side *to, const char *bytes, size_t len)
{
	struct piece *p = malloc(sizeof *p + len);

	if (!p)
		fail("piece");
	*p = (struct piece){
		.due_ns = now_ns() + one_way_ns, .to = to, .len = len};
	memcpy(p->bytes, bytes, len);
	*last = p;
	last = &p->next;
	if (p == first)
		set_timer();
}

/* Waits when the receiver is slow: mail clients and servers do read. */
static void
deliver(const struct piece *p)
{
	struct link *link = p->to->link;
	size_t sent = 0;

	while (sent < p->len) {
		ssize_t n = send(p->to->fd, p->bytes + sent, p->len - sent, 0);

		if (n < 0)
			return; /* gone; its own end is under way */
		sent += (size_t)n;
	}
	if (p->len > 0)
		return;
	shutdown(p->to->fd, SHUT_WR);
	if (--link->open == 0) {
		close(link->sides[0].fd);
		close(link->sides[1].fd);
		free(link);
	}
}

static void
deliver_due(void)
{
	uint64_t times;

	if (read(timer, &times, sizeof times) < 0)
		fail("timer");
	while (first && first->due_ns <= now_ns()) {
		struct piece *p = first;

		first = p->next;
		if (!first)
			last = &first;
		deliver(p);
		free(p);
	}
	if (first)
		set_timer();
}

static void
on_said(struct side *from)
{
	static char bytes[PIECE_MAX];
	struct link *link = from->link;
	ssize_t len = recv(from->fd, bytes, sizeof bytes, 0);

	if (len <= 0) {
		epoll_ctl(epoll, EPOLL_CTL_DEL, from->fd, NULL);
		len = 0;
	}
	post(&link->sides[from == &link->sides[0]], bytes, (size_t)len);
}

static void
on_connection(void)
{
	struct sockaddr_in address = loopback(target);
	struct link *link = calloc(1, sizeof *link);
	int fds[2];

	if (!link)
		fail("link");
	fds[0] = accept(listener, NULL, NULL);
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	if (fds[0] < 0 || fds[1] < 0 ||
		connect(fds[1], (struct sockaddr *)&address, sizeof address) <
			0)
		fail("connect");
	link->open = 2;
	for (int i = 0; i < 2; i++) {
		int on = 1;

		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		link->sides[i] = (struct side){.link = link, .fd = fds[i]};
		watch(fds[i], &link->sides[i]);
	}
}

static void
open_listener(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof address;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 ||
		bind(listener, (struct sockaddr *)&address, len) < 0 ||
		listen(listener, BACKLOG) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		fail("listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS_MAX];

	if (argc != 3) {
		fprintf(stderr, "usage: delay PORT MILLISECONDS\n");
		return 64;
	}
	target = htons((uint16_t)strtol(argv[1], NULL, 10));
	one_way_ns = strtol(argv[2], NULL, 10) * NS_PER_MS / 2;
	signal(SIGPIPE, SIG_IGN);
	epoll = epoll_create1(0);
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	if (epoll < 0 || timer < 0)
		fail("epoll");
	open_listener();
	watch(listener, &listener);
	watch(timer, &timer);
	for (;;) {
		int count = epoll_wait(epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &listener)
				on_connection();
			else if (events[i].data.ptr == &timer)
				deliver_due();
			else
				on_said(events[i].data.ptr);
		}
	}
}
