#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sign_sample.h"

static int
mode_of(const char *dir, const char *name)
{
	char *path = file_join(dir, name);
	struct stat st;
	int rc = stat(path, &st);

	free(path);
	return rc < 0 ? -1 : (int)(st.st_mode & 07777);
}

static struct store *
open_again(struct sample *s)
{
	char *path = file_join(s->dir, "openletter.db");

	store_close(s->store);
	s->store = NULL;
	ok(s, store_open(path, &s->store, &s->err));
	free(path);
	return s->store;
}

static void
test_reopen(void **state)
{
	struct sample *s = *state;
	int version = 0, application = 0;
	int64_t id = 0;

	assert_int_equal(store_letter_find(s->store, "ilo/a", &id, &s->err), 1);
	assert_int_equal(id, s->letter);
	open_again(s);
	assert_int_equal(store_letter_find(s->store, "ilo/a", &id, &s->err), 1);
	assert_int_equal(id, s->letter);
	assert_int_equal(store_letter_find(s->store, "ilo/b", &id, &s->err), 0);
	ok(s, db_header(s->store->db, &version, &application, &s->err));
	assert_true(version >= 1);
	assert_true(application != 0);
}

/* Who reads sees one moment, and nobody who writes waits for it. */
static void
test_begin_read(void **state)
{
	struct sample *s = *state;
	char *path = file_join(s->dir, "openletter.db");
	struct store *other = NULL;
	int64_t id;

	ok(s, store_open(path, &other, &s->err));
	ok(s, store_begin_read(other, "reader", &s->err));
	assert_int_equal(store_letter_find(other, "ilo/b", &id, &s->err), 0);
	sample_begin(s);
	ok(s, store_letter(s->store, "ilo/b", &id, &s->err));
	sample_commit(s);
	assert_int_equal(store_letter_find(other, "ilo/b", &id, &s->err), 0);
	store_rollback(other);
	assert_int_equal(store_letter_find(other, "ilo/b", &id, &s->err), 1);
	store_close(other);
	free(path);
}

static void
test_private(void **state)
{
	struct sample *s = *state;
	char *path = file_join(s->dir, "openletter.db");

	assert_int_equal(mode_of(s->dir, "openletter.db"), 0600);
	assert_int_equal(mode_of(s->dir, "openletter.db-wal"), 0600);
	assert_int_equal(mode_of(s->dir, "openletter.db-shm"), 0600);
	store_close(s->store);
	s->store = NULL;
	/* As a copy from elsewhere may be. */
	assert_int_equal(chmod(path, 0664), 0);
	ok(s, store_open(path, &s->store, &s->err));
	assert_int_equal(mode_of(s->dir, "openletter.db"), 0600);
	free(path);
}

/* An empty file is where a database begins. */
static void
test_empty_file(void **state)
{
	struct sample *s = *state;
	char *path = temp_write(s->dir, "empty.db", "", 0);
	int64_t id;

	store_close(s->store);
	s->store = NULL;
	ok(s, store_open(path, &s->store, &s->err));
	sample_begin(s);
	ok(s, store_letter(s->store, "a/b", &id, &s->err));
	sample_commit(s);
	free(path);
}

