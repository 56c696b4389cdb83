/*
 * What an SMTP session's events mean for one message. Pure: the transports
 * write down what they saw, outcome_decide says what it means, and both
 * transports share it. An outcome is a value, not an error.
 */
#ifndef CORE_OUTCOME_H
#define CORE_OUTCOME_H

#include <stdbool.h>

enum outcome_kind {
	OUTCOME_QUEUED,	  /* not begun: back to the queue, the try is not
			     counted */
	OUTCOME_OURS,	  /* our own fault (sender, AUTH, TLS): back to the
			     queue, and the mailing pauses */
	OUTCOME_DEFERRED, /* not accepted this time; try again later */
	OUTCOME_REJECTED, /* refused for good */
	OUTCOME_SENT,	  /* the server took responsibility */
	OUTCOME_UNKNOWN,  /* handed over, no clear answer */
};

/* A server's reply (RFC 5321 4.2, RFC 3463). */
struct smtp_reply {
	int code;	 /* 0: none was seen */
	char status[12]; /* enhanced status "5.1.1", or "" */
	char text[400];	 /* printable UTF-8, one line, without code and
			    status */
};

/* What was seen of one message. Zero-initialised: nothing yet. */
struct smtp_events {
	bool mail_seen;
	struct smtp_reply mail;
	bool rcpt_seen;
	struct smtp_reply rcpt;
	bool body_done;	    /* the end of the body was handed over */
	bool done_seen;	    /* the transfer was reported as ended */
	bool done_text;	    /* ... with a whole reply */
	bool rcpt_complete; /* the library holds the recipient as accepted */
	struct smtp_reply done;
};

struct outcome {
	enum outcome_kind kind;
	bool policy;		 /* the recipient was refused with 5.7.x */
	bool handed_over;	 /* the server was given all of the message */
	struct smtp_reply reply; /* the one that decided; code 0 if none did */
};

/* The first rule that fits decides; they stand in outcome.c. */
void outcome_decide(const struct smtp_events *seen, struct outcome *out);

/* Whether the message is larger than the server takes (RFC 1870, RFC 3463
 * 3.4); a full mailbox (552 5.2.2) is another matter. */
bool smtp_reply_is_too_large(const struct smtp_reply *reply);

/*
 * Takes a raw reply line or text apart: an enhanced status in front is moved
 * to status if its class is that of code, white space and line ends become one
 * blank, other control characters and bytes that are not UTF-8 '?', the rest
 * is cut to fit at a character.
 */
void smtp_reply_set(struct smtp_reply *reply, int code, const char *text);

#endif
