/*
 * Message submission (RFC 6409): hands a batch of messages to one account's
 * server over one connection, and says for each what became of it.
 *
 * Two transports stand behind it: submit_esmtp.c (STARTTLS, loopback clear
 * text) and submit_curl.c (implicit TLS, IPv6 literals, a proxy, login by
 * token). They differ in nothing that a caller can see. One batch runs in the
 * calling thread; several threads may run batches at the same time.
 */
#ifndef NET_SUBMIT_H
#define NET_SUBMIT_H

#include <stddef.h>

#include "base/err.h"
#include "core/outcome.h"

enum submit_tls {
	SUBMIT_STARTTLS, /* required and strict, never opportunistic */
	SUBMIT_IMPLICIT, /* TLS from the first byte (RFC 8314) */
	SUBMIT_CLEAR,	 /* loopback addresses only */
};

/* RFC 4954 4 lets a line hold this much once it is in base64. */
enum {
	SUBMIT_TOKEN_MAX = 8192
};

/*
 * What the batches of one thread have in common: the authorities that are
 * trusted, read once, and a TLS session to go on with (RFC 8446 2.2).
 */
struct submit_keep;

struct submit_keep *submit_keep_new(void);
void submit_keep_free(struct submit_keep *keep);

/* Borrowed for the call; strings are never NULL unless said. */
struct submit_account {
	const char *host; /* name or address, as configured: this is the
			     name that the certificate must bear */
	int port;
	enum submit_tls tls;
	const char *cafile;   /* PEM file instead of the system's CAs; NULL */
	const char *user;     /* NULL: no AUTH */
	const char *password; /* NULL when user is or token is not */
	/*
	 * Gives an OAuth 2.0 access token to log in with instead of a
	 * password; NULL: there is none. Called in the threads of batches,
	 * perhaps in several at once: with refused NULL when a batch begins,
	 * then at most once more, when the server did not take that token and
	 * a newer one may help; the same one again says that there is none.
	 * Returns 0, or -1: no batch without it.
	 */
	int (*token)(void *ctx, const char *refused,
		char out[static SUBMIT_TOKEN_MAX], struct err *err);
	void *token_ctx;
	/* A SOCKS5 proxy that looks host up itself: this machine asks for its
	 * name nowhere. NULL: none. */
	const char *proxy_host;
	int proxy_port;
	const char *proxy_user; /* who we are there, which tells circuits of
				   Tor apart; at most 255 bytes */
	const char *helo;	/* name for EHLO */
	int timeout_s;		/* one command's reply */
	int timeout_dot_s;	/* reply to the end of the body (RFC 5321
				   4.5.3.2.6: 10 minutes) */
	int deadline_s;		/* the whole batch, whatever the server does */
	struct submit_keep *keep; /* of this thread and account; NULL */
};

struct submit_envelope {
	const char *from; /* bare addresses, ASCII, already checked by
			     core/address */
	const char *to;
};

/*
 * What the caller does when asked; index is the message's place in the
 * batch. All run in the calling thread.
 */
struct submit_calls {
	/*
	 * Gives the message: CRLF line ends, ends in CRLF, dots not doubled,
	 * 7-bit. Borrowed until settled is called for this index.
	 * Returns 0, or -1: this message must not go out now (it stays not
	 * begun, and so do all after it).
	 */
	int (*body)(void *ctx, size_t index, const char **data, size_t *len);
	/*
	 * Records "the body was handed over" durably; is called once all of
	 * the body but its end was given to the server, before the end.
	 * Returns 0, or -1: the end must not be sent; the message then is
	 * OUTCOME_DEFERRED, since the server has seen the beginning of it.
	 */
	int (*handed_over)(void *ctx, size_t index);
	/*
	 * Records the outcome; called exactly once per message of the batch
	 * (also for those not begun), before anything of the next message is
	 * sent. Returns 0, or -1: nothing more must be sent.
	 */
	int (*settled)(void *ctx, size_t index, const struct outcome *outcome);
	void *ctx;
};

enum {
	SUBMIT_BATCH_MAX = 100
};

/* Once, before any thread is made and before any other call here. */
void submit_global_init(void);
/* At the end, for leak checkers. */
void submit_global_cleanup(void);

/*
 * Sends count (1..SUBMIT_BATCH_MAX) messages over one connection. After an
 * OUTCOME_OURS nothing more is sent, since the mailing is going to pause.
 *
 * Returns 0 when the connection and login worked, whatever became of the
 * messages, else -1; settled was called for each message either way.
 * Errors: ERR_UNAVAILABLE (name, proxy, connect, time out, 421 greeting,
 * dropped before the first MAIL, a 4xx to AUTH), ERR_CONFIG (AUTH refused or
 * not offered, TLS refused or wrong, clear text asked for with a host that is
 * not loopback or through a proxy; the outcomes are OUTCOME_OURS for the
 * messages not begun), ERR_IO (a call of the caller's returned -1), or what
 * token said. The message says in plain words what is
 * wrong and what to do, e.g. "smtp.example.org:587: the server's certificate
 * has expired (2024-01-01); ask the provider, nothing was sent".
 */
int submit_batch(const struct submit_account *account,
	const struct submit_envelope *envelopes, size_t count,
	const struct submit_calls *calls, struct err *err);

#endif
