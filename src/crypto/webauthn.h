/* Passkeys (Web Authentication, level 2): checks what a browser brings from an authenticator, with
 * libfido2 for the signatures. Attestation is not trusted: a new credential stands for itself.
 * Everything comes from outside; sizes are bounded and CBOR is checked (cbor.h) before the library
 * sees it. Pure; any thread. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum {
	WEBAUTHN_CHALLENGE_BYTES = 32,
	WEBAUTHN_CREDENTIAL_MAX = 1023, /* bytes of a credential's id (§5.8.3) */
	WEBAUTHN_KEY_MAX = 259,         /* RS256: 2048 bits and the exponent */
	WEBAUTHN_CLIENT_DATA_MAX = 2048,
	WEBAUTHN_AUTHENTICATOR_DATA_MAX = 2048,
	WEBAUTHN_ATTESTATION_MAX = 8192,
	WEBAUTHN_SIGNATURE_MAX = 512,
};

/* Where the passkeys belong: texts kept by the caller for the call. */
struct webauthn_site {
	const char *rp_id;  /* "kinward.example.org", or "localhost" */
	const char *origin; /* "https://kinward.example.org"; "" for any port of http://localhost */
};

struct webauthn_key {
	int32_t algorithm; /* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
	uint16_t n;
	uint8_t bytes[WEBAUTHN_KEY_MAX];
};

struct webauthn_credential {
	struct webauthn_key key;
	uint32_t sign_count;
	uint16_t id_n;
	uint8_t id[WEBAUTHN_CREDENTIAL_MAX];
};

/* What navigator.credentials.create() gave. The user must have been present and verified. RC_SYNTAX
 * for what is malformed, RC_DENIED for what is well-formed and not right (another challenge, site,
 * algorithm, no verification, wrong signature). */
MUST_CHECK enum rc webauthn_check_new(const struct webauthn_site *site,
	const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES], struct view client_data,
	struct view attestation, struct webauthn_credential *ret, struct err *e);

/* What navigator.credentials.get() gave. */
struct webauthn_use {
	struct view client_data, authenticator_data, signature;
};
/* The same for a use of `key`. The caller compares *ret_sign_count with the one before. */
MUST_CHECK enum rc webauthn_check_use(const struct webauthn_site *site,
	const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES], const struct webauthn_use *use,
	const struct webauthn_key *key, uint32_t *ret_sign_count, struct err *e);
