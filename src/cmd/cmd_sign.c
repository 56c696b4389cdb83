#include <stdlib.h>
#include <string.h>

#include "app/sign.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/token.h"
#include "cmd/cmd.h"
#include "core/country.h"

/* What the options said; asked for when it is not there. */
struct answers {
	const char *name;
	const char *email;
	const char *as;
	const char *organisation;
	const char *role;
	const char *country;
	const char *city;
	const char *postcode;
	const char *comment;
	const char *lang;
	const char *visibility;
	bool updates;
	bool desk;
	bool pending;
};

static int
fill(const struct answers *a, struct signature *s, struct err *err)
{
	s->name = a->name;
	s->email = a->email;
	s->organisation = a->organisation;
	s->role = a->role;
	s->country = a->country;
	s->city = a->city;
	s->postcode = a->postcode;
	s->comment = a->comment;
	s->lang = a->lang;
	s->updates = a->updates;
	s->visibility = VISIBILITY_RECIPIENT;
	if (a->as && signature_kind_parse(a->as, &s->kind) < 0)
		return err_set(err, ERR_USAGE,
			"--as %s: say person or organisation", a->as);
	if (a->visibility &&
		visibility_parse(a->visibility, &s->visibility) < 0)
		return err_set(err, ERR_USAGE,
			"--visibility %s: say public, recipient or count",
			a->visibility);
	return 0;
}

/* The token is data: it goes on to the signer, by whatever way. */
static int
give_token(const struct cmd *cmd, const char *token, struct err *err)
{
	puts(token);
	cmd_say(cmd,
		"Pending: it counts once `openletter confirm` is given this "
		"token, within %d days.",
		cmd->ws.conf.confirm_days);
	return out_flush(err);
}

static void
thank(const struct cmd *cmd, enum sign_result result)
{
	switch (result) {
	case SIGN_NEW:
		cmd_say(cmd, "Signed. Thank you.");
		break;
	case SIGN_AGAIN:
		cmd_say(cmd, "Signed already before; nothing was changed.");
		break;
	case SIGN_TIGHTER:
		cmd_say(cmd, "Signed already before; the visibility is now "
			     "tighter, nothing else was changed.");
		break;
	}
}

static int
sign_once(struct cmd *cmd, struct signing_desk *desk, const struct answers *a,
	struct err *err)
{
	struct signature s = {0};
	enum sign_result result = SIGN_NEW;
	char token[TOKEN_MAX];
	int rc = fill(a, &s, err);

	if (rc == 0)
		rc = sign_take(
			desk, &s, a->pending ? token : NULL, &result, err);
	if (rc < 0)
		return -1;
	if (a->pending)
		return give_token(cmd, token, err);
	thank(cmd, result);
	return 0;
}

/* Says whether an answer can be taken; err says why not. */
typedef int check_answer(const char *answer, struct err *err);

static int
check_email(const char *answer, struct err *err)
{
	struct address address;

	return *answer ? address_parse(answer, &address, err) : 0;
}

static int
check_country(const char *answer, struct err *err)
{
	char code[3];

	if (!*answer || country_parse(answer, code) == 0)
		return 0;
	return err_set(err, ERR_DATA,
		"not known; write its two-letter code (ISO 3166) such as IR, "
		"FR or GB, or its name");
}

static int
check_visibility(const char *answer, struct err *err)
{
	enum visibility visibility;

	if (!*answer || visibility_parse(answer, &visibility) == 0)
		return 0;
	return err_set(err, ERR_DATA, "say public, recipient or count");
}

static int
check_yes(const char *answer, struct err *err)
{
	bool yes;

	if (signature_parse_bool(answer, &yes) == 0)
		return 0;
	return err_set(err, ERR_DATA, "say y or n");
}

/*
 * Asks for one value unless an option gave it, again as long as the answer
 * cannot be taken. *owned is to be freed. Returns 1, or 0 when the input
 * ended.
 */
static int
ask(const char *question, check_answer *check, const char **value, char **owned)
{
	struct err err;

	if (*value)
		return 1;
	while (cmd_ask(question, owned)) {
		if (!check || check(*owned, &err) == 0) {
			*value = **owned ? *owned : NULL;
			return 1;
		}
		fprintf(stderr, "openletter: %s\n", err.msg);
		free(*owned);
		*owned = NULL;
	}
	return 0;
}

/* Asks what the options did not say. Returns 1, or 0 when the input ended or
 * (at a desk) no name was given. */
