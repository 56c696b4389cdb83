#include "core/columns.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/fold.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const field_names[FIELD_COUNT] = {"name", "first_name",
	"last_name", "email", "kind", "organisation", "role", "country", "city",
	"postcode", "comment", "lang", "visibility", "updates", "date",
	"state"};

/* Names as fold_column makes them, each between two commas, which no folded
 * name has in it: English, French, Spanish, Persian, Arabic. */
static const char *const aliases[FIELD_COUNT] = {
	[FIELD_NAME] = ",full name,fullname,your name,signatory,signer,"
		       "signed by,supporter,name and surname,contact name,"
		       "nom complet,nom et prenom,nom prenom,prenom et nom,"
		       "prenom nom,votre nom,signataire,nom du signataire,"
		       "nombre completo,nombre y apellidos,"
		       "nombre y apellido,nombre apellidos,"
		       "apellidos y nombre,su nombre,tu nombre,firmante,"
		       "نام کامل,نام و نام خانوادگی,نامونامخانوادگی,"
		       "نام و نام فامیل,نام شما,امضاکننده,امضا کننده,"
		       "نام امضاکننده,"
		       "الاسم الکامل,الاسم الثلاثی,اسمک,الموقع,اسم الموقع,",
	[FIELD_FIRST_NAME] =
		",first name,firstname,first,given name,given names,"
		"givenname,forename,christian name,"
		"prenom,prenoms,votre prenom,"
		"nombre de pila,primer nombre,nombres,"
		"نام کوچک,اسم کوچک,"
		"الاسم الاول,الاسم الشخصی,",
	[FIELD_LAST_NAME] = ",last name,lastname,last,family name,familyname,"
			    "surname,"
			    "nom de famille,nom d usage,patronyme,"
			    "apellidos,apellido,primer apellido,"
			    "نام خانوادگی,نامخانوادگی,نام فامیل,فامیل,فامیلی,"
			    "شهرت,"
			    "اسم العایله,اللقب,الاسم الاخیر,الکنیه,"
			    "الاسم العایلی,اسم الاسره,",
	[FIELD_EMAIL] = ",email,e mail,mail,email address,e mail address,"
			"mail address,your email,your e mail,electronic mail,"
			"courriel,adresse courriel,adresse e mail,"
			"adresse email,adresse mail,mel,adresse electronique,"
			"adresse de courriel,votre e mail,votre courriel,"
			"courrier electronique,"
			"correo,correo electronico,correo e,e correo,"
			"direccion de correo,direccion de correo electronico,"
			"direccion de e mail,direccion de email,"
			"direccion electronica,"
			"ایمیل,ای میل,رایانامه,پست الکترونیک,پست الکترونیکی,"
			"پستالکترونیک,ادرس ایمیل,نشانی ایمیل,نشانی رایانامه,"
			"نشانی پست الکترونیک,ادرس الکترونیکی,"
			"البرید الالکترونی,برید الکترونی,"
			"عنوان البرید الالکترونی,الایمیل,البرید,",
	[FIELD_KIND] = ",kind,type,kind of signatory,signatory type,"
		       "signer type,"
		       "type de signataire,genre de signataire,"
		       "tipo,tipo de firmante,clase,"
		       "نوع,نوع امضا,نوع امضاکننده,"
		       "النوع,نوع الموقع,",
	[FIELD_ORGANISATION] =
		",organisation,organization,org,affiliation,union,"
		"trade union,labour union,labor union,"
		"name of organisation,name of organization,"
		"organisation name,organization name,"
		"name of the organisation,name of the organization,"
		"group,association,company,institution,employer,"
		"workplace,"
		"organisme,syndicat,nom de l organisation,structure,"
		"collectif,entreprise,employeur,section syndicale,"
		"organizacion,sindicato,asociacion,"
		"nombre de la organizacion,entidad,colectivo,empresa,"
		"institucion,afiliacion,central sindical,"
		"سازمان,اتحادیه,سندیکا,تشکل,انجمن,نهاد,نام سازمان,"
		"نام تشکل,نام اتحادیه,شرکت,محل کار,گروه,"
		"المنظمه,منظمه,النقابه,نقابه,اسم المنظمه,"
		"اسم النقابه,الجمعیه,الموسسه,الهییه,الشرکه,الاتحاد,"
		"الجهه,",
	[FIELD_ROLE] = ",role,position,job title,job,occupation,profession,"
		       "function,"
		       "fonction,poste,metier,qualite,emploi,"
		       "titre ou fonction,"
		       "cargo,funcion,puesto,rol,profesion,oficio,"
		       "ocupacion,"
		       "سمت,شغل,پیشه,نقش,مسیولیت,عنوان شغلی,جایگاه,حرفه,"
		       "المنصب,الوظیفه,المهنه,الدور,الصفه,المسمی الوظیفی,",
	[FIELD_COUNTRY] = ",country,country code,country name,"
			  "country of residence,nation,country region,"
			  "pays,code pays,pays de residence,code du pays,"
			  "nom du pays,"
			  "pais,codigo de pais,pais de residencia,"
			  "codigo del pais,nombre del pais,"
			  "کشور,کد کشور,نام کشور,کشور محل زندگی,"
			  "کشور محل سکونت,کشور محل اقامت,"
			  "البلد,بلد,الدوله,دوله,رمز البلد,رمز الدوله,"
			  "بلد الاقامه,دوله الاقامه,",
	[FIELD_CITY] = ",city,town,place,city or town,city town,"
		       "town or city,locality,municipality,"
		       "ville,localite,commune,municipalite,"
		       "lieu de residence,ville de residence,"
		       "ciudad,localidad,municipio,poblacion,pueblo,"
		       "ciudad de residencia,"
		       "شهر,نام شهر,شهر محل زندگی,شهر محل سکونت,محل زندگی,"
		       "محل سکونت,شهرستان,"
		       "المدینه,مدینه,البلده,اسم المدینه,مدینه الاقامه,",
	[FIELD_POSTCODE] =
		",postcode,post code,postal code,postalcode,zip,"
		"zip code,zipcode,zip postal code,zip or postal code,"
		"postal zip code,"
		"code postal,cp,npa,"
		"codigo postal,c p,"
		"کد پستی,کدپستی,"
		"الرمز البریدی,رمز بریدی,الرقم البریدی,رمز البرید,",
	[FIELD_COMMENT] = ",comment,comments,message,remark,remarks,note,"
			  "your comment,your message,reason,reason for signing,"
			  "why i sign,"
			  "commentaire,commentaires,remarque,remarques,"
			  "votre message,votre commentaire,mot,raison,"
			  "comentario,comentarios,mensaje,observacion,"
			  "observaciones,su comentario,su mensaje,motivo,"
			  "نظر,نظرات,پیام,توضیح,توضیحات,یادداشت,دیدگاه,"
			  "متن پیام,"
			  "تعلیق,التعلیق,تعلیقات,رساله,الرساله,ملاحظه,ملاحظات,"
			  "رای,",
	[FIELD_LANG] = ",lang,language,language code,preferred language,"
		       "locale,"
		       "langue,langue preferee,code langue,"
		       "idioma,lengua,lenguaje,idioma preferido,"
		       "زبان,زبان دلخواه,کد زبان,"
		       "اللغه,لغه,اللغه المفضله,رمز اللغه,",
	[FIELD_VISIBILITY] = ",visibility,who may see the name,privacy,"
			     "show name to,"
			     "visibilite,confidentialite,"
			     "visibilidad,privacidad,"
			     "نمایش نام,نمایش,پدیداری,حریم خصوصی,"
			     "الظهور,ظهور الاسم,اظهار الاسم,الخصوصیه,",
	[FIELD_UPDATES] = ",updates,newsletter,news,news by e mail,"
			  "wants updates,wants news,keep me informed,"
			  "keep me updated,email updates,mailing list,opt in,"
			  "actualites,nouvelles,infolettre,"
			  "lettre d information,recevoir des nouvelles,"
			  "restez informe,me tenir informe,bulletin,"
			  "novedades,noticias,boletin,boletin de noticias,"
			  "recibir noticias,recibir novedades,"
			  "mantenerme informado,"
			  "خبرنامه,اخبار,دریافت خبر,دریافت اخبار,"
			  "دریافت خبرنامه,بهروزرسانی,"
			  "النشره,النشره الاخباریه,الاخبار,تلقی الاخبار,"
			  "التحدیثات,المستجدات,",
	[FIELD_DATE] = ",date,day,signed on,signed at,date signed,"
		       "date of signature,signature date,signing date,"
		       "timestamp,time,created at,created on,submitted at,"
		       "submitted on,submission date,signed date,date time,"
		       "datetime,"
		       "jour,date de signature,date de la signature,"
		       "signe le,horodatage,horodateur,date et heure,"
		       "date d envoi,"
		       "fecha,fecha de firma,fecha de la firma,firmado el,"
		       "marca temporal,fecha y hora,dia,fecha de envio,"
		       "hora de envio,"
		       "تاریخ,تاریخ امضا,روز,زمان,زمان امضا,تاریخ امضاء,"
		       "تاریخ و زمان,برچسب زمان,تاریخ ثبت,"
		       "التاریخ,تاریخ التوقیع,الیوم,وقت التوقیع,"
		       "الطابع الزمنی,التاریخ والوقت,تاریخ الارسال,",
	[FIELD_STATE] = ",state,",
};

