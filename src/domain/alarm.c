#include "domain/alarm.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/account.h"
#include "domain/alarm_store.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/courier_outbox.h"
#include "domain/live_table.h"
#include "domain/partner_event.h"
#include "domain/text.h"
#include "store/sealed.h"
#include "watch/report.h"
#include "watch/report_pack.h"

enum {
	SERIOUS = REPORT_ALARM_SOS | REPORT_ALARM_FALL | REPORT_ALARM_HEART_RATE |
		  REPORT_ALARM_REMOVED | ALARM_SETTINGS_DRIFT,
	NOTE_CHARS_MAX = 500,
};

/* What alarm_list and alarm_get read of one row, in this order. */
#define ALARM_COLUMNS                                                                              \
	"SELECT a.id, a.wearer, w.care_group, a.kinds, a.time_ms, a.received_ms, a.marks,"         \
	" a.report, a.state, a.repeats, a.taken_by, t.name, a.taken_ms,"                           \
	" a.closed_by, c.name, a.closed_ms, a.note, a.place"                                       \
	" FROM alarm a JOIN wearer w ON w.id = a.wearer"                                           \
	" LEFT JOIN account t ON t.id = a.taken_by"                                                \
	" LEFT JOIN account c ON c.id = a.closed_by "

const char *alarm_state_name(enum alarm_state s)
{
	static const char *const names[ALARM_STATE_COUNT] = {"open", "taken", "closed"};

	return names[s];
}

const char *alarm_kind_name(uint32_t kinds)
{
	uint32_t first = kinds & (~kinds + 1u); /* the lowest bit is the most severe */
	const char *name = report_alarm_name((enum report_alarm)first);

	if (first == ALARM_CONFLICT)
		return "conflict";
	if (first == ALARM_NOT_CHARGED)
		return "not_charged";
	if (first == ALARM_SETTINGS_DRIFT)
		return "settings_drift";
	return name == NULL ? "unknown" : name;
}

/* The fix in a sealed report of the row; false when there is none that can be read. */
static bool read_fix_in(
	struct stmt *s, int column, const char *label, const struct alarm_info *a, struct fix *ret)
{
	struct report report;
	struct view packed = {.n = 0};
	uint8_t *opened = NULL;

	if (stmt_take_sealed(s, column, &a->wearer, label, &opened, &packed.n, NULL) != RC_OK)
		return false;
	packed.p = (const char *)opened;
	bool has =
		packed.n > 0 && report_unpack(packed, &report, NULL) == RC_OK &&
		fix_from_report(&report, a->time_ms, a->received_ms, (uint8_t)stmt_int(s, 6), ret);
	free(opened);
	return has;
}

/* An alarm is shown without its place rather than not at all. What the watch said itself is worth
 * more than what was solved from what it heard. */
static void read_fix(struct stmt *s, struct alarm_info *ret)
{
	ret->has_fix = read_fix_in(s, 7, ALARM_LABEL_REPORT, ret, &ret->fix) ||
		       read_fix_in(s, 17, ALARM_LABEL_PLACE, ret, &ret->fix);
}

static enum alarm_state state_of(int64_t value)
{
	return value == ALARM_OPEN || value == ALARM_TAKEN ? (enum alarm_state)value : ALARM_CLOSED;
}

static void read_row(struct stmt *s, struct alarm_info *ret)
{
	*ret = (struct alarm_info){.id = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.group = stmt_uid(s, 2),
		.kinds = (uint32_t)stmt_int(s, 3),
		.time_ms = stmt_int(s, 4),
		.received_ms = stmt_int(s, 5),
		.state = state_of(stmt_int(s, 8)),
		.repeats = (uint32_t)stmt_int(s, 9),
		.taken_by = stmt_uid(s, 10),
		.taken_ms = stmt_int(s, 12),
		.closed_by = stmt_uid(s, 13),
		.closed_ms = stmt_int(s, 15)};
	ret->is_serious = (ret->kinds & SERIOUS) != 0;
	account_copy_name(s, 11, &ret->taken_by, ret->taken_by_name, sizeof ret->taken_by_name);
	account_copy_name(s, 14, &ret->closed_by, ret->closed_by_name, sizeof ret->closed_by_name);
	(void)!stmt_copy_sealed(s, 16, &ret->wearer, ALARM_LABEL_NOTE, ret->note, sizeof ret->note,
		NULL); /* as with the place */
	read_fix(s, ret);
}

/* Where the page begins: behind an alarm that the account may see. */
static enum rc find_before(struct db *reader, const struct principal *who, const struct uid *before,
	int64_t *ret_received_ms, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT a.received_ms FROM alarm a JOIN wearer w ON w.id = a.wearer"
		" JOIN member m ON m.care_group = w.care_group WHERE a.id = ?1 AND m.account = ?2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, before);
	stmt_bind_uid(s, 2, &who->account);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "no such alarm");
	*ret_received_ms = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

