/* The second factors of an account beside passkeys: an authenticator app (TOTP) and recovery codes;
 * and the proof that changes of them need. Called from pool threads that may hash passwords. */
#pragma once

#include "crypto/totp.h"
#include "domain/account.h"
#include "domain/passkey.h"

enum {
	RECOVERY_CODES = 10,
	RECOVERY_CODE_CHARS = 12, /* of 32 letters and digits: 60 bits */
	RECOVERY_CODE_TEXT = 15,  /* "k7qp-m2xd-9f3w" */
};

struct recovery_codes {
	char text[RECOVERY_CODES][RECOVERY_CODE_TEXT];
};

struct security_info {
	bool has_totp;
	uint32_t recovery_codes_left;
	char email[MAIL_ADDRESS_TEXT];         /* confirmed; "" */
	char email_pending[MAIL_ADDRESS_TEXT]; /* waits for its confirmation; "" */
	char phone[SIM_NUMBER_TEXT];
	int64_t recovery_until_ms; /* a recovery waits until then; 0: none */
};
MUST_CHECK enum rc security_get(struct db *reader, const struct uid *account, int64_t now_ms,
	struct security_info *ret, struct err *e);

/* May the caller change what protects his account? With a second factor a fresh step-up is wanted
 * (step_up_needed), without one the password (password_needed, password_wrong, too_many_attempts);
 * all RC_DENIED but the last. Hashes. */
MUST_CHECK enum rc security_guard(struct domain *d, struct db *reader, const struct principal *who,
	struct view password, const struct request_origin *from, struct problem *p, struct err *e);
/* Only the step-up: step_up_needed, or second_factor_missing (RC_DENIED). */
MUST_CHECK enum rc security_guard_step_up(
	struct domain *d, const struct principal *who, struct problem *p);

/* A new factor is begun with a proof and finished a little later. Was there one, then? */
MUST_CHECK bool security_was_proven(const struct domain *d, const struct principal *who);
/* In a writer job that finishes it: a password that was asked for at the beginning is not enough
 * when the account got a second factor meanwhile. RC_DENIED step_up_needed. */
MUST_CHECK enum rc security_check_begun(struct db *db, const struct uid *account, bool was_proven,
	struct problem *p, struct err *e);

struct totp_offer {
	char secret[TOTP_SECRET_TEXT];
	char uri[TOTP_URI_TEXT];
};
/* A fresh secret that counts from totp_confirm on. RC_CONFLICT totp_on: there is one already. */
MUST_CHECK enum rc totp_offer(struct domain *d, struct db *reader, const struct principal *who,
	struct totp_offer *ret, struct problem *p, struct err *e);
/* The first code of the app: it counts from now on, the session is stepped up, recovery codes are
 * made. Codes: code_wrong (RC_DENIED), totp_on, totp_off (RC_CONFLICT). */
MUST_CHECK enum rc totp_confirm(struct domain *d, struct db *reader, const struct principal *who,
	struct view code, struct recovery_codes *ret, struct problem *p, struct err *e);
/* RC_CONFLICT totp_off: there is none. */
MUST_CHECK enum rc totp_remove(struct domain *d, struct db *reader, const struct principal *who,
	struct problem *p, struct err *e);
/* New recovery codes in place of the old ones. RC_CONFLICT second_factor_missing: to what? */
MUST_CHECK enum rc recovery_codes_new(struct domain *d, const struct principal *who,
	struct recovery_codes *ret, struct problem *p, struct err *e);

/* A code of the app or a recovery code, either used up by this. Wrong ones are counted for the
 * account. Codes: code_wrong (RC_DENIED), too_many_attempts (RC_LIMIT). is_known: from a network of
 * the account. */
MUST_CHECK enum rc second_factor_check(struct domain *d, const struct uid *account,
	struct view code, const struct request_origin *from, bool is_known, struct problem *p,
	struct err *e);

/* In a writer job: recovery codes go with the last second factor. */
MUST_CHECK enum rc second_factor_tidy(struct db *db, const struct uid *account, struct err *e);
