#include "domain/rights.h"

#include "domain/consent.h"
#include "domain/window.h"
#include "time/zone.h"

/* One statement for each kind of object, because most of a small statement's time goes into its
 * read transaction: the object's group g and wearer w (or NULL), what the account ?2 holds there,
 * and for operators (?3) whether an emergency access is open at ?4. ?1 is the object. Foreign and
 * unknown objects take the same way. */
#define DECIDE_BY(owner)                                                                           \
	"SELECT m.role, COALESCE(m.given, 0), COALESCE(m.taken, 0), m.windows,"                    \
	" COALESCE(m.until_ms, 0), g.zone, g.wait_hours, COALESCE(x.given, 0),"                    \
	" COALESCE(x.taken, 0), x.windows, o.g, o.w,"                                              \
	" CASE WHEN ?3 AND m.role IS NULL THEN EXISTS (SELECT 1 FROM break_glass b"                \
	"  WHERE b.care_group = o.g AND b.until_ms > ?4 AND b.approved_by IS NOT NULL"             \
	"  AND (b.by_account = ?2 OR b.approved_by = ?2)) ELSE 0 END"                              \
	" FROM (" owner ") o JOIN care_group g ON g.id = o.g"                                      \
	" LEFT JOIN member m ON m.account = ?2 AND m.care_group = o.g"                             \
	" LEFT JOIN member_wearer x ON x.account = ?2 AND x.wearer = o.w"

#define BY_WEARER(table)                                                                           \
	DECIDE_BY("SELECT w.care_group g, w.id w FROM " table                                      \
		  " t JOIN wearer w ON w.id = t.wearer WHERE t.id = ?1")
#define BY_GROUP(table) DECIDE_BY("SELECT care_group g, NULL w FROM " table " WHERE id = ?1")

/* Kinds without a row do not exist: RC_NOT_FOUND. */
static const char *const decide_by[OBJECT_KIND_COUNT] = {
	[OBJECT_GROUP] = DECIDE_BY("SELECT id g, NULL w FROM care_group WHERE id = ?1"),
	[OBJECT_WEARER] = DECIDE_BY("SELECT care_group g, id w FROM wearer WHERE id = ?1"),
	[OBJECT_ALARM] = BY_WEARER("alarm"),
	[OBJECT_COMMAND] = BY_WEARER("command"),
	[OBJECT_THREAD_ITEM] = BY_WEARER("thread_item"),
	[OBJECT_CLAIM] = BY_GROUP("claim"),
	[OBJECT_INVITATION] = BY_GROUP("invitation"),
	[OBJECT_APPROVAL] = BY_GROUP("approval"),
	[OBJECT_CONSENT] = BY_GROUP("consent"),
	[OBJECT_PROPOSAL] =
		DECIDE_BY("SELECT care_group g, wearer w FROM plan_proposal WHERE id = ?1"),
};

bool principal_is_member(const struct principal *who, const struct uid *group)
{
	for (uint8_t i = 0; i < who->groups_n; i++) {
		if (uid_is(&who->groups[i], group))
			return true;
	}
	return false;
}

static enum rc no_such_object(struct err *e)
{
	return fail(e, RC_NOT_FOUND, "no such object");
}

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

/* A zone that the system lost is UTC. */
static int64_t local_time(struct view zone, int64_t now_ms)
{
	CLEANUP(zone_freep) struct zone *z = NULL;

	if (zone_load(zone, &z, NULL) != RC_OK)
		return now_ms;
	return now_ms + (int64_t)zone_offset_s(z, now_ms) * 1000;
}

/* The columns of rights_held. */
static void read_holding(struct stmt *s, int64_t now_ms, struct holding *ret)
{
	enum member_role role = ROLE_VIEWER;
	right_set held = role_from_name(stmt_text(s, 0), &role) ? role_rights(role) : 0;
	struct view windows = stmt_blob(s, 3);
	struct view of_wearer = stmt_blob(s, 9);
	right_set see_group = held & RIGHT_BIT(RIGHT_SEE_GROUP);

	held = (held | (right_set)stmt_int(s, 1)) & ~(right_set)stmt_int(s, 2);
	held = (held | (right_set)stmt_int(s, 7)) & ~(right_set)stmt_int(s, 8);
	held |= see_group; /* who is in the group knows who is */
	*ret = (struct holding){
		.role = role, .ever = held, .now = held, .wait_hours = (uint32_t)stmt_int(s, 6)};
	if (windows.n == 0 && of_wearer.n == 0)
		return;
	int64_t local_ms = local_time(stmt_text(s, 5), now_ms);
	ret->now &= ~(windows_forbid(windows, local_ms) | windows_forbid(of_wearer, local_ms));
}

