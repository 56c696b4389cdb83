#include <inttypes.h>
#include <stdio.h>

#include "app/export_private.h"
#include "core/lang.h"
#include "format/page.h"
#include "format/handover_words.h"

struct page {
	struct export_document document;
	const struct handover_words *words;
	enum signature_kind kind; /* whose names are written now */
	int64_t count;		  /* so far */
	bool begun;		  /* the list of this kind */
};

/* A text in its own direction, whatever stands beside it. */
static void
add_own(struct buf *out, const char *tag, const char *text)
{
	buf_printf(out, "<%s dir=\"auto\">", tag);
	page_escape(text, out);
	buf_printf(out, "</%s>", tag);
}

/* The texts that there are, with commas. */
static void
add_details(const struct page *p, struct buf *out, const char *const *texts,
	size_t count)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (!*texts[i])
			continue;
		buf_puts(out, any ? p->words->comma : "\n<small>");
		add_own(out, "bdi", texts[i]);
		any = true;
	}
	if (any)
		buf_puts(out, "</small>");
}

/* A list goes on with the number after the last one's. */
static void
begin_list(struct page *p, struct buf *out)
{
	const char *heading = p->kind == SIGNATURE_ORGANISATION
				      ? p->words->organisations
				      : p->words->people;

	buf_printf(out,
		"<h2 lang=\"%s\" dir=\"%s\">%s</h2>\n<ol start=\"%" PRId64
		"\">\n",
		p->words->lang, lang_dir(p->words->lang), heading,
		p->count + 1);
	p->begun = true;
}

static int
add_name(void *ctx, const struct store_signature *row, struct err *err)
{
	struct page *p = ctx;
	struct buf *out = &p->document.buf;
	const struct signature *s = &row->signature;
	bool named = *s->name;
	bool organisation = s->kind == SIGNATURE_ORGANISATION;
	const char *title = organisation || !named ? s->organisation : s->name;
	const char *const details[] = {organisation ? s->name : "", s->role,
		organisation ? "" : s->organisation, s->city, s->country};

	if (s->kind != p->kind)
		return 0;
	if (!p->begun)
		begin_list(p, out);
	p->count++;
	buf_puts(out, "<li");
	if (*s->lang && !lang_equal(s->lang, p->document.lang)) {
		buf_puts(out, " lang=\"");
		page_escape(s->lang, out);
		buf_putc(out, '"');
	}
	buf_putc(out, '>');
	add_own(out, "b", title);
	add_details(p, out, details, sizeof details / sizeof details[0]);
	if (*s->comment) {
		buf_puts(out, "\n<p>");
		add_own(out, "bdi", s->comment);
		buf_puts(out, "</p>");
	}
	buf_puts(out, "</li>\n");
	return export_document_write(&p->document, false, err);
}

static int
add_kind(struct page *p, enum signature_kind kind, struct err *err)
{
	p->kind = kind;
	p->begun = false;
	if (export_document_walk(&p->document, add_name, p, err) < 0)
		return -1;
	if (p->begun)
		buf_puts(&p->document.buf, "</ol>\n");
	return 0;
}

/* A line of our own words. */
static void
add_line(struct page *p, const char *before, const char *middle,
	const char *after)
{
	buf_printf(&p->document.buf, "<p lang=\"%s\" dir=\"%s\">%s%s%s</p>\n",
		p->words->lang, lang_dir(p->words->lang), before, middle,
		after);
}

/* All signatures count; those whose names are not shown are told in the
 * end, so that who counts the names misses none. */
static int
add_unnamed(struct page *p, struct err *err)
{
	struct export_document *d = &p->document;
	struct store_totals totals = {0};
	const struct handover_phrase *phrase;
	char number[24];
	int64_t more;

	if (d->letter &&
		store_totals(d->ws->store, d->letter, &totals, err) < 0)
		return -1;
	more = totals.total - p->count;
	if (more <= 0)
		return 0;
	phrase = more == 1 ? &p->words->one_unnamed : &p->words->more_unnamed;
	snprintf(number, sizeof number, "%" PRId64, more);
	add_line(p, phrase->before, number, phrase->after);
	return 0;
}

int
export_html(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct err *err)
{
	struct page p = {0};
	struct export_document *d = &p.document;
	int rc = export_document_open(ws, request, write, ctx, d, err);

	if (rc < 0)
		goto out;
	rc = -1;
	p.words = handover_words(d->lang);
	page_begin(d->lang, lang_dir(d->lang), d->title, &d->buf);
	if (request->viewer == VIEWER_ORGANISERS)
		add_line(&p, p.words->organisers_only, "", "");
	if (add_kind(&p, SIGNATURE_ORGANISATION, err) < 0 ||
		add_kind(&p, SIGNATURE_PERSON, err) < 0 ||
		add_unnamed(&p, err) < 0)
		goto out;
	page_end(&d->buf);
	rc = export_document_write(d, true, err);
out:
	export_document_close(d);
	return rc;
}
