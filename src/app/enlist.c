#include "app/enlist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/compose.h"
#include "app/data.h"
#include "app/recipients.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_ledger.h"
#include "store/store_mailing.h"
#include "store/store_signature.h"
#include "store/store_suppression.h"

/* A recipient kept in memory while signers are walked. */
struct kept {
	struct fields row;
	int64_t row_id;
	char *email;
	char *key;
	char *file;
	long line;
};

struct walk {
	struct workspace *ws;
	struct mailing *mailing;
	int64_t letter_id;
	const struct enlist_options *options;
	struct enlisted *out;
	struct problems *problems;
	struct problems *notes;
	int row_files;	   /* saved */
	int64_t first_row; /* of the first letter, for copies */
	struct fields first_fields;
	char first_lang[LANG_MAX];
	struct kept *kept; /* for-signers */
	size_t kept_count;
	size_t kept_cap;
};

/* One possible delivery. */
struct target {
	const char *email;
	const char *key;
	char test_key[ADDRESS_MAX]; /* key, in a test mailing */
	const struct fields *row;
	const struct fields *signer; /* NULL but for-signers */
	int64_t *row_id;	     /* 0: not saved yet */
	int64_t *signer_row;
	int64_t signature; /* in whose name; 0 but for-signers */
	bool copy;
	int64_t reader;	  /* whose signature asked for news; else 0 */
	const char *file; /* where the row stands, NULL: in the store */
	long line;
};

void
enlisted_release(struct enlisted *e)
{
	fields_release(&e->langs);
	free(e->first_to);
	free(e->first_subject);
	free(e->first_text);
	*e = (struct enlisted){0};
}

int
enlist_columns(struct workspace *ws, char *const *lists, size_t count,
	struct fields *out, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct fields *columns;
		struct recipients *r;

		if (recipients_open(ws, lists[i], &r, err) < 0)
			return -1;
		columns = recipients_columns(r);
		for (size_t k = 0; k < columns->count; k++)
			if (!fields_get(out, columns->items[k].name))
				fields_add(out, columns->items[k].name, "");
		recipients_close(r);
	}
	return 0;
}

static void
count_lang(struct enlisted *e, const char *lang)
{
	for (size_t i = 0; i < e->langs.count; i++) {
		struct field *f = &e->langs.items[i];

		if (strcmp(f->name, lang) == 0) {
			char *more = mem_printf(
				"%ld", strtol(f->value, NULL, 10) + 1);

			free(f->value);
			f->value = more;
			return;
		}
	}
	fields_add(&e->langs, lang, "1");
}

/* Whether the address is left out. Returns 1, 0 or -1. */
static int
left_out(struct walk *w, const struct target *t, struct err *err)
{
	struct store *store = w->ws->store;
	int rc = store_in_mailing(
		store, w->letter_id, w->mailing->id, t->key, t->signature, err);

	if (rc > 0) {
		w->out->repeats++;
		if (t->file)
			problems_add(w->notes, t->file, t->line, 0,
				"%s is in this mailing already; one address "
				"gets one message",
				t->email);
	}
	if (rc != 0 || w->options->again)
		return rc;
	rc = store_reached(store, w->letter_id, t->key, w->options->audience,
		t->signature, err);
	w->out->reached += rc > 0;
	return rc;
}

static int
save_row(struct walk *w, const struct fields *row, int64_t *id, struct err *err)
{
	struct buf json = {0};
	int rc;

	if (!row || *id)
		return 0;
	json_add_fields(&json, row);
	rc = store_mailing_row_add(
		w->ws->store, w->mailing->id, buf_str(&json), id, err);
	buf_release(&json);
	return rc;
}

/* A row that cannot be used is one problem, however many letters it was
 * for. */
static void
skip_row(struct walk *w, const struct target *t, const char *why)
{
	const char *file = t->file ? t->file : "signatures";
	char *text = mem_printf("%s; this row is skipped", why);
	bool known = false;

	for (size_t i = 0; i < w->problems->count && !known; i++) {
		const struct problem *p = &w->problems->items[i];

		known = p->line == t->line && strcmp(p->file, file) == 0 &&
			strcmp(p->text, text) == 0;
	}
	if (!known)
		problems_add(w->problems, file, t->line, 0, "%s", text);
	free(text);
}