enum rc rights_held(struct db *reader, const struct uid *account, const struct uid *group,
	const struct uid *wearer, int64_t now_ms, struct holding *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT m.role, m.given, m.taken, m.windows, m.until_ms, g.zone, g.wait_hours,"
		" COALESCE(w.given, 0), COALESCE(w.taken, 0), w.windows FROM member m"
		" JOIN care_group g ON g.id = m.care_group"
		" LEFT JOIN member_wearer w ON w.account = m.account AND w.wearer = ?3"
		" WHERE m.account = ?1 AND m.care_group = ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, account);
	stmt_bind_uid(s, 2, group);
	stmt_bind_uid(s, 3, wearer);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	bool is_member = has_row && (stmt_int(s, 4) == 0 || stmt_int(s, 4) > now_ms);
	if (is_member)
		read_holding(s, now_ms, ret);
	stmt_reset(s);
	return is_member ? RC_OK : no_such_object(e);
}

enum rc rights_of_listener(struct db *reader, const struct uid *account, const struct uid *group,
	int64_t now_ms, right_set *ret, bool *ret_is_fixed, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct holding held;
	enum rc rc = rights_held(reader, account, group, NULL, now_ms, &held, e);

	if (rc == RC_OK)
		rc = db_prepare(reader,
			"SELECT m.until_ms = 0 AND LENGTH(m.windows) = 0 AND NOT EXISTS"
			" (SELECT 1 FROM member_wearer w WHERE w.account = m.account"
			" AND w.care_group = m.care_group)"
			" FROM member m WHERE m.account = ?1 AND m.care_group = ?2",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, account);
	stmt_bind_uid(s, 2, group);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = held.now;
	*ret_is_fixed = has_row && stmt_int(s, 0) != 0;
	stmt_reset(s);
	return RC_OK;
}

enum rc rights_groups(struct db *reader, const struct uid *account, int64_t now_ms,
	struct uid ret[PRINCIPAL_GROUPS_MAX], size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	size_t n = 0;
	enum rc rc = db_prepare(reader,
		"SELECT care_group FROM member WHERE account = ?1"
		" AND (until_ms = 0 OR until_ms > ?2) ORDER BY created_ms, care_group LIMIT ?3",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, account);
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, PRINCIPAL_GROUPS_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		ret[n++] = stmt_uid(s, 0);
	*ret_n = n;
	return rc;
}

