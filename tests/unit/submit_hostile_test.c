/*
 * Both transports against a server that breaks off at every byte, or says
 * what no server should. Whatever it does, the promise holds: a message is
 * sent only if the server had all of it and said so, and one that the server
 * may have is never called anything but sent or unknown. Runs in the
 * repository's root; only loopback addresses.
 */
#include "submit_scene.h"

#include "hostile.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Which library, and over what. An IPv6 literal takes libcurl to a server in
 * clear text, so that its bytes can be counted. */
enum way {
	ESMTP_CLEAR,
	CURL_CLEAR,
	ESMTP_STARTTLS,
	CURL_IMPLICIT,
	WAYS
};

static const struct {
	const char *name;
	const char *host;
	enum submit_tls mode;
} ways[] = {
	[ESMTP_CLEAR] = {"libESMTP", "127.0.0.1", SUBMIT_CLEAR},
	[CURL_CLEAR] = {"libcurl", "::1", SUBMIT_CLEAR},
	[ESMTP_STARTTLS] = {"libESMTP, STARTTLS", "127.0.0.1", SUBMIT_STARTTLS},
	[CURL_IMPLICIT] = {"libcurl, TLS", "127.0.0.1", SUBMIT_IMPLICIT},
};

enum {
	/* Every byte would be 20,000 handshakes. */
	TLS_STEP = 7,
	/* A machine may be busy. */
	PATIENCE_S = 8
};

static SSL_CTX *server_tls;
static char *large; /* a body larger than what any buffer holds */

static char *
large_body(void)
{
	struct buf body = {0};
	int i;

	buf_puts(&body, small_body);
	for (i = 0; i < 100000; i++)
		buf_puts(&body,
			"a line of some length, again and again....\r\n");
	return buf_take(&body);
}

static bool
is_curl(enum way way)
{
	return way == CURL_CLEAR || way == CURL_IMPLICIT;
}

static bool
have_ipv6(void)
{
	struct hostile probe;

	hostile_init(&probe, SUBMIT_CLEAR);
	probe.in_ipv6 = true;
	if (hostile_start(&probe) != 0)
		return false;
	hostile_stop(&probe);
	return true;
}

