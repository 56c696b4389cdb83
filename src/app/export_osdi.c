#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/export_private.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store_suppression.h"

/* Names of systems in identifiers are of printable ASCII without a colon. */
#define SYSTEM "openletter"

struct osdi {
	struct export_document document;
	bool organisers;
	int64_t count;
};

/* `,"name":"text"`, unless the text is empty. */
static void
add_text(struct buf *out, const char *name, const char *text)
{
	if (!*text)
		return;
	if (out->data[out->len - 1] != '{')
		buf_putc(out, ',');
	buf_printf(out, "\"%s\":", name);
	json_add_string(out, text);
}

/* What has no place of its own in the interface. */
static void
add_custom(const struct osdi *o, const struct signature *s, struct buf *out)
{
	if (!*s->organisation && !*s->role && !o->organisers)
		return;
	buf_puts(out, ",\"custom_fields\":{");
	add_text(out, "organisation", s->organisation);
	add_text(out, "role", s->role);
	if (o->organisers) {
		add_text(out, "kind", signature_kind_name(s->kind));
		add_text(out, "visibility", visibility_name(s->visibility));
	}
	buf_putc(out, '}');
}

/* Who asked for no news, or for none any more, must not get any from the
 * system that reads this. */
static int
add_email(const struct osdi *o, const struct signature *s, struct buf *out,
	struct err *err)
{
	char key[ADDRESS_MAX];
	int suppressed;

	if (signature_address_key(s->email, key, err) < 0)
		return -1;
	suppressed = store_is_suppressed(o->document.ws->store, key, err);
	if (suppressed < 0)
		return -1;
	buf_puts(out, ",\"email_addresses\":[{\"primary\":true");
	add_text(out, "address", s->email);
	add_text(out, "status",
		s->updates && !suppressed ? "subscribed" : "unsubscribed");
	buf_puts(out, "}]");
	return 0;
}

static void
add_address(const struct osdi *o, const struct signature *s, struct buf *out)
{
	const char *postcode = o->organisers ? s->postcode : "";

	if (!*s->city && !*s->country && !*postcode)
		return;
	buf_puts(out, ",\"postal_addresses\":[{\"primary\":true");
	add_text(out, "locality", s->city);
	add_text(out, "postal_code", postcode);
	add_text(out, "country", s->country);
	buf_puts(out, "}]");
}

/*
 * The interface knows given and family names and no whole ones; what we have
 * is one name, in whatever order its owner writes it, and to divide it would
 * be to guess. So all of it is the given name.
 */
static int
add_person(const struct osdi *o, const struct store_signature *row,
	struct buf *out, struct err *err)
{
	const struct signature *s = &row->signature;
	size_t primary = strcspn(s->lang, "-");

	buf_printf(out,
		"\"osdi:person\":{\"identifiers\":[\"" SYSTEM ":person-%" PRId64
		"\"]",
		row->id);
	add_text(out, "given_name", *s->name ? s->name : s->organisation);
	if (o->organisers && *s->email && add_email(o, s, out, err) < 0)
		return -1;
	add_address(o, s, out);
	if (primary == 2) /* ISO 639-1, no others */
		buf_printf(out, ",\"languages_spoken\":[\"%.2s\"]", s->lang);
	add_custom(o, s, out);
	buf_putc(out, '}');
	return 0;
}

/* To all but the organisers a signature has a day and no time of day. */
static void
add_date(const struct osdi *o, const struct signature *s, struct buf *out)
{
	int64_t second = s->signed_at % CLOCK_DAY_S;
	char at[CLOCK_TIME_MAX];

	if (second < 0)
		second += CLOCK_DAY_S;
	clock_format_time(s->signed_at - (o->organisers ? 0 : second), at);
	add_text(out, "action_date", at);
}

static int
add_signature(void *ctx, const struct store_signature *row, struct err *err)
{
	struct osdi *o = ctx;
	struct buf *out = &o->document.buf;
	const struct signature *s = &row->signature;

	buf_printf(out,
		"%s{\"identifiers\":[\"" SYSTEM ":%" PRId64
		"\"],\"origin_system\":\"" SYSTEM "\"",
		o->count++ ? ",\n" : "\n", row->id);
	add_date(o, s, out);
	add_text(out, "comments", s->comment);
	if (o->organisers) {
		buf_puts(out, ",\"referrer_data\":{");
		add_text(out, "source", row->source);
		buf_putc(out, '}');
	}
	buf_puts(out, ",\"_embedded\":{");
	if (add_person(o, row, out, err) < 0)
		return -1;
	buf_puts(out, "}}");
	return export_document_write(&o->document, false, err);
}

/* The petition has all signatures in its total, as everywhere. */
static int
add_petition(struct osdi *o, struct err *err)
{
	const struct export_document *d = &o->document;
	struct buf *out = &o->document.buf;
	struct store_totals totals = {0};
	char *identifier;

	if (d->letter &&
		store_totals(d->ws->store, d->letter, &totals, err) < 0)
		return -1;
	identifier = mem_printf(SYSTEM ":%s", d->request->letter);
	buf_puts(out, "\"osdi:petition\":{\"identifiers\":[");
	json_add_string(out, identifier);
	buf_puts(out, "],\"origin_system\":\"" SYSTEM "\"");
	free(identifier);
	add_text(out, "name", d->request->letter);
	add_text(out, "title", d->title);
	if (d->entry && d->entry->letter.summary.text)
		add_text(out, "summary", d->entry->letter.summary.text);
	buf_printf(out, ",\"total_signatures\":%" PRId64 "}", totals.total);
	return 0;
}

int
export_osdi(struct workspace *ws, const struct export_request *request,
	export_write_fn *write, void *ctx, struct err *err)
{
	struct osdi o = {
		.organisers = visibility_field_shown(
			VISIBILITY_FIELD_EMAIL, request->viewer),
	};
	struct export_document *d = &o.document;
	int rc = export_document_open(ws, request, write, ctx, d, err);

	if (rc < 0)
		goto out;
	rc = -1;
	buf_puts(&d->buf, "{\"_embedded\":{\n");
	if (add_petition(&o, err) < 0)
		goto out;
	buf_puts(&d->buf, ",\n\"osdi:signatures\":[");
	if (export_document_walk(d, add_signature, &o, err) < 0)
		goto out;
	/* How many they are is known at the end, and an object has no order. */
	buf_printf(&d->buf,
		"\n]},\n\"total_pages\":1,\"page\":1,\"per_page\":%" PRId64
		",\"total_records\":%" PRId64 "}\n",
		o.count, o.count);
	rc = export_document_write(d, true, err);
out:
	export_document_close(d);
	return rc;
}
