#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "core/mailauth.h"
#include "zone_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Made for this test; nobody has the other halves. */
#define RSA_512                                                            \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANh4LYXtC4naNyzMJ6ELxpyEjS+pTcKN" \
	"YTAm9Nzd/yWRa8ghXnvrwAwGd7FLL7iBgBY58Ag9hT6pqPR+zY2wfBcCAwEAAQ=="
#define RSA_1024                                                           \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9ot/RUfA3eWYOkoPvE6GGtWLi" \
	"iZFTeTF+6NxnqAfKaospnmNRh+5D4gIgDTJ7pwH3lqYZp1sbUHNZpkD0uB5PEFq9" \
	"6i8bZ95AyXKkW5Q6yITUHPpP1O4Grt6Lk6zrk2HrAt8m5sLcPpk6Uib1IL6pNta2" \
	"uFWEIyX3goQ9oZLzlQIDAQAB"
#define RSA_2048                                                           \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxK/aCBiVKTsMzBz1t9O1" \
	"MQlM+3GsjvM78/FZDfRu9V7USBDEA+Ga14ZJsCa/sM5ypz8f7lXOL2esFASmskeN" \
	"McyHYb2HyUbqx++nIFHVZzTVoOZnzBc/lEzZTA083M3C11k3ePkhimOdIyvkAZn6" \
	"T2wrMPqXiPgqcrmQOrWWwpxc81TFyvyry30uWSK++emHGW95VnJnTbmdUyiYVx9g" \
	"jIlmBgykaXwMkSk7xjnzMVXldKt3AOo1WYyPq9IWjpTs171TizztmVN2pW9La8HY" \
	"8xeOl3qTX6tPrYzU8bY6Bizqx7OCvWv76U5CTsztvKQA4lqLbzKrpwtBYVr0+nql" \
	"UQIDAQAB"
/* Without the wrapping, PKCS #1. */
#define RSA_BARE                                                           \
	"MIGJAoGBAMaMXj+JG8F1rmfAHagnWQ7mhmbMiWLjfjCdNcc8flssNpeGWG3Ma4Ux" \
	"DfisCVawPnRij+vkTMf4V1+t00SM3feSdiVtWcoBGXkaNOMOlj9NmkOR+223WWGu" \
	"ZqZGBtnc5NV+ZsVEFMAUuNK2LgY1fJsSIspTF54h3vRsBhy8/ZGjAgMBAAE="
