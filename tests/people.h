/* Accounts for the unit tests of the domain. */
#pragma once

#include "domain/account_store.h"
#include "unit.h"

/* An account without a password that fits. `db` has a keyring. */
static inline void people_add(struct db *db, struct uid id, const char *login, const char *name)
{
	const struct account_row row = {.id = id,
		.login = view_of(login),
		.name = view_of(name),
		.language = VIEW("en"),
		.password_hash = ""};

	assert_int_equal(account_insert(db, &row, NULL), RC_OK);
}
