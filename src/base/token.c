#include "base/token.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

static void
random_bytes(void *out, size_t len)
{
	if (getrandom(out, len, 0) == (ssize_t)len)
		return;
	fputs("openletter: the system gives no random numbers\n", stderr);
	exit(EX_OSERR);
}

void
token_random(char out[static TOKEN_MAX])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[16];
	unsigned bits = 0, held = 0;
	size_t at = 0;

	random_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++) {
		bits = (bits << 8 | bytes[i]) & 0xFFFF;
		held += 8;
		while (held >= 5) {
			held -= 5;
			out[at++] = alphabet[bits >> held & 31];
		}
	}
	out[at++] = alphabet[bits << (5 - held) & 31];
	out[at] = '\0';
}

uint32_t
token_below(uint32_t limit)
{
	uint64_t n;

	random_bytes(&n, sizeof n);
	return (uint32_t)(n % limit);
}

void
token_digest(const void *data, size_t len, char out[static DIGEST_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1) {
		fputs("openletter: SHA-256 is not available\n", stderr);
		exit(EX_OSERR);
	}
	for (unsigned i = 0; i < size; i++)
		snprintf(out + (size_t)i * 2, 3, "%02x", digest[i]);
}

int
token_decode_base64(const char *text, size_t len, struct buf *out)
{
	size_t padding = 0;
	bool bad;
	int n;

	if (len % 4 != 0 || len > INT_MAX)
		return -1;
	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	if (memchr(text, '=', len - padding))
		return -1;
	n = EVP_DecodeBlock((unsigned char *)buf_reserve(out, len / 4 * 3),
		(const unsigned char *)text, (int)len);
	/* It takes blanks round the text for no part of it. */
	bad = n < 0 || (size_t)n != len / 4 * 3;
	buf_commit(out, bad ? 0 : (size_t)n - padding);
	return bad ? -1 : 0;
}
