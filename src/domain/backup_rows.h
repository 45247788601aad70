/* What of the database a backup leaves out, and what a restored one must not take up again: the
 * past may have gone on without this copy. */
#pragma once

#include "base/err.h"
#include "store/db.h"

/* On a copy that nobody else works with: the journal goes into chunks of each wearer's own key, and
 * what waits to go out, what was answered to partners and everything that lets somebody in
 * (sessions, links) is left out, overwritten. Afterwards nothing in it about a wearer opens without
 * that wearer's, the group's or an account's key. */
MUST_CHECK enum rc backup_rows_prepare(struct db *db, struct err *e);

struct restored {
	int64_t commands;  /* open ones that count as unknown now */
	int64_t approvals; /* that waited for others */
	int64_t consents;  /* of partners, withdrawn */
};
/* On a restored database, before the service starts on it. */
MUST_CHECK enum rc backup_rows_restored(
	struct db *db, int64_t now_ms, struct restored *ret, struct err *e);
