#include "base/key.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"
#include "base/str.h"

enum {
	ED25519_SIZE = 32,
};

/* Returns the bytes, to be freed, and their number; NULL: it is no base64. */
static unsigned char *
decode(const char *base64, size_t *len)
{
	char *text = mem_zalloc(strlen(base64) + 1);
	unsigned char *out;
	size_t n = 0, padding = 0;
	int size;

	for (; *base64; base64++)
		if (!str_is_space(*base64))
			text[n++] = *base64;
	while (padding < n && text[n - 1 - padding] == '=')
		padding++;
	out = mem_zalloc(n + 1);
	size = padding > 2 || n == 0 || n > 1 << 16
		       ? -1
		       : EVP_DecodeBlock(
				 out, (const unsigned char *)text, (int)n);
	free(text);
	if (size < (int)padding) {
		free(out);
		return NULL;
	}
	*len = (size_t)size - padding;
	return out;
}

int
key_rsa_bits(const char *base64)
{
	size_t len;
	unsigned char *bytes = decode(base64, &len);
	const unsigned char *at = bytes;
	OSSL_DECODER_CTX *ctx;
	EVP_PKEY *key = NULL;
	int bits = 0;

	if (!bytes)
		return 0;
	ctx = OSSL_DECODER_CTX_new_for_pkey(
		&key, "DER", NULL, "RSA", EVP_PKEY_PUBLIC_KEY, NULL, NULL);
	if (ctx && OSSL_DECODER_from_data(ctx, &at, &len) == 1)
		bits = EVP_PKEY_get_bits(key);
	OSSL_DECODER_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	free(bytes);
	return bits;
}

bool
key_is_ed25519(const char *base64)
{
	size_t len;
	unsigned char *bytes = decode(base64, &len);
	bool is = bytes && len == ED25519_SIZE;

	free(bytes);
	return is;
}
