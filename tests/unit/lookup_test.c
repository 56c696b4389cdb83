#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/lookup.h"
#include "zone_sample.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define LABEL_63 \
	"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij123"

static void
test_names(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} names[] = {
		{"example.org", true},
		{"example.org.", true},
		{"_dmarc.example.org", true},
		{"a", true},
		{"1.2.0.192.in-addr.arpa", true},
		{LABEL_63 ".org", true},
		{LABEL_63 "x.org", false},
		{LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63, false},
		{"", false},
		{".", false},
		{"..", false},
		{".org", false},
		{"a..org", false},
		{"a.org..", false},
		{"a b.org", false},
		{"a\\.org", false},
		{"a\n.org", false},
		{"m\303\274ll.example", false},
		{"a@b.org", false},
	};
	static const struct zone_record none[] = {{NULL, 0, NULL, 0}};
	struct zone zone = {none, 0};
	const struct resolver resolver = zone_resolver(&zone);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct lookup found = {0};

		zone.questions = 0;
		lookup_ask(&resolver, names[i].name, LOOKUP_TXT, &found);
		assert_int_equal(
			lookup_valid_name(names[i].name), names[i].valid);
		assert_int_equal(zone.questions, names[i].valid);
		assert_int_equal(found.kind,
			names[i].valid ? LOOKUP_NO_NAME : LOOKUP_FAILED);
		lookup_release(&found);
	}
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *a, *b;
		int bits;
		bool within;
	} pairs[] = {
		{"192.0.2.1", "192.0.2.1", 32, true},
		{"192.0.2.1", "192.0.2.2", 32, false},
		{"192.0.2.1", "192.0.2.2", 30, true},
		{"192.0.2.1", "203.0.113.1", 0, true},
		{"192.0.2.1", "203.0.113.1", 1, true},
		{"192.0.2.1", "10.0.2.1", 1, false},
		{"192.0.2.1", "192.0.2.1", 33, false},
		{"::ffff:192.0.2.1", "192.0.2.1", 32, true},
		{"192.0.2.1", "2001:db8::1", 0, false},
		{"2001:db8::1", "2001:db8::2", 126, true},
		{"2001:db8::1", "2001:db8::2", 127, false},
	};
	struct lookup_address a, b;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		assert_int_equal(lookup_parse_address(pairs[i].a, &a), 0);
		assert_int_equal(lookup_parse_address(pairs[i].b, &b), 0);
		assert_int_equal(lookup_address_within(&a, &b, pairs[i].bits),
			pairs[i].within);
	}
	assert_int_equal(lookup_parse_address("192.0.2", &a), -1);
	assert_int_equal(lookup_parse_address("", &a), -1);
	assert_int_equal(lookup_parse_address("fe80::1%eth0", &a), -1);
}

static void
test_public(void **state)
{
	static const char *const apart[] = {"127.0.0.1", "10.1.2.3",
		"172.31.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1",
		"0.0.0.0", "255.255.255.255", "224.0.0.1", "::1",
		"::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1"};
	static const char *const known[] = {"203.0.113.7", "172.32.0.1",
		"100.128.0.1", "2001:db8::1", "9.9.9.9", "223.255.255.255"};
	struct lookup_address a;

	(void)state;
	for (size_t i = 0; i < COUNT(apart); i++) {
		assert_int_equal(lookup_parse_address(apart[i], &a), 0);
		assert_false(lookup_address_public(&a));
	}
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_int_equal(lookup_parse_address(known[i], &a), 0);
		assert_true(lookup_address_public(&a));
	}
}

static void
test_reverse(void **state)
{
	char name[LOOKUP_REVERSE_MAX];
	struct lookup_address a;

	(void)state;
	assert_int_equal(lookup_parse_address("192.0.2.25", &a), 0);
	lookup_reverse(&a, name);
	assert_string_equal(name, "25.2.0.192.in-addr.arpa");
	assert_int_equal(lookup_parse_address("2001:db8::cb01", &a), 0);
	lookup_reverse(&a, name);
	assert_string_equal(name,
		"1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
		"8.b.d.0.1.0.0.2.ip6.arpa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_public),
		cmocka_unit_test(test_reverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
