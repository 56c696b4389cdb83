/*
 * What the tests of submit share: tests/fake/smtp.py as the server, a caller
 * that writes down what it is told, and the two brought together.
 */
#ifndef TESTS_SUBMIT_SCENE_H
#define TESTS_SUBMIT_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/submit.h"

#define PYTHON "/usr/bin/python3"

static char folder[] = "/tmp/submit_test.XXXXXX";

/* The fake server */

struct server {
	pid_t pid;
	int input; /* it ends when this is closed */
	int port;
	char transcript[64];
};

static inline pid_t
spawn(char *const *argv, int *input, int *output)
{
	int in[2], out[2];
	pid_t pid;

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	*input = in[1];
	*output = out[0];
	return pid;
}

enum {
	ARGS_MAX = 24
};

/* args end in NULL. */
static inline void
server_start(struct server *server, const char *const *args)
{
	char *argv[ARGS_MAX + 5] = {mem_strdup(PYTHON),
		mem_strdup("tests/fake/smtp.py"), mem_strdup("--transcript"),
		server->transcript};
	char line[16] = "";
	size_t n = 4, i;
	int output;

	snprintf(server->transcript, sizeof(server->transcript),
		"%s/transcript", folder);
	unlink(server->transcript);
	while (*args && n < ARGS_MAX)
		argv[n++] = mem_strdup(*args++);
	server->pid = spawn(argv, &server->input, &output);
	for (i = 0; i + 1 < sizeof(line) && !strchr(line, '\n'); i++)
		assert_int_equal(read(output, line + i, 1), 1);
	server->port = (int)strtol(line, NULL, 10);
	close(output);
	for (i = 0; i < n; i++)
		if (i != 3)
			free(argv[i]);
	assert_true(server->port > 0);
}

static inline void
server_stop(struct server *server)
{
	close(server->input);
	waitpid(server->pid, NULL, 0);
}

static inline char *
read_transcript(const struct server *server)
{
	struct buf text = {0};
	FILE *f = fopen(server->transcript, "r");
	char piece[4096];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&text, piece, n);
	if (f)
		fclose(f);
	return buf_take(&text);
}

static inline int
count_in(const struct server *server, const char *what)
{
	char *text = read_transcript(server), *at = text;
	int n = 0;

	while ((at = strstr(at, what))) {
		n++;
		at += strlen(what);
	}
	free(text);
	return n;
}

static inline char *
path_in_folder(const char *name)
{
	return mem_printf("%s/%s.pem", folder, name);
}

/* The caller */

enum {
	NEVER = -1
};

/* A caller that writes down what it is told, and checks the order. */
struct caller {
	const char *body;
	int fail_body, fail_end, fail_settled; /* at this index; NEVER */
	int pause_ms;			       /* within body() */
	char kinds[SUBMIT_BATCH_MAX + 1];      /* a letter each, see LETTERS */
	struct outcome outcomes[SUBMIT_BATCH_MAX];
	bool handed[SUBMIT_BATCH_MAX];
	char fault[80]; /* a broken rule, "" */
};

static const char LETTERS[] = "QODRSU"; /* in the order of outcome_kind */

static const char small_body[] = "From: <a@example.org>\r\n"
				 "To: <b@example.org>\r\n"
				 "Date: Thu, 07 Jan 2010 00:00:00 +0000\r\n"
				 "Message-ID: <1@example.org>\r\n"
				 "Subject: x\r\n"
				 "\r\n"
				 ".\r\n"
				 "..\r\n"
				 ".dot\r\n"
				 "last\r\n";

static inline void
broken(struct caller *caller, const char *rule, size_t index)
{
	if (!*caller->fault)
		snprintf(caller->fault, sizeof(caller->fault), "%zu: %s", index,
			rule);
}

static inline int
on_body(void *ctx, size_t index, const char **data, size_t *len)
{
	struct caller *caller = ctx;
	struct timespec pause = {.tv_nsec = caller->pause_ms * 1000000L};

	if (index > 0 && caller->kinds[index - 1] == '-')
		broken(caller, "body before the one before was settled", index);
	if (caller->kinds[index] != '-')
		broken(caller, "body after settled", index);
	nanosleep(&pause, NULL);
	*data = caller->body;
	*len = strlen(caller->body);
	errno = EAGAIN; /* must not matter */
	return (int)index == caller->fail_body ? -1 : 0;
}

