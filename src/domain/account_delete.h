/* Deleting an account: its rows go, and its key is destroyed, so that nothing sealed about it can
 * be read any more, also in older backups. */
#pragma once

#include "domain/account.h"

/* The caller's own account. Codes (RC_CONFLICT): last_admin, when he is the only admin of a group
 * with other members or with wearers (p->groups); last_operator. The caller is to be guarded
 * before (security_guard). A group in which nobody and nobody's watch is left goes as well. */
MUST_CHECK enum rc account_delete(
	struct domain *d, const struct principal *who, struct problem *p, struct err *e);

/* In a writer job: destroys the key, then takes all rows away. Nothing is asked: for what is left
 * of an account whose key is gone (an older backup, a commit that failed), and the end of the
 * above. A key that is destroyed does not come back when the job is undone. */
MUST_CHECK enum rc account_delete_rows(struct db *db, const struct uid *account, struct err *e);
