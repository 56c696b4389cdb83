#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/lang.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_valid(void **state)
{
	static const struct {
		const char *tag;
		bool valid;
	} cases[] = {
		{"en", true},
		{"fa-IR", true},
		{"zh-Hant-TW", true},
		{"ckb", true},
		{"de-1901", true},
		{"en-x-private", true},
		{"abcdefgh-abcdefgh-abcdefgh-abcdefgh", true},
		{"abcdefgh-abcdefgh-abcdefgh-abcdefgh1", false},
		{"abcdefgh-abcdefgh-abcdefgh-abcdefg-h", false},
		{"", false},
		{"e", false},
		{"x-private", false},
		{"e1", false},
		{"abcdefghi", false},
		{"en-", false},
		{"-en", false},
		{"en--US", false},
		{"en-abcdefghi", false},
		{"en_US", false},
		{"en US", false},
		{"../en", false},
		{"f\u00E1", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (lang_valid(cases[i].tag) != cases[i].valid)
			fail_msg("lang_valid(\"%s\") is not %d", cases[i].tag,
				cases[i].valid);
}

static void
test_equal(void **state)
{
	(void)state;
	assert_true(lang_equal("fa-IR", "FA-ir"));
	assert_false(lang_equal("fa-IR", "fa"));
}

static void
test_lookup(void **state)
{
	static const char *const available[] = {
		"en", "fa", "zh-Hant", "pt-BR", "de-x-plain", "fr-a"};
	static const struct {
		const char *wanted;
		int index;
	} cases[] = {
		{"en", 0},
		{"EN-gb", 0},
		{"fa-Arab-IR", 1},
		{"zh-Hant-CN-x-private1-private2", 2},
		{"zh-Hant-x", 2},
		{"zh", -1},
		{"pt", -1},
		{"pt-br", 3},
		{"de-x-plain-1", 4},
		{"de-x", -1},
		{"fr-a-ext", -1},
		{"f", -1},
		{"fas", -1},
		{"", -1},
		{NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int got = lang_lookup(
			cases[i].wanted, available, COUNT(available));

		if (got != cases[i].index)
			fail_msg("lang_lookup(\"%s\") is %d, not %d",
				cases[i].wanted ? cases[i].wanted : "(null)",
				got, cases[i].index);
	}
	assert_int_equal(lang_lookup("en", available, 0), -1);
}

static void
test_dir(void **state)
{
	static const struct {
		const char *tag, *dir;
	} cases[] = {
		{"en", "ltr"},
		{"ar", "rtl"},
		{"AR-eg", "rtl"},
		{"fa-IR", "rtl"},
		{"he", "rtl"},
		{"iw", "rtl"},
		{"ur", "rtl"},
		{"ckb", "rtl"},
		{"yi", "rtl"},
		{"ps-AF", "rtl"},
		{"prs", "rtl"},
		{"ku", "ltr"},
		{"ku-Arab", "rtl"},
		{"ku-arab-IQ", "rtl"},
		{"az-Arab", "rtl"},
		{"az", "ltr"},
		{"pa-Arab-PK", "rtl"},
		{"zh-yue-Hant", "ltr"},
		{"ar-aao-Latn", "ltr"},
		{"fa-Latn", "ltr"},
		{"sd-Deva", "ltr"},
		{"ff-Adlm", "rtl"},
		{"en-x-arab", "ltr"},
		{"tr", "ltr"},
		{"a", "ltr"},
		{"", "ltr"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (strcmp(lang_dir(cases[i].tag), cases[i].dir) != 0)
			fail_msg("lang_dir(\"%s\") is not %s", cases[i].tag,
				cases[i].dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
