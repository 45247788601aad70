/* Challenges for passkeys: random, for one purpose and one session, two minutes, one use. What was
 * given out is not kept: a challenge is made from its id with a key that lives as long as the
 * process, so nobody can crowd out the challenges of others by asking for many. Only used ones are
 * remembered, until they are over anyway; that table is bounded, and each entry in it needed a
 * signature that was right. Any thread. */
#pragma once

#include <stdint.h>

#include "base/uid.h"
#include "crypto/webauthn.h"

enum {
	CHALLENGE_LIFE_MS = 2 * 60 * 1000,
	CHALLENGES_USED_MAX = 8192, /* remembered at once; then more are refused */
	CHALLENGE_ID_BYTES = 24,    /* random 16, end 8 */
	CHALLENGE_ID_TEXT = 33,
};

enum challenge_purpose { CHALLENGE_SIGN_IN = 1, CHALLENGE_STEP_UP, CHALLENGE_NEW_PASSKEY };

struct challenges;

MUST_CHECK enum rc challenges_new(struct challenges **ret_owned, struct err *e);
void challenges_free(struct challenges *c);

/* `session` is none for a sign-in. */
void challenge_make(const struct challenges *c, enum challenge_purpose purpose,
	const struct uid *session, int64_t now_ms, char ret_id[CHALLENGE_ID_TEXT],
	uint8_t ret[WEBAUTHN_CHALLENGE_BYTES]);
/* False when the id has not the form of one, or its time is over. For another purpose or session
 * the bytes are others, so that no answer fits. */
MUST_CHECK bool challenge_find(const struct challenges *c, struct view id,
	enum challenge_purpose purpose, const struct uid *session, int64_t now_ms,
	uint8_t ret[WEBAUTHN_CHALLENGE_BYTES]);
/* Uses it up, after its answer was found right. RC_DENIED: it was used before; RC_LIMIT: too many
 * are remembered. */
MUST_CHECK enum rc challenge_use(struct challenges *c, struct view id, int64_t now_ms);