#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct {
	const char *record;
	enum mailauth_found found;
	int bits;
	bool testing;
} keys[] = {
	{"v=DKIM1; k=rsa; p=" RSA_2048, MAILAUTH_GOOD, 2048, false},
	{"v=DKIM1;p=" RSA_1024, MAILAUTH_GOOD, 1024, false},
	{"p=" RSA_2048, MAILAUTH_GOOD, 2048, false},
	{" p = " RSA_2048 " ; ", MAILAUTH_GOOD, 2048, false},
	{"v=DKIM1; p=" RSA_BARE, MAILAUTH_GOOD, 1024, false},
	{"v=DKIM1; n=a note; x=y; p=MIGf MA0G\tCSqG" RSA_1024, MAILAUTH_WRONG,
		0, false},
	{"v=DKIM1; t=y; p=" RSA_2048, MAILAUTH_GOOD, 2048, true},
	{"v=DKIM1; t=s:y; p=" RSA_2048, MAILAUTH_GOOD, 2048, true},
	{"v=DKIM1; t=s; p=" RSA_2048, MAILAUTH_GOOD, 2048, false},
	{"v=DKIM1; h=sha1:sha256; p=" RSA_2048, MAILAUTH_GOOD, 2048, false},
	{"v=DKIM1; h=sha1; p=" RSA_2048, MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; s=email; p=" RSA_2048, MAILAUTH_GOOD, 2048, false},
	{"v=DKIM1; s=tlsrpt; p=" RSA_2048, MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; k=ed25519; p=" ED25519, MAILAUTH_GOOD, 0, false},
	{"v=DKIM1; k=ed25519; p=" RSA_1024, MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; k=rsa; p=" ED25519, MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; k=dsa; p=" RSA_1024, MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; p=" RSA_512, MAILAUTH_WRONG, 512, false},
	{"v=DKIM1; p=", MAILAUTH_WRONG, 0, false},
	{"v=DKIM1", MAILAUTH_WRONG, 0, false},
	{"v=DKIM2; p=" RSA_2048, MAILAUTH_WRONG, 0, false},
	{"p=" RSA_2048 "; v=DKIM1", MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; p=AAAA", MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; p=====", MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; p=!!!!", MAILAUTH_WRONG, 0, false},
	{"v=DKIM1; p=\377\033[2J", MAILAUTH_WRONG, 0, false},
	{"v=spf1 -all", MAILAUTH_WRONG, 0, false},
	{"hello", MAILAUTH_WRONG, 0, false},
	{"", MAILAUTH_WRONG, 0, false},
	{";;;", MAILAUTH_WRONG, 0, false},
};

static void
check_dkim(const struct zone_record *records, struct dkim *out)
{
	struct zone zone = {records, 0};
	const struct resolver resolver = zone_resolver(&zone);

	dkim_check("mail2024", "example.org", &resolver, out);
}

static void
test_dkim_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const struct zone_record records[] = {
			{"mail2024._domainkey.example.org", LOOKUP_TXT,
				keys[i].record, 0},
			{NULL, 0, NULL, 0},
		};
		struct dkim dkim;

		check_dkim(records, &dkim);
		if (dkim.found != keys[i].found || dkim.bits != keys[i].bits ||
			dkim.testing != keys[i].testing)
			fail_msg("%s: %d, %d bits (%s)", keys[i].record,
				dkim.found, dkim.bits, dkim.why);
		assert_int_equal(
			*dkim.why != '\0', dkim.found == MAILAUTH_WRONG);
		assert_string_equal(dkim.record, keys[i].record);
		dkim_release(&dkim);
	}
}

static void
test_dkim_missing_or_unknown(void **state)
{
	static const struct zone_record none[] = {{NULL, 0, NULL, 0}};
	static const struct zone_record silent[] = {
		{"mail2024._domainkey.example.org", LOOKUP_TXT, NULL, 0},
		{NULL, 0, NULL, 0}};
	static const struct zone_record two[] = {
		{"mail2024._domainkey.example.org", LOOKUP_TXT, "p=" RSA_2048,
			0},
		{"mail2024._domainkey.example.org", LOOKUP_TXT, "p=" RSA_1024,
			0},
		{NULL, 0, NULL, 0}};
	struct dkim dkim;

	(void)state;
	check_dkim(none, &dkim);
	assert_int_equal(dkim.found, MAILAUTH_MISSING);
	check_dkim(silent, &dkim);
	assert_int_equal(dkim.found, MAILAUTH_UNKNOWN);
	assert_string_equal(dkim.why, "it is silent");
	check_dkim(two, &dkim);
	assert_int_equal(dkim.found, MAILAUTH_WRONG);
	dkim_release(&dkim);
}

static const struct {
	const char *record;
	enum mailauth_found found;
	enum dmarc_policy policy, below; /* of the domain, and one below it */
} policies[] = {
	{"v=DMARC1; p=none", MAILAUTH_GOOD, DMARC_NONE, DMARC_NONE},
	{"v=DMARC1; p=quarantine", MAILAUTH_GOOD, DMARC_QUARANTINE,
		DMARC_QUARANTINE},
	{"v=DMARC1;p=reject;", MAILAUTH_GOOD, DMARC_REJECT, DMARC_REJECT},
	{"v=DMARC1 ; p = REJECT ; ;", MAILAUTH_GOOD, DMARC_REJECT,
		DMARC_REJECT},
	{"v=DMARC1; p=none; sp=reject", MAILAUTH_GOOD, DMARC_NONE,
		DMARC_REJECT},
	{"v=DMARC1; p=reject; sp=none", MAILAUTH_GOOD, DMARC_REJECT,
		DMARC_NONE},
	{"v=DMARC1; p=reject; sp=what", MAILAUTH_GOOD, DMARC_REJECT,
		DMARC_REJECT},
	{"v=DMARC1; pct=50; rubbish; p=reject", MAILAUTH_GOOD, DMARC_REJECT,
		DMARC_REJECT},
	{"v=DMARC1; p=what; rua=mailto:a@example.org", MAILAUTH_GOOD,
		DMARC_NONE, DMARC_NONE},
	{"v=DMARC1; rua=mailto:a@example.org", MAILAUTH_GOOD, DMARC_NONE,
		DMARC_NONE},
	{"v=DMARC1; p=what", MAILAUTH_WRONG, 0, 0},
	{"v=DMARC1", MAILAUTH_WRONG, 0, 0},
	{"v=DMARC1;", MAILAUTH_WRONG, 0, 0},
	{"v=DMARC1; rua=", MAILAUTH_WRONG, 0, 0},
	{"v=DMARC1; \033]0;x\007", MAILAUTH_WRONG, 0, 0},
	{"v=DMARC10; p=reject", MAILAUTH_MISSING, 0, 0},
	{"v=dmarc1; p=reject", MAILAUTH_MISSING, 0, 0},
	{"V=DMARC1; p=reject", MAILAUTH_MISSING, 0, 0},
	{"p=reject; v=DMARC1", MAILAUTH_MISSING, 0, 0},
	{"v=spf1 -all", MAILAUTH_MISSING, 0, 0},
	{"", MAILAUTH_MISSING, 0, 0},
};

static void
check_dmarc(const struct zone_record *records, const char *domain,
	struct dmarc *out)
{
	struct zone zone = {records, 0};
	const struct resolver resolver = zone_resolver(&zone);

	dmarc_check(domain, &resolver, out);
	assert_true(zone.questions <= 4);
}

static void
test_dmarc_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(policies); i++) {
		const struct zone_record records[] = {
			{"_dmarc.example.org", LOOKUP_TXT, policies[i].record,
				0},
			{NULL, 0, NULL, 0},
		};
		struct dmarc at, below;

		check_dmarc(records, "example.org", &at);
		check_dmarc(records, "www.news.example.org", &below);
		if (at.found != policies[i].found ||
			below.found != policies[i].found)
			fail_msg("%s: %d, below %d", policies[i].record,
				at.found, below.found);
		if (at.found == MAILAUTH_GOOD) {
			assert_int_equal(at.policy, policies[i].policy);
			assert_int_equal(below.policy, policies[i].below);
			assert_string_equal(below.domain, "example.org");
		}
		dmarc_release(&at);
		dmarc_release(&below);
	}
}

