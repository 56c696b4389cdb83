#include "app/account.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/command.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/token.h"

/*
 * BATCH_TIME: a minute for each message of a batch, for a slow server.
 * TOKEN_AGE: how long a token is used; most live for an hour. TOKEN_WAIT: for
 * the command, once connections depend on it and nobody is watching.
 */
enum {
	PASSWORD_MAX = 4096,
	BATCH_TIME_S = 50 * 60,
	TOKEN_AGE_MS = 5 * 60 * 1000,
	TOKEN_WAIT_S = 120,
};

/* Shared by the connections, so guarded by its lock. */
struct account_token {
	const struct conf_account *conf;
	pthread_mutex_t lock;
	char text[SUBMIT_TOKEN_MAX]; /* "" before the first */
	int64_t fetched_ms;
};

/* OPENLETTER_PASSWORD_MAIN of account main. Borrowed. */
static const char *
from_environment(const struct conf_account *account)
{
	char *name = mem_printf("OPENLETTER_PASSWORD_%s", account->name);
	const char *value;

	for (char *c = name; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
		else if (!(*c >= '0' && *c <= '9') && !(*c >= 'A' && *c <= 'Z'))
			*c = '_';
	value = getenv(name);
	free(name);
	return value;
}

static void
wipe(struct buf *text)
{
	if (text->data)
		explicit_bzero(text->data, text->cap);
	buf_release(text);
}

static int
run_command(const struct conf_account *account, const char *key,
	const char *command, size_t limit_bytes, int timeout_s, struct buf *out,
	struct err *err)
{
	struct err why;

	if (command_read(command, limit_bytes, timeout_s, out, &why) == 0)
		return 0;
	return err_set(err, ERR_CONFIG,
		"account %s: %s %s; run it by hand to see why", account->name,
		key, why.msg);
}

static int
read_secret_file(const struct workspace *ws, const struct conf_account *account,
	struct buf *out, struct err *err)
{
	const char *name = account->passwordfile;
	char *path =
		name[0] == '/' ? mem_strdup(name) : workspace_path(ws, name);
	struct stat st;
	int rc = -1;

	if (stat(path, &st) < 0)
		err_set(err, ERR_CONFIG, "account %s: passwordfile %s: %s",
			account->name, name, strerror(errno));
	else if (st.st_mode & 077)
		err_set(err, ERR_CONFIG,
			"account %s: other users can read the passwordfile; "
			"run: chmod 600 %s",
			account->name, path);
	else if ((rc = file_read(path, PASSWORD_MAX, out, err)) < 0)
		err->kind = ERR_CONFIG;
	free(path);
	return rc;
}

static int
find_password(const struct workspace *ws, const struct conf_account *account,
	char **out, struct err *err)
{
	const char *given;
	struct buf text = {0};
	int rc = 0;

	*out = NULL;
	if (!account->user || account->tokencmd)
		return 0;
	given = from_environment(account);
	if (given)
		buf_puts(&text, given);
	else if (account->passwordcmd)
		rc = run_command(account, "passwordcmd", account->passwordcmd,
			PASSWORD_MAX, 0, &text, err);
	else if (account->passwordfile)
		rc = read_secret_file(ws, account, &text, err);
	else
		rc = err_set(err, ERR_CONFIG,
			"account %s has a user but no password; give "
			"passwordcmd, passwordfile or tokencmd in "
			"openletter.conf",
			account->name);
	if (rc == 0) {
		*out = mem_strndup(
			buf_str(&text), strcspn(buf_str(&text), "\r\n"));
		if (!**out)
			rc = err_set(err, ERR_CONFIG,
				"account %s: the password is empty",
				account->name);
	}
	wipe(&text);
	return rc;
}

/* RFC 6750 2.1: what goes into a login unquoted. */
static bool
is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0;
}

