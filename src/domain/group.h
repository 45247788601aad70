/* Groups: everything is seen through one. Its members stand in member.h, what they agree on in
 * approval.h. */
#pragma once

#include "domain/domain.h"

enum { WAIT_HOURS_MIN = 1, WAIT_HOURS_DEFAULT = 24, WAIT_HOURS_MAX = 168 };

#define GROUP_ZONE_UNKNOWN "Etc/UTC" /* until the first claim, or until somebody sets it */

struct group_info {
	struct uid id;
	char name[NAME_TEXT];
	char role[16]; /* of the caller: role_name */
	char zone[ZONE_TEXT];
	uint32_t wait_hours;
};
typedef void group_fn(void *ctx, const struct group_info *g);

/* The caller's groups, by name; at most PRINCIPAL_GROUPS_MAX. */
MUST_CHECK enum rc group_list(
	struct db *reader, const struct principal *who, group_fn *fn, void *ctx, struct err *e);
/* role stays "" when the account is no member. */
MUST_CHECK enum rc group_get(struct db *reader, const struct uid *account, const struct uid *group,
	struct group_info *ret, struct err *e);
MUST_CHECK enum rc group_name(
	struct db *reader, const struct uid *group, char ret[NAME_TEXT], struct err *e);

/* In a writer job: a new group with its key and its first admin. `name` was checked. */
MUST_CHECK enum rc group_insert(struct db *db, const struct uid *group, struct view name,
	const struct uid *admin, int64_t now_ms, struct err *e);
/* In a writer job: the zone of a group that has none yet. */
MUST_CHECK enum rc group_set_first_zone(
	struct db *db, const struct uid *group, struct view zone, struct err *e);

/* In a writer job: the group with all that belongs to it but its wearers, which must be gone. Its
 * key first. An unknown group is RC_OK. */
MUST_CHECK enum rc group_erase_rows(struct db *db, const struct uid *group, struct err *e);

/* verdict: of RIGHT_MEMBERS; hours from WAIT_HOURS_MIN to WAIT_HOURS_MAX. */
struct approval_result;
MUST_CHECK enum rc group_change_wait(struct domain *d, const struct principal *who,
	const struct verdict *verdict, uint32_t hours, struct approval_result *ret,
	struct problem *p, struct err *e);
extern const struct approval_kind group_rules_kind;

/* Codes: name_invalid, too_many_groups (RC_LIMIT: the account is in PRINCIPAL_GROUPS_MAX). */
MUST_CHECK enum rc group_create(struct domain *d, struct db *reader, const struct principal *who,
	struct view name, struct group_info *ret, struct problem *p, struct err *e);
/* A view with p == NULL leaves that value as it is. Codes: name_invalid, zone_unknown. */
MUST_CHECK enum rc group_change(struct domain *d, const struct principal *who,
	const struct uid *group, struct view name, struct view zone, struct problem *p,
	struct err *e);
