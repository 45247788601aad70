/* Signs a webhook: RFC 9421 with Ed25519 over method, address, digest of the body (RFC 9530),
 * content type and event id. The server signs, not the courier: the role that talks to strangers
 * holds no key, and one that was taken over can send nothing that a partner would believe. Pure. */
#pragma once

#include <stdint.h>

#include "base/uid.h"
#include "base/view.h"
#include "crypto/sign.h"

enum {
	WEBHOOK_SIGNATURE_LIFE_S = 300,
	WEBHOOK_DIGEST_TEXT = 64,
	WEBHOOK_PARAMS_TEXT = 240,
	WEBHOOK_INPUT_TEXT = WEBHOOK_PARAMS_TEXT + 8,
	WEBHOOK_SIGNATURE_TEXT = 112,
};

/* The values of the headers Content-Digest, Signature-Input and Signature. */
struct webhook_signature {
	char digest[WEBHOOK_DIGEST_TEXT];
	char input[WEBHOOK_INPUT_TEXT];
	char signature[WEBHOOK_SIGNATURE_TEXT];
};

/* url: what https_url_read takes. RC_LIMIT when it is too long. */
MUST_CHECK enum rc webhook_sign(const struct sign_key *key, struct view url,
	const struct uid *event, struct view body, int64_t now_s, struct webhook_signature *ret,
	struct err *e);
