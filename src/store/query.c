#include "store/query.h"

enum rc query_prepare(
	struct db *db, const char *sql, const struct uid *id, struct stmt **ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, id);
	*ret = s;
	return RC_OK;
}

enum rc query_first(struct stmt *s, struct err *e)
{
	bool has_row = false;
	enum rc rc = stmt_step(s, &has_row, e);

	return rc == RC_OK && !has_row ? fail(e, RC_NOT_FOUND, "no such row") : rc;
}

enum rc query_row(
	struct db *db, const char *sql, const struct uid *id, struct stmt **ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, id, &s, e);

	if (rc == RC_OK)
		rc = query_first(s, e);
	if (rc == RC_OK)
		*ret = s;
	return rc;
}

enum rc query_run(struct db *db, const char *sql, const struct uid *id, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, id, &s, e);

	return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
}
