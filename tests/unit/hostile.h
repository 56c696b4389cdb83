/*
 * An SMTP server inside the test, in a thread of its own: it breaks off at a
 * given byte, says what it is told to say instead of the right reply, and
 * keeps what it took. It serves thousands of sessions a second, where
 * tests/fake/smtp.py serves a few, and it counts bytes.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/submit.h"

enum hostile_then {
	HOSTILE_GO_ON,
	HOSTILE_CLOSE,	 /* hang up */
	HOSTILE_HANG,	 /* not a word more, the connection stays */
	HOSTILE_REPEAT,	 /* the same again and again */
	HOSTILE_IN_TURN, /* go on; a byte at a time, each in its own packet */
	HOSTILE_DRIP,	 /* a byte of it every 50 ms, again and again */
};

/* What is done instead of the right thing. */
struct hostile_fault {
	const char *at; /* a command's verb; CONNECT; TLS: its handshake;
			   BODY: behind the second line; END: the body's */
	int visit;	/* which time that is reached, from 1; 0: each */
	enum hostile_then then;
	const char *say; /* raw; NULL: nothing, and IN_TURN what is right */
	size_t len;	 /* of say; 0: its strlen */
};

enum {
	HOSTILE_MESSAGES = 8,
	HOSTILE_FAULTS = 4
};

/* One message, by the number in its recipient's address: b2@example.org. */
struct hostile_taken {
	bool valid;	 /* its recipient was accepted */
	int ended;	 /* how often the end of its body arrived then */
	bool answered;	 /* ... and all of the reply to it was sent */
	bool refused;	 /* ... which is none of acceptance */
	struct buf body; /* without the doubled dots */
};

struct hostile {
	/* To be set between hostile_init and hostile_start. */
	enum submit_tls mode;
	SSL_CTX *tls;	   /* borrowed; NULL in clear text */
	const char *offer; /* what EHLO offers, a bar between */
	struct hostile_fault faults[HOSTILE_FAULTS];
	long cut_in;  /* break off after so many bytes in; -1: never */
	long cut_out; /* the same with bytes out */
	bool reset;   /* break off with RST, not FIN */
	bool in_ipv6;
	void *(*serve)(void *hostile); /* another behaviour altogether */

	/* To be read after hostile_stop. */
	int port;
	long heard, said; /* raw bytes */
	int connections;
	struct hostile_taken taken[HOSTILE_MESSAGES];
	struct buf spoken; /* all that came, decrypted */
	int auths;	   /* how often a login was tried */

	/* Its own. */
	int listener;
	pthread_t thread;
	int fd;
	SSL *ssl;
	bool over;	  /* the connection is */
	bool in_turn;	  /* a byte at a time */
	struct buf input; /* decrypted and not yet read */
	size_t input_at;
	struct hostile_taken *current;
	const struct hostile_fault *met; /* by the last reply; NULL: none */
	int visits[16];
};

/* Bytes as they are on the wire */

static inline void
hostile_drain(struct hostile *h)
{
	char piece[4096];

	while (recv(h->fd, piece, sizeof piece, 0) > 0)
		;
}

