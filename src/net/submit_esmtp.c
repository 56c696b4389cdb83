/*
 * libESMTP and the guards without which it stalls, crashes, checks the wrong
 * name or reports a delivery that did not happen. Each guard says what it is
 * for; believe events only, never what the library says after a session.
 */
#include "net/submit_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <auth-client.h>
#include <libesmtp.h>
#include <openssl/err.h>

#include "base/mem.h"
#include "base/str.h"

enum phase {
	PHASE_GREETING,
	PHASE_EHLO,
	PHASE_STARTTLS,
	PHASE_AUTH,
	PHASE_MAIL, /* all that follows: the events tell */
};

enum {
	DATA_GO_ON = 354
};

/*
 * Extensions that the library must not see: with CHUNKING it crashes when the
 * server hangs up at RCPT; the mechanisms are weaker than the PLAIN and LOGIN
 * they would be preferred to. No first letter comes twice in its word, which
 * is what mask_byte relies on.
 */
static const char *const masked[] = {"chunking", "ntlm", "cram-md5"};
enum {
	MASKED = sizeof masked / sizeof masked[0]
};

/* What the library's callbacks are given: one message's place. */
struct slot {
	struct esmtp *session;
	size_t index;
	smtp_recipient_t recipient;
	bool given; /* the body was handed to the library */
	bool ended;
};

/* One session is one connection. */
struct esmtp {
	struct submit_run *run;
	struct submit_wire wire;
	struct submit_tls_state *tls;
	enum phase phase; /* the command whose reply is awaited */
	char line[512];	  /* of that reply, as far as it came */
	size_t line_len;
	bool awaited;		   /* its last line is still to come */
	int code;		   /* of the last whole line that came */
	int unanswered;		   /* commands from the first MAIL on */
	bool in_body;		   /* from its begin to the answer */
	bool out_of_step;	   /* a reply came to nothing */
	struct smtp_reply refused; /* why the session went no further */
	size_t mask_at[MASKED];	   /* letters matched so far */
	bool no_socket;
	bool no_starttls;
	SSL *ssl;    /* the library's, once TLS is up */
	bool secure; /* TLS is up and the name is right */
	bool logged_in;
	struct slot slots[SUBMIT_BATCH_MAX];
};

void
submit_esmtp_global_init(void)
{
	/* A client key in the user's folder would be freed twice. */
	setenv("XDG_CONFIG_DIR", "/nonexistent/libesmtp", 1);
	auth_client_init();
}

void
submit_esmtp_global_cleanup(void)
{
	auth_client_exit();
}

/* Nothing of a message goes out before this is true. */
static bool
may_send(const struct esmtp *s)
{
	const struct submit_account *account = s->run->account;

	return !s->run->stopped && !s->no_socket && !s->tls->injected &&
	       !s->out_of_step &&
	       (account->tls != SUBMIT_STARTTLS || s->secure) &&
	       (!account->user || s->logged_in);
}

/* The monitor: sees every byte, before the library does */

static bool
begins(const char *data, size_t len, const char *word)
{
	size_t n = strlen(word);

	return len >= n && strncasecmp(data, word, n) == 0;
}

static void
enter(struct esmtp *s, enum phase phase)
{
	s->phase = phase;
	s->awaited = true;
	memset(s->mask_at, 0, sizeof s->mask_at);
}

static void
count_commands(struct esmtp *s, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		s->unanswered += data[i] == '\n';
}

static void
on_written(struct esmtp *s, const char *data, size_t len)
{
	s->line_len = 0;
	/* It may have any words at the begin of a line. */
	if (s->in_body)
		return;
	if (begins(data, len, "EHLO ") || begins(data, len, "HELO "))
		enter(s, PHASE_EHLO);
	else if (begins(data, len, "STARTTLS\r\n") && s->phase == PHASE_EHLO)
		enter(s, PHASE_STARTTLS);
	else if (begins(data, len, "AUTH "))
		enter(s, PHASE_AUTH);
	else if (begins(data, len, "MAIL "))
		enter(s, PHASE_MAIL);
	/* The library would wait for many minutes to be let go. */
	else if (begins(data, len, "QUIT\r\n"))
		submit_wire_leave(&s->wire, s->run->account->timeout_s);
	if (s->phase == PHASE_MAIL)
		count_commands(s, data, len);
	/* The library goes on to MAIL after a failed login. */
	if (s->phase == PHASE_MAIL && !may_send(s))
		submit_wire_hang_up(&s->wire);
}

