#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/spf.h"
#include "zone_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Checks one record, of example.org, in a zone of a few helpers. */

#define HELPERS                                                              \
	{"mail.example.org", LOOKUP_A, "203.0.113.7", 0},                    \
		{"mail.example.org", LOOKUP_AAAA, "2001:db8::7", 0},         \
		{"example.org", LOOKUP_A, "203.0.113.1", 0},                 \
		{"example.org", LOOKUP_MX, "mail.example.org", 0},           \
		{"pass.example", LOOKUP_TXT, "v=spf1 +all", 0},              \
		{"fail.example", LOOKUP_TXT, "v=spf1 -all", 0},              \
		{"soft.example", LOOKUP_TXT, "v=spf1 ~all", 0},              \
		{"wrong.example", LOOKUP_TXT, "v=spf1 bogus", 0},            \
		{"silent.example", LOOKUP_TXT, NULL, 0},                     \
		{"silent.example", LOOKUP_A, NULL, 0},                       \
		{"plain.example", LOOKUP_TXT, "hello", 0},                   \
		{"loop.example", LOOKUP_TXT,                                 \
			"v=spf1 include:loop.example -all", 0},              \
		{"ring.example", LOOKUP_TXT, "v=spf1 redirect=ring.example", \
			0},                                                  \
		{"7.113.0.203.in-addr.arpa", LOOKUP_PTR, "mail.example.org", \
			0},                                                  \
	{                                                                    \
		"7.113.0.203.spf.example", LOOKUP_A, "127.0.0.2", 0          \
	}

static void
check_zone(
	const struct zone_record *records, const char *address, struct spf *out)
{
	struct zone zone = {records, 0};
	const struct resolver resolver = zone_resolver(&zone);
	const struct spf_query query = {
		.domain = "example.org",
		.local = "strong-bad",
		.helo = "helo.example.org",
		.address = address,
	};

	spf_check(&query, &resolver, out);
	/* Whatever a record says, it costs little (RFC 7208 4.6.4). */
	assert_true(zone.questions <= 1 + 10 * 11);
}

static void
check(const char *record, const char *address, struct spf *out)
{
	const struct zone_record records[] = {
		{"example.org", LOOKUP_TXT, record, 0},
		HELPERS,
		{NULL, 0, NULL, 0},
	};

	check_zone(records, address, out);
}

