/* The one place that decides who may do what. Every route and every domain function that touches an
 * object asks here; the next issue replaces its inside (roles, named rights, step-up, second
 * person) and keeps the question. Today: every member of the group that owns the object may do
 * everything with it. Any thread; reads through the caller's reader connection. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/uid.h"
#include "store/db.h"

enum { PRINCIPAL_GROUPS_MAX = 32 };

/* Who asks: made by web_session_check, a plain value. */
struct principal {
	struct uid account;
	struct uid session;
	bool is_operator;
	uint8_t groups_n;
	struct uid groups[PRINCIPAL_GROUPS_MAX];
};

enum object_kind {
	OBJECT_GROUP,
	OBJECT_WEARER,
	OBJECT_ALARM,
	OBJECT_COMMAND,
	OBJECT_CLAIM,
	OBJECT_KIND_COUNT,
};

enum right {
	RIGHT_VIEW_POSITION,
	RIGHT_VIEW_HISTORY,
	RIGHT_MESSAGE,
	RIGHT_LOCATE,
	RIGHT_RING,
	RIGHT_ALARMS,   /* take and close */
	RIGHT_SETTINGS, /* of the watch; name, colour, picture of the wearer */
	RIGHT_MEMBERS,  /* the group itself, claims */
	RIGHT_ERASE,
	RIGHT_COUNT,
};

/* RC_OK and the owning group, or RC_NOT_FOUND: foreign and unknown objects answer alike. */
MUST_CHECK enum rc rights_decide(struct db *reader, const struct principal *who,
	enum object_kind kind, const struct uid *object, enum right right, struct uid *ret_group,
	struct err *e);

/* Membership alone, without the database. */
bool principal_is_member(const struct principal *who, const struct uid *group);
