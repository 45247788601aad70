#include "domain/account_notice.h"

#include <stdio.h>

#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "store/query.h"

static enum rc read_groups(
	struct db *db, const struct uid *account, struct account_notice *n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT care_group FROM member WHERE account = ?1 ORDER BY care_group LIMIT ?2",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PRINCIPAL_GROUPS_MAX);
	n->groups_n = 0;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		n->groups[n->groups_n++] = stmt_uid(s, 0);
	return rc;
}

enum rc account_notice_append(struct db *db, const struct uid *account, const struct principal *who,
	int64_t now_ms, struct account_notice *n, struct err *e)
{
	struct act act = {.action = n->action,
		.actor_kind = who == NULL ? ACTOR_SERVER : ACTOR_ACCOUNT,
		.subject = *account,
		.outcome = "done",
		.is_told = true};
	enum rc rc = read_groups(db, account, n, e);

	if (who != NULL)
		act.actor = who->account;
	(void)snprintf(act.detail, sizeof act.detail, "%s", n->detail);
	for (size_t i = 0; i < n->groups_n && rc == RC_OK; i++) {
		act.group = n->groups[i];
		rc = audit_append(db, &act, now_ms, e);
	}
	return rc;
}

void account_notice_publish(struct domain *d, const struct account_notice *n)
{
	for (size_t i = 0; i < n->groups_n && d->bus != NULL; i++)
		bus_publish(d->bus, EVENT_NOTICE, &n->groups[i], &n->groups[i]);
}
