#include "core/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/fold.h"

enum {
	LINE_MAX_LEN = 200,
	COMMENT_MAX_LEN = 4000
};

static const char *const kind_names[] = {"person", "organisation"};
static const char *const state_names[] = {"pending", "confirmed", "withdrawn"};
static const char *const visibility_names[] = {"public", "recipient", "count"};

const char *
signature_kind_name(enum signature_kind kind)
{
	return kind_names[kind];
}

const char *
signature_state_name(enum signature_state state)
{
	return state_names[state];
}

const char *
visibility_name(enum visibility visibility)
{
	return visibility_names[visibility];
}

static int
parse_name(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (str_ieq(name, names[i]))
			return i;
	return -1;
}

int
signature_kind_parse(const char *name, enum signature_kind *out)
{
	int i = parse_name(name, kind_names, 2);

	if (i < 0 && str_ieq(name, "organization"))
		i = SIGNATURE_ORGANISATION;
	if (i >= 0)
		*out = (enum signature_kind)i;
	return i < 0 ? -1 : 0;
}

int
visibility_parse(const char *name, enum visibility *out)
{
	int i = parse_name(name, visibility_names, 3);

	if (i >= 0)
		*out = (enum visibility)i;
	return i < 0 ? -1 : 0;
}

int
signature_parse_bool(const char *text, bool *out)
{
	static const char *const words[] = {"no", "yes", "n", "y", "false",
		"true", "0", "1", "off", "on", "", "x"};
	int i = parse_name(text, words, sizeof words / sizeof words[0]);

	if (i >= 0)
		*out = i % 2 == 1;
	return i < 0 ? -1 : 0;
}

static int
check_value(char **value, const char *what, bool comment, struct err *err)
{
	size_t max = comment ? COMMENT_MAX_LEN : LINE_MAX_LEN;
	char *given = *value ? *value : mem_strdup("");
	char *trimmed = str_trim(given);
	bool sound = !trimmed[str_utf8_bad(trimmed, strlen(trimmed))];
	int rc = -1;

	*value = NULL;
	/* Tidying a comment makes CR LF into LF; of one line nothing is
	 * mended that must be refused. */
	if (sound && comment)
		*value = fold_tidy(trimmed);
	if (fold_check_text(
		    *value ? *value : trimmed, what, max, comment, err) == 0)
		rc = 0;
	if (!*value)
		*value = rc == 0 ? fold_tidy(trimmed) : mem_strdup("");
	free(given);
	return rc;
}

int
signature_address_key(
	const char *email, char out[static ADDRESS_MAX], struct err *err)
{
	struct address address;

	if (address_parse(email, &address, err) < 0)
		return -1;
	address_canonical(&address, out);
	return 0;
}

static int
check_email(struct signature *s, struct err *err)
{
	char text[ADDRESS_MAX];
	struct address address;

	free(s->email_key);
	s->email_key = mem_strdup("");
	if (str_empty(s->email)) {
		free(s->email);
		s->email = mem_strdup("");
		return 0;
	}
	if (address_parse(s->email, &address, err) < 0)
		return err_prefix(err, "e-mail");
	address_format(&address, text);
	free(s->email);
	s->email = mem_strdup(text);
	address_canonical(&address, text);
	free(s->email_key);
	s->email_key = mem_strdup(text);
	return 0;
}

static int
check_country(struct signature *s, struct err *err)
{
	char code[3];

	if (!*s->country)
		return 0;
	if (country_parse(s->country, code) < 0)
		return err_set(err, ERR_DATA,
			"country \"%.40s\" is not a two-letter code (ISO 3166) "
			"such as IR, FR or GB",
			s->country);
	free(s->country);
	s->country = mem_strdup(code);
	return 0;
}

static int
check_lang(struct signature *s, struct err *err)
{
	if (*s->lang && !lang_valid(s->lang))
		return err_set(err, ERR_DATA,
			"language \"%.40s\" is not a tag such as en or fa",
			s->lang);
	return 0;
}

/* An organisation's name stands in organisation, whichever field it came
 * in. */
static void
settle_organisation(struct signature *s)
{
	char *spare;

	if (s->kind != SIGNATURE_ORGANISATION || *s->organisation)
		return;
	spare = s->organisation;
	s->organisation = s->name;
	s->name = spare;
}

static int
check_identity(struct signature *s, struct err *err)
{
	const char *name =
		s->kind == SIGNATURE_PERSON ? s->name : s->organisation;
	const char *letter = s->kind == SIGNATURE_PERSON ? "p" : "o";
	char *folded, *postcode;

	if (!*name)
		return err_set(err, ERR_DATA,
			s->kind == SIGNATURE_PERSON
				? "the name is missing"
				: "the organisation's name is missing");
	free(s->key);
	s->key = NULL;
	if (*s->email_key) {
		s->key = mem_printf("%s:%s", letter, s->email_key);
		return 0;
	}
	if (!*s->country)
		return err_set(err, ERR_DATA,
			"without an e-mail address a country is needed, to "
			"tell two people of one name apart");
	folded = fold_name(name);
	postcode = fold_name(s->postcode);
	if (*folded)
		s->key = mem_printf(
			"%s:%s|%s|%s", letter, folded, s->country, postcode);
	free(folded);
	free(postcode);
	return s->key ? 0
		      : err_set(err, ERR_DATA,
				"the name has no letter or digit in it; "
				"give an e-mail address");
}

int
signature_check(struct signature *s, struct err *err)
{
	if (check_value(&s->name, "name", false, err) < 0 ||
		check_value(&s->organisation, "organisation", false, err) < 0 ||
		check_value(&s->role, "role", false, err) < 0 ||
		check_value(&s->country, "country", false, err) < 0 ||
		check_value(&s->city, "city", false, err) < 0 ||
		check_value(&s->postcode, "postcode", false, err) < 0 ||
		check_value(&s->comment, "comment", true, err) < 0 ||
		check_value(&s->lang, "lang", false, err) < 0 ||
		check_email(s, err) < 0 || check_country(s, err) < 0 ||
		check_lang(s, err) < 0)
		return -1;
	settle_organisation(s);
	return check_identity(s, err);
}

void
signature_release(struct signature *s)
{
	if (!s)
		return;
	free(s->name);
	free(s->email);
	free(s->organisation);
	free(s->role);
	free(s->country);
	free(s->city);
	free(s->postcode);
	free(s->comment);
	free(s->lang);
	free(s->key);
	free(s->email_key);
	*s = (struct signature){0};
}
