#include "app/server_check.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/account.h"
#include "app/catalog.h"
#include "app/domain_check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/dns.h"
#include "net/submit_probe.h"

enum {
	DNS_LIMIT_S = 40, /* for all look-ups of one account */
	SOON_DAYS = 14,	  /* before a certificate ends */
};

/* The addresses that mail will come from, the organiser's first. */
struct senders {
	struct address items[SUBMIT_SENDERS_MAX];
	size_t count;
	size_t left_out; /* more than there is room for */
};

/* One run. */
struct checking {
	struct workspace *ws;
	struct senders senders;
	bool hidden; /* behind a proxy: the DNS must not be asked */
	struct findings *findings;
	bool unreachable; /* what the exit status says */
};

/* Senders */

static void
add_sender(struct senders *senders, const struct address *address)
{
	for (size_t i = 0; i < senders->count; i++)
		if (strcmp(senders->items[i].local, address->local) == 0 &&
			strcmp(senders->items[i].domain, address->domain) == 0)
			return;
	if (senders->count < SUBMIT_SENDERS_MAX)
		senders->items[senders->count++] = *address;
	else
		senders->left_out++;
}

static bool
is_named(const char *name, char *const *letters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(name, letters[i]) == 0)
			return true;
	return count == 0;
}

/* What is wrong in letters is check_all's to say. */
static int
find_senders(const struct workspace *ws, char *const *letters, size_t count,
	struct senders *out, struct err *err)
{
	struct problems ignored = {0};
	struct catalog catalog;
	int rc = catalog_load(ws, &catalog, &ignored, err);

	add_sender(out, &ws->conf.from);
	for (size_t i = 0; rc == 0 && i < catalog.count; i++) {
		const struct catalog_entry *entry = &catalog.entries[i];
		struct address address;
		struct err why;
		char *name = NULL;

		if (!is_named(entry->name, letters, count) ||
			!entry->letter.from.text ||
			address_parse_mailbox(entry->letter.from.text, &name,
				&address, &why) < 0)
			continue;
		add_sender(out, &address);
		free(name);
	}
	catalog_release(&catalog);
	problems_release(&ignored);
	return rc;
}

/* The server */

/* "HOST:PORT: what; advice, nothing was sent" without what is said
 * elsewhere. */
static void
add_fault(struct checking *c, const struct submit_account *account,
	const char *what, const struct err *why)
{
	static const char none_sent[] = "nothing was sent";
	char *prefix = account->host ? mem_printf("%s:%d: ", account->host,
					       account->port)
				     : mem_strdup("");
	const char *text = why->msg;
	char *value, *advice;

	if (str_starts(text, prefix))
		text += strlen(prefix);
	value = mem_strdup(text);
	if (str_ends(value, none_sent))
		value[strlen(value) - strlen(none_sent)] = '\0';
	while (*value && strchr(",; ", value[strlen(value) - 1]))
		value[strlen(value) - 1] = '\0';
	advice = strrchr(value, ';');
	if (advice)
		*advice++ = '\0';
	findings_add(c->findings, FINDING_FAULT, what, "%s", value);
	if (advice)
		findings_hint(c->findings, "%s", str_trim(advice));
	else if (why->kind == ERR_UNAVAILABLE)
		findings_hint(c->findings,
			"check host and port in openletter.conf, and whether "
			"this computer is online; else try again later");
	free(value);
	free(prefix);
	c->unreachable = c->unreachable || why->kind == ERR_UNAVAILABLE;
}

/* How far it came. */
static const char *
failed_step(const struct submit_account *account,
	const struct submit_report *report)
{
	bool encrypted = account->tls == SUBMIT_CLEAR || *report->version;

	if (report->certificate.seen && !encrypted)
		return "certificate";
	if (encrypted && report->extension_count > 0 && account->user)
		return "login";
	return "connection";
}

static void
add_connection(struct checking *c, const struct submit_account *account,
	const struct submit_report *report)
{
	if (account->proxy_host && *report->version)
		findings_add(c->findings, FINDING_OK, "connection",
			"through the proxy %s, port %d", account->proxy_host,
			account->proxy_port);
	else if (*report->address)
		findings_add(c->findings, FINDING_OK, "connection", "to %s",
			report->address);
	if (account->tls == SUBMIT_CLEAR && *report->address)
		findings_add(c->findings, FINDING_OK, "encryption",
			"none: the server is on this machine");
	else if (*report->version)
		findings_add(c->findings, FINDING_OK, "encryption", "%s, %s",
			report->version, report->cipher);
}

