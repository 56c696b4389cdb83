/* Public keys as others publish them. OpenSSL's libcrypto. */
#ifndef BASE_KEY_H
#define BASE_KEY_H

#include <stdbool.h>

/*
 * The size of an RSA key in bits: base64 of a SubjectPublicKeyInfo, as DKIM
 * has it (RFC 6376 3.6.1), or of the bare key. White space may stand anywhere.
 * Returns 0 when it is no such key.
 */
int key_rsa_bits(const char *base64);

/* Whether it is base64 of an Ed25519 key's 32 bytes (RFC 8463 4). */
bool key_is_ed25519(const char *base64);

#endif
