#include "app/finding.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	TEXT_MAX = 1000,
};

const char *
finding_verdict_name(enum finding_verdict verdict)
{
	static const char *const names[] = {"ok", "warning", "fault"};

	return names[verdict];
}

/* Returns a string to free. */
static char *
printable(const char *text)
{
	char *out = mem_strndup(text, strnlen(text, TEXT_MAX));

	for (char *c = out; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (strlen(text) > TEXT_MAX)
		snprintf(out + TEXT_MAX - 3, 4, "...");
	return out;
}

static char *
print(const char *fmt, va_list ap)
{
	char text[TEXT_MAX + 2];

	vsnprintf(text, sizeof text, fmt, ap);
	return printable(text);
}

void
findings_add(struct findings *findings, enum finding_verdict verdict,
	const char *what, const char *fmt, ...)
{
	struct finding *f;
	va_list ap;

	findings->items = mem_grow(findings->items, findings->count,
		&findings->cap, sizeof *findings->items);
	f = &findings->items[findings->count++];
	*f = (struct finding){
		.verdict = verdict,
		.account = mem_strdup(findings->account),
		.about = mem_strdup(findings->about),
		.what = what,
	};
	va_start(ap, fmt);
	f->value = print(fmt, ap);
	va_end(ap);
}

static struct finding *
last(struct findings *findings)
{
	assert(findings->count > 0);
	return &findings->items[findings->count - 1];
}

void
findings_hint(struct findings *findings, const char *fmt, ...)
{
	struct finding *f = last(findings);
	va_list ap;

	free(f->hint);
	va_start(ap, fmt);
	f->hint = print(fmt, ap);
	va_end(ap);
}

void
findings_record(struct findings *findings, const char *record)
{
	struct finding *f = last(findings);

	free(f->record);
	f->record = record ? printable(record) : NULL;
}

size_t
findings_faults(const struct findings *findings)
{
	size_t faults = 0;

	for (size_t i = 0; i < findings->count; i++)
		faults += findings->items[i].verdict == FINDING_FAULT;
	return faults;
}

int
findings_list(
	const struct findings *findings, struct rows *rows, struct err *err)
{
	static const struct column columns[] = {
		{"account", COLUMN_ALWAYS},
		{"about", COLUMN_ALWAYS},
		{"what", COLUMN_ALWAYS},
		{"value", COLUMN_ALWAYS},
		{"verdict", COLUMN_ALWAYS},
		{"hint", COLUMN_ALWAYS},
		{"record", COLUMN_ALWAYS},
	};

	rows->begin(rows, columns, sizeof columns / sizeof columns[0]);
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *f = &findings->items[i];
		const struct cell cells[] = {
			{f->account, 0},
			{f->about, 0},
			{f->what, 0},
			{f->value, 0},
			{finding_verdict_name(f->verdict), 0},
			{f->hint ? f->hint : "", 0},
			{f->record ? f->record : "", 0},
		};

		if (rows->add(rows, cells, err) < 0)
			return -1;
	}
	return 0;
}

void
findings_release(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct finding *f = &findings->items[i];

		free(f->account);
		free(f->about);
		free(f->value);
		free(f->hint);
		free(f->record);
	}
	free(findings->items);
	*findings = (struct findings){0};
}
