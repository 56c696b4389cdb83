#include "app/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store.h"

#define CONF_NAME "openletter.conf"

static bool
is_workspace(const char *dir)
{
	char *path = file_join(dir, CONF_NAME);
	bool yes = file_exists(path);

	free(path);
	return yes;
}

int
workspace_find(const char *dir, struct workspace *out, struct err *err)
{
	char *up;

	*out = (struct workspace){0};
	if (!dir)
		dir = getenv("OPENLETTER_DIR");
	if (!str_empty(dir)) {
		if (!is_workspace(dir))
			return err_set(err, ERR_NOTFOUND,
				"%s: no " CONF_NAME " here; make a workspace "
				"with: openletter init %s",
				dir, dir);
		out->root = mem_strdup(dir);
		return 0;
	}
	up = mem_strdup(".");
	for (int depth = 0; depth < 64; depth++) {
		char *next;

		if (is_workspace(up)) {
			out->root = up;
			return 0;
		}
		next = depth ? mem_printf("../%s", up) : mem_strdup("..");
		free(up);
		up = next;
	}
	free(up);
	return err_set(err, ERR_NOTFOUND,
		"no " CONF_NAME " in this folder or above it; make a workspace "
		"with: openletter init");
}

char *
workspace_path(const struct workspace *ws, const char *name)
{
	return file_join(ws->root, name);
}

static int
check_attachment(const char *path, const char *shown, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, ERR_IO, "%s: %s", shown, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_DATA, "%s: not a file", shown);
	if (st.st_size > WORKSPACE_ATTACHMENT_MAX)
		return err_set(err, ERR_DATA,
			"%s: larger than %d MB; no mail server takes it", shown,
			WORKSPACE_ATTACHMENT_MAX >> 20);
	return 0;
}

int
workspace_attachment(const struct workspace *ws, const char *shown, char **out,
	struct err *err)
{
	const char *name = shown + strlen("letters/");
	char *folder_path = mem_printf(
		"%s/letters/%.*s", ws->root, (int)strcspn(name, "/"), name);
	char *path = workspace_path(ws, shown);
	char *folder = realpath(folder_path, NULL);
	char *real = realpath(path, NULL);
	size_t len = folder ? strlen(folder) : 0;
	int rc = -1;

	if (!real || !folder)
		err_set(err, ERR_NOTFOUND, "%s: %s", shown, strerror(errno));
	else if (strncmp(real, folder, len) != 0 || real[len] != '/')
		err_set(err, ERR_DATA, "%s: leads out of the campaign's folder",
			shown);
	else
		rc = check_attachment(real, shown, err);
	if (rc == 0)
		*out = real;
	else
		free(real);
	free(folder);
	free(folder_path);
	free(path);
	return rc;
}

int
workspace_load_conf(
	struct workspace *ws, struct problems *problems, struct err *err)
{
	char *path = workspace_path(ws, CONF_NAME);
	struct buf text = {0};
	int rc = -1;

	if (file_read(path, WORKSPACE_FILE_MAX, &text, err) < 0)
		goto out;
	if (memchr(buf_str(&text), '\0', text.len)) {
		problems_add(problems, CONF_NAME, 0, 0, "a NUL byte in it");
		err_set(err, ERR_CONFIG, CONF_NAME " cannot be used");
		goto out;
	}
	rc = conf_parse(buf_str(&text), CONF_NAME, &ws->conf, problems);
	if (rc < 0)
		err_set(err, ERR_CONFIG, CONF_NAME " cannot be used");
out:
	buf_release(&text);
	free(path);
	return rc;
}

int
workspace_open_store(struct workspace *ws, struct err *err)
{
	char *path = workspace_path(ws, "openletter.db");
	int rc = store_open(path, &ws->store, err);

	free(path);
	return rc;
}

void
workspace_release(struct workspace *ws)
{
	store_close(ws->store);
	conf_release(&ws->conf);
	free(ws->root);
	*ws = (struct workspace){0};
}

/* The number is for people; the lock stays with the descriptor. */
static int
note_holder(int fd, const char *path, struct err *err)
{
	char pid[32];
	int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || write(fd, pid, (size_t)n) < 0)
		return err_set(err, ERR_IO, "%s: cannot write: %s", path,
			strerror(errno));
	return 0;
}

