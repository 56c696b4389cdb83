#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

char
str_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool
str_ieq(const char *a, const char *b)
{
	while (*a && str_lower(*a) == str_lower(*b)) {
		a++;
		b++;
	}
	return str_lower(*a) == str_lower(*b);
}

bool
str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s);
	size_t tail = strlen(suffix);

	return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

bool
str_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
str_empty(const char *s)
{
	return !s || !*s;
}

char *
str_trim(char *s)
{
	size_t len;

	while (str_is_space(*s))
		s++;
	len = strlen(s);
	while (len > 0 && str_is_space(s[len - 1]))
		len--;
	s[len] = '\0';
	return s;
}

/* Length of the well-formed sequence at s (RFC 3629 section 4), or 0. */
static size_t
utf8_sequence(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xBF;
	size_t need;

	if (s[0] < 0x80)
		return s[0] != 0;
	if (s[0] < 0xC2 || s[0] > 0xF4)
		return 0;
	need = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
	if (len < need)
		return 0;
	if (s[0] == 0xE0)
		low = 0xA0;
	else if (s[0] == 0xED)
		high = 0x9F;
	else if (s[0] == 0xF0)
		low = 0x90;
	else if (s[0] == 0xF4)
		high = 0x8F;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return need;
}

size_t
str_ascii_run(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = ones << 7;
	uint64_t eight;
	size_t at = 0;

	/* A byte of 0 borrows, and so shows a high bit too. */
	for (; at + sizeof eight <= len; at += sizeof eight) {
		memcpy(&eight, s + at, sizeof eight);
		if ((eight | (eight - ones)) & highs)
			break;
	}
	while (at < len && s[at] && (unsigned char)s[at] < 0x80)
		at++;
	return at;
}

size_t
str_utf8_bad(const char *s, size_t len)
{
	size_t at = str_ascii_run(s, len);

	while (at < len) {
		size_t n =
			utf8_sequence((const unsigned char *)s + at, len - at);

		if (n == 0)
			break;
		at += n;
		/* what is not ASCII often comes one by one in what is */
		if (n > 1)
			at += str_ascii_run(s + at, len - at);
	}
	return at;
}

size_t
str_utf8_next(const char *s, unsigned *out)
{
	const unsigned char *u = (const unsigned char *)s;

	if (!u[0])
		return 0;
	if (u[0] < 0x80) {
		*out = u[0];
		return 1;
	}
	if (u[0] < 0xE0) {
		*out = (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
		return 2;
	}
	if (u[0] < 0xF0) {
		*out = (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 |
		       (u[2] & 0x3Fu);
		return 3;
	}
	*out = (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 |
	       (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
	return 4;
}

int
str_to_number(const char *s, long max, long *out)
{
	long n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		int digit = *s - '0';

		if (digit < 0 || digit > 9)
			return -1;
		if (digit > max || n > (max - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*out = n;
	return 0;
}

char **
str_split(const char *s, char delimiter, size_t *count)
{
	char **list = NULL;
	size_t cap = 0;

	*count = 0;
	while (*s) {
		size_t len = strcspn(s, (char[]){delimiter, '\0'});
		char *piece = mem_strndup(s, len);
		char *trimmed = str_trim(piece);

		if (*trimmed) {
			list = mem_grow(list, *count, &cap, sizeof *list);
			list[(*count)++] = mem_strdup(trimmed);
		}
		free(piece);
		s += len + (s[len] != '\0');
	}
	return list;
}

void
str_list_free(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

enum {
	NEAREST_MAX = 40
}; /* longer words are not looked at */

/* Edit distance (optimal string alignment), case folded. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *old = rows[0], *prev = rows[1], *now = rows[2];
	size_t la = strlen(a), lb = strlen(b);

	for (size_t j = 0; j <= lb; j++)
		prev[j] = j;
	memcpy(old, prev, sizeof rows[0]);
	for (size_t i = 1; i <= la; i++) {
		size_t *spare = old;

		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			char x = str_lower(a[i - 1]), y = str_lower(b[j - 1]);
			size_t best = prev[j - 1] + (x != y);

			if (prev[j] + 1 < best)
				best = prev[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && x == str_lower(b[j - 2]) &&
				y == str_lower(a[i - 2]) &&
				old[j - 2] + 1 < best)
				best = old[j - 2] + 1;
			now[j] = best;
		}
		old = prev;
		prev = now;
		now = spare;
	}
	return prev[lb];
}

const char *
str_nearest(const char *word, const char *const *candidates, size_t count)
{
	const char *best = NULL;
	size_t limit = 1 + strlen(word) / 4;

	if (strlen(word) > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d;

		if (strlen(candidates[i]) > NEAREST_MAX)
			continue;
		d = distance(word, candidates[i]);
		if (d <= limit && d < strlen(candidates[i])) {
			best = candidates[i];
			limit = d ? d - 1 : 0;
			if (d == 0)
				break;
		}
	}
	return best;
}
