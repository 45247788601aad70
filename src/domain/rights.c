#include "domain/rights.h"

#include "domain/consent.h"

/* How an object is found: its group, and its wearer or NULL. Each row takes the object's id as ?1.
 * Kinds without a row do not exist yet: RC_NOT_FOUND. */
static const char *const owner_of[OBJECT_KIND_COUNT] = {
	[OBJECT_GROUP] = "SELECT id, NULL FROM care_group WHERE id = ?1",
	[OBJECT_WEARER] = "SELECT care_group, id FROM wearer WHERE id = ?1",
	[OBJECT_ALARM] = ("SELECT w.care_group, w.id FROM alarm a JOIN wearer w ON w.id = a.wearer"
			  " WHERE a.id = ?1"),
	[OBJECT_COMMAND] = ("SELECT w.care_group, w.id FROM command c"
			    " JOIN wearer w ON w.id = c.wearer WHERE c.id = ?1"),
	[OBJECT_CLAIM] = "SELECT care_group, NULL FROM claim WHERE id = ?1",
	[OBJECT_CONSENT] = "SELECT care_group, NULL FROM consent WHERE id = ?1",
	[OBJECT_PROPOSAL] = "SELECT care_group, wearer FROM plan_proposal WHERE id = ?1",
};

/* What happens with a right of class D after the step-up. */
enum release {
	RELEASE_AT_ONCE, /* the others are told */
	RELEASE_AGREED,  /* a second admin, else time in which members may object */
};

static const struct {
	const char *name;
	char class;
	enum release release;
} rights[RIGHT_COUNT] = {
	[RIGHT_NONE] = {NULL, 0, RELEASE_AGREED},
	[RIGHT_SEE_GROUP] = {"see_group", 'A', RELEASE_AT_ONCE},
	[RIGHT_VIEW_POSITION] = {"view_position", 'A', RELEASE_AT_ONCE},
	[RIGHT_VIEW_HISTORY] = {"view_history", 'A', RELEASE_AT_ONCE},
	[RIGHT_VIEW_HEALTH] = {"view_health", 'A', RELEASE_AT_ONCE},
	[RIGHT_VIEW_MEDIA] = {"view_media", 'A', RELEASE_AT_ONCE},
	[RIGHT_ALARMS] = {"alarms", 'B', RELEASE_AT_ONCE},
	[RIGHT_MESSAGE] = {"message", 'B', RELEASE_AT_ONCE},
	[RIGHT_LOCATE] = {"locate", 'B', RELEASE_AT_ONCE},
	[RIGHT_RING] = {"ring", 'B', RELEASE_AT_ONCE},
	[RIGHT_SCHEDULE] = {"schedule", 'B', RELEASE_AT_ONCE},
	[RIGHT_SETTINGS] = {"settings", 'B', RELEASE_AT_ONCE},
	[RIGHT_CONTACTS] = {"contacts", 'C', RELEASE_AT_ONCE},
	[RIGHT_PLACES] = {"places", 'C', RELEASE_AT_ONCE},
	[RIGHT_PHOTO] = {"photo", 'C', RELEASE_AT_ONCE},
	[RIGHT_CALL] = {"call", 'C', RELEASE_AT_ONCE},
	[RIGHT_CLAIM] = {"claim", 'C', RELEASE_AT_ONCE},
	[RIGHT_CONSENT] = {"consent", 'C', RELEASE_AT_ONCE},
	[RIGHT_POWER] = {"power", 'D', RELEASE_AT_ONCE},
	[RIGHT_PASSWORD] = {"password", 'D', RELEASE_AT_ONCE},
	[RIGHT_MEDICATION] = {"medication", 'D', RELEASE_AGREED},
	[RIGHT_PHOTO_ALLOW] = {"photo_allow", 'D', RELEASE_AGREED},
	[RIGHT_MEMBERS] = {"members", 'D', RELEASE_AGREED},
	[RIGHT_EXPORT] = {"export", 'D', RELEASE_AT_ONCE},
	[RIGHT_ERASE] = {"erase", 'D', RELEASE_AGREED},
	[RIGHT_RESET] = {"reset", 'D', RELEASE_AGREED},
	[RIGHT_PROPOSE] = {"propose_plan", 'B', RELEASE_AT_ONCE},
};
_Static_assert(RIGHT_COUNT <= 32, "right_set has 32 bits");

enum {
	RIGHTS_VIEWER = 1 << RIGHT_SEE_GROUP | 1 << RIGHT_VIEW_POSITION,
	RIGHTS_CARER = RIGHTS_VIEWER | 1 << RIGHT_VIEW_HEALTH | 1 << RIGHT_ALARMS |
		       1 << RIGHT_MESSAGE | 1 << RIGHT_LOCATE | 1 << RIGHT_RING | 1 << RIGHT_CALL,
	RIGHTS_GUARDIAN = RIGHTS_CARER | 1 << RIGHT_VIEW_HISTORY | 1 << RIGHT_VIEW_MEDIA |
			  1 << RIGHT_SCHEDULE | 1 << RIGHT_SETTINGS | 1 << RIGHT_CONTACTS |
			  1 << RIGHT_PLACES | 1 << RIGHT_PHOTO | 1 << RIGHT_POWER,
	RIGHTS_ADMIN = (1 << RIGHT_COUNT) - 1 - (1 << RIGHT_NONE) - (1 << RIGHT_PROPOSE),
};

