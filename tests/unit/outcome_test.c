#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/outcome.h"

/* 0: not seen. */
struct decide_case {
	const char *name;
	int mail, rcpt;
	const char *rcpt_status;
	bool body_done;
	int done;
	bool no_text, not_complete;
	enum outcome_kind kind;
	int code; /* of the reply that decided */
	bool policy;
};

static const struct decide_case decide_cases[] = {
	{"nothing at all", .kind = OUTCOME_QUEUED},
	{"MAIL 5xx is our fault", .mail = 550, .kind = OUTCOME_OURS,
		.code = 550},
	{"MAIL 530", .mail = 530, .kind = OUTCOME_OURS, .code = 530},
	{"MAIL 4xx", .mail = 451, .kind = OUTCOME_DEFERRED, .code = 451},
	{"MAIL 421", .mail = 421, .kind = OUTCOME_DEFERRED, .code = 421},
	{"MAIL odd", .mail = 354, .kind = OUTCOME_DEFERRED, .code = 354},
	{"MAIL decides before RCPT", .mail = 550, .rcpt = 550,
		.kind = OUTCOME_OURS, .code = 550},
	{"RCPT 550", .mail = 250, .rcpt = 550, .rcpt_status = "5.1.1",
		.kind = OUTCOME_REJECTED, .code = 550},
	{"RCPT 5.7.x", .mail = 250, .rcpt = 550, .rcpt_status = "5.7.1",
		.kind = OUTCOME_REJECTED, .code = 550, .policy = true},
	{"RCPT 5.70.x is not 5.7", .mail = 250, .rcpt = 550,
		.rcpt_status = "5.70.1", .kind = OUTCOME_REJECTED, .code = 550},
	{"RCPT 530", .mail = 250, .rcpt = 530, .rcpt_status = "5.7.0",
		.kind = OUTCOME_OURS, .code = 530},
	{"RCPT 450", .mail = 250, .rcpt = 450, .rcpt_status = "4.7.1",
		.kind = OUTCOME_DEFERRED, .code = 450},
	{"RCPT odd", .mail = 250, .rcpt = 354, .kind = OUTCOME_DEFERRED,
		.code = 354},
	{"RCPT decides, whatever the end says", .mail = 250, .rcpt = 550,
		.body_done = true, .done = 250, .kind = OUTCOME_REJECTED,
		.code = 550},
	{"DATA refused for good", .mail = 250, .rcpt = 250, .done = 554,
		.kind = OUTCOME_REJECTED, .code = 554},
	{"DATA refused for now", .mail = 250, .rcpt = 250, .done = 452,
		.kind = OUTCOME_DEFERRED, .code = 452},
	{"2xx without a body", .mail = 250, .rcpt = 250, .done = 250,
		.kind = OUTCOME_DEFERRED, .code = 250},
	{"sent", .mail = 250, .rcpt = 250, .body_done = true, .done = 250,
		.kind = OUTCOME_SENT, .code = 250},
	{"sent with an odd 2xx", .mail = 250, .rcpt = 251, .body_done = true,
		.done = 299, .kind = OUTCOME_SENT, .code = 299},
	{"half a reply", .mail = 250, .rcpt = 250, .body_done = true,
		.done = 250, .no_text = true, .kind = OUTCOME_UNKNOWN},
	{"half a refusal", .mail = 250, .rcpt = 250, .body_done = true,
		.done = 550, .no_text = true, .kind = OUTCOME_UNKNOWN},
	{"2xx, recipient not complete", .mail = 250, .rcpt = 250,
		.body_done = true, .done = 250, .not_complete = true,
		.kind = OUTCOME_UNKNOWN, .code = 250},
	{"content refused", .mail = 250, .rcpt = 250, .body_done = true,
		.done = 550, .kind = OUTCOME_REJECTED, .code = 550},
	{"content refused for now", .mail = 250, .rcpt = 250, .body_done = true,
		.done = 451, .kind = OUTCOME_DEFERRED, .code = 451},
	{"an odd end", .mail = 250, .rcpt = 250, .body_done = true, .done = 354,
		.kind = OUTCOME_UNKNOWN, .code = 354},
	{"lost after the end", .mail = 250, .rcpt = 250, .body_done = true,
		.kind = OUTCOME_UNKNOWN},
	{"lost in the body", .mail = 250, .rcpt = 250,
		.kind = OUTCOME_DEFERRED},
	{"lost after MAIL", .mail = 250, .kind = OUTCOME_DEFERRED},
};