static int
say_holder(int fd, struct err *err)
{
	char pid[32] = "";
	ssize_t n = read(fd, pid, sizeof pid - 1);

	pid[n > 0 ? strcspn(pid, "\n") : 0] = '\0';
	return err_set(err, ERR_REFUSED,
		"another openletter (process %s) is sending for this "
		"workspace; wait for it to end",
		*pid ? pid : "unknown");
}

int
workspace_lock_sender(struct workspace *ws, struct err *err)
{
	char *path;
	int fd, rc;

	if (ws->locked)
		return 0;
	path = workspace_path(ws, "openletter.lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		rc = err_set(err, ERR_CREATE, "%s: cannot create: %s", path,
			strerror(errno));
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = say_holder(fd, err);
	else
		rc = note_holder(fd, path, err);
	free(path);
	if (rc < 0 && fd >= 0)
		close(fd);
	ws->locked = rc == 0;
	ws->lock_fd = fd;
	return rc;
}

void
workspace_unlock_sender(struct workspace *ws)
{
	if (ws->locked)
		close(ws->lock_fd);
	ws->locked = false;
}

static const char first_conf[] =
	"# Who writes. Every letter comes from this address.\n"
	"[organiser]\n"
	"name = Our Committee\n"
	"from = Our Committee <campaign@example.org>\n"
	"lang = en\n"
	"# url = https://www.example.org\n"
	"# address = Postfach 1, 3000 Bern\n"
	"\n"
	"# The mail account that letters go out through: ask your provider "
	"for host,\n"
	"# port and limits. The password is never written here: it comes from "
	"a command,\n"
	"# from a file that only you can read (passwordfile), or from the "
	"environment\n"
	"# (OPENLETTER_PASSWORD_MAIN).\n"
	"[smtp main]\n"
	"host = smtp.example.org\n"
	"port = 587\n"
	"tls = starttls\n"
	"user = campaign@example.org\n"
	"passwordcmd = secret-tool lookup openletter main\n"
	"rate = 60/minute\n"
	"quota = 500/day\n";

static const char first_letter[] =
	"Title: A first letter\n"
	"Subject: A first letter, with {{signatures.total}} signatures\n"
	"To: first\n"
	"Goal: 100\n"
	"Consent: My name is shown to the addressee unless I say otherwise. "
	"My e-mail\n"
	" address is not passed on. I can withdraw at any time.\n"
	"\n"
	"{{#recipient.salutation}}{{recipient.salutation}}"
	"{{/recipient.salutation}}"
	"{{^recipient.salutation}}Dear Sir or Madam{{/recipient.salutation}},\n"
	"\n"
	"write here what you ask for, and why. **Bold** and [links]"
	"(https://www.example.org)\n"
	"work as in any Markdown text.\n"
	"\n"
	"Signatures: {{signatures.total}} ({{signatures.people}} people, "
	"{{signatures.organisations}} organisations).\n"
	"\n"
	"{{organiser.name}}\n";

static const char first_list[] =
	"email,name,salutation,title,organisation,country,lang\n"
	"first@example.org,Example Office,Dear Office,,Example Office,CH,en\n";

/* Writes a file unless there is one. */
static int
plant(const char *dir, const char *name, const char *text, int *made,
	struct err *err)
{
	char *path = file_join(dir, name);
	int rc = 0;

	if (!file_exists(path)) {
		rc = file_write(path, text, strlen(text), err);
		*made += rc == 0;
	}
	free(path);
	return rc;
}

static int
make_folder(const char *dir, const char *name, struct err *err)
{
	char *path = file_join(dir, name);
	int rc = file_make_folder(path, err);

	free(path);
	return rc;
}

int
workspace_init(const char *dir, int *made, struct err *err)
{
	char *letters = file_join(dir, "letters");
	bool had_letters = file_exists(letters);
	int rc = -1;

	*made = 0;
	if (is_workspace(dir)) {
		err_set(err, ERR_REFUSED,
			"%s is a workspace already; nothing "
			"was changed",
			dir);
		goto out;
	}
	if (file_make_folder(dir, err) < 0 ||
		make_folder(dir, "letters/_partials", err) < 0 ||
		make_folder(dir, "recipients", err) < 0)
		goto out;
	if (!had_letters && (make_folder(dir, "letters/first", err) < 0 ||
				    plant(dir, "letters/first/letter.en.md",
					    first_letter, made, err) < 0 ||
				    plant(dir, "recipients/first.csv",
					    first_list, made, err) < 0))
		goto out;
	rc = plant(dir, CONF_NAME, first_conf, made, err);
out:
	free(letters);
	return rc;
}
