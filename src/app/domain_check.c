#include "app/domain_check.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/mailauth.h"

enum {
	NAMES_SHOWN = 3,
};

/* The address is one that mail may come from in the Internet. */
static bool
is_public(const char *address)
{
	struct lookup_address parsed;

	return lookup_parse_address(address, &parsed) == 0 &&
	       lookup_address_public(&parsed);
}

/* Reverse name */

/* A name leads back when one of its addresses is this one. */
static bool
leads_back(const char *name, const struct lookup_address *address,
	const struct resolver *resolver)
{
	struct lookup found = {0};
	bool back = false;

	lookup_ask(resolver, name, address->bits == 32 ? LOOKUP_A : LOOKUP_AAAA,
		&found);
	for (size_t i = 0; i < found.count && !back; i++) {
		struct lookup_address a;

		back = lookup_parse_address(found.items[i].text, &a) == 0 &&
		       lookup_address_within(address, &a, a.bits);
	}
	lookup_release(&found);
	return back;
}

static void
add_reverse(const char *address, const struct lookup_address *parsed,
	const struct lookup *names, const struct resolver *resolver,
	struct findings *findings)
{
	static const char advice[] =
		"big providers refuse mail from a server without a reverse "
		"name that leads back; ask your provider, unless it sends on "
		"from another address";

	if (names->kind == LOOKUP_FAILED) {
		findings_add(findings, FINDING_WARNING, "reverse name",
			"could not be looked up now: %s", names->why);
		return;
	}
	for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++) {
		const char *name = names->items[i].text;

		if (!leads_back(name, parsed, resolver))
			continue;
		findings_add(findings, FINDING_OK, "reverse name",
			"%s is %s, and the other way round", address, name);
		return;
	}
	if (names->count == 0)
		findings_add(findings, FINDING_WARNING, "reverse name",
			"%s has none", address);
	else
		findings_add(findings, FINDING_WARNING, "reverse name",
			"%s is %s, but that name was not seen to lead back",
			address, names->items[0].text);
	findings_hint(findings, "%s", advice);
}

void
domain_check_reverse(const char *address, const struct resolver *resolver,
	struct findings *findings)
{
	char reverse[LOOKUP_REVERSE_MAX];
	struct lookup_address parsed;
	struct lookup names = {0};

	if (lookup_parse_address(address, &parsed) < 0)
		return;
	if (!lookup_address_public(&parsed)) {
		findings_add(findings, FINDING_OK, "reverse name",
			"not looked up: %s is no address of the Internet",
			address);
		return;
	}
	lookup_reverse(&parsed, reverse);
	lookup_ask(resolver, reverse, LOOKUP_PTR, &names);
	add_reverse(address, &parsed, &names, resolver, findings);
	lookup_release(&names);
}

/* Mail to the domain */

