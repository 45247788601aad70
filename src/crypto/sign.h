/* Ed25519 keys of this server: one for the audit log's checkpoints, one for webhooks. Each stands
 * in a file of its own in the key folder (mode 0600) with the public halves of the keys that it
 * replaced, so that old signatures can still be checked. Opened at start, read by any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	SIGN_BYTES = 64,
	SIGN_PUBLIC_BYTES = 32,
	SIGN_ID_TEXT = 17, /* 16 hex digits and NUL: which key */
	SIGN_NAME_MAX = 16,
	SIGN_KNOWN_MAX = 64, /* public keys that are remembered, the oldest are forgotten */
};

struct sign_key;

/* Reads <key_dir>/<name>.ed25519, or makes a fresh key when there is none and `may_create`. `name`
 * is "audit" or "webhook". RC_NOT_FOUND: there is none. RC_DENIED: others can read the file.
 * RC_SYNTAX: it is damaged. */
MUST_CHECK enum rc sign_open(const char *key_dir, const char *name, bool may_create,
	struct sign_key **ret_owned, struct err *e);
/* Forgets the key. NULL is allowed. */
void sign_free(struct sign_key *k);

/* A fresh key takes the place of the one in the file; its public half stays known. An open sign_key
 * does not change: open it anew. */
MUST_CHECK enum rc sign_rotate(const char *key_dir, const char *name, struct err *e);

void sign_bytes(const struct sign_key *k, struct view message, uint8_t ret[SIGN_BYTES]);
const uint8_t *sign_public(const struct sign_key *k); /* SIGN_PUBLIC_BYTES */
/* The first 8 bytes of the BLAKE2b hash of the public key, as hex. */
const char *sign_id(const struct sign_key *k);

/* The public key of that id: the present one or an earlier one; NULL when it is not ours. */
const uint8_t *sign_find(const struct sign_key *k, struct view id);
bool sign_check(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct view message,
	const uint8_t signature[SIGN_BYTES]);