/* Returns 1 when the row's own files can go along, 0 when it is skipped. */
static int
note_files(struct walk *w, const struct target *t)
{
	const char *column = fields_get(t->row, "attach");
	struct err err;

	if (str_empty(column) ||
		attachments_note(&w->mailing->row_files, w->ws,
			w->mailing->campaign, column, &err) == 0)
		return 1;
	skip_row(w, t, err.msg);
	return 0;
}

/* Renders the letter once, so that nothing half-rendered can go out.
 * Returns 1 when it can be sent, 0 when the row is skipped. */
static int
try_out(struct walk *w, const struct target *t, const struct mailing_lang *lang,
	const char *message_id)
{
	struct composed composed = {0};
	struct compose_input in = {
		.mailing = w->mailing,
		.lang = lang,
		.row = t->row,
		.signer = t->signer,
		.to = t->email,
		.copy = t->copy,
		.message_id = message_id,
	};
	struct err err;
	int rc = compose_letter(&in, &composed, &err);

	if (rc < 0) {
		skip_row(w, t, err.msg);
	} else if (!w->out->first_to) {
		w->out->first_to = mem_strdup(t->email);
		w->out->first_subject = buf_take(&composed.subject);
		w->out->first_text = buf_take(&composed.text);
	}
	composed_release(&composed);
	return rc == 0;
}

static void
make_message_id(const struct mailing *m, char *out, size_t size)
{
	char token[TOKEN_MAX];

	token_random(token);
	snprintf(out, size, "<%s%s>", token, strrchr(m->from_address, '@'));
}

static int
add_delivery(struct walk *w, const struct target *t, const char *lang,
	const char *message_id, struct err *err)
{
	struct store_delivery_new in = {
		.mailing = w->mailing->id,
		.letter = w->letter_id,
		.lang = lang,
		.recipient = t->email,
		.key = t->key,
		.row = t->row_id ? *t->row_id : 0,
		.signer_row = t->signer_row ? *t->signer_row : 0,
		.signature = t->signature ? t->signature : t->reader,
		.copy = t->copy,
		.state = DELIVERY_QUEUED,
		.message_id = message_id,
		.now = w->mailing->created_at,
	};
	int suppressed = 0;

	if (w->mailing->audience == AUDIENCE_TO_SIGNERS)
		suppressed = store_is_suppressed(w->ws->store, t->key, err);
	if (suppressed < 0)
		return -1;
	if (suppressed) {
		in.state = DELIVERY_SUPPRESSED;
		in.reply = "the address is suppressed";
	}
	if (store_delivery_add(w->ws->store, &in, err) < 0)
		return -1;
	if (suppressed) {
		w->out->suppressed++;
		return 0;
	}
	w->out->queued++;
	count_lang(w->out, lang);
	if (w->options->watch)
		w->options->watch(w->options->watch_ctx, 0, w->out->queued);
	return 0;
}

static void
copy_fields(const struct fields *from, struct fields *to)
{
	for (size_t i = 0; i < from->count; i++)
		fields_add(to, from->items[i].name, from->items[i].value);
}

