/* Step-up: a signed-in person shows a passkey or a code once more, before something critical. It is
 * kept with the session for STEP_UP_LIFE_MS. */
#pragma once

#include "domain/passkey.h"

/* Codes: code_wrong, second_factor_missing (RC_DENIED), too_many_attempts (RC_LIMIT). */
MUST_CHECK enum rc step_up_with_code(struct domain *d, struct db *reader,
	const struct principal *who, struct view code, const struct request_origin *from,
	struct problem *p, struct err *e);

/* The challenge was made for CHALLENGE_STEP_UP and this session. Code: passkey_wrong (RC_DENIED).
 */
MUST_CHECK enum rc step_up_with_passkey(struct domain *d, struct db *reader,
	const struct principal *who, const struct passkey_proof *proof, struct problem *p,
	struct err *e);
