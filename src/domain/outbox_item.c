#include "domain/outbox_item.h"

#include "domain/capability.h"
#include "domain/device_password.h"
#include "domain/reapply.h"
#include "domain/setting_store.h"
#include "domain/thread_store.h"
#include "store/sealed.h"

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

static enum rc run_for_wearer(
	struct db *db, const char *sql, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
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

static enum rc write_end(struct db *db, const struct item *item, struct err *e)
{
	struct stmt *s = NULL;
	/* A password is not kept in the list of commands longer than it has to be. */
	enum rc rc = db_prepare(db,
		"UPDATE command SET state = ?3, reason = ?4, finished_ms = ?5,"
		" body = CASE WHEN ?6 = 1 THEN NULL ELSE body END, answer = ?7"
		" WHERE wearer = ?1 AND id = ?2 AND finished_ms = 0",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &item->wearer);
	stmt_bind_uid(s, 2, &item->id);
	stmt_bind_int(s, 3, item->final);
	stmt_bind_int(s, 4, item->reason);
	stmt_bind_int(s, 5, item->finished_ms);
	stmt_bind_int(s, 6,
		item->kind == COMMAND_PASSWORD || item->kind == COMMAND_WIFI_JOIN ||
			item->kind == COMMAND_APN);
	if (item->answer != NULL)
		stmt_bind_sealed(s, 7, &item->wearer, "command.answer", view_of(item->answer));
	return stmt_run(s, NULL, e);
}

/* What its end tells about the watch. A watch that said nothing at all meanwhile may be asleep. */
static enum rc learn(struct db *db, const struct item *item, struct err *e)
{
	enum capability_lesson lesson = LESSON_ANSWERED;

	if (item->final == COMMAND_REFUSED && item->reason == REASON_BY_WATCH)
		lesson = LESSON_REFUSED;
	else if (item->final == COMMAND_UNKNOWN && item->is_written &&
		 (item->reason == REASON_OTHER_FORM ||
			 (item->reason == REASON_NO_ANSWER && item->heartbeats >= 2)))
		lesson = LESSON_SILENT;
	else if (item->final != COMMAND_CONFIRMED || item->reason != REASON_NONE)
		return RC_OK;
	if (item->reason == REASON_OTHER_FORM)
		return RC_OK; /* the same in other words: they will tell */
	return capability_learn(db, &item->wearer, item->kind, lesson, item->finished_ms, e);
}

/* What a confirmed command changes besides. */
static enum rc after_confirmed(struct db *db, const struct item *item, struct err *e)
{
	if (item->kind == COMMAND_PASSWORD)
		return device_password_confirm(db, &item->wearer, view_of(item->command.digits), e);
	if (item->kind != COMMAND_RESET && item->kind != COMMAND_FACTORY)
		return RC_OK;
	enum rc rc = reapply_want(db, &item->wearer, item->finished_ms, true, e);
	/* The factory's password is on the watch again. */
	return rc == RC_OK && item->kind == COMMAND_FACTORY
		       ? run_for_wearer(db,
				 "UPDATE device SET password = NULL, is_lz_refused = 0"
				 " WHERE wearer = ?1",
				 &item->wearer, e)
		       : rc;
}

static enum rc end_setting(struct db *db, const struct item *item, struct err *e)
{
	if (!item->is_newest || item->reason == REASON_REPLACED)
		return RC_OK;
	if (item->reason == REASON_OTHER_FORM)
		return setting_part_forget(db, &item->wearer, &item->command, e);
	return setting_part_end(db, &item->wearer, &item->command, setting_after(item->final), e);
}

enum rc outbox_finish_job(struct db *db, void *arg, struct err *e)
{
	const struct item *item = arg;
	enum rc rc = write_end(db, item, e);

	if (rc == RC_OK && item->final == COMMAND_CONFIRMED)
		rc = after_confirmed(db, item, e);
	if (rc == RC_OK)
		rc = end_setting(db, item, e);
	if (rc == RC_OK)
		rc = learn(db, item, e);
	if (rc == RC_OK && item->kind == COMMAND_MESSAGE)
		rc = thread_follow_command(db, &item->wearer, &item->id, item->final,
			(int)item->reason, item->finished_ms, e);
	if (rc == RC_OK && item->extra != NULL)
		rc = run_for_wearer(db, "UPDATE device SET is_lz_refused = 1 WHERE wearer = ?1",
			&item->wearer, e);
	for (unsigned i = 0; rc == RC_OK && item->extra != NULL && i < ITEM_EXTRA_ROWS; i++)
		rc = command_row_insert(db, &item->extra[i], e);
	return rc;
}
