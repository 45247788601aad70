/* The members of a group: their role, what was given or taken beside it, when it holds, and until
 * when. Taking rights away acts at once; giving them needs a second admin, or time in which the
 * others may object (approval.h); against an admin's will 7 days pass. The last admin cannot go.
 * Changes: pool threads. */
#pragma once

#include "domain/approval.h"
#include "domain/window.h"

enum { MEMBERS_MAX = 200 /* of one group */, MEMBER_TERMS_BYTES = 17 + WINDOWS_MAX * WINDOW_BYTES };

/* Against an admin's will; what was proposed before he became one ends as approval_stale. */
#define MEMBER_ADMIN_WAIT_MS ((int64_t)APPROVAL_LIFE_H * 3600 * 1000)

/* What was agreed on with a member. */
struct member_terms {
	enum member_role role;
	right_set given, taken;
	int64_t until_ms; /* 0: no end */
	size_t windows_n;
	struct window windows[WINDOWS_MAX];
};
/* The same for one wearer: role and end do not count. */

size_t member_terms_pack(const struct member_terms *t, uint8_t ret[MEMBER_TERMS_BYTES]);
MUST_CHECK bool member_terms_unpack(struct view packed, struct member_terms *ret);

struct member_info {
	struct uid account;
	char name[NAME_TEXT];
	struct member_terms terms;
	right_set rights; /* ever, on all wearers */
	int64_t since_ms;
	bool has_second_factor;
};
typedef void member_fn(void *ctx, const struct member_info *m);
/* By name. */
MUST_CHECK enum rc member_list(struct db *reader, const struct uid *group, int64_t now_ms,
	member_fn *fn, void *ctx, struct err *e);
/* RC_NOT_FOUND: no member. */
MUST_CHECK enum rc member_get(struct db *reader, const struct uid *group, const struct uid *account,
	struct member_info *ret, struct err *e);

typedef void member_wearer_fn(void *ctx, const struct uid *wearer, const struct member_terms *t);
/* What holds for single wearers. */
MUST_CHECK enum rc member_wearers(struct db *reader, const struct uid *group,
	const struct uid *account, member_wearer_fn *fn, void *ctx, struct err *e);

/* verdict: of RIGHT_MEMBERS. Codes: rights_invalid, until_invalid (RC_SYNTAX), last_admin
 * (RC_CONFLICT), and those of approval_act. */
MUST_CHECK enum rc member_change(struct domain *d, struct db *reader, const struct principal *who,
	const struct verdict *verdict, const struct uid *account, const struct member_terms *t,
	struct approval_result *ret, struct problem *p, struct err *e);
/* `wearer` of verdict->group: RC_NOT_FOUND else. Nothing given, taken and no window ends it. */
MUST_CHECK enum rc member_change_wearer(struct domain *d, struct db *reader,
	const struct principal *who, const struct verdict *verdict, const struct uid *account,
	const struct uid *wearer, const struct member_terms *t, struct approval_result *ret,
	struct problem *p, struct err *e);
/* Leaving (account is the caller's: needs RIGHT_SEE_GROUP alone) acts at once. Code: last_admin. */
MUST_CHECK enum rc member_remove(struct domain *d, struct db *reader, const struct principal *who,
	const struct verdict *verdict, const struct uid *account, struct approval_result *ret,
	struct problem *p, struct err *e);

/* In a writer job: a new member by invitation. RC_CONFLICT already_member; too_many_members,
 * too_many_groups (RC_LIMIT). */
MUST_CHECK enum rc member_insert(struct db *db, const struct uid *group, const struct uid *account,
	enum member_role role, int64_t now_ms, struct problem *p, struct err *e);
/* In a writer job: takes a member out, with the invitations that he made. RC_NOT_FOUND: he is none.
 */
MUST_CHECK enum rc member_delete(
	struct db *db, const struct uid *account, const struct uid *group, struct err *e);
/* In a writer job, when the account is erased: takes it out of all groups; a group that nobody and
 * no wearer is left in goes, too. RC_CONFLICT: he is the last admin of the groups in ret. */
MUST_CHECK enum rc member_leave_all(struct db *db, const struct uid *account,
	struct uid ret[PRINCIPAL_GROUPS_MAX], size_t *ret_n, struct err *e);

/* Do times limit anybody's rights in the group, and those of this account? They are read in the
 * zone of the group. */
MUST_CHECK enum rc member_windows(struct db *reader, const struct uid *group,
	const struct uid *account, bool *ret_any, bool *ret_own, struct err *e);

/* After the commit: whoever remembers rights asks again. */
void members_changed(struct domain *d, const struct uid *group);

/* The rows of approval_kinds.c. */
extern const struct approval_kind member_change_kind, member_wearer_kind, member_remove_kind;
