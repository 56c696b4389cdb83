/*
 * libcurl, for all that libESMTP cannot do. One transfer is one message;
 * libcurl keeps the connection open between them where it can. It doubles
 * the dots itself and ends the body when on_read returns 0.
 */
#include "net/submit_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/err.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/token.h"

enum phase {
	PHASE_GREETING,
	PHASE_HELLO,
	PHASE_STARTTLS,
	PHASE_AUTH,
	PHASE_MAIL,
	PHASE_RCPT,
	PHASE_DATA,
	PHASE_END, /* the body's end was handed over */
};

struct session {
	struct submit_run *run;
	size_t index; /* of the message on its way */
	CURL *easy;
	struct submit_tls_state tls;
	enum phase phase;
	bool logged_in;
	bool credential_given;	   /* after AUTH, in a line of its own */
	bool asked;		   /* the body was asked for */
	size_t given;		   /* bytes of it that libcurl has */
	int fd, other_fd;	   /* the socket; one more is tried at times */
	uint64_t heard;		   /* bytes on it before the last reply */
	bool out_of_turn;	   /* a reply was there before its command */
	struct smtp_reply reply;   /* the one being read */
	bool in_reply;		   /* its first line is there */
	bool answered;		   /* the last command was */
	bool quitting;		   /* it was QUIT */
	struct smtp_reply refused; /* why the session went no further */
	struct timespec deadline;
	char error[CURL_ERROR_SIZE];
};

void
submit_curl_global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void
submit_curl_global_cleanup(void)
{
	curl_global_cleanup();
}

static struct smtp_events *
seen_now(const struct session *s)
{
	return &s->run->messages[s->index].seen;
}

/* What goes by on the wire */

/*
 * A token is refused by one more question that holds the reason in base64
 * (RFC 7628 3.2.2); XOAUTH2 does the same. The first refusal counts: libcurl
 * answers that question with a goodbye, or as the server does not expect.
 */
static void
on_login_reply(struct session *s)
{
	const struct smtp_reply *reply = &s->reply;
	struct buf reason = {0};

	if (reply->code == 235)
		s->logged_in = true;
	if (s->refused.code != 0)
		return;
	if (reply->code >= 400)
		s->refused = *reply;
	if (reply->code != 334 || !s->credential_given || !*s->run->token)
		return;
	/* A long one was cut to its room: the last group may not be whole. */
	token_decode_base64(
		reply->text, strlen(reply->text) & ~(size_t)3, &reason);
	smtp_reply_set(&s->refused, reply->code, buf_str(&reason));
	buf_release(&reason);
}

/* A reply that came in one piece with the one before answers something else,
 * for its command was not yet sent then. */
static void
note_turn(struct session *s)
{
	uint64_t heard = submit_wire_heard(s->fd);

	if (heard > 0 && heard == s->heard)
		s->out_of_turn = true;
	s->heard = heard;
}

static void
on_reply(struct session *s)
{
	struct smtp_events *seen = seen_now(s);
	const struct smtp_reply *reply = &s->reply;

	s->answered = true;
	note_turn(s);
	if (s->quitting)
		return;
	switch (s->phase) {
	case PHASE_MAIL:
		seen->mail_seen = true;
		seen->mail = *reply;
		break;
	case PHASE_RCPT:
		seen->rcpt_seen = true;
		seen->rcpt = *reply;
		break;
	case PHASE_DATA:
		if (reply->code == 354) {
			s->answered = false; /* that is to the end */
			break;
		}
		/* Refused, and that was the end. */
		/* fallthrough */
	case PHASE_END:
		seen->done_seen = true;
		seen->done_text = !s->out_of_turn;
		seen->done = *reply;
		seen->rcpt_complete = seen->rcpt.code / 100 == 2;
		break;
	case PHASE_AUTH:
		on_login_reply(s);
		break;
	default:
		if (reply->code >= 400)
			s->refused = *reply;
		break;
	}
}

