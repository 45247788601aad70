#include "crypto/token.h"

#include <assert.h>
#include <liboath/oath.h>
#include <openssl/crypto.h>
#include <sodium.h>

_Static_assert(TOKEN_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

enum { TOKEN_BYTES = 32 };

enum rc crypto_start(struct err *e)
{
	if (sodium_init() < 0)
		return fail(e, RC_BUG, "libsodium cannot start");
	/* Before the sandbox; without the system's configuration file, which could load anything.
	 */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return fail(e, RC_BUG, "libcrypto cannot start");
	if (oath_init() != OATH_OK)
		return fail(e, RC_BUG, "liboath cannot start");
	return RC_OK;
}

static void hash_bytes(const void *p, size_t n, struct token_hash *ret)
{
	/* Fails only for impossible sizes. */
	int failed = crypto_generichash(ret->b, sizeof ret->b, p, n, NULL, 0);
	assert(failed == 0);
}

void token_new(char ret_text[TOKEN_TEXT_SIZE], struct token_hash *ret_hash)
{
	uint8_t secret[TOKEN_BYTES];

	randombytes_buf(secret, sizeof secret);
	(void)sodium_bin2base64(ret_text, TOKEN_TEXT_SIZE, secret, sizeof secret,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* returns ret_text */
	sodium_memzero(secret, sizeof secret);
	hash_bytes(ret_text, TOKEN_TEXT_SIZE - 1, ret_hash);
}

static bool is_token_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

bool token_hash_of(struct view text, struct token_hash *ret)
{
	if (text.n != TOKEN_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_token_char(text.p[i]))
			return false;
	}
	hash_bytes(text.p, text.n, ret);
	return true;
}

bool token_hash_is(const struct token_hash *a, const struct token_hash *b)
{
	return sodium_memcmp(a->b, b->b, sizeof a->b) == 0;
}

void random_bytes(void *ret, size_t n)
{
	randombytes_buf(ret, n);
}

void digits_new(unsigned n, char *ret_text)
{
	assert(n >= 1 && n <= DIGITS_MAX);
	for (unsigned i = 0; i < n; i++)
		ret_text[i] = (char)('0' + randombytes_uniform(10));
	ret_text[n] = '\0';
}

bool secret_is(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

void secret_forget(void *p, size_t n)
{
	sodium_memzero(p, n);
}