static const struct {
	const char *record;
	const char *address; /* NULL: 203.0.113.7 */
	enum spf_result result;
} cases[] = {
	/* what is no record */
	{"v=spf10 +all", NULL, SPF_NONE},
	{"v=spf", NULL, SPF_NONE},
	{" v=spf1 +all", NULL, SPF_NONE},
	{"hello", NULL, SPF_NONE},
	{"", NULL, SPF_NONE},
	/* all, and nothing */
	{"v=spf1", NULL, SPF_NEUTRAL},
	{"v=spf1 ", NULL, SPF_NEUTRAL},
	{"V=SPF1 -ALL", NULL, SPF_FAIL},
	{"v=spf1 all", NULL, SPF_PASS},
	{"v=spf1 ~all", NULL, SPF_SOFTFAIL},
	{"v=spf1 ?all", NULL, SPF_NEUTRAL},
	{"v=spf1  -all  ", NULL, SPF_FAIL},
	{"v=spf1 -all +all", NULL, SPF_FAIL},
	{"v=spf1 all:example.org", NULL, SPF_PERMERROR},
	{"v=spf1 all/8", NULL, SPF_PERMERROR},
	/* networks */
	{"v=spf1 ip4:203.0.113.7 -all", NULL, SPF_PASS},
	{"v=spf1 ip4:203.0.113.6 -all", NULL, SPF_FAIL},
	{"v=spf1 ip4:203.0.113.0/24 -all", NULL, SPF_PASS},
	{"v=spf1 ip4:203.0.113.8/29 -all", NULL, SPF_FAIL},
	{"v=spf1 ip4:0.0.0.0/0 -all", NULL, SPF_PASS},
	{"v=spf1 ip4:203.0.113.7/33 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4:203.0.113.7/032 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4:203.0.113.7/ -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4:203.0.113 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4:2001:db8::7 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip4: -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip6:203.0.113.7 -all", NULL, SPF_PERMERROR},
	{"v=spf1 ip6:2001:db8::/32 -all", NULL, SPF_FAIL},
	{"v=spf1 ip6:2001:db8::/32 -all", "2001:db8::9", SPF_PASS},
	{"v=spf1 ip6:2001:db8::/129 -all", "2001:db8::9", SPF_PERMERROR},
	{"v=spf1 ip6:::ffff:203.0.113.0/120 -all", NULL, SPF_PASS},
	{"v=spf1 ip4:203.0.113.7 -all", "::ffff:203.0.113.7", SPF_PASS},
	{"v=spf1 ip4:203.0.113.7 -all", "2001:db8::7", SPF_FAIL},
	/* hosts */
	{"v=spf1 a -all", NULL, SPF_FAIL},
	{"v=spf1 a -all", "203.0.113.1", SPF_PASS},
	{"v=spf1 a/24 -all", NULL, SPF_PASS},
	{"v=spf1 a//64 -all", NULL, SPF_FAIL},
	{"v=spf1 a:mail.example.org -all", NULL, SPF_PASS},
	{"v=spf1 a:mail.example.org. -all", NULL, SPF_PASS},
	{"v=spf1 a:mail.example.org -all", "2001:db8::7", SPF_PASS},
	{"v=spf1 a:mail.example.org/32//127 -all", "2001:db8::6", SPF_PASS},
	{"v=spf1 a:mail.example.org//129 -all", NULL, SPF_PERMERROR},
	{"v=spf1 a:localhost -all", NULL, SPF_PERMERROR},
	{"v=spf1 a:example.123 -all", NULL, SPF_PERMERROR},
	{"v=spf1 a: -all", NULL, SPF_PERMERROR},
	{"v=spf1 a:silent.example -all", NULL, SPF_TEMPERROR},
	{"v=spf1 mx -all", NULL, SPF_PASS},
	{"v=spf1 mx:example.org/30 -all", "203.0.113.5", SPF_PASS},
	{"v=spf1 -mx ~all", NULL, SPF_FAIL},
	{"v=spf1 ptr -all", NULL, SPF_PASS},
	{"v=spf1 ptr:other.example -all", NULL, SPF_FAIL},
	{"v=spf1 ptr:ample.org -all", NULL, SPF_FAIL},
	{"v=spf1 ptr/24 -all", NULL, SPF_PERMERROR},
	/* exists and macros */
	{"v=spf1 exists:%{ir}.spf.example -all", NULL, SPF_PASS},
	{"v=spf1 exists:%{ir}.spf.example -all", "203.0.113.8", SPF_FAIL},
	{"v=spf1 exists:%{z}.spf.example -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:%{i0}.spf.example -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:%{i.spf.example -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:%i.spf.example -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:% -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:%{ -all", NULL, SPF_PERMERROR},
	{"v=spf1 exists:%{ir}%_.spf.example -all", NULL, SPF_FAIL},
	{"v=spf1 exists -all", NULL, SPF_PERMERROR},
	/* include */
	{"v=spf1 include:pass.example -all", NULL, SPF_PASS},
	{"v=spf1 ?include:pass.example -all", NULL, SPF_NEUTRAL},
	{"v=spf1 include:fail.example ~all", NULL, SPF_SOFTFAIL},
	{"v=spf1 include:soft.example -all", NULL, SPF_FAIL},
	{"v=spf1 include:wrong.example +all", NULL, SPF_PERMERROR},
	{"v=spf1 include:plain.example +all", NULL, SPF_PERMERROR},
	{"v=spf1 include:missing.example +all", NULL, SPF_PERMERROR},
	{"v=spf1 include:silent.example +all", NULL, SPF_TEMPERROR},
	{"v=spf1 include:loop.example +all", NULL, SPF_PERMERROR},
	{"v=spf1 include:example.org +all", NULL, SPF_PERMERROR},
	{"v=spf1 include +all", NULL, SPF_PERMERROR},
	{"v=spf1 include:%{d} +all", NULL, SPF_PERMERROR},
	/* redirect and other modifiers */
	{"v=spf1 redirect=fail.example", NULL, SPF_FAIL},
	{"v=spf1 redirect=pass.example ip4:203.0.113.9", NULL, SPF_PASS},
	{"v=spf1 redirect=pass.example -all", NULL, SPF_FAIL},
	{"v=spf1 redirect=missing.example", NULL, SPF_PERMERROR},
	{"v=spf1 redirect=ring.example", NULL, SPF_PERMERROR},
	{"v=spf1 redirect=fail.example redirect=fail.example", NULL,
		SPF_PERMERROR},
	{"v=spf1 redirect= -all", NULL, SPF_PERMERROR},
	{"v=spf1 exp=why.example.org -all", NULL, SPF_FAIL},
	{"v=spf1 exp=a.example.org exp=b.example.org -all", NULL,
		SPF_PERMERROR},
	{"v=spf1 moo=x.%{d} -all", NULL, SPF_FAIL},
	{"v=spf1 m-_.1=x -all", NULL, SPF_FAIL},
	{"v=spf1 1moo=x -all", NULL, SPF_PERMERROR},
	{"v=spf1 =x -all", NULL, SPF_PERMERROR},
	{"v=spf1 moo=%{ -all", NULL, SPF_PERMERROR},
	/* syntax counts behind the match too */
	{"v=spf1 +all bogus", NULL, SPF_PERMERROR},
	{"v=spf1 ipv4:203.0.113.7 -all", NULL, SPF_PERMERROR},
	{"v=spf1 --all", NULL, SPF_PERMERROR},
	{"v=spf1 -", NULL, SPF_PERMERROR},
	{"v=spf1 :", NULL, SPF_PERMERROR},
	{"v=spf1 -all\tmx", NULL, SPF_PERMERROR},
	{"v=spf1 a:m\303\274ll.example -all", NULL, SPF_PERMERROR},
	{"v=spf1 \033[2J -all", NULL, SPF_PERMERROR},
	/* what is not there may be asked for twice */
	{"v=spf1 a:x.example a:y.example -all", NULL, SPF_FAIL},
	{"v=spf1 a:x.example a:y.example a:z.example -all", NULL,
		SPF_PERMERROR},
	/* ten questions, and no more */
	{"v=spf1 a a a a a a a a a a -all", NULL, SPF_FAIL},
	{"v=spf1 a a a a a a a a a a a -all", NULL, SPF_PERMERROR},
	{"v=spf1 a a a a a a a a a redirect=fail.example", NULL, SPF_FAIL},
	{"v=spf1 a a a a a a a a a a redirect=fail.example", NULL,
		SPF_PERMERROR},
	/* a match ends the counting */
	{"v=spf1 ip4:203.0.113.7 a a a a a a a a a a a -all", NULL, SPF_PASS},
};

