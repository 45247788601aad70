#include "domain/rights.h"

/* How the group that owns an object is found. Each row takes the object's id as ?1. */
static const char *const group_of[OBJECT_KIND_COUNT] = {
	[OBJECT_GROUP] = "SELECT id FROM care_group WHERE id = ?1",
	[OBJECT_WEARER] = "SELECT care_group FROM wearer WHERE id = ?1",
	[OBJECT_ALARM] = ("SELECT w.care_group FROM alarm a JOIN wearer w ON w.id = a.wearer"
			  " WHERE a.id = ?1"),
	[OBJECT_COMMAND] = ("SELECT w.care_group FROM command c JOIN wearer w ON w.id = c.wearer"
			    " WHERE c.id = ?1"),
	[OBJECT_CLAIM] = "SELECT care_group FROM claim WHERE id = ?1",
};

bool principal_is_member(const struct principal *who, const struct uid *group)
{
	for (uint8_t i = 0; i < who->groups_n; i++) {
		if (uid_is(&who->groups[i], group))
			return true;
	}
	return false;
}

enum rc rights_decide(struct db *reader, const struct principal *who, enum object_kind kind,
	const struct uid *object, enum right right, struct uid *ret_group, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, group_of[kind], &s, e);

	(void)right; /* every member has every right until roles exist */
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, object);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	struct uid group = has_row ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	if (uid_is_none(&group) || !principal_is_member(who, &group))
		return fail(e, RC_NOT_FOUND, "no such object");
	*ret_group = group;
	return RC_OK;
}
