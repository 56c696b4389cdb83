#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/visibility.h"

/* Whom a signature of each visibility is shown to. */
static void
test_shows(void **state)
{
	static const bool shown[3][3] = {
		[VISIBILITY_PUBLIC] = {true, true, true},
		[VISIBILITY_RECIPIENT] = {false, true, true},
		[VISIBILITY_COUNT] = {false, false, true},
	};

	(void)state;
	for (int v = VISIBILITY_PUBLIC; v <= VISIBILITY_COUNT; v++)
		for (int w = VIEWER_PUBLIC; w <= VIEWER_ORGANISERS; w++)
			assert_int_equal(visibility_shows(v, w), shown[v][w]);
	assert_int_equal(visibility_tightest(VIEWER_PUBLIC), VISIBILITY_PUBLIC);
	assert_int_equal(
		visibility_tightest(VIEWER_RECIPIENT), VISIBILITY_RECIPIENT);
	assert_int_equal(
		visibility_tightest(VIEWER_ORGANISERS), VISIBILITY_COUNT);
	assert_false(visibility_every_state(VIEWER_PUBLIC));
	assert_false(visibility_every_state(VIEWER_RECIPIENT));
	assert_true(visibility_every_state(VIEWER_ORGANISERS));
}

/* What is seen of one: nobody but the organisers gets an address. */
static void
test_fields(void **state)
{
	static const char *const seen[] = {"number", "name", "organisation",
		"role", "country", "city", "comment", "lang", "date"};

	(void)state;
	assert_int_equal(visibility_field_count(VIEWER_PUBLIC), 9);
	assert_int_equal(visibility_field_count(VIEWER_RECIPIENT), 9);
	assert_int_equal(visibility_field_count(VIEWER_ORGANISERS),
		VISIBILITY_FIELD_COUNT);
	for (int i = 0; i < 9; i++)
		assert_string_equal(visibility_field_name(i), seen[i]);
	/* An export has the first ones: what somebody does not see comes
	 * behind all that they see. */
	for (int w = VIEWER_PUBLIC; w <= VIEWER_ORGANISERS; w++)
		for (int i = 0; i < VISIBILITY_FIELD_COUNT; i++)
			assert_int_equal(visibility_field_shown(i, w),
				(size_t)i < visibility_field_count(w));
	assert_false(visibility_field_shown(
		VISIBILITY_FIELD_EMAIL, VIEWER_RECIPIENT));
	assert_false(visibility_field_shown(
		VISIBILITY_FIELD_POSTCODE, VIEWER_RECIPIENT));
	assert_string_equal(
		visibility_field_name(VISIBILITY_FIELD_EDITION), "edition");
}

static void
test_names(void **state)
{
	static const char *const names[] = {"public", "recipient", "count"};
	static const char *const viewers[] = {
		"public", "recipient", "organisers"};
	static const char *const words[][3] = {
		{"PUBLIC", "Recipient", "nobody"},
		{"publique", "Destinataire", "anonyme"},
		{"p\u00FAblico", "destinatario", "an\u00F3nimo"},
		{"عمومی", "گیرنده", "ناشناس"},
		{"علني", "المستلم", "مجهول"},
	};
	enum visibility visibility;
	enum viewer viewer;

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (int k = 0; k < 3; k++) {
			assert_int_equal(
				visibility_parse(words[i][k], &visibility), 0);
			assert_int_equal(visibility, k);
		}
	for (int i = 0; i < 3; i++) {
		assert_string_equal(visibility_name(i), names[i]);
		assert_int_equal(visibility_parse(names[i], &visibility), 0);
		assert_int_equal(visibility, i);
		assert_int_equal(viewer_parse(viewers[i], &viewer), 0);
		assert_int_equal(viewer, i);
	}
	assert_int_equal(visibility_parse("Public", &visibility), 0);
	assert_int_equal(visibility_parse("", &visibility), -1);
	assert_int_equal(visibility_parse("organisers", &visibility), -1);
	assert_int_equal(visibility_parse("private", &visibility), -1);
	assert_int_equal(viewer_parse("count", &viewer), -1);
	/* The larger is the tighter: signing again compares them. */
	assert_true(VISIBILITY_PUBLIC < VISIBILITY_RECIPIENT);
	assert_true(VISIBILITY_RECIPIENT < VISIBILITY_COUNT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shows),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
