/* How a partner shows who it is: it signs an assertion with its private key (RFC 7523) and gets a
 * random token for five minutes, stored as a hash. An assertion counts once. A token that was given
 * to a client with a certificate (RFC 8705) works only together with that certificate. */
#pragma once

#include "crypto/token.h"
#include "domain/partner.h"

enum {
	PARTNER_TOKEN_LIFE_S = 300,
	PARTNER_TOKENS_MAX = 50, /* living ones of one partner; the oldest end */
	ASSERTION_LIFE_MAX_S = 300,
	ASSERTION_WINDOW_S = 60,   /* how far the two clocks may be apart */
	ASSERTIONS_KEPT_MAX = 600, /* of one partner, until each has ended */
	PARTNER_AUDIENCE_TEXT = 400,
};

struct partner_grant {
	struct uid partner;
	char token[TOKEN_TEXT_SIZE]; /* shown once; forget it */
};

/* certificate_sha256: of the connection's client certificate, or NULL. RC_DENIED: not a client of
 * ours, with what is wrong in e when that tells nothing about registrations; RC_LIMIT: too many
 * assertions. */
MUST_CHECK enum rc partner_token_grant(struct domain *d, struct db *reader, struct view audience,
	struct view assertion_text, const uint8_t *certificate_sha256, struct partner_grant *ret,
	struct err *e);

/* Who calls; a plain value. */
struct partner_caller {
	struct uid id;
	char name[PARTNER_NAME_TEXT];
	uint32_t requests_per_min, wearers_per_hour;
	int64_t token_until_ms;
};
/* RC_DENIED: no such token, ended, stopped, or bound to another certificate. */
MUST_CHECK enum rc partner_token_check(struct db *reader, struct view token,
	const uint8_t *certificate_sha256, int64_t now_ms, struct partner_caller *ret,
	struct err *e);
