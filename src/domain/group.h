/* Groups: everything is seen through one. Today an account owns its groups; roles come with rights.
 */
#pragma once

#include "domain/domain.h"

struct group_info {
	struct uid id;
	char name[NAME_TEXT];
	char role[16]; /* "admin" */
};
typedef void group_fn(void *ctx, const struct group_info *g);

/* The caller's groups, by name. */
MUST_CHECK enum rc group_list(
	struct db *reader, const struct principal *who, group_fn *fn, void *ctx, struct err *e);
/* Code: name_invalid. */
MUST_CHECK enum rc group_rename(struct domain *d, const struct principal *who,
	const struct uid *group, struct view name, struct group_info *ret, struct problem *p,
	struct err *e);