/*
 * Names for the whole name that mean its first or last part when the other
 * part has a column of its own: "nombre, apellidos" and "nom, prénom", each by
 * the custom of its language. What "name" is beside one part nobody can tell.
 */
static const struct {
	const char *name;
	bool may_be_first;
	bool may_be_last;
} whole_names[] = {
	{",name,", true, true},
	{",nom,", false, true},
	{",nombre,", true, false},
	{",نام,", true, false},
	{",اسم,", true, false},
	{",الاسم,", true, false},
};

static const char fields_hint[] =
	"the fields are name, first_name, last_name, email, kind, "
	"organisation, role, country, city, postcode, comment, lang, "
	"visibility, updates, date, state";

static enum signature_field
find_alias(const char *column)
{
	if (strcmp(column, "line") == 0 || strcmp(column, "error") == 0)
		return FIELD_OURS;
	for (size_t i = 0; i < COUNT(whole_names); i++)
		if (fold_is_one_of(column, whole_names[i].name))
			return FIELD_NAME;
	for (int f = 0; f < FIELD_COUNT; f++)
		if (fold_is_one_of(column, aliases[f]))
			return (enum signature_field)f;
	return FIELD_NONE;
}

/* Returns 1 when a map says what the column is, 0, or -1. */
static int
find_map(const struct column_map *maps, size_t map_count, const char *column,
	enum signature_field *out, struct err *err)
{
	for (size_t i = 0; i < map_count; i++) {
		if (strcmp(maps[i].column, column) != 0)
			continue;
		for (int f = 0; f < FIELD_COUNT; f++) {
			if (strcmp(maps[i].field, field_names[f]) == 0) {
				*out = (enum signature_field)f;
				return 1;
			}
		}
		return err_set(err, ERR_USAGE,
			"--map %s=%s: there is no field \"%s\"; %s", column,
			maps[i].field, maps[i].field, fields_hint);
	}
	return 0;
}

