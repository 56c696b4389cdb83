/* Command line options as rows that point at the variables they set. */
#ifndef CMD_OPT_H
#define CMD_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_TEXT,   /* const char * */
	OPT_NUMBER, /* long, at least 1 */
	OPT_LIST,   /* struct opt_list: may be given several times */
};

enum {
	OPT_LIST_MAX = 32
};

struct opt_list {
	const char *items[OPT_LIST_MAX];
	size_t count;
};

/* "-q" is letter 'q'; a row ends with neither. */
struct opt {
	const char *name; /* without "--"; NULL: only the letter */
	char letter;	  /* 0: only the name */
	enum opt_kind kind;
	void *to;
	const char *value; /* what the value is called in help; NULL: flag */
	const char *help;
};

#define OPT_END                                     \
	{                                           \
		NULL, 0, OPT_FLAG, NULL, NULL, NULL \
	}

/*
 * Reads arguments: options of either table into their variables, others to
 * the front of argv, whose number is in *argc afterwards. "--" ends options.
 * stop_at_word: leaves everything from the first other argument on alone.
 * Errors: ERR_USAGE.
 */
int opt_parse(const struct opt *own, const struct opt *common,
	bool stop_at_word, int *argc, char **argv, struct err *err);

/* Prints the rows for -h. */
void opt_help(const struct opt *options);

#endif
