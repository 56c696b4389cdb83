#include "app/compose.h"

#include <stdlib.h>
#include <string.h>

#include "app/composition.h"
#include "app/data.h"
#include "app/enclosure.h"
#include "app/news.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/markdown.h"
#include "format/message.h"
#include "store/store_ledger.h"

static int
render_body(const struct compose_input *in, const struct value *root,
	struct composed *out, struct err *err)
{
	const struct edition *edition = &in->lang->edition;
	struct composition *composition =
		in->composition ? in->composition : in->lang->composition;
	struct template_values values = {0};
	struct buf skeleton = {0};
	const struct markdown *markdown;
	int rc = -1;

	if (template_skeleton(edition->body, root, &skeleton, &values) < 0) {
		err_set(err, ERR_DATA, "more than %d values in one letter",
			TEMPLATE_TOKEN_MAX);
		goto out;
	}
	if (composition_markdown(composition, &skeleton, &markdown, err) < 0)
		goto out;
	if (markdown_text(markdown, values.items, values.count, &out->text,
		    err) < 0 ||
		markdown_html(markdown, values.items, values.count, &out->html,
			err) < 0)
		goto out;
	rc = 0;
out:
	template_values_release(&values);
	buf_release(&skeleton);
	return rc;
}

/* A copy goes to others than the addressee. */
static struct names_view
view_of(const struct compose_input *in)
{
	return (struct names_view){
		.version = in->names,
		.viewer =
			in->copy ? VIEWER_PUBLIC : mailing_viewer(in->mailing),
	};
}

/* A Subject is one line, whatever was put into it. */
static void
make_one_line(struct buf *subject)
{
	for (size_t i = 0; i < subject->len; i++)
		if (subject->data[i] == '\n' || subject->data[i] == '\t')
			subject->data[i] = ' ';
}

int
compose_letter(
	const struct compose_input *in, struct composed *out, struct err *err)
{
	const struct mailing *m = in->mailing;
	char *unsubscribe = m->supporters
				    ? news_link(m, in->delivery, in->message_id)
				    : NULL;
	struct names_view view = view_of(in);
	size_t name_count = 0;
	struct value *names =
		in->lang->lists_names
			? names_values(&m->names, &view, &name_count)
			: NULL;
	char date[CLOCK_TIME_MAX];
	struct data *data;
	int rc;

	clock_format_day(m->created_at, date);
	data = data_new(&(struct data_input){
		.recipient = in->row,
		.letter = &in->lang->letter,
		.campaign = &in->lang->campaign,
		.organiser = &m->organiser,
		.signatures = &m->signatures,
		.names = names,
		.name_count = name_count,
		.signer = in->signer,
		.date = date,
		.unsubscribe = unsubscribe,
	});
	if (m->audience == AUDIENCE_TEST)
		buf_puts(&out->subject, "[TEST] ");
	if (in->copy)
		buf_puts(&out->subject, "[COPY] ");
	if (in->lang->edition.subject)
		template_render(in->lang->edition.subject, data_root(data),
			&out->subject);
	else
		buf_puts(&out->subject, fields_get(&in->lang->letter, "title"));
	make_one_line(&out->subject);
	rc = render_body(in, data_root(data), out, err);
	data_free(data);
	free(names);
	free(unsubscribe);
	return rc;
}

void
composed_release(struct composed *c)
{
	buf_release(&c->subject);
	buf_release(&c->text);
	buf_release(&c->html);
}

/* A letter in a signer's name comes from the campaign's own address, and the
 * answer goes to the signer. Returns the name to free. */
static char *
set_people(const struct compose_input *in, struct message *message)
{
	const struct mailing *m = in->mailing;
	const char *signer = in->signer ? fields_get(in->signer, "name") : NULL;
	const char *name = in->row ? fields_get(in->row, "name") : NULL;
	char *via = NULL;

	message->from.name = m->from_name;
	message->from.address = m->from_address;
	message->to.address = in->to;
	if (!in->copy && m->audience != AUDIENCE_TEST)
		message->to.name = name;
	if (*m->reply_to_address) {
		message->reply_to.name = m->reply_to_name;
		message->reply_to.address = m->reply_to_address;
	}
	if (in->signer) {
		if (str_empty(signer))
			signer = fields_get(in->signer, "organisation");
		via = mem_printf(
			"%s via %s", signer, fields_get(&m->organiser, "name"));
		message->from.name = via;
		message->reply_to.name = signer;
		message->reply_to.address = fields_get(in->signer, "email");
	}
	return via;
}

int
compose_html(const struct compose_input *in, struct buf *out, struct err *err)
{
	struct composed composed = {0};
	struct message message = {
		.lang = in->lang->lang,
		.dir = lang_dir(in->lang->lang),
	};
	int rc = compose_letter(in, &composed, err);

	if (rc == 0) {
		message.subject = buf_str(&composed.subject);
		message.html = buf_str(&composed.html);
		message_html(&message, out);
	}
	composed_release(&composed);
	return rc;
}

int
compose_message(
	const struct compose_input *in, struct buf *out, struct err *err)
{
	struct composed composed = {0};
	struct news_fields news = {0};
	struct message message = {
		.message_id = in->message_id,
		.date = in->date,
		.lang = in->lang->lang,
		.dir = lang_dir(in->lang->lang),
	};
	char *via;
	struct names_view view = view_of(in);
	struct enclosure enclosure = {0};
	int rc = compose_letter(in, &composed, err);

	if (rc == 0)
		rc = enclosure_gather(in->mailing, in->lang,
			in->copy ? NULL : in->row, &view, &enclosure, err);
	if (rc < 0)
		goto out;
	message.attachments = enclosure.items;
	message.attachment_count = enclosure.count;
	message.subject = buf_str(&composed.subject);
	message.text = buf_str(&composed.text);
	message.html = buf_str(&composed.html);
	if (in->mailing->supporters)
		news_fields(in->mailing, in->lang, in->delivery, in->message_id,
			&news);
	message.extra = news.items;
	message.extra_count = news.count;
	via = set_people(in, &message);
	message_write(&message, out);
	free(via);
out:
	news_fields_release(&news);
	enclosure_release(in->mailing, &enclosure);
	composed_release(&composed);
	return rc;
}

static int
parse_row(const char *json, struct fields *out, struct err *err)
{
	return json ? json_parse_fields(json, out, err) : 0;
}

int
compose_delivery(const struct mailing *mailing,
	struct composition *const *compositions, const struct store_delivery *d,
	struct buf *out, struct err *err)
{
	struct fields row = {0}, signer = {0};
	struct compose_input in = {
		.mailing = mailing,
		.lang = mailing_find_lang(mailing, d->lang),
		.row = &row,
		.signer = d->signer ? &signer : NULL,
		.to = d->recipient,
		.copy = d->copy,
		.delivery = d->id,
		.message_id = d->message_id,
		.date = d->date,
		.names = d->names < 0 ? 0 : d->names,
	};
	int rc = -1;

	if (in.lang && compositions)
		in.composition = compositions[in.lang - mailing->langs];
	if (!in.lang)
		err_set(err, ERR_DATA, "the letter is not there in \"%s\"",
			d->lang);
	else if (parse_row(d->row, &row, err) == 0 &&
		 parse_row(d->signer, &signer, err) == 0)
		rc = compose_message(&in, out, err);
	fields_release(&row);
	fields_release(&signer);
	return rc;
}
