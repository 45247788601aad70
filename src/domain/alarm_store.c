#include "domain/alarm_store.h"

#include "base/log.h"
#include "domain/partner_event.h"
#include "store/query.h"
#include "store/sealed.h"

/* The one that this is a repeat of: the very same report (of a clock that was never set only in the
 * last minutes: it may say the same time at each alarm), or for AL one of these kinds that is not
 * closed and was raised in the last minutes, or for positions any that was awake in the last
 * minutes. Positions keep an alarm awake for hours, so that does not count for AL: the button
 * pressed again hours later is a new alarm. A time to come is one of a clock that ran ahead. */
static enum rc find_same(
	struct db *db, const struct alarm_intake *in, struct uid *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT id FROM alarm WHERE wearer = ?1 AND"
		" ((device_time_ms = ?2 AND status = ?3 AND kinds = ?4"
		"   AND ((marks & ?8) = 0 OR last_ms BETWEEN ?5 AND ?7)) OR"
		"  ((kinds & ?4) = ?4 AND ?6 = 0 AND last_ms BETWEEN ?5 AND ?7) OR"
		"  ((kinds & ?4) = ?4 AND ?6 = 1 AND state < 2 AND received_ms BETWEEN ?5 AND ?7))"
		" ORDER BY state < 2 DESC, received_ms DESC LIMIT 1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &in->wearer);
	stmt_bind_int(s, 2, in->device_time_ms);
	stmt_bind_int(s, 3, in->status);
	stmt_bind_int(s, 4, in->kinds);
	stmt_bind_int(s, 5, in->received_ms - ALARM_FOLD_MS);
	stmt_bind_int(s, 6, in->is_own_report);
	stmt_bind_int(s, 7, in->received_ms + ALARM_FOLD_MS);
	stmt_bind_int(s, 8, FIX_MARK_CLOCK_UNSET);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_uid(s, 0) : (struct uid){{0}};
	stmt_reset(s);
	return RC_OK;
}

static enum rc add_repeat(
	struct db *db, const struct alarm_intake *in, const struct uid *id, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"UPDATE alarm SET repeats = repeats + ?3,"
		" last_ms = CASE WHEN last_ms < ?4 THEN ?4 ELSE last_ms END"
		" WHERE wearer = ?1 AND id = ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &in->wearer);
	stmt_bind_uid(s, 2, id);
	stmt_bind_int(s, 3, in->is_own_report);
	stmt_bind_int(s, 4, in->received_ms);
	return stmt_run(s, NULL, e);
}

/* A clock that stands still says a time that another alarm has already: then the receipt time. */
static enum rc insert_row(struct db *db, const struct alarm_intake *in, const struct uid *id,
	bool has_report, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO alarm (wearer, id, kinds, status, device_time_ms, time_ms, "
		"received_ms,"
		" last_ms, marks, report, state, repeats, taken_ms, closed_ms, note)"
		" VALUES (?1, ?2, ?3, ?4, CASE WHEN EXISTS (SELECT 1 FROM alarm WHERE wearer = ?1"
		" AND device_time_ms = ?5 AND status = ?4 AND kinds = ?3) THEN ?7 ELSE ?5 END,"
		" ?6, ?7, ?7, ?8, ?9, 0, 0, 0, 0, NULL)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &in->wearer);
	stmt_bind_uid(s, 2, id);
	stmt_bind_int(s, 3, in->kinds);
	stmt_bind_int(s, 4, in->status);
	stmt_bind_int(s, 5, in->device_time_ms);
	stmt_bind_int(s, 6, in->time_ms);
	stmt_bind_int(s, 7, in->received_ms);
	stmt_bind_int(s, 8, in->marks);
	if (has_report)
		stmt_bind_sealed(s, 9, &in->wearer, ALARM_LABEL_REPORT, in->report);
	else
		stmt_bind_blob(s, 9, VIEW(""));
	return stmt_run(s, NULL, e);
}

/* With a key that is damaged or cannot be read the alarm is raised without its place: it is neither
 * lost nor does it hold up what others report in the same commit. */
static enum rc insert(
	struct db *db, const struct alarm_intake *in, const struct uid *id, struct err *e)
{
	enum rc rc = insert_row(db, in, id, true, e);

	if ((rc != RC_SYNTAX && rc != RC_NOT_FOUND && rc != RC_IO) || !db_is_in_transaction(db))
		return rc;
	log_event(LOG_ERROR, "alarm.not_sealed", "why=\"%s\"", e == NULL ? "" : e->msg);
	return insert_row(db, in, id, false, e);
}

static enum rc check_wearer(struct db *db, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT 1 FROM wearer WHERE id = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, wearer);
	rc = stmt_step(s, &has_row, e);
	stmt_reset(s);
	return rc == RC_OK && !has_row ? fail(e, RC_NOT_FOUND, "alarm: no such wearer") : rc;
}