/* What version 1 kept is known in this one. */
static void
test_migrate(void **state)
{
	static const char first[] = {
#include "store/schema_sql.h"
	};
	static const char rows[] =
		"INSERT INTO letter(id, name) VALUES (1, 'c/l');"
		"INSERT INTO edition(id, letter, lang, sha256, text) "
		"VALUES (1, 1, 'en', '', '');"
		"INSERT INTO consent(id, text) VALUES (1, '');"
		"INSERT INTO signature SELECT value, 1, 1, 1, 0, 1, 0, value, "
		"'', '', '', '', '', '', '', '', '', '', 0, '', NULL, NULL, "
		"0, value * 10 FROM json_each('[1, 2, 3, 4, 5]');"
		"INSERT INTO mailing VALUES (1, 1, 0, 2, '', 0, '', 30, '', "
		"'', '', '', '', '');";
	struct sample *s = *state;
	char *path = file_join(s->dir, "old.db");
	struct store_item again;
	int version, ours;
	int64_t fresh;
	struct db *db;

	ok(s, db_header(s->store->db, &version, &ours, &s->err));
	ok(s, db_open(path, true, &db, &s->err));
	ok(s, db_script(db, first, &s->err));
	ok(s, db_script(db, rows, &s->err));
	ok(s, db_set_header(db, 1, ours, &s->err));
	db_close(db);
	store_close(s->store);
	s->store = NULL;
	ok(s, store_open(path, &s->store, &s->err));
	ok(s, store_count_new(s->store, 1, &fresh, &s->err));
	assert_int_equal(fresh, 2);
	sample_recount(s);
	/* Who signed then has signed. */
	again = sample_sign(s, 1, "desk",
		&(struct signature){.key = "3", .name = "C"}, false);
	assert_int_equal(again.what, STORE_SIGNED_AGAIN);
	assert_int_equal(again.first, 3);
	free(path);
}

static void
test_not_ours(void **state)
{
	enum {
		OURS = -1
	};
	static const struct {
		int version, application;
		enum err_kind kind;
	} cases[] = {
		{99, OURS, ERR_CONFIG}, {2, 0, ERR_DATA}, {1, 0, ERR_DATA},
		{99, 0x12345678, ERR_DATA}, {1, 0x12345678, ERR_DATA},
		{0, 0x12345678, ERR_DATA},
		{0, 0, ERR_DATA}, /* most programs set neither */
	};
	struct sample *s = *state;
	char *path = file_join(s->dir, "other.db");
	int version, ours;

	ok(s, db_header(s->store->db, &version, &ours, &s->err));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct store *store = NULL;
		struct db *db;
		int application = cases[i].application == OURS
					  ? ours
					  : cases[i].application;

		ok(s, db_open(path, true, &db, &s->err));
		ok(s, db_script(
			      db, "CREATE TABLE IF NOT EXISTS t(a)", &s->err));
		ok(s, db_set_header(
			      db, cases[i].version, application, &s->err));
		db_close(db);
		if (store_open(path, &store, &s->err) == 0)
			fail_msg("case %zu is opened", i);
		if (s->err.kind != cases[i].kind ||
			!strstr(s->err.msg, "other.db"))
			fail_msg("case %zu: %s", i, s->err.msg);
		/* It is as it was. */
		ok(s, db_open(path, false, &db, &s->err));
		ok(s, db_header(db, &version, &application, &s->err));
		assert_int_equal(version, cases[i].version);
		assert_int_equal(
			db_script(db, "SELECT * FROM letter", &s->err), -1);
		db_close(db);
	}
	free(path);
}

static void
test_not_a_database(void **state)
{
	struct sample *s = *state;
	char *text = temp_write(s->dir, "text.db",
		"email,name\nthis is a list, and long enough\n", 43);
	char *folder = file_join(s->dir, "folder.db");
	struct store *store;

	assert_int_equal(store_open(text, &store, &s->err), -1);
	assert_int_equal(s->err.kind, ERR_DATA);
	ok(s, file_make_folder(folder, &s->err));
	assert_int_equal(store_open(folder, &store, &s->err), -1);
	assert_int_equal(s->err.kind, ERR_IO);
	free(text);
	free(folder);
}

static void
test_open_existing_only(void **state)
{
	struct sample *s = *state;
	char *path = file_join(s->dir, "missing.db");
	struct db *db;

	assert_int_equal(db_open(path, false, &db, &s->err), -1);
	assert_int_equal(s->err.kind, ERR_NOTFOUND);
	assert_false(file_exists(path));
	free(path);
}

/* Opens a store as a user who may not write here; in a process of its own,
 * since there is no way back. Returns the kind of the error. */
static enum err_kind
open_as_other(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = {0};
		struct store *store;

		if (geteuid() == 0 &&
			(setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
				setuid(65534) < 0))
			_exit(99);
		_exit(store_open(path, &store, &err) == 0 ? 98 : (int)err.kind);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return (enum err_kind)WEXITSTATUS(status);
}

