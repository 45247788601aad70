/* Accounts for the unit tests of the domain. */
#pragma once

#include "domain/account_store.h"
#include "domain/group.h"
#include "domain/wearer.h"
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

static inline void people_add_group(
	struct db *db, struct uid group, const char *name, struct uid admin)
{
	assert_int_equal(group_insert(db, &group, view_of(name), &admin, 0, NULL), RC_OK);
}

static inline void people_add_member(
	struct db *db, struct uid account, struct uid group, const char *role)
{
	struct stmt *s = NULL;

	assert_int_equal(db_prepare(db,
				 "INSERT INTO member (account, care_group, role, given, taken,"
				 " windows, until_ms, created_ms)"
				 " VALUES (?1, ?2, ?3, 0, 0, x'', 0, 0)",
				 &s, NULL),
		RC_OK);
	stmt_bind_uid(s, 1, &account);
	stmt_bind_uid(s, 2, &group);
	stmt_bind_text(s, 3, view_of(role));
	assert_int_equal(stmt_run(s, NULL, NULL), RC_OK);
}

static inline void people_add_wearer(
	struct db *db, struct uid wearer, uint32_t number, struct uid group, const char *name)
{
	const struct wearer_row row = {.id = wearer,
		.number = number,
		.group = group,
		.name = view_of(name),
		.color = VIEW("#000000")};

	assert_int_equal(wearer_insert(db, &row, NULL), RC_OK);
}
