#include "domain/erase_keyless.h"

#include "crypto/keyring.h"
#include "domain/account_delete.h"
#include "domain/group.h"
#include "domain/wearer_erase.h"
#include "store/query.h"

typedef enum rc erase_fn(struct db *db, const struct uid *id, struct err *e);

/* The first one behind `after` that has no key; none when all have one. `sql` gives the ids behind
 * ?1 in their order. */
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

static enum rc erase_each(
	struct db *db, const char *sql, erase_fn *erase, unsigned *ret_n, struct err *e)
{
	struct uid after = {{0}};
	struct uid id = {{0}};

	for (;;) {
		enum rc rc = next_keyless(db, sql, &after, &id, e);
		if (rc != RC_OK || uid_is_none(&id))
			return rc;
		after = id;
		rc = db_begin(db, e);
		if (rc != RC_OK)
			return rc;
		rc = erase(db, &id, e);
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

/* Its wearers first: nobody is left who may see them. */
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

enum rc erase_keyless(struct db *db, struct keyless *ret, struct err *e)
{
	*ret = (struct keyless){.wearers = 0};
	enum rc rc =
		erase_each(db, "SELECT id FROM wearer WHERE id > COALESCE(?1, x'') ORDER BY id",
			erase_wearer, &ret->wearers, e);
	if (rc == RC_OK)
		rc = erase_each(db,
			"SELECT id FROM care_group WHERE id > COALESCE(?1, x'') ORDER BY id",
			erase_group, &ret->groups, e);
	if (rc == RC_OK)
		rc = erase_each(db,
			"SELECT id FROM account WHERE id > COALESCE(?1, x'') ORDER BY id",
			account_delete_rows, &ret->accounts, e);
	return rc;
}
