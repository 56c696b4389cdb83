/*
 * E-mail addresses: one strict type. What passes here is safe in an SMTP
 * command and in a header field, everywhere in the program.
 */
#ifndef CORE_ADDRESS_H
#define CORE_ADDRESS_H

#include "base/err.h"

/* A checked address; a value, copied by =. */
struct address {
	char local[65];	  /* RFC 5321 4.5.3.1.1: 64 octets, dot-atom */
	char domain[254]; /* A-labels, lower case */
};

/* Room for local@domain and a NUL; in all 254 (RFC 5321 erratum 1690). */
enum {
	ADDRESS_MAX = 320
};

/*
 * Reads one bare address (addr-spec). White space and invisible marks round it
 * are dropped; an IDN domain becomes A-labels (IDNA 2008, UTS 46 mapping);
 * full-width forms in the domain are mapped; a "mailto:" in front and one pair
 * of <> round it are taken off. Not accepted, although RFC 5321 has them:
 * quoted local parts, address literals, domains without a dot (but
 * "localhost"), comments, local parts that are not ASCII (no SMTPUTF8).
 * Errors: ERR_DATA, saying what is wrong with it in plain words
 * ("no @ in it", "two @ in it", "blank inside", "ends in a dot"), without the
 * address itself.
 */
int address_parse(const char *text, struct address *out, struct err *err);

/* Writes local@domain. */
void address_format(const struct address *a, char out[static ADDRESS_MAX]);

/*
 * Writes the form that says whether two addresses are one person's mailbox:
 * lower case, alias domains made one (googlemail.com is gmail.com), dots and
 * +tags dropped where the provider ignores them (a table of domains).
 * For matching only: never write to it.
 */
void address_canonical(const struct address *a, char out[static ADDRESS_MAX]);

/*
 * Reads one RFC 5322 mailbox as people write it in a configuration or a
 * letter: `Name <a@b>`, `"Name, with comma" <a@b>`, `a@b`. name (free it) is
 * "" when there is none; it may be any UTF-8 without control characters.
 * Errors: ERR_DATA.
 */
int address_parse_mailbox(
	const char *text, char **name, struct address *out, struct err *err);

#endif