static void
add_certificate(
	struct checking *c, const struct submit_certificate *seen, bool good)
{
	int64_t days = (seen->not_after - clock_now()) / CLOCK_DAY_S;
	char end[CLOCK_TIME_MAX];
	enum finding_verdict verdict =
		good && days < SOON_DAYS ? FINDING_WARNING : FINDING_OK;

	if (!seen->seen)
		return;
	clock_format_day(seen->not_after, end);
	findings_add(c->findings, verdict, "certificate",
		"for %s, from %s, until %s",
		*seen->names	 ? seen->names
		: *seen->subject ? seen->subject
				 : "nobody",
		*seen->issuer ? seen->issuer : "nobody", end);
	if (verdict == FINDING_WARNING)
		findings_hint(c->findings,
			"it ends in %" PRId64 " day%s; when it is not renewed "
			"nothing will be sent",
			days, days == 1 ? "" : "s");
}

/* "SIZE 10485760" (RFC 1870) */
static void
add_size(struct checking *c, const struct submit_report *report)
{
	const char *text = submit_report_extension(report, "SIZE");
	long bytes = 0;

	if (!text || (*text && str_to_number(text, LONG_MAX, &bytes) < 0))
		findings_add(c->findings, FINDING_OK, "size",
			"the server does not say how big a letter may be");
	else if (bytes == 0)
		findings_add(
			c->findings, FINDING_OK, "size", "letters of any size");
	else
		findings_add(c->findings, FINDING_OK, "size",
			"letters of up to %.1f MB with their attachments",
			(double)bytes / 1e6);
}

/* "LIMITS MAILMAX=20 RCPTMAX=100" (RFC 9422) */
static void
add_limits(struct checking *c, const struct submit_report *report)
{
	static const struct {
		const char *name, *meaning;
	} known[] = {
		{"MAILMAX=", "letters a connection"},
		{"RCPTMAX=", "recipients a letter"},
		{"RCPTDOMAINMAX=", "domains a letter"},
	};
	const char *text = submit_report_extension(report, "LIMITS");
	struct buf words = {0};
	size_t count = 0;
	char **limits = str_split(text ? text : "", ' ', &count);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
			if (str_starts(limits[i], known[k].name))
				buf_printf(&words, "%s%s %s",
					words.len ? ", " : "",
					limits[i] + strlen(known[k].name),
					known[k].meaning);
	if (words.len)
		findings_add(c->findings, FINDING_OK, "limits", "%s",
			buf_str(&words));
	str_list_free(limits, count);
	buf_release(&words);
}

static void
add_login(struct checking *c, const struct submit_account *account,
	const struct submit_report *report)
{
	const char *offered = submit_report_extension(report, "AUTH");

	if (report->logged_in)
		findings_add(c->findings, FINDING_OK, "login",
			"as %s worked (the server offers %s)", account->user,
			offered ? offered : "none");
	else if (offered)
		findings_add(c->findings, FINDING_OK, "login",
			"not tried: no user in openletter.conf (the server "
			"offers %s)",
			offered);
	else
		findings_add(c->findings, FINDING_OK, "login",
			"not tried: no user in openletter.conf, and the "
			"server asks for none");
}

/* RFC 5321 3.3: 4xx may be otherwise in a moment. */
static void
add_senders(struct checking *c, const struct submit_report *report)
{
	const struct senders *senders = &c->senders;

	for (size_t i = 0; i < senders->count; i++) {
		const struct smtp_reply *reply = &report->senders[i];
		char address[ADDRESS_MAX];

		address_format(&senders->items[i], address);
		if (reply->code / 100 == 2) {
			findings_add(c->findings, FINDING_OK, "sender",
				"mail from %s is taken", address);
			continue;
		}
		if (reply->code == 0) {
			findings_add(c->findings, FINDING_WARNING, "sender",
				"the server did not answer for %s", address);
			continue;
		}
		findings_add(c->findings,
			reply->code / 100 == 4 ? FINDING_WARNING
					       : FINDING_FAULT,
			"sender", "mail from %s is refused (%d%s%s%s%s)",
			address, reply->code, *reply->status ? " " : "",
			reply->status, *reply->text ? " " : "", reply->text);
		findings_hint(c->findings,
			"use an address in From that this account may send "
			"for");
	}
	if (senders->left_out)
		findings_add(c->findings, FINDING_WARNING, "sender",
			"%zu more From addresses of letters were not tried",
			senders->left_out);
}

