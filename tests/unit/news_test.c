#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/news.h"
#include "temp.h"

static const char message_id[] = "<token@example.org>";

/* The key that "1" is sealed to o9ic... with; see token_test.c. */
static const char secret[] = "00112233445566778899aabbccddeeff"
			     "00112233445566778899aabbccddeeff";

static void
make_mailing(struct mailing *m, const char *url, const char *from,
	const char *campaign, bool key)
{
	*m = (struct mailing){
		.campaign = mem_strdup(campaign),
		.from_address = mem_strdup(from),
		.supporters = true,
		.has_unsubscribe_key = key,
	};
	if (key)
		token_key(secret, MAILING_UNSUBSCRIBE, &m->unsubscribe_key);
	fields_add(&m->organiser, "url", url);
}

static void
release_mailing(struct mailing *m)
{
	free(m->campaign);
	free(m->from_address);
	fields_release(&m->organiser);
}

#define MAIL "mailto:us@example.org?subject=unsubscribe%20token"

static void
test_links(void **state)
{
	static const struct {
		const char *url;
		bool key;
		int64_t delivery;
		const char *link, *field;
		bool one_click;
	} cases[] = {
		{"https://a.example", true, 1,
			"https://a.example/u/o9ic3MPXj8DQn3fkoWNxwA",
			"<https://a.example/u/o9ic3MPXj8DQn3fkoWNxwA>, "
			"<" MAIL ">",
			true},
		/* RFC 8058 knows https only. */
		{"http://127.0.0.1:80/x", true, 1,
			"http://127.0.0.1:80/x/u/o9ic3MPXj8DQn3fkoWNxwA",
			"<http://127.0.0.1:80/x/u/o9ic3MPXj8DQn3fkoWNxwA>, "
			"<" MAIL ">",
			false},
		{"", true, 1, MAIL, "<" MAIL ">", false},
		/* An outbox: its numbers are not kept. */
		{"https://a.example", false, 1, MAIL, "<" MAIL ">", false},
		{"", false, 0, MAIL, "<" MAIL ">", false},
		/* Shown before there are numbers. */
		{"https://a.example", false, 0, "https://a.example/u/...",
			"<https://a.example/u/...>, <" MAIL ">", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailing_lang lang = {0};
		struct news_fields f;
		struct mailing m;
		char *link;

		make_mailing(&m, cases[i].url, "us@example.org", "ilo",
			cases[i].key);
		link = news_link(&m, cases[i].delivery, message_id);
		assert_string_equal(link, cases[i].link);
		news_fields(&m, &lang, cases[i].delivery, message_id, &f);
		assert_string_equal(f.items[0].name, "List-Id");
		assert_string_equal(f.items[1].name, "List-Unsubscribe");
		assert_string_equal(f.items[1].value, cases[i].field);
		assert_int_equal(f.count, cases[i].one_click ? 4 : 3);
		if (cases[i].one_click) {
			assert_string_equal(
				f.items[2].name, "List-Unsubscribe-Post");
			assert_string_equal(
				f.items[2].value, "List-Unsubscribe=One-Click");
		}
		assert_string_equal(
			f.items[f.count - 1].name, "Auto-Submitted");
		assert_string_equal(
			f.items[f.count - 1].value, "auto-generated");
		news_fields_release(&f);
		free(link);
		release_mailing(&m);
	}
}

/* What an address may have and a link may not is encoded. */
static void
test_mail_link(void **state)
{
	struct mailing m;
	char *link;

	(void)state;
	make_mailing(&m, "", "a+b&c=d#e?f%g/h@example.org", "ilo", false);
	link = news_link(&m, 1, message_id);
	assert_string_equal(link,
		"mailto:a%2Bb%26c%3Dd%23e%3Ff%25g%2Fh@example.org"
		"?subject=unsubscribe%20token");
	free(link);
	release_mailing(&m);
}

static void
test_list_id(void **state)
{
	static const struct {
		const char *campaign, *title, *id, *phrase;
	} cases[] = {
		{"ilo", "Call on the ILO", "ilo.example.org",
			"Call on the ILO"},
		{"Free-them_2", "", "Free-them_2.example.org", "Free-them_2"},
		{"free them", "A", "77ff298bf640e9da.example.org", "A"},
		{"a.b", "A", "2e7336dc8eba87ef.example.org", "A"},
		{"\xD8\xA2\xD8\xB2\xD8\xA7\xD8\xAF\xDB\x8C", "A",
			"42e4e3dedd9f64f1.example.org", "A"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mailing_lang lang = {0};
		struct news_fields f;
		struct mailing m;

		make_mailing(
			&m, "", "us@example.org", cases[i].campaign, false);
		fields_add(&lang.campaign, "title", cases[i].title);
		news_fields(&m, &lang, 1, message_id, &f);
		assert_string_equal(f.items[0].value, cases[i].id);
		assert_string_equal(f.items[0].phrase, cases[i].phrase);
		news_fields_release(&f);
		fields_release(&lang.campaign);
		release_mailing(&m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_mail_link),
		cmocka_unit_test(test_list_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
