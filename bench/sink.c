/*
 * A mail server that takes everything as fast as it can, throws it away and
 * counts: for measuring clients that are faster than other sinks, and
 * STARTTLS. Several threads, each with its share of the connections.
 *
 * usage: sink THREADS [CERTIFICATE KEY]
 *
 * Prints its port, and when it is told to end (SIGTERM) how many messages it
 * took. It asks nothing of what it is told: it is not for finding mistakes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	THREADS_MAX = 64,
	BACKLOG = 1024,
	EVENTS_MAX = 64,
	IN_MAX = 64 * 1024,
	OUT_MAX = 8 * 1024,
	CACHE_LINE = 64
};

static const char BODY_END[] = "\r\n.\r\n";

enum {
	BODY_END_LEN = sizeof BODY_END - 1
};

struct client {
	int fd;
	SSL *ssl; /* NULL: in the clear */
	bool in_body;
	size_t in_len, out_len;
	char out[OUT_MAX];
	char in[IN_MAX];
};

struct worker {
	alignas(CACHE_LINE) atomic_long messages;
	int epoll;
	pthread_t thread;
};

static struct worker workers[THREADS_MAX];
static long worker_count;
static int listener;
static SSL_CTX *tls;

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
say(struct client *c, const char *reply)
{
	size_t len = strlen(reply);

	if (len > OUT_MAX - c->out_len)
		return; /* who sends so much at once does not read replies */
	memcpy(c->out + c->out_len, reply, len);
	c->out_len += len;
}

/* Returns 0, or -1: the client is gone or does not read. */
static int
flush(struct client *c)
{
	ssize_t sent;

	if (c->out_len == 0)
		return 0;
	sent = c->ssl ? SSL_write(c->ssl, c->out, (int)c->out_len)
		      : write(c->fd, c->out, c->out_len);
	if (sent != (ssize_t)c->out_len)
		return -1;
	c->out_len = 0;
	return 0;
}

/* Reads what is there. Returns its length, 0 for nothing now, -1 at the end.
 */
static ssize_t
receive(struct client *c)
{
	size_t room = IN_MAX - c->in_len;
	ssize_t got;

	if (room == 0)
		return -1;
	if (c->ssl) {
		/* The first reads do the handshake. */
		got = SSL_read(c->ssl, c->in + c->in_len, (int)room);
		if (got <= 0) {
			int why = SSL_get_error(c->ssl, (int)got);

			ERR_clear_error();
			return why == SSL_ERROR_WANT_READ ? 0 : -1;
		}
	} else {
		got = read(c->fd, c->in + c->in_len, room);
		if (got <= 0)
			return got < 0 && errno == EAGAIN ? 0 : -1;
	}
	c->in_len += (size_t)got;
	return got;
}

/* What the client said in the clear after STARTTLS is not read. */
static int
start_tls(struct client *c)
{
	say(c, "220 2.0.0 go on\r\n");
	if (flush(c) < 0)
		return -1;
	c->in_len = 0;
	c->ssl = SSL_new(tls);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
		return -1;
	SSL_set_accept_state(c->ssl);
	return 0;
}

static void
greet(struct client *c)
{
	say(c, "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n");
	if (tls && !c->ssl)
		say(c, "250-STARTTLS\r\n");
	say(c, "250 ENHANCEDSTATUSCODES\r\n");
}

static bool
is_verb(const char *line, size_t len, const char *verb)
{
	return len >= strlen(verb) &&
	       strncasecmp(line, verb, strlen(verb)) == 0;
}

/* Answers one command. Returns 1 when no other may follow in what was read,
 * 0, or -1 at the end. */
static int
answer(struct client *c, const char *line, size_t len)
{
	if (is_verb(line, len, "MAIL") || is_verb(line, len, "RCPT") ||
		is_verb(line, len, "RSET") || is_verb(line, len, "NOOP") ||
		is_verb(line, len, "HELO")) {
		say(c, "250 2.0.0 ok\r\n");
	} else if (is_verb(line, len, "DATA")) {
		say(c, "354 go on\r\n");
		c->in_body = true;
	} else if (is_verb(line, len, "EHLO")) {
		greet(c);
	} else if (tls && !c->ssl && is_verb(line, len, "STARTTLS")) {
		return start_tls(c) < 0 ? -1 : 1;
	} else if (is_verb(line, len, "QUIT")) {
		say(c, "221 2.0.0 bye\r\n");
		flush(c);
		return -1;
	} else {
		say(c, "500 5.5.2 what?\r\n");
	}
	return 0;
}

