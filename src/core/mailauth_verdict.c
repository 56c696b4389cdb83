#include "core/mailauth.h"

#include <stdio.h>
#include <string.h>

/* What one method proves about the sender. */
enum proof {
	PROOF_NONE,	/* certainly nothing */
	PROOF_DOUBTFUL, /* not for the server that is known here */
	PROOF_UNKNOWN,
	PROOF_GIVEN,
};

static enum proof
spf_proof(const struct mailauth *facts)
{
	switch (facts->spf.result) {
	case SPF_NONE:
	case SPF_PERMERROR:
		return PROOF_NONE;
	case SPF_TEMPERROR:
		return PROOF_UNKNOWN;
	case SPF_PASS:
		return facts->spf_server ? PROOF_GIVEN : PROOF_UNKNOWN;
	case SPF_NEUTRAL:
	case SPF_FAIL:
	case SPF_SOFTFAIL:
		break;
	}
	return facts->spf_server ? PROOF_DOUBTFUL : PROOF_UNKNOWN;
}

static enum proof
found_proof(enum mailauth_found found)
{
	switch (found) {
	case MAILAUTH_GOOD:
		return PROOF_GIVEN;
	case MAILAUTH_UNKNOWN:
		return PROOF_UNKNOWN;
	case MAILAUTH_MISSING:
	case MAILAUTH_WRONG:
		break;
	}
	return PROOF_NONE;
}

static void
conclude(struct mailauth_verdict *out, enum mailauth_fate fate,
	const char *what, const char *why)
{
	out->fate = fate;
	out->what = what;
	snprintf(out->why, sizeof out->why, "%s", why);
}

static bool
judge_mailbox(enum mailauth_mailbox mailbox, struct mailauth_verdict *out)
{
	static const char refused[] = "mail will probably be refused";

	switch (mailbox) {
	case MAILAUTH_NO_DOMAIN:
		conclude(out, MAILAUTH_REFUSED, refused,
			"the domain of the sender does not exist");
		return true;
	case MAILAUTH_NULL_MX:
	case MAILAUTH_NO_SERVER:
		conclude(out, MAILAUTH_REFUSED, refused,
			"nobody can answer: the sender's domain takes no "
			"mail");
		return true;
	case MAILAUTH_TAKES_MAIL:
	case MAILAUTH_MAIL_UNKNOWN:
		break;
	}
	return false;
}

/* SPF proves nothing, or not surely. */
static void
judge_without_spf(const struct mailauth *facts, enum proof spf,
	struct mailauth_verdict *out)
{
	enum proof dkim = found_proof(facts->dkim.found);
	bool strict = facts->dmarc.found == MAILAUTH_GOOD &&
		      facts->dmarc.policy != DMARC_NONE;

	if (dkim == PROOF_GIVEN)
		conclude(out, MAILAUTH_ACCEPTED,
			"mail will probably be accepted, if the server signs "
			"it",
			"the DKIM key is enough in small numbers; whether the "
			"server signs with it shows in a letter only");
	else if (spf == PROOF_NONE && dkim == PROOF_NONE)
		conclude(out, MAILAUTH_REFUSED, "mail will probably be refused",
			"neither SPF nor DKIM proves that it is yours");
	else if (spf == PROOF_NONE)
		conclude(out, MAILAUTH_UNCERTAIN,
			"mail will be refused, unless the server signs it",
			"SPF does not prove that it is yours, so DKIM must; "
			"of that nothing is known here");
	else if (spf == PROOF_DOUBTFUL && dkim == PROOF_NONE && strict)
		conclude(out, MAILAUTH_UNCERTAIN,
			"mail will be refused or land in spam, unless the "
			"server "
			"sends it on from an address that SPF names",
			"there is no DKIM, SPF does not name the server, and "
			"the domain's DMARC policy asks for it");
	else if (spf == PROOF_DOUBTFUL && dkim == PROOF_NONE)
		conclude(out, MAILAUTH_UNCERTAIN,
			"mail will probably land in spam, unless the server "
			"sends it on from an address that SPF names",
			"there is no DKIM, and SPF does not name the server");
	else
		conclude(out, MAILAUTH_UNCERTAIN,
			"what becomes of mail cannot be said from here",
			"neither SPF nor DKIM could be seen to prove that it "
			"is yours");
}

void
mailauth_judge(const struct mailauth *facts, struct mailauth_verdict *out)
{
	enum proof spf = spf_proof(facts);

	if (judge_mailbox(facts->mailbox, out))
		return;
	if (spf != PROOF_GIVEN)
		judge_without_spf(facts, spf, out);
	else if (found_proof(facts->dkim.found) == PROOF_GIVEN)
		conclude(out, MAILAUTH_ACCEPTED,
			"mail will probably be accepted",
			"SPF names the server, and a DKIM key is there");
	else
		conclude(out, MAILAUTH_ACCEPTED,
			"mail will probably be accepted",
			"SPF names the server, which is enough in small "
			"numbers");
}

/* Adds "SPF, DKIM" for those of the three that stand so. */
static void
list(const enum proof proofs[3], enum proof from, enum proof to, char *out,
	size_t size)
{
	static const char *const names[] = {"SPF", "DKIM", "DMARC"};

	*out = '\0';
	for (int i = 0; i < 3; i++) {
		size_t len = strlen(out);

		if (proofs[i] >= from && proofs[i] <= to)
			snprintf(out + len, size - len, "%s%s", len ? ", " : "",
				names[i]);
	}
}

void
mailauth_judge_bulk(const struct mailauth *facts, struct mailauth_verdict *out)
{
	const enum proof proofs[] = {spf_proof(facts),
		found_proof(facts->dkim.found),
		found_proof(facts->dmarc.found)};
	char missing[32], unsure[32];

	if (judge_mailbox(facts->mailbox, out))
		return;
	list(proofs, PROOF_NONE, PROOF_NONE, missing, sizeof missing);
	list(proofs, PROOF_DOUBTFUL, PROOF_UNKNOWN, unsure, sizeof unsure);
	if (!*missing && !*unsure) {
		conclude(out, MAILAUTH_ACCEPTED,
			"mail will probably be accepted",
			"SPF, DKIM and DMARC are there; news need a link to "
			"unsubscribe with one click, too");
		return;
	}
	if (*missing)
		conclude(out, MAILAUTH_REFUSED, "mail will probably be refused",
			"");
	else
		conclude(out, MAILAUTH_UNCERTAIN,
			"what becomes of mail cannot be said from here", "");
	snprintf(out->why, sizeof out->why,
		"for so many they want SPF, DKIM and DMARC%s%s%s%s",
		*missing ? "; missing: " : "", missing,
		*unsure ? "; not seen from here: " : "", unsure);
}
