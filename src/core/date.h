/* Dates as lists have them. */
#ifndef CORE_DATE_H
#define CORE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * Whether a list has the day or the month first in 7/1/2010 and 7-1-2010: as
 * it was told, and how many of its dates can be read in one order only.
 */
struct date_order {
	bool month_first;
	long days_first;
	long months_first;
};

/*
 * Reads a day, with a time behind it or without: as clock_parse_time does;
 * with the year first (2010/1/7); with the day first (7.1.2010); or in the
 * list's order, to which it is counted if it tells (7/1/2010, 07-01-2010).
 * Digits may be Persian or Arabic, and signs of direction, as spreadsheets set
 * them, do not matter. A time without an offset is UTC.
 * Errors: ERR_DATA, saying what is wrong or what forms there are, without the
 * value itself: no such form, day or month; a year of another calendar.
 */
int date_parse(const char *text, struct date_order *order, int64_t *out,
	struct err *err);

/* Whether the dates that tell all say that the list was told the wrong
 * order, so that the others would be misread. */
bool date_order_wrong(const struct date_order *order);

#endif
