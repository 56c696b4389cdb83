/* For tests of the store: a new store in a folder of its own, with a letter
 * that can be signed. Failures of what a test only needs end it. */
#ifndef TESTS_STORE_SAMPLE_H
#define TESTS_STORE_SAMPLE_H

#include "store/store.h"
#include "temp.h"

struct sample {
	char dir[TEMP_MAX];
	struct store *store;
	int64_t letter;
	int64_t edition;
	int64_t consent;
	struct err err;
};

#define ok(sample, call)                                              \
	do {                                                          \
		if ((call) < 0)                                       \
			fail_msg("%s: %s", #call, (sample)->err.msg); \
	} while (0)

static inline void
sample_begin(struct sample *s)
{
	ok(s, store_begin(s->store, "test", DB_ORDERED, &s->err));
}

static inline void
sample_commit(struct sample *s)
{
	ok(s, store_commit(s->store, &s->err));
}

static inline int
sample_set_up(void **state)
{
	struct sample *s = mem_zalloc(sizeof *s);
	char *path;

	temp_make(s->dir);
	path = file_join(s->dir, "openletter.db");
	ok(s, store_open(path, &s->store, &s->err));
	free(path);
	sample_begin(s);
	ok(s, store_letter(s->store, "ilo/a", &s->letter, &s->err));
	ok(s, store_edition(
		      s->store, s->letter, "en", "text", &s->edition, &s->err));
	ok(s, store_consent(s->store, "consent", &s->consent, &s->err));
	sample_commit(s);
	*state = s;
	return 0;
}

static inline int
sample_tear_down(void **state)
{
	struct sample *s = *state;

	store_close(s->store);
	temp_remove(s->dir);
	free(s);
	return 0;
}

#define WITH_STORE(test) \
	cmocka_unit_test_setup_teardown(test, sample_set_up, sample_tear_down)

#endif
