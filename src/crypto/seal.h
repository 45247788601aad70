/* Sealing of bytes with one key: XChaCha20-Poly1305 with a random nonce in front. A file of its
 * own, so that the bench can put a copy in its place and show what sealing costs. Used by the
 * keyring alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

enum { SEAL_KEY_BYTES = 32, SEAL_NONCE_BYTES = 24, SEAL_TAG_BYTES = 16 };

/* ret has room for nonce, plain.n bytes, and tag. */
void seal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view plain, uint8_t *ret);
/* ret has room for sealed.n less nonce and tag. False when it was changed or another's. */
bool unseal_bytes(
	const uint8_t key[SEAL_KEY_BYTES], struct view context, struct view sealed, uint8_t *ret);
