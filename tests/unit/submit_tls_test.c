/*
 * What submit does before it trusts a server: certificates, STARTTLS and
 * login, good and bad, against tests/fake/smtp.py. Runs in the repository's
 * root; only loopback addresses.
 */
#include "submit_scene.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* TLS */

enum {
	START = 1,
	IMPLICIT = 2,
	BOTH = START | IMPLICIT
};

static const struct {
	int modes;
	const char *host, *cert;
	const char *option, *value; /* of the server */
	const char *words;	    /* NULL: it works */
} tls_cases[] = {
	{BOTH, "localhost", "good", NULL, NULL, NULL},
	{BOTH, "localhost", "good", "--tls-max", "1.2", NULL},
	/* The library would compare with the name that DNS gave. */
	{BOTH, "127.0.0.1", "good", NULL, NULL, NULL},
	{BOTH, "localhost", "selfsigned", NULL, NULL, "self-signed"},
	{BOTH, "localhost", "wronghost", NULL, NULL,
		"another name (mail.example.org)"},
	{BOTH, "127.0.0.1", "wronghost", NULL, NULL,
		"another name (mail.example.org)"},
	{BOTH, "localhost", "expired", NULL, NULL, "has expired (20"},
	{BOTH, "localhost", "notyet", NULL, NULL, "not yet valid (20"},
	{BOTH, "localhost", "weak", NULL, NULL, "key that is too weak"},
	{BOTH, "localhost", "cnonly", NULL, NULL, "Common Name"},
	{BOTH, "localhost", "good", "--tls-max", "1.1", "TLS is too old"},
	{START, "localhost", "good", "--starttls", "strip",
		"offers no STARTTLS"},
	{START, "localhost", "good", "--starttls", "454",
		"refused STARTTLS (454 4.7.0 TLS not available)"},
	{START, "localhost", "good", "--starttls", "inject",
		"in the clear after STARTTLS"},
	{START, "localhost", "good", "--fault", "EHLO:1:502 5.5.1 no",
		"offers no STARTTLS"},
};

static void
run_tls_case(size_t i, enum submit_tls mode)
{
	const char *const args[] = {
		tls_cases[i].option, tls_cases[i].value, NULL};
	const char *words = tls_cases[i].words;
	struct scene scene;

	print_message("%s %s %s\n", mode_names[mode], tls_cases[i].host,
		words ? words : "works");
	scene_open(&scene, mode, tls_cases[i].cert, args);
	scene.account.host = tls_cases[i].host;
	caller_init(&scene.caller, 2);
	scene_run(&scene);
	if (!words) {
		assert_string_equal(scene.err.msg, "");
		assert_int_equal(scene.rc, 0);
		scene_check(&scene, "SS");
	} else {
		print_message("    %s\n", scene.err.msg);
		assert_int_equal(scene.rc, -1);
		assert_int_equal(scene.err.kind, ERR_CONFIG);
		assert_non_null(strstr(scene.err.msg, words));
		scene_check(&scene, "OO");
		assert_int_equal(count_in(&scene.server, "MAIL"), 0);
	}
	scene_close(&scene);
}

static void
trusts_only_the_right_server(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(tls_cases); i++) {
		if (tls_cases[i].modes & START)
			run_tls_case(i, SUBMIT_STARTTLS);
		if (tls_cases[i].modes & IMPLICIT)
			run_tls_case(i, SUBMIT_IMPLICIT);
	}
}

static void
asks_for_the_name(void **state)
{
	const char *const none[] = {NULL};
	enum submit_tls mode;

	(void)state;
	for (mode = SUBMIT_STARTTLS; mode <= SUBMIT_IMPLICIT; mode++) {
		struct scene scene;

		scene_open(&scene, mode, "good", none);
		caller_init(&scene.caller, 1);
		scene_run(&scene);
		scene_check(&scene, "S");
		assert_int_equal(
			count_in(&scene.server, " tls TLSv1.3 localhost\n"), 1);
		scene_close(&scene);
	}
}

/* What was read with another record must not be waited for. */
static void
takes_records_that_come_together(void **state)
{
	const char *const old[] = {"--together", "--tls-max", "1.2", NULL};
	const char *const usual[] = {"--together", NULL};
	enum submit_tls mode;

	(void)state;
	for (mode = SUBMIT_STARTTLS; mode <= SUBMIT_IMPLICIT; mode++)
		for (int i = 0; i < 2; i++) {
			struct scene scene;

			scene_open(&scene, mode, "good", i ? old : usual);
			scene.account.timeout_s = 2;
			caller_init(&scene.caller, 3);
			scene_run(&scene);
			scene_check(&scene, "SSS");
			scene_close(&scene);
		}
}