static void
check_connection(struct checking *c, const struct submit_account *account,
	struct submit_report *report)
{
	const char *senders[SUBMIT_SENDERS_MAX];
	char texts[SUBMIT_SENDERS_MAX][ADDRESS_MAX];
	struct err err;
	int rc;

	for (size_t i = 0; i < c->senders.count; i++) {
		address_format(&c->senders.items[i], texts[i]);
		senders[i] = texts[i];
	}
	rc = submit_probe(account, senders, c->senders.count, report, &err);
	add_connection(c, account, report);
	add_certificate(c, &report->certificate, rc == 0);
	if (rc < 0) {
		add_fault(c, account, failed_step(account, report), &err);
		return;
	}
	add_login(c, account, report);
	add_size(c, report);
	add_limits(c, report);
	add_senders(c, report);
}

/* The domains */

/* Each domain once, for the first of its senders. */
static bool
is_first(const struct senders *senders, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(senders->items[k].domain,
			    senders->items[i].domain) == 0)
			return false;
	return true;
}

static void
ask_dns(struct checking *c, const struct conf_account *conf,
	const struct submit_report *report, struct dns *dns)
{
	const struct resolver resolver = dns_resolver(dns);

	if (*report->address)
		domain_check_reverse(report->address, &resolver, c->findings);
	for (size_t i = 0; i < c->senders.count; i++) {
		const struct address *from = &c->senders.items[i];
		const struct domain_question question = {
			.from = from,
			.helo = conf->helo ? conf->helo : from->domain,
			.server = report->address,
			.selector = conf->dkim,
			.account = conf->name,
		};

		if (!is_first(&c->senders, i))
			continue;
		c->findings->about = from->domain;
		domain_check(&question, &resolver, c->findings);
	}
}

static void
check_domains(struct checking *c, const struct conf_account *conf,
	const struct submit_report *report)
{
	const struct conf_endpoint *server = &c->ws->conf.resolver;
	struct dns *dns = NULL;
	struct err err;

	if (c->hidden) {
		findings_add(c->findings, FINDING_OK, "look-ups",
			"SPF, DKIM, DMARC and reverse name are left out: with "
			"a proxy this machine asks the DNS for nothing, since "
			"that would tell others whom it writes as");
		return;
	}
	if (dns_open(server->host, server->port, DNS_LIMIT_S, &dns, &err) < 0)
		findings_add(c->findings, FINDING_WARNING, "look-ups", "%s",
			err.msg);
	else
		ask_dns(c, conf, report, dns);
	dns_close(dns);
}

static void
check_account(struct checking *c, const struct conf_account *conf)
{
	struct submit_report report = {0};
	bool v6 = strchr(conf->host, ':') != NULL;
	char *server =
		mem_printf(v6 ? "[%s]:%d" : "%s:%d", conf->host, conf->port);
	struct account account;
	struct err err;

	c->findings->account = conf->name;
	c->findings->about = server;
	if (account_open(c->ws, conf, c->ws->conf.from.domain, &account, &err) <
		0)
		add_fault(c, &account.submit, "login", &err);
	else
		check_connection(c, &account.submit, &report);
	account_close(&account);
	check_domains(c, conf, &report);
	free(server);
}

static int
require_account(const struct conf *conf, const char *name, struct err *err)
{
	if (conf_account_find(conf, name))
		return 0;
	if (name)
		return err_set(err, ERR_CONFIG,
			"there is no [smtp %s] in openletter.conf", name);
	return err_set(err, ERR_CONFIG,
		"no mail account: openletter.conf needs an [smtp main] section "
		"with host, port and tls");
}

int
server_check(struct workspace *ws, const char *account, char *const *letters,
	size_t count, struct findings *findings, struct err *err)
{
	struct checking c = {.ws = ws, .findings = findings};
	const struct conf *conf = &ws->conf;
	size_t faults;

	if (require_account(conf, account, err) < 0 ||
		find_senders(ws, letters, count, &c.senders, err) < 0)
		return -1;
	submit_global_init();
	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *a = &conf->accounts[i];

		if (!account || strcmp(a->name, account) == 0)
			c.hidden = c.hidden || a->proxy.host;
	}
	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *a = &conf->accounts[i];

		if (!account || strcmp(a->name, account) == 0)
			check_account(&c, a);
	}
	submit_global_cleanup();
	faults = findings_faults(findings);
	if (faults)
		return err_set(err,
			c.unreachable ? ERR_UNAVAILABLE : ERR_CONFIG,
			"%zu fault%s in the check of the mail server; no "
			"letter was sent",
			faults, faults == 1 ? "" : "s");
	return 0;
}
