/* Finishes off, at the start, what an erasure left whose key was destroyed and whose rows stayed:
 * it was cut off, or an older backup was restored. Before anything is loaded, with the writing
 * connection. */
#pragma once

#include "base/err.h"
#include "store/db.h"

struct keyless {
	unsigned wearers, groups, accounts;
};
MUST_CHECK enum rc erase_keyless(struct db *db, struct keyless *ret, struct err *e);
