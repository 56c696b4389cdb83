#include "core/spf_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

/* RFC 7208 4.6.4: a record that costs receivers more is wrong. */
enum {
	TERMS_MAX = 10, /* that ask the DNS, included records and all */
	NAMES_MAX = 10, /* of one mx or ptr */
	VOID_MAX = 2,	/* questions for what is not there */
};

/* Nobody sends from it, and no record lists it (RFC 5737). */
static const char nobodys_address[] = "192.0.2.255";

struct run {
	const struct spf_query *query;
	const struct resolver *resolver;
	struct spf *out;
	struct lookup_address address;
	int voids;
	enum spf_result broken; /* TEMPERROR or PERMERROR, once it is one */
};

const char *
spf_result_name(enum spf_result result)
{
	static const char *const names[] = {
		[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror",
	};

	return names[result];
}

/* Ends the evaluation. Returns -1. */
static int __attribute__((format(printf, 3, 4)))
give_up(struct run *run, enum spf_result broken, const char *fmt, ...)
{
	va_list ap;

	run->broken = broken;
	va_start(ap, fmt);
	vsnprintf(run->out->why, sizeof run->out->why, fmt, ap);
	va_end(ap);
	return -1;
}

/* Asks; a name that cannot be one is not there. Returns 0 or -1. */
static int
ask(struct run *run, const char *name, enum lookup_type type,
	struct lookup *out)
{
	lookup_release(out);
	if (!lookup_valid_name(name)) {
		out->kind = LOOKUP_NO_NAME;
		return 0;
	}
	lookup_ask(run->resolver, name, type, out);
	if (out->kind == LOOKUP_FAILED)
		return give_up(run, SPF_TEMPERROR,
			"%s could not be looked up now (%s)", name, out->why);
	return 0;
}

/* The same for a term's argument, where nothing is allowed twice only. */
static int
ask_within(struct run *run, const char *name, enum lookup_type type,
	struct lookup *out)
{
	if (ask(run, name, type, out) < 0)
		return -1;
	if (out->kind != LOOKUP_FOUND && ++run->voids > VOID_MAX)
		return give_up(run, SPF_PERMERROR,
			"more than %d names that do not exist, such as %s",
			VOID_MAX, name);
	return 0;
}

static int
count_term(struct run *run)
{
	if (++run->out->lookups > TERMS_MAX)
		return give_up(run, SPF_PERMERROR,
			"it needs more than %d look-ups", TERMS_MAX);
	return 0;
}

/* One record that begins "v=spf1 ", as the RFC selects it. Returns 1 with
 * *text to be freed, 0, -1. */
static int
find_record(struct run *run, const char *domain, char **text)
{
	struct lookup found = {0};
	int count = 0, rc = ask(run, domain, LOOKUP_TXT, &found);

	*text = NULL;
	for (size_t i = 0; rc == 0 && i < found.count; i++) {
		const struct lookup_item *item = &found.items[i];

		if (strncasecmp(item->text, "v=spf1", 6) != 0 ||
			(item->text[6] && item->text[6] != ' '))
			continue;
		if (++count > 1)
			rc = give_up(run, SPF_PERMERROR,
				"%s has more than one SPF record", domain);
		else if (strlen(item->text) != item->len)
			rc = give_up(run, SPF_PERMERROR,
				"the record of %s holds a NUL", domain);
		else
			*text = mem_strdup(item->text);
	}
	lookup_release(&found);
	return rc < 0 ? -1 : *text != NULL;
}

/* Addresses of the sender's family. */
static enum lookup_type
address_type(const struct run *run)
{
	return run->address.bits == 32 ? LOOKUP_A : LOOKUP_AAAA;
}

/* Whether one of them is the sender's, by as many bits as the term says. */
static bool
lists_sender(const struct run *run, const struct lookup *found,
	const struct spf_term *term)
{
	int bits = run->address.bits == 32 ? term->bits4 : term->bits6;

	for (size_t i = 0; i < found->count; i++) {
		struct lookup_address a;

		if (lookup_parse_address(found->items[i].text, &a) == 0 &&
			lookup_address_within(&run->address, &a, bits))
			return true;
	}
	return false;
}

static int
match_host(struct run *run, const char *name, const struct spf_term *term)
{
	struct lookup found = {0};
	int rc = ask_within(run, name, address_type(run), &found);

	if (rc == 0)
		rc = lists_sender(run, &found, term);
	lookup_release(&found);
	return rc;
}

static int
match_mx(struct run *run, const char *name, const struct spf_term *term)
{
	struct lookup found = {0};
	int rc = ask_within(run, name, LOOKUP_MX, &found);

	if (rc == 0 && found.count > NAMES_MAX)
		rc = give_up(run, SPF_PERMERROR,
			"%s has more than %d mail servers", name, NAMES_MAX);
	for (size_t i = 0; rc == 0 && i < found.count; i++)
		if (*found.items[i].text)
			rc = match_host(run, found.items[i].text, term);
	lookup_release(&found);
	return rc;
}

/* name is domain or ends in "." and it. */
static bool
is_below(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	return len >= tail && str_ieq(name + len - tail, domain) &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* A reverse name below domain that leads back. What cannot be looked up
 * counts for nothing here (RFC 7208 5.5). */
static int
match_ptr(struct run *run, const char *domain, const struct spf_term *term)
{
	char reverse[LOOKUP_REVERSE_MAX];
	struct lookup names = {0}, found = {0};
	int rc = 0;

	lookup_reverse(&run->address, reverse);
	lookup_ask(run->resolver, reverse, LOOKUP_PTR, &names);
	for (size_t i = 0; rc == 0 && i < names.count && i < NAMES_MAX; i++) {
		const char *name = names.items[i].text;

		if (!is_below(name, domain))
			continue;
		lookup_ask(run->resolver, name, address_type(run), &found);
		rc = lists_sender(run, &found, term);
	}
	lookup_release(&names);
	lookup_release(&found);
	return rc;
}

static int
match_exists(struct run *run, const char *name)
{
	struct lookup found = {0};
	int rc = ask_within(run, name, LOOKUP_A, &found);

	if (rc == 0)
		rc = found.kind == LOOKUP_FOUND;
	lookup_release(&found);
	return rc;
}

static enum spf_result
check_host(struct run *run, const char *domain, bool outermost);

/* RFC 7208 5.2: only a pass matches, and there must be a record. */
static int
match_include(struct run *run, const char *domain)
{
	enum spf_result result = check_host(run, domain, false);

	if (result == SPF_NONE)
		return give_up(run, SPF_PERMERROR,
			"it includes %s, which has no SPF record", domain);
	if (result == SPF_TEMPERROR || result == SPF_PERMERROR)
		return -1;
	return result == SPF_PASS;
}

static int
match_network(const struct run *run, const struct spf_term *term)
{
	int bits = term->what == SPF_IP4 ? term->bits4 : term->bits6;

	return lookup_address_within(&run->address, &term->network, bits);
}

static char *
expand(const struct run *run, const char *domain, const char *spec)
{
	struct spf_values values = {run->query, &run->address, domain};
	struct buf name = {0};

	spf_expand(&values, spec, &name);
	return buf_take(&name);
}

/* Returns 1, 0, or -1 with run->broken set. */
static int
match_term(struct run *run, const char *domain, const struct spf_term *term)
{
	char *name;
	int rc = 0;

	if (term->what == SPF_ALL)
		return 1;
	if (term->what == SPF_IP4 || term->what == SPF_IP6)
		return match_network(run, term);
	if (count_term(run) < 0)
		return -1;
	name = term->domain ? expand(run, domain, term->domain)
			    : mem_strdup(domain);
	switch (term->what) {
	case SPF_INCLUDE:
		rc = match_include(run, name);
		break;
	case SPF_A:
		rc = match_host(run, name, term);
		break;
	case SPF_MX:
		rc = match_mx(run, name, term);
		break;
	case SPF_PTR:
		rc = match_ptr(run, name, term);
		break;
	default:
		rc = match_exists(run, name);
		break;
	}
	free(name);
	return rc;
}

static enum spf_result
follow_redirect(struct run *run, const char *domain, const char *spec)
{
	enum spf_result result;
	char *name;

	if (count_term(run) < 0)
		return run->broken;
	name = expand(run, domain, spec);
	result = check_host(run, name, false);
	if (result == SPF_NONE) {
		give_up(run, SPF_PERMERROR,
			"it redirects to %s, which has no SPF record", name);
		result = run->broken;
	}
	free(name);
	return result;
}

static enum spf_result
evaluate(struct run *run, const char *domain, const struct spf_record *record,
	bool outermost)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct spf_term *term = &record->terms[i];
		int rc = match_term(run, domain, term);

		if (rc < 0)
			return run->broken;
		if (rc > 0 && outermost)
			run->out->matched = mem_strdup(term->text);
		if (rc > 0)
			return term->result;
	}
	if (!record->redirect)
		return SPF_NEUTRAL;
	if (outermost)
		run->out->matched = mem_printf("redirect=%s", record->redirect);
	return follow_redirect(run, domain, record->redirect);
}