static int
ask_all(struct answers *a, char *owned[static 6])
{
	bool organisation = a->as && str_ieq(a->as, "organisation");
	const char **name = organisation ? &a->organisation : &a->name;
	const char *updates = a->updates ? "y" : NULL;

	if (!ask(organisation ? "Name of the organisation: "
		    : a->desk ? "Name (empty to end): "
			      : "Name: ",
		    NULL, name, &owned[0]) ||
		(a->desk && !*name))
		return 0;
	if (!ask("E-mail (or empty): ", check_email, &a->email, &owned[1]) ||
		!ask("Country (or empty): ", check_country, &a->country,
			&owned[2]) ||
		!ask("City (or empty): ", NULL, &a->city, &owned[3]) ||
		!ask("Visibility: public, recipient or count (recipient): ",
			check_visibility, &a->visibility, &owned[4]) ||
		!ask("News by e-mail, updates (y/N)? ", check_yes, &updates,
			&owned[5]))
		return 0;
	if (updates)
		signature_parse_bool(updates, &a->updates);
	return 1;
}

/* Asks one supporter. Returns 1 when the next can come, 0 when the input (or,
 * at a desk, the day) is over, or -1. */
static int
interview(struct cmd *cmd, struct signing_desk *desk, struct answers a,
	long *taken, struct err *err)
{
	char *owned[6] = {0};
	int rc = ask_all(&a, owned);

	if (rc > 0) {
		if (sign_once(cmd, desk, &a, err) == 0)
			++*taken;
		else if (a.desk && err->kind == ERR_DATA)
			fprintf(stderr, "openletter: not taken: %s\n",
				err->msg);
		else
			rc = -1;
	}
	for (int i = 0; i < 6; i++)
		free(owned[i]);
	return rc;
}

static int
run_desk(struct cmd *cmd, struct signing_desk *desk, const struct answers *a,
	struct err *err)
{
	long taken = 0;
	int rc;

	fprintf(stderr, "%s\n%s\n", sign_title(desk), sign_consent(desk));
	do {
		fputc('\n', stderr);
		rc = interview(cmd, desk, *a, &taken, err);
	} while (rc > 0 && a->desk);
	if (rc < 0)
		return -1;
	if (a->desk)
		cmd_say(cmd, "\n%ld taken.", taken);
	else if (taken == 0)
		return err_set(err, ERR_USAGE,
			"the answers ended early; nothing was signed");
	return 0;
}

int
cmd_sign(struct cmd *cmd, int argc, char **argv, struct err *err)
{
	struct answers a = {0};
	const struct opt options[] = {
		{"name", 0, OPT_TEXT, &a.name, "NAME", "the signer's name"},
		{"email", 0, OPT_TEXT, &a.email, "EMAIL",
			"the address; without one a country is needed"},
		{"as", 0, OPT_TEXT, &a.as, "KIND",
			"person (default) or organisation"},
		{"organisation", 0, OPT_TEXT, &a.organisation, "NAME",
			"the organisation, or the person's affiliation"},
		{"role", 0, OPT_TEXT, &a.role, "TEXT", "what they do there"},
		{"country", 0, OPT_TEXT, &a.country, "CC",
			"two letters (ISO 3166), or its name"},
		{"city", 0, OPT_TEXT, &a.city, "TEXT", "where they live"},
		{"postcode", 0, OPT_TEXT, &a.postcode, "TEXT",
			"for the organisers only"},
		{"comment", 0, OPT_TEXT, &a.comment, "TEXT",
			"shown with the name"},
		{"lang", 0, OPT_TEXT, &a.lang, "LANG",
			"the language they read"},
		{"visibility", 0, OPT_TEXT, &a.visibility, "WHO",
			"who may see the name: public, recipient (default), "
			"count (nobody)"},
		{"updates", 0, OPT_FLAG, &a.updates, NULL,
			"they want news by e-mail"},
		{"pending", 0, OPT_FLAG, &a.pending, NULL,
			"count it only once it is confirmed; prints the token "
			"for that"},
		{"desk", 0, OPT_FLAG, &a.desk, NULL,
			"keep asking: for a table at a march"},
		OPT_END,
	};
	struct signing_desk *desk;
	bool named;
	int rc = cmd_begin(cmd, options, CMD_STORE, &argc, argv, 1, 1, err);

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	named = a.name || (a.organisation && a.as);
	if (!named && !a.desk && !cmd_interactive())
		return err_set(err, ERR_USAGE,
			"who signs? give --name (and --email), or run this on "
			"a terminal");
	if (a.lang && !lang_valid(a.lang))
		return err_set(err, ERR_USAGE,
			"--lang %s: not a language tag such as en or fa",
			a.lang);
	if (sign_open(&cmd->ws, argv[0], a.lang, false, &desk, &cmd->problems,
		    err) < 0)
		return -1;
	rc = named && !a.desk ? sign_once(cmd, desk, &a, err)
			      : run_desk(cmd, desk, &a, err);
	sign_close(desk);
	return rc;
}
