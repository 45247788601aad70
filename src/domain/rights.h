/* The one place that decides who may do what. Every route and every domain function that touches an
 * object asks here. A right belongs to a class (design.md section 7): A read, B ordinary, C
 * sensitive, D critical. Any thread; reads through the caller's reader connection; a few
 * microseconds. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uid.h"
#include "base/view.h"
#include "store/db.h"

enum { PRINCIPAL_GROUPS_MAX = 32 };

struct act;

/* Who asks: made by web_session_check or the partner's token check; a plain value. */
struct principal {
	struct uid account; /* none for a partner */
	struct uid session;
	struct uid partner; /* none for a person */
	bool is_operator;
	bool has_second_factor;  /* of the account */
	int64_t stepped_up_ms;   /* last proof of a passkey or TOTP in this session; 0: none */
	int64_t frozen_until_ms; /* a recovery is under way: no class C or D until then */
	struct act *act;         /* what this request will write to the audit log; NULL in tests */
	uint8_t groups_n;
	struct uid groups[PRINCIPAL_GROUPS_MAX];
};

enum object_kind {
	OBJECT_GROUP,
	OBJECT_WEARER,
	OBJECT_ALARM,
	OBJECT_COMMAND,
	OBJECT_CLAIM,
	OBJECT_INVITATION,
	OBJECT_APPROVAL,
	OBJECT_CONSENT,
	OBJECT_THREAD_ITEM,
	OBJECT_CONTACT,
	OBJECT_PROPOSAL,
	OBJECT_KIND_COUNT,
};

/* The numbers stand in the database as bits (member.given …): new ones go to the end. */
enum right {
	RIGHT_NONE,      /* of nobody and nothing */
	RIGHT_SEE_GROUP, /* A: every member: who is in it, who sees whom, its audit log, leaving */
	RIGHT_VIEW_POSITION, /* A */
	RIGHT_VIEW_HISTORY,  /* A */
	RIGHT_VIEW_HEALTH,   /* A */
	RIGHT_VIEW_MEDIA,    /* A: photos, voice */
	RIGHT_ALARMS,        /* B: take and close */
	RIGHT_MESSAGE,       /* B */
	RIGHT_LOCATE,        /* B */
	RIGHT_RING,          /* B: find the watch */
	RIGHT_SCHEDULE,      /* B: school times, alarm clocks */
	RIGHT_SETTINGS,      /* B: language, interval; name, colour, picture of the wearer */
	RIGHT_CONTACTS,      /* C: phone book, SOS numbers, SMS alert switches */
	RIGHT_PLACES,        /* C */
	RIGHT_PHOTO,         /* C */
	RIGHT_CALL,          /* C: call, check-in call */
	RIGHT_CLAIM,         /* C: bring a watch into the group */
	RIGHT_CONSENT,       /* C, admins: what partners may do */
	RIGHT_POWER,         /* D: power off (step-up, the others are told) */
	RIGHT_PASSWORD,      /* D: new device password */
	RIGHT_MEDICATION,    /* D */
	RIGHT_PHOTO_ALLOW,   /* D: turn photos on for a wearer */
	RIGHT_MEMBERS,       /* D: invite, change, remove members; rules of the group */
	RIGHT_EXPORT,        /* D */
	RIGHT_ERASE,         /* D */
	RIGHT_RESET,         /* D: the watch forgets everything */
	RIGHT_PROPOSE,       /* B, partners alone: propose a medication plan */
	RIGHT_COUNT,
};
/* "view_position" …; NULL when out of range. */
const char *right_name(enum right r);
MUST_CHECK bool right_from_name(struct view name, enum right *ret);
/* 'A' … 'D' */
char right_class(enum right r);

/* Class D, after the step-up: does it need a second admin, or else time in which the others may
 * object? The rest of class D acts at once, and all members are told. */
bool right_must_be_agreed(enum right r);

/* A set of rights: bit r of enum right r. */
typedef uint32_t right_set;
#define RIGHT_BIT(r) ((right_set)1 << (r))

enum member_role { ROLE_ADMIN, ROLE_GUARDIAN, ROLE_CARER, ROLE_VIEWER, ROLE_COUNT };
const char *role_name(enum member_role r);
MUST_CHECK bool role_from_name(struct view name, enum member_role *ret);
/* What the role may do when nothing was given or taken. */
right_set role_rights(enum member_role r);

enum { STEP_UP_LIFE_MS = 5 * 60 * 1000 };

enum decision {
	DECIDE_ALLOW,
	DECIDE_STEP_UP,       /* first a fresh passkey or TOTP */
	DECIDE_SECOND_PERSON, /* another admin must agree: domain/approval.h */
	DECIDE_WAIT,          /* everybody is told and may object: domain/approval.h */
	DECIDE_DENY,
};

struct verdict {
	enum decision decision;
	const char *reason;  /* with all but ALLOW: a stable word that the app translates:
				"right_missing", "not_now", "recovery_runs", "step_up_needed",
				"second_factor_missing", "second_person_needed", "waiting_time" */
	struct uid group;    /* that owns the object */
	struct uid wearer;   /* none for objects of the group alone */
	int64_t wait_ms;     /* with WAIT: how long */
	bool is_break_glass; /* by an operator's emergency access: the family is told of each look
			      */
	right_set now;       /* all that the caller may do with the object now */
};

/* RC_NOT_FOUND for what does not exist and for what belongs to a group that the caller has nothing
 * to do with, alike. Otherwise RC_OK and the verdict; only DECIDE_ALLOW lets the act happen now. */
MUST_CHECK enum rc rights_decide(struct db *reader, const struct principal *who,
	enum object_kind kind, const struct uid *object, enum right right, int64_t now_ms,
	struct verdict *ret, struct err *e);

/* What a member holds: `ever` by role, by what was given or taken, for all wearers and for this
 * one; `now` is less what the windows forbid at the moment. */
struct holding {
	enum member_role role;
	right_set ever, now;
	uint32_t wait_hours; /* of the group */
};
/* wearer: NULL or none for the group alone. RC_NOT_FOUND when the account is no member, or no more.
 */
MUST_CHECK enum rc rights_held(struct db *reader, const struct uid *account,
	const struct uid *group, const struct uid *wearer, int64_t now_ms, struct holding *ret,
	struct err *e);

/* For a stream of events: the rights on all wearers of the group, and whether they hold until
 * somebody changes them (no windows, no end, nothing for one wearer). */
MUST_CHECK enum rc rights_of_listener(struct db *reader, const struct uid *account,
	const struct uid *group, int64_t now_ms, right_set *ret, bool *ret_is_fixed, struct err *e);

/* The groups of the account; at most PRINCIPAL_GROUPS_MAX. */
MUST_CHECK enum rc rights_groups(struct db *reader, const struct uid *account, int64_t now_ms,
	struct uid ret[PRINCIPAL_GROUPS_MAX], size_t *ret_n, struct err *e);

/* Membership alone, without the database. */
bool principal_is_member(const struct principal *who, const struct uid *group);