static void
test_read_only_folder(void **state)
{
	struct sample *s = *state;
	char *there = file_join(s->dir, "openletter.db");
	char *not_there = file_join(s->dir, "new.db");

	store_close(s->store);
	s->store = NULL;
	assert_int_equal(chmod(s->dir, 0555), 0);
	assert_int_equal(open_as_other(not_there), ERR_CREATE);
	assert_int_equal(open_as_other(there), ERR_IO);
	assert_int_equal(chmod(s->dir, 0700), 0);
	free(there);
	free(not_there);
}

static void
test_kept_once(void **state)
{
	struct sample *s = *state;
	int64_t id = 0, other = 0;

	sample_begin(s);
	ok(s, store_letter(s->store, "ilo/a", &id, &s->err));
	assert_int_equal(id, s->letter);
	ok(s, store_letter(s->store, "ilo/b", &other, &s->err));
	assert_int_not_equal(other, s->letter);
	ok(s, store_edition(s->store, s->letter, "en", "text", &id, &s->err));
	assert_int_equal(id, s->edition);
	ok(s, store_edition(s->store, s->letter, "en", "text.", &id, &s->err));
	assert_int_not_equal(id, s->edition);
	ok(s, store_edition(s->store, s->letter, "fa", "text", &id, &s->err));
	assert_int_not_equal(id, s->edition);
	ok(s, store_edition(s->store, other, "en", "text", &id, &s->err));
	assert_int_not_equal(id, s->edition);
	ok(s, store_consent(s->store, "consent", &id, &s->err));
	assert_int_equal(id, s->consent);
	ok(s, store_consent(s->store, "another", &id, &s->err));
	assert_int_not_equal(id, s->consent);
	sample_commit(s);
}

static void
test_transactions(void **state)
{
	struct sample *s = *state;
	int64_t id;

	sample_begin(s);
	ok(s, store_letter(s->store, "a/undone", &id, &s->err));
	store_rollback(s->store);
	assert_int_equal(
		store_letter_find(s->store, "a/undone", &id, &s->err), 0);
	store_rollback(s->store);
	sample_begin(s);
	ok(s, store_letter(s->store, "a/done", &id, &s->err));
	sample_commit(s);
	/* What was not committed when the program ended is not there. */
	sample_begin(s);
	ok(s, store_letter(s->store, "a/open", &id, &s->err));
	open_again(s);
	assert_int_equal(
		store_letter_find(s->store, "a/done", &id, &s->err), 1);
	assert_int_equal(
		store_letter_find(s->store, "a/open", &id, &s->err), 0);
}

/* The secret is made once and never changes. */
static void
test_secret(void **state)
{
	struct sample *s = *state;
	struct token_key first, again, other;

	assert_int_equal(store_token_key(s->store, "a", &first, &s->err), 0);
	sample_begin(s);
	ok(s, store_secret_make(s->store, &s->err));
	sample_commit(s);
	assert_int_equal(store_token_key(s->store, "a", &first, &s->err), 1);
	assert_int_equal(store_token_key(s->store, "b", &other, &s->err), 1);
	assert_memory_not_equal(&first, &other, sizeof first);
	open_again(s);
	sample_begin(s);
	ok(s, store_secret_make(s->store, &s->err));
	sample_commit(s);
	assert_int_equal(store_token_key(s->store, "a", &again, &s->err), 1);
	assert_memory_equal(&first, &again, sizeof first);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_reopen),
		WITH_STORE(test_begin_read),
		WITH_STORE(test_private),
		WITH_STORE(test_empty_file),
		WITH_STORE(test_migrate),
		WITH_STORE(test_not_ours),
		WITH_STORE(test_not_a_database),
		WITH_STORE(test_open_existing_only),
		WITH_STORE(test_read_only_folder),
		WITH_STORE(test_kept_once),
		WITH_STORE(test_transactions),
		WITH_STORE(test_secret),
	};

	umask(0); /* the store sees to it itself */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
