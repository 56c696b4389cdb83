/*
 * Both transports against tests/fake/smtp.py, which misbehaves as it is told
 * to, and against Postfix's smtp-sink where that is installed. Runs in the
 * repository's root; only loopback addresses.
 */
#include "submit_scene.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#define SINK "/usr/sbin/smtp-sink"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Without encryption that is libESMTP, with implicit TLS libcurl. */
static const enum submit_tls both[] = {SUBMIT_CLEAR, SUBMIT_IMPLICIT};

/* What became of messages */

#define not_handed_over "the connection ended before the letter was handed over"
#define no_answer                                                            \
	"the connection ended after the letter was handed over, before the " \
	"server answered"

struct reply_case {
	const char *fault;
	const char *kinds; /* expected, a letter per message */
	int code;	   /* of the second message's reply; 0: none */
	const char *status, *text;
};

static const struct reply_case reply_cases[] = {
	{"NOOP:1:250 none", "SSS", 250, "2.0.0", "ok"},
	{"MAIL:2:450 4.2.1 busy", "SDS", 450, "4.2.1", "busy"},
	{"MAIL:2:550 5.7.1 no", "SOQ", 550, "5.7.1", "no"},
	{"MAIL:2:530 5.7.0 log in", "SOQ", 530, "5.7.0", "log in"},
	{"MAIL:2:drop", "SQQ", 0, "", ""},
	{"MAIL:2:half", "SQQ", 0, "", ""},
	{"RCPT:2:550 5.1.1 no such user", "SRS", 550, "5.1.1", "no such user"},
	{"RCPT:2:raw 550-5.1.1 no\\r\\n550 5.1.1 such\\r\\n", "SRS", 550,
		"5.1.1", "no such"},
	{"RCPT:2:550 5.7.1 policy", "SRS", 550, "5.7.1", "policy"},
	{"RCPT:2:550 no status", "SRS", 550, "", "no status"},
	{"RCPT:2:530 5.7.0 log in", "SOQ", 530, "5.7.0", "log in"},
	{"RCPT:2:450 4.2.2 full", "SDS", 450, "4.2.2", "full"},
	{"RCPT:2:reply+drop 421 4.3.2 bye", "SDQ", 421, "4.3.2", "bye"},
	{"RCPT:2:drop", "SDQ", 0, "", not_handed_over},
	{"DATA:2:451 4.3.0 later", "SDS", 451, "4.3.0", "later"},
	{"DATA:2:554 5.5.1 no", "SRS", 554, "5.5.1", "no"},
	{"DATA:2:drop", "SDQ", 0, "", not_handed_over},
	{"DOT:2:451 4.3.0 later", "SDS", 451, "4.3.0", "later"},
	{"DOT:2:554 5.7.1 spam", "SRS", 554, "5.7.1", "spam"},
	{"DOT:2:drop", "SUQ", 0, "", no_answer},
	{"DOT:2:half", "SUQ", 0, "", no_answer},
	{"DOT:3:reply+drop 250 2.0.0 yes", "SSS", 250, "2.0.0", "ok"},
	{"DOT:3:drop", "SSU", 250, "2.0.0", "ok"},
};

static void
run_reply_case(
	const struct reply_case *c, enum submit_tls mode, const char *option)
{
	struct scene scene;
	const struct outcome *second = &scene.caller.outcomes[1];

	print_message(
		"%s %s %s\n", mode_names[mode], c->fault, option ? option : "");
	scene_open_faulty(&scene, mode, c->fault, option);
	caller_init(&scene.caller, 3);
	scene_run(&scene);
	scene_check(&scene, c->kinds);
	assert_int_equal(scene.rc, 0);
	assert_int_equal(second->reply.code, c->code);
	assert_string_equal(second->reply.status, c->status);
	assert_string_equal(second->reply.text, c->text);
	assert_int_equal(
		second->policy, strstr(c->fault, "RCPT:2:550 5.7.1") != NULL);
	scene_close(&scene);
}

static void
reports_what_the_server_said(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(reply_cases); i++) {
		run_reply_case(&reply_cases[i], SUBMIT_CLEAR, NULL);
		run_reply_case(&reply_cases[i], SUBMIT_IMPLICIT, NULL);
	}
}