static void
add_servers(const struct lookup *mx, struct findings *findings)
{
	struct buf names = {0};

	for (size_t i = 0; i < mx->count && i < NAMES_SHOWN; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", mx->items[i].text);
	findings_add(findings, FINDING_OK, "answers", "arrive at %s%s",
		buf_str(&names), mx->count > NAMES_SHOWN ? ", ..." : "");
	buf_release(&names);
}

/* Without an MX record the domain's own address takes its mail (RFC 5321
 * 5.1). */
static enum mailauth_mailbox
check_own_address(const char *domain, const struct resolver *resolver,
	struct findings *findings)
{
	struct lookup a = {0}, aaaa = {0};
	enum mailauth_mailbox mailbox = MAILAUTH_TAKES_MAIL;

	lookup_ask(resolver, domain, LOOKUP_A, &a);
	if (a.kind != LOOKUP_FOUND)
		lookup_ask(resolver, domain, LOOKUP_AAAA, &aaaa);
	if (a.kind == LOOKUP_FOUND || aaaa.kind == LOOKUP_FOUND) {
		findings_add(findings, FINDING_OK, "answers",
			"arrive at %s itself", domain);
	} else if (a.kind == LOOKUP_FAILED || aaaa.kind == LOOKUP_FAILED) {
		mailbox = MAILAUTH_MAIL_UNKNOWN;
		findings_add(findings, FINDING_WARNING, "answers",
			"could not be looked up now: %s",
			a.kind == LOOKUP_FAILED ? a.why : aaaa.why);
	} else {
		mailbox = MAILAUTH_NO_SERVER;
		findings_add(findings, FINDING_FAULT, "answers",
			"%s has no mail server (MX) and no address", domain);
		findings_hint(findings,
			"use a From address at which you can be answered");
	}
	lookup_release(&a);
	lookup_release(&aaaa);
	return mailbox;
}

static enum mailauth_mailbox
check_mailbox(const char *domain, const struct resolver *resolver,
	struct findings *findings)
{
	struct lookup mx = {0};
	enum mailauth_mailbox mailbox = MAILAUTH_TAKES_MAIL;

	lookup_ask(resolver, domain, LOOKUP_MX, &mx);
	if (mx.kind == LOOKUP_NO_DATA) {
		mailbox = check_own_address(domain, resolver, findings);
	} else if (mx.kind == LOOKUP_FAILED) {
		mailbox = MAILAUTH_MAIL_UNKNOWN;
		findings_add(findings, FINDING_WARNING, "answers",
			"could not be looked up now: %s", mx.why);
	} else if (mx.kind == LOOKUP_NO_NAME) {
		mailbox = MAILAUTH_NO_DOMAIN;
		findings_add(findings, FINDING_FAULT, "answers",
			"the domain %s does not exist", domain);
		findings_hint(findings, "check how it is spelt in from");
	} else if (mx.count == 1 && !*mx.items[0].text) {
		mailbox = MAILAUTH_NULL_MX;
		findings_add(findings, FINDING_FAULT, "answers",
			"%s says that it takes no mail", domain);
		findings_hint(findings,
			"use a From address at which you can be answered");
	} else {
		add_servers(&mx, findings);
	}
	lookup_release(&mx);
	return mailbox;
}

/* SPF */

static void
add_spf_for(const struct mailauth *facts, const char *server,
	struct findings *findings)
{
	const struct spf *spf = &facts->spf;
	const char *by = spf->matched ? spf->matched : "nothing at its end";

	if (!facts->spf_server) {
		findings_add(findings, FINDING_OK, "SPF",
			"is there and can be read; which servers your mail "
			"leaves from is not known here");
	} else if (spf->result == SPF_PASS) {
		findings_add(findings, FINDING_OK, "SPF", "names %s, by %s",
			server, by);
	} else {
		findings_add(findings, FINDING_WARNING, "SPF",
			"does not name %s, where we hand mail to (%s, by %s)",
			server, spf_result_name(spf->result), by);
		findings_hint(findings,
			"no harm if the provider sends mail on from other "
			"addresses; ask it what SPF record it wants for %s",
			facts->domain);
	}
}

static bool
allows_all(const struct spf *spf)
{
	return spf->result == SPF_PASS && spf->matched &&
	       (str_ieq(spf->matched, "all") || str_ieq(spf->matched, "+all"));
}

static void
add_spf(const struct mailauth *facts, const char *server,
	struct findings *findings)
{
	const struct spf *spf = &facts->spf;

	if (allows_all(spf)) {
		findings_add(findings, FINDING_WARNING, "SPF",
			"names every server in the world (%s)", spf->matched);
		findings_hint(findings,
			"it protects nobody, and some providers take it as a "
			"sign of spam");
		findings_record(findings, spf->record);
		return;
	}
	switch (spf->result) {
	case SPF_NONE:
		findings_add(findings, FINDING_WARNING, "SPF", "no record");
		findings_hint(findings,
			"whoever keeps the DNS of %s should add the SPF "
			"record that your provider names",
			facts->domain);
		break;
	case SPF_TEMPERROR:
		findings_add(findings, FINDING_WARNING, "SPF", "%s", spf->why);
		break;
	case SPF_PERMERROR:
		findings_add(findings, FINDING_FAULT, "SPF",
			"the record counts for nothing: %s", spf->why);
		findings_hint(findings,
			"whoever keeps the DNS of %s should mend it",
			facts->domain);
		break;
	default:
		add_spf_for(facts, server, findings);
		break;
	}
	findings_record(findings, spf->record);
}

/* DKIM */

static void
add_key(const struct dkim *dkim, const char *selector, const char *domain,
	struct findings *findings)
{
	char kind[32] = "Ed25519";

	if (dkim->bits)
		snprintf(kind, sizeof kind, "RSA, %d bits", dkim->bits);
	findings_add(findings, dkim->testing ? FINDING_WARNING : FINDING_OK,
		"DKIM", "key at %s._domainkey.%s (%s)", selector, domain, kind);
	if (dkim->testing)
		findings_hint(findings,
			"it is marked as a test (t=y); have that taken out");
	else if (dkim->bits && dkim->bits < DKIM_BITS_GOOD)
		findings_hint(findings, "%d bits are what is usual now",
			DKIM_BITS_GOOD);
}

static void
add_dkim(const struct mailauth *facts, const struct domain_question *question,
	struct findings *findings)
{
	const struct dkim *dkim = &facts->dkim;
	const char *selector = question->selector;

	if (!selector) {
		findings_add(findings, FINDING_WARNING, "DKIM",
			"not looked up: the selector is not known");
		findings_hint(findings,
			"put dkim = SELECTOR under [smtp %s]; it is what "
			"stands after s= in the DKIM-Signature field of a "
			"letter that was sent through this account",
			question->account);
		return;
	}
	switch (dkim->found) {
	case MAILAUTH_MISSING:
		findings_add(findings, FINDING_WARNING, "DKIM",
			"no key at %s._domainkey.%s", selector, facts->domain);
		findings_hint(findings,
			"check dkim under [smtp %s], or let whoever keeps "
			"the DNS add the key that your provider names",
			question->account);
		break;
	case MAILAUTH_UNKNOWN:
		findings_add(findings, FINDING_WARNING, "DKIM",
			"could not be looked up now: %s", dkim->why);
		break;
	case MAILAUTH_WRONG:
		findings_add(findings, FINDING_FAULT, "DKIM",
			"the record at %s._domainkey.%s counts for nothing: "
			"%s",
			selector, facts->domain, dkim->why);
		findings_hint(findings, "ask your provider for the right one");
		break;
	case MAILAUTH_GOOD:
		add_key(dkim, selector, facts->domain, findings);
		break;
	}
	findings_record(findings, dkim->record);
}

/* DMARC */

static void
add_policy(const struct mailauth *facts, struct findings *findings)
{
	static const char *const meanings[] = {
		[DMARC_NONE] = "nothing is asked of receivers",
		[DMARC_QUARANTINE] = "mail that is not proved goes to spam",
		[DMARC_REJECT] = "mail that is not proved is refused",
	};
	const struct dmarc *dmarc = &facts->dmarc;
	bool above = strcmp(dmarc->domain, facts->domain) != 0;

	findings_add(findings, FINDING_OK, "DMARC", "%s: %s%s%s",
		dmarc_policy_name(dmarc->policy), meanings[dmarc->policy],
		above ? ", says " : "", above ? dmarc->domain : "");
}

static void
add_dmarc(const struct mailauth *facts, struct findings *findings)
{
	const struct dmarc *dmarc = &facts->dmarc;

	switch (dmarc->found) {
	case MAILAUTH_MISSING:
		findings_add(findings, FINDING_WARNING, "DMARC", "no record");
		findings_hint(findings,
			"whoever keeps the DNS of %s should add a TXT record "
			"at _dmarc.%s, to begin with \"v=DMARC1; p=none\"",
			facts->domain, facts->domain);
		break;
	case MAILAUTH_UNKNOWN:
		findings_add(findings, FINDING_WARNING, "DMARC",
			"could not be looked up now: %s", dmarc->why);
		break;
	case MAILAUTH_WRONG:
		findings_add(findings, FINDING_WARNING, "DMARC",
			"the record at _dmarc.%s counts for nothing: %s",
			dmarc->domain, dmarc->why);
		findings_hint(findings, "whoever keeps the DNS should mend it");
		break;
	case MAILAUTH_GOOD:
		add_policy(facts, findings);
		break;
	}
	findings_record(findings, dmarc->record);
}

/* The verdict */

static void
add_verdicts(const struct mailauth *facts, struct findings *findings)
{
	static const enum finding_verdict verdicts[] = {
		[MAILAUTH_ACCEPTED] = FINDING_OK,
		[MAILAUTH_UNCERTAIN] = FINDING_WARNING,
		[MAILAUTH_REFUSED] = FINDING_FAULT,
	};
	struct mailauth_verdict verdict;

	mailauth_judge(facts, &verdict);
	findings_add(findings, verdicts[verdict.fate], "verdict", "%s: %s",
		verdict.what, verdict.why);
	findings_hint(findings,
		"to be sure, send a letter with --test to a mailbox of your "
		"own at a big provider: its original must say spf=pass, "
		"dkim=pass and dmarc=pass");
	mailauth_judge_bulk(facts, &verdict);
	/* Few send so much: no fault. */
	findings_add(findings,
		verdict.fate == MAILAUTH_ACCEPTED ? FINDING_OK
						  : FINDING_WARNING,
		"over 5,000 a day", "%s: %s", verdict.what, verdict.why);
}

void
domain_check(const struct domain_question *question,
	const struct resolver *resolver, struct findings *findings)
{
	struct mailauth facts = {.domain = question->from->domain};
	struct spf_query query = {
		.domain = facts.domain,
		.local = question->from->local,
		.helo = question->helo,
	};

	facts.mailbox = check_mailbox(facts.domain, resolver, findings);
	facts.spf_server = is_public(question->server);
	if (facts.spf_server)
		query.address = question->server;
	spf_check(&query, resolver, &facts.spf);
	add_spf(&facts, question->server, findings);
	if (question->selector)
		dkim_check(question->selector, facts.domain, resolver,
			&facts.dkim);
	else
		facts.dkim.found = MAILAUTH_UNKNOWN;
	add_dkim(&facts, question, findings);
	dmarc_check(facts.domain, resolver, &facts.dmarc);
	add_dmarc(&facts, findings);
	add_verdicts(&facts, findings);
	spf_release(&facts.spf);
	dkim_release(&facts.dkim);
	dmarc_release(&facts.dmarc);
}
