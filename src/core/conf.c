#include "core/conf.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define URL_CHARS                    \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"abcdefghijklmnopqrstuvwxyz0123456789-._~:/@%[]"

enum {
	CONFIRM_DAYS = 7,
	DNS_PORT = 53,
	LABEL_MAX = 63,	    /* RFC 1035 2.3.4 */
	SELECTOR_MAX = 200, /* leaves room for the domain */
	END_TIMEOUT_S = 600,
	KEYS_MAX = 24, /* of one section */
	URL_MAX = 200,
};

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

#define problem(p, group, name, ...)           \
	problems_add((p)->problems, (p)->file, \
		find_line((p)->text, group, name), 0, __VA_ARGS__)

/* One key: what reads its text, and where it goes. */
struct key {
	const char *name;
	void (*read)(struct parser *p, const char *group, const struct key *key,
		const char *value, void *to);
	size_t offset;
	long min, max; /* of numbers */
};

static void
read_text(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	char **out = to;

	if (!*value) {
		problem(p, group, key->name,
			"%s is empty; give it a value or "
			"delete the line",
			key->name);
		return;
	}
	free(*out);
	*out = mem_strdup(value);
}

static void
read_url(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	char *copy;
	size_t len;

	if (!str_starts(value, "https://") && !str_starts(value, "http://")) {
		problem(p, group, key->name,
			"%s must begin with https:// or http://", key->name);
		return;
	}
	/* It stands in header fields, and more is put behind it. */
	if (strspn(value, URL_CHARS) != strlen(value) ||
		strlen(value) > URL_MAX) {
		problem(p, group, key->name,
			"%s may hold letters a to z, digits and -._~:/@%%[], "
			"at most %d; write a name in another script as "
			"xn--...",
			key->name, URL_MAX);
		return;
	}
	copy = mem_strdup(value);
	for (len = strlen(copy); len > 0 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	read_text(p, group, key, copy, to);
	free(copy);
}

static void
read_lang(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	if (lang_valid(value))
		memcpy(to, value, strlen(value) + 1);
	else
		problem(p, group, key->name,
			"\"%s\" is not a language tag; use one like en, fa "
			"or pt-BR",
			value);
}

static void
read_from(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	struct conf *out = to;
	struct err err;

	free(out->from_name);
	out->from_name = NULL;
	if (address_parse_mailbox(value, &out->from_name, &out->from, &err) < 0)
		problem(p, group, key->name,
			"from: %s; write Name <name@example.org>", err.msg);
	else
		out->has_from = true;
}

static void
read_tls(struct parser *p, const char *group, const struct key *key,
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
	problem(p, group, key->name,
		"tls = %s is not known; use starttls, implicit or none "
		"(none only for this machine itself)",
		value);
}

static void
read_shared(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	bool *each = to;

	if (strcmp(value, "one") == 0 || strcmp(value, "each") == 0)
		*each = *value == 'e';
	else
		problem(p, group, key->name,
			"sharedaddress = %s is not known; say one (an address "
			"signs once) or each (once for each name)",
			value);
}

static void
read_number(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	int *out = to;
	long n;

	if (str_to_number(value, key->max, &n) < 0 || n < key->min)
		problem(p, group, key->name,
			"%s must be a number from %ld to %ld", key->name,
			key->min, key->max);
	else
		*out = (int)n;
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
read_limits(struct parser *p, const char *group, const struct key *key,
	const char *value, struct conf_limit *out, size_t *count)
{
	size_t n;
	char **pieces = str_split(value, ',', &n);

	if (n == 0 || n > CONF_LIMITS_MAX)
		problem(p, group, key->name, "%s: give one to %d limits",
			key->name, CONF_LIMITS_MAX);
	for (size_t i = 0; i < n && i < CONF_LIMITS_MAX; i++) {
		if (parse_limit(pieces[i], &out[*count]) == 0)
			(*count)++;
		else
			problem(p, group, key->name,
				"%s = %s is not understood; write it like "
				"60/minute, 200/hour or 500/day",
				key->name, pieces[i]);
	}
	str_list_free(pieces, n);
}

static void
read_rate(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	struct conf_account *a = to;

	read_limits(p, group, key, value, a->rate, &a->rate_count);
}

static void
read_quota(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	struct conf_account *a = to;

	read_limits(p, group, key, value, a->quota, &a->quota_count);
}

static bool
is_ipv4(const char *host)
{
	struct in_addr address;

	return inet_pton(AF_INET, host, &address) == 1;
}

static bool
is_ipv6(const char *host)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, host, &address) == 1;
}

