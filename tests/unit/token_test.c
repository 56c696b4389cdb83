#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/token.h"

static void
test_random(void **state)
{
	char tokens[200][TOKEN_MAX];
	unsigned char seen[26][128] = {0};

	(void)state;
	for (int i = 0; i < 200; i++) {
		token_random(tokens[i]);
		assert_int_equal(strlen(tokens[i]), TOKEN_MAX - 1);
		assert_int_equal(
			strspn(tokens[i], "abcdefghijklmnopqrstuvwxyz234567"),
			TOKEN_MAX - 1);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(tokens[i], tokens[k]);
		for (int k = 0; k < TOKEN_MAX - 1; k++)
			seen[k][(unsigned char)tokens[i][k]] = 1;
	}
	/* Every place changes: 128 bits are 25 letters of 5 and one of 3. */
	for (int k = 0; k < TOKEN_MAX - 1; k++) {
		int letters = 0;

		for (int c = 0; c < 128; c++)
			letters += seen[k][c];
		assert_in_range(letters, k < 25 ? 20 : 5, k < 25 ? 32 : 8);
	}
}

static void
test_below(void **state)
{
	int seen[10] = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t n = token_below(10);

		assert_true(n < 10);
		seen[n] = 1;
	}
	for (int i = 0; i < 10; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(token_below(1), 0);
	token_below(UINT32_MAX);
}

static void
test_digest(void **state)
{
	/* FIPS 180-2, appendix B, and the digest of nothing. */
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb924"
		     "27ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223"
			"b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039"
			"a33ce45964ff2167f6ecedd419db06c1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char digest[DIGEST_MAX];

		token_digest(cases[i].text, strlen(cases[i].text), digest);
		assert_string_equal(digest, cases[i].digest);
	}
}

static void
test_base64(void **state)
{
	static const struct {
		const char *text;
		const char *plain; /* NULL: it is no base64 */
	} cases[] = {
		/* RFC 4648 10 */
		{"", ""},
		{"Zg==", "f"},
		{"Zm8=", "fo"},
		{"Zm9v", "foo"},
		{"Zm9vYg==", "foob"},
		{"Zm9vYmFy", "foobar"},
		{"/+8=", "\xff\xef"},
		{"Zg", NULL},
		{"Zg=", NULL},
		{"Z", NULL},
		{" Zm9v   ", NULL},
		{"Zm9v\n\n\n\n", NULL},
		{"Zm-v", NULL},
		{"====", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out = {0};
		int rc = token_decode_base64(
			cases[i].text, strlen(cases[i].text), &out);

		if (rc != (cases[i].plain ? 0 : -1))
			fail_msg("%s: %d", cases[i].text, rc);
		assert_string_equal(
			buf_str(&out), cases[i].plain ? cases[i].plain : "");
		buf_release(&out);
	}
}

/* 32 bytes as hexadecimal, as token_secret makes them. */
static const char secret[] = "00112233445566778899aabbccddeeff"
			     "00112233445566778899aabbccddeeff";

static void
test_seal(void **state)
{
	/* Made by another implementation: Python's hmac and cryptography. */
	static const struct {
		int64_t number;
		const char *sealed;
	} cases[] = {
		{0, "RNumCieR3aIBQ8VHq6PUMw"},
		{1, "o9ic3MPXj8DQn3fkoWNxwA"},
		{2, "HZQXK8QXc2ZHYEMF8Hw71Q"},
		{1234567890123, "tVXaiOq0S4gpsgzxbgfbXQ"},
		{INT64_MAX, "8roV9Sim9EV660Qww60Vhg"},
		{-1, "nl7HAK_EHOOQW_9WnnoUEw"},
	};
	struct token_key key;

	(void)state;
	token_key(secret, "unsubscribe", &key);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char sealed[TOKEN_SEALED_MAX];
		int64_t number = 7;

		token_seal(&key, cases[i].number, sealed);
		assert_string_equal(sealed, cases[i].sealed);
		assert_int_equal(token_open(&key, sealed, &number), 1);
		assert_true(number == cases[i].number);
	}
}

/* What was not sealed with this very key opens nothing. */
static void
test_open_refuses(void **state)
{
	static const char *const wrong[] = {
		"",
		"o9ic3MPXj8DQn3fkoWNxw",   /* short */
		"o9ic3MPXj8DQn3fkoWNxwAA", /* long */
		"o9ic3MPXj8DQn3fkoWNxwA==",
		"o9ic3MPXj8DQn3fkoWNxwB", /* another spelling of its end */
		"o9ic3MPXj8DQn3fkoWNxwQ",
		"p9ic3MPXj8DQn3fkoWNxwA", /* one bit differs */
		"o9ic3MPXj8DQn3fkoWNx A",
		"o9ic3MPXj8DQn3fkoWNx\xC3\xA4",
		"O9IC3MPXJ8DQN3FKOWNXWA",
		"AAAAAAAAAAAAAAAAAAAAAA",
		"//////////////////////",
		"______________________",
	};
	struct token_key key, other, confirm;
	char sealed[TOKEN_SEALED_MAX];
	int64_t number = 7;

	(void)state;
	token_key(secret, "unsubscribe", &key);
	token_key(secret, "confirm", &confirm);
	token_key("another", "unsubscribe", &other);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(token_open(&key, wrong[i], &number), 0);
	token_seal(&key, 1, sealed);
	assert_int_equal(token_open(&confirm, sealed, &number), 0);
	assert_int_equal(token_open(&other, sealed, &number), 0);
	assert_int_equal(number, 7);
}

static void
test_secret(void **state)
{
	char a[TOKEN_SECRET_MAX], b[TOKEN_SECRET_MAX];

	(void)state;
	token_secret(a);
	token_secret(b);
	assert_int_equal(strspn(a, "0123456789abcdef"), 64);
	assert_int_equal(strlen(a), 64);
	assert_string_not_equal(a, b);
}

/* RFC 4231 4.2 and 4.3 have keys of other lengths; these were computed with
 * Python's hmac. */
static void
test_mac(void **state)
{
	static const struct token_key key = {.bytes = "0123456789abcde"};
	struct token_mac *mac = token_mac_new(&key);
	char out[TOKEN_MAC_MAX];

	(void)state;
	for (int i = 0; i < 2; i++) {
		token_mac(mac, "", out);
		assert_string_equal(out, "6daf8bddb6f4b1ead2ebce188c30d5f3");
		token_mac(mac, "p:ada@example.org", out);
		assert_string_equal(out, "9747bad113d9aa16f29ce762501bd17c");
	}
	token_mac_free(mac);
	token_mac_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_below),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_open_refuses),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