static void
mask_byte(struct esmtp *s, char *byte)
{
	char c = str_lower(*byte);
	size_t i;

	for (i = 0; i < MASKED; i++) {
		const char *word = masked[i];
		size_t *at = &s->mask_at[i];

		*at = c == word[*at] ? *at + 1 : c == word[0];
		if (word[*at] == '\0') {
			*byte = '-';
			*at = 0;
		}
	}
}

static void
on_auth_reply(struct esmtp *s, int code)
{
	enum {
		AUTH_DONE = 235,
		AUTH_MECHANISM_UNKNOWN = 504
	};

	if (code == AUTH_DONE)
		s->logged_in = true;
	/* Another mechanism would be refused the same password again, and
	 * accounts are locked for less. */
	else if (code >= 400 && code != AUTH_MECHANISM_UNKNOWN)
		submit_wire_hang_up(&s->wire);
}

/*
 * A server that says more than it was asked is not understood any more: what
 * it says next would be taken for the answer to something else.
 */
static void
count_reply(struct esmtp *s)
{
	s->in_body = false;
	if (s->unanswered > 0) {
		s->unanswered--;
		return;
	}
	s->out_of_step = true;
	submit_wire_hang_up(&s->wire);
}

/* A whole line of a reply: "250-SIZE" or "250 OK". */
static void
on_line(struct esmtp *s, const char *line)
{
	int code = submit_reply_code(line);

	s->code = code;
	if (s->phase == PHASE_MAIL && code != 0 && line[3] != '-')
		count_reply(s);
	if (!s->awaited || code == 0 || line[3] == '-')
		return;
	s->awaited = code / 100 == 3; /* a login has several steps */
	if (code < 400)
		memset(&s->refused, 0, sizeof s->refused);
	else
		smtp_reply_set(&s->refused, code, line + 3);
	if (s->phase == PHASE_AUTH)
		on_auth_reply(s, code);
}

/*
 * Bytes that came with the 220 to STARTTLS would be taken for replies from
 * inside TLS.
 */
static bool
is_injected(const struct esmtp *s)
{
	return s->phase == PHASE_STARTTLS && !s->awaited &&
	       s->refused.code == 0;
}

static bool
is_bare_code(const struct esmtp *s)
{
	return s->line_len == 3 && isdigit((unsigned char)s->line[0]) &&
	       isdigit((unsigned char)s->line[1]) &&
	       isdigit((unsigned char)s->line[2]);
}

static void
on_read(struct esmtp *s, char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		/* The handshake will fail because of this. */
		if (is_injected(s))
			s->tls->injected = true;
		if (s->phase == PHASE_EHLO)
			mask_byte(s, &data[i]);
		/* The library does not know a code without a blank behind it,
		 * but RFC 5321 4.2 does. */
		if (data[i] == '\r' && is_bare_code(s))
			data[i] = ' ';
		if (s->line_len + 1 < sizeof s->line)
			s->line[s->line_len++] = data[i];
		if (data[i] == '\n') {
			s->line[s->line_len] = '\0';
			s->line_len = 0;
			on_line(s, s->line);
		}
	}
}

/* Never log what passes here: it holds the password. */
static void
on_monitor(const char *data, int len, int direction, void *arg)
{
	struct esmtp *s = arg;

	/* It is the library's own buffer, and not const there. */
	if (direction == SMTP_CB_READING) {
		on_read(s, (char *)(uintptr_t)data, (size_t)len);
		if (s->ssl && submit_starttls_open_next(s->ssl) != 0)
			submit_wire_hang_up(&s->wire);
	} else if (direction == SMTP_CB_WRITING) {
		on_written(s, data, (size_t)len);
	}
}

/* TLS and login */

static int
login_answer(
	auth_client_request_t request, char **result, int fields, void *arg)
{
	const struct submit_account *account =
		((struct esmtp *)arg)->run->account;
	bool ntlm = false; /* only it asks for a realm; it gets no secret */
	int i;

	for (i = 0; i < fields; i++)
		ntlm = ntlm || (request[i].flags & AUTH_REALM);
	for (i = 0; i < fields; i++) {
		const char *answer = "";

		if (!ntlm && (request[i].flags & AUTH_USER))
			answer = account->user;
		else if (!ntlm && (request[i].flags & AUTH_PASS))
			answer = account->password;
		result[i] = (char *)(uintptr_t)answer;
	}
	return 1;
}

