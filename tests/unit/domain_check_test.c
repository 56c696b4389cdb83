#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "app/domain_check.h"
#include "zone_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct address from = {"press", "example.org"};

static const struct finding *
find(const struct findings *findings, const char *what)
{
	for (size_t i = 0; i < findings->count; i++)
		if (strcmp(findings->items[i].what, what) == 0)
			return &findings->items[i];
	fail_msg("nothing is said of %s", what);
	return NULL;
}

static void
check(const struct findings *findings, const char *what,
	enum finding_verdict verdict, const char *words)
{
	const struct finding *f = find(findings, what);

	if (f->verdict != verdict || !strstr(f->value, words))
		fail_msg("%s: %s: %s", what, finding_verdict_name(f->verdict),
			f->value);
}

static void
look(const struct zone_record *records, const char *server,
	struct findings *out)
{
	struct zone zone = {records, 0};
	const struct resolver resolver = zone_resolver(&zone);
	const struct domain_question question = {
		.from = &from,
		.helo = "example.org",
		.server = server,
		.selector = "s1",
		.account = "main",
	};

	*out = (struct findings){.account = "main", .about = "example.org"};
	domain_check(&question, &resolver, out);
}

#define MAIL                                                  \
	{"example.org", LOOKUP_MX, "mx1.example.org", 0},     \
	{                                                     \
		"mx1.example.org", LOOKUP_A, "203.0.113.7", 0 \
	}
#define SPF(record)                                  \
	{                                            \
		"example.org", LOOKUP_TXT, record, 0 \
	}
#define DKIM                                                            \
	{                                                               \
		"s1._domainkey.example.org", LOOKUP_TXT,                \
			"k=ed25519; p="                                 \
			"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", \
			0                                               \
	}
#define DMARC                                                             \
	{                                                                 \
		"_dmarc.example.org", LOOKUP_TXT, "v=DMARC1; p=reject", 0 \
	}
#define END                      \
	{                        \
		NULL, 0, NULL, 0 \
	}

static void
test_server_in_spf(void **state)
{
	static const struct zone_record records[] = {
		MAIL, SPF("v=spf1 mx -all"), DKIM, DMARC, END};
	struct findings seen;

	(void)state;
	look(records, "203.0.113.7", &seen);
	check(&seen, "answers", FINDING_OK, "arrive at mx1.example.org");
	check(&seen, "SPF", FINDING_OK, "names 203.0.113.7, by mx");
	check(&seen, "DKIM", FINDING_OK, "Ed25519");
	check(&seen, "DMARC", FINDING_OK, "refused");
	check(&seen, "verdict", FINDING_OK, "probably be accepted: ");
	check(&seen, "over 5,000 a day", FINDING_OK, "accepted");
	findings_release(&seen);
}

static void
test_server_not_in_spf(void **state)
{
	static const struct zone_record records[] = {
		MAIL, SPF("v=spf1 mx -all"), DMARC, END};
	struct findings seen;

	(void)state;
	look(records, "203.0.113.8", &seen);
	/* The provider may send from elsewhere: that is no fault. */
	check(&seen, "SPF", FINDING_WARNING, "does not name 203.0.113.8");
	check(&seen, "SPF", FINDING_WARNING, "(fail, by -all)");
	assert_non_null(strstr(find(&seen, "SPF")->hint, "other addresses"));
	check(&seen, "DKIM", FINDING_WARNING, "no key");
	check(&seen, "verdict", FINDING_WARNING, "refused or land in spam");
	findings_release(&seen);
}

static void
test_server_is_not_known(void **state)
{
	static const struct zone_record records[] = {MAIL,
		SPF("v=spf1 ip4:127.0.0.0/8 ip4:10.0.0.0/8 -all"), DKIM, DMARC,
		END};
	static const char *const servers[] = {"127.0.0.1", "10.0.0.1", ""};

	(void)state;
	for (size_t i = 0; i < COUNT(servers); i++) {
		struct findings seen;

		look(records, servers[i], &seen);
		check(&seen, "SPF", FINDING_OK, "is not known here");
		check(&seen, "over 5,000 a day", FINDING_WARNING,
			"cannot be said");
		findings_release(&seen);
	}
}

