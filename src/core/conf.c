#include "core/conf.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct parser {
	GKeyFile *keys;
	const char *text;
	const char *file;
	struct conf *out;
	struct problems *problems;
};

/* Where a group, or a key in it, stands: the parser does not tell. */
static long
find_line(const char *text, const char *group, const char *key)
{
	char *heading = mem_printf("[%s]", group);
	bool inside = false;
	long line = 0, found = 0;

	while (*text && !found) {
		size_t len = strcspn(text, "\n");
		char *copy = mem_strndup(text, len);
		char *s = str_trim(copy);

		line++;
		if (*s == '[') {
			inside = strcmp(s, heading) == 0;
			if (inside && !key)
				found = line;
		} else if (inside && key && str_starts(s, key)) {
			s += strlen(key);
			s += strspn(s, " \t");
			if (*s == '=')
				found = line;
		}
		free(copy);
		text += len + (text[len] != '\0');
	}
	free(heading);
	return found;
}

#define problem(p, group, key, ...)            \
	problems_add((p)->problems, (p)->file, \
		find_line((p)->text, group, key), 0, __VA_ARGS__)

/* One key: where its text goes, or a function that reads it. */
struct key {
	const char *name;
	void (*read)(struct parser *p, const char *group, const char *key,
		const char *value, void *to);
	size_t offset;
};

static void
read_text(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	char **out = to;

	if (!*value) {
		problem(p, group, key,
			"%s is empty; give it a value or "
			"delete the line",
			key);
		return;
	}
	free(*out);
	*out = mem_strdup(value);
}

static void
read_url(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	char *copy;
	size_t len;

	if (!str_starts(value, "https://") && !str_starts(value, "http://")) {
		problem(p, group, key, "%s must begin with https:// or http://",
			key);
		return;
	}
	copy = mem_strdup(value);
	for (len = strlen(copy); len > 0 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	read_text(p, group, key, copy, to);
	free(copy);
}

static void
read_lang(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	if (lang_valid(value))
		memcpy(to, value, strlen(value) + 1);
	else
		problem(p, group, key,
			"\"%s\" is not a language tag; use one like en, fa "
			"or pt-BR",
			value);
}

static void
read_from(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	struct conf *out = to;
	struct err err;

	free(out->from_name);
	out->from_name = NULL;
	if (address_parse_mailbox(value, &out->from_name, &out->from, &err) < 0)
		problem(p, group, key,
			"from: %s; write Name <name@example.org>", err.msg);
	else
		out->has_from = true;
}

static void
read_tls(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	static const char *const names[] = {"starttls", "implicit", "none"};
	enum conf_tls *out = to;

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(value, names[i]) == 0) {
			*out = (enum conf_tls)i;
			return;
		}
	}
	problem(p, group, key,
		"tls = %s is not known; use starttls, implicit or none "
		"(none only for this machine itself)",
		value);
}

static void
read_number(struct parser *p, const char *group, const char *key,
	const char *value, long max, int *out)
{
	long n;

	if (str_to_number(value, max, &n) < 0 || n < 1)
		problem(p, group, key, "%s must be a number from 1 to %ld", key,
			max);
	else
		*out = (int)n;
}

static void
read_port(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	read_number(p, group, key, value, 65535, to);
}

static void
read_connections(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	read_number(p, group, key, value, 64, to);
}

static void
read_timeout(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	read_number(p, group, key, value, 3600, to);
}

static const struct {
	const char *name;
	int window_s;
} windows[] = {
	{"second", 1},
	{"minute", 60},
	{"hour", 3600},
	{"day", 86400},
};

const char *
conf_window_name(int window_s)
{
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
		if (windows[i].window_s == window_s)
			return windows[i].name;
	return "?";
}

/* "60/minute" */
static int
parse_limit(const char *text, struct conf_limit *out)
{
	const char *slash = strchr(text, '/');
	char *number;
	int rc;

	if (!slash)
		return -1;
	number = mem_strndup(text, (size_t)(slash - text));
	rc = str_to_number(str_trim(number), 1000000000, &out->count);
	free(number);
	if (rc < 0 || out->count < 1)
		return -1;
	slash += 1 + strspn(slash + 1, " ");
	for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
		if (strcmp(slash, windows[i].name) == 0) {
			out->window_s = windows[i].window_s;
			return 0;
		}
	}
	return -1;
}

