#include "app/data.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

const char *const data_recipient_columns[] = {"email", "name", "salutation",
	"title", "organisation", "country", "lang", "attach"};
const size_t data_recipient_column_count =
	sizeof data_recipient_columns / sizeof data_recipient_columns[0];

enum root_name {
	ROOT_RECIPIENT,
	ROOT_LETTER,
	ROOT_CAMPAIGN,
	ROOT_ORGANISER,
	ROOT_SIGNATURES,
	ROOT_SIGNER,
	ROOT_DATE,
	ROOT_UNSUBSCRIBE,
	ROOT_CONFIRM,
	ROOT_COUNT
};

static const char *const root_names[ROOT_COUNT] = {
	[ROOT_RECIPIENT] = "recipient",
	[ROOT_LETTER] = "letter",
	[ROOT_CAMPAIGN] = "campaign",
	[ROOT_ORGANISER] = "organiser",
	[ROOT_SIGNATURES] = "signatures",
	[ROOT_SIGNER] = "signer",
	[ROOT_DATE] = "date",
	[ROOT_UNSUBSCRIBE] = "unsubscribe",
	[ROOT_CONFIRM] = "confirm",
};

struct data {
	struct value root;
	struct value items[ROOT_COUNT];
	struct fields *declared; /* of data_declare: owned, as is the next */
	struct value *declared_name;
};

/* A map of the fields, with room for one more item. */
static struct value
make_map(const struct fields *f, enum value_kind kind)
{
	size_t count = f ? f->count : 0;
	const char **names = mem_zalloc((count + 1) * sizeof *names);
	struct value *items = mem_zalloc((count + 1) * sizeof *items);

	for (size_t i = 0; i < count; i++) {
		names[i] = f->items[i].name;
		items[i].kind = kind;
		items[i].text = f->items[i].value;
	}
	return (struct value){
		.kind = VALUE_MAP,
		.names = names,
		.items = items,
		.count = count,
	};
}

/* The arrays are ours, however const they look to readers. */
static void
free_map(struct value *map)
{
	if (map->kind != VALUE_MAP)
		return;
	free((void *)(uintptr_t)map->names);
	free((void *)(uintptr_t)map->items);
}

static struct value
make_text(const char *text)
{
	return (struct value){
		.kind = text ? VALUE_TEXT : VALUE_FALSE,
		.text = text,
	};
}

/* The totals, and `list` behind them. */
static void
make_signatures(struct data *data, const struct data_input *in)
{
	struct value map = make_map(in->signatures, VALUE_NUMBER);
	size_t last = map.count++;

	((const char **)(uintptr_t)map.names)[last] = "list";
	((struct value *)(uintptr_t)map.items)[last] = (struct value){
		.kind = VALUE_LIST,
		.items = in->names,
		.count = in->name_count,
	};
	data->items[ROOT_SIGNATURES] = map;
}

struct data *
data_new(const struct data_input *in)
{
	struct data *data = mem_zalloc(sizeof *data);

	data->items[ROOT_RECIPIENT] = make_map(in->recipient, VALUE_TEXT);
	data->items[ROOT_LETTER] = make_map(in->letter, VALUE_TEXT);
	data->items[ROOT_CAMPAIGN] = make_map(in->campaign, VALUE_TEXT);
	data->items[ROOT_ORGANISER] = make_map(in->organiser, VALUE_TEXT);
	make_signatures(data, in);
	if (in->signer)
		data->items[ROOT_SIGNER] = make_map(in->signer, VALUE_TEXT);
	data->items[ROOT_DATE] = make_text(in->date);
	data->items[ROOT_UNSUBSCRIBE] = make_text(in->unsubscribe);
	data->root = (struct value){
		.kind = VALUE_MAP,
		.names = root_names,
		.items = data->items,
		.count = ROOT_COUNT,
	};
	return data;
}

const struct value *
data_root(const struct data *data)
{
	return &data->root;
}

enum declared_set {
	DECLARED_RECIPIENT,
	DECLARED_LETTER,
	DECLARED_CAMPAIGN,
	DECLARED_ORGANISER,
	DECLARED_SIGNATURES,
	DECLARED_NAMES,
	DECLARED_SIGNER,
	DECLARED_COUNT
};

void
data_free(struct data *data)
{
	if (!data)
		return;
	for (int i = 0; i < ROOT_COUNT; i++)
		free_map(&data->items[i]);
	if (data->declared_name)
		free_map(data->declared_name);
	free(data->declared_name);
	for (int i = 0; data->declared && i < DECLARED_COUNT; i++)
		fields_release(&data->declared[i]);
	free(data->declared);
	free(data);
}

struct data *
data_declare(const struct fields *columns, const char *text)
{
	static const char *const names[DECLARED_COUNT][8] = {
		[DECLARED_LETTER] = {"title", "date", "url", "goal"},
		[DECLARED_CAMPAIGN] = {"title", "summary", "url"},
		[DECLARED_ORGANISER] = {"name", "address", "url"},
		[DECLARED_SIGNATURES] = {"total", "people", "organisations",
			"countries", "new"},
		[DECLARED_NAMES] = {"number", "name", "organisation", "role",
			"country", "city", "comment"},
		[DECLARED_SIGNER] = {"name", "email", "organisation", "role",
			"country", "city", "comment"},
	};
	struct fields *sets = mem_zalloc(DECLARED_COUNT * sizeof *sets);
	struct value *name;
	struct data *data;

	for (size_t i = 0; i < data_recipient_column_count; i++)
		fields_add(&sets[DECLARED_RECIPIENT], data_recipient_columns[i],
			"");
	for (size_t i = 0; columns && i < columns->count; i++)
		if (!fields_get(
			    &sets[DECLARED_RECIPIENT], columns->items[i].name))
			fields_add(&sets[DECLARED_RECIPIENT],
				columns->items[i].name, text);
	for (int set = DECLARED_LETTER; set < DECLARED_COUNT; set++)
		for (int i = 0; i < 8 && names[set][i]; i++)
			fields_add(&sets[set], names[set][i], text);
	name = mem_zalloc(sizeof *name);
	*name = make_map(&sets[DECLARED_NAMES], VALUE_TEXT);
	data = data_new(&(struct data_input){
		.recipient = &sets[DECLARED_RECIPIENT],
		.letter = &sets[DECLARED_LETTER],
		.campaign = &sets[DECLARED_CAMPAIGN],
		.organiser = &sets[DECLARED_ORGANISER],
		.signatures = &sets[DECLARED_SIGNATURES],
		.names = name,
		.name_count = 1,
		.signer = &sets[DECLARED_SIGNER],
		.date = text,
		.unsubscribe = text,
	});
	data->declared = sets;
	data->declared_name = name;
	return data;
}