enum rc alarm_take_in(
	struct db *db, const struct alarm_intake *in, struct alarm_outcome *ret, struct err *e)
{
	struct uid id;
	enum rc rc = check_wearer(db, &in->wearer, e);

	*ret = (struct alarm_outcome){.is_new = false};
	if (rc == RC_OK)
		rc = find_same(db, in, &id, e);
	if (rc != RC_OK)
		return rc;
	if (!uid_is_none(&id)) {
		if (in->is_own_report)
			ret->id = id;
		rc = add_repeat(db, in, &id, e);
	} else {
		ret->id = uid_new();
		ret->is_new = true;
		rc = insert(db, in, &ret->id, e);
		if (rc == RC_OK)
			partner_event_tell(db, &in->wearer, &ret->id, in->kinds,
				PARTNER_ALARM_RAISED, in->received_ms);
	}
	return rc == RC_OK ? alarm_count_open(db, &in->wearer, &ret->open_alarms, e) : rc;
}

static enum rc find_placeless(struct db *db, const struct uid *wearer, int64_t received_ms,
	bool is_better, struct uid ret_ids[ALARM_PLACES_MAX], size_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id FROM alarm WHERE wearer = ?1 AND received_ms BETWEEN ?3 AND ?2"
		" AND last_ms >= ?2 AND (place IS NULL OR ?5) ORDER BY received_ms DESC LIMIT ?4",
		wearer, &s, e);

	*ret_n = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, received_ms);
	stmt_bind_int(s, 3, received_ms - ALARM_FOLD_MS);
	stmt_bind_int(s, 4, ALARM_PLACES_MAX);
	stmt_bind_int(s, 5, is_better);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		ret_ids[(*ret_n)++] = stmt_uid(s, 0);
	return rc;
}

enum rc alarm_add_place(struct db *db, const struct uid *wearer, int64_t received_ms,
	bool is_better, struct view report, struct uid ret_ids[ALARM_PLACES_MAX], size_t *ret_n,
	struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = find_placeless(db, wearer, received_ms, is_better, ret_ids, ret_n, e);

	for (size_t i = 0; i < *ret_n && rc == RC_OK; i++) {
		rc = query_prepare(db, "UPDATE alarm SET place = ?3 WHERE wearer = ?1 AND id = ?2",
			wearer, &s, e);
		if (rc != RC_OK)
			break;
		stmt_bind_uid(s, 2, &ret_ids[i]);
		stmt_bind_sealed(s, 3, wearer, ALARM_LABEL_PLACE, report);
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

enum rc alarm_count_open(struct db *db, const struct uid *wearer, uint16_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		db_prepare(db, "SELECT COUNT(*) FROM alarm WHERE wearer = ?1 AND state < 2", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, wearer);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	*ret = n > UINT16_MAX ? UINT16_MAX : (uint16_t)n;
	return RC_OK;
}