/* check_host() of the RFC. It calls itself at most TERMS_MAX deep. */
static enum spf_result
check_host(struct run *run, const char *domain, bool outermost)
{
	struct spf_record record = {0};
	enum spf_result result;
	char why[SPF_WHY_MAX];
	char *text;
	int rc = find_record(run, domain, &text);

	if (rc <= 0) {
		free(text);
		return rc < 0 ? run->broken : SPF_NONE;
	}
	if (outermost)
		run->out->record = mem_strdup(text);
	if (spf_parse(text, &record, why) < 0) {
		give_up(run, SPF_PERMERROR, "%s in the record of %s", why,
			domain);
		result = run->broken;
	} else {
		result = evaluate(run, domain, &record, outermost);
	}
	spf_record_release(&record);
	free(text);
	return result;
}

void
spf_check(const struct spf_query *query, const struct resolver *resolver,
	struct spf *out)
{
	struct run run = {.query = query, .resolver = resolver, .out = out};

	*out = (struct spf){0};
	if (!query->address ||
		lookup_parse_address(query->address, &run.address) < 0)
		(void)lookup_parse_address(nobodys_address, &run.address);
	out->result = check_host(&run, query->domain, true);
}

void
spf_release(struct spf *spf)
{
	free(spf->record);
	free(spf->matched);
	*spf = (struct spf){0};
}
