#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger_sample.h"

static int
note_mailing(void *ctx, const struct store_mailing *m, struct err *err)
{
	(void)err;
	assert_string_equal(m->letter, "ilo/a");
	assert_null(m->organiser);
	buf_printf(ctx, "%d:%d:%s ", (int)m->id, m->state, m->reason);
	return 0;
}

/* What was put in is what comes out. */
static void
test_round_trip(void **state)
{
	struct sample *s = *state;
	struct store_mailing out,
		in = {
			.audience = AUDIENCE_TO_SIGNERS,
			.supporters = true,
			.account = (char *)(uintptr_t) "main",
			.created_at = 1234,
			.from_name = (char *)(uintptr_t) "\u06A9, \"x\"",
			.from_address = (char *)(uintptr_t) "a@example.org",
			.reply_to = (char *)(uintptr_t) "b@example.org\nB",
			.organiser = (char *)(uintptr_t) "{\"a\":\"b\"}",
			.signatures = (char *)(uintptr_t) "{}",
			.list = SIGNATURE_LIST_HTML,
		};
	struct buf list = {0};
	int64_t id = 0;

	assert_int_equal(store_mailing_find(s->store, 1, &out, &s->err), 0);
	sample_begin(s);
	ok(s, store_mailing_add(s->store, s->letter, &in, &id, &s->err));
	sample_commit(s);
	assert_int_equal(store_mailing_find(s->store, id, &out, &s->err), 1);
	assert_int_equal(out.id, id);
	assert_string_equal(out.letter, "ilo/a");
	assert_int_equal(out.audience, AUDIENCE_TO_SIGNERS);
	assert_int_equal(out.state, MAILING_RUNNING);
	assert_string_equal(out.reason, "");
	assert_true(out.supporters);
	assert_string_equal(out.account, in.account);
	assert_int_equal(out.created_at, 1234);
	assert_string_equal(out.from_name, in.from_name);
	assert_string_equal(out.from_address, in.from_address);
	assert_string_equal(out.reply_to, in.reply_to);
	assert_string_equal(out.organiser, in.organiser);
	assert_string_equal(out.signatures, in.signatures);
	assert_string_equal(out.names, "");
	assert_int_equal(out.list, SIGNATURE_LIST_HTML);
	store_mailing_release(&out);
	store_mailing_release(&out);

	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, id, MAILING_PAUSED, "login", &s->err));
	sample_commit(s);
	add_mailing(s, AUDIENCE_RECIPIENTS);
	ok(s, store_mailings(s->store, id, note_mailing, &list, &s->err));
	assert_string_equal(buf_str(&list), "1:1:login ");
	buf_reset(&list);
	ok(s, store_mailings(s->store, 0, note_mailing, &list, &s->err));
	assert_string_equal(buf_str(&list), "1:1:login 2:0: ");
	buf_release(&list);
}

static int
note_edition(void *ctx, const struct store_mailing_edition *e, struct err *err)
{
	(void)err;
	buf_printf(
		ctx, "%s %s %s %s\n", e->lang, e->text, e->letter, e->campaign);
	return 0;
}

static int
note_file(void *ctx, const char *path, const char *sha256, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%s %s\n", path, sha256);
	return 0;
}

static void
test_parts(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_mailing(s, AUDIENCE_RECIPIENTS);
	struct store_mailing_edition e = {
		.lang = "en",
		.edition = s->edition,
		.letter = "{1}",
		.campaign = "{2}",
	};
	struct buf list = {0};

	sample_begin(s);
	ok(s, store_mailing_edition_add(s->store, mailing, &e, &s->err));
	ok(s, store_mailing_attachment_add(
		      s->store, mailing, "en", 1, "b", "22", &s->err));
	ok(s, store_mailing_attachment_add(
		      s->store, mailing, "en", 0, "c", "11", &s->err));
	ok(s, store_mailing_attachment_add(
		      s->store, mailing, "fa", 0, "a", "33", &s->err));
	sample_commit(s);
	ok(s, store_mailing_editions(
		      s->store, mailing, note_edition, &list, &s->err));
	assert_string_equal(buf_str(&list), "en text {1} {2}\n");
	buf_reset(&list);
	ok(s, store_mailing_attachments(
		      s->store, mailing, "en", note_file, &list, &s->err));
	assert_string_equal(buf_str(&list), "c 11\nb 22\n");
	buf_release(&list);
}