static void
test_dmarc_alignment(void **state)
{
	static const struct zone_record records[] = {
		{"_dmarc.example.org", LOOKUP_TXT,
			"v=DMARC1; p=none; adkim=s; aspf=r", 0},
		{NULL, 0, NULL, 0}};
	struct dmarc dmarc;

	(void)state;
	check_dmarc(records, "example.org", &dmarc);
	assert_true(dmarc.strict_dkim && !dmarc.strict_spf && !dmarc.reports);
	dmarc_release(&dmarc);
}

static void
test_dmarc_search(void **state)
{
	static const struct zone_record nearest[] = {
		{"_dmarc.news.example.org", LOOKUP_TXT, "v=DMARC1; p=none", 0},
		{"_dmarc.example.org", LOOKUP_TXT, "v=DMARC1; p=reject", 0},
		{NULL, 0, NULL, 0}};
	static const struct zone_record two[] = {
		{"_dmarc.example.org", LOOKUP_TXT, "v=DMARC1; p=none", 0},
		{"_dmarc.example.org", LOOKUP_TXT, "v=DMARC1; p=reject", 0},
		{NULL, 0, NULL, 0}};
	static const struct zone_record silent[] = {
		{"_dmarc.news.example.org", LOOKUP_TXT, NULL, 0},
		{"_dmarc.example.org", LOOKUP_TXT, "v=DMARC1; p=reject", 0},
		{NULL, 0, NULL, 0}};
	/* Nobody asks the whole top level. */
	static const struct zone_record top[] = {
		{"_dmarc.org", LOOKUP_TXT, "v=DMARC1; p=reject", 0},
		{NULL, 0, NULL, 0}};
	struct dmarc dmarc;

	(void)state;
	check_dmarc(nearest, "a.news.example.org", &dmarc);
	assert_string_equal(dmarc.domain, "news.example.org");
	assert_int_equal(dmarc.policy, DMARC_NONE);
	dmarc_release(&dmarc);
	check_dmarc(two, "example.org", &dmarc);
	assert_int_equal(dmarc.found, MAILAUTH_WRONG);
	dmarc_release(&dmarc);
	check_dmarc(silent, "news.example.org", &dmarc);
	assert_int_equal(dmarc.found, MAILAUTH_UNKNOWN);
	dmarc_release(&dmarc);
	check_dmarc(top, "news.example.org", &dmarc);
	assert_int_equal(dmarc.found, MAILAUTH_MISSING);
	dmarc_release(&dmarc);
}

