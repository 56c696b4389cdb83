/*
 * Taking signatures: by hand, from a table at a march, from CSV files. What
 * becomes of them is in app/life.h.
 */
#ifndef APP_SIGN_H
#define APP_SIGN_H

#include <stdbool.h>

#include "app/workspace.h"
#include "base/encoding.h"
#include "core/columns.h"
#include "core/signature.h"

/* A letter that can be signed now. */
struct signing_desk;

/*
 * Opens a letter for signing: records the edition that signers see (in lang,
 * by look-up; NULL: the organiser's) and the consent they give.
 * Errors: ERR_NOTFOUND; ERR_DATA with problems; ERR_REFUSED: not a letter,
 * or today is outside Opens..Closes (not checked with any_day, for imports).
 */
int sign_open(struct workspace *ws, const char *letter, const char *lang,
	bool any_day, struct signing_desk **out, struct problems *problems,
	struct err *err);
void sign_close(struct signing_desk *desk);

const char *sign_title(const struct signing_desk *desk);
const char *sign_consent(const struct signing_desk *desk);

enum sign_result {
	SIGN_NEW,
	SIGN_AGAIN,   /* was there; nothing changed */
	SIGN_TIGHTER, /* was there; visibility tightened */
};

/*
 * Stores a signature in a durable transaction of its own: once this returns
 * 0 it is not lost. Checks and tidies it first; signed_at is now, and without
 * lang it is the letter's.
 * token: NULL, or room for TOKEN_MAX: it is pending until that is used
 * (app/life.h), and needs an address.
 * Errors: ERR_DATA: what is wrong with which value; ERR_IO.
 */
int sign_take(struct signing_desk *desk, const struct signature *given,
	char *token, enum sign_result *out, struct err *err);

struct import_result {
	int64_t batch; /* 0: nothing was stored */
	int64_t rows;
	int64_t added;
	int64_t again;
	int64_t tighter;
	int64_t withdrawn; /* not taken: withdrawn before */
	int64_t refused;   /* not taken: rejected before, by hand */
	int64_t erased;	   /* not taken: erased before */
	int64_t idle;	   /* not taken: withdrawn, say, where they come from */
	int64_t rejected;
	char *rejects; /* the file they were written to, NULL without; free */
	char *unused;  /* columns that mean nothing to us, "" without; free */
};

struct import_request {
	const char *letter;
	const char *file;
	const char *source; /* NULL: the file's name */
	enum encoding encoding;
	char delimiter; /* 0: the first line says */
	const struct column_map *maps;
	size_t map_count;
	bool month_first; /* 7/1/2010 is 1 July */
	bool dry_run;
	/* Told after each row, or NULL: how far the reading of the file is, in
	 * bytes; end is 0 when its size is not known. */
	void (*watch)(void *ctx, const struct import_result *so_far,
		int64_t place, int64_t end);
	void *watch_ctx;
};

/*
 * Imports a CSV file: all of it or, on an error, nothing. Rows that cannot
 * be taken are written to FILE.rejects.csv with their reason.
 * Errors: ERR_NOTFOUND, ERR_DATA: the file as a whole (header, encoding,
 * quotes), with problems; ERR_USAGE: a map that fits nothing; ERR_IO.
 */
int sign_import(struct workspace *ws, const struct import_request *request,
	struct import_result *out, struct problems *problems, struct err *err);

#endif
