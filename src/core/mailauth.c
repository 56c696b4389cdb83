#include "core/mailauth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/key.h"
#include "base/mem.h"
#include "base/str.h"

/* Tag lists (RFC 6376 3.2): "v=DKIM1; k=rsa; p=..." */

/* One tag; both borrowed from the copy that tags_next cuts up. */
struct tag {
	char *name;
	char *value;
};

/* Cuts the next tag off the front of *rest. Returns 1; 0 at the end; -1: it
 * is no tag. */
static int
tags_next(char **rest, struct tag *out)
{
	char *tag, *equals;

	do {
		tag = *rest;
		if (!tag)
			return 0;
		*rest = strchr(tag, ';');
		if (*rest)
			*(*rest)++ = '\0';
		tag = str_trim(tag);
	} while (!*tag);
	equals = strchr(tag, '=');
	if (!equals)
		return -1;
	*equals = '\0';
	out->name = str_trim(tag);
	out->value = str_trim(equals + 1);
	return 1;
}

/* One of the words between colons is this one. */
static bool
has_word(const char *list, const char *word)
{
	size_t count;
	char **words = str_split(list, ':', &count);
	bool found = false;

	for (size_t i = 0; i < count; i++)
		found = found || str_ieq(words[i], word);
	str_list_free(words, count);
	return found;
}

/* DKIM */

static void
dkim_wrong(struct dkim *out, const char *why)
{
	out->found = MAILAUTH_WRONG;
	snprintf(out->why, sizeof out->why, "%s", why);
}

static void
judge_rsa(struct dkim *out, const char *base64)
{
	out->bits = key_rsa_bits(base64);
	if (out->bits == 0)
		dkim_wrong(out, "p= holds no key");
	else if (out->bits < DKIM_BITS_LEAST)
		dkim_wrong(out, "the key is too short to count");
}

/* The tags of a key record (RFC 6376 3.6.1). */
struct dkim_tags {
	const char *type; /* k */
	const char *key;  /* p; NULL */
	const char *hashes, *services, *flags;
	const char *fault; /* NULL */
};

static void
take_dkim_tag(struct dkim_tags *tags, const struct tag *tag, bool first)
{
	if (strcmp(tag->name, "v") == 0) {
		if (!first || strcmp(tag->value, "DKIM1") != 0)
			tags->fault = "it is not of version DKIM1";
	} else if (strcmp(tag->name, "k") == 0) {
		tags->type = tag->value;
	} else if (strcmp(tag->name, "p") == 0) {
		tags->key = tag->value;
	} else if (strcmp(tag->name, "h") == 0) {
		tags->hashes = tag->value;
	} else if (strcmp(tag->name, "s") == 0) {
		tags->services = tag->value;
	} else if (strcmp(tag->name, "t") == 0) {
		tags->flags = tag->value;
	}
}

static void
judge_dkim(struct dkim *out, const struct dkim_tags *tags)
{
	out->found = MAILAUTH_GOOD;
	out->testing = has_word(tags->flags, "y");
	if (tags->fault)
		dkim_wrong(out, tags->fault);
	else if (!tags->key)
		dkim_wrong(out, "it holds no key (p=)");
	else if (!*tags->key)
		dkim_wrong(out, "the key was revoked (p= is empty)");
	else if (!has_word(tags->hashes, "sha256"))
		dkim_wrong(out, "it does not allow SHA-256 (h=)");
	else if (!has_word(tags->services, "email") &&
		 !has_word(tags->services, "*"))
		dkim_wrong(out, "it is not for mail (s=)");
	else if (str_ieq(tags->type, "rsa"))
		judge_rsa(out, tags->key);
	else if (!str_ieq(tags->type, "ed25519"))
		dkim_wrong(out, "it is of an unknown type (k=)");
	else if (!key_is_ed25519(tags->key))
		dkim_wrong(out, "p= holds no key");
}

static void
read_dkim(struct dkim *out)
{
	struct dkim_tags tags = {.type = "rsa",
		.hashes = "sha256",
		.services = "*",
		.flags = ""};
	char *copy = mem_strdup(out->record), *rest = copy;
	struct tag tag;
	bool first = true;
	int rc;

	while ((rc = tags_next(&rest, &tag)) > 0) {
		take_dkim_tag(&tags, &tag, first);
		first = false;
	}
	if (rc < 0)
		tags.fault = "it cannot be understood";
	judge_dkim(out, &tags);
	free(copy);
}

