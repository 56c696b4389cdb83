/* Questions to a real name server (dnsmasq) and to one that misbehaves
 * (tests/fake/dns.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/dns.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum {
	ARGS_MAX = 32,
	LIMIT_S = 8,
};

/* Servers */

struct server {
	pid_t pid;
	int input; /* of the fake one, which ends when this is closed */
	int port;
};

/* args end in NULL. */
static int
start(struct server *server, const char *const *args)
{
	char *argv[ARGS_MAX + 1] = {NULL};
	int in[2], out[2];

	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		argv[i] = mem_strdup(args[i]);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	server->pid = fork();
	if (server->pid == 0) {
		/* Also when a test fails. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	close(in[0]);
	close(out[1]);
	server->input = in[1];
	return out[0];
}

static void
start_fake(struct server *server, const char *const *options)
{
	const char *args[ARGS_MAX + 1] = {
		"/usr/bin/python3", "tests/fake/dns.py"};
	char line[16] = "";
	int output;

	for (size_t i = 0; options[i] && i + 2 < ARGS_MAX; i++)
		args[i + 2] = options[i];
	output = start(server, args);
	for (size_t i = 0; i + 1 < sizeof line && !strchr(line, '\n'); i++)
		assert_int_equal(read(output, line + i, 1), 1);
	close(output);
	server->port = (int)strtol(line, NULL, 10);
}

static void
stop_fake(struct server *server)
{
	close(server->input);
	waitpid(server->pid, NULL, 0);
}

static int
free_port(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

/* Questions */

static struct dns *
open_dns(int port, int limit_s)
{
	struct dns *dns;
	struct err err;

	if (dns_open("127.0.0.1", port, limit_s, &dns, &err) < 0)
		fail_msg("%s", err.msg);
	return dns;
}

/* What was found as one text: "NXDOMAIN", "nothing", "failed: why" or the
 * items with bars between them. Free it. */
static char *
look_up(struct dns *dns, const char *name, enum lookup_type type)
{
	const struct resolver resolver = dns_resolver(dns);
	struct lookup found = {0};
	struct buf text = {0};

	lookup_ask(&resolver, name, type, &found);
	assert_int_equal(found.kind == LOOKUP_FOUND, found.count > 0);
	if (found.kind == LOOKUP_NO_NAME)
		buf_puts(&text, "NXDOMAIN");
	else if (found.kind == LOOKUP_NO_DATA)
		buf_puts(&text, "nothing");
	else if (found.kind == LOOKUP_FAILED)
		buf_printf(&text, "failed: %s", found.why);
	for (size_t i = 0; i < found.count; i++) {
		if (type == LOOKUP_MX)
			buf_printf(&text, "%d ", found.items[i].preference);
		buf_printf(&text, "%s%s", found.items[i].text,
			i + 1 < found.count ? "|" : "");
	}
	lookup_release(&found);
	return buf_take(&text);
}

static void
check_answer(struct dns *dns, const char *name, enum lookup_type type,
	const char *expected)
{
	char *found = look_up(dns, name, type);

	assert_string_equal(found, expected);
	free(found);
}

/* A real server */

#define LINE_200                                                        \
	"0123456789012345678901234567890123456789012345678901234567890" \
	"1234567890123456789012345678901234567890123456789012345678901" \
	"2345678901234567890123456789012345678901234567890123456789012" \
	"34567890123456789"

static bool
start_dnsmasq(struct server *server)
{
	char port[16];
	/* Where it is on Debian, but not in everybody's PATH. */
	static const char sbin[] = "/usr/sbin/dnsmasq";
	const char *const args[] = {access(sbin, X_OK) == 0 ? sbin : "dnsmasq",
		"--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
		"--no-hosts", "--pid-file", "--listen-address=127.0.0.1",
		"--bind-interfaces", "--local=/example.org/", port,
		"--txt-record=example.org,v=spf1 mx, ,-all",
		"--txt-record=example.org,other",
		"--txt-record=long.example.org," LINE_200 "," LINE_200
		"," LINE_200 "," LINE_200 "," LINE_200 "," LINE_200 "," LINE_200
		"," LINE_200,
		"--mx-host=example.org,mail.example.org,10",
		"--host-record=mail.example.org,203.0.113.7,2001:db8::7",
		"--cname=alias.example.org,mail.example.org", NULL};

	server->port = free_port();
	snprintf(port, sizeof port, "--port=%d", server->port);
	close(start(server, args));
	for (int i = 0; i < 100; i++) {
		struct dns *dns = open_dns(server->port, LIMIT_S);
		char *found = look_up(dns, "mail.example.org", LOOKUP_A);
		bool up = strcmp(found, "203.0.113.7") == 0;

		free(found);
		dns_close(dns);
		if (up)
			return true;
		if (waitpid(server->pid, NULL, WNOHANG) != 0)
			break; /* not installed, or the port is taken */
		clock_sleep_ms(50);
	}
	close(server->input);
	return false;
}

static void
test_real_server(void **state)
{
	struct server server;
	struct dns *dns;
	char *found;
	bool up = false;

	(void)state;
	/* Somebody else may have taken the port meanwhile. */
	for (int i = 0; i < 3 && !up; i++)
		up = start_dnsmasq(&server);
	if (!up) {
		print_message("dnsmasq does not start: skipped\n");
		skip();
	}
	dns = open_dns(server.port, LIMIT_S);
	found = look_up(dns, "example.org", LOOKUP_TXT);
	assert_true(strcmp(found, "v=spf1 mx -all|other") == 0 ||
		    strcmp(found, "other|v=spf1 mx -all") == 0);
	free(found);
	/* Too long for UDP: it comes over TCP. */
	check_answer(dns, "long.example.org", LOOKUP_TXT,
		LINE_200 LINE_200 LINE_200 LINE_200 LINE_200 LINE_200 LINE_200
			LINE_200);
	check_answer(dns, "EXAMPLE.org.", LOOKUP_MX, "10 mail.example.org");
	check_answer(dns, "mail.example.org", LOOKUP_A, "203.0.113.7");
	check_answer(dns, "mail.example.org", LOOKUP_AAAA, "2001:db8::7");
	check_answer(dns, "alias.example.org", LOOKUP_A, "203.0.113.7");
	check_answer(dns, "alias.example.org", LOOKUP_MX, "nothing");
	check_answer(dns, "7.113.0.203.in-addr.arpa", LOOKUP_PTR,
		"mail.example.org");
	check_answer(dns, "mail.example.org", LOOKUP_TXT, "nothing");
	check_answer(dns, "nobody.example.org", LOOKUP_A, "NXDOMAIN");
	/* Not its own, and it may ask nobody. */
	check_answer(dns, "example.net", LOOKUP_TXT,
		"failed: the name server refused: REFUSED");
	dns_close(dns);
	close(server.input);
	kill(server.pid, SIGTERM);
	waitpid(server.pid, NULL, 0);
}

/* One that misbehaves */

static void
test_answers(void **state)
{
	static const char *const options[] = {"--record",
		"example.org TXT one|two|three", "--record",
		"example.org TXT \\x00\\xff\\x1b[2J", "--record",
		"example.org TXT ", "--record", "example.org MX 0 .",
		"--record", "7.2.0.192.in-addr.arpa PTR a.example.org",
		"--record", "7.2.0.192.in-addr.arpa PTR b.example.org",
		"--record", "cut.example TXT whole", "--fault",
		"cut.example truncated", NULL};
	struct server server;
	struct dns *dns;
	struct resolver resolver;
	struct lookup found = {0};

	(void)state;
	start_fake(&server, options);
	dns = open_dns(server.port, LIMIT_S);
	resolver = dns_resolver(dns);
	lookup_ask(&resolver, "example.org", LOOKUP_TXT, &found);
	assert_int_equal(found.count, 3);
	assert_string_equal(found.items[0].text, "onetwothree");
	assert_int_equal(found.items[1].len, 6);
	assert_memory_equal(found.items[1].text, "\0\377\033[2J", 7);
	assert_int_equal(found.items[2].len, 0);
	lookup_release(&found);
	check_answer(dns, "example.org", LOOKUP_MX, "0 ");
	check_answer(dns, "7.2.0.192.in-addr.arpa", LOOKUP_PTR,
		"a.example.org|b.example.org");
	check_answer(dns, "org", LOOKUP_MX, "nothing");
	check_answer(dns, "example.com", LOOKUP_MX, "NXDOMAIN");
	check_answer(dns, "cut.example", LOOKUP_TXT, "whole");
	dns_close(dns);
	stop_fake(&server);
}

static void
test_faults(void **state)
{
	/* A broken answer is never "there is none". */
	static const char *const faults[] = {
		"servfail", "refused", "formerr", "garbage", "half", "loop"};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		char *fault = mem_printf("bad.example %s", faults[i]);
		const char *const options[] = {"--record",
			"bad.example TXT v=spf1 -all", "--record",
			"good.example TXT yes", "--fault", fault, NULL};
		struct server server;
		struct dns *dns;
		char *found;

		start_fake(&server, options);
		dns = open_dns(server.port, LIMIT_S);
		found = look_up(dns, "bad.example", LOOKUP_TXT);
		if (strncmp(found, "failed: ", 8) != 0)
			fail_msg("%s: %s", faults[i], found);
		if (i == 0)
			assert_non_null(strstr(found, "SERVFAIL"));
		/* One bad answer spoils no other. */
		check_answer(dns, "good.example", LOOKUP_TXT, "yes");
		dns_close(dns);
		stop_fake(&server);
		free(found);
		free(fault);
	}
}

/* Nothing of what strangers send is taken for the answer, and the wait ends. */
static void
test_silence(void **state)
{
	static const char *const faults[] = {
		"* silent", "* wrongid", "* stranger", "* notcp"};

	(void)state;
	for (size_t i = 0; i < COUNT(faults); i++) {
		const char *const options[] = {"--record",
			"bad.example TXT v=spf1 -all", "--fault", faults[i],
			NULL};
		struct server server;
		struct dns *dns;
		int64_t begun_ms = clock_monotonic_ms(), took_ms;
		char *found;

		start_fake(&server, options);
		dns = open_dns(server.port, 1);
		found = look_up(dns, "bad.example", LOOKUP_TXT);
		took_ms = clock_monotonic_ms() - begun_ms;
		if (strncmp(found, "failed: ", 8) != 0 || took_ms > 3000)
			fail_msg("%s: %s, %d ms", faults[i], found,
				(int)took_ms);
		free(found);
		/* The time is over. */
		check_answer(dns, "bad.example", LOOKUP_TXT,
			"failed: the name server did not answer in time");
		dns_close(dns);
		stop_fake(&server);
	}
}

/* A server that answers nothing is waited for once. */
static void
test_silent_once(void **state)
{
	static const char *const options[] = {"--fault", "* silent", NULL};
	struct server server;
	struct dns *dns;
	int64_t begun_ms;

	(void)state;
	start_fake(&server, options);
	dns = open_dns(server.port, 60);
	check_answer(dns, "a.example", LOOKUP_A,
		"failed: the name server did not answer in time");
	begun_ms = clock_monotonic_ms();
	check_answer(dns, "b.example", LOOKUP_A,
		"failed: the name server did not answer in time");
	assert_true(clock_monotonic_ms() - begun_ms < 500);
	dns_close(dns);
	stop_fake(&server);
}

static void
test_nobody_there(void **state)
{
	struct dns *dns = open_dns(free_port(), LIMIT_S);
	char *found = look_up(dns, "example.org", LOOKUP_TXT);
	struct err err;

	(void)state;
	assert_int_equal(strncmp(found, "failed: ", 8), 0);
	free(found);
	dns_close(dns);
	assert_int_equal(dns_open("nonsense", 53, 1, &dns, &err), -1);
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_null(dns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_server),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_silent_once),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