static int
fetch_token(struct account_token *token, int timeout_s, struct err *err)
{
	const struct conf_account *conf = token->conf;
	struct buf text = {0};
	size_t len;
	int rc = run_command(conf, "tokencmd", conf->tokencmd,
		SUBMIT_TOKEN_MAX - 1, timeout_s, &text, err);

	len = strcspn(buf_str(&text), "\r\n");
	if (rc == 0 && !is_token(buf_str(&text), len))
		rc = err_set(err, ERR_CONFIG,
			"account %s: what tokencmd printed is no token; run "
			"it by hand to see what it is",
			conf->name);
	if (rc == 0) {
		memcpy(token->text, buf_str(&text), len);
		token->text[len] = '\0';
		token->fetched_ms = clock_monotonic_ms();
	}
	wipe(&text);
	return rc;
}

/* A new one after some minutes, or when the one that was refused is still the
 * one there is: another connection may have fetched it meanwhile. */
static int
give_token(void *ctx, const char *refused, char out[static SUBMIT_TOKEN_MAX],
	struct err *err)
{
	struct account_token *token = ctx;
	int rc = 0;

	pthread_mutex_lock(&token->lock);
	if (refused ? strcmp(refused, token->text) == 0
		    : clock_monotonic_ms() - token->fetched_ms > TOKEN_AGE_MS)
		rc = fetch_token(token, TOKEN_WAIT_S, err);
	if (rc == 0)
		memcpy(out, token->text, sizeof token->text);
	else
		/* It worked when the run began. */
		err->kind = ERR_UNAVAILABLE;
	pthread_mutex_unlock(&token->lock);
	return rc;
}

static int
open_token(struct account *account, struct err *err)
{
	struct account_token *token = mem_zalloc(sizeof *token);

	token->conf = account->conf;
	pthread_mutex_init(&token->lock, NULL);
	account->token = token;
	account->submit.token = give_token;
	account->submit.token_ctx = token;
	return fetch_token(token, 0, err);
}

static void
close_token(struct account_token *token)
{
	if (!token)
		return;
	pthread_mutex_destroy(&token->lock);
	explicit_bzero(token, sizeof *token);
	free(token);
}

int
account_open(const struct workspace *ws, const struct conf_account *conf,
	const char *from_domain, struct account *out, struct err *err)
{
	static const enum submit_tls modes[] = {
		[CONF_TLS_STARTTLS] = SUBMIT_STARTTLS,
		[CONF_TLS_IMPLICIT] = SUBMIT_IMPLICIT,
		[CONF_TLS_NONE] = SUBMIT_CLEAR,
	};

	*out = (struct account){.conf = conf};
	if (find_password(ws, conf, &out->password, err) < 0)
		return -1;
	if (conf->cafile)
		out->cafile = conf->cafile[0] == '/'
				      ? mem_strdup(conf->cafile)
				      : workspace_path(ws, conf->cafile);
	out->submit = (struct submit_account){
		.host = conf->host,
		.port = conf->port,
		.tls = modes[conf->tls],
		.cafile = out->cafile,
		.user = conf->user,
		.password = out->password,
		.helo = conf->helo ? conf->helo : from_domain,
		.timeout_s = conf->timeout_s,
		.timeout_dot_s = conf->endtimeout_s,
		.deadline_s = conf->deadline_s
				      ? conf->deadline_s
				      : conf->endtimeout_s + BATCH_TIME_S,
		.proxy_host = conf->proxy.host,
		.proxy_port = conf->proxy.port,
		.proxy_user = out->proxy_user,
	};
	account_isolate(out, "");
	return conf->tokencmd ? open_token(out, err) : 0;
}

/* A digest, so that the proxy reads neither account nor campaign from it. */
void
account_isolate(struct account *account, const char *campaign)
{
	const char *user = account->conf->user;
	char *about =
		mem_printf("openletter\n%s\n%s", user ? user : "", campaign);
	char digest[DIGEST_MAX];

	token_digest(about, strlen(about), digest);
	memcpy(account->proxy_user, digest, sizeof account->proxy_user - 1);
	free(about);
}

void
account_close(struct account *account)
{
	if (account->password)
		explicit_bzero(account->password, strlen(account->password));
	free(account->password);
	free(account->cafile);
	close_token(account->token);
	*account = (struct account){0};
}