/* Verdicts */

#define G MAILAUTH_GOOD
#define M MAILAUTH_MISSING
#define U MAILAUTH_UNKNOWN
#define W MAILAUTH_WRONG

static const struct {
	enum spf_result spf;
	bool server;
	enum mailauth_found dkim, dmarc;
	enum dmarc_policy policy;
	enum mailauth_fate fate, bulk;
	const char *word; /* in what is said */
} verdicts[] = {
	{SPF_PASS, true, G, G, DMARC_NONE, MAILAUTH_ACCEPTED, MAILAUTH_ACCEPTED,
		"accepted"},
	{SPF_PASS, true, G, M, 0, MAILAUTH_ACCEPTED, MAILAUTH_REFUSED,
		"accepted"},
	{SPF_PASS, true, U, G, DMARC_REJECT, MAILAUTH_ACCEPTED,
		MAILAUTH_UNCERTAIN, "accepted"},
	{SPF_PASS, true, M, G, DMARC_REJECT, MAILAUTH_ACCEPTED,
		MAILAUTH_REFUSED, "accepted"},
	{SPF_NONE, true, G, G, DMARC_REJECT, MAILAUTH_ACCEPTED,
		MAILAUTH_REFUSED, "if the server signs"},
	{SPF_FAIL, true, G, G, DMARC_REJECT, MAILAUTH_ACCEPTED,
		MAILAUTH_UNCERTAIN, "if the server signs"},
	{SPF_NONE, true, M, M, 0, MAILAUTH_REFUSED, MAILAUTH_REFUSED,
		"refused"},
	{SPF_PERMERROR, true, W, G, DMARC_NONE, MAILAUTH_REFUSED,
		MAILAUTH_REFUSED, "refused"},
	{SPF_NONE, false, M, U, 0, MAILAUTH_REFUSED, MAILAUTH_REFUSED,
		"refused"},
	{SPF_NONE, true, U, M, 0, MAILAUTH_UNCERTAIN, MAILAUTH_REFUSED,
		"unless the server signs"},
	/* The server that we know is not the one that sends, perhaps. */
	{SPF_FAIL, true, M, G, DMARC_REJECT, MAILAUTH_UNCERTAIN,
		MAILAUTH_REFUSED, "refused or land in spam, unless"},
	{SPF_SOFTFAIL, true, W, G, DMARC_QUARANTINE, MAILAUTH_UNCERTAIN,
		MAILAUTH_REFUSED, "refused or land in spam, unless"},
	{SPF_NEUTRAL, true, M, G, DMARC_NONE, MAILAUTH_UNCERTAIN,
		MAILAUTH_REFUSED, "probably land in spam, unless"},
	{SPF_FAIL, true, M, M, 0, MAILAUTH_UNCERTAIN, MAILAUTH_REFUSED,
		"probably land in spam, unless"},
	/* Nothing is said of what nobody knows. */
	{SPF_FAIL, true, U, G, DMARC_REJECT, MAILAUTH_UNCERTAIN,
		MAILAUTH_UNCERTAIN, "cannot be said"},
	{SPF_FAIL, false, M, G, DMARC_REJECT, MAILAUTH_UNCERTAIN,
		MAILAUTH_REFUSED, "cannot be said"},
	{SPF_PASS, false, U, G, DMARC_REJECT, MAILAUTH_UNCERTAIN,
		MAILAUTH_UNCERTAIN, "cannot be said"},
	{SPF_TEMPERROR, true, U, U, 0, MAILAUTH_UNCERTAIN, MAILAUTH_UNCERTAIN,
		"cannot be said"},
	{SPF_TEMPERROR, true, M, U, 0, MAILAUTH_UNCERTAIN, MAILAUTH_REFUSED,
		"cannot be said"},
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		const struct mailauth facts = {
			.domain = "example.org",
			.spf.result = verdicts[i].spf,
			.spf_server = verdicts[i].server,
			.dkim.found = verdicts[i].dkim,
			.dmarc.found = verdicts[i].dmarc,
			.dmarc.policy = verdicts[i].policy,
		};
		struct mailauth_verdict one, bulk;

		mailauth_judge(&facts, &one);
		mailauth_judge_bulk(&facts, &bulk);
		if (one.fate != verdicts[i].fate ||
			bulk.fate != verdicts[i].bulk ||
			!strstr(one.what, verdicts[i].word) || !*one.why)
			fail_msg("row %zu: %d %d %s: %s", i, one.fate,
				bulk.fate, one.what, one.why);
	}
}

