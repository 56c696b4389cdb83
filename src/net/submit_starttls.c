/*
 * What libESMTP leaves to do around its TLS connections: the context, which it
 * would share and free at the wrong time; the session tickets that come
 * without being asked for; and records that were read together.
 */
#include "net/submit_private.h"

#include <errno.h>
#include <poll.h>

#include <openssl/err.h>

/* An own context: the library's is freed with its first session and used by
 * the next. */
static int
make_context(const struct submit_account *account, struct submit_keep *keep,
	struct err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int ok = ctx && submit_tls_setup(ctx, &keep->tls) == 0;

	if (ok && account->cafile)
		ok = SSL_CTX_load_verify_locations(ctx, account->cafile, NULL);
	else if (ok)
		ok = SSL_CTX_set_default_verify_paths(ctx);
	if (!ok) {
		SSL_CTX_free(ctx);
		return err_set(err, ERR_CONFIG, "%s: TLS cannot be set up (%s)",
			account->cafile ? account->cafile : account->host,
			ERR_reason_error_string(ERR_peek_last_error()));
	}
	/* A record's head and body with one read: see open_next. */
	SSL_CTX_set_read_ahead(ctx, 1);
	submit_tls_keep_sessions(ctx);
	keep->ctx = ctx;
	return 0;
}

int
submit_starttls_prepare(const struct submit_account *account,
	struct submit_keep *keep, struct err *err)
{
	/* What is known of the connection before, only its session stays. */
	keep->tls = (struct submit_tls_state){
		.host = account->host, .session = keep->tls.session};
	return keep->ctx ? 0 : make_context(account, keep, err);
}

/* One step of a NOOP. Returns 1 when the whole reply is there, 0 to go on,
 * -1 when it failed. */
static int
noop_step(SSL *ssl, int timeout_ms, bool *written, char *reply, int size,
	int *len)
{
	static const char noop[] = "NOOP\r\n";
	int n = *written ? SSL_read(ssl, reply + *len, size - *len)
			 : SSL_write(ssl, noop, sizeof noop - 1);
	int error = SSL_get_error(ssl, n);
	struct pollfd p = {.fd = SSL_get_fd(ssl)};

	if (n > 0 && !*written) {
		*written = true;
		return 0;
	}
	if (n > 0) {
		*len += n;
		if (reply[*len - 1] == '\n')
			return 1;
		return *len < size ? 0 : -1;
	}
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return -1;
	/* Interrupted is the clock of the wire: it shut the socket down, and
	 * the next step finds that out. */
	p.events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
	n = poll(&p, 1, timeout_ms);
	return n > 0 || (n < 0 && errno == EINTR) ? 0 : -1;
}

/*
 * The session tickets of TLS 1.3 come without being asked for. The library
 * takes them for the reply to a command that it has not sent yet, and waits
 * for ever. Once an answer was read they are gone.
 */
static int
swallow_tickets(SSL *ssl, int timeout_ms)
{
	char reply[512];
	bool written = false;
	int len = 0, step = 0;

	while (step == 0)
		step = noop_step(
			ssl, timeout_ms, &written, reply, sizeof reply, &len);
	return step == 1 ? 0 : -1;
}

int
submit_starttls_settle(SSL *ssl, int timeout_ms)
{
	if (SSL_version(ssl) >= TLS1_3_VERSION &&
		swallow_tickets(ssl, timeout_ms) != 0)
		return -1;
	return submit_starttls_open_next(ssl);
}

int
submit_starttls_open_next(SSL *ssl)
{
	char c;
	int n;

	if (SSL_pending(ssl) > 0 || !SSL_has_pending(ssl))
		return 0;
	ERR_clear_error();
	n = SSL_peek(ssl, &c, 1);
	return n > 0 || SSL_get_error(ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}
