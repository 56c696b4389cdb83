#include "app/sign.h"

#include <stdlib.h>
#include <string.h>

#include "app/catalog.h"
#include "app/desk.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_life.h"
#include "store/store_signature.h"

/* Whether today lies in Opens..Closes, both days included. */
static int
check_open(const struct letter *letter, struct err *err)
{
	int64_t now = clock_now();
	int64_t opens = letter_day(&letter->opens, INT64_MIN);
	int64_t closes = letter_day(&letter->closes, INT64_MAX);

	if (now < opens)
		return err_set(err, ERR_REFUSED, "signing opens on %s (UTC)",
			letter->opens.text);
	if (closes != INT64_MAX && now >= closes + CLOCK_DAY_S)
		return err_set(err, ERR_REFUSED, "signing closed on %s (UTC)",
			letter->closes.text);
	return 0;
}

static int
note_edition(struct signing_desk *desk, const struct catalog_entry *entry,
	struct err *err)
{
	struct store *store = desk->ws->store;

	if (store_begin(store, "noting the edition", DB_DURABLE, err) < 0)
		return -1;
	if (store_letter(store, entry->name, &desk->letter, err) < 0 ||
		store_edition(store, desk->letter, entry->lang, entry->edition,
			&desk->edition, err) < 0 ||
		store_consent(store, desk->consent_text, &desk->consent, err) <
			0 ||
		store_letter_by_name(store, desk->letter, &desk->by_name, err) <
			0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store, err);
}

/* Problems of this letter's files only. */
static int
check_usable(const struct catalog_entry *entry, const struct problems *all,
	struct problems *problems, struct err *err)
{
	if (entry->usable)
		return 0;
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].file, entry->file) == 0)
			problems_add(problems, entry->file, all->items[i].line,
				all->items[i].column, "%s", all->items[i].text);
	return err_set(err, ERR_DATA,
		"%s cannot be signed before this is "
		"mended",
		entry->name);
}

int
sign_open(struct workspace *ws, const char *letter, const char *lang,
	bool any_day, struct signing_desk **out, struct problems *problems,
	struct err *err)
{
	struct signing_desk *desk = mem_zalloc(sizeof *desk);
	const struct catalog_entry *entries, *entry;
	struct problems all = {0};
	struct catalog catalog;
	size_t count;
	int rc = -1;

	desk->ws = ws;
	if (catalog_load(ws, &catalog, &all, err) < 0)
		goto out;
	if (catalog_require_letter(&catalog, letter, &entries, &count, err) < 0)
		goto out;
	entry = catalog_choose(
		entries, count, lang ? lang : ws->conf.lang, &ws->conf);
	if (check_usable(entry, &all, problems, err) < 0)
		goto out;
	if (!any_day && check_open(&entry->letter, err) < 0) {
		err_prefix(err, "%s", entry->name);
		goto out;
	}
	desk->by_name = ws->conf.each;
	desk->opens = letter_day(&entry->letter.opens, INT64_MIN);
	desk->closes = letter_day(&entry->letter.closes, INT64_MAX);
	desk->lang = mem_strdup(entry->lang);
	desk->title = mem_strdup(entry->letter.title.text);
	desk->consent_text = mem_strdup(entry->letter.consent.text
						? entry->letter.consent.text
						: letter_default_consent);
	rc = note_edition(desk, entry, err);
out:
	problems_release(&all);
	catalog_release(&catalog);
	if (rc < 0)
		sign_close(desk);
	else
		*out = desk;
	return rc;
}

void
sign_close(struct signing_desk *desk)
{
	if (!desk)
		return;
	free(desk->lang);
	free(desk->title);
	free(desk->consent_text);
	free(desk);
}

const char *
sign_title(const struct signing_desk *desk)
{
	return desk->title;
}

const char *
sign_consent(const struct signing_desk *desk)
{
	return desk->consent_text;
}

/* Stores a checked signature in a transaction of its own. */
static int
store_one(struct store *store, const struct store_signing *in,
	struct store_item *item, enum sign_result *out, struct err *err)
{
	struct store_counts counts = {.letter = in->letter};
	int rc;

	if (store_begin(store, "signing", DB_DURABLE, err) < 0)
		return -1;
	rc = store_expire(store, in->now, NULL, err);
	if (rc == 0)
		rc = store_sign(store, in, item, 1, &counts, err);
	if (rc == 0)
		rc = store_counts_write(store, &counts, err);
	if (rc == 0)
		rc = store_commit(store, err);
	store_rollback(store);
	store_counts_release(&counts);
	*out = item->what == STORE_SIGNED_NEW	    ? SIGN_NEW
	       : item->what == STORE_SIGNED_TIGHTER ? SIGN_TIGHTER
						    : SIGN_AGAIN;
	return rc;
}

/* Makes what a pending signature is confirmed with. */
static int64_t
make_token(const struct signing_desk *desk, int64_t now,
	char token[static TOKEN_MAX], char digest[static DIGEST_MAX])
{
	token_random(token);
	token_digest(token, strlen(token), digest);
	return now + desk->ws->conf.confirm_days * (int64_t)CLOCK_DAY_S;
}

int
sign_take(struct signing_desk *desk, const struct signature *given, char *token,
	enum sign_result *out, struct err *err)
{
	struct signature s = *given;
	struct store_item item = {.signature = &s};
	char digest[DIGEST_MAX];
	struct store_signing in = {
		.letter = desk->letter,
		.edition = desk->edition,
		.consent = desk->consent,
		.state = token ? SIGNATURE_PENDING : SIGNATURE_CONFIRMED,
		.source = "desk",
		.now = clock_now(),
		.revive = true,
	};
	struct arena arena = {0};
	int rc;

	if (str_empty(s.lang))
		s.lang = desk->lang;
	s.signed_at = in.now;
	s.by_name = desk->by_name;
	rc = signature_check(&s, &arena, err);
	if (rc == 0 && token && !*s.email)
		rc = err_set(err, ERR_DATA,
			"who is to confirm needs an e-mail address");
	if (rc == 0 && token) {
		item.until = make_token(desk, in.now, token, digest);
		item.token = digest;
	}
	if (rc == 0)
		rc = store_one(desk->ws->store, &in, &item, out, err);
	arena_release(&arena);
	return rc;
}