static void
test_bulk_names_what_is_missing(void **state)
{
	const struct mailauth facts = {.domain = "example.org",
		.spf.result = SPF_SOFTFAIL,
		.spf_server = true,
		.dkim.found = M,
		.dmarc.found = W};
	struct mailauth_verdict bulk;

	(void)state;
	mailauth_judge_bulk(&facts, &bulk);
	assert_non_null(strstr(bulk.why, "missing: DKIM, DMARC;"));
	assert_non_null(strstr(bulk.why, "not seen from here: SPF"));
}

/* Whom nobody can answer is not believed, whatever else is there. */
static void
test_verdict_without_mailbox(void **state)
{
	static const enum mailauth_mailbox none[] = {
		MAILAUTH_NO_SERVER, MAILAUTH_NULL_MX, MAILAUTH_NO_DOMAIN};

	(void)state;
	for (size_t i = 0; i < COUNT(none); i++) {
		const struct mailauth facts = {.domain = "example.org",
			.mailbox = none[i],
			.spf.result = SPF_PASS,
			.spf_server = true,
			.dkim.found = G,
			.dmarc.found = G};
		struct mailauth_verdict verdict;

		mailauth_judge(&facts, &verdict);
		assert_int_equal(verdict.fate, MAILAUTH_REFUSED);
		mailauth_judge_bulk(&facts, &verdict);
		assert_int_equal(verdict.fate, MAILAUTH_REFUSED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dkim_records),
		cmocka_unit_test(test_dkim_missing_or_unknown),
		cmocka_unit_test(test_dmarc_records),
		cmocka_unit_test(test_dmarc_alignment),
		cmocka_unit_test(test_dmarc_search),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_bulk_names_what_is_missing),
		cmocka_unit_test(test_verdict_without_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