/* Fills in the rights; those on the last wearer are mostly those on this one. */
static enum rc read_rights(struct db *reader, const struct principal *who, int64_t now_ms,
	struct uid *last, right_set *rights, struct alarm_info *a, struct err *e)
{
	struct holding held;

	if (!uid_is(last, &a->wearer)) {
		enum rc rc =
			rights_held(reader, &who->account, &a->group, &a->wearer, now_ms, &held, e);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		*rights = rc == RC_OK ? held.now : 0;
		*last = a->wearer;
	}
	a->rights = *rights;
	return RC_OK;
}

enum rc alarm_list(struct db *reader, const struct principal *who, int64_t now_ms, bool only_open,
	const struct uid *before, alarm_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	int64_t before_ms = 0;
	enum rc rc = RC_OK;

	if (before != NULL)
		rc = find_before(reader, who, before, &before_ms, e);
	if (rc == RC_OK)
		rc = db_prepare(reader,
			ALARM_COLUMNS
			"JOIN member m ON m.care_group = w.care_group"
			" WHERE m.account = ?1 AND (?2 = 0 OR a.state < 2)"
			" AND (?3 = 0 OR a.received_ms < ?4 OR (a.received_ms = ?4 AND a.id < ?5))"
			" ORDER BY a.received_ms DESC, a.id DESC LIMIT ?6",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &who->account);
	stmt_bind_int(s, 2, only_open);
	stmt_bind_int(s, 3, before != NULL);
	stmt_bind_int(s, 4, before_ms);
	stmt_bind_uid(s, 5, before);
	stmt_bind_int(s, 6, ALARM_SCAN_MAX);
	struct uid last = {{0}};
	right_set rights = 0;
	unsigned shown = 0;
	while (shown < ALARM_PAGE && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct alarm_info a;
		read_row(s, &a);
		rc = read_rights(reader, who, now_ms, &last, &rights, &a, e);
		if (rc != RC_OK)
			break;
		if ((a.rights & ALARM_READERS) == 0)
			continue;
		shown++;
		fn(ctx, &a);
	}
	stmt_reset(s);
	return rc;
}

enum rc alarm_list_of_wearer(struct db *reader, const struct uid *wearer, bool only_open,
	const struct uid *before, alarm_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct alarm_info from = {.received_ms = 0};
	enum rc rc = before == NULL ? RC_OK : alarm_get(reader, before, &from, e);

	if (rc == RC_OK && before != NULL && !uid_is(&from.wearer, wearer))
		rc = fail(e, RC_NOT_FOUND, "no such alarm");
	if (rc == RC_OK)
		rc = db_prepare(reader,
			ALARM_COLUMNS
			" WHERE a.wearer = ?1 AND (?2 = 0 OR a.state < 2)"
			" AND (?3 = 0 OR a.received_ms < ?4 OR (a.received_ms = ?4 AND a.id < ?5))"
			" ORDER BY a.received_ms DESC, a.id DESC LIMIT ?6",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, wearer);
	stmt_bind_int(s, 2, only_open);
	stmt_bind_int(s, 3, before != NULL);
	stmt_bind_int(s, 4, from.received_ms);
	stmt_bind_uid(s, 5, before);
	stmt_bind_int(s, 6, ALARM_PAGE);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct alarm_info a;
		read_row(s, &a);
		fn(ctx, &a);
	}
	return rc;
}

enum rc alarm_get(struct db *reader, const struct uid *alarm, struct alarm_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, ALARM_COLUMNS "WHERE a.id = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, alarm);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "no such alarm");
	read_row(s, ret);
	stmt_reset(s);
	return RC_OK;
}

/* One step of an alarm's life, as a job of the writer. */
struct step {
	const struct uid *alarm, *account;
	enum alarm_state next; /* TAKEN or CLOSED */
	int64_t now_ms;
	struct view note;
	const char *refusal;  /* out: the code, with RC_CONFLICT */
	struct uid wearer;    /* out */
	uint32_t kinds;       /* out */
	bool is_same;         /* out: the account had taken it before; nothing changed */
	uint16_t open_alarms; /* out: of the wearer, afterwards */
};

