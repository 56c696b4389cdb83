#include "core/signature.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "core/country.h"
#include "core/fold.h"

enum {
	LINE_MAX_LEN = 200,
	COMMENT_MAX_LEN = 4000,
	KEY_KIND_LEN = 2 /* "p:" or "o:" */
};

static const char *const kind_names[] = {"person", "organisation"};
static const char *const state_names[] = {"pending", "confirmed", "withdrawn",
	"rejected", "expired", "repeated", "revoked"};

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

int
signature_state_parse(const char *name, enum signature_state *out)
{
	for (int i = 0; i < SIGNATURE_STATES; i++) {
		if (str_ieq(name, state_names[i])) {
			*out = (enum signature_state)i;
			return 0;
		}
	}
	return -1;
}

/* A text cut to what stands between white space at its ends. */
static const char *
trim(const char *text, struct arena *arena)
{
	size_t len;

	while (str_is_space(*text))
		text++;
	len = strlen(text);
	if (len == 0 || !str_is_space(text[len - 1]))
		return text;
	while (str_is_space(text[len - 1]))
		len--;
	return arena_strndup(arena, text, len);
}

static const char *
tidy(const char *text, struct arena *arena)
{
	char *tidied = fold_tidy(text);

	text = arena_strdup(arena, tidied);
	free(tidied);
	return text;
}

static int
check_value(const char **value, const char *what, bool comment,
	struct arena *arena, struct err *err)
{
	size_t max = comment ? COMMENT_MAX_LEN : LINE_MAX_LEN;
	const char *text = *value ? *value : "";
	bool sound;

	*value = text;
	if (fold_is_plain(text, max, comment))
		return 0;
	text = trim(text, arena);
	sound = !text[str_utf8_bad(text, strlen(text))];
	/* Tidying a comment makes CR LF into LF; of one line nothing is
	 * mended that must be refused. */
	if (sound && comment)
		text = tidy(text, arena);
	*value = "";
	if (fold_check_text(text, what, max, comment, err) < 0)
		return -1;
	if (!comment)
		text = tidy(text, arena);
	/* Some characters are two in NFC. What is kept must be taken again
	 * when it comes back from an export. */
	if (fold_check_text(text, what, max, comment, err) < 0)
		return -1;
	*value = text;
	return 0;
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

/* Joins "p" or "o", a colon and what tells one signer from another. */
static const char *
make_key(const struct signature *s, const char *what, struct arena *arena)
{
	size_t len = strlen(what);
	char *key = arena_alloc(arena, KEY_KIND_LEN + len + 1);

	key[0] = s->kind == SIGNATURE_PERSON ? 'p' : 'o';
	key[1] = ':';
	memcpy(key + KEY_KIND_LEN, what, len + 1);
	return key;
}

static int
check_email(struct signature *s, struct arena *arena, struct err *err)
{
	char text[ADDRESS_MAX];
	struct address address;

	s->email_key = "";
	if (str_empty(s->email)) {
		s->email = "";
		return 0;
	}
	if (address_parse(s->email, &address, err) < 0)
		return err_prefix(err, "e-mail");
	address_format(&address, text);
	if (strcmp(s->email, text) != 0)
		s->email = arena_strdup(arena, text);
	address_canonical(&address, text);
	s->key = make_key(s, text, arena);
	s->email_key = s->key + KEY_KIND_LEN;
	return 0;
}

static int
check_country(struct signature *s, struct arena *arena, struct err *err)
{
	char code[3];

	if (!*s->country)
		return 0;
	if (country_parse(s->country, code) < 0)
		return err_set(err, ERR_DATA,
			"country \"%.40s\" is not known; write its two-letter "
			"code (ISO 3166) such as IR, FR or GB, or its name",
			s->country);
	if (strcmp(s->country, code) != 0)
		s->country = arena_strndup(arena, code, 2);
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
	const char *spare;

	if (s->kind != SIGNATURE_ORGANISATION || *s->organisation)
		return;
	spare = s->organisation;
	s->organisation = s->name;
	s->name = spare;
}

/* The key of who has no address. */
static const char *
make_name_key(const struct signature *s, const char *name, struct arena *arena)
{
	char *folded = fold_name(name);
	char *postcode = fold_name(s->postcode);
	char *what = NULL;
	const char *key = NULL;

	if (*folded) {
		what = mem_printf("%s|%s|%s", folded, s->country, postcode);
		key = make_key(s, what, arena);
	}
	free(folded);
	free(postcode);
	free(what);
	return key;
}

/* A folded name has no "@" in it, so this is no other kind of key. */
static const char *
make_shared_key(const struct signature *s, const char *email_key,
	const char *name, struct arena *arena)
{
	char *folded = fold_name(name);
	char *what = mem_printf("%s|%s", email_key, folded);
	const char *key = make_key(s, what, arena);

	free(folded);
	free(what);
	return key;
}

const char *
signature_key(const struct signature *s, struct arena *arena)
{
	const char *name =
		s->kind == SIGNATURE_PERSON ? s->name : s->organisation;
	const char *email_key = s->email_key;
	char canonical[ADDRESS_MAX];
	struct err err;

	if (!email_key && *s->email) {
		if (signature_address_key(s->email, canonical, &err) < 0)
			return NULL;
		email_key = canonical;
	}
	if (!email_key || !*email_key)
		return make_name_key(s, name, arena);
	return s->by_name ? make_shared_key(s, email_key, name, arena)
			  : make_key(s, email_key, arena);
}

static int
check_identity(struct signature *s, struct arena *arena, struct err *err)
{
	const char *name =
		s->kind == SIGNATURE_PERSON ? s->name : s->organisation;

	if (!*name)
		return err_set(err, ERR_DATA,
			s->kind == SIGNATURE_PERSON
				? "the name is missing"
				: "the organisation's name is missing");
	if (*s->email_key && !s->by_name)
		return 0;
	if (!*s->email_key && !*s->country)
		return err_set(err, ERR_DATA,
			"without an e-mail address a country is needed, to "
			"tell two people of one name apart");
	s->key = signature_key(s, arena);
	return s->key ? 0
		      : err_set(err, ERR_DATA,
				"the name has no letter or digit in it; "
				"give an e-mail address");
}

int
signature_check(struct signature *s, struct arena *arena, struct err *err)
{
	struct {
		const char **value;
		const char *what;
	} texts[] = {
		{&s->name, "name"},
		{&s->organisation, "organisation"},
		{&s->role, "role"},
		{&s->country, "country"},
		{&s->city, "city"},
		{&s->postcode, "postcode"},
		{&s->comment, "comment"},
		{&s->lang, "lang"},
	};

	s->key = NULL;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (check_value(texts[i].value, texts[i].what,
			    texts[i].value == &s->comment, arena, err) < 0)
			return -1;
	if (check_email(s, arena, err) < 0 ||
		check_country(s, arena, err) < 0 || check_lang(s, err) < 0)
		return -1;
	settle_organisation(s);
	return check_identity(s, arena, err);
}