static int
check_maps(const struct column_map *maps, size_t map_count, char *const *names,
	size_t count, struct err *err)
{
	for (size_t i = 0; i < map_count; i++) {
		bool found = false;

		for (size_t k = 0; k < count && !found; k++)
			found = strcmp(names[k], maps[i].column) == 0;
		if (!found)
			return err_set(err, ERR_USAGE,
				"--map %s=%s: the file has no column \"%s\"",
				maps[i].column, maps[i].field, maps[i].column);
	}
	return 0;
}

/* Without this a value would be dropped unseen, or taken from the wrong one
 * of two columns. */
static int
check_names(char *const *names, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!*names[i])
			return err_set(err, ERR_DATA,
				"column %zu has no name; name it here, or "
				"delete it",
				i + 1);
		for (size_t k = 0; k < i; k++)
			if (strcmp(names[i], names[k]) == 0)
				return err_set(err, ERR_DATA,
					"columns %zu and %zu are both called "
					"\"%.80s\"; rename one",
					k + 1, i + 1, names[i]);
	}
	return 0;
}

static int
check_doubles(
	const struct columns *columns, char *const *names, struct err *err)
{
	for (size_t i = 0; i < columns->count; i++)
		for (size_t k = 0; k < i; k++)
			if (columns->fields[i] >= 0 &&
				columns->fields[k] == columns->fields[i])
				return err_set(err, ERR_DATA,
					"two columns are both the %s: "
					"\"%.80s\" and \"%.80s\"; rename one",
					field_names[columns->fields[i]],
					names[k], names[i]);
	return 0;
}

