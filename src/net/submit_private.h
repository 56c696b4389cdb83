/*
 * What the files of submit.h share among themselves; nobody else includes it.
 *
 *   submit.c          checks, picks the transport, asks the caller
 *   submit_esmtp.c    libESMTP and its guards
 *   submit_starttls.c the context and tickets of its TLS connections
 *   submit_curl.c     libcurl
 *   submit_tls.c      the TLS rules of both, and words for what broke them
 *   submit_probe.c    what is seen of a server that is only looked at
 *   submit_wire.c     the socket that libESMTP hides: delay, deadline, hang up
 */
#ifndef NET_SUBMIT_PRIVATE_H
#define NET_SUBMIT_PRIVATE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "net/submit.h"
#include "net/submit_probe.h"

/* One batch on its way. */
struct submit_message {
	struct smtp_events seen;
	bool settled;
	bool held_back; /* by the caller: not begun */
	const char *data;
	size_t len;
};

struct submit_run {
	const struct submit_account *account;
	const struct submit_envelope *envelopes;
	size_t count;
	const struct submit_calls *calls;
	struct submit_message messages[SUBMIT_BATCH_MAX];
	bool stopped;	    /* nothing more must be sent */
	bool caller_failed; /* ... since one of the caller's calls said so */
	bool config_fault;  /* what was not begun is OUTCOME_OURS */
	char token[SUBMIT_TOKEN_MAX]; /* to log in with, "" without */
	bool token_refused;	      /* set by the transport */
	/* Only look: connect, log in, ask for each sender; calls is NULL.
	 * libcurl does that. NULL for a batch. */
	struct submit_report *report;
};

/* Asks the caller for a message. Returns 0, or -1: do not send it. */
int submit_ask_body(struct submit_run *run, size_t index);
/* Asks whether the end of a body may go out on this socket. Returns 0, or -1:
 * it must not. */
int submit_ask_end(struct submit_run *run, size_t index, int fd);
/*
 * Tells the caller what became of a message, the first time it is called for
 * that message. Returns 0, or -1: nothing more must be sent.
 */
int submit_settle(struct submit_run *run, size_t index);
/* True once the server has answered to a MAIL: connection and login worked. */
bool submit_begun(const struct submit_run *run);
/* The host is a literal address, not a name. */
bool submit_is_address(const char *host);
bool submit_is_ipv6(const char *host);
bool submit_is_loopback(const struct sockaddr *address);
/* "421 4.3.2 try later", for messages; out holds any reply. */
enum {
	SUBMIT_REPLY_SIZE = 440
};
const char *
submit_reply_words(const struct smtp_reply *reply, char out[SUBMIT_REPLY_SIZE]);

/* The code of a line "250 OK", "250-SIZE" or "250", 0 when it is none. */
int submit_reply_code(const char *line);

/* There is no STARTTLS: it is not offered (refused is NULL), or was refused.
 * Returns -1. */
int submit_no_starttls(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err);
/* What a refusal of the login means; a reply of code 0: none was offered that
 * the account can use. Returns -1. */
int submit_login_failed(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err);
/* The server said before any MAIL that it does not work now. Returns -1. */
int submit_no_service(const struct submit_account *account,
	const struct smtp_reply *refused, struct err *err);

/* The transports: as submit_batch, but settled is called only for messages
 * that were begun. */
int submit_esmtp_run(struct submit_run *run, struct err *err);
int submit_curl_run(struct submit_run *run, struct err *err);
void submit_esmtp_global_init(void);
void submit_esmtp_global_cleanup(void);
void submit_curl_global_init(void);
void submit_curl_global_cleanup(void);

/* What a look at the server sees; report is NULL when nobody looks. A new EHLO
 * was sent; a line of its answer, without code. */
void submit_probe_hello(struct submit_report *report);
void submit_probe_extension(struct submit_report *report, const char *text);
void submit_probe_tls(struct submit_report *report, const SSL *ssl);
void submit_probe_certificate(struct submit_report *report, X509 *cert);

