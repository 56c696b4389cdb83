/* Random tokens from the system, digests and base64. OpenSSL's libcrypto. */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* 128 bits as 26 characters a-z 2-7, and a NUL. */
enum {
	TOKEN_MAX = 27
};

/* Ends the program when the system has no randomness to give. */
void token_random(char out[static TOKEN_MAX]);

/* A random number below limit (1..2^32-1). */
uint32_t token_below(uint32_t limit);

/* SHA-256 in lower-case hexadecimal, and a NUL. */
enum {
	DIGEST_MAX = 65
};

void token_digest(const void *data, size_t len, char out[static DIGEST_MAX]);

/* Adds what base64 of whole groups of four holds (RFC 4648 4, no line ends).
 * Returns 0, or -1: it is not that. */
int token_decode_base64(const char *text, size_t len, struct buf *out);

#endif