/* Open may be taken or closed, taken may be closed, closed is the end. */
static enum rc check_step(struct db *db, struct step *step, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(
		db, "SELECT wearer, state, taken_by, kinds FROM alarm WHERE id = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, step->alarm);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "no such alarm");
	enum alarm_state now = state_of(stmt_int(s, 1));
	struct uid taken_by = stmt_uid(s, 2);
	step->wearer = stmt_uid(s, 0);
	step->kinds = (uint32_t)stmt_int(s, 3);
	stmt_reset(s);
	if (now == ALARM_CLOSED)
		step->refusal = "already_closed";
	else if (now == ALARM_TAKEN && step->next == ALARM_TAKEN)
		step->is_same = uid_is(&taken_by, step->account);
	if (now == step->next && !step->is_same && step->refusal == NULL)
		step->refusal = "already_taken";
	return step->refusal == NULL ? RC_OK : fail(e, RC_CONFLICT, "alarm: %s", step->refusal);
}

static enum rc write_step(struct db *db, const struct step *step, struct err *e)
{
	static const char take[] = "UPDATE alarm SET state = 1, taken_by = ?3, taken_ms = ?4"
				   " WHERE wearer = ?1 AND id = ?2";
	static const char close[] =
		"UPDATE alarm SET state = 2, closed_by = ?3, closed_ms = ?4, note = ?5"
		" WHERE wearer = ?1 AND id = ?2";
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, step->next == ALARM_TAKEN ? take : close, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &step->wearer);
	stmt_bind_uid(s, 2, step->alarm);
	stmt_bind_uid(s, 3, step->account);
	stmt_bind_int(s, 4, step->now_ms);
	if (step->next == ALARM_CLOSED)
		stmt_bind_sealed(s, 5, &step->wearer, ALARM_LABEL_NOTE, step->note);
	return stmt_run(s, NULL, e);
}

static enum rc step_job(struct db *db, void *arg, struct err *e)
{
	struct step *step = arg;

	step->refusal = NULL;
	step->is_same = false;
	enum rc rc = check_step(db, step, e);
	if (rc == RC_OK && !step->is_same)
		rc = write_step(db, step, e);
	if (rc == RC_OK && !step->is_same)
		partner_event_tell(db, &step->wearer, step->alarm, step->kinds,
			step->next == ALARM_TAKEN ? PARTNER_ALARM_TAKEN : PARTNER_ALARM_CLOSED,
			step->now_ms);
	return rc == RC_OK ? alarm_count_open(db, &step->wearer, &step->open_alarms, e) : rc;
}

static enum rc refuse_step(struct db *reader, const struct step *step, struct problem *p)
{
	struct alarm_info now;
	char detail[NAME_TEXT + 40] = "";

	if (alarm_get(reader, step->alarm, &now, NULL) == RC_OK && now.state != ALARM_OPEN)
		(void)snprintf(detail, sizeof detail,
			now.state == ALARM_TAKEN ? "%s takes care of it" : "closed by %s",
			now.state == ALARM_TAKEN ? now.taken_by_name : now.closed_by_name);
	return refuse(p, RC_CONFLICT, step->refusal, NULL, detail);
}

static void tell(struct domain *d, const struct step *step, const struct alarm_info *a)
{
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, &step->wearer);
	if (dev != NULL)
		dev->open_alarms = step->open_alarms;
	live_unlock(d->live);
	bus_publish(d->bus, EVENT_ALARM, &a->group, &a->id);
	bus_publish(d->bus, EVENT_WEARER, &a->group, &a->wearer);
	courier_knock(d);
}

static enum rc run_step(struct domain *d, struct db *reader, const struct principal *who,
	struct step *step, struct alarm_info *ret, struct problem *p, struct err *e)
{
	step->now_ms = d->wall_ms();
	enum rc rc = act_run(d, who, step_job, step, e);
	if (rc == RC_CONFLICT && step->refusal != NULL)
		return refuse_step(reader, step, p);
	if (rc == RC_OK)
		rc = alarm_get(reader, step->alarm, ret, e);
	if (rc == RC_OK && !step->is_same)
		tell(d, step, ret);
	return rc;
}

enum rc alarm_take(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *alarm, struct alarm_info *ret, struct problem *p, struct err *e)
{
	struct step step = {.alarm = alarm, .account = &who->account, .next = ALARM_TAKEN};

	return run_step(d, reader, who, &step, ret, p, e);
}

enum rc alarm_close(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *alarm, struct view note, struct alarm_info *ret, struct problem *p,
	struct err *e)
{
	struct step step = {
		.alarm = alarm, .account = &who->account, .next = ALARM_CLOSED, .note = note};

	if (note.n > 0 && (note.n >= ALARM_NOTE_TEXT || !text_is_note(note, NOTE_CHARS_MAX)))
		return refuse(p, RC_SYNTAX, "note_invalid", "note",
			"at most 500 characters, no control characters");
	if (step.note.p == NULL)
		step.note = VIEW("");
	return run_step(d, reader, who, &step, ret, p, e);
}