static void
does_so_without_pipelining(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(reply_cases); i++)
		if (strstr(reply_cases[i].fault, "RCPT"))
			run_reply_case(&reply_cases[i], SUBMIT_CLEAR,
				"--no-pipelining");
}

/* A server that hangs up at RCPT while CHUNKING is offered made the library
 * crash. In the last case its name comes in two pieces. */
static void
never_uses_chunking(void **state)
{
	static const char *const cases[][2] = {
		{"RCPT:2:drop", "SDQ"},
		{"NOOP:1:x", "SSS"},
		{"EHLO:1:pieces 250-fake\\r\\n250-CHUN|KING\\r\\n250 OK\\r\\n",
			"SSS"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct scene scene;

		scene_open_faulty(
			&scene, SUBMIT_CLEAR, cases[i][0], "--chunking");
		caller_init(&scene.caller, 3);
		scene_run(&scene);
		scene_check(&scene, cases[i][1]);
		assert_true(count_in(&scene.server, "KING") > 0);
		assert_int_equal(count_in(&scene.server, "BDAT"), 0);
		scene_close(&scene);
	}
}

static void
sends_a_full_batch_over_one_connection(void **state)
{
	char kinds[65] = "";
	size_t i;

	(void)state;
	memset(kinds, 'S', 64);
	for (i = 0; i < COUNT(both); i++) {
		struct scene scene;
		const struct server *server = &scene.server;

		scene_open_faulty(&scene, both[i], "NOOP:1:x", NULL);
		caller_init(&scene.caller, 64);
		scene_run(&scene);
		scene_check(&scene, kinds);
		assert_int_equal(scene.rc, 0);
		assert_int_equal(count_in(server, " connect\n"), 1);
		assert_int_equal(count_in(server, " accepted\n"), 64);
		assert_int_equal(count_in(server, " body ..\n"), 64);
		assert_int_equal(count_in(server, " body ...\n"), 64);
		assert_int_equal(count_in(server, " body ..dot\n"), 64);
		assert_int_equal(
			count_in(server, "EHLO client.example.org\n"), 1);
		scene_close(&scene);
	}
}

/* More than any buffer holds, so that the loss shows before the end. */
static char *
large_body(void)
{
	struct buf body = {0};
	int i;

	buf_puts(&body, small_body);
	for (i = 0; i < 100000; i++)
		buf_puts(&body,
			"a line of some length, again and again....\r\n");
	return buf_take(&body);
}

static void
defers_what_was_lost_within_the_body(void **state)
{
	char *body = large_body();
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(both); i++) {
		struct scene scene;

		scene_open_faulty(&scene, both[i], "BODY:1:drop", NULL);
		caller_init(&scene.caller, 2);
		scene.caller.body = body;
		scene_run(&scene);
		scene_check(&scene, "DQ");
		assert_int_equal(scene.rc, 0);
		assert_false(scene.caller.handed[0]);
		scene_close(&scene);
	}
	free(body);
}

/* What the caller says */

static const struct {
	int body, end, settled;
	const char *kinds;
	int dots;
} caller_cases[] = {
	{1, NEVER, NEVER, "SQQ", 1},
	{0, NEVER, NEVER, "QQQ", 0},
	{NEVER, 0, NEVER, "DQQ", 0},
	{NEVER, 1, NEVER, "SDQ", 1},
	{NEVER, NEVER, 0, "SQQ", 1},
	{NEVER, NEVER, 1, "SSQ", 2},
};

static void
run_caller_case(size_t i, enum submit_tls mode)
{
	struct scene scene;

	scene_open_faulty(&scene, mode, "NOOP:1:x", NULL);
	caller_init(&scene.caller, 3);
	scene.caller.fail_body = caller_cases[i].body;
	scene.caller.fail_end = caller_cases[i].end;
	scene.caller.fail_settled = caller_cases[i].settled;
	scene_run(&scene);
	scene_check(&scene, caller_cases[i].kinds);
	assert_int_equal(scene.rc, -1);
	assert_int_equal(scene.err.kind, ERR_IO);
	assert_int_equal(
		count_in(&scene.server, " dot\n"), caller_cases[i].dots);
	scene_close(&scene);
}

static void
stops_when_the_caller_says_so(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(caller_cases); i++) {
		run_caller_case(i, SUBMIT_CLEAR);
		run_caller_case(i, SUBMIT_IMPLICIT);
	}
}

/* Servers that do not work */

