/* Dates as lists have them. */
#ifndef CORE_DATE_H
#define CORE_DATE_H

#include <stdint.h>

#include "base/err.h"

/*
 * Reads a day, with a time behind it or without: as clock_parse_time does;
 * with the year first (2010/1/7); or with the day first (7.1.2010, 07/01/2010,
 * 7-1-2010), never the month. Digits may be Persian or Arabic, and signs of
 * direction, as spreadsheets set them, do not matter. A time without an offset
 * is UTC.
 * Errors: ERR_DATA, saying what is wrong or what forms there are, without the
 * value itself: no such form, day or month; a year of another calendar.
 */
int date_parse(const char *text, int64_t *out, struct err *err);

#endif
