#include "domain/ban_store.h"

#include "store/query.h"
#include "store/sealed.h"

enum rc ban_store_tidy(struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, "DELETE FROM network_ban WHERE until_ms <= ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = db_prepare(db, "SELECT COUNT(*) FROM network_ban", &s, e);
	if (rc == RC_OK)
		rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret_n = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

enum rc ban_store_account(struct db *db, const struct uid *account, const struct uid *by,
	struct view reason, int64_t until_ms, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = ban_store_end(db, account, e);

	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO account_ban (account, until_ms, reason, by_account, "
			"created_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
			account, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, until_ms);
	stmt_bind_sealed(s, 3, &keyring_system, "account_ban.reason", reason);
	stmt_bind_uid(s, 4, by);
	stmt_bind_int(s, 5, now_ms);
	return stmt_run(s, NULL, e);
}

enum rc ban_store_end(struct db *db, const struct uid *account, struct err *e)
{
	return query_run(db, "DELETE FROM account_ban WHERE account = ?1", account, e);
}

enum rc ban_check_account(
	struct db *db, const struct uid *account, int64_t now_ms, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT 1 FROM account_ban WHERE account = ?1 AND (until_ms = 0 OR until_ms > ?2)",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	stmt_reset(s);
	return has_row ? refuse(p, RC_DENIED, "account_banned", NULL, NULL) : RC_OK;
}