static int
set_up(void **state)
{
	int rc = scene_setup(state);
	char *path = path_in_folder("good");

	server_tls = SSL_CTX_new(TLS_server_method());
	if (!server_tls ||
		SSL_CTX_use_certificate_file(
			server_tls, path, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_use_PrivateKey_file(
			server_tls, path, SSL_FILETYPE_PEM) != 1)
		rc = -1;
	free(path);
	large = large_body();
	return rc;
}

static int
tear_down(void **state)
{
	SSL_CTX_free(server_tls);
	free(large);
	return scene_teardown(state);
}

/* One session */

struct session {
	enum way way;
	struct hostile server;
	struct submit_account account;
	struct caller caller;
	struct err err;
	int rc;
};

static void
session_open(struct session *s, enum way way, size_t count)
{
	memset(s, 0, sizeof *s);
	s->way = way;
	hostile_init(&s->server, ways[way].mode);
	s->server.tls = server_tls;
	s->server.in_ipv6 = way == CURL_CLEAR;
	caller_init(&s->caller, count);
	s->account = account_at(ways[way].mode, 0);
	s->account.host = ways[way].host;
}

static void
session_run(struct session *s)
{
	char addresses[SUBMIT_BATCH_MAX][40];
	struct submit_envelope envelopes[SUBMIT_BATCH_MAX];
	const struct submit_calls calls = {
		on_body, on_handed_over, on_settled, &s->caller};
	size_t i, count = strlen(s->caller.kinds);

	for (i = 0; i < count; i++) {
		snprintf(addresses[i], sizeof addresses[i], "b%zu@example.org",
			i);
		envelopes[i] =
			(struct submit_envelope){"a@example.org", addresses[i]};
	}
	if (hostile_start(&s->server) != 0)
		fail_msg("no server at %s", s->account.host);
	s->account.port = s->server.port;
	s->rc = submit_batch(&s->account, envelopes, count, &calls, &s->err);
	hostile_stop(&s->server);
}

static void
session_close(struct session *s)
{
	free((void *)(uintptr_t)s->account.cafile);
	hostile_release(&s->server);
}

/* What is wrong with what was said of a message, NULL: nothing. */
static const char *
broken_promise(const struct session *s, size_t i)
{
	const struct hostile_taken *taken = &s->server.taken[i];
	const bool may_be_there = taken->ended > 0 && !taken->refused;
	const char kind = s->caller.kinds[i];

	if (*s->caller.fault)
		return s->caller.fault;
	if (kind == '-')
		return "was not settled";
	if (taken->ended > 1)
		return "was given twice";
	if (kind == 'S' && !(may_be_there && taken->answered))
		return "is called sent";
	if (may_be_there && kind != 'S' && kind != 'U')
		return "may be there, and is to be sent again";
	if (may_be_there && !taken->answered && kind != 'U')
		return "is not called unknown";
	if (kind == 'U' && !s->caller.handed[i])
		return "is unknown, but was not handed over";
	if (may_be_there && (taken->body.len != strlen(s->caller.body) ||
				    memcmp(taken->body.data, s->caller.body,
					    taken->body.len) != 0))
		return "is not what was given";
	return NULL;
}

/* Returns NULL when every promise was kept, else what to say; to be freed. */
static char *
session_fault(const struct session *s, const char *what)
{
	size_t i;

	for (i = 0; s->caller.kinds[i]; i++) {
		const char *broken = broken_promise(s, i);

		if (broken)
			return mem_printf("%s, %s: message %zu of %s: %s (%s)",
				ways[s->way].name, what, i, s->caller.kinds,
				broken, s->err.msg);
	}
	return NULL;
}

/* Broken off at every byte */

enum {
	MESSAGES = 3
};

/* Runs a session that breaks off behind byte at; -1: it does not. Returns
 * what went in, or out. */
static long
run_cut(enum way way, bool out, bool reset, long at)
{
	struct session s;
	char what[64], *fault;
	long length;
	size_t i;

	session_open(&s, way, MESSAGES);
	*(out ? &s.server.cut_out : &s.server.cut_in) = at;
	s.server.reset = reset;
	session_run(&s);
	snprintf(what, sizeof what, "%s after %ld bytes %s",
		reset ? "reset" : "closed", at, out ? "out" : "in");
	fault = session_fault(&s, what);
	/* What was answered is lost with a reset only. */
	for (i = 0; i < MESSAGES && !reset && !fault; i++)
		if (s.server.taken[i].answered && s.caller.kinds[i] != 'S')
			fault = mem_printf("%s, %s: %s, but %zu was answered",
				ways[way].name, what, s.caller.kinds, i);
	if (fault)
		fail_msg("%s", fault);
	length = out ? s.server.said : s.server.heard;
	session_close(&s);
	return length;
}

static void
cut_everywhere(enum way way, long step)
{
	int which;

	for (which = 0; which < 4; which++) {
		const bool out = which & 1, reset = which & 2;
		const long end = run_cut(way, out, reset, -1);
		/* Another phase in each direction and kind. */
		long at = step * which / 4, sessions = 0;

		for (; at <= end; at += step, sessions++)
			run_cut(way, out, reset, at);
		print_message("%s: %ld sessions %s %s\n", ways[way].name,
			sessions, reset ? "reset" : "closed",
			out ? "while it spoke" : "while it listened");
	}
}

static void
is_broken_off_at_every_byte(void **state)
{
	(void)state;
	cut_everywhere(ESMTP_CLEAR, 1);
	if (have_ipv6())
		cut_everywhere(CURL_CLEAR, 1);
}

static void
is_broken_off_within_tls(void **state)
{
	(void)state;
	cut_everywhere(ESMTP_STARTTLS, TLS_STEP);
	cut_everywhere(CURL_IMPLICIT, TLS_STEP);
}

/* Told to say what no server should */

/* Stand for a NUL and for a megabyte of letters. */
#define NUL "{NUL}"
#define MEGABYTE "{megabyte}"

/* As struct hostile_fault has it. */
struct told {
	const char *at;
	int visit;
	enum hostile_then then;
	const char *say;
};

/* What becomes of the messages then: as in LETTERS, ? whatever keeps the
 * promise, - not begun. Behind a bar over libcurl, where that differs. */
struct tale {
	struct told told[2];
	const char *kinds;
};

/* The code speaks for itself, whatever stands around it. */
static const struct tale odd_replies[] = {
	{{{"CONNECT", 1, HOSTILE_GO_ON, "220\r\n"}}, "SSS"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "250\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "250\r\n"}}, "SSS"},
	{{{"DATA", 2, HOSTILE_GO_ON, "354\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_IN_TURN, "250\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550\r\n"}}, "SRS"},
	{{{"END", 2, HOSTILE_GO_ON, "250 \r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250 2.0.0\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250 9.9.9 x\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250-a\r\n250-b\r\n250 c\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250-\r\n250-\r\n250\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550-a\r\n550-b\r\n550 c\r\n"}}, "SRS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "251 2.1.5 elsewhere\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "252 2.1.5 perhaps\r\n"}}, "SSS"},
	{{{"END", 2, HOSTILE_GO_ON, "250 \xff\xfe\x80\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550 \xd8\xb3\xff\x1b[2J\r\n"}}, "SRS"},
	{{{"END", 2, HOSTILE_GO_ON, "250 a" NUL "b\r\n"}}, "SSS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550 a" NUL "b\r\n"}}, "SRS"},
	{{{"CONNECT", 0, HOSTILE_IN_TURN, NULL},
		 {"STARTTLS", 0, HOSTILE_IN_TURN, NULL}},
		"SSS"},
	{{{"EHLO", 0, HOSTILE_IN_TURN, NULL},
		 {"MAIL", 0, HOSTILE_IN_TURN, NULL}},
		"SSS"},
	{{{"RCPT", 0, HOSTILE_IN_TURN, NULL},
		 {"DATA", 0, HOSTILE_IN_TURN, NULL}},
		"SSS"},
	{{{"END", 0, HOSTILE_IN_TURN, NULL}}, "SSS"},
};

/* A reply that is none decides nothing. */
static const struct tale no_replies[] = {
	{{{"END", 2, HOSTILE_CLOSE, "250"}}, "SUQ"},
	{{{"END", 2, HOSTILE_CLOSE, "250 2.0.0 taken"}}, "SUQ"},
	{{{"END", 2, HOSTILE_HANG, "250 2.0.0 taken"}}, "SUQ"},
	{{{"END", 2, HOSTILE_CLOSE, "250-2.0.0 taken\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_HANG, "250-2.0.0 taken\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_CLOSE, "250-a\r\n250"}}, "SUQ"},
	{{{"END", 2, HOSTILE_CLOSE, "554 5.0.0 no"}}, "SUQ"},
	/* Nothing was handed over, so half a refusal does no harm. */
	{{{"RCPT", 2, HOSTILE_CLOSE, "550 5.1.1 no"}}, "SRQ|SDQ"},
	{{{"MAIL", 2, HOSTILE_CLOSE, "550 5.1.1 no"}}, "SOQ|SQQ"},
	{{{"DATA", 2, HOSTILE_CLOSE, "554 5.0.0 no"}}, "SRQ|SDQ"},
	{{{"END", 2, HOSTILE_GO_ON, "\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "hello\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "25 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "25O ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "2500 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, " 250 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "+250 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "-250 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "999 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "354 go on\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, NUL "250 ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "25" NUL " ok\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "250-a\r\n554 b\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "554-a\r\n250 b\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, MEGABYTE "\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_GO_ON, "250 " MEGABYTE "\r\n"}}, "SUQ"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550 " MEGABYTE "\r\n"}}, "SRQ|SDQ"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "hello\r\n"}}, "SQQ"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "hello\r\n"}}, "SDQ|SD?"},
	{{{"DATA", 2, HOSTILE_GO_ON, "hello\r\n"}}, "SDQ"},
	{{{"DATA", 2, HOSTILE_GO_ON, "250 2.0.0 taken\r\n"}}, "SDQ"},
	{{{"CONNECT", 1, HOSTILE_GO_ON, "hello\r\n"}}, "QQQ"},
	{{{"CONNECT", 1, HOSTILE_GO_ON, MEGABYTE "\r\n"}}, "QQQ"},
	{{{"EHLO", 1, HOSTILE_GO_ON, "hello\r\n"}}, "QQQ"},
	{{{"EHLO", 1, HOSTILE_GO_ON, "250-" MEGABYTE "\r\n250 x\r\n"}}, "QQQ"},
};