static void
test_results(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *address = cases[i].address;
		struct spf spf;

		check(cases[i].record, address ? address : "203.0.113.7", &spf);
		if (spf.result != cases[i].result)
			fail_msg("%s: %s, not %s (%s)", cases[i].record,
				spf_result_name(spf.result),
				spf_result_name(cases[i].result), spf.why);
		/* What nobody could say or read is explained. */
		assert_int_equal(
			*spf.why != '\0', spf.result == SPF_PERMERROR ||
						  spf.result == SPF_TEMPERROR);
		spf_release(&spf);
	}
}

static void
test_what_decided(void **state)
{
	struct spf spf;

	(void)state;
	check("v=spf1 a:x.example include:pass.example -all", "203.0.113.7",
		&spf);
	assert_string_equal(spf.matched, "include:pass.example");
	assert_string_equal(
		spf.record, "v=spf1 a:x.example include:pass.example -all");
	assert_int_equal(spf.lookups, 2);
	spf_release(&spf);
	check("v=spf1 redirect=fail.example", "203.0.113.7", &spf);
	assert_string_equal(spf.matched, "redirect=fail.example");
	spf_release(&spf);
	check("v=spf1", "203.0.113.7", &spf);
	assert_null(spf.matched);
	spf_release(&spf);
}

static void
test_unknown_address(void **state)
{
	struct spf spf;

	(void)state;
	check("v=spf1 ip4:203.0.113.0/24 mx ~all", NULL, &spf);
	assert_int_equal(spf.result, SPF_SOFTFAIL);
	spf_release(&spf);
}

