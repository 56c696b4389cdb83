/* For tests of the ledger: mailings with a delivery for each letter of a word,
 * and what the ledger says of them in short. */
#ifndef TESTS_LEDGER_SAMPLE_H
#define TESTS_LEDGER_SAMPLE_H

#include "store/store_ledger.h"
#include "store/store_mailing.h"
#include "store_sample.h"

static const struct smtp_reply accepted = {250, "2.0.0", "queued as 1"};
static const struct smtp_reply busy = {451, "4.3.2", "later"};

static inline int64_t
add_mailing(struct sample *s, enum audience audience)
{
	struct store_mailing m = {.audience = audience, .created_at = 50};
	int64_t id;

	m.account = m.from_name = m.from_address = m.reply_to = m.organiser =
		m.signatures = m.names = (char *)(uintptr_t) "";
	sample_begin(s);
	ok(s, store_mailing_add(s->store, s->letter, &m, &id, &s->err));
	sample_commit(s);
	return id;
}

/* Adds a delivery to key@example.org. */
static inline void
add_delivery(struct sample *s, int64_t mailing, const char *key,
	enum delivery_state state, int64_t signature, bool copy)
{
	char *email = mem_printf("%s@example.org", key);
	const struct store_delivery_new in = {
		.mailing = mailing,
		.letter = s->letter,
		.lang = "en",
		.recipient = email,
		.key = email,
		.signature = signature,
		.copy = copy,
		.state = state,
		.message_id = email,
		.now = 50,
	};

	sample_begin(s);
	ok(s, store_delivery_add(s->store, &in, &s->err));
	sample_commit(s);
	free(email);
}

/* Adds one delivery for each letter of keys. */
static inline int64_t
add_queue(struct sample *s, enum audience audience, const char *keys)
{
	int64_t mailing = add_mailing(s, audience);

	for (; *keys; keys++)
		add_delivery(s, mailing, (char[]){*keys, '\0'}, DELIVERY_QUEUED,
			0, false);
	return mailing;
}

/* What was claimed at once: the deliveries and the spending. */
struct claim {
	struct store_delivery items[16];
	size_t count;
	int64_t spending;
	char keys[64]; /* first letters of the recipients */
};

static inline void
claim(struct sample *s, int64_t mailing, enum audience audience,
	const char *boot, int64_t now, size_t limit, struct claim *out)
{
	const struct store_claim request = {
		.mailing = mailing,
		.audience = audience,
		.account = "main",
		.mark = boot,
		.now = now,
	};

	*out = (struct claim){0};
	sample_begin(s);
	ok(s, store_claim(s->store, &request, limit, out->items, &out->count,
		      &out->spending, &s->err));
	sample_commit(s);
	for (size_t i = 0; i < out->count; i++)
		out->keys[i] = out->items[i].recipient[0];
}

static inline void
claim_release(struct claim *c)
{
	for (size_t i = 0; i < c->count; i++)
		store_delivery_release(&c->items[i]);
}

/* Writes "key:state:attempts " of every delivery, or of one state. */
static inline int
add_row(void *ctx, const struct store_log_row *row, struct err *err)
{
	(void)err;
	buf_printf(ctx, "%c:%s:%d ", row->recipient[0],
		delivery_state_name(row->state), row->attempts);
	return 0;
}

#define assert_ledger(s, mailing, wanted)                                   \
	do {                                                                \
		struct buf rows = {0};                                      \
                                                                            \
		ok(s, store_log((s)->store, mailing, -1, 0, add_row, &rows, \
			      &(s)->err));                                  \
		assert_string_equal(buf_str(&rows), wanted);                \
		buf_release(&rows);                                         \
	} while (0)

#endif
