/*
 * Erasing a person, and forgetting signatures that are old: their data leaves
 * the database and its files; what was counted stays counted.
 */
#ifndef APP_ERASE_H
#define APP_ERASE_H

#include <stdbool.h>

#include "app/workspace.h"
#include "core/signature.h"

/* Whom. Either an address, or somebody without one in one letter, or with
 * neither all old signatures. */
struct erase_request {
	const char *email;
	const char *letter;	   /* NULL: of all letters */
	const struct signature *s; /* kind, name or organisation, country,
				      postcode; NULL: not by name */
	int64_t before;		   /* old is what was signed before */
	bool closed;		   /* only in letters that have closed */
};

struct erase_letter {
	char *name;
	int64_t signatures;
};

/* What there is of them. */
struct erase_plan {
	struct erase_letter *letters;
	size_t letter_count;
	size_t letter_cap;
	int64_t signatures; /* of all letters, of whatever state */
	int64_t counted;    /* of these: they stay counted */
	int64_t organisations;
	int64_t readers;  /* who asked for news */
	int64_t messages; /* to them, and in their name */
	int64_t open;	  /* of these, not sent yet: these are cancelled */
	int64_t unknown;  /* of these */
	int64_t kept;	  /* old, but a letter to or for them is under way */
	bool suppressed;  /* the address */
	bool erased;	  /* it was before */
};

void erase_plan_release(struct erase_plan *plan);

/* Whether there is anything to erase. */
bool erase_plan_any(const struct erase_plan *plan);

/*
 * Looks what there is, and changes nothing.
 * Errors: ERR_NOTFOUND: nothing at all of that person or letter; ERR_DATA: the
 * address, name or country; ERR_REFUSED: a mailing is being sent; ERR_IO.
 */
int erase_look(struct workspace *ws, const struct erase_request *request,
	struct erase_plan *out, struct err *err);

/*
 * Erases it. What was erased is out of the tables for good when this returns;
 * the files are clean only after erase_scrub. Errors: as above.
 */
int erase_do(struct workspace *ws, const struct erase_request *request,
	struct erase_plan *out, struct err *err);

/*
 * Writes the database anew, so that nothing is left in it. Also after an
 * erase that ended before it came to this.
 * Errors: ERR_AGAIN: another program reads; ERR_IO.
 */
int erase_scrub(struct workspace *ws, struct err *err);

/* Whether that is due. Returns 1, 0 or -1. */
int erase_scrub_is_due(struct workspace *ws, struct err *err);

/* Reads an age (2y, 18m, 90d, 6w) or a day: the time before which things are
 * older than that. Errors: ERR_USAGE. */
int erase_parse_age(
	const char *text, int64_t now, int64_t *before, struct err *err);

#endif