static void
set_reply(bool *seen, struct smtp_reply *reply, int code, const char *status)
{
	*seen = code != 0;
	reply->code = code;
	if (status)
		strcpy(reply->status, status);
}

static void
decides(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(decide_cases) / sizeof(decide_cases[0]); i++) {
		const struct decide_case *c = &decide_cases[i];
		struct smtp_events seen = {.body_done = c->body_done};
		struct outcome out;

		print_message("%s\n", c->name);
		set_reply(&seen.mail_seen, &seen.mail, c->mail, NULL);
		set_reply(&seen.rcpt_seen, &seen.rcpt, c->rcpt, c->rcpt_status);
		set_reply(&seen.done_seen, &seen.done, c->done, NULL);
		seen.done_text = seen.done_seen && !c->no_text;
		seen.rcpt_complete = seen.done_seen && !c->not_complete;
		outcome_decide(&seen, &out);
		assert_int_equal(out.kind, c->kind);
		assert_int_equal(out.reply.code, c->code);
		assert_int_equal(out.policy, c->policy);
	}
}

static const struct {
	int code;
	const char *raw, *status, *text;
} reply_cases[] = {
	{250, "", "", ""},
	{250, "OK", "", "OK"},
	{250, "2.0.0 OK", "2.0.0", "OK"},
	{250, " 2.0.0 OK\r\n", "2.0.0", "OK"},
	{250, "2.0.0", "2.0.0", ""},
	{550, "5.7.999 no", "5.7.999", "no"},
	{550, "5.999.999 no", "5.999.999", "no"},
	{550, "5.7.1000 no", "", "5.7.1000 no"},
	{550, "5.7.1x no", "", "5.7.1x no"},
	{550, "5.7 no", "", "5.7 no"},
	{550, "5..1 no", "", "5..1 no"},
	{450, "5.7.1 another class", "", "5.7.1 another class"},
	{354, "3.0.0 go", "3.0.0", "go"},
	{250, "one\r\ntwo\tthree \r\n", "", "one two three"},
	{250, "a\001b\177c", "", "a?b?c"},
	{250, "a\xc2\x85z", "", "a?z"},
	{250, "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85", "",
		"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85"},
	{250, "a\xff\xfe z\xd8", "", "a?? z?"},
	{250, "\xed\xa0\x80", "", "???"},
	{250, "\xf0\x9f\x98\x80!", "", "\xf0\x9f\x98\x80!"},
};

static void
takes_replies_apart(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reply_cases) / sizeof(reply_cases[0]); i++) {
		struct smtp_reply reply;

		memset(&reply, 'x', sizeof(reply));
		smtp_reply_set(&reply, reply_cases[i].code, reply_cases[i].raw);
		assert_int_equal(reply.code, reply_cases[i].code);
		assert_string_equal(reply.status, reply_cases[i].status);
		assert_string_equal(reply.text, reply_cases[i].text);
	}
}

static void
cuts_at_a_character(void **state)
{
	char raw[1001];
	struct smtp_reply reply;
	size_t i;

	(void)state;
	/* One byte and then two-byte characters: an even limit falls within
	 * one. */
	raw[0] = 'a';
	for (i = 1; i + 1 < sizeof(raw); i += 2)
		memcpy(raw + i, "\xd8\xb3", 2);
	raw[sizeof(raw) - 2] = 'z';
	raw[sizeof(raw) - 1] = '\0';
	smtp_reply_set(&reply, 250, raw);
	assert_int_equal(strlen(reply.text), sizeof(reply.text) - 1);
	smtp_reply_set(&reply, 250, raw + 1);
	assert_int_equal(strlen(reply.text), sizeof(reply.text) - 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(takes_replies_apart),
		cmocka_unit_test(cuts_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
