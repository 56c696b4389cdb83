#include "format/handover_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/lang.h"

/* In Persian and Arabic the sentence is one that fits every number. Formatting
 * takes bytes for columns, and would break such words anew each time. */
/* clang-format off */
static const struct handover_words words[] = {
	{
		.lang = "en",
		.signatures = "Signatures",
		.people = "People",
		.organisations = "Organisations",
		.countries = "Countries",
		.by_country = "By country",
		.no_country = "no country given",
		.organisers_only = "For the organisers only: the names on this "
				   "page are not to be shown to anybody else.",
		.one_unnamed = {"and ", " more whose name is not shown"},
		.more_unnamed = {"and ", " more whose names are not shown"},
		.comma = ", ",
		.thousands = ",",
	},
	{
		.lang = "fr",
		.signatures = "Signatures",
		.people = "Personnes",
		.organisations = "Organisations",
		.countries = "Pays",
		.by_country = "Par pays",
		.no_country = "pays non indiqué",
		.organisers_only =
			"Réservé aux organisateurs\u00A0: les noms de cette "
			"page ne doivent être montrés à personne d’autre.",
		.one_unnamed = {"et ", " autre dont le nom n’est pas affiché"},
		.more_unnamed = {"et ",
			" autres dont le nom n’est pas affiché"},
		.comma = ", ",
		.thousands = "\u00A0",
	},
	{
		.lang = "es",
		.signatures = "Firmas",
		.people = "Personas",
		.organisations = "Organizaciones",
		.countries = "Países",
		.by_country = "Por país",
		.no_country = "país no indicado",
		.organisers_only =
			"Solo para quienes organizan: los nombres de "
			"esta página no deben mostrarse a nadie más.",
		.one_unnamed = {"y ", " más cuyo nombre no se muestra"},
		.more_unnamed = {"y ", " más cuyos nombres no se muestran"},
		.comma = ", ",
		.thousands = "\u00A0",
	},
	{
		.lang = "fa",
		.signatures = "امضاها",
		.people = "افراد",
		.organisations = "سازمان‌ها",
		.countries = "کشورها",
		.by_country = "به تفکیک کشور",
		.no_country = "کشور نامشخص",
		.organisers_only =
			"فقط برای برگزارکنندگان: نام‌های این صفحه "
			"نباید به هیچ‌کس دیگر نشان داده شود.",
		.one_unnamed = {"و ",
			" امضای دیگر که نامشان نشان داده نمی‌شود"},
		.more_unnamed = {"و ",
			" امضای دیگر که نامشان نشان داده نمی‌شود"},
		.comma = "، ",
		.thousands = ",",
	},
	{
		.lang = "ar",
		.signatures = "التوقيعات",
		.people = "الأفراد",
		.organisations = "المنظمات",
		.countries = "البلدان",
		.by_country = "حسب البلد",
		.no_country = "البلد غير مذكور",
		.organisers_only = "للمنظمين فقط: لا يجوز إطلاع أي شخص "
				   "آخر على الأسماء الواردة في هذه الصفحة.",
		.one_unnamed = {"وتوقيعات أخرى لا تُعرض أسماء أصحابها: ", ""},
		.more_unnamed = {"وتوقيعات أخرى لا تُعرض أسماء أصحابها: ", ""},
		.comma = "، ",
		.thousands = ",",
	},
};
/* clang-format on */

enum {
	LANGUAGES = sizeof words / sizeof words[0]
};

const struct handover_words *
handover_words(const char *lang)
{
	const char *langs[LANGUAGES];
	int found;

	for (int i = 0; i < LANGUAGES; i++)
		langs[i] = words[i].lang;
	found = lang_lookup(lang, langs, LANGUAGES);
	return &words[found < 0 ? 0 : found];
}

void
handover_number(
	const struct handover_words *of, int64_t number, struct buf *out)
{
	char digits[24];
	size_t count;

	snprintf(digits, sizeof digits, "%" PRId64, number);
	count = strlen(digits);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			buf_puts(out, of->thousands);
		buf_putc(out, digits[i]);
	}
}
