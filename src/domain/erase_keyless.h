/* Finishes off, at the start, what an erasure left whose key was destroyed and whose rows stayed:
 * it was cut off, or an older backup was restored. Before anything is loaded, with the writing
 * connection. */
#pragma once

#include "base/err.h"
#include "store/db.h"

struct keyless {
	unsigned wearers, groups, accounts;
};
/* RC_DENIED, and nothing is changed, as erase_keyless_check says. */
MUST_CHECK enum rc erase_keyless(struct db *db, struct keyless *ret, struct err *e);

/* RC_DENIED when somebody has no key, but nobody destroyed it: these keys are older than the data,
 * and what they cannot open must not be taken for erased. */
MUST_CHECK enum rc erase_keyless_check(struct db *db, struct err *e);
