#include "crypto/seal.h"

#include <sodium.h>

_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SEAL_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");

void seal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view plain, uint8_t *ret)
{
	randombytes_buf(ret, SEAL_NONCE_BYTES);
	/* Fails only for impossible sizes. */
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret + SEAL_NONCE_BYTES, NULL,
		(const uint8_t *)plain.p, plain.n, (const uint8_t *)context.p, context.n, NULL, ret,
		key);
}

bool unseal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view sealed, uint8_t *ret)
{
	const uint8_t *p = (const uint8_t *)sealed.p;

	return sealed.n >= SEAL_NONCE_BYTES + SEAL_TAG_BYTES &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, p + SEAL_NONCE_BYTES,
		       sealed.n - SEAL_NONCE_BYTES, (const uint8_t *)context.p, context.n, p,
		       key) == 0;
}
