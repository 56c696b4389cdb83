#include "app/account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

/* BATCH_TIME: a minute for each message of a batch, for a slow server. */
enum {
	PASSWORD_MAX = 4096,
	BATCH_TIME_S = 50 * 60,
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

static int
run_command(
	const struct conf_account *account, struct buf *out, struct err *err)
{
	/* NOLINTNEXTLINE(cert-env33-c): the owner of the file wrote it */
	FILE *pipe = popen(account->passwordcmd, "re");
	size_t n;
	int status;

	if (!pipe)
		return err_set(err, ERR_CONFIG,
			"account %s: passwordcmd cannot be run: %s",
			account->name, strerror(errno));
	n = fread(buf_reserve(out, PASSWORD_MAX), 1, PASSWORD_MAX, pipe);
	buf_commit(out, n);
	status = pclose(pipe);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, ERR_CONFIG,
			"account %s: passwordcmd failed; run it by hand to "
			"see why",
			account->name);
	return 0;
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
	if (!account->user)
		return 0;
	given = from_environment(account);
	if (given)
		buf_puts(&text, given);
	else if (account->passwordcmd)
		rc = run_command(account, &text, err);
	else if (account->passwordfile)
		rc = read_secret_file(ws, account, &text, err);
	else
		rc = err_set(err, ERR_CONFIG,
			"account %s has a user but no password; give "
			"passwordcmd or passwordfile in openletter.conf",
			account->name);
	if (rc == 0) {
		*out = mem_strndup(
			buf_str(&text), strcspn(buf_str(&text), "\r\n"));
		if (!**out)
			rc = err_set(err, ERR_CONFIG,
				"account %s: the password is empty",
				account->name);
	}
	if (text.data)
		explicit_bzero(text.data, text.cap);
	buf_release(&text);
	return rc;
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
	};
	return 0;
}

void
account_close(struct account *account)
{
	if (account->password)
		explicit_bzero(account->password, strlen(account->password));
	free(account->password);
	free(account->cafile);
	*account = (struct account){0};
}
