#include "net/submit_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/x509v3.h>

#include "base/str.h"

void
submit_probe_hello(struct submit_report *report)
{
	if (report)
		report->extension_count = 0;
}

void
submit_probe_extension(struct submit_report *report, const char *text)
{
	struct smtp_reply line;

	if (!report || report->extension_count == SUBMIT_EXTENSIONS_MAX)
		return;
	/* It makes any bytes printable. */
	smtp_reply_set(&line, 250, text);
	snprintf(report->extensions[report->extension_count++],
		sizeof report->extensions[0], "%.*s",
		(int)sizeof report->extensions[0] - 1, line.text);
}

void
submit_probe_tls(struct submit_report *report, const SSL *ssl)
{
	if (!report)
		return;
	snprintf(report->version, sizeof report->version, "%s",
		SSL_get_version(ssl));
	snprintf(report->cipher, sizeof report->cipher, "%s",
		SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)));
}

/* The organisation and the common name: what people know a body by. */
static void
note_body(const X509_NAME *name, char *out, size_t size)
{
	static const int parts[] = {NID_organizationName, NID_commonName};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		int at = X509_NAME_get_index_by_NID(name, parts[i], -1);
		const ASN1_STRING *text;

		if (at < 0)
			continue;
		text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		submit_tls_note(out, size,
			(const char *)ASN1_STRING_get0_data(text),
			ASN1_STRING_length(text));
	}
}

static void
note_hosts(X509 *cert, char *out, size_t size)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			submit_tls_note(out, size,
				(const char *)ASN1_STRING_get0_data(
					name->d.dNSName),
				ASN1_STRING_length(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
}

static int64_t
unix_time(const ASN1_TIME *at)
{
	struct tm tm;

	return ASN1_TIME_to_tm(at, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

void
submit_probe_certificate(struct submit_report *report, X509 *cert)
{
	struct submit_certificate *seen;

	if (!report || !cert)
		return;
	seen = &report->certificate;
	*seen = (struct submit_certificate){.seen = true};
	note_body(X509_get_subject_name(cert), seen->subject,
		sizeof seen->subject);
	note_body(
		X509_get_issuer_name(cert), seen->issuer, sizeof seen->issuer);
	note_hosts(cert, seen->names, sizeof seen->names);
	seen->not_before = unix_time(X509_get0_notBefore(cert));
	seen->not_after = unix_time(X509_get0_notAfter(cert));
}

const char *
submit_report_extension(const struct submit_report *report, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < report->extension_count; i++) {
		const char *text = report->extensions[i];

		if (strncasecmp(text, name, len) == 0 &&
			(!text[len] || text[len] == ' '))
			return text + len + strspn(text + len, " ");
	}
	return NULL;
}
