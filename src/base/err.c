#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a half UTF-8 character off the end of a message that was too long. */
static void
trim_cut(char *msg, size_t size, int wanted)
{
	size_t len = strlen(msg);

	if (wanted < 0 || (size_t)wanted < size)
		return;
	while (len > 0 && ((unsigned char)msg[len - 1] & 0xC0) == 0x80)
		len--;
	if (len > 0 && (unsigned char)msg[len - 1] >= 0x80)
		len--;
	msg[len] = '\0';
}

void
err_fill(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	char msg[sizeof err->msg];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	trim_cut(msg, sizeof msg, n);
	err->kind = kind;
	memcpy(err->msg, msg, sizeof msg);
}

void
err_fill_prefix(struct err *err, const char *fmt, ...)
{
	char context[256];
	char old[sizeof err->msg];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(context, sizeof context, fmt, ap);
	va_end(ap);
	trim_cut(context, sizeof context, n);
	memcpy(old, err->msg, sizeof old);
	n = snprintf(err->msg, sizeof err->msg, "%s: %s", context, old);
	trim_cut(err->msg, sizeof err->msg, n);
}
