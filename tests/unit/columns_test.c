#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "core/columns.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Reads "name,email" with maps "COLUMN=field,...". Returns as columns_read. */
static int
read_names(const char *header, const char *maps, struct columns *out,
	struct err *err)
{
	size_t count, map_count;
	char **names = str_split(header, ',', &count);
	char **pairs = str_split(maps, ',', &map_count);
	struct column_map list[8];
	int rc;

	assert_true(map_count <= COUNT(list));
	for (size_t i = 0; i < map_count; i++) {
		char *equals = strchr(pairs[i], '=');

		*equals = '\0';
		list[i] = (struct column_map){pairs[i], equals + 1};
	}
	rc = columns_read(out, names, count, list, map_count, err);
	str_list_free(names, count);
	str_list_free(pairs, map_count);
	return rc;
}

static void
test_languages(void **state)
{
	static const struct {
		const char *header;
		enum signature_field fields[17];
	} cases[] = {
		{"Full Name,E-Mail,Country Code,ZIP,Signed_At,line,error,x",
			{FIELD_NAME, FIELD_EMAIL, FIELD_COUNTRY, FIELD_POSTCODE,
				FIELD_DATE, FIELD_OURS, FIELD_OURS,
				FIELD_NONE}},
		{"first_name,last_name,e-mail,Organization,Job title,City",
			{FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_EMAIL,
				FIELD_ORGANISATION, FIELD_ROLE, FIELD_CITY}},
		{"Nom,Pr\u00E9nom,Courriel,Pays,Ville,Code postal,Syndicat,"
		 "Fonction,Langue,Commentaire,Date de signature",
			{FIELD_LAST_NAME, FIELD_FIRST_NAME, FIELD_EMAIL,
				FIELD_COUNTRY, FIELD_CITY, FIELD_POSTCODE,
				FIELD_ORGANISATION, FIELD_ROLE, FIELD_LANG,
				FIELD_COMMENT, FIELD_DATE}},
		{"NOM,ADRESSE E-MAIL", {FIELD_NAME, FIELD_EMAIL}},
		{"Nombre,Apellidos,Correo electr\u00F3nico,Pa\u00EDs,Ciudad,"
		 "C\u00F3digo postal,Sindicato,Cargo,Fecha",
			{FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_EMAIL,
				FIELD_COUNTRY, FIELD_CITY, FIELD_POSTCODE,
				FIELD_ORGANISATION, FIELD_ROLE, FIELD_DATE}},
		{"nombre,correo", {FIELD_NAME, FIELD_EMAIL}},
		{"نام,نام خانوادگی,ایمیل,کشور,شهر,کد پستی,سازمان,سمت,تاریخ",
			{FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_EMAIL,
				FIELD_COUNTRY, FIELD_CITY, FIELD_POSTCODE,
				FIELD_ORGANISATION, FIELD_ROLE, FIELD_DATE}},
		{"نام,پست الکترونیک,اتحادیه",
			{FIELD_NAME, FIELD_EMAIL, FIELD_ORGANISATION}},
		/* with Arabic letters, and with a joiner or without */
		{"نام\u200Cخانوادگي,رايانامه,کشور,كدپستی",
			{FIELD_LAST_NAME, FIELD_EMAIL, FIELD_COUNTRY,
				FIELD_POSTCODE}},
		{"الاسم,اسم العائلة,البريد الإلكتروني,البلد,المدينة,"
		 "الرمز البريدي,النقابة,التاريخ",
			{FIELD_FIRST_NAME, FIELD_LAST_NAME, FIELD_EMAIL,
				FIELD_COUNTRY, FIELD_CITY, FIELD_POSTCODE,
				FIELD_ORGANISATION, FIELD_DATE}},
		{"الاسم,الدولة,المنظمة",
			{FIELD_NAME, FIELD_COUNTRY, FIELD_ORGANISATION}},
		/* The whole name beside both parts is the whole name. */
		{"name,first name,last name,email",
			{FIELD_NAME, FIELD_FIRST_NAME, FIELD_LAST_NAME,
				FIELD_EMAIL}},
		/* What export writes for the organisers. */
		{"number,name,organisation,role,country,city,comment,lang,"
		 "date,kind,email,postcode,visibility,updates,state,source,"
		 "edition",
			{FIELD_NONE, FIELD_NAME, FIELD_ORGANISATION, FIELD_ROLE,
				FIELD_COUNTRY, FIELD_CITY, FIELD_COMMENT,
				FIELD_LANG, FIELD_DATE, FIELD_KIND, FIELD_EMAIL,
				FIELD_POSTCODE, FIELD_VISIBILITY, FIELD_UPDATES,
				FIELD_STATE, FIELD_NONE, FIELD_NONE}},
		/* By the custom of its language only. */
		{"nom,apellidos,email",
			{FIELD_NAME, FIELD_LAST_NAME, FIELD_EMAIL}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct columns columns;
		struct err err = {0};

		if (read_names(cases[i].header, "", &columns, &err) < 0)
			fail_msg("case %zu: %s", i, err.msg);
		for (size_t k = 0; k < columns.count; k++)
			if (columns.fields[k] != cases[i].fields[k])
				fail_msg("case %zu, column %zu: %d", i, k,
					columns.fields[k]);
		columns_release(&columns);
	}
}

static void
test_maps(void **state)
{
	struct columns columns;
	struct err err = {0};

	(void)state;
	assert_int_equal(read_names("wer,name,email", "wer=name,name=comment",
				 &columns, &err),
		0);
	assert_int_equal(columns.fields[0], FIELD_NAME);
	assert_int_equal(columns.fields[1], FIELD_COMMENT);
	columns_release(&columns);
	/* What is said is not asked about. */
	assert_int_equal(read_names("name,surname,email", "name=first_name",
				 &columns, &err),
		0);
	assert_int_equal(columns.fields[0], FIELD_FIRST_NAME);
	columns_release(&columns);
	assert_int_equal(
		read_names("name,surname,email", "name=name", &columns, &err),
		0);
	assert_int_equal(columns.fields[0], FIELD_NAME);
	columns_release(&columns);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *header, *maps;
		enum err_kind kind;
		const char *what;
	} cases[] = {
		{"name,email", "wer=name", ERR_USAGE, "no column \"wer\""},
		{"name,email", "name=nmae", ERR_USAGE, "no field \"nmae\""},
		{"name,email,E-Mail", "", ERR_DATA, "both the email"},
		{"name,email,email", "", ERR_DATA, "columns 2 and 3"},
		{"name,email,x,x", "", ERR_DATA, "\"x\""},
		{"name,x", "", ERR_DATA, "e-mail address or a country"},
		{"email,country", "", ERR_DATA, "is a name"},
		{"name,surname,email", "", ERR_DATA, "name=first_name"},
		{"name,first name,email", "", ERR_DATA, "name=last_name"},
	};
	static char name[] = "name", none[] = "", email[] = "email";
	struct columns columns;
	struct err err = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (read_names(cases[i].header, cases[i].maps, &columns,
			    &err) == 0)
			fail_msg("case %zu is taken", i);
		if (err.kind != cases[i].kind ||
			!strstr(err.msg, cases[i].what))
			fail_msg("case %zu: %s", i, err.msg);
		columns_release(&columns);
	}
	assert_int_equal(columns_read(&columns, (char *[]){name, none, email},
				 3, NULL, 0, &err),
		-1);
	assert_non_null(strstr(err.msg, "column 2 has no name"));
	columns_release(&columns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
