#include "core/country.h"

#include <stdlib.h>
#include <string.h>

#include "core/country_names.h"
#include "core/fold.h"

/* ISO 3166-1 alpha-2, the 249 that are assigned: the second letters of each
 * first one. */
static const char *const second_letters['Z' - 'A' + 1] = {"DEFGILMOQRSTUWXZ",
	"ABDEFGHIJLMNOQRSTVWYZ", "ACDFGHIKLMNORUVWXYZ", "EJKMOZ", "CEGHRST",
	"IJKMOR", "ABDEFGHILMNPQRSTUWY", "KMNRTU", "DELMNOQRST", "EMOP",
	"EGHIMNPRWYZ", "ABCIKRSTUVY", "ACDEFGHKLMNOPQRSTUVWXYZ", "ACEFGILOPRUZ",
	"M", "AEFGHKLMNRSTWY", "A", "EOSUW", "ABCDEGHIJKLMNORSTVXYZ",
	"CDFGHJKLMNORTVWZ", "AGMSYZ", "ACEGINU", "FS", "", "ET", "AMW"};

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static int
parse_code(char first, char second, char out[static 3])
{
	char code[3] = {upper(first), upper(second), '\0'};

	/* what people write (and the European Union, for Greece) */
	if (strcmp(code, "UK") == 0)
		memcpy(code, "GB", 2);
	else if (strcmp(code, "EL") == 0)
		memcpy(code, "GR", 2);
	if (code[0] < 'A' || code[0] > 'Z' || !code[1] ||
		!strchr(second_letters[code[0] - 'A'], code[1]))
		return -1;
	memcpy(out, code, sizeof code);
	return 0;
}

static int
compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct country_name *)row)->name);
}

int
country_parse(const char *text, char out[static 3])
{
	const struct country_name *found;
	char *folded;

	if (text[0] && text[1] && !text[2])
		return parse_code(text[0], text[1], out);
	folded = fold_name(text);
	found = bsearch(folded, country_names,
		sizeof country_names / sizeof *country_names,
		sizeof *country_names, compare);
	free(folded);
	if (!found)
		return -1;
	memcpy(out, found->code, sizeof found->code);
	return 0;
}