/* A server for the other way to start TLS. */
static void
tells_the_ways_apart(void **state)
{
	const char *const none[] = {NULL};
	struct scene scene;

	(void)state;
	scene_open(&scene, SUBMIT_STARTTLS, "good", none);
	scene.account.tls = SUBMIT_IMPLICIT;
	caller_init(&scene.caller, 1);
	scene_run(&scene);
	print_message("    %s\n", scene.err.msg);
	scene_check(&scene, "O");
	assert_non_null(strstr(scene.err.msg, "does not speak TLS"));
	scene_close(&scene);

	scene_open(&scene, SUBMIT_IMPLICIT, "good", none);
	scene.account.tls = SUBMIT_STARTTLS;
	scene.account.timeout_s = 1;
	caller_init(&scene.caller, 1);
	scene_run(&scene);
	print_message("    %s\n", scene.err.msg);
	scene_check(&scene, "Q");
	assert_non_null(strstr(scene.err.msg, "tls = starttls"));
	scene_close(&scene);
}

/* Login */

static const struct {
	const char *mechanisms, *reply;
	const char *login; /* in the transcript; NULL: none gets through */
	const char *words;
	enum err_kind kind;
	const char *kinds;
} auth_cases[] = {
	{"PLAIN LOGIN", NULL, "login PLAIN user pass=word\n", NULL, ERR_NONE,
		"SS"},
	{"LOGIN", NULL, "login LOGIN user pass=word\n", NULL, ERR_NONE, "SS"},
	{"NTLM CRAM-MD5 LOGIN", NULL, "login LOGIN user pass=word\n", NULL,
		ERR_NONE, "SS"},
	{"NTLM CRAM-MD5", NULL, NULL, "offers no login", ERR_CONFIG, "OO"},
	{"", NULL, NULL, "offers no login", ERR_CONFIG, "OO"},
	{"PLAIN LOGIN", "535 5.7.8 bad credentials", NULL,
		"login of user was refused (535 5.7.8 bad credentials)",
		ERR_CONFIG, "OO"},
	{"PLAIN", "454 4.7.0 directory down", NULL,
		"cannot check logins now (454 4.7.0 directory down)",
		ERR_UNAVAILABLE, "QQ"},
};

static void
run_auth_case(size_t i, enum submit_tls mode)
{
	const char *reply = auth_cases[i].reply, *words = auth_cases[i].words;
	const char *const args[] = {"--auth", auth_cases[i].mechanisms,
		reply ? "--auth-reply" : NULL, reply, NULL};
	struct scene scene;

	print_message("%s \"%s\" %s\n", mode_names[mode],
		auth_cases[i].mechanisms, words ? words : "works");
	scene_open(&scene, mode, "good", args);
	scene.account.user = "user";
	scene.account.password = "pass=word";
	caller_init(&scene.caller, 2);
	scene_run(&scene);
	print_message("    %s\n", scene.err.msg);
	assert_int_equal(scene.err.kind, auth_cases[i].kind);
	scene_check(&scene, auth_cases[i].kinds);
	if (auth_cases[i].login)
		assert_int_equal(
			count_in(&scene.server, auth_cases[i].login), 1);
	if (words) {
		assert_non_null(strstr(scene.err.msg, words));
		assert_null(strstr(scene.err.msg, "pass=word"));
		assert_int_equal(count_in(&scene.server, " body"), 0);
		assert_true(count_in(&scene.server, "client AUTH ") <= 1);
	}
	scene_close(&scene);
}

static void
logs_in_or_sends_nothing(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(auth_cases); i++) {
		run_auth_case(i, SUBMIT_STARTTLS);
		run_auth_case(i, SUBMIT_IMPLICIT);
	}
}

/* Tokens */

/* What the caller has to give, one after the other, up to NULL: no more. */
struct tokens {
	const char *const *texts;
	int asked;
	char fault[80]; /* a broken rule, "" */
};

static int
give_token(void *ctx, const char *refused, char out[static SUBMIT_TOKEN_MAX],
	struct err *err)
{
	struct tokens *tokens = ctx;
	const char *text = tokens->texts[tokens->asked];

