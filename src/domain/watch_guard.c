#include "domain/watch_guard.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/alarm.h"
#include "domain/alarm_store.h"
#include "domain/bus.h"
#include "domain/device_password.h"
#include "domain/live_table.h"
#include "domain/outbox.h"
#include "domain/setting_build.h"
#include "domain/setting_drift.h"
#include "domain/tracking.h"
#include "store/query.h"

enum { STATUS_LIFE_MS = 24 * 3600 * 1000, NEXT_STEP_MS = 1000 };

struct watch_guard {
	struct domain *domain;
	struct timer timer;
	bool is_running;
	/* Of the running job. */
	int64_t now_ms;
	unsigned n;
	struct command_row rows[GUARD_STEP];
};

/* ---- what is due ---- */

static enum rc put_off(struct db *db, const struct uid *wearer, int64_t due_ms, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(
		db, "UPDATE device SET guard_due_ms = ?2 WHERE wearer = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, due_ms);
	return stmt_run(s, NULL, e);
}

static enum rc find_due(struct watch_guard *g, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT d.wearer, w.care_group, w.number FROM device d"
		" JOIN wearer w ON w.id = d.wearer"
		" WHERE d.guard_due_ms <= ?1 ORDER BY d.guard_due_ms LIMIT ?2",
		&s, e);

	g->n = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, g->now_ms);
	stmt_bind_int(s, 2, GUARD_STEP);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row && g->n < GUARD_STEP) {
		struct command_row *row = &g->rows[g->n++];
		command_row_init(row, g->domain, COMMAND_STATUS);
		row->expires_ms = row->created_ms + STATUS_LIFE_MS;
		row->wearer = stmt_uid(s, 0);
		row->group = stmt_uid(s, 1);
		row->number = (uint32_t)stmt_int(s, 2);
	}
	stmt_reset(s);
	return rc;
}

static enum rc due_job(struct db *db, void *arg, struct err *e)
{
	struct watch_guard *g = arg;
	enum rc rc = find_due(g, db, e);

	for (unsigned i = 0; i < g->n && rc == RC_OK; i++) {
		rc = put_off(db, &g->rows[i].wearer, g->now_ms + GUARD_EVERY_MS, e);
		if (rc == RC_OK)
			rc = command_row_insert(db, &g->rows[i], e);
	}
	return rc;
}

static void set_timer(struct watch_guard *g, int64_t in_ms)
{
	struct loop *loop = g->domain->loop;

	timer_set(loop_wheel(loop), &g->timer, loop_now_ms(loop) + in_ms);
}

static void due_done(void *arg, enum rc rc, const struct err *e)
{
	struct watch_guard *g = arg;

	g->is_running = false;
	if (rc != RC_OK) {
		log_event(LOG_WARN, "guard.not_stored", "why=\"%s\"", e->msg);
		set_timer(g, GUARD_TICK_MS);
		return;
	}
	for (unsigned i = 0; i < g->n; i++)
		outbox_add(g->domain, &g->rows[i]);
	set_timer(g, g->n == GUARD_STEP ? NEXT_STEP_MS : GUARD_TICK_MS);
}

static void on_timer(struct timer *t, void *context)
{
	struct watch_guard *g = CONTAINER_OF(t, struct watch_guard, timer);

	(void)context;
	if (g->is_running)
		return;
	g->now_ms = g->domain->wall_ms();
	g->is_running = writer_post(g->domain->writer, due_job, due_done, g, 0, NULL) == RC_OK;
	if (!g->is_running)
		set_timer(g, GUARD_TICK_MS);
}

enum rc watch_guard_new(struct domain *d, struct watch_guard **ret_owned, struct err *e)
{
	struct watch_guard *g = calloc(1, sizeof *g);

	if (g == NULL)
		return fail(e, RC_NOMEM, "guard: out of memory");
	g->domain = d;
	timer_init(&g->timer, on_timer);
	*ret_owned = g;
	return RC_OK;
}

void watch_guard_free(struct watch_guard *g)
{
	if (g == NULL)
		return;
	timer_cancel(&g->timer);
	free(g);
}

void watch_guard_start(struct watch_guard *g)
{
	set_timer(g, NEXT_STEP_MS);
}

