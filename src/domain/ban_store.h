/* Rows of account_ban and network_ban; inside of the domain. */
#pragma once

#include "domain/ban.h"

/* In a job: drops networks whose time is over; *ret_n: how many are left. */
MUST_CHECK enum rc ban_store_tidy(struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e);
/* In a job: until_ms 0: until somebody ends it. Replaces an earlier one. */
MUST_CHECK enum rc ban_store_account(struct db *db, const struct uid *account, const struct uid *by,
	struct view reason, int64_t until_ms, int64_t now_ms, struct err *e);
/* In a job; also when there is none. */
MUST_CHECK enum rc ban_store_end(struct db *db, const struct uid *account, struct err *e);
