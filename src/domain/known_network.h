/* Inside of the domain: the networks from which an account has signed in during the last 90 days
 * (at most KNOWN_NETWORKS_MAX). While others try passwords, sign-ins from these are not held back
 * (sign_in_limits.h). Sealed with the account's key. */
#pragma once

#include "domain/domain.h"

enum { KNOWN_NETWORKS_MAX = 20 };

/* `network` as sign_in_network gives it. False for the none id. */
MUST_CHECK enum rc known_network_is(struct db *reader, const struct uid *account,
	struct view network, int64_t now_ms, bool *ret, struct err *e);

/* In a writer job: the account has signed in from there. */
MUST_CHECK enum rc known_network_note(struct db *db, const struct uid *account, struct view network,
	int64_t now_ms, struct err *e);
