#include "domain/outbox_item.h"

#include "domain/device_password.h"
#include "domain/watch_setting.h"

static enum rc update_state(struct db *db, const struct item *item, enum command_state from,
	enum command_state to, int64_t *ret_changed, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"UPDATE command SET state = ?4, sent_ms = ?5 WHERE wearer = ?1 AND id = ?2 AND "
		"state = ?3",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &item->wearer);
	stmt_bind_uid(s, 2, &item->id);
	stmt_bind_int(s, 3, from);
	stmt_bind_int(s, 4, to);
	stmt_bind_int(s, 5, item->sent_ms);
	return stmt_run(s, ret_changed, e);
}

enum rc outbox_mark_job(struct db *db, void *arg, struct err *e)
{
	int64_t changed = 0;
	enum rc rc = update_state(db, arg, COMMAND_QUEUED, COMMAND_SENT, &changed, e);

	return rc == RC_OK && changed == 0 ? fail(e, RC_CONFLICT, "command: no longer queued") : rc;
}

enum rc outbox_unmark_job(struct db *db, void *arg, struct err *e)
{
	int64_t changed = 0;
	enum rc rc = update_state(db, arg, COMMAND_SENT, COMMAND_QUEUED, &changed, e);

	return rc == RC_OK && changed == 0 ? fail(e, RC_CONFLICT, "command: no longer sent") : rc;
}

/* What a confirmed command changes about the device. Each row takes the wearer as ?1. */
static const char *const confirmed_sql[COMMAND_KIND_COUNT] = {
	[COMMAND_LANGUAGE_ZONE] = ("UPDATE device SET is_language_confirmed = 1,"
				   " is_zone_confirmed = 1 WHERE wearer = ?1"),
	[COMMAND_LANGUAGE] = "UPDATE device SET is_language_confirmed = 1 WHERE wearer = ?1",
	[COMMAND_ZONE] = "UPDATE device SET is_zone_confirmed = 1 WHERE wearer = ?1",
	[COMMAND_UPLOAD_INTERVAL] = "UPDATE device SET is_interval_confirmed = 1 WHERE wearer = ?1",
};

static enum rc run_for_wearer(
	struct db *db, const char *sql, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = sql == NULL ? RC_OK : db_prepare(db, sql, &s, e);

	if (rc != RC_OK || sql == NULL)
		return rc;
	stmt_bind_uid(s, 1, wearer);
	return stmt_run(s, NULL, e);
}

static enum setting_state setting_after(enum command_state final)
{
	return final == COMMAND_CONFIRMED ? SETTING_CONFIRMED
	       : final == COMMAND_REFUSED ? SETTING_REFUSED
					  : SETTING_UNKNOWN;
}

enum rc outbox_finish_job(struct db *db, void *arg, struct err *e)
{
	const struct item *item = arg;
	struct stmt *s = NULL;
	/* A password is not kept in the list of commands longer than it has to be. */
	enum rc rc = db_prepare(db,
		"UPDATE command SET state = ?3, reason = ?4, finished_ms = ?5,"
		" body = CASE WHEN ?6 = 1 THEN NULL ELSE body END"
		" WHERE wearer = ?1 AND id = ?2 AND finished_ms = 0",
		&s, e);

	if (rc == RC_OK) {
		stmt_bind_uid(s, 1, &item->wearer);
		stmt_bind_uid(s, 2, &item->id);
		stmt_bind_int(s, 3, item->final);
		stmt_bind_int(s, 4, item->reason);
		stmt_bind_int(s, 5, item->finished_ms);
		stmt_bind_int(s, 6, item->kind == COMMAND_PASSWORD);
		rc = stmt_run(s, NULL, e);
	}
	if (rc == RC_OK && item->final == COMMAND_CONFIRMED && item->is_newest)
		rc = run_for_wearer(db, confirmed_sql[item->kind], &item->wearer, e);
	if (rc == RC_OK && item->final == COMMAND_CONFIRMED && item->kind == COMMAND_PASSWORD)
		rc = device_password_confirm(db, &item->wearer, view_of(item->command.digits), e);
	if (rc == RC_OK && item->is_newest && item->reason != REASON_REPLACED)
		rc = setting_end(db, &item->wearer, &item->command, setting_after(item->final),
			item->finished_ms, e);
	if (rc == RC_OK && item->extra != NULL)
		rc = run_for_wearer(db, "UPDATE device SET is_lz_refused = 1 WHERE wearer = ?1",
			&item->wearer, e);
	for (unsigned i = 0; rc == RC_OK && item->extra != NULL && i < ITEM_EXTRA_ROWS; i++)
		rc = command_row_insert(db, &item->extra[i], e);
	return rc;
}
