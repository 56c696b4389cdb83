#include "core/outcome.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum {
	CODE_AUTH_REQUIRED = 530, /* RFC 4954 6: log in first */
	CODE_TOO_LARGE = 552,	  /* RFC 1870 6.1 */
};

static int
reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100;
}

static void
decide(struct outcome *out, enum outcome_kind kind,
	const struct smtp_reply *reply)
{
	out->kind = kind;
	out->reply = *reply;
}

static void
decide_mail(const struct smtp_reply *mail, struct outcome *out)
{
	decide(out, reply_class(mail) == 5 ? OUTCOME_OURS : OUTCOME_DEFERRED,
		mail);
}

static void
decide_rcpt(const struct smtp_reply *rcpt, struct outcome *out)
{
	if (rcpt->code == CODE_AUTH_REQUIRED) {
		decide(out, OUTCOME_OURS, rcpt);
	} else if (reply_class(rcpt) == 5) {
		decide(out, OUTCOME_REJECTED, rcpt);
		out->policy = str_starts(rcpt->status, "5.7.");
	} else {
		decide(out, OUTCOME_DEFERRED, rcpt);
	}
}

/* The body never reached its end, so no server can have accepted it: even a
 * 2xx is only an answer to something else. */
static void
decide_early_end(const struct smtp_reply *done, struct outcome *out)
{
	decide(out,
		reply_class(done) == 5 ? OUTCOME_REJECTED : OUTCOME_DEFERRED,
		done);
}

static void
decide_end(const struct smtp_events *seen, struct outcome *out)
{
	int class = reply_class(&seen->done);

	if (!seen->done_text)
		out->kind = OUTCOME_UNKNOWN;
	else if (class == 2 && seen->rcpt_complete)
		decide(out, OUTCOME_SENT, &seen->done);
	else if (class == 5)
		decide(out, OUTCOME_REJECTED, &seen->done);
	else if (class == 4)
		decide(out, OUTCOME_DEFERRED, &seen->done);
	else
		decide(out, OUTCOME_UNKNOWN, &seen->done);
}

/* Says why where no reply does. */
static void
explain_silence(struct outcome *out)
{
	const char *why = NULL;

	if (out->reply.code != 0 || out->reply.text[0])
		return;
	if (out->kind == OUTCOME_UNKNOWN)
		why = "the connection ended after the letter was handed over, "
		      "before the server answered";
	else if (out->kind == OUTCOME_DEFERRED)
		why = "the connection ended before the letter was handed over";
	if (why)
		snprintf(out->reply.text, sizeof out->reply.text, "%s", why);
}

void
outcome_decide(const struct smtp_events *seen, struct outcome *out)
{
	memset(out, 0, sizeof *out);
	out->handed_over = seen->body_done;
	if (seen->mail_seen && reply_class(&seen->mail) != 2)
		decide_mail(&seen->mail, out);
	else if (seen->rcpt_seen && reply_class(&seen->rcpt) != 2)
		decide_rcpt(&seen->rcpt, out);
	else if (seen->done_seen && !seen->body_done)
		decide_early_end(&seen->done, out);
	else if (seen->done_seen)
		decide_end(seen, out);
	else if (seen->body_done)
		out->kind = OUTCOME_UNKNOWN;
	else
		out->kind = seen->mail_seen ? OUTCOME_DEFERRED : OUTCOME_QUEUED;
	explain_silence(out);
}

static size_t
digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* RFC 3463 2: class "." subject "." detail, up to three digits each.
 * Returns the length, 0 when there is none of that class in front. */
static size_t
status_length(const char *text, int code)
{
	size_t subject, detail, len;

	if (text[0] != '0' + code / 100 || text[1] != '.')
		return 0;
	subject = digits(text + 2);
	if (subject < 1 || subject > 3 || text[2 + subject] != '.')
		return 0;
	detail = digits(text + 2 + subject + 1);
	if (detail < 1 || detail > 3)
		return 0;
	len = 2 + subject + 1 + detail;
	return text[len] == '\0' || str_is_space(text[len]) ? len : 0;
}

/* How many bytes of well-formed UTF-8 the character at s has, 0 when it is
 * malformed. */
static size_t
character_length(const char *s, size_t len)
{
	unsigned char lead = (unsigned char)s[0];
	size_t want = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	return want <= len && str_utf8_bad(s, want) == want ? want : 0;
}

static bool
is_control(const char *s, size_t len)
{
	unsigned char a = (unsigned char)s[0];

	if (len == 1)
		return a < 0x20 || a == 0x7f;
	/* U+0080 to U+009F */
	return len == 2 && a == 0xc2 && (unsigned char)s[1] < 0xa0;
}

/* A reply of several lines becomes one: white space is one blank. */
static void
copy_text(struct smtp_reply *reply, const char *text)
{
	size_t left = strlen(text), at = 0, n;

	while (left > 0) {
		const char *piece = text;
		size_t piece_len;

		if (str_is_space(*text)) {
			n = strspn(text, " \t\r\n\v\f");
			piece = n < left && at > 0 ? " " : "";
			piece_len = strlen(piece);
		} else {
			n = character_length(text, left);
			piece_len = n;
			if (n == 0 || is_control(text, n)) {
				n = n == 0 ? 1 : n;
				piece = "?";
				piece_len = 1;
			}
		}
		if (at + piece_len >= sizeof reply->text)
			break;
		memcpy(reply->text + at, piece, piece_len);
		at += piece_len;
		text += n;
		left -= n;
	}
	reply->text[at] = '\0';
}

void
smtp_reply_set(struct smtp_reply *reply, int code, const char *text)
{
	size_t len;

	memset(reply, 0, sizeof *reply);
	reply->code = code;
	text += strspn(text, " \t");
	len = status_length(text, code);
	if (len > 0 && len < sizeof reply->status) {
		memcpy(reply->status, text, len);
		text += len;
	}
	copy_text(reply, text);
}

bool
smtp_reply_is_too_large(const struct smtp_reply *reply)
{
	return strcmp(reply->status, "5.3.4") == 0 ||
	       (reply->code == CODE_TOO_LARGE && !reply->status[0]);
}
