#include "net/submit_private.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

enum {
	SECURITY_LEVEL = 2, /* keys of 2048 bits and more */
	NAME_FLAGS = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
		     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
};

/* Where a context keeps its struct submit_tls_state. */
static int tls_index;

void
submit_tls_global_init(void)
{
	tls_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

static void
note_date(struct submit_tls_state *tls, const ASN1_TIME *date)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(date, &tm) == 1)
		strftime(tls->detail, sizeof tls->detail, "%Y-%m-%d", &tm);
}

void
submit_tls_note(char *list, size_t size, const char *text, int len)
{
	size_t at = strlen(list);
	char *c = list + at;

	snprintf(c, size - at, "%s%.*s", at > 0 ? ", " : "", len, text);
	for (; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static void
note_names(struct submit_tls_state *tls, X509 *cert)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int i;

	tls->without_san = !names;
	for (i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			submit_tls_note(tls->detail, sizeof tls->detail,
				(const char *)ASN1_STRING_get0_data(
					name->d.dNSName),
				ASN1_STRING_length(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
}

static void
note_certificate(struct submit_tls_state *tls, X509_STORE_CTX *store)
{
	X509 *cert = X509_STORE_CTX_get_current_cert(store);

	tls->verify_error = X509_STORE_CTX_get_error(store);
	tls->detail[0] = '\0';
	if (!cert)
		return;
	switch (tls->verify_error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		note_date(tls, X509_get0_notAfter(cert));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		note_date(tls, X509_get0_notBefore(cert));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		note_names(tls, cert);
		break;
	default:
		break;
	}
}

static int
verify(X509_STORE_CTX *store, void *arg)
{
	struct submit_tls_state *tls = arg;

	submit_probe_certificate(tls->report, X509_STORE_CTX_get0_cert(store));
	if (tls->injected) {
		X509_STORE_CTX_set_error(
			store, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (X509_verify_cert(store) == 1)
		return 1;
	note_certificate(tls, store);
	return 0;
}

static void
note_alert(struct submit_tls_state *tls, int alert)
{
	if ((alert & 0xff) == SSL_AD_PROTOCOL_VERSION)
		tls->too_old = true;
	if (*SSL_alert_type_string(alert) == 'F')
		tls->alert = SSL_alert_desc_string_long(alert);
}

static void
note_failure(struct submit_tls_state *tls)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (reason == SSL_R_WRONG_VERSION_NUMBER ||
		reason == SSL_R_HTTP_REQUEST)
		tls->no_tls = true;
}

/* OpenSSL tells of a handshake's start here, and here only; libESMTP sends no
 * server name by itself. */
static void
on_handshake(const SSL *ssl, int where, int value)
{
	struct submit_tls_state *tls =
		SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tls_index);
	SSL *writable = (SSL *)(uintptr_t)ssl;

	if ((where & SSL_CB_HANDSHAKE_START) &&
		!SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) &&
		!submit_is_address(tls->host))
		SSL_set_tlsext_host_name(writable, tls->host);
	if ((where & SSL_CB_HANDSHAKE_START) && tls->session)
		SSL_set_session(writable, tls->session);
	if (where & SSL_CB_HANDSHAKE_DONE) {
		tls->agreed = true;
		submit_probe_tls(tls->report, ssl);
	}
	/* Later a peer that hangs up without a goodbye makes an alert too. */
	if ((where & SSL_CB_ALERT) && !tls->agreed)
		note_alert(tls, value);
	if ((where & SSL_CB_EXIT) && value <= 0)
		note_failure(tls);
}

/* Takes the session over: its certificate was verified. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct submit_tls_state *tls =
		SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), tls_index);

	SSL_SESSION_free(tls->session);
	tls->session = session;
	return 1;
}

void
submit_tls_keep_sessions(SSL_CTX *ctx)
{
	SSL_CTX_set_session_cache_mode(
		ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
}

int
submit_tls_setup(SSL_CTX *ctx, struct submit_tls_state *tls)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_options(
		ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify, tls);
	SSL_CTX_set_info_callback(ctx, on_handshake);
	X509_VERIFY_PARAM_set_hostflags(param, NAME_FLAGS);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
		SSL_CTX_set_ex_data(ctx, tls_index, tls) != 1)
		return -1;
	if (submit_is_address(tls->host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1
			       ? 0
			       : -1;
	return X509_VERIFY_PARAM_set1_host(param, tls->host, 0) == 1 ? 0 : -1;
}

bool
submit_tls_name_ok(const struct submit_tls_state *tls, const SSL *ssl)
{
	X509 *cert = SSL_get1_peer_certificate(ssl);
	bool ok = cert && SSL_get_verify_result(ssl) == X509_V_OK;

	if (ok && submit_is_address(tls->host))
		ok = X509_check_ip_asc(cert, tls->host, 0) == 1;
	else if (ok)
		ok = X509_check_host(cert, tls->host, 0, NAME_FLAGS, NULL) == 1;
	X509_free(cert);
	return ok;
}

static const struct certificate_fault {
	int code;
	const char *what; /* the detail follows in brackets */
	const char *advice;
} certificate_faults[] = {
	{X509_V_ERR_HOSTNAME_MISMATCH, "was issued for another name",
		"check the host's name"},
	{X509_V_ERR_IP_ADDRESS_MISMATCH, "was issued for another name",
		"write the host by its name"},
	{X509_V_ERR_CERT_HAS_EXPIRED, "has expired", "ask the provider"},
	{X509_V_ERR_CERT_NOT_YET_VALID, "is not yet valid",
		"check this machine's clock"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "is self-signed",
		"name it in cafile if it is your own"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		"comes from an authority that is not trusted here",
		"name it in cafile if it is your own"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		"comes from an authority that is not trusted here",
		"name it in cafile if it is your own"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		"comes from an authority that is not trusted here",
		"name it in cafile if it is your own"},
	{X509_V_ERR_EE_KEY_TOO_SMALL, "has a key that is too weak",
		"ask the provider"},
	{X509_V_ERR_CA_KEY_TOO_SMALL, "has an authority with a weak key",
		"ask the provider"},
	{X509_V_ERR_CA_MD_TOO_WEAK, "has a weak signature", "ask the provider"},
};

static struct certificate_fault
find_certificate_fault(const struct submit_tls_state *tls)
{
	struct certificate_fault other = {tls->verify_error,
		X509_verify_cert_error_string(tls->verify_error),
		"ask the provider"};
	size_t i, n = sizeof certificate_faults / sizeof certificate_faults[0];

	if (tls->without_san) {
		other.what = "gives its name only in the old Common Name field";
		return other;
	}
	for (i = 0; i < n; i++)
		if (certificate_faults[i].code == tls->verify_error)
			return certificate_faults[i];
	return other;
}

static void
explain_certificate(const struct submit_tls_state *tls,
	const struct submit_account *account, struct err *err)
{
	struct certificate_fault fault = find_certificate_fault(tls);
	bool detail = *tls->detail != '\0';

	err_set(err, ERR_CONFIG,
		"%s:%d: the server's certificate %s%s%s%s; %s, nothing was "
		"sent",
		account->host, account->port, fault.what, detail ? " (" : "",
		tls->detail, detail ? ")" : "", fault.advice);
}

static const char *
other_fault(const struct submit_tls_state *tls)
{
	if (tls->injected)
		return "the server sent bytes in the clear after STARTTLS, as "
		       "in an attack";
	if (tls->no_tls)
		return "the server does not speak TLS on this port; perhaps "
		       "tls = starttls is meant";
	if (tls->too_old)
		return "the server's TLS is too old, 1.2 is the least; ask "
		       "the provider";
	return NULL;
}

bool
submit_tls_explain(const struct submit_tls_state *tls,
	const struct submit_account *account, struct err *err)
{
	const char *fault = other_fault(tls);

	if (fault)
		err_set(err, ERR_CONFIG, "%s:%d: %s; nothing was sent",
			account->host, account->port, fault);
	else if (tls->verify_error != 0)
		explain_certificate(tls, account, err);
	else if (tls->alert)
		err_set(err, ERR_CONFIG,
			"%s:%d: TLS could not be agreed on (%s); ask the "
			"provider, nothing was sent",
			account->host, account->port, tls->alert);
	return fault || tls->verify_error != 0 || tls->alert;
}