static int
add_target(struct walk *w, struct target *t, struct err *err)
{
	const struct mailing_lang *lang = mailing_choose(
		w->mailing, fields_get(t->row, "lang"), &w->ws->conf);
	char message_id[ADDRESS_MAX + TOKEN_MAX];
	int rc;

	if (w->options->test) {
		t->email = w->options->test;
		if (signature_address_key(t->email, t->test_key, err) < 0)
			return -1;
		t->key = t->test_key;
	} else {
		rc = left_out(w, t, err);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	make_message_id(w->mailing, message_id, sizeof message_id);
	if (!note_files(w, t) || !try_out(w, t, lang, message_id))
		return 0;
	if (save_row(w, t->row, t->row_id, err) < 0 ||
		save_row(w, t->signer, t->signer_row, err) < 0)
		return -1;
	if (!w->first_row) {
		w->first_row = *t->row_id;
		if (w->options->audience == AUDIENCE_RECIPIENTS)
			copy_fields(t->row, &w->first_fields);
		snprintf(w->first_lang, sizeof w->first_lang, "%s", lang->lang);
	}
	return add_delivery(w, t, lang->lang, message_id, err);
}

/* Whether a test has its one message. */
static bool
has_enough(const struct walk *w)
{
	return w->options->test && w->out->queued > 0;
}

static void
keep(struct walk *w, const struct recipient *r)
{
	struct kept *k;

	w->kept =
		mem_grow(w->kept, w->kept_count, &w->kept_cap, sizeof *w->kept);
	k = &w->kept[w->kept_count++];
	*k = (struct kept){
		.email = mem_strdup(r->email),
		.key = mem_strdup(r->key),
		.file = mem_strdup(r->file),
		.line = r->line,
	};
	copy_fields(&r->row, &k->row);
}

static int
take_recipient(struct walk *w, const struct recipient *r, struct err *err)
{
	int64_t row_id = 0;
	struct target t = {
		.email = r->email,
		.key = r->key,
		.row = &r->row,
		.row_id = &row_id,
		.file = r->file,
		.line = r->line,
	};

	if (w->options->audience == AUDIENCE_FOR_SIGNERS) {
		keep(w, r);
		return 0;
	}
	return add_target(w, &t, err);
}

static int
walk_lists(struct walk *w, struct err *err)
{
	for (size_t i = 0; i < w->options->list_count; i++) {
		struct recipients *list;
		struct recipient r;
		int rc;

		if (recipients_open(w->ws, w->options->lists[i], &list, err) <
			0)
			return -1;
		while (!has_enough(w) && (rc = recipients_next(list, &r,
						  w->problems, err)) != 0) {
			if (rc > 0)
				rc = take_recipient(w, &r, err);
			if (rc < 0) {
				recipients_close(list);
				return -1;
			}
		}
		recipients_close(list);
	}
	return 0;
}

static void
fill_signer(const struct signature *s, struct fields *out)
{
	/* An organisation without a contact signs under its own name. */
	fields_add(out, "name", *s->name ? s->name : s->organisation);
	fields_add(out, "email", s->email);
	fields_add(out, "organisation", *s->name ? s->organisation : "");
	fields_add(out, "role", s->role);
	fields_add(out, "country", s->country);
	fields_add(out, "city", s->city);
	fields_add(out, "comment", s->comment);
}

/* One signature: a letter in its owner's name to each recipient. */
static int
take_signer(void *ctx, const struct store_signature *row, struct err *err)
{
	struct walk *w = ctx;
	struct fields signer = {0};
	int64_t signer_row = 0;
	int rc = 0;

	if (!*row->signature.email)
		return 0;
	fill_signer(&row->signature, &signer);
	for (size_t i = 0; rc == 0 && i < w->kept_count && !has_enough(w);
		i++) {
		struct kept *k = &w->kept[i];
		struct target t = {
			.email = k->email,
			.key = k->key,
			.row = &k->row,
			.row_id = &k->row_id,
			.signer = &signer,
			.signer_row = &signer_row,
			.signature = row->id,
			.file = k->file,
			.line = k->line,
		};

		rc = add_target(w, &t, err);
	}
	fields_release(&signer);
	return rc;
}

/* One reader of news: their own data stands where a recipient's does. */
static int
take_reader(void *ctx, const struct store_signature *row, struct err *err)
{
	struct walk *w = ctx;
	const struct signature *s = &row->signature;
	struct fields fields = {0};
	char key[ADDRESS_MAX];
	int64_t row_id = 0;
	struct target t = {
		.email = s->email,
		.key = key,
		.row = &fields,
		.row_id = &row_id,
		.reader = row->id,
	};
	int rc;

	if (has_enough(w))
		return 0;
	if (signature_address_key(s->email, key, err) < 0)
		return -1;
	fields_add(&fields, "email", s->email);
	fields_add(&fields, "name", *s->name ? s->name : s->organisation);
	fields_add(&fields, "salutation", "");
	fields_add(&fields, "title", "");
	fields_add(&fields, "organisation", s->organisation);
	fields_add(&fields, "country", s->country);
	fields_add(&fields, "lang", s->lang);
	fields_add(&fields, "attach", "");
	rc = add_target(w, &t, err);
	fields_release(&fields);
	return rc;
}

/* A copy shows the letter as the first recipient gets it; where supporters'
 * data would show, it shows nobody's. */
static int
add_copy(struct walk *w, const char *to, struct err *err)
{
	bool personal = w->options->audience == AUDIENCE_RECIPIENTS;
	char message_id[ADDRESS_MAX + TOKEN_MAX];
	char text[ADDRESS_MAX], key[ADDRESS_MAX];
	struct address address;
	struct target t = {
		.email = text,
		.key = key,
		.row = &w->first_fields, /* empty unless personal */
		.row_id = personal ? &w->first_row : NULL,
		.copy = true,
		.file = "Copy",
	};
	const struct mailing_lang *lang =
		mailing_find_lang(w->mailing, w->first_lang);
	int rc;

	if (address_parse(to, &address, err) < 0)
		return -1;
	address_format(&address, text);
	address_canonical(&address, key);
	rc = store_in_mailing(
		w->ws->store, w->letter_id, w->mailing->id, key, 0, err);
	if (rc != 0) {
		w->out->repeats += rc > 0;
		return rc < 0 ? -1 : 0;
	}
	make_message_id(w->mailing, message_id, sizeof message_id);
	if (!try_out(w, &t, lang, message_id))
		return 0;
	if (add_delivery(w, &t, w->first_lang, message_id, err) < 0)
		return -1;
	w->out->copies++;
	return 0;
}

static int
add_copies(struct walk *w, struct err *err)
{
	for (size_t i = 0; w->first_row && i < w->options->copy_count; i++)
		if (add_copy(w, w->options->copies[i], err) < 0)
			return -1;
	return 0;
}

/* A test goes out even when there is nobody to write to yet. */
static int
add_empty_test(struct walk *w, struct err *err)
{
	struct fields row = {0};
	int64_t row_id = 0;
	struct target t = {.row = &row, .row_id = &row_id};
	int rc;

	for (size_t i = 0; i < data_recipient_column_count; i++)
		fields_add(&row, data_recipient_columns[i], "");
	rc = add_target(w, &t, err);
	fields_release(&row);
	return rc;
}

/* Under no language, since they are not the letter's. */
static int
save_row_file(void *ctx, const struct attachment *a, struct err *err)
{
	struct walk *w = ctx;

	return store_mailing_attachment_add(w->ws->store, w->mailing->id, "",
		w->row_files++, a->path, a->digest, err);
}

int
enlist(struct workspace *ws, struct mailing *mailing, int64_t letter_id,
	const struct enlist_options *options, struct enlisted *out,
	struct problems *problems, struct problems *notes, struct err *err)
{
	struct walk w = {
		.ws = ws,
		.mailing = mailing,
		.letter_id = letter_id,
		.options = options,
		.out = out,
		.problems = problems,
		.notes = notes,
	};
	size_t before = problems->count;
	int rc = 0;

	if (options->audience == AUDIENCE_TO_SIGNERS)
		rc = store_news_readers(
			ws->store, mailing->campaign, take_reader, &w, err);
	else
		rc = walk_lists(&w, err);
	if (rc == 0 && options->audience == AUDIENCE_FOR_SIGNERS)
		rc = store_signatures(ws->store, letter_id, false,
			visibility_tightest(VIEWER_RECIPIENT), take_signer, &w,
			err);
	if (rc == 0 && options->test && !out->queued &&
		problems->count == before)
		rc = add_empty_test(&w, err);
	if (rc == 0 && !options->test)
		rc = add_copies(&w, err);
	if (rc == 0)
		rc = attachments_each(
			&mailing->row_files, save_row_file, &w, err);
	out->skipped = (int64_t)(problems->count - before);
	fields_release(&w.first_fields);
	for (size_t i = 0; i < w.kept_count; i++) {
		fields_release(&w.kept[i].row);
		free(w.kept[i].email);
		free(w.kept[i].key);
		free(w.kept[i].file);
	}
	free(w.kept);
	return rc;
}
