/* The table of rights and that of roles. */
#include "domain/rights.h"

static const struct {
	const char *name;
	char class;
	bool must_agree;
} rights[RIGHT_COUNT] = {
	[RIGHT_NONE] = {NULL, 0, true},
	[RIGHT_SEE_GROUP] = {"see_group", 'A', false},
	[RIGHT_VIEW_POSITION] = {"view_position", 'A', false},
	[RIGHT_VIEW_HISTORY] = {"view_history", 'A', false},
	[RIGHT_VIEW_HEALTH] = {"view_health", 'A', false},
	[RIGHT_VIEW_MEDIA] = {"view_media", 'A', false},
	[RIGHT_ALARMS] = {"alarms", 'B', false},
	[RIGHT_MESSAGE] = {"message", 'B', false},
	[RIGHT_LOCATE] = {"locate", 'B', false},
	[RIGHT_RING] = {"ring", 'B', false},
	[RIGHT_SCHEDULE] = {"schedule", 'B', false},
	[RIGHT_SETTINGS] = {"settings", 'B', false},
	[RIGHT_CONTACTS] = {"contacts", 'C', false},
	[RIGHT_PLACES] = {"places", 'C', false},
	[RIGHT_PHOTO] = {"photo", 'C', false},
	[RIGHT_CALL] = {"call", 'C', false},
	[RIGHT_CLAIM] = {"claim", 'C', false},
	[RIGHT_CONSENT] = {"consent", 'C', false},
	[RIGHT_POWER] = {"power", 'D', false},
	[RIGHT_PASSWORD] = {"password", 'D', false},
	[RIGHT_MEDICATION] = {"medication", 'D', true},
	[RIGHT_PHOTO_ALLOW] = {"photo_allow", 'D', true},
	[RIGHT_MEMBERS] = {"members", 'D', true},
	[RIGHT_EXPORT] = {"export", 'D', false},
	[RIGHT_ERASE] = {"erase", 'D', true},
	[RIGHT_RESET] = {"reset", 'D', true},
	[RIGHT_PROPOSE] = {"propose_plan", 'B', false},
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

bool right_must_be_agreed(enum right r)
{
	return rights[r].must_agree;
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