static void
test_no_record_or_several(void **state)
{
	static const struct zone_record none[] = {
		{"example.org", LOOKUP_A, "203.0.113.1", 0},
		{NULL, 0, NULL, 0},
	};
	static const struct zone_record nothing[] = {{NULL, 0, NULL, 0}};
	static const struct zone_record silent[] = {
		{"example.org", LOOKUP_TXT, NULL, 0},
		{NULL, 0, NULL, 0},
	};
	static const struct zone_record two[] = {
		{"example.org", LOOKUP_TXT, "v=spf1 -all", 0},
		{"example.org", LOOKUP_TXT, "other", 0},
		{"example.org", LOOKUP_TXT, "v=spf1 +all", 0},
		{NULL, 0, NULL, 0},
	};
	static const struct zone_record one_of_two[] = {
		{"example.org", LOOKUP_TXT, "other", 0},
		{"example.org", LOOKUP_TXT, "v=spf1 +all", 0},
		{NULL, 0, NULL, 0},
	};
	static const struct zone_record with_nul[] = {
		{"example.org", LOOKUP_TXT, "v=spf1 +all\0 -all", 16},
		{NULL, 0, NULL, 0},
	};
	static const struct {
		const struct zone_record *records;
		enum spf_result result;
	} zones[] = {
		{none, SPF_NONE},
		{nothing, SPF_NONE},
		{silent, SPF_TEMPERROR},
		{two, SPF_PERMERROR},
		{one_of_two, SPF_PASS},
		{with_nul, SPF_PERMERROR},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(zones); i++) {
		struct spf spf;

		check_zone(zones[i].records, "203.0.113.7", &spf);
		assert_int_equal(spf.result, zones[i].result);
		spf_release(&spf);
	}
}

static void
test_many_mail_servers(void **state)
{
	struct zone_record records[14] = {
		{"example.org", LOOKUP_TXT, "v=spf1 mx -all", 0},
		{"mail.example.org", LOOKUP_A, "203.0.113.9", 0},
	};
	struct spf spf;

	(void)state;
	for (size_t i = 2; i < 12; i++)
		records[i] = (struct zone_record){
			"example.org", LOOKUP_MX, "mail.example.org", 0};
	check_zone(records, "203.0.113.7", &spf);
	assert_int_equal(spf.result, SPF_FAIL);
	spf_release(&spf);
	records[12] = records[11];
	check_zone(records, "203.0.113.7", &spf);
	assert_int_equal(spf.result, SPF_PERMERROR);
	spf_release(&spf);
}

/* What is wrong is said so that whoever keeps the record finds it. */
static void
test_words(void **state)
{
	static const struct {
		const char *record, *words;
	} words[] = {
		{"v=spf1 ipv4:203.0.113.7 -all",
			"no such mechanism: \"ipv4:203.0.113.7\" in the "
			"record of example.org"},
		{"v=spf1 ip4:203.0.113 -all",
			"cannot be understood: \"ip4:203.0.113\""},
		{"v=spf1 a:m\303\274ll.example -all",
			"other characters than ASCII"},
		{"v=spf1 redirect=a.example redirect=b.example",
			"stands there twice: \"redirect=b.example\""},
		{"v=spf1 include:wrong.example -all",
			"no such mechanism: \"bogus\" in the record of "
			"wrong.example"},
		{"v=spf1 include:plain.example -all",
			"it includes plain.example, which has no SPF record"},
		{"v=spf1 include:loop.example -all",
			"it needs more than 10 look-ups"},
		{"v=spf1 a:silent.example -all",
			"silent.example could not be looked up now (it is "
			"silent)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct spf spf;

		check(words[i].record, "203.0.113.7", &spf);
		if (!strstr(spf.why, words[i].words))
			fail_msg("%s: %s", words[i].record, spf.why);
		spf_release(&spf);
	}
}

/* Records as long as a DNS message, of many terms or of one. */
static void
test_big_records(void **state)
{
	static const char *const pieces[] = {" ip4:203.0.113.9",
		" include:pass.example.", " moo=%{d}", "x", " ", "%{d99r.-}",
		" a:%{s}%{s}%{s}%{s}%{s}%{s}%{s}%{s}.example"};

	(void)state;
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct buf record = {0};
		struct spf spf;

		buf_puts(&record, "v=spf1 ?exists:");
		while (record.len < 65000)
			buf_puts(&record, pieces[i]);
		check(buf_str(&record), "203.0.113.7", &spf);
		assert_true(spf.result == SPF_PERMERROR ||
			    spf.result == SPF_NEUTRAL);
		spf_release(&spf);
		check(buf_str(&record) + strlen("v=spf1 ?exists:"),
			"203.0.113.7", &spf);
		spf_release(&spf);
		buf_release(&record);
	}
}

