/* A server's reply taken apart, and what any order of events decides. */
#include "fuzz.h"

#include "base/str.h"
#include "core/outcome.h"

static void
check_reply(const struct smtp_reply *reply)
{
	size_t i, len = strlen(reply->text);

	assert(len < sizeof reply->text);
	assert(str_utf8_bad(reply->text, len) == len);
	for (i = 0; i < len; i++)
		assert((unsigned char)reply->text[i] >= ' ');
	assert(strlen(reply->status) < sizeof reply->status);
	assert(!*reply->status || reply->status[0] == '0' + reply->code / 100);
}

static struct smtp_reply
next_reply(struct fuzz *f)
{
	static const int codes[] = {0, 220, 250, 251, 354, 421, 450, 530, 535,
		550, 552, 999, -1, 25};
	struct smtp_reply reply;
	int code = codes[fuzz_byte(f) % (sizeof codes / sizeof codes[0])];
	char *text = fuzz_line(f);

	smtp_reply_set(&reply, code, text);
	check_reply(&reply);
	free(text);
	return reply;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	const unsigned flags = fuzz_byte(&f);
	struct smtp_events seen = {
		.mail_seen = flags & 1,
		.rcpt_seen = flags & 2,
		.body_done = flags & 4,
		.done_seen = flags & 8,
		.done_text = flags & 16,
		.rcpt_complete = flags & 32,
	};
	struct outcome out;

	seen.mail = next_reply(&f);
	seen.rcpt = next_reply(&f);
	seen.done = next_reply(&f);
	outcome_decide(&seen, &out);
	check_reply(&out.reply);
	if (out.kind == OUTCOME_SENT)
		assert(seen.body_done && seen.done_seen && seen.done_text &&
			seen.rcpt_complete && seen.done.code / 100 == 2);
	if (out.kind == OUTCOME_UNKNOWN)
		assert(seen.body_done);
	/* Handed over, and nobody refused: it may be there. */
	if (seen.body_done && !(seen.done_seen && seen.done_text) &&
		(!seen.mail_seen || seen.mail.code / 100 == 2) &&
		(!seen.rcpt_seen || seen.rcpt.code / 100 == 2))
		assert(out.kind == OUTCOME_UNKNOWN);
	return 0;
}
