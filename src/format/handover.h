/*
 * The hand-over: a letter and the names under it as a PDF, for those whom the
 * letter is written to. A title page, the letter, the totals with a table by
 * country, the organisations, the people.
 *
 * Knows no store: what stands on the pages comes from the caller, one thing
 * at a time, and is asked for twice, since each page bears the number of all.
 * One thread at a time. Pango and Cairo are used in handover_*.c only.
 */
#ifndef FORMAT_HANDOVER_H
#define FORMAT_HANDOVER_H

#include <stdint.h>

#include "base/err.h"
#include "format/markdown.h"

enum handover_paper {
	HANDOVER_A4,
	HANDOVER_LETTER /* ANSI A: 8.5 x 11 in */
};

struct handover_facts {
	enum handover_paper paper;
	const char *lang; /* BCP 47: of the letter, the words, the direction */
	const char *title;
	const char *organiser;
	const char *day; /* YYYY-MM-DD */
	int64_t total;	 /* these whatever their visibility */
	int64_t people;
	int64_t organisations;
	int64_t countries;
};

/* A row of the table by country; name "" is not known. */
struct handover_country {
	char *name;
	int64_t total;
};

/* One name; none is NULL, "" is left out. */
struct handover_name {
	const char *name; /* of a person or an organisation */
	const char *role;
	const char *organisation; /* of a person; of an organisation: who
				     signed for it */
	const char *city;
	const char *country;
	const char *comment;
};

struct handover;

/*
 * Says what is on the pages, with the calls below, from the first to the
 * last; is called twice and says the same each time.
 */
typedef int
handover_feed_fn(void *ctx, struct handover *handover, struct err *err);

/* Takes the next bytes of the PDF. Returns 0, or -1 with err set. */
typedef int
handover_write_fn(void *ctx, const char *data, size_t len, struct err *err);

/* What was made. */
struct handover_result {
	int pages;
	int64_t names;
	int64_t unreadable; /* of them: in a script that no font here has */
};

/*
 * Writes the PDF. It holds nothing about the machine, and the same input
 * gives the same bytes. Errors: those of feed and write; ERR_CONFIG: there is
 * no font here; ERR_IO.
 */
int handover_write(const struct handover_facts *facts, handover_feed_fn *feed,
	void *feed_ctx, handover_write_fn *write, void *write_ctx,
	struct handover_result *out, struct err *err);

/* The letter's text, block by block: a markdown_block_fn with a struct
 * handover for ctx. */
int handover_block(
	void *handover, const struct markdown_block *block, struct err *err);

/* The totals and, below them, this table. */
int handover_totals(struct handover *h, const struct handover_country *rows,
	size_t count, struct err *err);

enum handover_part {
	HANDOVER_ORGANISATIONS,
	HANDOVER_PEOPLE
};

/* Begins a list of names; they are numbered through both. */
int handover_part(struct handover *h, enum handover_part part, struct err *err);

int handover_name(
	struct handover *h, const struct handover_name *name, struct err *err);

/* Ends a list with how many there are besides; 0: says nothing. */
int handover_unnamed(struct handover *h, int64_t count, struct err *err);

#endif
