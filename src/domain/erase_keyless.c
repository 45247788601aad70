#include "domain/erase_keyless.h"

#include "crypto/keyring.h"
#include "domain/account_delete.h"
#include "domain/group.h"
#include "domain/wearer_erase.h"
#include "store/query.h"

typedef enum rc erase_fn(struct db *db, const struct uid *id, struct err *e);

/* All who have a key of their own; ids behind ?1 in their order. The wearers first: of a group that
 * goes nobody is left who may see them. */
struct owners {
	const char *sql;
	erase_fn *erase;
};

/* The first one behind `after` that has no key; none when all have one. */
static enum rc next_keyless(
	struct db *db, const char *sql, const struct uid *after, struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db, sql, after, &s, e);

	*ret = (struct uid){{0}};
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid id = stmt_uid(s, 0);
		bool has_key = true;
		rc = keyring_has(db_keyring(db), &id, &has_key, e);
		if (rc == RC_OK && !has_key) {
			*ret = id;
			break;
		}
	}
	if (s != NULL)
		stmt_reset(s);
	return rc;
}

/* Counts those whose key nobody destroyed: these keys never had it, or lost it. */
static enum rc count_strangers(struct db *db, const char *sql, unsigned *ret_n, struct err *e)
{
	struct uid id = {{0}};

	for (;;) {
		struct uid after = id;
		bool was_destroyed = false;
		enum rc rc = next_keyless(db, sql, &after, &id, e);
		if (rc != RC_OK || uid_is_none(&id))
			return rc;
		rc = keyring_was_destroyed(db_keyring(db), &id, &was_destroyed, e);
		if (rc != RC_OK)
			return rc;
		*ret_n += was_destroyed ? 0 : 1;
	}
}

static enum rc erase_each(
	struct db *db, const struct owners *owners, unsigned *ret_n, struct err *e)
{
	struct uid id = {{0}};

	for (;;) {
		struct uid after = id;
		enum rc rc = next_keyless(db, owners->sql, &after, &id, e);
		if (rc != RC_OK || uid_is_none(&id))
			return rc;
		rc = db_begin(db, e);
		if (rc != RC_OK)
			return rc;
		rc = owners->erase(db, &id, e);
		if (rc == RC_OK)
			rc = db_commit(db, e);
		if (rc != RC_OK) {
			db_rollback(db);
			return rc;
		}
		++*ret_n;
	}
}

static enum rc erase_wearer(struct db *db, const struct uid *id, struct err *e)
{
	struct wearer_erased erased;

	return wearer_erase_rows(db, id, &erased, e);
}

static enum rc erase_group(struct db *db, const struct uid *id, struct err *e)
{
	for (;;) {
		struct stmt *s = NULL;
		bool has_row = false;
		enum rc rc = query_prepare(
			db, "SELECT id FROM wearer WHERE care_group = ?1 LIMIT 1", id, &s, e);
		if (rc == RC_OK)
			rc = stmt_step(s, &has_row, e);
		if (rc != RC_OK)
			return rc;
		if (!has_row)
			return group_erase_rows(db, id, e);
		struct uid wearer = stmt_uid(s, 0);
		stmt_reset(s);
		rc = erase_wearer(db, &wearer, e);
		if (rc != RC_OK)
			return rc;
	}
}

static const struct owners all_wearers = {
	"SELECT id FROM wearer WHERE id > COALESCE(?1, x'') ORDER BY id", erase_wearer};
static const struct owners all_groups = {
	"SELECT id FROM care_group WHERE id > COALESCE(?1, x'') ORDER BY id", erase_group};
static const struct owners all_accounts = {
	"SELECT id FROM account WHERE id > COALESCE(?1, x'') ORDER BY id", account_delete_rows};

enum rc erase_keyless_check(struct db *db, struct err *e)
{
	unsigned n = 0;
	enum rc rc = count_strangers(db, all_wearers.sql, &n, e);

	if (rc == RC_OK)
		rc = count_strangers(db, all_groups.sql, &n, e);
	if (rc == RC_OK)
		rc = count_strangers(db, all_accounts.sql, &n, e);
	if (rc != RC_OK || n == 0)
		return rc;
	return fail(e, RC_DENIED,
		"the keys are older than the data: %u wearers, groups or accounts have none; put "
		"the newest keys back, or restore data as old as the keys",
		n);
}

enum rc erase_keyless(struct db *db, struct keyless *ret, struct err *e)
{
	*ret = (struct keyless){.wearers = 0};
	enum rc rc = erase_keyless_check(db, e);

	if (rc == RC_OK)
		rc = erase_each(db, &all_wearers, &ret->wearers, e);
	if (rc == RC_OK)
		rc = erase_each(db, &all_groups, &ret->groups, e);
	if (rc == RC_OK)
		rc = erase_each(db, &all_accounts, &ret->accounts, e);
	return rc;
}
