/*
 * The namespaces that a letter's tags reach: builds the values for one
 * message, and the declaration that all letters are checked against.
 */
#ifndef APP_DATA_H
#define APP_DATA_H

#include "base/fields.h"
#include "core/value.h"

/* The columns of a list that always exist. */
extern const char *const data_recipient_columns[];
extern const size_t data_recipient_column_count;

/* Everything that one message is filled with; borrowed. */
struct data_input {
	const struct fields *recipient;
	const struct fields *letter;
	const struct fields *campaign;
	const struct fields *organiser;
	const struct fields *signatures; /* totals */
	const struct value *names;	 /* signatures.list: name_count maps */
	size_t name_count;
	const struct fields *signer; /* NULL: a false section */
	const char *date;
	const char *unsubscribe; /* NULL: a false section */
};

struct data;

/* Returns the values, to free with data_free before what was borrowed. */
struct data *data_new(const struct data_input *in);
const struct value *data_root(const struct data *data);
void data_free(struct data *data);

/* Everything that may be named, with these recipient columns beside the known
 * ones; every value is text, so that with "" no section is taken but the
 * inverted ones, with "1" all others. */
struct data *data_declare(const struct fields *columns, const char *text);

#endif
