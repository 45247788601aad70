/* What the operator does with accounts: list them, ban them, make them operators, end their
 * sessions. By login alone: no names, no groups, no content. The last operator who may sign in
 * stays one. */
#pragma once

#include "domain/account.h"

enum { OPERATOR_ACCOUNTS_PAGE = 100, OPERATOR_ACCOUNTS_SCAN = 20000 };

struct operator_account {
	struct uid id;
	char login[LOGIN_TEXT];
	int64_t created_ms, last_used_ms; /* last_used_ms 0: no session */
	unsigned passkeys;
	bool has_totp, is_operator, is_banned;
};
typedef void operator_account_fn(void *ctx, const struct operator_account *a);

/* Those with an id after `after` (none: from the first) whose login holds `part` (empty: all), at
 * most a page, looking at no more than OPERATOR_ACCOUNTS_SCAN. *ret_next: where to go on; none at
 * the end. */
MUST_CHECK enum rc operator_account_list(struct db *reader, const struct uid *after,
	struct view part, int64_t now_ms, operator_account_fn *fn, void *ctx, struct uid *ret_next,
	struct err *e);
/* RC_NOT_FOUND: nobody has this login. */
MUST_CHECK enum rc operator_account_find(
	struct db *reader, struct view login, struct uid *ret, struct err *e);

/* All return RC_NOT_FOUND for an unknown account, and refuse (RC_CONFLICT): last_operator,
 * own_account. */
MUST_CHECK enum rc operator_account_ban(struct domain *d, const struct principal *who,
	const struct uid *account, struct view reason, int64_t until_ms, struct problem *p,
	struct err *e);
MUST_CHECK enum rc operator_account_unban(struct domain *d, const struct principal *who,
	const struct uid *account, struct problem *p, struct err *e);
/* Their sessions end, so that it holds at once. */
MUST_CHECK enum rc operator_account_set_operator(struct domain *d, const struct principal *who,
	const struct uid *account, bool is_operator, struct problem *p, struct err *e);
MUST_CHECK enum rc operator_account_end_sessions(struct domain *d, const struct principal *who,
	const struct uid *account, struct problem *p, struct err *e);