/* ---- what the watch tells ---- */

enum { TOLD_TEXT = 65 /* of one value */ };

struct told_value {
	bool is_told;
	char value[TOLD_TEXT];
};

struct status_work {
	struct domain *domain;
	struct uid wearer;
	struct told_value center, slave, password;
	struct told_settings told;
	struct setting_work work;   /* out */
	bool is_drift;              /* out */
	struct alarm_outcome alarm; /* out */
};

static void work_free(struct status_work *w)
{
	if (w->work.rows != NULL)
		secret_forget(w->work.rows, sizeof *w->work.rows);
	free(w->work.rows);
	secret_forget(w, sizeof *w);
	free(w);
}

static void copy_told(const struct report *r, enum report_fact fact, struct told_value *ret)
{
	struct view v;

	ret->is_told = report_fact(r, fact, &v) && view_to_text(v, ret->value, sizeof ret->value);
}

/* Something is not as it was confirmed: told again. When it was confirmed, somebody changed it. */
static enum rc set_right(
	struct db *db, struct status_work *w, enum setting_id id, bool is_wrong, struct err *e)
{
	enum setting_state state = SETTING_NONE;
	enum rc rc = setting_state_read(db, &w->wearer, id, &state, e);

	if (rc != RC_OK || state == SETTING_WANTED || state == SETTING_NONE)
		return rc; /* on its way already, or nobody wants it */
	if (is_wrong && state == SETTING_CONFIRMED) {
		w->is_drift = true;
		rc = setting_note_drift(db, &w->wearer, id, w->work.now_ms, e);
	}
	return rc == RC_OK ? setting_build_again(&w->work, db, id, e) : rc;
}

/* Numbers that must not be there. What the watch does not tell is cleared again each time. */
static enum rc look_at_numbers(struct db *db, struct status_work *w, struct err *e)
{
	bool is_wrong = (w->center.is_told && w->center.value[0] != '\0') ||
			(w->slave.is_told && w->slave.value[0] != '\0');

	if (w->center.is_told && w->slave.is_told && !is_wrong)
		return RC_OK;
	return set_right(db, w, SETTING_CONTROL_NUMBERS, is_wrong, e);
}

static enum rc look_at_password(struct db *db, struct status_work *w, struct err *e)
{
	bool is_same = false;

	if (!w->password.is_told)
		return RC_OK;
	enum rc rc = device_password_is(db, &w->wearer, view_of(w->password.value), &is_same, e);
	return rc == RC_OK && !is_same ? set_right(db, w, SETTING_PASSWORD, true, e) : rc;
}

static enum rc note_look(struct db *db, const struct status_work *w, struct err *e)
{
	struct stmt *s = NULL;
	bool is_told = w->center.is_told || w->slave.is_told || w->password.is_told;
	enum rc rc = query_prepare(db,
		"UPDATE device SET guard_checked_ms = CASE WHEN ?2 = 1 THEN ?3 ELSE "
		"guard_checked_ms END,"
		" guard_drift_ms = CASE WHEN ?4 = 1 THEN ?3 ELSE guard_drift_ms END"
		" WHERE wearer = ?1",
		&w->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, is_told);
	stmt_bind_int(s, 3, w->work.now_ms);
	stmt_bind_int(s, 4, w->is_drift);
	return stmt_run(s, NULL, e);
}

static enum rc raise_alarm(struct db *db, struct status_work *w, struct err *e)
{
	const struct alarm_intake intake = {.wearer = w->wearer,
		.kinds = ALARM_SETTINGS_DRIFT,
		.device_time_ms = w->work.now_ms,
		.time_ms = w->work.now_ms,
		.received_ms = w->work.now_ms,
		.is_own_report = true};

	return w->is_drift ? alarm_take_in(db, &intake, &w->alarm, e) : RC_OK;
}

static enum rc status_job(struct db *db, void *arg, struct err *e)
{
	struct status_work *w = arg;
	enum rc rc = watch_target_read(db, &w->wearer, &w->work.to, NULL, e);

