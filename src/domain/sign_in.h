/* Signing in: with login and password (and a code, when the account has an authenticator app), with
 * a passkey, and behind set-up and invitations. Every session begins in session_start. Called from
 * pool threads that may hash passwords. */
#pragma once

#include "domain/passkey.h"

/* Begins a session of the account. `is_stepped_up`: a passkey or code was shown just now. Codes:
 * those of a ban. */
MUST_CHECK enum rc session_start(struct domain *d, struct db *reader, const struct uid *account,
	const struct request_origin *from, bool is_stepped_up, struct sign_in_result *ret,
	struct problem *p, struct err *e);

/* Counts an attempt of `login`; refuses (RC_LIMIT, too_many_attempts) when there were too many.
 * is_known: it comes from a network of the account. */
MUST_CHECK enum rc sign_in_begin(struct domain *d, struct view login,
	const struct request_origin *from, bool is_known, struct problem *p);
/* It was right: it no longer counts. */
void sign_in_was_right(struct domain *d, struct view login, const struct request_origin *from);

struct sign_in_request {
	struct view login, password;
	struct view code; /* of the app or a recovery code; p NULL: none */
};
/* Codes: sign_in_failed (RC_DENIED; alike, and as slow, for unknown logins), code_needed,
 * code_wrong (RC_DENIED, behind the right password), too_many_attempts (RC_LIMIT with
 * retry_after_s). */
MUST_CHECK enum rc account_sign_in(struct domain *d, struct db *reader,
	const struct sign_in_request *r, const struct request_origin *from,
	struct sign_in_result *ret, struct problem *p, struct err *e);

/* With a passkey: not held back by what others try with passwords. Code: sign_in_failed
 * (RC_DENIED), alike whatever is not right. */
MUST_CHECK enum rc passkey_sign_in(struct domain *d, struct db *reader,
	const struct passkey_proof *proof, const struct request_origin *from,
	struct sign_in_result *ret, struct problem *p, struct err *e);