static void
on_secure(struct esmtp *s, SSL *ssl)
{
	s->ssl = ssl;
	if (submit_tls_name_ok(s->tls, ssl) && !s->tls->injected &&
		submit_starttls_settle(
			ssl, s->run->account->timeout_s * 1000) == 0)
		s->secure = true;
	else
		submit_wire_hang_up(&s->wire);
}

/* Events */

static struct smtp_reply
read_status(const smtp_status_t *status)
{
	struct smtp_reply reply;
	char *text;

	/* The library has split it off, if the server said that it gives
	 * one. */
	if (status->enh_class > 0)
		text = mem_printf("%d.%d.%d %s", status->enh_class,
			status->enh_subject, status->enh_detail,
			status->text ? status->text : "");
	else
		text = mem_strdup(status->text ? status->text : "");
	smtp_reply_set(&reply, status->code, text);
	free(text);
	return reply;
}

/* The words of a consent decide nothing. */
static struct smtp_reply
read_envelope_status(const smtp_status_t *status)
{
	struct smtp_reply reply = {.code = status->code};

	return status->code / 100 == 2 ? reply : read_status(status);
}

static void
settle(struct slot *slot)
{
	struct esmtp *s = slot->session;

	if (submit_settle(s->run, slot->index) != 0)
		submit_wire_hang_up(&s->wire);
}

static void
on_mail(struct slot *slot, smtp_message_t message)
{
	struct smtp_events *seen =
		&slot->session->run->messages[slot->index].seen;

	seen->mail_seen = true;
	seen->mail = read_envelope_status(smtp_reverse_path_status(message));
	if (seen->mail.code / 100 != 2)
		settle(slot);
}

static void
on_rcpt(struct slot *slot)
{
	struct smtp_events *seen =
		&slot->session->run->messages[slot->index].seen;

	seen->rcpt_seen = true;
	seen->rcpt =
		read_envelope_status(smtp_recipient_status(slot->recipient));
	/* This decides; what the library says of the transfer that it goes on
	 * to end may be 250. */
	if (seen->rcpt.code / 100 != 2)
		settle(slot);
}

static void
on_done(struct slot *slot, smtp_message_t message)
{
	const smtp_status_t *status = smtp_message_transfer_status(message);
	struct esmtp *s = slot->session;
	struct smtp_events *seen = &s->run->messages[slot->index].seen;

	seen->done_seen = true;
	/* The library takes a line without its end for a whole reply, and
	 * "+250" for 250. */
	seen->done_text =
		status->text && s->line_len == 0 && status->code == s->code;
	seen->done = read_status(status);
	seen->rcpt_complete = smtp_recipient_check_complete(slot->recipient);
	settle(slot);
}

static void
on_connected(struct esmtp *s)
{
	if (submit_wire_found(&s->wire) != 0)
		s->no_socket = true;
	/* The name may have been looked up to something else since. */
	else if (s->run->account->tls == SUBMIT_CLEAR &&
		 !submit_wire_is_loopback(&s->wire))
		submit_wire_hang_up(&s->wire);
	enter(s, PHASE_GREETING);
	s->line_len = 0;
}

static void
on_disconnected(struct esmtp *s)
{
	submit_wire_lost(&s->wire);
	s->ssl = NULL;
	/* The library may try the host's next address. */
	if (!submit_begun(s->run))
		submit_wire_expect(&s->wire);
}

static bool
is_of_message(int event)
{
	return event == SMTP_EV_MAILSTATUS || event == SMTP_EV_RCPTSTATUS ||
	       event == SMTP_EV_MESSAGESENT;
}

/* What follows arg depends on the event; where it asks whether to go on in
 * spite of a bad certificate, there is an int to answer in. */
