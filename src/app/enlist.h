/*
 * Fills a mailing with its deliveries: walks the audience, leaves out who was
 * reached already, tries out each letter, and freezes the rows. Runs within
 * the transaction that makes the mailing, so a dry run is one that is undone.
 */
#ifndef APP_ENLIST_H
#define APP_ENLIST_H

#include "app/mailing.h"

struct enlist_options {
	enum audience audience; /* not test */
	char *const *lists;	/* recipients' lists; not for to-signers */
	size_t list_count;
	char *const *copies; /* addresses that get a marked copy */
	size_t copy_count;
	const char *test; /* checked address that gets the first letter instead
			     of everybody; NULL */
	bool again;	  /* also who was reached already */
	/* NULL, or told after each delivery: 0, and how many there are. */
	void (*watch)(void *ctx, int64_t written, int64_t total);
	void *watch_ctx;
};

/* What was found; release with enlisted_release. */
struct enlisted {
	int64_t queued; /* copies counted */
	int64_t copies;
	int64_t suppressed;
	int64_t reached;     /* left out */
	int64_t repeats;     /* the same address once more: left out */
	int64_t skipped;     /* rows that cannot be used: in problems */
	struct fields langs; /* language -> how many, of the queued */
	char *first_to; /* the first message, for the summary; NULL without */
	char *first_subject;
	char *first_text;
};

/*
 * Adds the deliveries of a saved mailing, and the files of its rows. Rows that
 * cannot be used are added to problems, repeats to notes. Errors: ERR_NOTFOUND,
 * ERR_DATA: a list as a whole cannot be used; ERR_IO.
 */
int enlist(struct workspace *ws, struct mailing *mailing, int64_t letter_id,
	const struct enlist_options *options, struct enlisted *out,
	struct problems *problems, struct problems *notes, struct err *err);

void enlisted_release(struct enlisted *e);

/* Adds the columns of the lists to out: what a letter to them may name. */
int enlist_columns(struct workspace *ws, char *const *lists, size_t count,
	struct fields *out, struct err *err);

#endif
