/* Emergency access of operators to one family's data: two operators, a reason, at most four hours,
 * reading only (rights of class A). The family is told of the request, of the consent and of each
 * look, and the entries stay in its log. Changes: pool threads. */
#pragma once

#include "domain/domain.h"

enum {
	BREAK_GLASS_HOURS_MAX = 4,
	BREAK_GLASS_LIFE_H = 24 /* of a request */,
	BREAK_GLASS_LIST = 100
};

struct break_glass_info {
	struct uid id, group, by, approved_by; /* approved_by: none yet */
	char by_name[NAME_TEXT], approved_by_name[NAME_TEXT];
	char reason[2001];
	uint32_t hours;
	int64_t created_ms;
	int64_t until_ms; /* 0: not agreed to yet */
};
typedef void break_glass_fn(void *ctx, const struct break_glass_info *b);

/* The caller is an operator who has stepped up. RC_NOT_FOUND: no such group. Code: reason_invalid
 * (RC_SYNTAX). */
MUST_CHECK enum rc break_glass_request(struct domain *d, const struct principal *who,
	const struct uid *group, struct view reason, uint32_t hours, struct uid *ret_id,
	struct problem *p, struct err *e);
/* Another operator. Codes: approval_own (RC_DENIED), approval_ended (RC_CONFLICT). */
MUST_CHECK enum rc break_glass_agree(struct domain *d, const struct principal *who,
	const struct uid *id, struct problem *p, struct err *e);
MUST_CHECK enum rc break_glass_end(
	struct domain *d, const struct principal *who, const struct uid *id, struct err *e);
/* Requests, and what was open in the last 30 days; newest first. */
MUST_CHECK enum rc break_glass_list(
	struct db *reader, int64_t now_ms, break_glass_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc break_glass_get(
	struct db *reader, const struct uid *id, struct break_glass_info *ret, struct err *e);
/* Those that are open for the group now. */
MUST_CHECK enum rc break_glass_of_group(struct db *reader, const struct uid *group, int64_t now_ms,
	break_glass_fn *fn, void *ctx, struct err *e);