/* Says what the whole name is beside a column of its first or last part. */
static int
settle_name(
	struct columns *columns, size_t at, const char *column, struct err *err)
{
	bool has_first = columns_have(columns, FIELD_FIRST_NAME);
	bool has_last = columns_have(columns, FIELD_LAST_NAME);
	const char *part = has_last ? "first" : "last";
	bool first = false, last = false;

	for (size_t i = 0; i < COUNT(whole_names); i++) {
		if (fold_is_one_of(column, whole_names[i].name)) {
			first = whole_names[i].may_be_first;
			last = whole_names[i].may_be_last;
		}
	}
	if (has_first == has_last || (!first && !last))
		return 0;
	if (first && last)
		return err_set(err, ERR_DATA,
			"is \"%.40s\" the whole name or the %s name? say "
			"--map \"%.40s=name\" or --map \"%.40s=%s_name\"",
			column, part, column, column, part);
	if (has_last && first)
		columns->fields[at] = FIELD_FIRST_NAME;
	if (has_first && last)
		columns->fields[at] = FIELD_LAST_NAME;
	return 0;
}

static int
check_enough(const struct columns *columns, struct err *err)
{
	if (!columns_have(columns, FIELD_NAME) &&
		!columns_have(columns, FIELD_LAST_NAME) &&
		!columns_have(columns, FIELD_FIRST_NAME) &&
		!columns_have(columns, FIELD_ORGANISATION))
		return err_set(err, ERR_DATA,
			"no column of this file is a name; name the columns "
			"in its first line (name,email,country), or say --map "
			"COLUMN=name");
	if (!columns_have(columns, FIELD_EMAIL) &&
		!columns_have(columns, FIELD_COUNTRY))
		return err_set(err, ERR_DATA,
			"no column of this file is an e-mail address or a "
			"country; a signature needs one of them, or say --map "
			"COLUMN=email");
	return 0;
}

int
columns_read(struct columns *out, char *const *names, size_t count,
	const struct column_map *maps, size_t map_count, struct err *err)
{
	size_t whole = count; /* the name, when only its name says so */

	out->fields = mem_zalloc(count * sizeof *out->fields);
	out->count = count;
	if (check_maps(maps, map_count, names, count, err) < 0 ||
		check_names(names, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int rc = find_map(
			maps, map_count, names[i], &out->fields[i], err);

		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		out->fields[i] = find_alias(names[i]);
		if (out->fields[i] == FIELD_NAME)
			whole = i;
	}
	if (check_doubles(out, names, err) < 0)
		return -1;
	if (whole < count && settle_name(out, whole, names[whole], err) < 0)
		return -1;
	return check_enough(out, err);
}

void
columns_release(struct columns *columns)
{
	free(columns->fields);
	*columns = (struct columns){0};
}

bool
columns_have(const struct columns *columns, enum signature_field field)
{
	for (size_t i = 0; i < columns->count; i++)
		if (columns->fields[i] == field)
			return true;
	return false;
}
