#include "net/submit_private.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	/* libESMTP and SASL PLAIN keep room for this much (RFC 4616 2). */
	CREDENTIAL_MAX = 255,
	PROBE_S = 60, /* somebody is waiting */
};

void
submit_global_init(void)
{
	/* A server that hangs up must not end the program. */
	signal(SIGPIPE, SIG_IGN);
	submit_tls_global_init();
	submit_wire_global_init();
	submit_esmtp_global_init();
	submit_curl_global_init();
}

struct submit_keep *
submit_keep_new(void)
{
	return mem_zalloc(sizeof(struct submit_keep));
}

void
submit_keep_free(struct submit_keep *keep)
{
	if (!keep)
		return;
	SSL_SESSION_free(keep->tls.session);
	SSL_CTX_free(keep->ctx);
	free(keep);
}

void
submit_global_cleanup(void)
{
	submit_curl_global_cleanup();
	submit_esmtp_global_cleanup();
}

bool
submit_is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

bool
submit_is_address(const char *host)
{
	struct in_addr address;

	return inet_pton(AF_INET, host, &address) == 1 || submit_is_ipv6(host);
}

bool
submit_is_loopback(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&v6, address, sizeof v6);
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		return v6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

const char *
submit_reply_words(const struct smtp_reply *reply, char out[SUBMIT_REPLY_SIZE])
{
	snprintf(out, SUBMIT_REPLY_SIZE, "%d%s%s%s%s", reply->code,
		*reply->status ? " " : "", reply->status,
		*reply->text ? " " : "", reply->text);
	return out;
}

int
submit_no_starttls(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err)
{
	char words[SUBMIT_REPLY_SIZE];

	if (!refused)
		return err_set(err, ERR_CONFIG,
			"%s:%d: the server offers no STARTTLS, or somebody in "
			"between hides it; nothing was sent",
			account->host, account->port);
	return err_set(err, ERR_CONFIG,
		"%s:%d: the server refused STARTTLS (%s); nothing was sent",
		account->host, account->port,
		submit_reply_words(refused, words));
}

int
submit_reply_code(const char *line)
{
	if (strspn(line, "0123456789") != 3 || !strchr(" -\r\n", line[3]))
		return 0;
	return (int)strtol(line, NULL, 10);
}

int
submit_login_failed(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err)
{
	char words[SUBMIT_REPLY_SIZE];

	if (refused->code == 0)
		return err_set(err, ERR_CONFIG,
			"%s:%d: the server offers no login by %s; nothing was "
			"sent",
			account->host, account->port,
			account->token ? "token (AUTH XOAUTH2 or OAUTHBEARER)"
				       : "password (AUTH PLAIN or LOGIN)");
	if (refused->code / 100 == 4)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: the server cannot check logins now (%s)",
			account->host, account->port,
			submit_reply_words(refused, words));
	if (account->token)
		return err_set(err, ERR_CONFIG,
			"%s:%d: the token of %s was refused (%s); check that "
			"tokencmd prints a fresh one for this user, nothing "
			"was sent",
			account->host, account->port, account->user,
			submit_reply_words(refused, words));
	return err_set(err, ERR_CONFIG,
		"%s:%d: the login of %s was refused (%s); check user and "
		"password, nothing was sent",
		account->host, account->port, account->user,
		submit_reply_words(refused, words));
}

int
submit_no_service(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err)
{
	char words[SUBMIT_REPLY_SIZE];

	return err_set(err, ERR_UNAVAILABLE,
		"%s:%d: the server does not take mail now (%s)", account->host,
		account->port, submit_reply_words(refused, words));
}

static int
check_loopback(const struct submit_account *account, struct err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found, *a;
	bool all = true;
	int fault = getaddrinfo(account->host, NULL, &hints, &found);

	if (fault != 0)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: the name cannot be looked up (%s)",
			account->host, account->port, gai_strerror(fault));
	for (a = found; a; a = a->ai_next)
		all = all && submit_is_loopback(a->ai_addr);
	freeaddrinfo(found);
	if (!all)
		return err_set(err, ERR_CONFIG,
			"%s:%d: tls = none is for this machine only, and the "
			"host is another one; use starttls or implicit",
			account->host, account->port);
	return 0;
}