static void
test_spf_for_all(void **state)
{
	static const struct zone_record records[] = {
		MAIL, SPF("v=spf1 +all"), END};
	struct findings seen;

	(void)state;
	look(records, "203.0.113.8", &seen);
	check(&seen, "SPF", FINDING_WARNING, "every server in the world");
	findings_release(&seen);
}

static void
test_no_mail_server(void **state)
{
	static const struct zone_record address[] = {
		{"example.org", LOOKUP_AAAA, "2001:db8::1", 0}, END};
	static const struct zone_record null_mx[] = {
		{"example.org", LOOKUP_MX, "", 0}, END};
	static const struct zone_record nothing[] = {
		{"example.org", LOOKUP_TXT, "hello", 0}, END};
	static const struct zone_record silent[] = {
		{"example.org", LOOKUP_A, NULL, 0}, END};
	struct findings seen;

	(void)state;
	look(address, "", &seen);
	check(&seen, "answers", FINDING_OK, "example.org itself");
	findings_release(&seen);
	look(null_mx, "", &seen);
	check(&seen, "answers", FINDING_FAULT, "takes no mail");
	findings_release(&seen);
	look(nothing, "", &seen);
	check(&seen, "answers", FINDING_FAULT, "no mail server (MX)");
	findings_release(&seen);
	look(silent, "", &seen);
	check(&seen, "answers", FINDING_WARNING, "it is silent");
	findings_release(&seen);
}

static void
test_reverse_names(void **state)
{
	static const struct zone_record records[] = {
		{"7.113.0.203.in-addr.arpa", LOOKUP_PTR, "other.example", 0},
		{"7.113.0.203.in-addr.arpa", LOOKUP_PTR, "mx.example.org", 0},
		{"mx.example.org", LOOKUP_A, "203.0.113.7", 0},
		{"8.113.0.203.in-addr.arpa", LOOKUP_PTR, "mx.example.org", 0},
		{"9.113.0.203.in-addr.arpa", LOOKUP_PTR, NULL, 0},
		{"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1."
		 "0.0.2.ip6.arpa",
			LOOKUP_PTR, "six.example.org", 0},
		{"six.example.org", LOOKUP_AAAA, "2001:db8::1", 0}, END};
	static const struct {
		const char *address;
		enum finding_verdict verdict;
		const char *words;
	} cases[] = {
		{"203.0.113.7", FINDING_OK, "mx.example.org, and the other"},
		{"203.0.113.8", FINDING_WARNING, "not seen to lead back"},
		{"203.0.113.9", FINDING_WARNING, "could not be looked up"},
		{"203.0.113.10", FINDING_WARNING, "has none"},
		{"2001:db8::1", FINDING_OK, "six.example.org"},
		{"192.168.1.1", FINDING_OK, "not looked up"},
	};
	struct zone zone = {records, 0};
	const struct resolver resolver = zone_resolver(&zone);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct findings seen = {.account = "a", .about = "b"};

		domain_check_reverse(cases[i].address, &resolver, &seen);
		check(&seen, "reverse name", cases[i].verdict, cases[i].words);
		findings_release(&seen);
	}
}

/* Whoever wrote them, records are shown as printable ASCII, and not for
 * ever. */
static void
test_findings_are_printable(void **state)
{
	struct findings seen = {.account = "a", .about = "b"};
	char long_text[4000];

	(void)state;
	memset(long_text, '\033', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	findings_add(&seen, FINDING_OK, "x", "%s", long_text);
	findings_hint(&seen, "%s", "a\x9b\n\r\t\177b\302\205");
	findings_record(&seen, long_text);
	assert_string_equal(seen.items[0].hint, "a?????b??");
	assert_int_equal(strlen(seen.items[0].value), 1000);
	assert_string_equal(seen.items[0].value + 997, "...");
	assert_int_equal(strlen(seen.items[0].record), 1000);
	findings_release(&seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_server_in_spf),
		cmocka_unit_test(test_server_not_in_spf),
		cmocka_unit_test(test_server_is_not_known),
		cmocka_unit_test(test_spf_for_all),
		cmocka_unit_test(test_no_mail_server),
		cmocka_unit_test(test_reverse_names),
		cmocka_unit_test(test_findings_are_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
