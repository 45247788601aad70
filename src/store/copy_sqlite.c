#include "store/copy.h"

#include <sqlite3.h>

#include "store/schema.h"

enum { BUSY_MS = 10000 };

static void close_handle(sqlite3 **handle)
{
	(void)sqlite3_close_v2(*handle); /* cannot fail: nothing else is open on it */
}

static enum rc open_handle(const char *path, int flags, sqlite3 **ret_owned, struct err *e)
{
	int code = sqlite3_open_v2(path, ret_owned, flags | SQLITE_OPEN_NOFOLLOW, NULL);

	if (code != SQLITE_OK)
		return fail(
			e, RC_IO, "cannot open the database %s: %s", path, sqlite3_errstr(code));
	(void)sqlite3_busy_timeout(*ret_owned, BUSY_MS); /* fails only without a handle */
	return RC_OK;
}

/* Not page by page: pages that are free now still hold what was deleted. */
enum rc db_copy(const char *from_path, const char *to_path, struct err *e)
{
	CLEANUP(close_handle) sqlite3 *from = NULL;
	sqlite3_stmt *s = NULL;
	enum rc rc = open_handle(from_path, SQLITE_OPEN_READWRITE, &from, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_prepare_v2(from, "VACUUM INTO ?1", -1, &s, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(s, 1, to_path, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s); /* one reading transaction: one moment */
	(void)sqlite3_finalize(s);      /* repeats the step's code */
	return code == SQLITE_DONE
		       ? RC_OK
		       : fail(e, RC_IO, "cannot copy the database: %s", sqlite3_errmsg(from));
}

/* The first column of the first row as text, or as a number. */
static enum rc ask(sqlite3 *db, const char *sql, char *ret_text, size_t size, int64_t *ret_number,
	struct err *e)
{
	sqlite3_stmt *s = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		*ret_number = sqlite3_column_int64(s, 0);
		(void)!view_to_text(
			view_of(text), ret_text, size); /* cut texts are no "ok" either */
	}
	(void)sqlite3_finalize(s); /* repeats the step's code */
	return code == SQLITE_ROW
		       ? RC_OK
		       : fail(e, RC_SYNTAX, "no database of Kinward, or a damaged one: %s",
				 sqlite3_errstr(code));
}

enum rc db_check_file(const char *path, int64_t *ret_schema, struct err *e)
{
	CLEANUP(close_handle) sqlite3 *db = NULL;
	char text[64] = "";
	int64_t number = 0;
	enum rc rc = open_handle(path, SQLITE_OPEN_READWRITE, &db, e);

	if (rc == RC_OK)
		rc = ask(db, "PRAGMA integrity_check(1)", text, sizeof text, &number, e);
	if (rc == RC_OK && strcmp(text, "ok") != 0)
		rc = fail(e, RC_SYNTAX, "the database is damaged: %s", text);
	if (rc == RC_OK)
		rc = ask(db, "SELECT MAX(number) FROM schema_version", text, sizeof text, &number,
			e);
	if (rc != RC_OK)
		return rc;
	if (number > schema_newest())
		return fail(e, RC_CONFLICT,
			"it has schema %lld, this program knows %d: use the newer program",
			(long long)number, schema_newest());
	*ret_schema = number;
	return RC_OK;
}
