#include "net/dns.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <ares.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
	CLASS_IN = 1,
	TRY_MS = 2000, /* doubled for the second */
	TRIES = 2,
	/* Fits every network without being cut (DNS flag day 2020). */
	UDP_SIZE = 1232,
	ADDRESSES_MAX = 100,
};

struct dns {
	ares_channel channel;
	int64_t end_ms;
	bool heard; /* a server has answered once */
	bool silent;
};

/* What the callback is given. */
struct question {
	struct dns *dns;
	enum lookup_type type;
	struct lookup *out;
	bool done;
};

/* Reading answers. Each returns an ARES_ status. */

static void
add_text(struct lookup *out, const char *text)
{
	lookup_add(out, text, strlen(text), 0);
}

/* A record's strings follow each other; record_start marks the first. */
static int
read_txt(const unsigned char *answer, int len, struct lookup *out)
{
	struct ares_txt_ext *list = NULL, *s;
	struct buf whole = {0};
	int status = ares_parse_txt_reply_ext(answer, len, &list);

	for (s = list; s; s = s->next) {
		buf_add(&whole, s->txt, s->length);
		if (!s->next || s->next->record_start) {
			lookup_add(out, buf_str(&whole), whole.len, 0);
			buf_reset(&whole);
		}
	}
	buf_release(&whole);
	ares_free_data(list);
	return status;
}

static int
read_mx(const unsigned char *answer, int len, struct lookup *out)
{
	struct ares_mx_reply *list = NULL, *mx;
	int status = ares_parse_mx_reply(answer, len, &list);

	for (mx = list; mx; mx = mx->next)
		lookup_add(out, mx->host, strlen(mx->host), mx->priority);
	ares_free_data(list);
	return status;
}

static int
read_a(const unsigned char *answer, int len, struct lookup *out)
{
	struct ares_addrttl found[ADDRESSES_MAX];
	char text[INET6_ADDRSTRLEN];
	int count = ADDRESSES_MAX;
	int status = ares_parse_a_reply(answer, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++)
		add_text(out, inet_ntop(AF_INET, &found[i].ipaddr, text,
				      sizeof text));
	return status;
}

static int
read_aaaa(const unsigned char *answer, int len, struct lookup *out)
{
	struct ares_addr6ttl found[ADDRESSES_MAX];
	char text[INET6_ADDRSTRLEN];
	int count = ADDRESSES_MAX;
	int status = ares_parse_aaaa_reply(answer, len, NULL, found, &count);

	for (int i = 0; status == ARES_SUCCESS && i < count; i++)
		add_text(out, inet_ntop(AF_INET6, &found[i].ip6addr, text,
				      sizeof text));
	return status;
}

/* The library wants an address to give back; the names are among the
 * aliases. */
static int
read_ptr(const unsigned char *answer, int len, struct lookup *out)
{
	const struct in_addr any = {0};
	struct hostent *host = NULL;
	int status = ares_parse_ptr_reply(
		answer, len, &any, sizeof any, AF_INET, &host);

	for (char **name = host ? host->h_aliases : NULL; name && *name; name++)
		add_text(out, *name);
	if (host)
		ares_free_hostent(host);
	return status;
}

static const struct {
	int code; /* RFC 1035 3.2.2, RFC 3596 2.1 */
	int (*read)(const unsigned char *answer, int len, struct lookup *out);
} types[] = {
	[LOOKUP_TXT] = {16, read_txt},
	[LOOKUP_MX] = {15, read_mx},
	[LOOKUP_A] = {1, read_a},
	[LOOKUP_AAAA] = {28, read_aaaa},
	[LOOKUP_PTR] = {12, read_ptr},
};

static void
fail(struct lookup *out, int status)
{
	switch (status) {
	case ARES_ETIMEOUT:
	case ARES_ECANCELLED:
		lookup_fail(out, "the name server did not answer in time");
		break;
	case ARES_ESERVFAIL:
		lookup_fail(out, "the name server failed: SERVFAIL");
		break;
	case ARES_EREFUSED:
		lookup_fail(out, "the name server refused: REFUSED");
		break;
	case ARES_ECONNREFUSED:
		lookup_fail(out, "no name server could be reached");
		break;
	case ARES_EBADRESP:
		lookup_fail(out, "the name server's answer is broken");
		break;
	default:
		lookup_fail(out, ares_strerror(status));
		break;
	}
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	struct question *q = arg;

	(void)timeouts;
	q->done = true;
	if (status == ARES_SUCCESS)
		status = types[q->type].read(answer, len, q->out);
	if (status == ARES_SUCCESS && q->out->count == 0)
		status = ARES_ENODATA;
	q->dns->heard = q->dns->heard || answer;
	q->dns->silent = status == ARES_ETIMEOUT && !q->dns->heard;
	if (status == ARES_SUCCESS)
		return;
	lookup_release(q->out);
	if (status == ARES_ENOTFOUND)
		q->out->kind = LOOKUP_NO_NAME;
	else if (status == ARES_ENODATA)
		q->out->kind = LOOKUP_NO_DATA;
	else
		fail(q->out, status);
}