	if (tokens->asked == 0
			? refused != NULL
			: !refused || strcmp(refused, tokens->texts[0]) != 0)
		snprintf(tokens->fault, sizeof(tokens->fault),
			"%s was not what was given", refused ? refused : "");
	tokens->asked++;
	if (!text)
		return err_set(err, ERR_UNAVAILABLE, "no more tokens");
	strcpy(out, text);
	return 0;
}

static const struct {
	const char *texts[3];
	int asked, logins;
	const char *words;
	enum err_kind kind;
	const char *kinds;
} token_cases[] = {
	{{"good"}, 1, 1, "", ERR_NONE, "SS"},
	{{"old", "good"}, 2, 2, "", ERR_NONE, "SS"},
	{{"old", "old"}, 2, 1, "token of user was refused", ERR_CONFIG, "OO"},
	{{"old", "bad", "good"}, 2, 2, "token of user was refused", ERR_CONFIG,
		"OO"},
	{{"old", NULL}, 2, 1, "no more tokens", ERR_UNAVAILABLE, "QQ"},
	{{NULL}, 1, 0, "no more tokens", ERR_UNAVAILABLE, "QQ"},
};

static void
run_token_case(size_t i, enum submit_tls mode, const char *mechanism)
{
	const char *const args[] = {
		"--auth", mechanism, "--token", "good", NULL};
	struct tokens tokens = {.texts = token_cases[i].texts};
	struct scene scene;

	print_message("%s %s %zu\n", mode_names[mode], mechanism, i);
	scene_open(&scene, mode, "good", args);
	scene.account.user = "user";
	scene.account.token = give_token;
	scene.account.token_ctx = &tokens;
	caller_init(&scene.caller, 2);
	scene_run(&scene);
	print_message("    %s\n", scene.err.msg);
	scene_check(&scene, token_cases[i].kinds);
	assert_string_equal(tokens.fault, "");
	assert_int_equal(tokens.asked, token_cases[i].asked);
	assert_int_equal(
		count_in(&scene.server, " login "), token_cases[i].logins);
	if (token_cases[i].kind != ERR_NONE) {
		assert_int_equal(scene.err.kind, token_cases[i].kind);
		assert_non_null(strstr(scene.err.msg, token_cases[i].words));
	}
	scene_close(&scene);
}

static void
asks_for_another_token_once(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(token_cases); i++) {
		run_token_case(i, SUBMIT_CLEAR, "XOAUTH2");
		run_token_case(i, SUBMIT_STARTTLS, "OAUTHBEARER");
		run_token_case(i, SUBMIT_IMPLICIT, "PLAIN XOAUTH2");
	}
}

/* What is refused before any connection */

static void
checks_the_account(void **state)
{
	char *longest = mem_zalloc(257);
	char *over = mem_zalloc(257);
	const struct submit_account good = {.host = "127.0.0.1",
		.port = 1,
		.tls = SUBMIT_CLEAR,
		.helo = "x",
		.timeout_s = 1,
		.timeout_dot_s = 1,
		.deadline_s = 1};
	struct submit_account bad[7];
	size_t i;

	(void)state;
	memset(longest, 'x', 255);
	memset(over, 'x', 256);
	for (i = 0; i < COUNT(bad); i++)
		bad[i] = good;
	bad[0].host = "192.0.2.1";
	bad[1].user = "u";
	bad[1].password = over;
	bad[2].user = over;
	bad[2].password = longest;
	bad[3].helo = "a\r\nb";
	bad[4].cafile = "/nonexistent";
	bad[5].host = "";
	bad[6].proxy_host = "127.0.0.1";
	bad[6].proxy_port = 1;
	bad[6].proxy_user = "u";
	for (i = 0; i < COUNT(bad); i++) {
		struct scene scene = {.account = bad[i]};

		caller_init(&scene.caller, 2);
		scene_run(&scene);
		print_message("    %s\n", scene.err.msg);
		assert_int_equal(scene.rc, -1);
		assert_int_equal(scene.err.kind, ERR_CONFIG);
		scene_check(&scene, "OO");
	}
	free(longest);
	free(over);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trusts_only_the_right_server),
		cmocka_unit_test(asks_for_the_name),
		cmocka_unit_test(takes_records_that_come_together),
		cmocka_unit_test(tells_the_ways_apart),
		cmocka_unit_test(logs_in_or_sends_nothing),
		cmocka_unit_test(asks_for_another_token_once),
		cmocka_unit_test(checks_the_account),
	};

	return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