static void
test_mailing_state(void **state)
{
	struct sample *s = *state;
	int64_t mailing = add_queue(s, AUDIENCE_RECIPIENTS, "abc");
	enum mailing_state now;
	struct store_tally tally;
	struct claim c;
	int64_t id = 0;

	claim(s, mailing, AUDIENCE_RECIPIENTS, "boot", 100, 1, &c);
	claim_release(&c);
	ok(s, store_mailing_tally(s->store, mailing, &tally, &s->err));
	assert_int_equal(tally.total, 3);
	assert_int_equal(tally.states[DELIVERY_QUEUED], 2);
	assert_int_equal(tally.states[DELIVERY_CLAIMED], 1);
	assert_int_equal(store_mailing_unfinished(s->store, s->letter,
				 AUDIENCE_RECIPIENTS, &id, &s->err),
		1);
	assert_int_equal(id, mailing);
	assert_int_equal(store_mailing_unfinished(s->store, s->letter,
				 AUDIENCE_TO_SIGNERS, &id, &s->err),
		0);
	sample_begin(s);
	ok(s, store_mailing_cancel(s->store, mailing, 200, &s->err));
	sample_commit(s);
	assert_int_equal(
		store_mailing_state(s->store, mailing, &now, &s->err), 1);
	assert_int_equal(now, MAILING_CANCELLED);
	assert_int_equal(
		store_mailing_state(s->store, mailing + 1, &now, &s->err), 0);
	assert_int_equal(
		store_mailing_unfinished(s->store, 0, -1, &id, &s->err), 0);
	/* What is over stays over. */
	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, mailing, MAILING_RUNNING, "", &s->err));
	sample_commit(s);
	ok(s, store_mailing_state(s->store, mailing, &now, &s->err));
	assert_int_equal(now, MAILING_CANCELLED);
	/* What is under way ends as it ends. */
	assert_ledger(s, mailing, "a:claimed:1 b:cancelled:0 c:cancelled:0 ");
}

static int
add_open(void *ctx, int64_t id, int64_t start_at, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%d:%d ", (int)id, (int)start_at);
	return 0;
}

/* Paused ones come after the others, tests last, what is over not at all. */
static void
test_open(void **state)
{
	struct sample *s = *state;
	struct buf open = {0};
	int64_t start_at = -1;

	for (int i = 1; i <= 6; i++)
		add_mailing(s, i == 2 ? AUDIENCE_TEST : AUDIENCE_RECIPIENTS);
	sample_begin(s);
	ok(s, store_mailing_set_state(
		      s->store, 1, MAILING_PAUSED, "by hand", &s->err));
	ok(s, store_mailing_set_state(s->store, 4, MAILING_DONE, "", &s->err));
	ok(s, store_mailing_cancel(s->store, 5, 90, &s->err));
	ok(s, store_mailing_set_start(s->store, 3, 500, &s->err));
	sample_commit(s);
	ok(s, store_mailings_open(s->store, add_open, &open, &s->err));
	assert_string_equal(buf_str(&open), "3:500 6:0 2:0 1:0 ");
	buf_release(&open);
	assert_int_equal(
		store_mailing_start(s->store, 3, &start_at, &s->err), 1);
	assert_int_equal(start_at, 500);
	assert_int_equal(
		store_mailing_start(s->store, 6, &start_at, &s->err), 1);
	assert_int_equal(start_at, 0);
	assert_int_equal(
		store_mailing_start(s->store, 9, &start_at, &s->err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_round_trip),
		WITH_STORE(test_parts),
		WITH_STORE(test_mailing_state),
		WITH_STORE(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