static const struct {
	const char *fault;
	const char *kinds, *words;
} silent_cases[] = {
	{"CONNECT:0:reply+drop 421 4.3.2 too many", "QQ", "421 4.3.2 too many"},
	{"CONNECT:0:554 5.0.0 not you", "QQ", "554 5.0.0 not you"},
	{"CONNECT:0:drop", "QQ", ""},
	{"CONNECT:0:hang", "QQ", ""},
	{"EHLO:1:hang", "QQ", ""},
	{"EHLO:1:reply+drop 421 4.3.2 closing", "QQ", "421 4.3.2 closing"},
	{"EHLO:1:drip", "QQ", ""},
	{"MAIL:1:drop", "QQ", ""},
	{"RCPT:1:drip", "DQ", NULL},
	{"DOT:1:drip", "UQ", NULL},
	{"DOT:1:hang", "UQ", NULL},
};

static void
run_silent_case(size_t i, enum submit_tls mode)
{
	struct scene scene;
	time_t begin = time(NULL);

	print_message("%s %s\n", mode_names[mode], silent_cases[i].fault);
	scene_open_faulty(&scene, mode, silent_cases[i].fault, NULL);
	scene.account.timeout_s = scene.account.timeout_dot_s = 1;
	scene.account.deadline_s = 3;
	caller_init(&scene.caller, 2);
	scene_run(&scene);
	assert_true(time(NULL) - begin < 8);
	scene_check(&scene, silent_cases[i].kinds);
	assert_int_equal(scene.rc, silent_cases[i].words ? -1 : 0);
	if (silent_cases[i].words) {
		print_message("    %s\n", scene.err.msg);
		assert_int_equal(scene.err.kind, ERR_UNAVAILABLE);
		assert_non_null(strstr(scene.err.msg, silent_cases[i].words));
	}
	scene_close(&scene);
}

static void
gives_up_in_time(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(silent_cases); i++) {
		run_silent_case(i, SUBMIT_CLEAR);
		run_silent_case(i, SUBMIT_IMPLICIT);
	}
}

static int
listen_somewhere(int backlog, struct sockaddr_in *where)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(*where);

	*where = (struct sockaddr_in){.sin_family = AF_INET};
	where->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)where, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)where, &len), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

/* Runs a batch towards an address where no server is. */
static void
run_without_server(const struct sockaddr_in *where, enum submit_tls mode)
{
	struct scene scene = {
		.account = account_at(mode, ntohs(where->sin_port))};
	time_t begin = time(NULL);

	scene.account.host = "127.0.0.1";
	scene.account.timeout_s = 1;
	caller_init(&scene.caller, 2);
	scene_run(&scene);
	print_message("    %s\n", scene.err.msg);
	assert_int_equal(scene.rc, -1);
	assert_int_equal(scene.err.kind, ERR_UNAVAILABLE);
	scene_check(&scene, "QQ");
	assert_true(time(NULL) - begin < 5);
	scene_close(&scene);
}