static void
read_limits(struct parser *p, const char *group, const char *key,
	const char *value, struct conf_limit *out, size_t *count)
{
	size_t n;
	char **pieces = str_split(value, ',', &n);

	if (n == 0 || n > CONF_LIMITS_MAX)
		problem(p, group, key, "%s: give one to %d limits", key,
			CONF_LIMITS_MAX);
	for (size_t i = 0; i < n && i < CONF_LIMITS_MAX; i++) {
		if (parse_limit(pieces[i], &out[*count]) == 0)
			(*count)++;
		else
			problem(p, group, key,
				"%s = %s is not understood; write it like "
				"60/minute, 200/hour or 500/day",
				key, pieces[i]);
	}
	str_list_free(pieces, n);
}

static void
read_rate(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	struct conf_account *a = to;

	read_limits(p, group, key, value, a->rate, &a->rate_count);
}

static void
read_quota(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	struct conf_account *a = to;

	read_limits(p, group, key, value, a->quota, &a->quota_count);
}

static void
read_later(struct parser *p, const char *group, const char *key,
	const char *value, void *to)
{
	(void)value;
	(void)to;
	problem(p, group, key,
		"%s is not honoured by this version; delete the line", key);
}

static const struct key organiser_keys[] = {
	{"name", read_text, offsetof(struct conf, organiser_name)},
	{"address", read_text, offsetof(struct conf, organiser_address)},
	{"url", read_url, offsetof(struct conf, url)},
	{"lang", read_lang, offsetof(struct conf, lang)},
	{"from", read_from, 0},
	{NULL, NULL, 0},
};

static const struct key account_keys[] = {
	{"host", read_text, offsetof(struct conf_account, host)},
	{"port", read_port, offsetof(struct conf_account, port)},
	{"tls", read_tls, offsetof(struct conf_account, tls)},
	{"cafile", read_text, offsetof(struct conf_account, cafile)},
	{"user", read_text, offsetof(struct conf_account, user)},
	{"passwordcmd", read_text, offsetof(struct conf_account, passwordcmd)},
	{"passwordfile", read_text,
		offsetof(struct conf_account, passwordfile)},
	{"helo", read_text, offsetof(struct conf_account, helo)},
	{"connections", read_connections,
		offsetof(struct conf_account, connections)},
	{"timeout", read_timeout, offsetof(struct conf_account, timeout_s)},
	{"rate", read_rate, 0},
	{"quota", read_quota, 0},
	{"proxy", read_later, 0},
	{NULL, NULL, 0},
};

static const struct key *
find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static void
unknown_key(struct parser *p, const char *group, const char *key,
	const struct key *keys)
{
	const char *names[16];
	const char *near;
	size_t n = 0;

	for (; keys->name && n < 16; keys++)
		names[n++] = keys->name;
	near = str_nearest(key, names, n);
	problem(p, group, key, "unknown key \"%s\" in [%s]%s%s%s", key, group,
		near ? "; did you mean \"" : "", near ? near : "",
		near ? "\"?" : "");
}

