/* Inside of the domain: what happens to an account and concerns the people of its groups: one entry
 * that is told in the audit log of each group. */
#pragma once

#include "domain/domain.h"

struct account_notice {
	const char *action; /* static */
	const char *detail; /* "" or for people */
	/* out */
	size_t groups_n;
	struct uid groups[PRINCIPAL_GROUPS_MAX];
};

/* In a writer job. `who` acts, or NULL: the server. */
MUST_CHECK enum rc account_notice_append(struct db *db, const struct uid *account,
	const struct principal *who, int64_t now_ms, struct account_notice *n, struct err *e);
/* After the commit: live events. */
void account_notice_publish(struct domain *d, const struct account_notice *n);
