/* The rules of a group, and its end. */
#include "base/json_out.h"
#include "crypto/keyring.h"
#include "domain/approval.h"
#include "domain/audit.h"
#include "domain/group.h"
#include "store/query.h"

static enum rc execute_rules(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	struct stmt *s = NULL;

	(void)d;
	(void)now_ms;
	(void)p;
	if (a->payload.n != 1)
		return fail(e, RC_SYNTAX, "approval: damaged rules");
	enum rc rc = query_prepare(
		db, "UPDATE care_group SET wait_hours = ?2 WHERE id = ?1", &a->group, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, (uint8_t)a->payload.p[0]);
	return stmt_run(s, NULL, e);
}

static void summarize_rules(struct json_out *j, struct db *reader, const struct approval *a)
{
	(void)reader;
	if (a->payload.n == 1)
		json_int(j, "wait_hours", (uint8_t)a->payload.p[0]);
}

const struct approval_kind group_rules_kind = {
	"group.rules", RIGHT_MEMBERS, execute_rules, NULL, summarize_rules};

enum rc group_change_wait(struct domain *d, const struct principal *who,
	const struct verdict *verdict, uint32_t hours, struct approval_result *ret,
	struct problem *p, struct err *e)
{
	const char payload = (char)hours; /* at most WAIT_HOURS_MAX: a byte */
	const struct approval_request r = {.kind = group_rules_kind.name,
		.group = verdict->group,
		.payload = {.p = &payload, .n = 1}};

	act_detail(who, "wait_hours: %u", hours);
	return approval_act(d, who, verdict, &r, ret, p, e);
}

enum rc group_erase_rows(struct db *db, const struct uid *group, struct err *e)
{
	static const char *const deletions[] = {
		"DELETE FROM member_wearer WHERE care_group = ?1",
		"DELETE FROM member WHERE care_group = ?1",
		"DELETE FROM invitation WHERE care_group = ?1",
		"DELETE FROM approval WHERE care_group = ?1",
		"DELETE FROM break_glass WHERE care_group = ?1",
		"DELETE FROM claim WHERE care_group = ?1",
		"DELETE FROM radio_learned WHERE care_group = ?1",
		"DELETE FROM care_group WHERE id = ?1",
	};
	enum rc rc = keyring_destroy(db_keyring(db), group, e);

	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++)
		rc = query_run(db, deletions[i], group, e);
	return rc;
}
