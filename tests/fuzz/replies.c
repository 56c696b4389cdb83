/*
 * A server's whole side of a session, for both transports. The first byte
 * says which, and whether to log in; the rest is what the server says: a piece
 * for each line that it hears, or when it hears nothing, with a byte 0x1e
 * between.
 */
#include "fuzz.h"

#include <poll.h>

#include "hostile.h"

enum {
	SEPARATOR = 0x1e,
	MESSAGES = 2,
	INPUT_MAX = 2048,
	QUIET_MS = 1,
	OVER_CURL = 1,
	WITH_LOGIN = 2
};

static const char *const bodies[MESSAGES] = {
	"Subject: x\r\n\r\n..\r\nfirst\r\n", "Subject: x\r\n\r\nsecond\r\n"};
static const char *const ends[MESSAGES] = {"first\r\n.\r\n", "second\r\n.\r\n"};

/* The caller */

struct caller {
	bool handed[MESSAGES];
	bool settled[MESSAGES];
	enum outcome_kind kinds[MESSAGES];
};

static int
on_body(void *ctx, size_t index, const char **data, size_t *len)
{
	const struct caller *caller = ctx;

	assert(!caller->settled[index]);
	assert(index == 0 || caller->settled[index - 1]);
	*data = bodies[index];
	*len = strlen(bodies[index]);
	return 0;
}

static int
on_handed_over(void *ctx, size_t index)
{
	struct caller *caller = ctx;

	assert(!caller->settled[index] && !caller->handed[index]);
	caller->handed[index] = true;
	return 0;
}

static int
on_settled(void *ctx, size_t index, const struct outcome *outcome)
{
	struct caller *caller = ctx;

	assert(!caller->settled[index]);
	caller->settled[index] = true;
	caller->kinds[index] = outcome->kind;
	return 0;
}

/* The server */

struct scripted {
	struct hostile server; /* first, for that is what serve is given */
	struct fuzz script;
};

/* Returns false when there is nothing left to say. */
static bool
say_next(struct scripted *s)
{
	size_t len;
	char *piece;

	if (s->script.left == 0 || s->server.over)
		return false;
	piece = fuzz_until(&s->script, SEPARATOR, &len);
	hostile_send(&s->server, piece, len);
	free(piece);
	return true;
}

/* Returns how many lines came, -1 at the end. */
static int
hear(struct hostile *h)
{
	char piece[4096];
	ssize_t n = recv(h->fd, piece, sizeof piece, 0), i;
	int lines = 0;

	if (n <= 0)
		return -1;
	buf_add(&h->spoken, piece, (size_t)n);
	for (i = 0; i < n; i++)
		lines += piece[i] == '\n';
	return lines;
}

static void
talk(struct scripted *s)
{
	struct hostile *h = &s->server;
	struct pollfd p = {.fd = h->fd, .events = POLLIN};
	int lines = 1;

	h->over = false;
	while (lines >= 0) {
		for (; lines > 0; lines--)
			if (!say_next(s))
				break;
		if (s->script.left == 0 || h->over)
			break;
		lines = poll(&p, 1, QUIET_MS) == 1 ? hear(h) : 1;
	}
	shutdown(h->fd, SHUT_WR);
	while (hear(h) >= 0)
		;
}

static void *
serve(void *arg)
{
	struct scripted *s = arg;
	struct hostile *h = &s->server;

	while ((h->fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		talk(s);
		close(h->fd);
	}
	return NULL;
}

/* What must hold whatever the server says. */
static void
check(const struct caller *caller, const struct hostile *h)
{
	size_t i;

	for (i = 0; i < MESSAGES; i++) {
		const bool ended = h->spoken.len > 0 &&
				   memmem(h->spoken.data, h->spoken.len,
					   ends[i], strlen(ends[i]));

		assert(caller->settled[i]);
		if (ended || caller->kinds[i] == OUTCOME_UNKNOWN)
			assert(caller->handed[i]);
		if (caller->kinds[i] == OUTCOME_SENT)
			assert(caller->handed[i] && ended);
		if (caller->kinds[i] == OUTCOME_QUEUED ||
			caller->kinds[i] == OUTCOME_OURS)
			assert(!ended);
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	submit_global_init();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct submit_envelope envelopes[MESSAGES] = {
		{"a@example.org", "b0@example.org"},
		{"a@example.org", "b1@example.org"}};
	struct scripted s = {
		.script = {data, size < INPUT_MAX ? size : INPUT_MAX}};
	struct caller caller = {0};
	const struct submit_calls calls = {
		on_body, on_handed_over, on_settled, &caller};
	const unsigned flags = fuzz_byte(&s.script);
	struct err err;

	hostile_init(&s.server, SUBMIT_CLEAR);
	s.server.in_ipv6 = flags & OVER_CURL;
	s.server.serve = serve;
	if (hostile_start(&s.server) != 0)
		return -1;
	submit_batch(
		&(struct submit_account){
			.host = flags & OVER_CURL ? "::1" : "127.0.0.1",
			.port = s.server.port,
			.tls = SUBMIT_CLEAR,
			.user = flags & WITH_LOGIN ? "user" : NULL,
			.password = flags & WITH_LOGIN ? "word" : NULL,
			.helo = "client.example.org",
			.timeout_s = 1,
			.timeout_dot_s = 1,
			.deadline_s = 2,
		},
		envelopes, MESSAGES, &calls, &err);
	hostile_stop(&s.server);
	check(&caller, &s.server);
	hostile_release(&s.server);
	return 0;
}
