#include "core/lookup.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	LABEL_MAX = 63, /* RFC 1035 2.3.4 */
};

void
lookup_ask(const struct resolver *resolver, const char *name,
	enum lookup_type type, struct lookup *out)
{
	size_t len = strlen(name);
	char *bare;

	lookup_release(out);
	if (!lookup_valid_name(name)) {
		lookup_fail(out, "it is no name");
		return;
	}
	bare = mem_strndup(name, len - (name[len - 1] == '.'));
	resolver->ask(resolver->ctx, bare, type, out);
	free(bare);
}

void
lookup_add(struct lookup *out, const char *text, size_t len, int preference)
{
	out->items =
		mem_grow(out->items, out->count, &out->cap, sizeof *out->items);
	out->items[out->count++] =
		(struct lookup_item){mem_strndup(text, len), len, preference};
	out->kind = LOOKUP_FOUND;
}

void
lookup_fail(struct lookup *out, const char *why)
{
	lookup_release(out);
	out->kind = LOOKUP_FAILED;
	snprintf(out->why, sizeof out->why, "%s", why);
}

void
lookup_release(struct lookup *out)
{
	for (size_t i = 0; i < out->count; i++)
		free(out->items[i].text);
	free(out->items);
	memset(out, 0, sizeof *out);
}

bool
lookup_valid_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_";
	size_t total = strlen(name);

	if (total > 0 && name[total - 1] == '.')
		total--;
	if (total == 0 || total >= LOOKUP_NAME_MAX)
		return false;
	for (;;) {
		size_t len = strspn(name, allowed);

		if (len == 0 || len > LABEL_MAX)
			return false;
		name += len;
		if (strcmp(name, ".") == 0 || !*name)
			return true;
		if (*name++ != '.')
			return false;
	}
}

/* ::ffff:0:0/96 */
static bool
is_mapped(const unsigned char *bytes)
{
	static const unsigned char prefix[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

	return memcmp(bytes, prefix, sizeof prefix) == 0;
}

int
lookup_parse_address(const char *text, struct lookup_address *out)
{
	*out = (struct lookup_address){0};
	if (inet_pton(AF_INET, text, out->bytes) == 1) {
		out->bits = 32;
		return 0;
	}
	if (inet_pton(AF_INET6, text, out->bytes) != 1)
		return -1;
	out->bits = 128;
	if (is_mapped(out->bytes)) {
		memmove(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
		out->bits = 32;
	}
	return 0;
}

bool
lookup_address_within(const struct lookup_address *a,
	const struct lookup_address *b, int bits)
{
	size_t whole = (size_t)bits / 8;
	int rest = bits % 8;

	if (a->bits != b->bits || bits > a->bits)
		return false;
	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return rest == 0 ||
	       (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool
lookup_address_public(const struct lookup_address *a)
{
	static const struct {
		const char *network;
		int bits;
	} apart[] = {
		{"0.0.0.0", 8},
		{"10.0.0.0", 8},
		{"100.64.0.0", 10},
		{"127.0.0.0", 8},
		{"169.254.0.0", 16},
		{"172.16.0.0", 12},
		{"192.168.0.0", 16},
		{"224.0.0.0", 3},
		{"::", 127},
		{"fc00::", 7},
		{"fe80::", 10},
		{"ff00::", 8},
	};

	for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++) {
		struct lookup_address network;

		if (lookup_parse_address(apart[i].network, &network) == 0 &&
			lookup_address_within(a, &network, apart[i].bits))
			return false;
	}
	return true;
}

void
lookup_reverse(
	const struct lookup_address *a, char out[static LOOKUP_REVERSE_MAX])
{
	size_t at = 0;

	if (a->bits == 32) {
		snprintf(out, LOOKUP_REVERSE_MAX, "%d.%d.%d.%d.in-addr.arpa",
			a->bytes[3], a->bytes[2], a->bytes[1], a->bytes[0]);
		return;
	}
	for (int i = 15; i >= 0; i--, at += 4)
		snprintf(out + at, LOOKUP_REVERSE_MAX - at, "%x.%x.",
			a->bytes[i] & 15, a->bytes[i] >> 4);
	snprintf(out + at, LOOKUP_REVERSE_MAX - at, "ip6.arpa");
}
