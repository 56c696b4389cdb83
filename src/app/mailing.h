/*
 * A mailing in memory: all that its messages share, frozen when it is made.
 * Comes from the files when a mailing is prepared, from the store when it is
 * resumed; what is rendered from either is the same.
 */
#ifndef APP_MAILING_H
#define APP_MAILING_H

#include "app/attachment.h"
#include "app/catalog.h"
#include "app/edition.h"
#include "app/names.h"
#include "app/parts.h"
#include "app/workspace.h"
#include "base/fields.h"
#include "base/token.h"
#include "core/mailing.h"
#include "core/signature.h"

/* What the links in mail to supporters are sealed for. */
#define MAILING_UNSUBSCRIBE "unsubscribe"

struct composition;

/* One language. */
struct mailing_lang {
	char lang[LANG_MAX];
	char *text; /* the edition */
	struct fields letter;
	struct fields campaign;
	struct attachment *files;
	size_t file_count;
	struct edition edition;
	bool lists_names;		 /* with {{#signatures.list}} */
	struct composition *composition; /* owned */
};

struct mailing {
	const struct workspace *ws;
	int64_t id; /* 0: not in the store */
	char *letter;
	char *campaign;
	enum audience audience;
	bool supporters; /* can unsubscribe */
	/* Seals the number of a delivery in the link for that; only of a
	 * mailing for supporters that was read from the store. */
	struct token_key unsubscribe_key;
	bool has_unsubscribe_key;
	char *account;
	int64_t created_at;
	int64_t milestone; /* of a prepared one: why it is sent; 0 */
	char *from_name;
	char *from_address;
	char *reply_to_name;
	char *reply_to_address; /* "" without */
	struct fields organiser;
	struct fields signatures;
	struct names names;	      /* of signatures.list and the list along
					 with it, when there is one */
	int64_t names_version;	      /* see store/store_names.h */
	enum signature_list list;     /* goes along with each message */
	struct attachments row_files; /* what lists name for one recipient */
	struct parts *parts;	      /* all that goes along */
	struct mailing_lang *langs;
	size_t lang_count;
};

/* What a mailing is made of; borrowed. */
struct mailing_request {
	const struct catalog *catalog;
	const char *letter;
	enum audience audience;
	bool supporters;
	const char *account;	      /* may be "" */
	const struct fields *columns; /* of the recipients: what the letter
					 may name */
	int64_t milestone;	      /* 0: none */
	enum signature_list list;
	bool bare; /* signatures.list is empty */
	int64_t now;
};

/*
 * Reads a letter in all its languages from the files, and the totals from
 * the store (ws->store may be NULL: all are 0).
 * Returns 0, or -1: ERR_NOTFOUND; ERR_DATA with what is wrong in problems;
 * ERR_IO.
 */
int mailing_prepare(struct workspace *ws, const struct mailing_request *request,
	struct mailing **out, struct problems *problems, struct err *err);

/* Writes a prepared mailing into the store, within a transaction, and sets
 * its id; *letter_id is the letter's. */
int mailing_save(struct workspace *ws, struct mailing *mailing,
	int64_t *letter_id, struct err *err);

/* Reads a mailing back. Errors: ERR_NOTFOUND, ERR_DATA, ERR_IO. */
int mailing_load(struct workspace *ws, int64_t id, struct mailing **out,
	struct err *err);

/* Leaves out names whose owners withdrew or hid them meanwhile, as the newest
 * version in the store says. Messages may be made at the same time. */
int mailing_follow_names(
	struct workspace *ws, struct mailing *mailing, struct err *err);

/* Whether a letter lists names, and whether anything of a mailing does. */
bool mailing_lists_names(const struct edition *edition);
bool mailing_shows_names(const struct mailing *mailing);

/* Who its readers are, but for those of copies. */
enum viewer mailing_viewer(const struct mailing *mailing);

void mailing_free(struct mailing *mailing);

/* The language for a reader of `lang`: look-up, else the fallback order of
 * the configuration. Never NULL. */
struct mailing_lang *mailing_choose(const struct mailing *mailing,
	const char *lang, const struct conf *conf);

/* The language of this tag, or NULL. */
struct mailing_lang *
mailing_find_lang(const struct mailing *mailing, const char *lang);

#endif