static bool
is_among(const char *name, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void
read_section(
	struct parser *p, const char *group, const struct key *keys, void *to)
{
	gsize count = 0;
	char **names = g_key_file_get_keys(p->keys, group, &count, NULL);

	for (gsize i = 0; i < count; i++) {
		const struct key *key = find_key(keys, names[i]);
		GError *error = NULL;
		char *value;

		if (is_among(names[i], names, i)) {
			problem(p, group, names[i], "%s is given twice",
				names[i]);
			continue;
		}
		if (!key) {
			unknown_key(p, group, names[i], keys);
			continue;
		}
		/* It gives a value even where it complains. */
		value = g_key_file_get_string(p->keys, group, names[i], &error);
		if (value && !error)
			key->read(p, group, names[i], g_strstrip(value),
				(char *)to + key->offset);
		else
			problem(p, group, names[i],
				"%s has a backslash that means nothing; "
				"write \\\\ for one",
				names[i]);
		g_clear_error(&error);
		g_free(value);
	}
	g_strfreev(names);
}

/* Clear text never leaves this machine, whatever a name resolves to. */
static bool
is_this_machine(const char *host)
{
	return str_ieq(host, "localhost") || strcmp(host, "::1") == 0 ||
	       (str_starts(host, "127.") && !host[strspn(host, "0123456789.")]);
}

static void
check_account(struct parser *p, const char *group, struct conf_account *a)
{
	if (!a->host)
		problem(p, group, NULL, "[%s] needs a host", group);
	if (a->host && a->tls == CONF_TLS_NONE && !is_this_machine(a->host))
		problem(p, group, "tls",
			"tls = none is only for this machine itself "
			"(127.0.0.1, ::1, localhost); use starttls or "
			"implicit");
	if (a->passwordcmd && a->passwordfile)
		problem(p, group, "passwordfile",
			"give passwordcmd or passwordfile, not both");
	for (const char *c = a->helo; c && *c; c++) {
		if (*c > ' ' && *c < 0x7F)
			continue;
		problem(p, group, "helo", "helo must be a host name");
		break;
	}
	if (a->port == 0)
		a->port = a->tls == CONF_TLS_IMPLICIT ? 465
			  : a->tls == CONF_TLS_NONE   ? 25
						      : 587;
}

static void
read_account(struct parser *p, const char *group)
{
	static const struct conf_account defaults = {
		.connections = 4,
		.timeout_s = 300,
	};
	struct conf *out = p->out;
	const char *name = group + strlen("smtp");
	struct conf_account *a;

	name += strspn(name, " ");
	if (!*name) {
		problem(p, group, NULL,
			"an account needs a name: write [smtp main]");
		return;
	}
	out->accounts = mem_resize(
		out->accounts, out->account_count + 1, sizeof *out->accounts);
	a = &out->accounts[out->account_count++];
	*a = defaults;
	a->name = mem_strdup(name);
	read_section(p, group, account_keys, a);
	check_account(p, group, a);
}

static void
read_group(struct parser *p, const char *group)
{
	static const char *const known[] = {"organiser", "smtp"};
	const char *near;

	if (strcmp(group, "organiser") == 0) {
		read_section(p, group, organiser_keys, p->out);
	} else if (strcmp(group, "smtp") == 0 || str_starts(group, "smtp ")) {
		read_account(p, group);
	} else if (!strcmp(group, "imap") || !strcmp(group, "serve") ||
		   !strcmp(group, "store")) {
		problem(p, group, NULL,
			"[%s] is not honoured by this version; delete it",
			group);
	} else {
		near = str_nearest(group, known, 2);
		problem(p, group, NULL, "unknown section [%s]%s%s%s", group,
			near ? "; did you mean [" : "", near ? near : "",
			near ? "]?" : "");
	}
}

static void
check_doubles(struct parser *p)
{
	for (size_t i = 0; i < p->out->account_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const char *name = p->out->accounts[i].name;

			if (!strcmp(name, p->out->accounts[j].name))
				problems_add(p->problems, p->file, 0, 0,
					"two accounts are named \"%s\"", name);
		}
	}
}

int
conf_parse(const char *text, const char *file, struct conf *out,
	struct problems *problems)
{
	struct parser p = {
		.file = file,
		.out = out,
		.problems = problems,
	};
	size_t before = problems->count;
	GError *error = NULL;
	char **groups;

	*out = (struct conf){.lang = "en"};
	if (str_starts(text, "\xEF\xBB\xBF"))
		text += 3;
	p.text = text;
	if (str_utf8_bad(text, strlen(text)) < strlen(text)) {
		problems_add(problems, file, 0, 0, "not UTF-8");
		return -1;
	}
	p.keys = g_key_file_new();
	if (!g_key_file_load_from_data(p.keys, text, strlen(text),
		    G_KEY_FILE_KEEP_TRANSLATIONS, &error)) {
		problems_add(problems, file, 0, 0, "%s", error->message);
		g_error_free(error);
		g_key_file_free(p.keys);
		return -1;
	}
	groups = g_key_file_get_groups(p.keys, NULL);
	for (char **group = groups; *group; group++)
		read_group(&p, *group);
	g_strfreev(groups);
	g_key_file_free(p.keys);
	if (!out->organiser_name)
		problems_add(problems, file, find_line(text, "organiser", NULL),
			0, "[organiser] needs a name: who sends the letters?");
	if (!out->has_from && !find_line(text, "organiser", "from"))
		problems_add(problems, file, find_line(text, "organiser", NULL),
			0, "[organiser] needs from = Name <name@example.org>");
	check_doubles(&p);
	return problems->count > before ? -1 : 0;
}

const struct conf_account *
conf_account_find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->account_count; i++)
		if (!name || strcmp(conf->accounts[i].name, name) == 0)
			return &conf->accounts[i];
	return NULL;
}

void
conf_release(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->account_count; i++) {
		struct conf_account *a = &conf->accounts[i];

		free(a->name);
		free(a->host);
		free(a->cafile);
		free(a->user);
		free(a->passwordcmd);
		free(a->passwordfile);
		free(a->helo);
	}
	free(conf->accounts);
	free(conf->organiser_name);
	free(conf->organiser_address);
	free(conf->url);
	free(conf->from_name);
	*conf = (struct conf){0};
}
