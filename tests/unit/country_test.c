#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/country.h"
#include "core/country_names.h"
#include "core/fold.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void
test_code(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {
		{"IR", "IR"},
		{"ir", "IR"},
		{"De", "DE"},
		{"UK", "GB"},
		{"uk", "GB"},
		{"el", "GR"},
		{"PS", "PS"},
		{"ZW", "ZW"},
		{"AD", "AD"},
		{"XX", NULL},
		{"EU", NULL},
		{"SU", NULL},
		{"", NULL},
		{"I", NULL},
		{"I ", NULL},
		{" A", NULL},
		{"D A", NULL},
		{"1A", NULL},
		{"\u0131r", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[3] = "??";
		int rc = country_parse(cases[i].text, out);

		if (rc != (cases[i].code ? 0 : -1))
			fail_msg("country_parse(\"%s\") gives %d",
				cases[i].text, rc);
		assert_string_equal(out, cases[i].code ? cases[i].code : "??");
	}
}

/* All pairs of letters: the 249 of the standard, and UK and EL. */
static void
test_all_codes(void **state)
{
	int count = 0;

	(void)state;
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++) {
			char out[3];

			count += country_parse((char[]){a, b, '\0'}, out) == 0;
		}
	assert_int_equal(count, 249 + 2);
}

static void
test_name(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {
		{"IRN", "IR"},
		{"gbr", "GB"},
		{"USA", "US"},
		{"U.S.A.", "US"},
		{"Iran", "IR"},
		{"Iran, Islamic Republic of", "IR"},
		{"islamic republic of iran", "IR"},
		{"South Korea", "KR"},
		{"Czech Republic", "CZ"},
		{"The Netherlands", "NL"},
		{"C\u00F4te d\u2019Ivoire", "CI"},
		{"T\u00FCrkiye", "TR"},
		{"Bosnia & Herzegovina", "BA"},
		{"St. Lucia", "LC"},
		{"ALLEMAGNE", "DE"},
		{"\u00C9tats-Unis", "US"},
		{"Royaume Uni", "GB"},
		{"Espa\u00F1a", "ES"},
		{"Per\u00FA", "PE"},
		{"EE. UU.", "US"},
		{"Corea del Sur", "KR"},
		{"ایران", "IR"},
		{"جمهوری اسلامی ایران", "IR"},
		{"ایالات متحده آمریکا", "US"},
		{"کره جنوبی", "KR"},
		{"آلمان", "DE"},
		{"إيران", "IR"},
		{"العراق", "IQ"},
		{"عراق", "IQ"},
		{"المملكة العربية السعودية", "SA"},
		{"المالديف", "MV"},
		{"Congo", NULL},
		{"Korea", NULL},
		{"کره", NULL},
		{"Virgin Islands", NULL},
		{"Atlantis", NULL},
		{"ZZZ", NULL},
		{"...", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char out[3] = "??";
		int rc = country_parse(cases[i].text, out);

		if (rc != (cases[i].code ? 0 : -1) ||
			strcmp(out, cases[i].code ? cases[i].code : "??") != 0)
			fail_msg("country_parse(\"%s\") gives %d, %s",
				cases[i].text, rc, out);
	}
}

/* Each name is as fold_name makes it, in order and once, for an assigned
 * code; so look-up finds it. */
static void
test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(country_names); i++) {
		const struct country_name *row = &country_names[i];
		char *folded = fold_name(row->name);
		char out[3];

		if (strcmp(folded, row->name) != 0)
			fail_msg("\"%s\" is folded to \"%s\"", row->name,
				folded);
		if (i > 0 && strcmp(row[-1].name, row->name) >= 0)
			fail_msg("\"%s\" is not in order", row->name);
		assert_int_equal(country_parse(row->code, out), 0);
		assert_string_equal(out, row->code);
		if (country_parse(row->name, out) < 0 ||
			strcmp(out, row->code) != 0)
			fail_msg("\"%s\" is not found", row->name);
		free(folded);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_all_codes),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
