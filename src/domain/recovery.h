/* Getting back into an account without password or second factor: a link (by mail, or printed by
 * the operator), then a waiting time in which the groups are told, class C and D are frozen, and
 * the owner can stop it; then a new password. A link alone opens nothing. States: sent → waiting →
 * done, or stopped. */
#pragma once

#include "domain/account.h"

enum {
	RECOVERY_MAILS_PER_DAY = 5,
	RECOVERY_MAIL_GAP_MS = 10 * 60 * 1000,
	RECOVERY_LINK_LIFE_MS = 24 * 3600 * 1000,
	/* After the waiting time a new password can be set for so long. */
	RECOVERY_FINISH_LIFE_MS = 7 * 24 * 3600 * 1000,
	/* After the owner stopped one, no link is mailed for so long. */
	RECOVERY_REST_MS = 7 * 24 * 3600 * 1000,
};

/* Mails a link when there is such an account with a confirmed address. Does not wait for it and
 * tells nothing, so that it takes as long for a login that nobody has. RC_LIMIT: the writer's queue
 * is full. */
MUST_CHECK enum rc recovery_request(struct domain *d, struct view login, struct err *e);

/* For the operator: a fresh link's token, when there is no mail. RC_NOT_FOUND: no such login;
 * RC_CONFLICT: one is waiting already. */
MUST_CHECK enum rc recovery_new_link(struct domain *d, const struct principal *who,
	struct view login, char ret_token[TOKEN_TEXT], struct err *e);

/* The link was opened: the waiting time begins (or goes on). Code: token_wrong (RC_DENIED). */
MUST_CHECK enum rc recovery_confirm(struct domain *d, struct db *reader,
	const struct principal *who, struct view token, int64_t *ret_until_ms, struct problem *p,
	struct err *e);

/* After the waiting time: a new password; second factors, sessions and known networks go. Hashes.
 * Codes: token_wrong (RC_DENIED), recovery_waits (RC_CONFLICT), password_… (RC_SYNTAX). */
MUST_CHECK enum rc recovery_finish(struct domain *d, struct db *reader, const struct principal *who,
	struct view token, struct view password, struct problem *p, struct err *e);

/* The signed-in owner stops it. RC_NOT_FOUND: none waits. */
MUST_CHECK enum rc recovery_stop(
	struct domain *d, struct db *reader, const struct principal *who, struct err *e);
