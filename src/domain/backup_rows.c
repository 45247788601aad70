#include "domain/backup_rows.h"

#include "domain/command_row.h"
#include "domain/thread_store.h"
#include "history/history.h"

enum { PENDING_EXPIRED = 4 /* a state of approvals */ };

static const char leave_out[] =
	"DELETE FROM web_session; DELETE FROM setup_token; DELETE FROM recovery;"
	"DELETE FROM email_change; DELETE FROM invitation;"
	"DELETE FROM courier_item; DELETE FROM courier_destination;"
	"DELETE FROM partner_token; DELETE FROM partner_jti; DELETE FROM partner_answer;"
	"DELETE FROM partner_event;"
	"DELETE FROM voice_chunk WHERE chunk > 0";

static enum rc end(struct db *db, enum rc rc, struct err *e)
{
	if (rc == RC_OK)
		rc = db_commit(db, e);
	if (rc != RC_OK)
		db_rollback(db);
	return rc;
}

enum rc backup_rows_prepare(struct db *db, struct err *e)
{
	enum rc rc = db_script(db, "PRAGMA secure_delete = ON", e);

	if (rc == RC_OK)
		rc = db_begin(db, e);
	if (rc != RC_OK)
		return rc;
	rc = history_drain(db, e);
	if (rc == RC_OK)
		rc = db_script(db, leave_out, e);
	return end(db, rc, e);
}

/* Runs a change with the parameters now and n; *ret counts the rows. */
static enum rc change(
	struct db *db, const char *sql, int64_t now_ms, int64_t n, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, now_ms);
	stmt_bind_int(s, 2, n);
	return stmt_run(s, ret, e);
}

static enum rc settle(struct db *db, int64_t now_ms, struct restored *ret, struct err *e)
{
	int64_t ended = 0;
	enum rc rc = command_rows_end_restored(db, now_ms, &ret->commands, e);

	if (rc == RC_OK)
		rc = thread_end_restored(db, e);

	/* Somebody may have objected, withdrawn, ended them since. */
	if (rc == RC_OK)
		rc = change(db, "UPDATE approval SET ended_ms = ?1, state = ?2 WHERE state = 0",
			now_ms, PENDING_EXPIRED, &ret->approvals, e);
	if (rc == RC_OK)
		rc = change(db,
			"UPDATE consent SET withdrawn_ms = ?1 WHERE withdrawn_ms = ?2"
			" AND until_ms > ?1",
			now_ms, 0, &ret->consents, e);
	if (rc == RC_OK)
		rc = change(db,
			"UPDATE break_glass SET until_ms = ?1 WHERE until_ms > ?1 AND ?2 = 0",
			now_ms, 0, &ended, e);
	return rc == RC_OK ? db_script(db, leave_out, e) : rc;
}

enum rc backup_rows_restored(struct db *db, int64_t now_ms, struct restored *ret, struct err *e)
{
	enum rc rc = db_begin(db, e);

	*ret = (struct restored){.commands = 0};
	return rc == RC_OK ? end(db, settle(db, now_ms, ret, e), e) : rc;
}