static inline int
on_handed_over(void *ctx, size_t index)
{
	struct caller *caller = ctx;

	if (caller->handed[index] || caller->kinds[index] != '-')
		broken(caller, "handed over twice or late", index);
	caller->handed[index] = true;
	errno = EAGAIN;
	return (int)index == caller->fail_end ? -1 : 0;
}

static inline int
on_settled(void *ctx, size_t index, const struct outcome *outcome)
{
	struct caller *caller = ctx;

	if (caller->kinds[index] != '-')
		broken(caller, "settled twice", index);
	if (outcome->kind == OUTCOME_SENT && !caller->handed[index])
		broken(caller, "sent, but not handed over", index);
	caller->kinds[index] = LETTERS[outcome->kind];
	caller->outcomes[index] = *outcome;
	return (int)index == caller->fail_settled ? -1 : 0;
}

static inline void
caller_init(struct caller *caller, size_t count)
{
	memset(caller, 0, sizeof(*caller));
	caller->body = small_body;
	caller->fail_body = caller->fail_end = caller->fail_settled = NEVER;
	memset(caller->kinds, '-', count);
}

static inline int
run_batch(const struct submit_account *account, struct caller *caller,
	struct err *err)
{
	struct submit_envelope envelopes[SUBMIT_BATCH_MAX];
	const struct submit_calls calls = {
		on_body, on_handed_over, on_settled, caller};
	size_t i, count = strlen(caller->kinds);

	for (i = 0; i < count; i++)
		envelopes[i] = (struct submit_envelope){
			"a@example.org", "b@example.org"};
	memset(err, 0, sizeof(*err));
	return submit_batch(account, envelopes, count, &calls, err);
}

/* Server, account and caller together */

struct scene {
	struct server server;
	struct submit_account account;
	struct caller caller;
	struct err err;
	int rc;
};

/* SUBMIT_CLEAR and SUBMIT_STARTTLS go over libESMTP, SUBMIT_IMPLICIT over
 * libcurl. */
static const char *const mode_names[] = {"starttls", "implicit", "clear"};

static inline struct submit_account
account_at(enum submit_tls mode, int port)
{
	return (struct submit_account){
		.host = "localhost",
		.port = port,
		.tls = mode,
		.cafile = path_in_folder("ca"),
		.helo = "client.example.org",
		.timeout_s = 5,
		.timeout_dot_s = 5,
		.deadline_s = 20,
	};
}

/* Starts a server with that certificate; args end in NULL. */
static inline void
scene_open(struct scene *scene, enum submit_tls mode, const char *cert,
	const char *const *args)
{
	char *path = path_in_folder(cert);
	const char *all[ARGS_MAX] = {NULL};
	size_t n = 0;

	if (mode != SUBMIT_CLEAR) {
		all[n++] = "--cert";
		all[n++] = path;
	}
	if (mode == SUBMIT_IMPLICIT)
		all[n++] = "--implicit";
	while (*args)
		all[n++] = *args++;
	memset(scene, 0, sizeof(*scene));
	server_start(&scene->server, all);
	scene->account = account_at(mode, scene->server.port);
	free(path);
}

/* The same with one fault and perhaps another option. */
static inline void
scene_open_faulty(struct scene *scene, enum submit_tls mode, const char *fault,
	const char *option)
{
	const char *const args[] = {"--fault", fault, option, NULL};

	scene_open(scene, mode, "good", args);
}

static inline void
scene_run(struct scene *scene)
{
	scene->rc = run_batch(&scene->account, &scene->caller, &scene->err);
}

/* kinds: what became of each message, a letter of LETTERS. */
static inline void
scene_check(const struct scene *scene, const char *kinds)
{
	assert_string_equal(scene->caller.fault, "");
	assert_string_equal(scene->caller.kinds, kinds);
}

static inline void
scene_close(struct scene *scene)
{
	free((void *)(uintptr_t)scene->account.cafile);
	if (scene->server.pid > 0)
		server_stop(&scene->server);
}

static inline int
scene_setup(void **state)
{
	char program[] = PYTHON, script[] = "tests/fake/certs.py";
	char *argv[] = {program, script, folder, NULL};
	int in, out, status = -1;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	waitpid(spawn(argv, &in, &out), &status, 0);
	close(in);
	close(out);
	submit_global_init();
	return status;
}

static inline int
scene_teardown(void **state)
{
	char *command = mem_printf("rm -rf %s", folder);
	int rc = system(command);

	(void)state;
	free(command);
	submit_global_cleanup();
	return rc;
}

#endif