static bool
is_onion(const char *host)
{
	static const char ending[] = ".onion";
	size_t len = strlen(host);

	return len > strlen(ending) &&
	       str_ieq(host + len - strlen(ending), ending);
}

/*
 * Takes "host", "host:port", "[address]" or "[address]:port" apart; *out is
 * empty on entry. Without a port *port stays what it is.
 * Returns 0, or -1: it is nothing of that.
 */
static int
parse_endpoint(const char *text, struct conf_endpoint *out)
{
	bool bracket = *text == '[';
	const char *begin = text + bracket;
	const char *end = begin + strcspn(begin, bracket ? "]" : ":");
	long port = out->port;

	out->host = mem_strndup(begin, (size_t)(end - begin));
	if (bracket && *end++ != ']')
		return -1;
	if (*end != '\0' &&
		(*end != ':' || str_to_number(end + 1, 65535, &port) < 0))
		return -1;
	out->port = (int)port;
	return *out->host && port > 0 ? 0 : -1;
}

static void
endpoint_release(struct conf_endpoint *endpoint)
{
	free(endpoint->host);
	*endpoint = (struct conf_endpoint){0};
}

static void
read_proxy(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	static const char scheme[] = "socks5h://";
	struct conf_endpoint *out = to;
	size_t len;

	if (!str_starts(value, scheme)) {
		problem(p, group, key->name,
			"proxy must begin with socks5h:// (the h: the proxy "
			"looks names up, not this machine)");
		return;
	}
	value += strlen(scheme);
	len = strlen(value);
	/* The user name is ours: it keeps campaigns apart. */
	if (strchr(value, '@'))
		problem(p, group, key->name,
			"proxy takes no user and password; openletter gives "
			"one for each campaign");
	else if (strcspn(value, " /?#\\\"") < len ||
		 parse_endpoint(value, out) < 0)
		problem(p, group, key->name,
			"proxy = %s%s is not understood; write it like "
			"socks5h://127.0.0.1:9050",
			scheme, value);
}

/* A resolver is found by its address: who would look its name up? */
static void
read_resolver(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	struct conf_endpoint *out = to;

	out->port = DNS_PORT;
	if (is_ipv6(value))
		out->host = mem_strdup(value);
	else if (parse_endpoint(value, out) < 0 ||
		 (value[0] == '[' ? !is_ipv6(out->host) : !is_ipv4(out->host)))
		problem(p, group, key->name,
			"server = %s is no address; write it like 192.0.2.53, "
			"192.0.2.53:5353 or [2001:db8::53]:5353",
			value);
}

/* A selector as RFC 6376 3.1 has it: labels of letters, digits and hyphens. */
static bool
is_selector(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t total = strlen(text);

	for (;;) {
		size_t len = strspn(text, allowed);

		if (len == 0 || len > LABEL_MAX || text[0] == '-' ||
			text[len - 1] == '-')
			return false;
		if (text[len] != '.')
			return text[len] == '\0' && total <= SELECTOR_MAX;
		text += len + 1;
	}
}

static void
read_selector(struct parser *p, const char *group, const struct key *key,
	const char *value, void *to)
{
	if (is_selector(value))
		read_text(p, group, key, value, to);
	else
		problem(p, group, key->name,
			"dkim = %s is no selector; give what stands before "
			"._domainkey, such as mail2024",
			value);
}

/* Where a member of the configuration or of an account is. */
#define IN_CONF(member) offsetof(struct conf, member)
#define IN_ACCOUNT(member) offsetof(struct conf_account, member)

static const struct key organiser_keys[] = {
	{"name", read_text, IN_CONF(organiser_name), 0, 0},
	{"address", read_text, IN_CONF(organiser_address), 0, 0},
	{"url", read_url, IN_CONF(url), 0, 0},
	{"lang", read_lang, IN_CONF(lang), 0, 0},
	{"from", read_from, 0, 0, 0},
	{NULL, NULL, 0, 0, 0},
};

static const struct key signatures_keys[] = {
	{"sharedaddress", read_shared, IN_CONF(each), 0, 0},
	{"confirmdays", read_number, IN_CONF(confirm_days), 1, 90},
	{NULL, NULL, 0, 0, 0},
};

static const struct key dns_keys[] = {
	{"server", read_resolver, IN_CONF(resolver), 0, 0},
	{NULL, NULL, 0, 0, 0},
};

