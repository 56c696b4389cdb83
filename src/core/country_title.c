#include "core/country_title.h"

#include <stddef.h>
#include <string.h>

#include "core/country_titles.h"
#include "core/lang.h"

const char *
country_title(const char *code, const char *lang)
{
	const int found = lang_lookup(lang, country_langs, COUNTRY_LANGS);

	for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++)
		if (strcmp(countries[i].code, code) == 0)
			return countries[i].titles[found < 0 ? 0 : found];
	return NULL;
}