void
dkim_check(const char *selector, const char *domain,
	const struct resolver *resolver, struct dkim *out)
{
	char *name = mem_printf("%s._domainkey.%s", selector, domain);
	struct lookup found = {0};

	*out = (struct dkim){0};
	lookup_ask(resolver, name, LOOKUP_TXT, &found);
	if (found.kind == LOOKUP_FAILED) {
		out->found = MAILAUTH_UNKNOWN;
		snprintf(out->why, sizeof out->why, "%s", found.why);
	} else if (found.count > 1) {
		/* RFC 6376 3.6.2.2: what then happens is undefined. */
		dkim_wrong(out, "there is more than one record");
	} else if (found.count == 1) {
		out->record = mem_strdup(found.items[0].text);
		read_dkim(out);
	}
	lookup_release(&found);
	free(name);
}

void
dkim_release(struct dkim *dkim)
{
	free(dkim->record);
	*dkim = (struct dkim){0};
}

/* DMARC */

static const char *const policies[] = {"none", "quarantine", "reject"};

const char *
dmarc_policy_name(enum dmarc_policy policy)
{
	return policies[policy];
}

static int
read_policy(const char *text, enum dmarc_policy *out)
{
	for (int i = DMARC_NONE; i <= DMARC_REJECT; i++) {
		if (str_ieq(text, policies[i])) {
			*out = (enum dmarc_policy)i;
			return 0;
		}
	}
	return -1;
}

/* RFC 7489 6.6.3, 2: records that begin otherwise are something else. */
static bool
is_dmarc(const char *text)
{
	static const char version[] = "v=DMARC1";

	if (!str_starts(text, version))
		return false;
	text += strlen(version);
	text += strspn(text, " \t");
	return *text == ';' || !*text;
}

/* above: the record is a higher domain's, whose sp= is for this one. */
static void
read_dmarc(struct dmarc *out, bool above)
{
	char *copy = mem_strdup(out->record), *rest = copy;
	bool has_policy = false, has_below = false;
	enum dmarc_policy policy = DMARC_NONE, below = DMARC_NONE;
	struct tag tag;
	int rc;

	while ((rc = tags_next(&rest, &tag)) != 0) {
		if (rc < 0)
			continue; /* 6.3: what is not understood is passed by */
		if (strcmp(tag.name, "p") == 0)
			has_policy = read_policy(tag.value, &policy) == 0;
		else if (strcmp(tag.name, "sp") == 0)
			has_below = read_policy(tag.value, &below) == 0;
		else if (strcmp(tag.name, "adkim") == 0)
			out->strict_dkim = str_ieq(tag.value, "s");
		else if (strcmp(tag.name, "aspf") == 0)
			out->strict_spf = str_ieq(tag.value, "s");
		else if (strcmp(tag.name, "rua") == 0)
			out->reports = *tag.value != '\0';
	}
	out->found = MAILAUTH_GOOD;
	out->policy = above && has_below ? below : policy;
	/* 6.6.3, 6: with an address for reports it counts as p=none. */
	if (!has_policy && !out->reports) {
		out->found = MAILAUTH_WRONG;
		snprintf(out->why, sizeof out->why,
			"it has no policy (p=none, p=quarantine or p=reject)");
	}
	free(copy);
}

/* Looks at one domain. Returns whether the search ends there. */
static bool
find_dmarc(const char *domain, const struct resolver *resolver,
	struct dmarc *out, bool above)
{
	char *name = mem_printf("_dmarc.%s", domain);
	struct lookup found = {0};
	size_t count = 0;

	lookup_ask(resolver, name, LOOKUP_TXT, &found);
	for (size_t i = 0; i < found.count; i++)
		if (is_dmarc(found.items[i].text) && ++count == 1)
			out->record = mem_strdup(found.items[i].text);
	snprintf(out->domain, sizeof out->domain, "%s", domain);
	if (found.kind == LOOKUP_FAILED) {
		out->found = MAILAUTH_UNKNOWN;
		snprintf(out->why, sizeof out->why, "%s", found.why);
	} else if (count > 1) {
		out->found = MAILAUTH_WRONG;
		snprintf(out->why, sizeof out->why,
			"there is more than one record");
	} else if (count == 1) {
		read_dmarc(out, above);
	}
	lookup_release(&found);
	free(name);
	return out->found != MAILAUTH_MISSING;
}

void
dmarc_check(
	const char *domain, const struct resolver *resolver, struct dmarc *out)
{
	const char *at = domain, *dot;

	*out = (struct dmarc){0};
	while (!find_dmarc(at, resolver, out, at != domain)) {
		dot = strchr(at, '.');
		if (!dot || !strchr(dot + 1, '.'))
			break;
		at = dot + 1;
	}
}

void
dmarc_release(struct dmarc *dmarc)
{
	free(dmarc->record);
	*dmarc = (struct dmarc){0};
}