/* A full queue of connections: the next connect() waits for minutes. */
static void
gives_up_on_a_host_that_never_answers(void **state)
{
	struct sockaddr_in where;
	int fds[8], listener = listen_somewhere(0, &where);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(
			AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(
			fds[i], (struct sockaddr *)&where, sizeof(where));
	}
	run_without_server(&where, SUBMIT_CLEAR);
	run_without_server(&where, SUBMIT_IMPLICIT);
	for (i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(listener);
}

static void
says_when_nobody_is_there(void **state)
{
	struct sockaddr_in where;
	int fd = listen_somewhere(-1, &where);

	(void)state;
	run_without_server(&where, SUBMIT_CLEAR);
	run_without_server(&where, SUBMIT_IMPLICIT);
	close(fd);
}

/* Several threads */

static void *
work(void *scene)
{
	scene_run(scene);
	return NULL;
}

/* The first connection hangs and is cut at its deadline; those that are at
 * work meanwhile must not be. */
static void
cuts_the_right_connection(void **state)
{
	enum {
		WORKERS = 4
	};
	struct scene *scenes = mem_zalloc(WORKERS * sizeof(*scenes));
	const struct timespec head_start = {.tv_nsec = 300000000};
	pthread_t threads[WORKERS];
	size_t i;

	(void)state;
	scene_open_faulty(&scenes[0], SUBMIT_CLEAR, "MAIL:1:hang", NULL);
	for (i = 0; i < WORKERS; i++) {
		if (i > 0)
			scenes[i].account =
				account_at(SUBMIT_CLEAR, scenes[0].server.port);
		/* Shorter than the batch: it is for one reply only. */
		scenes[i].account.timeout_s = i == 0 ? 5 : 1;
		scenes[i].account.deadline_s = i == 0 ? 1 : 20;
		caller_init(&scenes[i].caller, 8);
		scenes[i].caller.pause_ms = 200;
		assert_int_equal(
			pthread_create(&threads[i], NULL, work, &scenes[i]), 0);
		if (i == 0)
			nanosleep(&head_start, NULL);
	}
	for (i = 0; i < WORKERS; i++) {
		pthread_join(threads[i], NULL);
		scene_check(&scenes[i], i == 0 ? "QQQQQQQQ" : "SSSSSSSS");
		assert_int_equal(scenes[i].rc, i == 0 ? -1 : 0);
	}
	for (i = 0; i < WORKERS; i++)
		scene_close(&scenes[i]);
	free(scenes);
}

/* Another server: Postfix's */

static const struct {
	const char *option, *commands;
	const char *kinds;
} sink_cases[] = {
	{"-8", NULL, "SSS"},
	{"-f", "rcpt", "RRR"},
	{"-r", "rcpt", "DDD"},
	{"-f", "mail", "OQQ"},
	{"-r", ".", "DDD"},
	{"-f", ".", "RRR"},
	{"-q", ".", "UQQ"},
};

static pid_t
sink_start(size_t i, int *port)
{
	struct sockaddr_in where;
	int fd = listen_somewhere(-1, &where), in, out, try;
	char address[32], option[8], commands[8] = "";
	char program[] = SINK, backlog[] = "16", nobody[] = "-unobody";
	char *argv[7] = {program};
	size_t n = 1;
	pid_t pid;

	*port = ntohs(where.sin_port);
	close(fd);
	snprintf(address, sizeof(address), "127.0.0.1:%d", *port);
	snprintf(option, sizeof(option), "%s", sink_cases[i].option);
	if (geteuid() == 0)
		argv[n++] = nobody;
	argv[n++] = option;
	if (sink_cases[i].commands) {
		snprintf(commands, sizeof(commands), "%s",
			sink_cases[i].commands);
		argv[n++] = commands;
	}
	argv[n++] = address;
	argv[n] = backlog;
	pid = spawn(argv, &in, &out);
	close(in);
	close(out);
	for (try = 0; try < 100; try++) {
		const struct timespec wait = {.tv_nsec = 20000000};
		int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = connect(
			probe, (struct sockaddr *)&where, sizeof(where));

		close(probe);
		if (rc == 0)
			break;
		nanosleep(&wait, NULL);
	}
	return pid;
}

static void
agrees_with_postfix(void **state)
{
	size_t i;

	(void)state;
	if (access(SINK, X_OK) != 0) {
		print_message("no %s\n", SINK);
		skip();
	}
	for (i = 0; i < COUNT(sink_cases); i++) {
		int port;
		pid_t pid = sink_start(i, &port);
		struct scene scene = {
			.account = account_at(SUBMIT_CLEAR, port)};

		print_message("smtp-sink %s %s\n", sink_cases[i].option,
			sink_cases[i].commands ? sink_cases[i].commands : "");
		scene.account.host = "127.0.0.1";
		caller_init(&scene.caller, 3);
		scene_run(&scene);
		kill(pid, SIGTERM);
		waitpid(pid, NULL, 0);
		scene_check(&scene, sink_cases[i].kinds);
		scene_close(&scene);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_what_the_server_said),
		cmocka_unit_test(does_so_without_pipelining),
		cmocka_unit_test(never_uses_chunking),
		cmocka_unit_test(sends_a_full_batch_over_one_connection),
		cmocka_unit_test(defers_what_was_lost_within_the_body),
		cmocka_unit_test(stops_when_the_caller_says_so),
		cmocka_unit_test(gives_up_in_time),
		cmocka_unit_test(gives_up_on_a_host_that_never_answers),
		cmocka_unit_test(says_when_nobody_is_there),
		cmocka_unit_test(cuts_the_right_connection),
		cmocka_unit_test(agrees_with_postfix),
	};

	return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