/* What broke TLS, noted in OpenSSL's callbacks; zero-initialised. */
struct submit_tls_state {
	const char *host;  /* the name the certificate must bear; borrowed */
	bool injected;	   /* set by the transport: clear text behind 220 */
	bool too_old;	   /* no TLS version in common */
	bool no_tls;	   /* the other side does not speak TLS here */
	int verify_error;  /* X509_V_ERR_...; 0: none */
	bool without_san;  /* the certificate names no host at all */
	char detail[160];  /* the date or the names in question */
	bool agreed;	   /* the handshake was finished */
	const char *alert; /* OpenSSL's word for a fatal alert; static */
	struct submit_report *report; /* filled too, unless it is NULL */
	SSL_SESSION *session; /* to go on with, and then the newest; NULL */
};

struct submit_keep {
	SSL_CTX *ctx; /* of tls; NULL before the first batch */
	struct submit_tls_state tls;
};

void submit_tls_global_init(void);
/* Makes ctx strict, and tls the place where faults are noted; tls must outlive
 * ctx. Returns 0, or -1: OpenSSL refused a setting. */
int submit_tls_setup(SSL_CTX *ctx, struct submit_tls_state *tls);
/* The sessions of ctx are kept in tls->session, to be gone on with. */
void submit_tls_keep_sessions(SSL_CTX *ctx);
/* The peer's certificate is verified and bears the name tls->host. */
bool submit_tls_name_ok(const struct submit_tls_state *tls, const SSL *ssl);
/* Adds a text of a certificate's to a list, as printable ASCII, cut to fit. */
void submit_tls_note(char *list, size_t size, const char *text, int len);
/* Sets err and returns true when a fault was noted. */
bool submit_tls_explain(const struct submit_tls_state *tls,
	const struct submit_account *account, struct err *err);

/* For libESMTP. Makes keep ready for a connection to the account's host.
 * Returns 0, or -1 with err. */
int submit_starttls_prepare(const struct submit_account *account,
	struct submit_keep *keep, struct err *err);
/* After the handshake: takes what the server sends unasked. Returns 0, or -1:
 * the connection is broken, or silent for longer than timeout_ms. */
int submit_starttls_settle(SSL *ssl, int timeout_ms);
/*
 * After each read. It took all that came, which may be more than one record,
 * and the library, which waits for the socket unless an opened record is left,
 * would wait for what is here already: so the next one is opened. Returns 0,
 * or -1: the connection is broken.
 */
int submit_starttls_open_next(SSL *ssl);

/*
 * One connection that a library makes and keeps to itself. Everything runs in
 * the thread of the batch. Order: open, then expect, found, lost (perhaps
 * several times), then close.
 */
struct submit_wire {
	int fd; /* our own duplicate of the library's socket; -1 */
	volatile sig_atomic_t expired;
	int port;
	int connect_s;
	struct timespec deadline; /* CLOCK_MONOTONIC */
	timer_t timer;
	sigset_t mask;
	struct buf before; /* inodes of sockets that are not ours */
	bool expecting;	   /* we hold the lock on connecting */
};

void submit_wire_global_init(void);
/* Starts the clock. connect_s is the time for each address, deadline_s for
 * all. */
void submit_wire_open(
	struct submit_wire *wire, int port, int connect_s, int deadline_s);
/* A connection is about to be made. */
void submit_wire_expect(struct submit_wire *wire);
/* It was made: finds its socket and sets TCP_NODELAY. Returns 0, or -1: the
 * socket cannot be found. */
int submit_wire_found(struct submit_wire *wire);
/* Nothing more is expected of it: it has limit_s to end. */
void submit_wire_leave(struct submit_wire *wire, int limit_s);
/* It was closed. */
void submit_wire_lost(struct submit_wire *wire);
/* Hangs up, so that the library can neither write nor read. */
void submit_wire_hang_up(struct submit_wire *wire);
/* The server waits for us: it has neither hung up nor said anything that was
 * not asked for. */
bool submit_wire_is_quiet(int fd);
/* How many bytes came on this socket so far; 0: that cannot be told. */
uint64_t submit_wire_heard(int fd);
bool submit_wire_is_loopback(const struct submit_wire *wire);
void submit_wire_close(struct submit_wire *wire);

#endif
