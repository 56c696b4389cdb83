#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "core/conf.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define ORGANISER                \
	"[organiser]\n"          \
	"name = Our Committee\n" \
	"from = a@example.org\n"
#define ACCOUNT         \
	"[smtp main]\n" \
	"host = smtp.example.org\n"

static void
test_whole(void **state)
{
	static const char text[] =
		"# Who writes\n"
		"[organiser]\n"
		"name = Workers' Solidarity \u06A9\n"
		"from = \"Committee, Main\" <Campaign@Example.org>\n"
		"lang = pt-BR\n"
		"url = https://sign.example.org//\n"
		"address = Postfach 1, 3000 Bern\n"
		"\n"
		"[smtp main]\n"
		"host = smtp.example.org\n"
		"port = 2525\n"
		"tls = implicit\n"
		"cafile = /etc/ca.pem\n"
		"user = campaign@example.org\n"
		"passwordcmd = secret-tool lookup a b\n"
		"helo = mail.example.org\n"
		"connections = 2\n"
		"perdomain = 3\n"
		"timeout = 60\n"
		"endtimeout = 120\n"
		"deadline = 900\n"
		"dkim = s1.mail-2024\n"
		"proxy = socks5h://127.0.0.1:9050\n"
		"rate = 60/minute, 5 / second\n"
		"quota = 500/day,200/hour\n"
		"\n"
		"[smtp second one]\n"
		"host = 127.0.0.1\n"
		"tls = none\n"
		"passwordfile = secret\n"
		"\n"
		"[signatures]\n"
		"sharedaddress = each\n"
		"confirmdays = 3\n"
		"\n"
		"[dns]\n"
		"server = 192.0.2.53\n";
	const struct conf_account *a;
	struct problems problems = {0};
	struct conf conf;

	(void)state;
	if (conf_parse(text, "openletter.conf", &conf, &problems) < 0)
		fail_msg("%s", problems.items[0].text);
	assert_string_equal(conf.organiser_name, "Workers' Solidarity \u06A9");
	assert_string_equal(conf.organiser_address, "Postfach 1, 3000 Bern");
	assert_string_equal(conf.url, "https://sign.example.org");
	assert_string_equal(conf.lang, "pt-BR");
	assert_true(conf.each);
	assert_int_equal(conf.confirm_days, 3);
	assert_true(conf.has_from);
	assert_string_equal(conf.from_name, "Committee, Main");
	assert_string_equal(conf.from.local, "Campaign");
	assert_string_equal(conf.from.domain, "example.org");
	assert_int_equal(conf.account_count, 2);

	a = conf_account_find(&conf, NULL);
	assert_ptr_equal(a, &conf.accounts[0]);
	assert_ptr_equal(a, conf_account_find(&conf, "main"));
	assert_string_equal(a->host, "smtp.example.org");
	assert_int_equal(a->port, 2525);
	assert_int_equal(a->tls, CONF_TLS_IMPLICIT);
	assert_string_equal(a->cafile, "/etc/ca.pem");
	assert_string_equal(a->user, "campaign@example.org");
	assert_string_equal(a->passwordcmd, "secret-tool lookup a b");
	assert_null(a->passwordfile);
	assert_string_equal(a->helo, "mail.example.org");
	assert_int_equal(a->connections, 2);
	assert_int_equal(a->perdomain, 3);
	assert_int_equal(a->timeout_s, 60);
	assert_int_equal(a->endtimeout_s, 120);
	assert_int_equal(a->deadline_s, 900);
	assert_string_equal(a->dkim, "s1.mail-2024");
	assert_string_equal(a->proxy.host, "127.0.0.1");
	assert_int_equal(a->proxy.port, 9050);
	assert_null(a->tokencmd);
	assert_int_equal(a->rate_count, 2);
	assert_int_equal(a->rate[0].count, 60);
	assert_int_equal(a->rate[0].window_s, 60);
	assert_int_equal(a->rate[1].count, 5);
	assert_int_equal(a->rate[1].window_s, 1);
	assert_int_equal(a->quota_count, 2);
	assert_int_equal(a->quota[0].window_s, 86400);
	assert_int_equal(a->quota[1].count, 200);
	assert_int_equal(a->quota[1].window_s, 3600);

	a = conf_account_find(&conf, "second one");
	assert_ptr_equal(a, &conf.accounts[1]);
	assert_int_equal(a->tls, CONF_TLS_NONE);
	assert_int_equal(a->port, 25);
	assert_string_equal(a->passwordfile, "secret");
	assert_int_equal(a->rate_count, 0);
	assert_null(conf_account_find(&conf, "third"));
	assert_string_equal(conf.resolver.host, "192.0.2.53");
	assert_int_equal(conf.resolver.port, 53);
	conf_release(&conf);
	problems_release(&problems);
}

