/* For tests of the application: a workspace of one's own, made of texts. */
#ifndef TESTS_APP_SAMPLE_H
#define TESTS_APP_SAMPLE_H

#include "app/catalog.h"
#include "app/compose.h"
#include "app/mailing.h"
#include "base/str.h"
#include "temp.h"

struct app {
	char dir[TEMP_MAX];
	struct workspace ws;
	struct catalog catalog;
	struct problems problems;
	struct mailing *mailing;
	struct err err;
};

static inline int
app_set_up(void **state)
{
	struct app *a = mem_zalloc(sizeof *a);

	temp_make(a->dir);
	temp_plant(a->dir, "openletter.conf",
		"[organiser]\n"
		"name = Committee\n"
		"from = Committee <us@example.org>\n"
		"url = https://www.example.org\n");
	if (workspace_find(a->dir, &a->ws, &a->err) < 0 ||
		workspace_load_conf(&a->ws, &a->problems, &a->err) < 0)
		fail_msg("%s", a->err.msg);
	*state = a;
	return 0;
}

/* Forgets what was read, so that it can be read anew. */
static inline void
app_forget(struct app *a)
{
	mailing_free(a->mailing);
	a->mailing = NULL;
	catalog_release(&a->catalog);
	problems_release(&a->problems);
}

static inline int
app_tear_down(void **state)
{
	struct app *a = *state;

	app_forget(a);
	workspace_release(&a->ws);
	temp_remove(a->dir);
	free(a);
	return 0;
}

static inline void
app_load(struct app *a)
{
	if (catalog_load(&a->ws, &a->catalog, &a->problems, &a->err) < 0)
		fail_msg("%s", a->err.msg);
}

/* Prepares a mailing of the letter c/l, whose recipients have these columns
 * more. */
static inline int
app_try_prepare(
	struct app *a, enum audience audience, const struct fields *columns)
{
	app_load(a);
	return mailing_prepare(&a->ws,
		&(struct mailing_request){
			.catalog = &a->catalog,
			.letter = "c/l",
			.audience = audience,
			.supporters = audience == AUDIENCE_TO_SIGNERS,
			.account = "main",
			.columns = columns,
			.now = 1700000000,
		},
		&a->mailing, &a->problems, &a->err);
}

static inline void
app_prepare(struct app *a, enum audience audience, const struct fields *columns)
{
	if (app_try_prepare(a, audience, columns) < 0)
		fail_msg("%s: %s", a->err.msg,
			a->problems.count ? a->problems.items[0].text : "");
}

#define WITH_APP(test) \
	cmocka_unit_test_setup_teardown(test, app_set_up, app_tear_down)

#endif