/* The examples of RFC 7208 7.4, by the question that they make. */
static const struct {
	const char *spec, *name;
	const char *address;
} macros[] = {
	{"%{s}", "strong-bad@email.example.com", NULL},
	{"%{o}", "email.example.com", NULL},
	{"%{d}", "email.example.com", NULL},
	{"%{d4}", "email.example.com", NULL},
	{"%{d3}", "email.example.com", NULL},
	{"%{d2}", "example.com", NULL},
	{"%{d1}", "com", NULL},
	{"%{dr}", "com.example.email", NULL},
	{"%{d2r}", "example.email", NULL},
	{"%{l}", "strong-bad", NULL},
	{"%{l-}", "strong.bad", NULL},
	{"%{lr}", "strong-bad", NULL},
	{"%{lr-}", "bad.strong", NULL},
	{"%{l1r-}", "strong", NULL},
	{"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com", NULL},
	{"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", NULL},
	{"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
		"bad.strong.lp.3.2.0.192.in-addr._spf.example.com", NULL},
	{"%{d2}.trusted-domains.example.net",
		"example.com.trusted-domains.example.net", NULL},
	{"%{ir}.%{v}._spf.%{d2}",
		"1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0."
		"0.2.ip6._spf.example.com",
		"2001:db8::cb01"},
	{"%{h}.%{p}.x.%%.%_.%-", "helo.example.org.unknown.x.%. .%20", NULL},
	{"%{S}", "strong-bad%40email.example.com", NULL},
};

/* Keeps the last name that was asked for. */
static void
note_name(
	void *ctx, const char *name, enum lookup_type type, struct lookup *out)
{
	if (type == LOOKUP_TXT)
		lookup_add(out, *(char **)ctx, strlen(*(char **)ctx), 0);
	else
		snprintf(*(char **)ctx, LOOKUP_NAME_MAX, "%s", name);
}

static void
test_macros(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(macros); i++) {
		/* The end makes a valid name of a part only. */
		char *text = mem_zalloc(1000);
		const struct resolver resolver = {note_name, &text};
		const struct spf_query query = {"email.example.com",
			"strong-bad", "helo.example.org",
			macros[i].address ? macros[i].address : "192.0.2.3"};
		bool asked = lookup_valid_name(macros[i].name);
		struct spf spf;

		snprintf(text, 1000, "v=spf1 exists:%s -all", macros[i].spec);
		spf_check(&query, &resolver, &spf);
		assert_int_equal(spf.result, SPF_FAIL);
		if (asked)
			assert_string_equal(text, macros[i].name);
		else
			assert_true(str_starts(text, "v=spf1"));
		spf_release(&spf);
		free(text);
	}
}

/* Too long a name loses what stands at its left (RFC 7208 7.3). */
static void
test_long_name(void **state)
{
	char *text = mem_zalloc(2000);
	const struct resolver resolver = {note_name, &text};
	const struct spf_query query = {
		"example.com", "x", "helo.example.org", "192.0.2.3"};
	struct spf spf;

	(void)state;
	strcpy(text, "v=spf1 exists:");
	for (int i = 0; i < 40; i++)
		strcat(text, "abcdefghi.");
	strcat(text, "%{d} -all");
	spf_check(&query, &resolver, &spf);
	assert_int_equal(strlen(text), 241 + strlen("example.com") - 1);
	assert_true(str_ends(text, ".abcdefghi.example.com"));
	assert_true(str_starts(text, "abcdefghi."));
	spf_release(&spf);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_what_decided),
		cmocka_unit_test(test_unknown_address),
		cmocka_unit_test(test_no_record_or_several),
		cmocka_unit_test(test_many_mail_servers),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_big_records),
		cmocka_unit_test(test_macros),
		cmocka_unit_test(test_long_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