/* These go onto the wire as they are. */
static bool
is_one_word(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return false;
	return true;
}

static int
check_account(const struct submit_account *account, struct err *err)
{
	if (str_empty(account->helo) || !is_one_word(account->helo) ||
		strpbrk(account->helo, "/?#%"))
		return err_set(err, ERR_CONFIG,
			"%s:%d: helo must be a host name", account->host,
			account->port);
	if (str_empty(account->host) || !is_one_word(account->host))
		return err_set(err, ERR_CONFIG, "\"%s\" is not a host name",
			account->host);
	if (account->user &&
		(strlen(account->user) > CREDENTIAL_MAX ||
			(!account->token &&
				strlen(account->password) > CREDENTIAL_MAX)))
		return err_set(err, ERR_CONFIG,
			"%s:%d: user and password must not be longer than "
			"%d bytes",
			account->host, account->port, CREDENTIAL_MAX);
	if (account->cafile && access(account->cafile, R_OK) != 0)
		return err_set(err, ERR_CONFIG, "%s: cannot be read (%s)",
			account->cafile, strerror(errno));
	if (account->tls == SUBMIT_CLEAR && account->proxy_host)
		return err_set(err, ERR_CONFIG,
			"%s:%d: tls = none is for this machine only, not for "
			"what a proxy reaches; use starttls or implicit",
			account->host, account->port);
	if (account->tls == SUBMIT_CLEAR)
		return check_loopback(account, err);
	return 0;
}

/* CR or LF in an address would be a command of its own. */
static void
assert_envelope(const struct submit_envelope *envelope)
{
	assert(!strpbrk(envelope->from, "\r\n<> "));
	assert(*envelope->to && !strpbrk(envelope->to, "\r\n<> "));
	(void)envelope;
}

/* A bare LF or CR could end the body early (SMTP smuggling). */
static bool
is_wire_form(const char *data, size_t len)
{
	const char *line = data, *end = data + len, *lf;

	for (; line < end; line = lf + 1) {
		lf = memchr(line, '\n', (size_t)(end - line));
		if (!lf || lf == line ||
			memchr(line, '\r', (size_t)(lf - line)) != lf - 1)
			return false;
	}
	return len > 0 && str_ascii_run(data, len) == len;
}

int
submit_ask_body(struct submit_run *run, size_t index)
{
	struct submit_message *message = &run->messages[index];
	const struct submit_calls *calls = run->calls;

	if (run->stopped || calls->body(calls->ctx, index, &message->data,
				    &message->len) != 0) {
		run->caller_failed = run->caller_failed || !run->stopped;
		run->stopped = true;
		message->held_back = true;
		return -1;
	}
	assert(is_wire_form(message->data, message->len));
	return 0;
}

int
submit_ask_end(struct submit_run *run, size_t index, int fd)
{
	struct submit_message *message = &run->messages[index];

	/* Who hangs up in the middle has not accepted, and who speaks there
	 * answers something else; once the end is handed over, that could be
	 * the answer to it. */
	if (!submit_wire_is_quiet(fd))
		return -1;
	if (run->calls->handed_over(run->calls->ctx, index) != 0) {
		run->caller_failed = run->stopped = true;
		return -1;
	}
	message->seen.body_done = true;
	return 0;
}

int
submit_settle(struct submit_run *run, size_t index)
{
	struct submit_message *message = &run->messages[index];
	struct outcome outcome = {.kind = OUTCOME_QUEUED};

	if (message->settled)
		return run->stopped ? -1 : 0;
	message->settled = true;
	if (!message->held_back)
		outcome_decide(&message->seen, &outcome);
	if (outcome.kind == OUTCOME_QUEUED && run->config_fault)
		outcome.kind = OUTCOME_OURS;
	if (run->calls->settled(run->calls->ctx, index, &outcome) != 0)
		run->caller_failed = run->stopped = true;
	/* The mailing is going to pause: what is wrong with us would only be
	 * said once more for each of the rest. And a server that was not
	 * understood once must not make the rest unknown too. */
	if (outcome.kind == OUTCOME_OURS || outcome.kind == OUTCOME_UNKNOWN)
		run->stopped = true;
	return run->stopped ? -1 : 0;
}

