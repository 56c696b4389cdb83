/*
 * Sends a personalised letter with libcurl, one connection that is used again
 * for each message; with a ledger, a row in SQLite for each that the server
 * took.
 *
 * usage: curl_send PORT LIST LETTERS COUNT [LEDGER]
 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SENDER "campaign@committee.example"

enum {
	COLUMNS_MAX = 16,
	TEXT_MAX = 16384
};

/* A text of limited length, and how much of it was read by libcurl. */
struct text {
	char bytes[TEXT_MAX];
	size_t len;
	size_t read;
};

/* One line of the list; no value in it holds a comma. */
struct person {
	char *values[COLUMNS_MAX];
};

struct letter {
	char *columns[COLUMNS_MAX];
	struct text plain;
	struct text html;
};

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "curl_send: %s: %s\n", what, why);
	exit(1);
}

static void
put(struct text *t, const char *bytes, size_t len)
{
	if (len > TEXT_MAX - t->len)
		fail("message", "is too long");
	memcpy(t->bytes + t->len, bytes, len);
	t->len += len;
}

static void
puts_to(struct text *t, const char *s)
{
	put(t, s, strlen(s));
}

/* Reads a file and makes its lines end with CR LF, as mail has them. */
static void
read_template(const char *folder, const char *name, struct text *out)
{
	char path[4096];
	FILE *file;
	int c;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file)
		fail(path, "cannot be opened");
	while ((c = getc(file)) != EOF) {
		char byte = (char)c;

		put(out, byte == '\n' ? "\r\n" : &byte, byte == '\n' ? 2 : 1);
	}
	fclose(file);
}

static void
split(char *line, char *out[static COLUMNS_MAX])
{
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		out[i] = strsep(&line, ",");
}

static const char *
value_of(const struct letter *letter, const struct person *person,
	const char *name, size_t len)
{
	for (size_t i = 0; i < COLUMNS_MAX && letter->columns[i]; i++)
		if (strlen(letter->columns[i]) == len &&
			memcmp(letter->columns[i], name, len) == 0)
			return person->values[i] ? person->values[i] : "";
	fail("letter", "has a variable that the list does not have");
	return NULL;
}

static void
put_escaped(struct text *out, const char *value)
{
	for (; *value; value++) {
		switch (*value) {
		case '&':
			puts_to(out, "&amp;");
			break;
		case '<':
			puts_to(out, "&lt;");
			break;
		case '\'':
			puts_to(out, "&#39;");
			break;
		default:
			put(out, value, 1);
		}
	}
}

static void
fill(struct text *out, const struct letter *letter, const struct text *template,
	const struct person *person, bool html)
{
	const char *at = template->bytes, *end = at + template->len;

	for (;;) {
		const char *open = memmem(at, (size_t)(end - at), "{{", 2);
		const char *close, *value;

		if (!open)
			break;
		close = memmem(open, (size_t)(end - open), "}}", 2);
		if (!close)
			fail("letter", "has a {{ without }}");
		put(out, at, (size_t)(open - at));
		value = value_of(
			letter, person, open + 2, (size_t)(close - open - 2));
		if (html)
			put_escaped(out, value);
		else
			puts_to(out, value);
		at = close + 2;
	}
	put(out, at, (size_t)(end - at));
}

/* A name as an encoded word of RFC 2047. */
static void
put_encoded(struct text *out, const char *name)
{
	unsigned char base64[256];
	size_t len = strlen(name);

	if (len > sizeof base64 / 2)
		fail(name, "is too long");
	EVP_EncodeBlock(base64, (const unsigned char *)name, (int)len);
	puts_to(out, "=?utf-8?B?");
	puts_to(out, (char *)base64);
	puts_to(out, "?=");
}

static void
put_part(struct text *out, const char *type)
{
	puts_to(out, "\r\n--next\r\nContent-Type: ");
	puts_to(out, type);
	puts_to(out, "; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: 8bit\r\n\r\n");
}