static const struct {
	const char *name;
	right_set rights;
} roles[ROLE_COUNT] = {
	[ROLE_ADMIN] = {"admin", RIGHTS_ADMIN},
	[ROLE_GUARDIAN] = {"guardian", RIGHTS_GUARDIAN},
	[ROLE_CARER] = {"carer", RIGHTS_CARER},
	[ROLE_VIEWER] = {"viewer", RIGHTS_VIEWER},
};

enum { WAIT_HOURS_DEFAULT = 24 };

const char *right_name(enum right r)
{
	return r > RIGHT_NONE && r < RIGHT_COUNT ? rights[r].name : NULL;
}

bool right_from_name(struct view name, enum right *ret)
{
	for (enum right r = RIGHT_NONE + 1; r < RIGHT_COUNT; r++) {
		if (view_is(name, view_of(rights[r].name))) {
			*ret = r;
			return true;
		}
	}
	return false;
}

char right_class(enum right r)
{
	return rights[r].class;
}

const char *role_name(enum member_role r)
{
	return r < ROLE_COUNT ? roles[r].name : NULL;
}

bool role_from_name(struct view name, enum member_role *ret)
{
	for (enum member_role r = 0; r < ROLE_COUNT; r++) {
		if (view_is(name, view_of(roles[r].name))) {
			*ret = r;
			return true;
		}
	}
	return false;
}

right_set role_rights(enum member_role r)
{
	return roles[r].rights;
}

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

static enum rc find_owner(struct db *reader, enum object_kind kind, const struct uid *object,
	struct verdict *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	if (owner_of[kind] == NULL)
		return no_such_object(e);
	enum rc rc = db_prepare(reader, owner_of[kind], &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, object);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = (struct verdict){.decision = DECIDE_DENY, .reason = "right_missing"};
	if (has_row) {
		ret->group = stmt_uid(s, 0);
		ret->wearer = stmt_uid(s, 1);
	}
	stmt_reset(s);
	return uid_is_none(&ret->group) ? no_such_object(e) : RC_OK;
}

/* What the account holds in the group now; not what its session remembers. */
static enum rc read_rights(struct db *reader, const struct uid *account, const struct uid *group,
	right_set *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum member_role role = ROLE_VIEWER;
	enum rc rc = db_prepare(
		reader, "SELECT role FROM member WHERE account = ?1 AND care_group = ?2", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, account);
	stmt_bind_uid(s, 2, group);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	bool is_known = has_row && role_from_name(stmt_text(s, 0), &role);
	stmt_reset(s);
	if (!has_row)
		return no_such_object(e);
	*ret = is_known ? role_rights(role) : 0;
	return RC_OK;
}

/* How many others there are in the group: admins, and all. */
static enum rc count_others(struct db *reader, const struct uid *account, const struct uid *group,
	int64_t *ret_admins, int64_t *ret_all, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT COALESCE(SUM(role = 'admin'), 0), COUNT(*) FROM member"
		" WHERE care_group = ?1 AND account <> ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, group);
	stmt_bind_uid(s, 2, account);
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
	int64_t now_ms, struct verdict *ret, struct err *e)
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
	if (rights[right].release == RELEASE_AT_ONCE)
		return RC_OK;
	enum rc rc = count_others(reader, &who->account, &ret->group, &admins, &all, e);
	if (rc != RC_OK)
		return rc;
	if (admins > 0) {
		decide(ret, DECIDE_SECOND_PERSON, "second_person_needed");
	} else if (all > 0) {
		decide(ret, DECIDE_WAIT, "waiting_time");
		ret->wait_ms = (int64_t)WAIT_HOURS_DEFAULT * 3600 * 1000;
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
		*ret = (struct verdict){
			.decision = DECIDE_ALLOW, .group = hit.group, .wearer = *object};
	return rc;
}

enum rc rights_decide(struct db *reader, const struct principal *who, enum object_kind kind,
	const struct uid *object, enum right right, int64_t now_ms, struct verdict *ret,
	struct err *e)
{
	struct verdict v;
	right_set held = 0;

	if (!uid_is_none(&who->partner))
		return decide_partner(reader, who, kind, object, right, now_ms, ret, e);
	enum rc rc = find_owner(reader, kind, object, &v, e);
	if (rc == RC_OK)
		rc = read_rights(reader, &who->account, &v.group, &held, e);
	if (rc != RC_OK)
		return rc;
	if ((held & RIGHT_BIT(right)) == 0)
		decide(&v, DECIDE_DENY, "right_missing");
	else if (right_class(right) >= 'C' && now_ms < who->frozen_until_ms)
		decide(&v, DECIDE_DENY, "recovery_runs");
	else if (right_class(right) == 'D')
		rc = decide_critical(reader, who, right, now_ms, &v, e);
	else
		decide(&v, DECIDE_ALLOW, NULL);
	if (rc == RC_OK)
		*ret = v;
	return rc;
}