	w->is_drift = false;
	w->work.rows->n = 0;
	w->alarm = (struct alarm_outcome){.is_new = false};
	if (rc == RC_OK)
		rc = look_at_numbers(db, w, e);
	if (rc == RC_OK)
		rc = look_at_password(db, w, e);
	if (rc == RC_OK) /* no watch tells this one */
		rc = set_right(db, w, SETTING_REFUSE_STRANGERS, false, e);
	if (rc == RC_OK)
		rc = note_look(db, w, e);
	if (rc == RC_OK)
		rc = raise_alarm(db, w, e);
	if (rc == RC_OK) /* what is no matter of strangers is put right without an alarm */
		rc = setting_drift_look(&w->work, db, &w->told, e);
	return rc == RC_OK ? command_rows_insert(db, w->work.rows, e) : rc;
}

static void tell_drift(struct domain *d, const struct status_work *w)
{
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, &w->wearer);
	if (dev != NULL)
		dev->open_alarms = w->alarm.open_alarms;
	live_unlock(d->live);
	bus_publish(d->bus, EVENT_ALARM, &w->work.to.group, &w->alarm.id);
	log_event(LOG_WARN, "guard.drift", "settings that keep strangers out were changed");
}

static void status_done(void *arg, enum rc rc, const struct err *e)
{
	struct status_work *w = arg;
	const struct setting_work *work = &w->work;
	struct domain *d = w->domain;

	if (rc != RC_OK) {
		log_event(LOG_WARN, "guard.not_stored", "why=\"%s\"", e->msg);
		work_free(w);
		return;
	}
	for (unsigned i = 0; i < work->rows->n; i++)
		outbox_add(d, &work->rows->items[i]);
	if (w->is_drift && !uid_is_none(&w->alarm.id))
		tell_drift(d, w);
	if (command_rows_have(work->rows, &work->to, COMMAND_UPLOAD_INTERVAL))
		tracking_post_change(d, &w->wearer);
	bus_publish(d->bus, EVENT_WEARER, &work->to.group, &w->wearer);
	work_free(w);
}

void watch_guard_on_status(struct domain *d, const struct uid *wearer, const struct report *r)
{
	struct status_work *w = calloc(1, sizeof *w);

	if (w == NULL)
		return; /* at the next look */
	w->domain = d;
	w->work = (struct setting_work){
		.domain = d, .rows = command_rows_new(), .now_ms = d->wall_ms()};
	w->wearer = *wearer;
	copy_told(r, REPORT_FACT_CENTER, &w->center);
	copy_told(r, REPORT_FACT_SLAVE, &w->slave);
	copy_told(r, REPORT_FACT_PASSWORD, &w->password);
	setting_drift_read(r->text, &w->told);
	if (w->work.rows == NULL ||
		writer_post(d->writer, status_job, status_done, w, 0, NULL) != RC_OK)
		work_free(w); /* as above */
}

/* ---- what people see ---- */

const char *guard_item_name(enum guard_item item)
{
	static const char *const names[GUARD_ITEM_COUNT] = {
		[GUARD_CONTROL_NUMBERS] = "control_numbers",
		[GUARD_PASSWORD] = "password",
		[GUARD_STRANGERS] = "strangers",
		[GUARD_AUTO_ANSWER] = "auto_answer",
	};

	return names[item];
}

enum rc watch_guard_get(struct db *reader, const struct uid *wearer, struct guard_state *ret,
	struct problem *p, struct err *e)
{
	static const enum setting_id ids[GUARD_ITEM_COUNT] = {
		[GUARD_CONTROL_NUMBERS] = SETTING_CONTROL_NUMBERS,
		[GUARD_PASSWORD] = SETTING_PASSWORD,
		[GUARD_STRANGERS] = SETTING_REFUSE_STRANGERS,
		[GUARD_AUTO_ANSWER] = SETTING_AUTO_ANSWER,
	};
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT guard_checked_ms, guard_drift_ms FROM device WHERE wearer = ?1", wearer, &s,
		e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return refuse(p, RC_CONFLICT, "no_device", NULL, "this wearer has no watch");
	ret->checked_ms = stmt_int(s, 0);
	ret->drift_ms = stmt_int(s, 1);
	stmt_reset(s);
	for (unsigned i = 0; i < GUARD_ITEM_COUNT && rc == RC_OK; i++)
		rc = setting_state_read(reader, wearer, ids[i], &ret->items[i], e);
	return rc;
}
