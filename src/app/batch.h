/* Batches: what each import brought, what of it repeats other signatures, and
 * taking all of one back. */
#ifndef APP_BATCH_H
#define APP_BATCH_H

#include "app/workspace.h"
#include "base/rows.h"

/* The batches of a letter, or of all (NULL). Errors: ERR_NOTFOUND. */
int batch_list(struct workspace *ws, const char *letter, struct rows *rows,
	struct err *err);

/* The signatures of a letter that repeat others, and what they repeat.
 * Errors: ERR_NOTFOUND. */
int batch_list_duplicates(struct workspace *ws, const char *letter,
	struct rows *rows, struct err *err);

struct batch_revoked {
	char *letter;
	char *source;
	int64_t at;	  /* when it came */
	int64_t counted;  /* of its signatures */
	int64_t repeated; /* of its signatures: counted by others */
	int64_t before;	  /* total of the letter */
	int64_t after;
};

/*
 * Takes a batch back: its signatures count no more, and where the same person
 * signed besides, that counts. really: do it; else only find out what would
 * be. watch (or NULL) is told how far it is. Release out also on an error.
 * Errors: ERR_NOTFOUND; ERR_REFUSED: it was revoked already.
 */
int batch_revoke(struct workspace *ws, int64_t batch, bool really,
	struct batch_revoked *out,
	void (*watch)(void *ctx, int64_t done, int64_t of), void *ctx,
	struct err *err);
void batch_revoked_release(struct batch_revoked *revoked);

#endif
