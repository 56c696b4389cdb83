/*
 * Words for one sending of one letter. The numbers stand in the database and
 * never change.
 */
#ifndef CORE_MAILING_H
#define CORE_MAILING_H

enum audience {
	AUDIENCE_RECIPIENTS = 0,
	AUDIENCE_FOR_SIGNERS = 1, /* in each signer's name */
	AUDIENCE_TO_SIGNERS = 2,  /* news to supporters */
	AUDIENCE_TEST = 3,	  /* one message to oneself */
};

enum mailing_state {
	MAILING_RUNNING = 0,
	MAILING_PAUSED = 1,
	MAILING_DONE = 2,
	MAILING_CANCELLED = 3,
};

/* As what the list of signatures goes along with a letter. */
enum signature_list {
	SIGNATURE_LIST_NONE = 0,
	SIGNATURE_LIST_CSV = 1,
	SIGNATURE_LIST_HTML = 2,
};

const char *audience_name(enum audience audience);
const char *mailing_state_name(enum mailing_state state);

/* "csv" or "html". Returns 0 or -1. */
int signature_list_parse(const char *name, enum signature_list *out);

#endif