/* A code in front of the wrong words; what counts is the code. */
static const struct tale refusals[] = {
	{{{"CONNECT", 1, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "QQQ"},
	{{{"CONNECT", 1, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "QQQ"},
	/* libcurl says HELO then, and is welcome. */
	{{{"EHLO", 1, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "QQQ|SSS"},
	{{{"EHLO", 1, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "QQQ"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "SDS"},
	{{{"MAIL", 2, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "SDQ"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "SDS"},
	{{{"RCPT", 2, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "SDQ"},
	{{{"DATA", 2, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "SDQ"},
	{{{"DATA", 2, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "SDQ"},
	{{{"END", 2, HOSTILE_GO_ON, "421 4.3.2 no\r\n"}}, "SDS|SDQ"},
	{{{"END", 2, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "SDQ"},
	{{{"QUIT", 1, HOSTILE_GO_ON, "554 5.0.0 stay\r\n"}}, "SSS"},
	{{{"QUIT", 1, HOSTILE_CLOSE, "421 4.3.2 no\r\n"}}, "SSS"},
	/* No 8BITMIME, no SIZE, or one that is too small. */
	{{{"EHLO", 0, HOSTILE_GO_ON, "250 hostile\r\n"}}, "SSS"},
	{{{"EHLO", 0, HOSTILE_GO_ON, "250-x\r\n250 SIZE 10\r\n"}}, "SSS"},
	{{{"MAIL", 1, HOSTILE_GO_ON, "552 5.3.4 too big\r\n"}}, "OQQ"},
	{{{"END", 1, HOSTILE_GO_ON, "552 5.3.4 too big\r\n"}}, "RSS"},
	{{{"RCPT", 1, HOSTILE_GO_ON, "550 5.1.1 no\r\n"},
		 {"RCPT", 3, HOSTILE_GO_ON, "450 4.2.2 full\r\n"}},
		"RSD"},
	{{{"RCPT", 1, HOSTILE_GO_ON, "450 4.2.2 full\r\n"},
		 {"RCPT", 2, HOSTILE_GO_ON, "550 5.1.1 no\r\n"}},
		"DRS"},
	/* libESMTP has said DATA before it knows. */
	{{{"RCPT", 2, HOSTILE_GO_ON, "550 5.1.1 no\r\n"},
		 {"DATA", 2, HOSTILE_GO_ON, "503 5.5.1 no rcpt\r\n"}},
		"SRS|SRR"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "550 5.1.1 no\r\n"},
		 {"DATA", 2, HOSTILE_GO_ON, "354 all the same\r\n"}},
		"SRS"},
};

/* Replies that answer nothing, and answers at the wrong place. */
static const struct tale out_of_step[] = {
	{{{"CONNECT", 1, HOSTILE_GO_ON, "220 a\r\n250 b\r\n"}}, "DQQ"},
	{{{"EHLO", 1, HOSTILE_GO_ON, "250 a\r\n250 b\r\n"}}, "DQQ"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "250 a\r\n250 b\r\n"}}, "SDQ"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "250 a\r\n250 b\r\n354 c\r\n"}}, "SDQ"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "250 a\r\n250 b\r\n354 c\r\n250 d\r\n"}},
		"SDQ"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "250 a\r\n250 b\r\n"}}, "SDQ"},
	/* It depends on how fast the right 354 comes. */
	{{{"RCPT", 2, HOSTILE_GO_ON, "250 a\r\n354 b\r\n"}}, "S?Q"},
	{{{"MAIL", 2, HOSTILE_GO_ON, "354 a\r\n"}}, "SDS"},
	{{{"RCPT", 2, HOSTILE_GO_ON, "354 a\r\n"}}, "SDS"},
	/* libcurl reads on only after the end. */
	{{{"DATA", 2, HOSTILE_GO_ON, "354 a\r\n250 b\r\n"}}, "SDQ|SUQ"},
	{{{"DATA", 2, HOSTILE_GO_ON, "354 a\r\n554 b\r\n"}}, "SDQ|SUQ"},
	{{{"BODY", 2, HOSTILE_GO_ON, "250 early\r\n"}}, "SDQ"},
	{{{"BODY", 2, HOSTILE_GO_ON, "452 4.3.1 full\r\n"}}, "SDQ"},
	{{{"END", 2, HOSTILE_GO_ON, "250 a\r\n250 b\r\n"}}, "SSD"},
	{{{"END", 2, HOSTILE_GO_ON, "250 a\r\n554 b\r\n"}}, "SUQ|SSO"},
	{{{"END", 1, HOSTILE_GO_ON, "250 a\r\n250 b\r\n250 c\r\n354 d\r\n"}},
		"UQQ|SDQ"},
};

/* Nothing more is said, or a byte now and then, or far too much. */
static const struct tale slow[] = {
	{{{"CONNECT", 1, HOSTILE_HANG, NULL}}, "QQQ"},
	{{{"CONNECT", 1, HOSTILE_DRIP, "2"}}, "QQQ"},
	{{{"CONNECT", 1, HOSTILE_DRIP, "220-x\r\n"}}, "QQQ"},
	{{{"TLS", 1, HOSTILE_HANG, NULL}}, "QQQ"},
	/* No TLS, or none in time: that is a matter of the machine's load. */
	{{{"TLS", 1, HOSTILE_DRIP, "\x16\x03\x03\x40"}}, "---"},
	{{{"EHLO", 1, HOSTILE_HANG, NULL}}, "QQQ"},
	{{{"EHLO", 1, HOSTILE_DRIP, "250-x\r\n"}}, "QQQ"},
	{{{"STARTTLS", 1, HOSTILE_HANG, NULL}}, "QQQ"},
	{{{"STARTTLS", 1, HOSTILE_DRIP, "220-x\r\n"}}, "QQQ"},
	{{{"AUTH", 1, HOSTILE_HANG, NULL}}, "QQQ"},
	{{{"AUTH", 1, HOSTILE_DRIP, "235-x\r\n"}}, "QQQ"},
	{{{"MAIL", 2, HOSTILE_HANG, NULL}}, "SQQ"},
	{{{"MAIL", 2, HOSTILE_DRIP, "250-x\r\n"}}, "SQQ"},
	{{{"RCPT", 2, HOSTILE_HANG, NULL}}, "SDQ"},
	{{{"RCPT", 2, HOSTILE_DRIP, "2"}}, "SDQ"},
	{{{"DATA", 2, HOSTILE_HANG, NULL}}, "SDQ"},
	{{{"DATA", 2, HOSTILE_DRIP, "354-x\r\n"}}, "SDQ"},
	{{{"END", 2, HOSTILE_HANG, NULL}}, "SUQ"},
	{{{"END", 2, HOSTILE_DRIP, "2"}}, "SUQ"},
	{{{"END", 2, HOSTILE_DRIP, "250-x\r\n"}}, "SUQ"},
	{{{"QUIT", 1, HOSTILE_HANG, NULL}}, "SSS"},
	{{{"QUIT", 1, HOSTILE_DRIP, "221-x\r\n"}}, "SSS"},
};

static const struct tale endless[] = {
	{{{"CONNECT", 1, HOSTILE_REPEAT, MEGABYTE}}, "QQQ"},
	{{{"CONNECT", 1, HOSTILE_REPEAT, "220-" MEGABYTE "\r\n"}}, "QQQ"},
	{{{"EHLO", 1, HOSTILE_REPEAT, "250-CHUNK\r\n250-AUTH PLAIN X\r\n"}},
		"QQQ"},
	{{{"MAIL", 2, HOSTILE_REPEAT, "250-x\r\n"}}, "SQQ"},
	{{{"RCPT", 2, HOSTILE_REPEAT, "550-x\r\n"}}, "SDQ"},
	{{{"END", 2, HOSTILE_REPEAT, "250-x\r\n"}}, "SUQ"},
	{{{"END", 2, HOSTILE_REPEAT, MEGABYTE}}, "SUQ"},
	{{{"END", 2, HOSTILE_REPEAT, "250 x\r\n"}}, "S??"},
	{{{"QUIT", 1, HOSTILE_REPEAT, "221-x\r\n"}}, "SSS"},
};

static const struct tale logins[] = {
	{{{"AUTH", 0, HOSTILE_IN_TURN, NULL}}, "SSS"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "535 5.7.8 no\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "534 5.7.9 weak\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "500 5.5.2 what?\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "454 4.7.0 later\r\n"}}, "QQQ"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "421 4.3.2 bye\r\n"}}, "QQQ"},
	{{{"AUTH", 0, HOSTILE_CLOSE, "421 4.3.2 bye\r\n"}}, "QQQ"},
	{{{"AUTH", 0, HOSTILE_CLOSE, "535 5.7.8 no\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "334 \r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "334 ?\xff?\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "334 " MEGABYTE "\r\n"}}, "QQQ"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "250 2.0.0 ok\r\n"}}, "OOO"},
	{{{"AUTH", 0, HOSTILE_GO_ON, "hello\r\n"}}, "QQQ"},
	{{{"AUTH", 0, HOSTILE_CLOSE, "235"}}, "QQQ"},
};

/* All tales at once: most of them wait for a time-out. */

enum {
	TELLERS = 24
};

struct telling {
	const struct tale *tale;
	enum way way;
	char *fault; /* NULL: it went as it should */
};

static struct {
	pthread_mutex_t lock;
	struct telling *items;
	size_t count, next;
} tellings = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What is repeated comes in large pieces, as fast as it can. */
static char *
spelled_out(const struct told *told, size_t *len)
{
	const char *say = told->say;
	struct buf out = {0};
	int i;

	while (*say) {
		if (str_starts(say, NUL)) {
			buf_putc(&out, '\0');
			say += strlen(NUL);
		} else if (str_starts(say, MEGABYTE)) {
			for (i = 0; i < 1 << 20; i++)
				buf_putc(&out, 'm');
			say += strlen(MEGABYTE);
		} else {
			buf_putc(&out, *say++);
		}
		if (!*say && told->then == HOSTILE_REPEAT && out.len < 1 << 16)
			say = told->say;
	}
	*len = out.len;
	return buf_take(&out);
}

static void
instruct(struct session *s, const struct tale *tale)
{
	size_t i;

	for (i = 0; i < COUNT(tale->told) && tale->told[i].at; i++) {
		const struct told *told = &tale->told[i];
		struct hostile_fault *fault = &s->server.faults[i];

		fault->at = told->at;
		fault->visit = told->visit;
		fault->then = told->then;
		if (told->say)
			fault->say = spelled_out(told, &fault->len);
	}
	if (strcmp(tale->told[0].at, "AUTH") == 0) {
		s->account.user = "user";
		s->account.password = "pass=word";
		s->server.offer = "PIPELINING|AUTH=LOGIN|AUTH PLAIN LOGIN";
	}
	/* So much of it that none of its end is under way yet. */
	if (strcmp(tale->told[0].at, "BODY") == 0) {
		s->caller.body = large;
		s->account.timeout_s = s->account.timeout_dot_s = 20;
		s->account.deadline_s = 40;
	}
}

/* Returns what is wrong with what became of the messages, or NULL. */
static char *
compare(const struct session *s, const struct tale *tale, const char *what)
{
	const char *kinds = tale->kinds;
	size_t i, count = strlen(s->caller.kinds);

	if (is_curl(s->way) && kinds[count] == '|')
		kinds += count + 1;
	for (i = 0; i < count; i++) {
		const char kind = s->caller.kinds[i];
		const bool not_begun = kind == 'O' || kind == 'Q';

		if (kinds[i] != '?' && kinds[i] != kind &&
			!(kinds[i] == '-' && not_begun))
			break;
	}
	if (i == count)
		return NULL;
	return mem_printf("%s, %s: %s, not %.*s (%s)", ways[s->way].name, what,
		s->caller.kinds, (int)count, kinds, s->err.msg);
}

static void
tell(struct telling *telling)
{
	const struct tale *tale = telling->tale;
	struct session *s = mem_zalloc(sizeof *s);
	const time_t begin = time(NULL);
	char what[96];
	size_t i;

	snprintf(what, sizeof what, "%s %d %d %.40s", tale->told[0].at,
		tale->told[0].visit, tale->told[0].then,
		tale->told[0].say ? tale->told[0].say : "");
	session_open(s, telling->way, MESSAGES);
	s->account.timeout_s = s->account.timeout_dot_s = 1;
	s->account.deadline_s = 2;
	instruct(s, tale);
	session_run(s);
	telling->fault = session_fault(s, what);
	if (!telling->fault)
		telling->fault = compare(s, tale, what);
	if (!telling->fault && s->server.auths > 1)
		telling->fault = mem_printf("%s, %s: %d logins",
			ways[telling->way].name, what, s->server.auths);
	if (!telling->fault &&
		time(NULL) - begin > s->account.deadline_s + PATIENCE_S)
		telling->fault = mem_printf(
			"%s, %s: too late", ways[telling->way].name, what);
	for (i = 0; i < HOSTILE_FAULTS; i++)
		free((void *)(uintptr_t)s->server.faults[i].say);
	session_close(s);
	free(s);
}

static void *
tell_some(void *unused)
{
	(void)unused;
	for (;;) {
		struct telling *telling = NULL;

		pthread_mutex_lock(&tellings.lock);
		if (tellings.next < tellings.count)
			telling = &tellings.items[tellings.next++];
		pthread_mutex_unlock(&tellings.lock);
		if (!telling)
			return NULL;
		tell(telling);
	}
}

/* Whether that place is ever reached that way. */
static bool
is_tellable(const struct tale *tale, enum way way)
{
	const char *at = tale->told[0].at;
	const bool starts = way == ESMTP_STARTTLS;

	if (way == CURL_CLEAR && !have_ipv6())
		return false;
	if (strcmp(at, "STARTTLS") == 0)
		return starts;
	if (strcmp(at, "TLS") == 0)
		return starts || way == CURL_IMPLICIT;
	/* Within TLS all is as without, but for what comes before it. */
	return !starts ||
	       (strcmp(at, "EHLO") != 0 && strcmp(at, "CONNECT") != 0);
}

static void
tell_all(const struct tale *tales, size_t count)
{
	pthread_t tellers[TELLERS];
	size_t i, faults = 0;

	tellings.items = mem_zalloc(count * WAYS * sizeof *tellings.items);
	tellings.count = tellings.next = 0;
	for (i = 0; i < count * WAYS; i++)
		if (is_tellable(&tales[i / WAYS], i % WAYS))
			tellings.items[tellings.count++] = (struct telling){
				&tales[i / WAYS], (enum way)(i % WAYS), NULL};
	for (i = 0; i < TELLERS; i++)
		pthread_create(&tellers[i], NULL, tell_some, NULL);
	for (i = 0; i < TELLERS; i++)
		pthread_join(tellers[i], NULL);
	for (i = 0; i < tellings.count; i++) {
		if (tellings.items[i].fault)
			print_message("%s\n", tellings.items[i].fault);
		faults += tellings.items[i].fault != NULL;
		free(tellings.items[i].fault);
	}
	free(tellings.items);
	assert_int_equal(faults, 0);
}

static void
understands_odd_replies(void **state)
{
	(void)state;
	tell_all(odd_replies, COUNT(odd_replies));
}

static void
believes_no_broken_reply(void **state)
{
	(void)state;
	tell_all(no_replies, COUNT(no_replies));
}

static void
takes_refusals_one_by_one(void **state)
{
	(void)state;
	tell_all(refusals, COUNT(refusals));
}

static void
notices_when_replies_are_out_of_step(void **state)
{
	(void)state;
	tell_all(out_of_step, COUNT(out_of_step));
}

static void
does_not_wait_for_ever(void **state)
{
	(void)state;
	tell_all(slow, COUNT(slow));
}

static void
does_not_read_for_ever(void **state)
{
	(void)state;
	tell_all(endless, COUNT(endless));
}

static void
logs_in_once(void **state)
{
	(void)state;
	tell_all(logins, COUNT(logins));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_broken_off_at_every_byte),
		cmocka_unit_test(is_broken_off_within_tls),
		cmocka_unit_test(understands_odd_replies),
		cmocka_unit_test(believes_no_broken_reply),
		cmocka_unit_test(takes_refusals_one_by_one),
		cmocka_unit_test(notices_when_replies_are_out_of_step),
		cmocka_unit_test(does_not_wait_for_ever),
		cmocka_unit_test(does_not_read_for_ever),
		cmocka_unit_test(logs_in_once),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
