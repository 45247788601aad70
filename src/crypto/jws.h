/* Public keys of other people's programs, and what they signed with them: JSON Web Keys (RFC 7517,
 * 7518, 8037), X.509 certificates, and the assertions that prove who a client is (RFC 7523). The
 * algorithm is fixed with the key, never taken from what was signed. Only public keys are ever
 * held; a private one is refused, so that nobody sends it twice. Pure but for OpenSSL's own state;
 * any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum jws_alg { JWS_ES256 = 1, JWS_EDDSA, JWS_RS256, JWS_ALG_COUNT };

enum {
	JWS_KEYS_MAX = 8,   /* of one client */
	JWS_KID_TEXT = 65,  /* 1..64 printable ASCII characters */
	JWS_SPKI_MAX = 600, /* bytes of a public key: RSA of 4096 bit has 550 */
	JWS_RSA_BITS_MIN = 2048,
	JWS_RSA_BITS_MAX = 4096,
	JWS_JWKS_MAX = 16 * 1024, /* bytes of a key set */
	JWS_PEM_MAX = 16 * 1024,
	ASSERTION_MAX = 4096, /* bytes of a whole assertion */
	ASSERTION_TEXT = 257, /* of one of its texts: 256 bytes */
	SHA256_BYTES = 32,
	SHA256_TEXT = 44, /* base64url and NUL */
};

/* "ES256", "EdDSA", "RS256"; NULL when out of range. */
const char *jws_alg_name(enum jws_alg alg);
MUST_CHECK bool jws_alg_from_name(struct view name, enum jws_alg *ret);

/* A public key as SubjectPublicKeyInfo; a plain value. */
struct jws_key {
	char kid[JWS_KID_TEXT];
	uint16_t spki_n;
	uint8_t spki[JWS_SPKI_MAX];
};

/* A JWK set: each key must fit alg (EC P-256, OKP Ed25519, RSA of 2048 bit and more) and have a kid
 * of its own. RC_SYNTAX with a message for people; RC_LIMIT for too many keys or bytes. */
MUST_CHECK enum rc jwks_read(struct view json, enum jws_alg alg, struct jws_key ret[JWS_KEYS_MAX],
	size_t *ret_n, struct err *e);

/* The public key of a certificate in PEM; its kid is the certificate's x5t#S256, as is ret_sha256
 * in bytes. Dates and issuer mean nothing here: the operator vouches for it. */
MUST_CHECK enum rc certificate_read(struct view pem, enum jws_alg alg, struct jws_key *ret,
	uint8_t ret_sha256[SHA256_BYTES], struct err *e);
/* SHA-256 of a certificate that came with a connection: PEM, base64 of DER, or ":base64:" (RFC
 * 9440). */
MUST_CHECK enum rc certificate_hash(
	struct view text, uint8_t ret_sha256[SHA256_BYTES], struct err *e);
void sha256_of(struct view bytes, uint8_t ret[SHA256_BYTES]);

/* What an assertion says; nothing of it is proved before assertion_verify. */
struct assertion {
	enum jws_alg alg;
	char kid[JWS_KID_TEXT];
	char iss[ASSERTION_TEXT], sub[ASSERTION_TEXT], aud[ASSERTION_TEXT], jti[ASSERTION_TEXT];
	int64_t exp_s, iat_s;
	int64_t nbf_s;           /* iat_s when it is not there */
	struct view signed_text; /* borrowed from the text */
	uint16_t signature_n;
	uint8_t signature[JWS_RSA_BITS_MAX / 8];
};

/* Reads the compact form strictly: unknown header members, doubled members, other algorithms
 * (none, HS256 …), times that are no whole numbers, several audiences: RC_SYNTAX. */
MUST_CHECK enum rc assertion_read(struct view text, struct assertion *ret, struct err *e);
/* Was it signed with this key by alg? RC_DENIED when not. */
MUST_CHECK enum rc assertion_verify(
	const struct assertion *a, enum jws_alg alg, const struct jws_key *key, struct err *e);