/* Waits for one of the library's sockets, or its next try, or the end. */
static void
wait_once(struct dns *dns, int64_t left_ms)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd polled[ARES_GETSOCK_MAXNUM];
	unsigned mask = (unsigned)ares_getsock(
		dns->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval most = {
		.tv_sec = left_ms / 1000, .tv_usec = left_ms % 1000 * 1000};
	struct timeval room, *wait = ares_timeout(dns->channel, &most, &room);
	nfds_t count = 0;

	for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		short events = 0;

		if (ARES_GETSOCK_READABLE(mask, i))
			events |= POLLIN;
		if (ARES_GETSOCK_WRITABLE(mask, i))
			events |= POLLOUT;
		if (events)
			polled[count++] = (struct pollfd){
				.fd = sockets[i], .events = events};
	}
	/* Rounded up, so that the next try is due when we come back. */
	(void)poll(polled, count,
		(int)(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000));
	for (nfds_t i = 0; i < count; i++)
		ares_process_fd(dns->channel,
			polled[i].revents & ~POLLOUT ? polled[i].fd
						     : ARES_SOCKET_BAD,
			polled[i].revents & POLLOUT ? polled[i].fd
						    : ARES_SOCKET_BAD);
	/* What is overdue is tried again. */
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void
ask(void *ctx, const char *name, enum lookup_type type, struct lookup *out)
{
	struct dns *dns = ctx;
	struct question q = {.dns = dns, .type = type, .out = out};

	if (dns->silent || clock_monotonic_ms() >= dns->end_ms) {
		fail(out, ARES_ETIMEOUT);
		return;
	}
	ares_query(
		dns->channel, name, CLASS_IN, types[type].code, on_answer, &q);
	while (!q.done) {
		int64_t left_ms = dns->end_ms - clock_monotonic_ms();

		if (left_ms > 0)
			wait_once(dns, left_ms);
		else
			ares_cancel(dns->channel);
	}
}

/* The flags: with EDNS fewer answers need TCP; a refusal is an answer, not a
 * reason to ask on. */
static int
start(struct dns *dns, struct err *err)
{
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_NOCHECKRESP |
			 ARES_FLAG_NOALIASES | ARES_FLAG_STAYOPEN,
		.timeout = TRY_MS,
		.tries = TRIES,
		.ednspsz = UDP_SIZE,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		   ARES_OPT_EDNSPSZ;
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&dns->channel, &options, mask);
	if (status == ARES_SUCCESS)
		return 0;
	return err_set(err, ERR_UNAVAILABLE,
		"the system's name servers cannot be found (%s)",
		ares_strerror(status));
}

static int
use_server(struct dns *dns, const char *host, int port, struct err *err)
{
	bool v6 = strchr(host, ':') != NULL;
	char *text = mem_printf(v6 ? "[%s]:%d" : "%s:%d", host, port);
	int status = ares_set_servers_ports_csv(dns->channel, text);

	free(text);
	if (status == ARES_SUCCESS)
		return 0;
	return err_set(err, ERR_CONFIG, "[dns] server: %s is no address", host);
}

int
dns_open(const char *host, int port, int limit_s, struct dns **out,
	struct err *err)
{
	struct dns *dns = mem_zalloc(sizeof *dns);
	int rc = start(dns, err);

	if (rc == 0 && host)
		rc = use_server(dns, host, port, err);
	dns->end_ms = clock_monotonic_ms() + (int64_t)limit_s * 1000;
	*out = dns;
	if (rc < 0) {
		dns_close(dns);
		*out = NULL;
	}
	return rc;
}

struct resolver
dns_resolver(struct dns *dns)
{
	return (struct resolver){ask, dns};
}

void
dns_close(struct dns *dns)
{
	if (!dns)
		return;
	if (dns->channel)
		ares_destroy(dns->channel);
	ares_library_cleanup();
	free(dns);
}
