/* Stands in for crypto/seal.c in bench/kinward_plain: the same sizes, nothing sealed. The
 * difference between the two programs in one run is what sealing costs. Never part of the product.
 */
#include "crypto/seal.h"

#include <string.h>

void seal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view plain, uint8_t *ret)
{
	(void)key;
	(void)context;
	memset(ret, 0, SEAL_NONCE_BYTES);
	if (plain.n > 0)
		memcpy(ret + SEAL_NONCE_BYTES, plain.p, plain.n);
	memset(ret + SEAL_NONCE_BYTES + plain.n, 0, SEAL_TAG_BYTES);
}

bool unseal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view sealed, uint8_t *ret)
{
	(void)key;
	(void)context;
	if (sealed.n < SEAL_NONCE_BYTES + SEAL_TAG_BYTES)
		return false;
	memcpy(ret, sealed.p + SEAL_NONCE_BYTES, sealed.n - SEAL_NONCE_BYTES - SEAL_TAG_BYTES);
	return true;
}