/* How many others there are in the group: admins, and all. */
static enum rc count_others(struct db *reader, const struct uid *account, const struct uid *group,
	int64_t now_ms, int64_t *ret_admins, int64_t *ret_all, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT COALESCE(SUM(role = 'admin'), 0), COUNT(*) FROM member"
		" WHERE care_group = ?1 AND account <> ?2 AND (until_ms = 0 OR until_ms > ?3)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, group);
	stmt_bind_uid(s, 2, account);
	stmt_bind_int(s, 3, now_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_admins = stmt_int(s, 0);
	*ret_all = stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

static void decide(struct verdict *ret, enum decision decision, const char *reason)
{
	ret->decision = decision;
	ret->reason = reason;
}

/* Class D, for somebody who has the right: what must happen first. */
static enum rc decide_critical(struct db *reader, const struct principal *who, enum right right,
	uint32_t wait_hours, int64_t now_ms, struct verdict *ret, struct err *e)
{
	int64_t admins = 0;
	int64_t all = 0;

	if (!who->has_second_factor) {
		decide(ret, DECIDE_DENY, "second_factor_missing");
		return RC_OK;
	}
	if (who->stepped_up_ms == 0 || who->stepped_up_ms > now_ms ||
		now_ms - who->stepped_up_ms >= STEP_UP_LIFE_MS) {
		decide(ret, DECIDE_STEP_UP, "step_up_needed");
		return RC_OK;
	}
	decide(ret, DECIDE_ALLOW, NULL);
	if (!right_must_be_agreed(right))
		return RC_OK;
	enum rc rc = count_others(reader, &who->account, &ret->group, now_ms, &admins, &all, e);
	if (rc != RC_OK)
		return rc;
	if (admins > 0) {
		decide(ret, DECIDE_SECOND_PERSON, "second_person_needed");
	} else if (all > 0) {
		decide(ret, DECIDE_WAIT, "waiting_time");
		ret->wait_ms = (int64_t)wait_hours * 3600 * 1000;
	}
	return RC_OK;
}

/* A partner may only what a family's consent names, on wearers alone; all else does not exist. */
static enum rc decide_partner(struct db *reader, const struct principal *who, enum object_kind kind,
	const struct uid *object, enum right right, int64_t now_ms, struct verdict *ret,
	struct err *e)
{
	struct consent_hit hit;

	if (kind != OBJECT_WEARER)
		return no_such_object(e);
	enum rc rc = consent_decide(reader, &who->partner, object, right, now_ms, &hit, e);
	if (rc == RC_OK)
		*ret = (struct verdict){.decision = DECIDE_ALLOW,
			.group = hit.group,
			.wearer = *object,
			.now = RIGHT_BIT(right)};
	return rc;
}

/* Operators have no right on content, but for an emergency access that two of them opened: reading.
 */
static void decide_operator(enum right right, struct verdict *v)
{
	v->is_break_glass = true;
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++)
		v->now |= right_class(r) == 'A' ? RIGHT_BIT(r) : 0;
	bool may = (v->now & RIGHT_BIT(right)) != 0;
	decide(v, may ? DECIDE_ALLOW : DECIDE_DENY, may ? NULL : "right_missing");
}

/* Whose the object is, and what the caller holds there. RC_NOT_FOUND when that is nothing. */
static enum rc look_up(struct db *reader, const struct principal *who, enum object_kind kind,
	const struct uid *object, int64_t now_ms, struct verdict *ret, struct holding *ret_held,
	struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	if (decide_by[kind] == NULL)
		return no_such_object(e);
	enum rc rc = db_prepare(reader, decide_by[kind], &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, object);
	stmt_bind_uid(s, 2, &who->account);
	stmt_bind_int(s, 3, who->is_operator);
	stmt_bind_int(s, 4, now_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	bool is_member =
		has_row && !stmt_is_null(s, 0) && (stmt_int(s, 4) == 0 || stmt_int(s, 4) > now_ms);
	*ret = (struct verdict){.decision = DECIDE_DENY, .reason = "right_missing"};
	if (has_row) {
		ret->group = stmt_uid(s, 10);
		ret->wearer = stmt_uid(s, 11);
		ret->is_break_glass = stmt_int(s, 12) != 0;
	}
	if (is_member)
		read_holding(s, now_ms, ret_held);
	stmt_reset(s);
	return is_member || ret->is_break_glass ? RC_OK : no_such_object(e);
}

enum rc rights_decide(struct db *reader, const struct principal *who, enum object_kind kind,
	const struct uid *object, enum right right, int64_t now_ms, struct verdict *ret,
	struct err *e)
{
	struct verdict v = {.decision = DECIDE_DENY};
	struct holding held;

	if (!uid_is_none(&who->partner))
		return decide_partner(reader, who, kind, object, right, now_ms, ret, e);
	enum rc rc = look_up(reader, who, kind, object, now_ms, &v, &held, e);
	if (rc != RC_OK)
		return rc;
	if (v.is_break_glass) {
		decide_operator(right, &v);
		*ret = v;
		return RC_OK;
	}
	v.now = held.now;
	if ((held.ever & RIGHT_BIT(right)) == 0)
		decide(&v, DECIDE_DENY, "right_missing");
	else if ((held.now & RIGHT_BIT(right)) == 0)
		decide(&v, DECIDE_DENY, "not_now");
	else if (right_class(right) >= 'C' && now_ms < who->frozen_until_ms)
		decide(&v, DECIDE_DENY, "recovery_runs");
	else if (right_class(right) == 'D')
		rc = decide_critical(reader, who, right, held.wait_hours, now_ms, &v, e);
	else
		decide(&v, DECIDE_ALLOW, NULL);
	if (rc == RC_OK)
		*ret = v;
	return rc;
}