/* The lines of a reply are joined; each repeats code and status. */
static void
on_reply_line(struct session *s, const char *line)
{
	int code = submit_reply_code(line);
	const char *text = strlen(line) > 3 ? line + 4 : "";
	struct smtp_reply more;
	size_t len, room;

	/* The library does not see it either. */
	if (code == 0)
		return;
	if (s->in_reply && s->phase == PHASE_HELLO)
		submit_probe_extension(s->run->report, text);
	if (!s->in_reply) {
		smtp_reply_set(&s->reply, code, text);
	} else {
		smtp_reply_set(&more, code, text);
		len = strlen(s->reply.text);
		room = sizeof s->reply.text - len;
		if (1 + strlen(more.text) < room) {
			s->reply.text[len] = ' ';
			memcpy(s->reply.text + len + 1, more.text,
				strlen(more.text) + 1);
		}
		/* Lines that disagree say nothing. */
		if (code != s->reply.code)
			s->reply.code = 0;
	}
	s->in_reply = strlen(line) > 3 && line[3] == '-';
	if (!s->in_reply)
		on_reply(s);
}

static void
on_command(struct session *s, const char *line)
{
	static const struct {
		const char *word;
		enum phase phase;
	} commands[] = {{"EHLO ", PHASE_HELLO}, {"HELO ", PHASE_HELLO},
		{"STARTTLS\r\n", PHASE_STARTTLS}, {"AUTH ", PHASE_AUTH},
		{"MAIL ", PHASE_MAIL}, {"RCPT ", PHASE_RCPT},
		{"DATA\r\n", PHASE_DATA}};
	size_t i;

	/* A password in base64 may look like a command. */
	if (s->phase == PHASE_AUTH && s->reply.code == 334) {
		s->credential_given = true;
		return;
	}
	for (i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (str_starts(line, commands[i].word))
			s->phase = commands[i].phase;
	s->answered = false;
	s->quitting = str_starts(line, "QUIT");
	if (s->phase == PHASE_HELLO) { /* a new connection */
		s->logged_in = s->credential_given = false;
		submit_probe_hello(s->run->report);
	}
}

/* Never log what passes here: it holds the password or token. */
static int
on_debug(CURL *easy, curl_infotype type, char *data, size_t len, void *arg)
{
	struct session *s = arg;
	char *line;

	(void)easy;
	if (type != CURLINFO_HEADER_IN && type != CURLINFO_HEADER_OUT)
		return 0;
	line = mem_strndup(data, len);
	if (type == CURLINFO_HEADER_IN)
		on_reply_line(s, line);
	else
		on_command(s, line);
	explicit_bzero(line, len);
	free(line);
	return 0;
}

/* The body */

static size_t
on_read(char *out, size_t size, size_t count, void *arg)
{
	struct session *s = arg;
	const struct submit_message *message = &s->run->messages[s->index];
	const struct submit_account *account = s->run->account;
	size_t n = size * count;

	if (!s->asked) {
		/* libcurl goes on to MAIL when no login is offered. */
		if ((account->user && !s->logged_in) || s->out_of_turn ||
			submit_ask_body(s->run, s->index) != 0)
			return CURL_READFUNC_ABORT;
		s->asked = true;
	}
	if (s->given < message->len) {
		if (n > message->len - s->given)
			n = message->len - s->given;
		memcpy(out, message->data + s->given, n);
		s->given += n;
		return n;
	}
	if (s->phase == PHASE_END)
		return 0;
	if (submit_ask_end(s->run, s->index, s->fd) != 0)
		return CURL_READFUNC_ABORT;
	s->phase = PHASE_END;
	s->answered = false;
	curl_easy_setopt(s->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
		(long)account->timeout_dot_s);
	return 0;
}

/* The session */

/* The library names its socket nowhere else before the end. */
static int
on_opened(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	struct session *s = arg;

	(void)purpose;
	s->other_fd = s->fd;
	s->fd = (int)fd;
	s->heard = 0;
	return CURL_SOCKOPT_OK;
}

static int
on_close(void *arg, curl_socket_t fd)
{
	struct session *s = arg;

	if (s->fd == (int)fd)
		s->fd = s->other_fd;
	s->other_fd = -1;
	return close((int)fd);
}

static CURLcode
on_context(CURL *easy, void *ctx, void *arg)
{
	struct session *s = arg;

	(void)easy;
	return submit_tls_setup(ctx, &s->tls) == 0 ? CURLE_OK
						   : CURLE_SSL_CONNECT_ERROR;
}

static void
set_tls(struct session *s)
{
	const struct submit_account *account = s->run->account;

	curl_easy_setopt(s->easy, CURLOPT_USE_SSL,
		account->tls == SUBMIT_CLEAR ? (long)CURLUSESSL_NONE
					     : (long)CURLUSESSL_ALL);
	curl_easy_setopt(
		s->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(s->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(s->easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
	curl_easy_setopt(s->easy, CURLOPT_SSL_CTX_DATA, s);
	if (account->cafile)
		curl_easy_setopt(s->easy, CURLOPT_CAINFO, account->cafile);
}

static void
set_login(struct session *s)
{
	const struct submit_account *account = s->run->account;

	if (!account->user)
		return;
	curl_easy_setopt(s->easy, CURLOPT_USERNAME, account->user);
	if (account->token) {
		curl_easy_setopt(
			s->easy, CURLOPT_XOAUTH2_BEARER, s->run->token);
		curl_easy_setopt(s->easy, CURLOPT_LOGIN_OPTIONS,
			"AUTH=OAUTHBEARER;AUTH=XOAUTH2");
	} else {
		curl_easy_setopt(s->easy, CURLOPT_PASSWORD, account->password);
		curl_easy_setopt(s->easy, CURLOPT_LOGIN_OPTIONS,
			"AUTH=PLAIN;AUTH=LOGIN");
	}
}

/* What the environment says of proxies never counts: the connection would be
 * another one than the one asked for. */
static void
set_proxy(struct session *s)
{
	const struct submit_account *account = s->run->account;
	bool literal;
	char *url;

	curl_easy_setopt(s->easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
	if (!account->proxy_host)
		return;
	literal = submit_is_ipv6(account->proxy_host);
	url = mem_printf("socks5h://%s%s%s:%d", literal ? "[" : "",
		account->proxy_host, literal ? "]" : "", account->proxy_port);
	curl_easy_setopt(s->easy, CURLOPT_PROXY, url);
	free(url);
	curl_easy_setopt(s->easy, CURLOPT_SOCKS5_AUTH, (long)CURLAUTH_BASIC);
	curl_easy_setopt(s->easy, CURLOPT_PROXYUSERNAME, account->proxy_user);
	/* It must not be empty (RFC 1929 2). */
	curl_easy_setopt(s->easy, CURLOPT_PROXYPASSWORD, account->proxy_user);
}

/* The name may have been looked up to something else since it was checked. */
static curl_socket_t
on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct session *s = arg;

	(void)purpose;
	if (s->run->account->tls == SUBMIT_CLEAR &&
		!submit_is_loopback(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
}

static void
set_server(struct session *s)
{
	const struct submit_account *account = s->run->account;
	bool literal = submit_is_ipv6(account->host);
	/* The path is the name for EHLO. */
	char *url = mem_printf("%s://%s%s%s:%d/%s",
		account->tls == SUBMIT_IMPLICIT ? "smtps" : "smtp",
		literal ? "[" : "", account->host, literal ? "]" : "",
		account->port, account->helo);

	curl_easy_setopt(s->easy, CURLOPT_URL, url);
	free(url);
	curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(s->easy, CURLOPT_OPENSOCKETDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(s->easy, CURLOPT_TCP_NODELAY, 1L);
	curl_easy_setopt(s->easy, CURLOPT_SOCKOPTFUNCTION, on_opened);
	curl_easy_setopt(s->easy, CURLOPT_SOCKOPTDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
	curl_easy_setopt(s->easy, CURLOPT_CLOSESOCKETDATA, s);
	curl_easy_setopt(
		s->easy, CURLOPT_CONNECTTIMEOUT_MS, account->timeout_s * 1000L);
}

static void
set_upload(struct session *s)
{
	curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
}

/* libcurl takes a reply for the answer's body, and would print it. */
static size_t
on_answer(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

/* One command on a connection of its own, since a second MAIL would be out of
 * order. */
static void
set_question(struct session *s)
{
	curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_answer);
	curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, 1L);
}

static CURL *
make_easy(struct session *s)
{
	s->easy = curl_easy_init();
	if (!s->easy)
		abort(); /* only for want of memory, as in base/mem */
	set_server(s);
	set_proxy(s);
	set_tls(s);
	set_login(s);
	if (s->run->report)
		set_question(s);
	else
		set_upload(s);
	/* The one place where both commands and replies can be seen. */
	curl_easy_setopt(s->easy, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(s->easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(s->easy, CURLOPT_DEBUGDATA, s);
	curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->error);
	return s->easy;
}

static long
milliseconds_left(const struct session *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)(s->deadline.tv_sec - now.tv_sec) * 1000 +
	       (s->deadline.tv_nsec - now.tv_nsec) / 1000000;
}

/* One message. Returns libcurl's word; what counts is in the events. */
static CURLcode
send_one(struct session *s)
{
	const struct submit_envelope *envelope = &s->run->envelopes[s->index];
	struct curl_slist *to = curl_slist_append(NULL, envelope->to);
	long left = milliseconds_left(s);
	CURLcode code = CURLE_OPERATION_TIMEDOUT;

	s->phase = PHASE_GREETING;
	s->asked = s->in_reply = s->answered = s->quitting = false;
	s->given = 0;
	s->error[0] = '\0';
	memset(&s->reply, 0, sizeof s->reply);
	curl_easy_setopt(s->easy, CURLOPT_MAIL_FROM, envelope->from);
	curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(s->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
		(long)s->run->account->timeout_s);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, left);
	if (left > 0)
		code = curl_easy_perform(s->easy);
	curl_easy_setopt(s->easy, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(to);
	return code;
}

/* The server hung up or is about to (RFC 5321 3.8). A connection that libcurl
 * closes itself, after a refusal, is not lost: there may be another. */
static bool
is_lost(const struct session *s)
{
	return !s->answered || s->out_of_turn || s->reply.code == 421;
}

/* What went wrong, in words */

/* What a SOCKS5 server answers (RFC 1928 6). */
static const char *
proxy_word(CURLproxycode code, const char *other)
{
	switch (code) {
	case CURLPX_REPLY_GENERAL_SERVER_FAILURE:
		return "it failed";
	case CURLPX_REPLY_NOT_ALLOWED:
		return "it does not allow this";
	case CURLPX_REPLY_NETWORK_UNREACHABLE:
		return "network unreachable";
	case CURLPX_REPLY_HOST_UNREACHABLE:
		return "name not found, or host unreachable";
	case CURLPX_REPLY_CONNECTION_REFUSED:
		return "connection refused";
	case CURLPX_REPLY_TTL_EXPIRED:
		return "it took too long";
	case CURLPX_CLOSED:
		return "it hung up";
	default:
		return other;
	}
}

static int
explain_proxy(const struct session *s, CURLcode code, const char *what,
	struct err *err)
{
	const struct submit_account *account = s->run->account;
	long said = CURLPX_OK;

	curl_easy_getinfo(s->easy, CURLINFO_PROXY_ERROR, &said);
	if (said == CURLPX_USER_REJECTED || said == CURLPX_NO_AUTH)
		return err_set(err, ERR_CONFIG,
			"%s:%d: the proxy %s:%d wants a user and password of "
			"its own; use one that does not, nothing was sent",
			account->host, account->port, account->proxy_host,
			account->proxy_port);
	if (code == CURLE_PROXY)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: the proxy %s:%d cannot connect to it (%s)",
			account->host, account->port, account->proxy_host,
			account->proxy_port,
			proxy_word((CURLproxycode)said, what));
	return err_set(err, ERR_UNAVAILABLE,
		"%s:%d: the proxy %s:%d cannot be reached (%s); is it running?",
		account->host, account->port, account->proxy_host,
		account->proxy_port, what);
}

static bool
is_starttls_fault(const struct session *s, CURLcode code)
{
	if (s->run->account->tls != SUBMIT_STARTTLS)
		return false;
	/* A server that knows no EHLO cannot offer it. */
	return code == CURLE_USE_SSL_FAILED ||
	       (s->phase == PHASE_HELLO && s->refused.code / 100 == 5);
}

static bool
is_login_fault(const struct session *s, CURLcode code)
{
	return s->run->account->user && !s->logged_in &&
	       (s->phase > PHASE_AUTH || code == CURLE_LOGIN_DENIED ||
		       (s->phase == PHASE_AUTH && s->refused.code != 0));
}

static int
explain(struct session *s, CURLcode code, struct err *err)
{
	const struct submit_account *account = s->run->account;
	const char *what = *s->error ? s->error : curl_easy_strerror(code);

	/* libcurl's word for bytes behind the 220. */
	if (s->phase == PHASE_STARTTLS && code == CURLE_WEIRD_SERVER_REPLY)
		s->tls.injected = true;
	if (submit_tls_explain(&s->tls, account, err))
		return -1;
	if (is_starttls_fault(s, code))
		return submit_no_starttls(account,
			s->phase == PHASE_STARTTLS ? &s->refused : NULL, err);
	if (is_login_fault(s, code)) {
		s->run->token_refused = account->token &&
					s->refused.code / 100 != 4 &&
					s->refused.code != 0;
		return submit_login_failed(account, &s->refused, err);
	}
	if (s->refused.code != 0)
		return submit_no_service(account, &s->refused, err);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return err_set(err, ERR_CONFIG, "%s:%d: %s", account->host,
			account->port, s->error);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: the server did not answer in time",
			account->host, account->port);
	if (code == CURLE_PROXY || code == CURLE_COULDNT_RESOLVE_PROXY ||
		(account->proxy_host && code == CURLE_COULDNT_CONNECT))
		return explain_proxy(s, code, what, err);
	return err_set(err, ERR_UNAVAILABLE,
		"%s:%d: the connection failed (%s)", account->host,
		account->port, what);
}

/* Sends the batch. */
static int
send_all(struct session *s, struct err *err)
{
	struct submit_run *run = s->run;
	int rc = 0;

	for (s->index = 0; s->index < run->count; s->index++) {
		CURLcode code = send_one(s);
		struct smtp_events *seen = seen_now(s);

		/* Not logged in: whatever was said to MAIL and RCPT was said
		 * to a stranger. */
		if (run->account->user && !s->logged_in)
			memset(seen, 0, sizeof *seen);
		if (!seen->mail_seen && !submit_begun(run))
			rc = explain(s, code, err);
		if (!seen->mail_seen || submit_settle(run, s->index) != 0 ||
			is_lost(s))
			break;
	}
	return rc;
}

/* Whether mail from a sender would be taken. */
static CURLcode
ask_one(struct session *s)
{
	char *command =
		mem_printf("MAIL FROM:<%s>", s->run->envelopes[s->index].from);
	struct submit_report *report = s->run->report;
	const char *address = NULL;
	CURLcode code;

	s->phase = PHASE_GREETING;
	s->in_reply = s->answered = s->quitting = false;
	s->error[0] = '\0';
	memset(&s->reply, 0, sizeof s->reply);
	curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, command);
	curl_easy_setopt(s->easy, CURLOPT_SERVER_RESPONSE_TIMEOUT,
		(long)s->run->account->timeout_s);
	curl_easy_setopt(s->easy, CURLOPT_TIMEOUT_MS,
		s->run->account->timeout_s * 1000L);
	code = curl_easy_perform(s->easy);
	curl_easy_getinfo(s->easy, CURLINFO_PRIMARY_IP, &address);
	/* It would be the proxy's. */
	if (address && !s->run->account->proxy_host)
		snprintf(
			report->address, sizeof report->address, "%s", address);
	report->logged_in = report->logged_in || s->logged_in;
	free(command);
	return code;
}

/* The first sender tells whether the account works. */
static int
ask_all(struct session *s, struct err *err)
{
	struct submit_run *run = s->run;

	for (s->index = 0; s->index < run->count; s->index++) {
		CURLcode code = ask_one(s);
		struct smtp_events *seen = seen_now(s);

		if (run->account->user && !s->logged_in)
			memset(seen, 0, sizeof *seen);
		if (!seen->mail_seen)
			return submit_begun(run) ? 0 : explain(s, code, err);
	}
	return 0;
}

int
submit_curl_run(struct submit_run *run, struct err *err)
{
	struct session *s = mem_zalloc(sizeof *s);
	int rc;

	s->run = run;
	s->fd = s->other_fd = -1;
	s->tls.host = run->account->host;
	s->tls.report = run->report;
	clock_gettime(CLOCK_MONOTONIC, &s->deadline);
	s->deadline.tv_sec += run->account->deadline_s;
	make_easy(s);
	rc = run->report ? ask_all(s, err) : send_all(s, err);
	curl_easy_cleanup(s->easy);
	ERR_clear_error();
	free(s);
	return rc;
}
