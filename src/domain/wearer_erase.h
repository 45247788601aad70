/* Erasing a wearer: the key is destroyed first, so that nothing sealed about them opens any more,
 * here or in an older backup; then the rows go. What a crash leaves behind in between, and what an
 * older backup brings back, is finished off at the next start (erase_keyless.h). wearer_erase
 * (wearer.h) does all of it; approvals use the parts. */
#pragma once

#include "domain/domain.h"

struct wearer_erased {
	struct uid wearer, group;
	uint32_t number;
};

/* In a job of the writer. The key is gone when this returns, also when the job is undone later.
 * RC_NOT_FOUND: there is no such wearer. */
MUST_CHECK enum rc wearer_erase_rows(
	struct db *db, const struct uid *wearer, struct wearer_erased *ret, struct err *e);
/* After the commit, in any thread: memory forgets them, streams are told. */
MUST_CHECK enum rc wearer_erase_finish(
	struct domain *d, const struct wearer_erased *erased, struct err *e);

/* "wearer.erase" of approval_kinds.c. */
extern const struct approval_kind wearer_erase_kind;
