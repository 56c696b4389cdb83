#include "format/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/message_body.h"
#include "format/message_header.h"
#include "format/page.h"

enum {
	BOUNDARY_MAX = 24
};

/*
 * "=_" cannot come out of quoted-printable or base64, and no 7bit line begins
 * with it (message_body.h), so boundaries can be the same in every message;
 * they differ so that they can be nested.
 */
static const char boundary_alternative[] = "=_alternative";
static const char boundary_mixed[] = "=_mixed";

static void
multipart_begin(const char *subtype, const char *boundary, struct buf *out)
{
	buf_printf(out, "Content-Type: multipart/%s; boundary=\"%s\"\r\n",
		subtype, boundary);
}

/* The CRLF in front belongs to the delimiter, RFC 2046 5.1.1. */
static void
multipart_next(const char *boundary, struct buf *out)
{
	buf_puts(out, "\r\n--");
	buf_puts(out, boundary);
	buf_puts(out, "\r\n");
}

static void
multipart_end(const char *boundary, struct buf *out)
{
	buf_puts(out, "\r\n--");
	buf_puts(out, boundary);
	buf_puts(out, "--");
}

/* Mail clients show the fragment inside a page of their own and drop html
 * and body: the div carries language, direction and looks through. */
void
message_html(const struct message *m, struct buf *out)
{
	struct buf lang = {0}, title = {0}, clean = {0};

	page_escape(m->lang, &lang);
	message_header_clean(m->subject, &clean);
	page_escape(clean.data, &title);
	buf_reserve(out, strlen(m->html) + title.len + 512);
	buf_printf(out,
		"<!DOCTYPE html>\n"
		"<html lang=\"%s\" dir=\"%s\">\n"
		"<head><meta charset=\"utf-8\"><title>%s</title>\n</head>\n"
		"<body dir=\"%s\">\n"
		"<div lang=\"%s\" dir=\"%s\" style=\"font-family: sans-serif; "
		"line-height: 1.5; max-width: 40em; text-align: start\">\n",
		buf_str(&lang), m->dir, buf_str(&title), m->dir, buf_str(&lang),
		m->dir);
	buf_puts(out, m->html);
	buf_puts(out, "</div>\n</body>\n</html>\n");
	buf_release(&clean);
	buf_release(&title);
	buf_release(&lang);
}

static void
write_text(const struct message *m, struct buf *out)
{
	const char *boundary = boundary_alternative;
	struct buf html = {0};

	if (!m->html) {
		message_body_text("plain", m->text, out);
		return;
	}
	multipart_begin("alternative", boundary, out);
	multipart_next(boundary, out);
	message_body_text("plain", m->text, out);
	multipart_next(boundary, out);
	message_html(m, &html);
	message_body_text("html", html.data, out);
	multipart_end(boundary, out);
	buf_release(&html);
}

static void
write_mixed(const struct message *m, struct buf *out)
{
	const char *boundary = boundary_mixed;

	multipart_begin("mixed", boundary, out);
	multipart_next(boundary, out);
	write_text(m, out);
	for (size_t i = 0; i < m->attachment_count; i++) {
		multipart_next(boundary, out);
		buf_add(out, m->attachments[i].data, m->attachments[i].len);
	}
	multipart_end(boundary, out);
}

static void
write_mailbox(
	const char *field, const struct message_mailbox *box, struct buf *out)
{
	if (box->address)
		message_header_mailbox(field, box->name, box->address, out);
}

static void
write_extra(const struct message_header *h, struct buf *out)
{
	if (h->phrase)
		message_header_mailbox(h->name, h->phrase, h->value, out);
	else
		message_header_field(h->name, h->value, out);
}

static void
write_header(const struct message *m, struct buf *out)
{
	message_header_date(m->date, out);
	write_mailbox("From", &m->from, out);
	write_mailbox("Reply-To", &m->reply_to, out);
	write_mailbox("To", &m->to, out);
	message_header_text("Subject", m->subject, out);
	message_header_field("Message-ID", m->message_id, out);
	for (size_t i = 0; i < m->extra_count; i++)
		write_extra(&m->extra[i], out);
	buf_puts(out, "MIME-Version: 1.0\r\n");
	message_header_field("Content-Language", m->lang, out);
}

void
message_write(const struct message *m, struct buf *out)
{
	write_header(m, out);
	if (m->attachment_count > 0)
		write_mixed(m, out);
	else
		write_text(m, out);
	if (!str_ends(out->data + out->len - 2, "\r\n"))
		buf_puts(out, "\r\n");
}

/* By the name's ending: what groups send with a letter. */
static const char *
type_of(const char *name)
{
	static const struct {
		const char *ending, *type;
	} table[] = {
		{".csv", "text/csv"},
		{".doc", "application/msword"},
		{".docx", "application/vnd.openxmlformats-officedocument."
			  "wordprocessingml.document"},
		{".epub", "application/epub+zip"},
		{".gif", "image/gif"},
		{".htm", "text/html"},
		{".html", "text/html"},
		{".ics", "text/calendar"},
		{".jpeg", "image/jpeg"},
		{".jpg", "image/jpeg"},
		{".json", "application/json"},
		{".m4a", "audio/mp4"},
		{".md", "text/markdown"},
		{".mp3", "audio/mpeg"},
		{".mp4", "video/mp4"},
		{".odp", "application/vnd.oasis.opendocument.presentation"},
		{".ods", "application/vnd.oasis.opendocument.spreadsheet"},
		{".odt", "application/vnd.oasis.opendocument.text"},
		{".ogg", "audio/ogg"},
		{".pdf", "application/pdf"},
		{".png", "image/png"},
		{".pptx", "application/vnd.openxmlformats-officedocument."
			  "presentationml.presentation"},
		{".rtf", "application/rtf"},
		{".svg", "image/svg+xml"},
		{".txt", "text/plain"},
		{".webp", "image/webp"},
		{".xls", "application/vnd.ms-excel"},
		{".xlsx", "application/vnd.openxmlformats-officedocument."
			  "spreadsheetml.sheet"},
		{".zip", "application/zip"},
	};
	const char *ending = strrchr(name, '.');

	for (size_t i = 0; ending && i < sizeof table / sizeof *table; i++)
		if (str_ieq(ending, table[i].ending))
			return table[i].type;
	return "application/octet-stream";
}

void
message_attachment(const char *name, const char *type, const void *data,
	size_t len, struct buf *out)
{
	if (!type)
		type = type_of(name);
	/* RFC 2045 6.4: these two may not be encoded. */
	if (str_starts(type, "message/") || str_starts(type, "multipart/"))
		type = "application/octet-stream";
	buf_printf(out, "Content-Type:%s%s", strlen(type) > 60 ? "\r\n " : " ",
		type);
	/* Without it a text is taken for ASCII. */
	if (str_starts(type, "text/") && !strchr(type, ';') &&
		str_utf8_bad(data, len) == len)
		buf_puts(out, "; charset=utf-8");
	message_header_param("name", name, out);
	buf_puts(out, "\r\nContent-Disposition: attachment");
	message_header_param("filename", name, out);
	buf_puts(out, "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	message_body_base64(data, len, out);
}