bool
submit_begun(const struct submit_run *run)
{
	size_t i;

	for (i = 0; i < run->count; i++)
		if (run->messages[i].seen.mail_seen)
			return true;
	return false;
}

/* libESMTP can do none of these. */
static bool
needs_curl(const struct submit_account *account)
{
	return account->tls == SUBMIT_IMPLICIT || account->proxy_host ||
	       account->token || submit_is_ipv6(account->host);
}

static int
ask_token(struct submit_run *run, const char *refused, struct err *err)
{
	const struct submit_account *account = run->account;

	return account->token(account->token_ctx, refused, run->token, err);
}

/* A token may have expired since it was fetched, so a refusal is believed
 * once there is no newer one. */
static int
run_with_token(struct submit_run *run, struct err *err)
{
	char refused[SUBMIT_TOKEN_MAX];
	int rc = -1;

	if (ask_token(run, NULL, err) == 0)
		rc = submit_curl_run(run, err);
	if (run->token_refused) {
		memcpy(refused, run->token, sizeof refused);
		run->token_refused = false;
		if (ask_token(run, refused, err) == 0 &&
			strcmp(refused, run->token) != 0)
			rc = submit_curl_run(run, err);
		explicit_bzero(refused, sizeof refused);
	}
	explicit_bzero(run->token, sizeof run->token);
	return rc;
}

static int
run_transport(struct submit_run *run, struct err *err)
{
	if (run->account->token)
		return run_with_token(run, err);
	return run->report || needs_curl(run->account)
		       ? submit_curl_run(run, err)
		       : submit_esmtp_run(run, err);
}

int
submit_batch(const struct submit_account *account,
	const struct submit_envelope *envelopes, size_t count,
	const struct submit_calls *calls, struct err *err)
{
	struct submit_run *run = mem_zalloc(sizeof *run);
	int rc = -1;
	size_t i;

	assert(count >= 1 && count <= SUBMIT_BATCH_MAX);
	run->account = account;
	run->envelopes = envelopes;
	run->count = count;
	run->calls = calls;
	for (i = 0; i < count; i++)
		assert_envelope(&envelopes[i]);

	if (check_account(account, err) == 0)
		rc = run_transport(run, err);
	run->config_fault = rc != 0 && err->kind == ERR_CONFIG;
	for (i = 0; i < count; i++)
		submit_settle(run, i);
	if (run->caller_failed)
		rc = err_set(err, ERR_IO,
			"sending was stopped: what became of the messages "
			"could not be recorded, or the batch was given up");
	free(run);
	return rc;
}

int
submit_probe(const struct submit_account *account, const char *const *senders,
	size_t count, struct submit_report *report, struct err *err)
{
	struct submit_account patient = *account;
	struct submit_envelope envelopes[SUBMIT_SENDERS_MAX] = {0};
	struct submit_run *run = mem_zalloc(sizeof *run);
	int rc = -1;

	assert(count >= 1 && count <= SUBMIT_SENDERS_MAX);
	if (patient.timeout_s > PROBE_S)
		patient.timeout_s = PROBE_S;
	*report = (struct submit_report){0};
	run->account = &patient;
	run->envelopes = envelopes;
	run->count = count;
	run->report = report;
	for (size_t i = 0; i < count; i++) {
		assert(!strpbrk(senders[i], "\r\n<> "));
		envelopes[i].from = senders[i];
	}
	if (check_account(&patient, err) == 0)
		rc = run_transport(run, err);
	for (size_t i = 0; i < count; i++)
		report->senders[i] = run->messages[i].seen.mail;
	free(run);
	return rc;
}
