/* What a certificate file says about its end. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

/* The end of the first certificate of a PEM text, in UTC ms. RC_SYNTAX: there is none. */
MUST_CHECK enum rc certificate_expiry(struct view pem, int64_t *ret_ms, struct err *e);

enum {
	CERTIFICATE_KEY_BYTES = 32,      /* SHA-256 of the public key (SubjectPublicKeyInfo) */
	CERTIFICATE_TEXT = 2048,         /* of a new one, with NUL */
	CERTIFICATE_KEY_TEXT = 512,      /* of its private key */
	CERTIFICATE_SECURITY_BITS = 112, /* RSA 2048, P-256, Ed25519 and better */
};

/* The hash of the public key of the first certificate. RC_SYNTAX: there is none; RC_DENIED: its key
 * is weaker than CERTIFICATE_SECURITY_BITS. */
MUST_CHECK enum rc certificate_key(
	struct view pem, uint8_t ret[CERTIFICATE_KEY_BYTES], struct err *e);

/* A new P-256 key and a certificate for it, signed by itself, good for twenty years: whoever takes
 * it knows the key, not a date. The private key is a secret: secret_forget. */
struct certificate_made {
	char certificate[CERTIFICATE_TEXT];
	char private_key[CERTIFICATE_KEY_TEXT];
};
MUST_CHECK enum rc certificate_new(const char *name, struct certificate_made *ret, struct err *e);