static void
test_defaults(void **state)
{
	static const struct {
		const char *tls;
		int port;
	} cases[] = {
		{"", 587},
		{"tls = starttls\n", 587},
		{"tls = implicit\n", 465},
	};
	struct problems problems = {0};
	struct conf conf;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[512];

		snprintf(text, sizeof text, ORGANISER ACCOUNT "%s",
			cases[i].tls);
		assert_int_equal(conf_parse(text, "c", &conf, &problems), 0);
		assert_int_equal(conf.accounts[0].port, cases[i].port);
		assert_true(conf.accounts[0].connections >= 1);
		assert_true(conf.accounts[0].timeout_s >= 1);
		assert_int_equal(conf.accounts[0].endtimeout_s, 600);
		assert_int_equal(conf.accounts[0].deadline_s, 0);
		assert_int_equal(conf.accounts[0].perdomain, 0);
		assert_null(conf.accounts[0].user);
		assert_null(conf.accounts[0].proxy.host);
		conf_release(&conf);
	}
	assert_int_equal(conf_parse(ORGANISER, "c", &conf, &problems), 0);
	assert_string_equal(conf.lang, "en");
	assert_string_equal(conf.from_name, "");
	assert_null(conf.url);
	assert_null(conf.organiser_address);
	assert_null(conf_account_find(&conf, NULL));
	assert_null(conf.resolver.host);
	conf_release(&conf);
	conf_release(&conf);
	conf_release(NULL);
}

/* The end of a message gets as much time as any other command, at least. */
static void
test_end_timeout(void **state)
{
	static const char text[] = ORGANISER ACCOUNT "timeout = 900\n";
	struct problems problems = {0};
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(text, "c", &conf, &problems), 0);
	assert_int_equal(conf.accounts[0].endtimeout_s, 900);
	conf_release(&conf);
}

