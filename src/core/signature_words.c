/* The words that lists have for a kind, and for yes and no: as fold_column
 * makes them, in English, French, Spanish, Persian and Arabic. */
#include "core/signature.h"

#include "base/str.h"
#include "core/fold.h"

static const char *const kinds[] = {
	[SIGNATURE_PERSON] =
		",person,individual,natural person,personne,particulier,"
		"individu,persona,persona fisica,individuo,"
		"شخص,فرد,شخص حقیقی,حقیقی,فردی,شخص طبیعی,",
	[SIGNATURE_ORGANISATION] =
		",organisation,organization,org,union,trade union,association,"
		"group,organisme,syndicat,collectif,organizacion,sindicato,"
		"asociacion,colectivo,"
		"سازمان,اتحادیه,سندیکا,تشکل,انجمن,نهاد,شخص حقوقی,حقوقی,"
		"منظمه,نقابه,جمعیه,موسسه,هییه,",
};

static const char *const answers[] = {
	",no,n,false,0,off,non,faux,falso,نه,خیر,نادرست,لا,کلا,خطا,",
	",yes,y,true,1,on,x,ok,oui,o,vrai,si,s,verdadero,"
	"بله,بلی,اری,درست,نعم,اجل,صحیح,✓,✔,☑,",
};

/* Which of two lists has the word, or -1. */
static int
find_word(const char *word, const char *const *lists)
{
	for (int i = 0; i < 2; i++)
		if (fold_is_one_of(word, lists[i]))
			return i;
	return -1;
}

int
signature_kind_parse(const char *name, enum signature_kind *out)
{
	int i = find_word(name, kinds);

	if (i >= 0)
		*out = (enum signature_kind)i;
	return i < 0 ? -1 : 0;
}

int
signature_parse_bool(const char *text, bool *out)
{
	int i = *text ? find_word(text, answers) : 0;

	if (i >= 0)
		*out = i == 1;
	return i < 0 ? -1 : 0;
}
