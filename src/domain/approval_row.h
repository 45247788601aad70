/* Inside of the domain: rows of proposals, for approval.c and approvals.c. */
#pragma once

#include "domain/approval.h"

struct stmt;

#define APPROVAL_COLUMNS                                                                           \
	"SELECT id, care_group, wearer, subject, by_account, kind, needs, state, created_ms,"      \
	" due_ms, payload FROM approval"

/* A row with its payload, which `approval_row_done` forgets. */
struct approval_row {
	struct approval a;
	uint8_t *payload; /* owned */
	size_t payload_n;
};
/* RC_NOT_FOUND: the group is being erased, or the kind is not of this program. */
MUST_CHECK enum rc approval_row_read(struct stmt *s, struct approval_row *ret, struct err *e);
void approval_row_done(struct approval_row *r);
MUST_CHECK enum rc approval_row_find(
	struct db *db, const struct uid *id, struct approval_row *ret, struct err *e);

/* In a writer job: from PENDING to `next`. RC_CONFLICT: somebody else has ended it. */
MUST_CHECK enum rc approval_row_end(struct db *db, const struct uid *id, enum approval_state next,
	const struct uid *by, int64_t now_ms, struct err *e);
/* In a writer job: may `account` do now what the kind does? */
MUST_CHECK enum rc approval_holds_right(struct db *db, const struct approval *a,
	const struct uid *account, int64_t now_ms, bool *ret, struct err *e);
/* After the commit of the act. */
void approval_acted(struct domain *d, const struct approval *a);