static void
build(struct text *out, const struct letter *letter,
	const struct person *person, long number)
{
	const char *email = value_of(letter, person, "email", 5);
	const char *name = value_of(letter, person, "name", 4);
	char line[128];
	time_t now = time(NULL);
	struct tm tm;

	out->len = out->read = 0;
	gmtime_r(&now, &tm);
	strftime(line, sizeof line, "Date: %a, %d %b %Y %T +0000\r\n", &tm);
	puts_to(out, line);
	puts_to(out, "From: Campaign <" SENDER ">\r\nTo: ");
	put_encoded(out, name);
	puts_to(out, " <");
	puts_to(out, email);
	puts_to(out, ">\r\nSubject: Unpaid wages: a question to ");
	put_encoded(out, name);
	snprintf(line, sizeof line,
		"\r\nMessage-ID: <%ld@committee.example>\r\n", number);
	puts_to(out, line);
	puts_to(out, "MIME-Version: 1.0\r\nContent-Type: "
		     "multipart/alternative; boundary=\"next\"\r\n");
	put_part(out, "text/plain");
	fill(out, letter, &letter->plain, person, false);
	put_part(out, "text/html");
	fill(out, letter, &letter->html, person, true);
	puts_to(out, "\r\n--next--\r\n");
}

static size_t
on_read(char *out, size_t size, size_t count, void *context)
{
	struct text *message = context;
	size_t len = message->len - message->read;

	if (len > size * count)
		len = size * count;
	memcpy(out, message->bytes + message->read, len);
	message->read += len;
	return len;
}

static CURL *
open_server(const char *port, struct text *message)
{
	CURL *curl = curl_easy_init();
	char url[64];

	if (!curl)
		fail("libcurl", "does not start");
	snprintf(url, sizeof url, "smtp://127.0.0.1:%s/localhost", port);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, SENDER);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(curl, CURLOPT_READDATA, message);
	return curl;
}

static void
send_to(CURL *curl, const char *email)
{
	struct curl_slist *to = curl_slist_append(NULL, email);
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		fail(email, curl_easy_strerror(code));
	curl_slist_free_all(to);
}

static sqlite3_stmt *
open_ledger(const char *path, sqlite3 **db)
{
	sqlite3_stmt *insert;

	if (sqlite3_open(path, db) != SQLITE_OK ||
		sqlite3_exec(*db,
			"pragma journal_mode = wal;"
			"pragma synchronous = normal;"
			"create table delivery (id integer primary key,"
			" email text, at text)",
			NULL, NULL, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(*db,
			"insert into delivery values (?, ?, datetime('now'))",
			-1, &insert, NULL) != SQLITE_OK)
		fail(path, sqlite3_errmsg(*db));
	return insert;
}

static void
write_down(sqlite3_stmt *insert, long number, const char *email)
{
	sqlite3_bind_int64(insert, 1, number);
	sqlite3_bind_text(insert, 2, email, -1, SQLITE_STATIC);
	if (sqlite3_step(insert) != SQLITE_DONE)
		fail("ledger", "cannot be written");
	sqlite3_reset(insert);
}

int
main(int argc, char **argv)
{
	static struct letter letter;
	static struct text message;
	char *head = NULL, *line = NULL;
	size_t head_size = 0, line_size = 0;
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;
	long count;
	FILE *list;
	CURL *curl;

	if (argc < 5)
		fail("usage", "curl_send PORT LIST LETTERS COUNT [LEDGER]");
	list = fopen(argv[2], "r");
	if (!list || getline(&head, &head_size, list) < 0)
		fail(argv[2], "cannot be read");
	split(head, letter.columns);
	read_template(argv[3], "wages.txt", &letter.plain);
	read_template(argv[3], "wages.html", &letter.html);
	count = strtol(argv[4], NULL, 10);
	if (argc > 5)
		insert = open_ledger(argv[5], &db);
	curl = open_server(argv[1], &message);
	for (long n = 1; n <= count; n++) {
		struct person person;
		const char *email;

		if (getline(&line, &line_size, list) < 0)
			fail(argv[2], "is too short");
		split(line, person.values);
		build(&message, &letter, &person, n);
		email = value_of(&letter, &person, "email", 5);
		send_to(curl, email);
		if (insert)
			write_down(insert, n, email);
	}
	curl_easy_cleanup(curl);
	sqlite3_finalize(insert);
	sqlite3_close(db);
	free(head);
	free(line);
	fclose(list);
	return 0;
}