static void
on_event(smtp_session_t session, int event, void *arg, ...)
{
	struct esmtp *s = arg;
	smtp_message_t message;
	int *go_on;
	va_list args;

	(void)session;
	/* What is still read behind a hang-up answers nothing that was said. */
	if (s->run->stopped && is_of_message(event))
		return;
	va_start(args, arg);
	switch (event) {
	case SMTP_EV_CONNECT:
		on_connected(s);
		break;
	case SMTP_EV_DISCONNECT:
		on_disconnected(s);
		break;
	case SMTP_EV_MAILSTATUS:
		(void)va_arg(args, char *);
		message = va_arg(args, smtp_message_t);
		on_mail(smtp_message_get_application_data(message), message);
		break;
	case SMTP_EV_RCPTSTATUS:
		(void)va_arg(args, char *);
		on_rcpt(smtp_recipient_get_application_data(
			va_arg(args, smtp_recipient_t)));
		break;
	case SMTP_EV_MESSAGESENT:
		message = va_arg(args, smtp_message_t);
		on_done(smtp_message_get_application_data(message), message);
		break;
	case SMTP_EV_EXTNA_STARTTLS:
		s->no_starttls = true;
		break;
	case SMTP_EV_STARTTLS_OK:
		on_secure(s, va_arg(args, SSL *));
		break;
	case SMTP_EV_WRONG_PEER_CERTIFICATE:
		/* It was compared with the name that DNS gave. */
		go_on = va_arg(args, int *);
		(void)va_arg(args, char *);
		*go_on = submit_tls_name_ok(s->tls, va_arg(args, SSL *));
		break;
	/* A long here, an int below. NOLINTNEXTLINE(bugprone-branch-clone) */
	case SMTP_EV_INVALID_PEER_CERTIFICATE:
		(void)va_arg(args, long);
		*va_arg(args, int *) = 0;
		break;
	case SMTP_EV_WEAK_CIPHER:
		(void)va_arg(args, int);
		*va_arg(args, int *) = 0;
		break;
	case SMTP_EV_NO_PEER_CERTIFICATE:
		*va_arg(args, int *) = 0;
		break;
	default:
		break;
	}
	va_end(args);
}

/* The body */

/* Ends the body: with errno set the library drops the connection instead of
 * sending the dot. */
static const char *
end_body(int *len, int error)
{
	*len = 0;
	errno = error;
	return NULL;
}

static const char *
on_body(void **ctx, int *len, void *arg)
{
	struct slot *slot = arg;
	struct esmtp *s = slot->session;
	const struct submit_message *message = &s->run->messages[slot->index];

	(void)ctx;
	if (!len) /* from the start, please */
		return NULL;
	/* What came behind it would be taken for the answer to the end. */
	if (s->code != DATA_GO_ON || s->line_len > 0)
		return end_body(len, EPROTO);
	s->in_body = true;
	if (!slot->given) {
		slot->given = true;
		if (!may_send(s) || submit_ask_body(s->run, slot->index) != 0)
			return end_body(len, ECANCELED);
		assert(message->len <= INT_MAX);
		*len = (int)message->len;
		errno = 0;
		return message->data;
	}
	if (!slot->ended &&
		submit_ask_end(s->run, slot->index, s->wire.fd) != 0)
		return end_body(len, EIO);
	if (!slot->ended)
		s->unanswered++;
	slot->ended = true;
	return end_body(len, 0);
}

/* The session */

static void
add_message(struct esmtp *s, smtp_session_t session, size_t index)
{
	const struct submit_envelope *envelope = &s->run->envelopes[index];
	struct slot *slot = &s->slots[index];
	smtp_message_t message = smtp_add_message(session);

	slot->session = s;
	slot->index = index;
	smtp_message_set_application_data_release(message, slot, NULL);
	smtp_set_reverse_path(message, envelope->from);
	/* Never a second one: three replies outstanding crash it. */
	slot->recipient = smtp_add_recipient(message, envelope->to);
	smtp_recipient_set_application_data_release(
		slot->recipient, slot, NULL);
	smtp_set_messagecb(message, on_body, slot);
}

static void
set_timeouts(smtp_session_t session, const struct submit_account *account)
{
	static const int replies[] = {Timeout_GREETING, Timeout_ENVELOPE,
		Timeout_DATA, Timeout_TRANSFER};
	const int flag = Timeout_OVERRIDE_RFC2822_MINIMUM;
	size_t i;

	/* Milliseconds, whatever the library's header says. */
	for (i = 0; i < sizeof replies / sizeof replies[0]; i++)
		smtp_set_timeout(
			session, replies[i] | flag, account->timeout_s * 1000L);
	smtp_set_timeout(
		session, Timeout_DATA2 | flag, account->timeout_dot_s * 1000L);
}

