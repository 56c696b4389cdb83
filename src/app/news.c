#include "app/news.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "store/store_ledger.h"

/* What follows the organiser's url in a link. */
#define PAGE "/u/"

enum {
	LABEL_MAX = 63,	   /* of a campaign's name in List-Id */
	LABEL_DIGITS = 16, /* of its digest, where the name cannot stand */
};

/* Percent-encodes what a mailto's address may not hold as it is (RFC 6068
 * 2). */
static void
add_encoded(struct buf *out, const char *address)
{
	for (; *address; address++) {
		if (strchr("%?&#/;=+^`{|}\"\\", *address))
			buf_printf(out, "%%%02X", (unsigned char)*address);
		else
			buf_putc(out, *address);
	}
}

static char *
mail_link(const struct mailing *m, const char *message_id)
{
	const char *id = message_id + (message_id[0] == '<');
	struct buf out = {0};

	buf_puts(&out, "mailto:");
	add_encoded(&out, m->from_address);
	buf_printf(&out, "?subject=unsubscribe%%20%.*s", (int)strcspn(id, "@>"),
		id);
	return buf_take(&out);
}

/* Returns a string to free, or NULL: there is no page. */
static char *
page_link(const struct mailing *m, int64_t delivery)
{
	const char *url = fields_get(&m->organiser, "url");
	char sealed[TOKEN_SEALED_MAX] = "...";

	if (str_empty(url) || (delivery && !m->has_unsubscribe_key))
		return NULL;
	if (delivery)
		token_seal(&m->unsubscribe_key, delivery, sealed);
	return mem_printf("%s" PAGE "%s", url, sealed);
}

char *
news_link(const struct mailing *m, int64_t delivery, const char *message_id)
{
	char *page = page_link(m, delivery);

	return page ? page : mail_link(m, message_id);
}

int
news_open_link(struct workspace *ws, const char *link,
	char key[static ADDRESS_MAX], struct err *err)
{
	const char *slash = strrchr(link, '/');
	struct token_key seal;
	int64_t delivery;
	int rc = store_token_key(ws->store, MAILING_UNSUBSCRIBE, &seal, err);

	if (rc > 0)
		rc = token_open(&seal, slash ? slash + 1 : link, &delivery);
	if (rc > 0)
		rc = store_delivery_key(ws->store, delivery, key, err);
	explicit_bzero(&seal, sizeof seal);
	if (rc == 0)
		return err_set(err, ERR_NOTFOUND,
			"%.120s is no link that was sent from here to get no "
			"more mail; name the e-mail address",
			link);
	return rc < 0 ? -1 : 0;
}

/*
 * The list's name for machines, `ilo.example.org`: the same in every message
 * of a campaign, in every language. A folder's name that cannot be a label
 * there is told by its digest.
 */
static char *
make_list_id(const struct mailing *m)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *domain = strrchr(m->from_address, '@') + 1;
	size_t len = strlen(m->campaign);
	char digest[DIGEST_MAX];

	if (len <= LABEL_MAX && strspn(m->campaign, allowed) == len)
		return mem_printf("%s.%s", m->campaign, domain);
	token_digest(m->campaign, len, digest);
	return mem_printf("%.*s.%s", LABEL_DIGITS, digest, domain);
}

static void
add(struct news_fields *f, const char *name, const char *value,
	const char *phrase)
{
	f->items[f->count++] = (struct message_header){name, value, phrase};
}

void
news_fields(const struct mailing *m, const struct mailing_lang *lang,
	int64_t delivery, const char *message_id, struct news_fields *out)
{
	const char *title = fields_get(&lang->campaign, "title");
	char *page = page_link(m, delivery);
	char *mail = mail_link(m, message_id);

	*out = (struct news_fields){.list_id = make_list_id(m)};
	out->unsubscribe = page ? mem_printf("<%s>, <%s>", page, mail)
				: mem_printf("<%s>", mail);
	add(out, "List-Id", out->list_id,
		str_empty(title) ? m->campaign : title);
	add(out, "List-Unsubscribe", out->unsubscribe, NULL);
	/* RFC 8058 3.1: only beside a link that is https. */
	if (page && str_starts(page, "https://"))
		add(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click",
			NULL);
	add(out, "Auto-Submitted", "auto-generated", NULL);
	free(page);
	free(mail);
}

void
news_fields_release(struct news_fields *f)
{
	free(f->unsubscribe);
	free(f->list_id);
	*f = (struct news_fields){0};
}