static inline void
hostile_break_off(struct hostile *h)
{
	const struct linger at_once = {.l_onoff = 1};

	if (h->over)
		return;
	h->over = true;
	if (h->reset) {
		setsockopt(
			h->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(h->fd);
		h->fd = -1;
		return;
	}
	shutdown(h->fd, SHUT_WR);
	/* Closed with bytes unread it would be a reset. */
	hostile_drain(h);
}

/* Returns whether all of it went out. */
static inline bool
hostile_raw_send(struct hostile *h, const char *data, size_t len)
{
	size_t at = 0, room = len;

	if (h->cut_out >= 0 && (size_t)(h->cut_out - h->said) < len)
		room = (size_t)(h->cut_out - h->said);
	while (!h->over && at < room) {
		ssize_t n = send(h->fd, data + at, h->in_turn ? 1 : room - at,
			MSG_NOSIGNAL);

		if (n <= 0) {
			h->over = true;
			break;
		}
		at += (size_t)n;
		h->said += n;
	}
	if (h->cut_out >= 0 && h->said == h->cut_out)
		hostile_break_off(h);
	return at == len;
}

/* Returns how many came, 0 at the end. */
static inline size_t
hostile_raw_recv(struct hostile *h, char *out, size_t size)
{
	ssize_t n;

	if (h->cut_in >= 0 && (size_t)(h->cut_in - h->heard) < size)
		size = (size_t)(h->cut_in - h->heard);
	if (size == 0)
		hostile_break_off(h);
	if (h->over)
		return 0;
	n = recv(h->fd, out, size, 0);
	if (n <= 0) {
		h->over = true;
		return 0;
	}
	h->heard += n;
	return (size_t)n;
}

/* TLS, in memory, so that its bytes go through the two functions above */

static inline bool
hostile_tls_flush(struct hostile *h)
{
	char piece[16384];
	bool all = true;
	int n;

	while ((n = BIO_read(SSL_get_wbio(h->ssl), piece, sizeof piece)) > 0)
		all = hostile_raw_send(h, piece, (size_t)n) && all;
	return all;
}

static inline bool
hostile_tls_feed(struct hostile *h)
{
	char piece[4096];
	size_t n = hostile_raw_recv(h, piece, sizeof piece);

	if (n > 0)
		BIO_write(SSL_get_rbio(h->ssl), piece, (int)n);
	return n > 0;
}

static inline void
hostile_tls_start(struct hostile *h)
{
	int rc;

	h->ssl = SSL_new(h->tls);
	SSL_set_bio(h->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	do {
		rc = SSL_accept(h->ssl);
		hostile_tls_flush(h);
	} while (rc != 1 && SSL_get_error(h->ssl, rc) == SSL_ERROR_WANT_READ &&
		 hostile_tls_feed(h));
	if (rc != 1)
		hostile_break_off(h);
}

/* Text */

static inline bool
hostile_send(struct hostile *h, const char *data, size_t len)
{
	if (h->over)
		return false;
	if (!h->ssl)
		return hostile_raw_send(h, data, len);
	while (len > 0) {
		size_t n = h->in_turn ? 1 : len;

		SSL_write(h->ssl, data, (int)n);
		if (!hostile_tls_flush(h))
			return false;
		data += n;
		len -= n;
	}
	return true;
}

static inline bool
hostile_fill(struct hostile *h)
{
	char piece[4096];
	int n;

	if (!h->ssl) {
		n = (int)hostile_raw_recv(h, piece, sizeof piece);
	} else {
		while ((n = SSL_read(h->ssl, piece, sizeof piece)) <= 0)
			if (SSL_get_error(h->ssl, n) != SSL_ERROR_WANT_READ ||
				!hostile_tls_feed(h))
				break;
	}
	if (n > 0) {
		buf_add(&h->input, piece, (size_t)n);
		buf_add(&h->spoken, piece, (size_t)n);
	}
	return n > 0;
}

/* A line with its end, borrowed until the next; NULL at the end. A bare LF is
 * none: it stays in the line, as strict servers have it. */
static inline const char *
hostile_line(struct hostile *h, struct buf *line)
{
	char c = '\0', last;

	buf_reset(line);
	for (;;) {
		if (h->input_at == h->input.len) {
			buf_reset(&h->input);
			h->input_at = 0;
			if (h->over || !hostile_fill(h))
				return NULL;
		}
		last = c;
		c = h->input.data[h->input_at++];
		buf_putc(line, c);
		if (last == '\r' && c == '\n')
			return buf_str(line);
	}
}

/* Faults */

static inline const struct hostile_fault *
hostile_fault_at(struct hostile *h, const char *at)
{
	static const char *const places[] = {"CONNECT", "EHLO", "STARTTLS",
		"TLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "END", "RSET",
		"NOOP", "QUIT", "HELO"};
	int visit = 0;
	size_t i;

	for (i = 0; i < sizeof places / sizeof places[0]; i++)
		if (strcmp(places[i], at) == 0)
			visit = ++h->visits[i];
	for (i = 0; i < HOSTILE_FAULTS; i++) {
		const struct hostile_fault *fault = &h->faults[i];

		if (fault->at && strcmp(fault->at, at) == 0 &&
			(fault->visit == 0 || fault->visit == visit))
			return fault;
	}
	return NULL;
}

static inline bool
hostile_has_fault(const struct hostile *h, const char *at)
{
	size_t i;

	for (i = 0; i < HOSTILE_FAULTS; i++)
		if (h->faults[i].at && strcmp(h->faults[i].at, at) == 0 &&
			h->faults[i].say)
			return true;
	return false;
}

static inline bool
hostile_is_refusal(const struct hostile_fault *fault)
{
	return fault && fault->say && strchr("45", fault->say[0]);
}

static inline void
hostile_pause(int ms)
{
	const struct timespec time = {.tv_nsec = ms * 1000000L};

	nanosleep(&time, NULL);
}

static inline void
hostile_misbehave(struct hostile *h, const struct hostile_fault *fault)
{
	const char *say = fault->say ? fault->say : "";
	size_t len = fault->len ? fault->len : strlen(say), at;

	switch (fault->then) {
	case HOSTILE_GO_ON:
		hostile_send(h, say, len);
		break;
	case HOSTILE_IN_TURN:
		h->in_turn = true;
		hostile_send(h, say, len);
		break;
	case HOSTILE_CLOSE:
		hostile_send(h, say, len);
		hostile_break_off(h);
		break;
	case HOSTILE_HANG:
		hostile_send(h, say, len);
		hostile_drain(h);
		h->over = true;
		break;
	case HOSTILE_REPEAT:
		while (hostile_send(h, say, len))
			;
		break;
	case HOSTILE_DRIP:
		for (at = 0; !h->over; at = (at + 1) % len) {
			hostile_send(h, say + at, 1);
			hostile_pause(50);
		}
		break;
	}
}

/* The right reply, or what a fault has in its place. Returns whether all of
 * it was sent. */
static inline bool
hostile_reply(struct hostile *h, const char *at, const char *right)
{
	const struct hostile_fault *fault = hostile_fault_at(h, at);
	bool all;

	h->met = fault;
	if (!fault || (fault->then == HOSTILE_IN_TURN && !fault->say)) {
		h->in_turn = fault != NULL;
		all = hostile_send(h, right, strlen(right));
		h->in_turn = false;
		return all;
	}
	hostile_misbehave(h, fault);
	h->in_turn = false;
	return fault->say != NULL && fault->then != HOSTILE_DRIP;
}

/* Commands */

static inline void
hostile_offer(struct hostile *h)
{
	struct buf reply = {0};
	const char *at = h->offer;

	buf_puts(&reply, "250-hostile\r\n");
	for (; *at; at += strcspn(at, "|"), at += strspn(at, "|"))
		buf_printf(&reply, "250-%.*s\r\n", (int)strcspn(at, "|"), at);
	if (h->mode == SUBMIT_STARTTLS && !h->ssl)
		buf_puts(&reply, "250-STARTTLS\r\n");
	buf_puts(&reply, "250 HELP\r\n");
	hostile_reply(h, "EHLO", buf_str(&reply));
	buf_release(&reply);
}

static inline void
hostile_rcpt(struct hostile *h, const char *line)
{
	const char *number = strstr(line, "<b");
	size_t i = number ? strtoul(number + 2, NULL, 10) : 0;

	h->current = i < HOSTILE_MESSAGES ? &h->taken[i] : NULL;
	hostile_reply(h, "RCPT", "250 2.1.5 ok\r\n");
	if (h->current)
		h->current->valid =
			!h->met || !h->met->say || h->met->say[0] == '2';
}

/* Without a recipient there is nothing to accept (RFC 2920 3.1). */
static inline void
hostile_data_refused(struct hostile *h, struct buf *line)
{
	static const char no[] = "554 5.5.1 no valid recipients\r\n";

	hostile_reply(h, "DATA", no);
	if (!h->met || !h->met->say || !strstr(h->met->say, "354"))
		return;
	while (hostile_line(h, line) && strcmp(buf_str(line), ".\r\n") != 0)
		;
	hostile_reply(h, "END", no);
}

static inline void
hostile_data(struct hostile *h, struct buf *line)
{
	struct hostile_taken *taken = h->current;
	const char *text;
	int lines = 0;

	if (taken && !taken->valid) {
		hostile_data_refused(h, line);
		return;
	}
	hostile_reply(h, "DATA", "354 go on\r\n");
	if (taken)
		buf_reset(&taken->body);
	while ((text = hostile_line(h, line)) && strcmp(text, ".\r\n") != 0) {
		size_t dot = text[0] == '.';

		if (taken)
			buf_add(&taken->body, text + dot, line->len - dot);
		if (++lines == 2)
			hostile_reply(h, "BODY", "");
	}
	if (!text || !taken)
		return;
	taken->ended++;
	taken->answered = hostile_reply(h, "END", "250 2.0.0 taken\r\n");
	taken->refused = hostile_is_refusal(h->met);
}

static inline void
hostile_starttls(struct hostile *h)
{
	const struct hostile_fault *fault;

	if (!hostile_reply(h, "STARTTLS", "220 2.0.0 go\r\n") || h->over)
		return;
	fault = hostile_fault_at(h, "TLS");
	if (fault)
		hostile_misbehave(h, fault);
	buf_reset(&h->input);
	h->input_at = 0;
	if (!h->over)
		hostile_tls_start(h);
}

/* Takes any name and password, in one step or several. */
static inline void
hostile_auth(struct hostile *h, struct buf *line)
{
	int steps = str_starts(buf_str(line), "AUTH LOGIN") ? 2 : 1;
	const char *initial = strchr(buf_str(line) + strlen("AUTH "), ' ');

	h->auths++;
	if (initial)
		steps--;
	for (; steps > 0 && !hostile_has_fault(h, "AUTH"); steps--)
		if (!hostile_send(h, "334 \r\n", 6) || !hostile_line(h, line))
			return;
	hostile_reply(h, "AUTH", "235 2.7.0 in\r\n");
}

static inline void
hostile_command(struct hostile *h, struct buf *line)
{
	const char *text = buf_str(line);

	if (str_starts(text, "EHLO "))
		hostile_offer(h);
	else if (str_starts(text, "HELO "))
		hostile_reply(h, "HELO", "250 hostile\r\n");
	else if (str_starts(text, "STARTTLS"))
		hostile_starttls(h);
	else if (str_starts(text, "AUTH "))
		hostile_auth(h, line);
	else if (str_starts(text, "MAIL "))
		hostile_reply(h, "MAIL", "250 2.1.0 ok\r\n");
	else if (str_starts(text, "RCPT "))
		hostile_rcpt(h, text);
	else if (str_starts(text, "DATA"))
		hostile_data(h, line);
	else if (str_starts(text, "RSET"))
		hostile_reply(h, "RSET", "250 2.0.0 ok\r\n");
	else if (str_starts(text, "NOOP"))
		hostile_reply(h, "NOOP", "250 2.0.0 ok\r\n");
	else if (str_starts(text, "QUIT"))
		hostile_reply(h, "QUIT", "221 2.0.0 bye\r\n");
	else
		hostile_send(h, "500 5.5.2 what?\r\n", 17);
}

static inline void
hostile_talk(struct hostile *h)
{
	const struct timeval patience = {.tv_sec = 20};
	const struct hostile_fault *fault;
	struct buf line = {0};
	const int on = 1;

	setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	h->connections++;
	h->over = false;
	h->current = NULL;
	hostile_raw_send(h, "", 0);
	if (h->mode == SUBMIT_IMPLICIT && !h->over) {
		fault = hostile_fault_at(h, "TLS");
		if (fault)
			hostile_misbehave(h, fault);
		if (!h->over)
			hostile_tls_start(h);
	}
	if (!h->over)
		hostile_reply(h, "CONNECT", "220 hostile ESMTP\r\n");
	while (!h->over && hostile_line(h, &line))
		hostile_command(h, &line);
	buf_release(&line);
	SSL_free(h->ssl);
	h->ssl = NULL;
	buf_reset(&h->input);
	h->input_at = 0;
}

static inline void *
hostile_serve(void *arg)
{
	struct hostile *h = arg;

	while ((h->fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		hostile_talk(h);
		if (h->fd >= 0)
			close(h->fd);
	}
	return NULL;
}

static inline void
hostile_init(struct hostile *h, enum submit_tls mode)
{
	memset(h, 0, sizeof *h);
	h->mode = mode;
	h->offer = "PIPELINING|8BITMIME|ENHANCEDSTATUSCODES|SIZE";
	h->cut_in = h->cut_out = -1;
	h->serve = hostile_serve;
}

/* Returns 0, or -1: no such loopback address here. */
static inline int
hostile_start(struct hostile *h)
{
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in v4 = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *where =
		h->in_ipv6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
	socklen_t len = h->in_ipv6 ? sizeof v6 : sizeof v4;

	h->listener = socket(where->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->listener < 0)
		return -1;
	if (bind(h->listener, where, len) != 0 || listen(h->listener, 8) != 0 ||
		getsockname(h->listener, where, &len) != 0 ||
		pthread_create(&h->thread, NULL, h->serve, h) != 0) {
		close(h->listener);
		return -1;
	}
	h->port = ntohs(h->in_ipv6 ? v6.sin6_port : v4.sin_port);
	return 0;
}

/* Waits until the last connection is over. */
static inline void
hostile_stop(struct hostile *h)
{
	shutdown(h->listener, SHUT_RDWR);
	pthread_join(h->thread, NULL);
	close(h->listener);
}

static inline void
hostile_release(struct hostile *h)
{
	size_t i;

	for (i = 0; i < HOSTILE_MESSAGES; i++)
		buf_release(&h->taken[i].body);
	buf_release(&h->spoken);
	buf_release(&h->input);
}

#endif