static smtp_session_t
make_session(struct esmtp *s, SSL_CTX *ctx, auth_context_t auth)
{
	const struct submit_account *account = s->run->account;
	smtp_session_t session = smtp_create_session();
	char *server = mem_printf("%s:%d", account->host, account->port);
	size_t i;

	smtp_set_server(session, server);
	free(server);
	smtp_set_hostname(session, account->helo);
	set_timeouts(session, account);
	smtp_set_eventcb(session, on_event, s);
	smtp_set_monitorcb(session, on_monitor, s, 0);
	/* Never "if offered", which falls back to clear text. */
	smtp_starttls_enable(
		session, ctx ? Starttls_REQUIRED : Starttls_DISABLED);
	if (ctx)
		smtp_starttls_set_ctx(session, ctx);
	if (auth) {
		auth_set_mechanism_flags(auth, AUTH_PLUGIN_PLAIN, 0);
		auth_set_interact_cb(auth, login_answer, s);
		smtp_auth_set_context(session, auth);
	}
	for (i = 0; i < s->run->count; i++)
		add_message(s, session, i);
	return session;
}

/* What went wrong, in words */

static int
explain_connection(const struct esmtp *s, int error, struct err *err)
{
	const struct submit_account *account = s->run->account;
	char text[128];

	if (s->refused.code != 0)
		return submit_no_service(account, &s->refused, err);
	if (s->wire.expired)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: the server took longer than %d seconds",
			account->host, account->port, account->deadline_s);
	if (error == -EINTR)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: no connection within %d seconds", account->host,
			account->port, account->timeout_s);
	/* Negative is an errno, and these are of the look-up. */
	if (error < 0 || error >= SMTP_ERR_EAI_ADDRFAMILY)
		return err_set(err, ERR_UNAVAILABLE,
			"%s:%d: cannot connect (%s)", account->host,
			account->port, smtp_strerror(error, text, sizeof text));
	return err_set(err, ERR_UNAVAILABLE,
		"%s:%d: the server hung up or did not answer; check that it "
		"expects tls = %s on this port",
		account->host, account->port,
		account->tls == SUBMIT_CLEAR ? "none" : "starttls");
}

/* Called when not even the first MAIL was answered. */
static int
explain(const struct esmtp *s, int error, struct err *err)
{
	const struct submit_account *account = s->run->account;

	if (submit_tls_explain(s->tls, account, err))
		return -1;
	if (s->no_socket)
		return err_set(err, ERR_IO,
			"the connection's socket cannot be found; /proc must "
			"be mounted");
	if (s->no_starttls)
		return submit_no_starttls(account, NULL, err);
	if (s->phase == PHASE_STARTTLS && s->refused.code != 0)
		return submit_no_starttls(account, &s->refused, err);
	if (account->user && !s->logged_in &&
		(s->phase == PHASE_MAIL ||
			(s->phase == PHASE_AUTH && s->refused.code != 0)))
		return submit_login_failed(account, &s->refused, err);
	return explain_connection(s, error, err);
}

int
submit_esmtp_run(struct submit_run *run, struct err *err)
{
	const struct submit_account *account = run->account;
	struct esmtp *s = mem_zalloc(sizeof *s);
	struct submit_keep *own = account->keep ? NULL : submit_keep_new();
	struct submit_keep *keep = own ? own : account->keep;
	smtp_session_t session = NULL;
	auth_context_t auth = NULL;
	int rc = -1, error;

	assert(keep);
	s->run = run;
	s->tls = &keep->tls;
	if (account->tls == SUBMIT_STARTTLS &&
		submit_starttls_prepare(account, keep, err) != 0)
		goto out;
	if (account->user)
		auth = auth_create_context();
	session = make_session(s, keep->ctx, auth);

	submit_wire_open(&s->wire, account->port, account->timeout_s,
		account->deadline_s);
	submit_wire_expect(&s->wire);
	/* Fails on purpose: the library's error number is a stale one unless
	 * another is planted. */
	smtp_set_hostname(NULL, NULL);
	smtp_start_session(session);
	error = smtp_errno();
	submit_wire_close(&s->wire);

	if (submit_begun(run) && !s->no_socket)
		rc = 0;
	else
		rc = explain(s, error, err);
out:
	if (session)
		smtp_destroy_session(session);
	if (auth)
		auth_destroy_context(auth);
	submit_keep_free(own);
	ERR_clear_error();
	free(s);
	return rc;
}
