/* A letter to vary, and what holds for every message that is written. For
 * message_test.c and message_oracle_test.c, after cmocka.h. */
#ifndef MESSAGE_SAMPLE_H
#define MESSAGE_SAMPLE_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "format/message.h"

static inline struct message
letter(void)
{
	struct message m = {
		.from = {"Solidarity Committee", "campaign@example.org"},
		.to = {"Sara", "sara@example.net"},
		.subject = "Unpaid wages",
		.message_id = "<a1b2c3@example.org>",
		.date = 1262822400,
		.lang = "en",
		.dir = "ltr",
		.text = "Dear Sara,\n\nhello\n",
	};

	return m;
}

/* What holds for every message whatever went into it. */
static inline void
check_bytes(const struct buf *b, size_t longest)
{
	const char *line = b->data, *end;

	assert_int_equal(strlen(b->data), b->len);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		assert_true(c < 0x80);
		if (c == '\n')
			assert_true(i > 0 && b->data[i - 1] == '\r');
		if (c == '\r')
			assert_true(b->data[i + 1] == '\n');
	}
	for (; (end = strstr(line, "\r\n")); line = end + 2) {
		size_t len = (size_t)(end - line);
		bool words = memmem(line, len, "=?utf-8?", 8);

		if (len > (words ? 76 : longest))
			fail_msg("line of %zu: %s", len, line);
		if (len && strspn(line, " ") >= len)
			fail_msg("line of blanks in\n%s", b->data);
	}
	assert_int_equal(*line, '\0');
}

#endif
