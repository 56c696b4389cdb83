/* Random tokens from the system, digests, base64 and sealed numbers.
 * OpenSSL's libcrypto. Thread-safe. */
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

/* The same of all that can be read from a file. Returns 0, or -1 with errno. */
int token_digest_fd(int fd, char out[static DIGEST_MAX]);

/* Adds what base64 of whole groups of four holds (RFC 4648 4, no line ends).
 * Returns 0, or -1: it is not that. */
int token_decode_base64(const char *text, size_t len, struct buf *out);

/* A new secret for token_key: 256 bits in lower-case hexadecimal. */
enum {
	TOKEN_SECRET_MAX = 65
};

void token_secret(char out[static TOKEN_SECRET_MAX]);

/*
 * Keyed digests of texts: HMAC-SHA-256, its first 128 bits in lower-case
 * hexadecimal, and a NUL. Who has no key cannot tell what a digest is of, nor
 * find out by trying. One belongs to one thread.
 */
enum {
	TOKEN_MAC_MAX = 33
};

struct token_key;
struct token_mac;

struct token_mac *token_mac_new(const struct token_key *key);
void token_mac_free(struct token_mac *mac);
void token_mac(struct token_mac *mac, const char *text,
	char out[static TOKEN_MAC_MAX]);

/*
 * Sealed numbers, for links that say which row they mean: 22 characters
 * A-Z a-z 0-9 - _ (base64url), the same for the same number and key. Who has
 * no key can neither read one nor make one that opens, and no row is needed
 * to know it again.
 */
struct token_key {
	unsigned char bytes[16];
};

enum {
	TOKEN_SEALED_MAX = 23
};

/* The key of one purpose: what is sealed for one opens for no other. */
void token_key(const char *secret, const char *purpose, struct token_key *out);

void token_seal(const struct token_key *key, int64_t number,
	char out[static TOKEN_SEALED_MAX]);

/* Returns 1 and the number, or 0: this was not sealed with the key. */
int token_open(const struct token_key *key, const char *sealed, int64_t *out);

#endif
