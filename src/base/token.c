#include "base/token.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	BLOCK = 16, /* of AES */
	NUMBER_LEN = 8,
};

/* Ends the program: without libcrypto's ciphers nothing of it is true. */
static _Noreturn void
end_without(const char *what)
{
	fprintf(stderr, "openletter: %s is not available\n", what);
	exit(EX_OSERR);
}

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

static void
write_hex(const unsigned char *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

void
token_digest(const void *data, size_t len, char out[static DIGEST_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (EVP_Digest(data, len, digest, &size, EVP_sha256(), NULL) != 1)
		end_without("SHA-256");
	write_hex(digest, size, out);
}

int
token_digest_fd(int fd, char out[static DIGEST_MAX])
{
	unsigned char block[65536], digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned size = 0;
	ssize_t n = 0;

	if (!md || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		end_without("SHA-256");
	do {
		n = read(fd, block, sizeof block);
		if (n > 0 && EVP_DigestUpdate(md, block, (size_t)n) != 1)
			end_without("SHA-256");
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (EVP_DigestFinal_ex(md, digest, &size) != 1)
		end_without("SHA-256");
	EVP_MD_CTX_free(md);
	write_hex(digest, size, out);
	return n < 0 ? -1 : 0;
}

void
token_secret(char out[static TOKEN_SECRET_MAX])
{
	unsigned char bytes[32];

	random_bytes(bytes, sizeof bytes);
	write_hex(bytes, sizeof bytes, out);
}

void
token_key(const char *secret, const char *purpose, struct token_key *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE];

	if (!HMAC(EVP_sha256(), secret, (int)strlen(secret),
		    (const unsigned char *)purpose, strlen(purpose), mac, NULL))
		end_without("HMAC-SHA-256");
	memcpy(out->bytes, mac, sizeof out->bytes);
}

struct token_mac {
	EVP_MAC *how;
	EVP_MAC_CTX *ctx;
};

struct token_mac *
token_mac_new(const struct token_key *key)
{
	struct token_mac *mac = mem_zalloc(sizeof *mac);
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("digest", sha256, 0),
		OSSL_PARAM_construct_end(),
	};

	mac->how = EVP_MAC_fetch(NULL, "HMAC", NULL);
	mac->ctx = EVP_MAC_CTX_new(mac->how);
	if (!mac->ctx || EVP_MAC_init(mac->ctx, key->bytes, sizeof key->bytes,
				 params) != 1)
		end_without("HMAC-SHA-256");
	return mac;
}

void
token_mac_free(struct token_mac *mac)
{
	if (!mac)
		return;
	EVP_MAC_CTX_free(mac->ctx);
	EVP_MAC_free(mac->how);
	free(mac);
}

void
token_mac(
	struct token_mac *mac, const char *text, char out[static TOKEN_MAC_MAX])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	size_t size = 0;

	/* Without a key it begins anew with the one it has. */
	if (EVP_MAC_init(mac->ctx, NULL, 0, NULL) != 1 ||
		EVP_MAC_update(mac->ctx, (const unsigned char *)text,
			strlen(text)) != 1 ||
		EVP_MAC_final(mac->ctx, digest, &size, sizeof digest) != 1)
		end_without("HMAC-SHA-256");
	write_hex(digest, TOKEN_MAC_MAX / 2, out);
}

/*
 * One block of AES-128: a permutation that looks random to who has no key. A
 * single block is all there ever is, so there is no mode to choose.
 */
static void
permute(const struct token_key *key, bool encrypt,
	const unsigned char in[static BLOCK], unsigned char out[static BLOCK])
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	if (!ctx ||
		EVP_CipherInit_ex(ctx, EVP_aes_128_ecb(), NULL, key->bytes,
			NULL, encrypt) != 1 ||
		EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
		EVP_CipherUpdate(ctx, out, &len, in, BLOCK) != 1 ||
		len != BLOCK)
		end_without("AES-128");
	EVP_CIPHER_CTX_free(ctx);
}

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789-_";

void
token_seal(const struct token_key *key, int64_t number,
	char out[static TOKEN_SEALED_MAX])
{
	unsigned char block[BLOCK] = {0};
	unsigned bits = 0, held = 0;
	size_t at = 0;

	for (int i = 0; i < NUMBER_LEN; i++)
		block[i] = (unsigned char)((uint64_t)number >>
					   (8 * (NUMBER_LEN - 1 - i)));
	permute(key, true, block, block);
	for (size_t i = 0; i < BLOCK; i++) {
		bits = (bits << 8 | block[i]) & 0xFFFF;
		held += 8;
		while (held >= 6) {
			held -= 6;
			out[at++] = url_alphabet[bits >> held & 63];
		}
	}
	out[at++] = url_alphabet[bits << (6 - held) & 63];
	out[at] = '\0';
}

/* Reads the 22 characters of a block. Returns 0, or -1: it is none. */
static int
read_block(const char *text, unsigned char out[static BLOCK])
{
	unsigned bits = 0, held = 0;
	size_t at = 0;

	if (strlen(text) != TOKEN_SEALED_MAX - 1)
		return -1;
	for (; *text; text++) {
		const char *hit = strchr(url_alphabet, *text);

		if (!hit)
			return -1;
		bits = (bits << 6 | (unsigned)(hit - url_alphabet)) & 0xFFFF;
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[at++] = (unsigned char)(bits >> held);
		}
	}
	/* One block has one spelling. */
	return bits & ((1U << held) - 1) ? -1 : 0;
}

int
token_open(const struct token_key *key, const char *sealed, int64_t *out)
{
	unsigned char block[BLOCK] = {0};
	uint64_t number = 0;

	if (read_block(sealed, block) < 0)
		return 0;
	permute(key, false, block, block);
	for (int i = NUMBER_LEN; i < BLOCK; i++)
		if (block[i] != 0)
			return 0;
	for (int i = 0; i < NUMBER_LEN; i++)
		number = number << 8 | block[i];
	*out = (int64_t)number;
	return 1;
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
