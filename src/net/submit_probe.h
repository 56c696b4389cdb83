/*
 * A look at an account's server: connects and logs in as submit_batch does,
 * sends nothing, and reports what was seen. Threads as submit_batch.
 */
#ifndef NET_SUBMIT_PROBE_H
#define NET_SUBMIT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/submit.h"

enum {
	SUBMIT_EXTENSIONS_MAX = 32,
	SUBMIT_SENDERS_MAX = 8,
};

/* The server's certificate, good or bad; texts are printable ASCII, cut to
 * fit. */
struct submit_certificate {
	bool seen;
	char subject[128]; /* "CN=smtp.example.org" */
	char issuer[128];
	char names[256]; /* hosts that it is for, with commas */
	int64_t not_before, not_after;
};

/* What was seen up to where it ended. "" where nothing was. */
struct submit_report {
	char address[46]; /* of the server; "" behind a proxy */
	char version[16]; /* "TLSv1.3" */
	char cipher[64];
	struct submit_certificate certificate;
	/* The last answer to EHLO without its first line: "SIZE 10485760" in
	 * printable UTF-8, cut to fit; those that do not fit are left out. */
	char extensions[SUBMIT_EXTENSIONS_MAX][120];
	size_t extension_count;
	bool logged_in;
	/* The answers to MAIL for each sender; code 0: not asked. */
	struct smtp_reply senders[SUBMIT_SENDERS_MAX];
};

/*
 * Connects, logs in, asks whether mail from each of count (at most
 * SUBMIT_SENDERS_MAX) bare addresses would be taken, and says goodbye. Takes
 * at most a minute for each sender, whatever the account's time limits are.
 *
 * Returns 0 when connection and login worked, else -1 as submit_batch; report
 * is filled either way. A refused sender is no error.
 */
int
submit_probe(const struct submit_account *account, const char *const *senders,
	size_t count, struct submit_report *report, struct err *err);

/* What follows an extension's name in the answer to EHLO ("" when nothing
 * does), or NULL when the server does not have it. */
const char *
submit_report_extension(const struct submit_report *report, const char *name);

#endif
