#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/country.h"
#include "core/country_title.h"
#include "core/country_titles.h"
#include "core/fold.h"
#include "core/lang.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_languages(void **state)
{
	(void)state;
	assert_string_equal(country_title("DE", "en"), "Germany");
	assert_string_equal(country_title("DE", "fr-CA"), "Allemagne");
	assert_string_equal(country_title("DE", "ES"), "Alemania");
	assert_string_equal(country_title("IR", "fa"), "ایران");
	assert_string_equal(country_title("IR", "ar"), "إيران");
	assert_string_equal(country_title("IR", "ckb"), "Iran");
	assert_string_equal(country_title("IR", NULL), "Iran");
	assert_null(country_title("", "en"));
	assert_null(country_title("XX", "en"));
	assert_null(country_title("de", "en"));
}

/* Exactly the countries that a signature can have. */
static void
test_every_country_has_names(void **state)
{
	size_t known = 0;

	(void)state;
	for (char a = 'A'; a <= 'Z'; a++) {
		for (char b = 'A'; b <= 'Z'; b++) {
			const char text[3] = {a, b, '\0'};
			char code[3];

			if (country_parse(text, code) < 0 ||
				strcmp(code, text) != 0) {
				assert_null(country_title(text, "en"));
				continue;
			}
			assert_non_null(country_title(text, "en"));
			known++;
		}
	}
	assert_int_equal(known, COUNT(countries));
}

/* No two countries have one name, and each is as names are kept, in the
 * letters of its language. */
static void
test_names_are_well_formed(void **state)
{
	(void)state;
	for (size_t lang = 0; lang < COUNTRY_LANGS; lang++) {
		bool rtl = strcmp(lang_dir(country_langs[lang]), "rtl") == 0;
		bool persian = strcmp(country_langs[lang], "fa") == 0;

		for (size_t i = 0; i < COUNT(countries); i++) {
			const char *title = countries[i].titles[lang];
			char *tidy = fold_tidy(title);

			assert_string_equal(title, tidy);
			free(tidy);
			assert_true(*title);
			assert_int_equal(fold_is_rtl(title), rtl);
			if (persian &&
				(strstr(title, "ي") || strstr(title, "ك")))
				fail_msg("Arabic letters in %s", title);
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(
					title, countries[k].titles[lang]);
		}
	}
}

/* What is written out can be read again; but Saint Martin may be two. */
static void
test_names_are_understood(void **state)
{
	int wrong = 0;

	(void)state;
	for (size_t lang = 0; lang < COUNTRY_LANGS; lang++) {
		for (size_t i = 0; i < COUNT(countries); i++) {
			const char *title = countries[i].titles[lang];
			char code[3] = "";

			if (country_parse(title, code) == 0 &&
				strcmp(code, countries[i].code) == 0)
				continue;
			if (!*code && strcmp(countries[i].code, "MF") == 0)
				continue;
			print_error("%s: %s is read as \"%s\"\n",
				countries[i].code, title, code);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_every_country_has_names),
		cmocka_unit_test(test_names_are_well_formed),
		cmocka_unit_test(test_names_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