static const struct key account_keys[] = {
	{"host", read_text, IN_ACCOUNT(host), 0, 0},
	{"port", read_number, IN_ACCOUNT(port), 1, 65535},
	{"tls", read_tls, IN_ACCOUNT(tls), 0, 0},
	{"cafile", read_text, IN_ACCOUNT(cafile), 0, 0},
	{"proxy", read_proxy, IN_ACCOUNT(proxy), 0, 0},
	{"user", read_text, IN_ACCOUNT(user), 0, 0},
	{"passwordcmd", read_text, IN_ACCOUNT(passwordcmd), 0, 0},
	{"passwordfile", read_text, IN_ACCOUNT(passwordfile), 0, 0},
	{"tokencmd", read_text, IN_ACCOUNT(tokencmd), 0, 0},
	{"helo", read_text, IN_ACCOUNT(helo), 0, 0},
	{"connections", read_number, IN_ACCOUNT(connections), 1,
		CONF_CONNECTIONS_MAX},
	{"perdomain", read_number, IN_ACCOUNT(perdomain), 0, 64},
	{"timeout", read_number, IN_ACCOUNT(timeout_s), 1, 3600},
	{"endtimeout", read_number, IN_ACCOUNT(endtimeout_s), 1, 3600},
	{"deadline", read_number, IN_ACCOUNT(deadline_s), 1, 86400},
	{"rate", read_rate, 0, 0, 0},
	{"quota", read_quota, 0, 0, 0},
	{"dkim", read_selector, IN_ACCOUNT(dkim), 0, 0},
	{NULL, NULL, 0, 0, 0},
};

_Static_assert(sizeof account_keys / sizeof account_keys[0] <= KEYS_MAX,
	"unknown_key lists them all");

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
	const char *names[KEYS_MAX];
	const char *near;
	size_t n = 0;

	for (; keys->name && n < KEYS_MAX; keys++)
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
			key->read(p, group, key, g_strstrip(value),
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
check_login(struct parser *p, const char *group, const struct conf_account *a)
{
	if (a->passwordcmd && a->passwordfile)
		problem(p, group, "passwordfile",
			"give passwordcmd or passwordfile, not both");
	if (a->tokencmd && (a->passwordcmd || a->passwordfile))
		problem(p, group, "tokencmd",
			"give a token by tokencmd or a password, not both");
	if (a->tokencmd && !a->user)
		problem(p, group, "tokencmd",
			"tokencmd needs a user: whose token is it?");
}

static void
check_proxy(struct parser *p, const char *group, const struct conf_account *a)
{
	if (a->proxy.host && a->tls == CONF_TLS_NONE)
		problem(p, group, "proxy",
			"tls = none is for this machine itself, a proxy for "
			"others; delete one of them");
	/* Asking for it would tell the resolver (RFC 7686 2). */
	if (!a->proxy.host && a->host && is_onion(a->host))
		problem(p, group, "host",
			"%s is reached through Tor only; give proxy = "
			"socks5h://127.0.0.1:9050",
			a->host);
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
	check_login(p, group, a);
	check_proxy(p, group, a);
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
	if (a->endtimeout_s == 0)
		a->endtimeout_s = a->timeout_s > END_TIMEOUT_S ? a->timeout_s
							       : END_TIMEOUT_S;
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
	static const char *const known[] = {
		"organiser", "signatures", "smtp", "dns"};
	const char *near;

	if (strcmp(group, "organiser") == 0) {
		read_section(p, group, organiser_keys, p->out);
	} else if (strcmp(group, "smtp") == 0 || str_starts(group, "smtp ")) {
		read_account(p, group);
	} else if (strcmp(group, "signatures") == 0) {
		read_section(p, group, signatures_keys, p->out);
	} else if (strcmp(group, "dns") == 0) {
		read_section(p, group, dns_keys, p->out);
	} else if (!strcmp(group, "imap") || !strcmp(group, "serve") ||
		   !strcmp(group, "store")) {
		problem(p, group, NULL,
			"[%s] is not honoured by this version; delete it",
			group);
	} else {
		near = str_nearest(
			group, known, sizeof known / sizeof known[0]);
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

	*out = (struct conf){.lang = "en", .confirm_days = CONFIRM_DAYS};
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
		free(a->tokencmd);
		free(a->helo);
		free(a->dkim);
		endpoint_release(&a->proxy);
	}
	free(conf->accounts);
	free(conf->organiser_name);
	free(conf->organiser_address);
	free(conf->url);
	free(conf->from_name);
	endpoint_release(&conf->resolver);
	*conf = (struct conf){0};
}
