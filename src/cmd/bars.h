/*
 * Bars on a terminal: what it can show, and a bar of it.
 */
#ifndef CMD_BARS_H
#define CMD_BARS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What stdout is; the zeroed one is no terminal. */
struct screen {
	int columns;
	bool unicode; /* more than ASCII can be shown */
};

/* Zeroed where stdout is no terminal. ASCII only: TERM is dumb or not set, or
 * the locale is none of UTF-8. */
struct screen screen_find(void);

/* Adds a bar for value that is room columns long for max. A value above 0
 * has a bar if there is any room. */
void bar_add(const struct screen *screen, int64_t value, int64_t max, int room,
	struct buf *out);

#endif