/* Answers all that is complete in what was read and keeps the rest. */
static int
process(struct worker *w, struct client *c)
{
	size_t at = 0;

	for (;;) {
		const char *rest = c->in + at;
		size_t left = c->in_len - at;
		const char *end;
		int rc;

		if (c->in_body) {
			end = memmem(rest, left, BODY_END, BODY_END_LEN);
			if (!end) {
				/* All but what may be the end's beginning. */
				if (left >= BODY_END_LEN)
					at += left - (BODY_END_LEN - 1);
				break;
			}
			at += (size_t)(end - rest) + BODY_END_LEN;
			c->in_body = false;
			atomic_fetch_add_explicit(
				&w->messages, 1, memory_order_relaxed);
			say(c, "250 2.0.0 ok\r\n");
			continue;
		}
		end = memchr(rest, '\n', left);
		if (!end)
			break;
		at += (size_t)(end - rest) + 1;
		rc = answer(c, rest, (size_t)(end - rest));
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		/* The CR LF of DATA may be that of an empty body's end. */
		if (c->in_body && at >= 2)
			at -= 2;
	}
	c->in_len -= at;
	memmove(c->in, c->in + at, c->in_len);
	return 0;
}

/* Reads and answers as long as there is something. Returns 0 or -1. */
static int
serve(struct worker *w, struct client *c)
{
	do {
		ssize_t got = receive(c);

		if (got <= 0)
			return (int)got;
		if (process(w, c) < 0 || flush(c) < 0)
			return -1;
	} while (c->ssl && SSL_has_pending(c->ssl));
	return 0;
}

static void
client_free(struct client *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	free(c);
}

static void *
work(void *context)
{
	struct worker *w = context;
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int count = epoll_wait(w->epoll, events, EVENTS_MAX, -1);

		for (int i = 0; i < count; i++)
			if (serve(w, events[i].data.ptr) < 0)
				client_free(events[i].data.ptr);
	}
	return NULL;
}

/* Gives each new connection to the next worker. */
static void *
accept_all(void *unused)
{
	(void)unused;
	for (long n = 0;; n++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		struct epoll_event event = {.events = EPOLLIN};
		struct client *c;
		int on = 1;

		if (fd < 0)
			fail("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		c = calloc(1, sizeof *c);
		if (!c)
			fail("client");
		c->fd = fd;
		say(c, "220 sink ESMTP\r\n");
		if (flush(c) < 0) {
			client_free(c);
			continue;
		}
		event.data.ptr = c;
		if (epoll_ctl(workers[n % worker_count].epoll, EPOLL_CTL_ADD,
			    fd, &event) < 0)
			fail("epoll_ctl");
	}
	return NULL;
}

static SSL_CTX *
load_tls(const char *certificate, const char *key)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
		SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		ERR_print_errors_fp(stderr);
		exit(1);
	}
	/* Fewer reads: a record's head and body come together. */
	SSL_CTX_set_read_ahead(ctx, 1);
	return ctx;
}

/* Listens on a free port of the loopback and prints it. */
static void
open_listener(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 ||
		bind(listener, (struct sockaddr *)&address, len) < 0 ||
		listen(listener, BACKLOG) < 0 ||
		getsockname(listener, (struct sockaddr *)&address, &len) < 0)
		fail("listen");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
}

static void
start_threads(void)
{
	pthread_t acceptor;

	for (long i = 0; i < worker_count; i++) {
		workers[i].epoll = epoll_create1(0);
		if (workers[i].epoll < 0 ||
			pthread_create(&workers[i].thread, NULL, work,
				&workers[i]) != 0)
			fail("worker");
	}
	if (pthread_create(&acceptor, NULL, accept_all, NULL) != 0)
		fail("acceptor");
}

int
main(int argc, char **argv)
{
	long messages = 0;
	sigset_t ends;
	int number;

	worker_count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	if ((argc != 2 && argc != 4) || worker_count < 1 ||
		worker_count > THREADS_MAX) {
		fprintf(stderr, "usage: sink THREADS [CERTIFICATE KEY]\n");
		return 64;
	}
	if (argc == 4)
		tls = load_tls(argv[2], argv[3]);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	open_listener();
	start_threads();
	sigwait(&ends, &number);
	for (long i = 0; i < worker_count; i++)
		messages += atomic_load(&workers[i].messages);
	printf("%ld\n", messages);
	fflush(stdout);
	_exit(0); /* the threads are still at work */
}