/* Where a proxy or a resolver listens. */
static void
test_endpoints(void **state)
{
	static const struct {
		const char *text;
		const char *host;
		int port;
	} cases[] = {
		{"[dns]\nserver = 192.0.2.53:5353\n", "192.0.2.53", 5353},
		{"[dns]\nserver = 2001:db8::53\n", "2001:db8::53", 53},
		{"[dns]\nserver = [2001:db8::53]\n", "2001:db8::53", 53},
		{"[dns]\nserver = [::1]:5353\n", "::1", 5353},
		{ACCOUNT "proxy = socks5h://[::1]:9150\n", "::1", 9150},
		{ACCOUNT "proxy = socks5h://tor.lan:9050\n", "tor.lan", 9050},
		{"[smtp a]\nhost = abc.onion\n"
		 "proxy = socks5h://localhost:9050\n",
			"localhost", 9050},
		{ACCOUNT "user = a\ntokencmd = b\n"
			 "proxy = socks5h://localhost:1\n",
			"localhost", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct conf_endpoint *found;
		struct problems problems = {0};
		struct conf conf;
		char text[512];

		snprintf(text, sizeof text, ORGANISER "%s", cases[i].text);
		if (conf_parse(text, "c", &conf, &problems) < 0)
			fail_msg("case %zu: %s", i, problems.items[0].text);
		found = conf.accounts ? &conf.accounts[0].proxy
				      : &conf.resolver;
		assert_string_equal(found->host, cases[i].host);
		assert_int_equal(found->port, cases[i].port);
		conf_release(&conf);
	}
}

/* What other editors put round lines. */
static void
test_line_ends(void **state)
{
	static const char *const cases[] = {
		"[organiser]\r\nname = A\r\nfrom = a@example.org\r\n",
		"\xEF\xBB\xBF[organiser]\nname = A\nfrom = a@example.org",
		"\n\n  [organiser]\n  name=A  \n\tfrom=a@example.org\t\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		struct conf conf;

		if (conf_parse(cases[i], "c", &conf, &problems) < 0)
			fail_msg("case %zu: %s", i, problems.items[0].text);
		assert_string_equal(conf.organiser_name, "A");
		assert_string_equal(conf.from.domain, "example.org");
		conf_release(&conf);
		problems_release(&problems);
	}
}

/* Each is wrong in one place only. */
static void
test_problems(void **state)
{
	static const struct {
		const char *text;
		long line;
		const char *what;
	} cases[] = {
		{ORGANISER "nmae = B\n", 4, "did you mean \"name\"?"},
		{ORGANISER "Lang = B\n", 4, "did you mean \"lang\"?"},
		{ORGANISER "colour = red\n", 4, "unknown key \"colour\""},
		{ORGANISER "name[fa] = B\n", 4, "unknown key"},
		{ORGANISER "\n[organizer]\n", 5, "did you mean [organiser]?"},
		{ORGANISER "[smpt]\n", 4, "did you mean [smtp]?"},
		{ORGANISER "[zebra]\na = b\n", 4, "unknown section [zebra]"},
		{ORGANISER ACCOUNT "prot = 25\n", 6, "did you mean \"port\"?"},
		{ORGANISER ACCOUNT "password = x\n", 6, "unknown key"},
		{ORGANISER "[imap]\nhost = a\n", 4, "not honoured"},
		{ORGANISER "[serve]\n", 4, "not honoured"},
		{ORGANISER "[store]\n", 4, "not honoured"},
		{ORGANISER "lang = english!\n", 4, "not a language tag"},
		{ORGANISER "lang = \n", 4, "language tag"},
		{ORGANISER "url = www.example.org\n", 4, "https://"},
		{ORGANISER "url = javascript:alert(1)\n", 4, "https://"},
		{ORGANISER "url = https://a b.example\n", 4, "may hold"},
		{ORGANISER "url = https://a.example/>\n", 4, "may hold"},
		{ORGANISER "url = https://a.example/?x=y\n", 4, "may hold"},
		{ORGANISER "url = https://\xC3\xA4.example\n", 4, "xn--"},
		{ORGANISER "address =\n", 4, "empty"},
		{"[organiser]\nname = A\nfrom = nobody\n", 3, "no @"},
		{"[organiser]\nname = A\n", 1, "needs from"},
		{"[organiser]\nfrom = a@example.org\n", 1, "needs a name"},
		{ORGANISER "name = B\n", 2, "twice"},
		{ORGANISER ACCOUNT "tls = ssl\n", 6, "starttls"},
		{ORGANISER ACCOUNT "tls = None\n", 6, "starttls"},
		{ORGANISER ACCOUNT "tls = none\n", 6, "this machine"},
		{ORGANISER "[smtp a]\nhost = 127.evil.org\ntls = none\n", 6,
			"this machine"},
		{ORGANISER ACCOUNT "port = 0\n", 6, "1 to 65535"},
		{ORGANISER ACCOUNT "port = 65536\n", 6, "1 to 65535"},
		{ORGANISER ACCOUNT "port = smtp\n", 6, "1 to 65535"},
		{ORGANISER ACCOUNT "connections = 0\n", 6, "number"},
		{ORGANISER ACCOUNT "connections = 65\n", 6, "number"},
		{ORGANISER ACCOUNT "timeout = -1\n", 6, "number"},
		{ORGANISER ACCOUNT "rate = 60\n", 6, "60/minute"},
		{ORGANISER ACCOUNT "rate = 60/week\n", 6, "60/minute"},
		{ORGANISER ACCOUNT "rate = 0/minute\n", 6, "60/minute"},
		{ORGANISER ACCOUNT "rate = /minute\n", 6, "60/minute"},
		{ORGANISER ACCOUNT "rate = 5/day, many\n", 6, "many"},
		{ORGANISER ACCOUNT "quota = ,\n", 6, "one to 4"},
		{ORGANISER ACCOUNT "quota = 1/day,2/day,3/day,4/day,5/day\n", 6,
			"one to 4"},
		{ORGANISER ACCOUNT "user = a\\qb\n", 6, "backslash"},
		{ORGANISER ACCOUNT "helo = my laptop\n", 6, "host name"},
		{ORGANISER ACCOUNT "helo = a\\r\\nMAIL\n", 6, "host name"},
		{ORGANISER ACCOUNT "helo = a\\tb\n", 6, "host name"},
		{ORGANISER ACCOUNT "passwordcmd = a\npasswordfile = b\n", 7,
			"not both"},
		{ORGANISER ACCOUNT "tokencmd = a\n", 6, "needs a user"},
		{ORGANISER ACCOUNT "user = a\ntokencmd = b\npasswordcmd = c\n",
			7, "not both"},
		{ORGANISER ACCOUNT "user = a\npasswordfile = c\ntokencmd = b\n",
			8, "not both"},
		{ORGANISER ACCOUNT "proxy = socks5://127.0.0.1:9050\n", 6,
			"socks5h://"},
		{ORGANISER ACCOUNT "proxy = http://127.0.0.1:8118\n", 6,
			"socks5h://"},
		{ORGANISER ACCOUNT "proxy = 127.0.0.1:9050\n", 6, "socks5h://"},
		{ORGANISER ACCOUNT "proxy = socks5h://a:b@127.0.0.1:9050\n", 6,
			"no user and password"},
		{ORGANISER ACCOUNT "proxy = socks5h://127.0.0.1\n", 6,
			"socks5h://127.0.0.1:9050"},
		{ORGANISER ACCOUNT "proxy = socks5h://:9050\n", 6,
			"not understood"},
		{ORGANISER ACCOUNT "proxy = socks5h://127.0.0.1:0\n", 6,
			"not understood"},
		{ORGANISER ACCOUNT "proxy = socks5h://127.0.0.1:9050/\n", 6,
			"not understood"},
		{ORGANISER ACCOUNT "proxy = socks5h://::1:9050\n", 6,
			"not understood"},
		{ORGANISER ACCOUNT "proxy = socks5h://[::1\n", 6,
			"not understood"},
		{ORGANISER "[smtp a]\nhost = localhost\ntls = none\n"
			   "proxy = socks5h://127.0.0.1:9050\n",
			7, "tls = none"},
		{ORGANISER "[smtp a]\nhost = abc.Onion\n", 5, "Tor"},
		{ORGANISER ACCOUNT "perdomain = -1\n", 6, "0 to 64"},
		{ORGANISER ACCOUNT "endtimeout = 0\n", 6, "number"},
		{ORGANISER ACCOUNT "deadline = 86401\n", 6, "number"},
		{ORGANISER ACCOUNT "dkim = a._domainkey.example.org\n", 6,
			"no selector"},
		{ORGANISER ACCOUNT "dkim = a..b\n", 6, "no selector"},
		{ORGANISER ACCOUNT "dkim = -a\n", 6, "no selector"},
		{ORGANISER ACCOUNT "dkim = a.\n", 6, "no selector"},
		{ORGANISER "[signatures]\nsharedaddress = two\n", 5,
			"one (an address"},
		{ORGANISER "[signatures]\nconfirmdays = 0\n", 5,
			"from 1 to 90"},
		{ORGANISER "[signature]\n", 4, "did you mean [signatures]"},
		{ORGANISER "[dns]\nserver = dns.example.org\n", 5,
			"no address"},
		{ORGANISER "[dns]\nserver = 192.0.2.53:\n", 5, "no address"},
		{ORGANISER "[dns]\nserver = [192.0.2.53]:53\n", 5,
			"no address"},
		{ORGANISER "[dns]\nserver = [2001:db8::53\n", 5, "no address"},
		{ORGANISER "[dns]\nport = 53\n", 5, "unknown key"},
		{ORGANISER "[smtp]\nhost = a\n", 4, "needs a name"},
		{ORGANISER "[smtp main]\nuser = a\n", 4, "needs a host"},
		{ORGANISER ACCOUNT "[smtp  main]\nhost = b\n", 0,
			"two accounts"},
		{ORGANISER "no equals sign\n", 0, ""},
		{ORGANISER "# \xFF\n", 0, "UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems problems = {0};
		struct conf conf;

		if (conf_parse(cases[i].text, "c.conf", &conf, &problems) == 0)
			fail_msg("case %zu is taken:\n%s", i, cases[i].text);
		if (problems.count != 1 ||
			problems.items[0].line != cases[i].line ||
			!strstr(problems.items[0].text, cases[i].what))
			fail_msg("%zu problems, line %ld: %s\n%s",
				problems.count, problems.items[0].line,
				problems.items[0].text, cases[i].text);
		assert_string_equal(problems.items[0].file, "c.conf");
		conf_release(&conf);
		problems_release(&problems);
	}
}

/* A key of the same name in two sections: the line is the right one's. */
static void
test_all_at_once(void **state)
{
	static const char text[] = "[organiser]\n"
				   "nam = A\n"
				   "from = a@example.org\n"
				   "[smtp one]\n"
				   "port = 25\n"
				   "host = a\n"
				   "[smtp two]\n"
				   "host = b\n"
				   "port = x\n";
	static const long lines[] = {1, 2, 9};
	struct problems problems = {0};
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(text, "c", &conf, &problems), -1);
	problems_sort(&problems);
	assert_int_equal(problems.count, COUNT(lines));
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(problems.items[i].line, lines[i]);
	conf_release(&conf);
	problems_release(&problems);
}

/* A list given twice must not add up to more than there is room for. */
static void
test_limits_twice(void **state)
{
	static const char text[] =
		ORGANISER ACCOUNT "rate = 1/second, 2/minute, 3/hour, 4/day\n"
				  "quota = 9/day\n"
				  "rate = 5/second, 6/minute, 7/hour, 8/day\n";
	struct problems problems = {0};
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(text, "c", &conf, &problems), -1);
	assert_int_equal(problems.count, 1);
	assert_non_null(strstr(problems.items[0].text, "twice"));
	assert_int_equal(conf.account_count, 1);
	assert_int_equal(conf.accounts[0].rate_count, 4);
	assert_int_equal(conf.accounts[0].quota_count, 1);
	assert_int_equal(conf.accounts[0].quota[0].count, 9);
	conf_release(&conf);
	problems_release(&problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_end_timeout),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_limits_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
