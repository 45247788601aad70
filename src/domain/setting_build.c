#include "domain/setting_build.h"

#include <assert.h>

#include "domain/contacts.h"
#include "domain/device_password.h"
#include "store/query.h"
#include "time/zone.h"

enum { ZONE_MIN_MIN = -720, ZONE_MAX_MIN = 840, QUARTER_S = 900, FALL_LEVELS_USUAL = 8 };

static struct command *add(struct setting_work *w, enum command_kind kind)
{
	return &command_rows_add(w->rows, w->domain, &w->to, w->by, kind)->command;
}

/* ---- language and zone ---- */

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

enum rc watch_zone_minutes(struct view zone, int64_t now_ms, int16_t *ret_min, struct err *e)
{
	CLEANUP(zone_freep) struct zone *z = NULL;
	enum rc rc = zone_load(zone, &z, e);

	if (rc != RC_OK)
		return rc;
	int32_t offset_s = zone_offset_s(z, now_ms);
	/* Historic offsets of odd seconds: the nearest quarter of an hour. */
	int32_t quarters = (offset_s + (offset_s < 0 ? -QUARTER_S / 2 : QUARTER_S / 2)) / QUARTER_S;
	int32_t minutes = quarters * 15;
	if (minutes < ZONE_MIN_MIN || minutes > ZONE_MAX_MIN)
		return fail(
			e, RC_LIMIT, "zone: %d minutes are out of a watch's range", (int)minutes);
	*ret_min = (int16_t)minutes;
	return RC_OK;
}

static enum rc note_sent(
	struct db *db, const char *sql, const struct uid *wearer, int64_t value, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db, sql, wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, value);
	return stmt_run(s, NULL, e);
}

/* One command for both where both are wanted and the watch knows it. */
static enum rc build_language_zone(
	struct setting_work *w, struct db *db, enum setting_id id, struct err *e)
{
	enum setting_state other = SETTING_NONE;
	uint8_t language = 0;
	int16_t zone_min = 0;
	enum rc rc = setting_state_read(
		db, &w->to.wearer, id == SETTING_ZONE ? SETTING_LANGUAGE : SETTING_ZONE, &other, e);

	if (!watch_language_number(view_of(w->to.language), &language))
		language = 0; /* English, as the watch came */
	if (rc == RC_OK)
		rc = watch_zone_minutes(view_of(w->to.zone), w->now_ms, &zone_min, e);
	if (rc != RC_OK || command_rows_have(w->rows, &w->to, COMMAND_LANGUAGE_ZONE))
		return rc;
	bool is_both = other != SETTING_NONE && !w->to.is_lz_refused;
	struct command *c = add(w, is_both              ? COMMAND_LANGUAGE_ZONE
				   : id == SETTING_ZONE ? COMMAND_ZONE
							: COMMAND_LANGUAGE);
	if (c->kind != COMMAND_ZONE)
		c->language = language;
	if (c->kind == COMMAND_LANGUAGE)
		return RC_OK;
	c->zone_min = zone_min;
	return note_sent(db, "UPDATE device SET zone_sent_min = ?2 WHERE wearer = ?1",
		&w->to.wearer, zone_min, e);
}

/* ---- how often it tells its place ---- */

uint32_t tracking_interval_s(enum tracking_mode mode, uint32_t set_s)
{
	switch (mode) {
	case TRACKING_NORMAL:
		return set_s;
	case TRACKING_CAREFUL:
		return set_s > INTERVAL_CAREFUL_S ? set_s : INTERVAL_CAREFUL_S;
	case TRACKING_LIVE:
		return INTERVAL_LIVE_S;
	case TRACKING_ADAPTIVE:
		return INTERVAL_ADAPTIVE_S;
	}
	return set_s;
}

static enum rc build_interval(struct setting_work *w, struct db *db, struct err *e)
{
	struct setting_row interval;
	struct setting_row mode;
	enum rc rc = setting_read(db, &w->to.wearer, SETTING_UPLOAD_INTERVAL, &interval, e);

	if (rc == RC_OK)
		rc = setting_read(db, &w->to.wearer, SETTING_TRACKING_MODE, &mode, e);
	if (rc != RC_OK || command_rows_have(w->rows, &w->to, COMMAND_UPLOAD_INTERVAL))
		return rc;
	uint32_t set_s =
		interval.has_wanted ? (uint32_t)interval.wanted.numbers[0] : INTERVAL_DEFAULT_S;
	struct command *c = add(w, COMMAND_UPLOAD_INTERVAL);
	c->interval_s = tracking_interval_s(
		mode.has_wanted ? (enum tracking_mode)mode.wanted.numbers[0] : TRACKING_NORMAL,
		set_s);
	return note_sent(db, "UPDATE device SET upload_sent_s = ?2 WHERE wearer = ?1",
		&w->to.wearer, c->interval_s, e);
}

/* ---- lists ---- */

static void set_windows(struct command *c, const struct command_window *windows, uint8_t n)
{
	/* A list without windows is said as one that never is. */
	c->list_n = n == 0 ? 1 : n;
	memcpy(c->windows, windows, n * sizeof *windows);
}

static void set_alarms(struct command *c, const struct setting_value *v)
{
	c->list_n = v->alarms_n == 0 ? 1 : v->alarms_n;
	c->alarms[0] = (struct command_alarm){.repeat = REPEAT_ONCE};
	memcpy(c->alarms, v->alarms, v->alarms_n * sizeof v->alarms[0]);
}

static void set_timetable(struct command *c, const struct setting_value *v)
{
	c->list_n = COMMAND_PERIODS;
	memcpy(c->windows, v->periods, v->periods_n * sizeof v->periods[0]);
	c->lessons_n = v->lessons_n;
	memcpy(c->lessons, v->lessons, v->lessons_n * sizeof v->lessons[0]);
}

/* The watch takes three; who has fewer says the last one again. */
static void set_macs(struct command *c, const struct setting_value *v)
{
	c->list_n = COMMAND_MACS_MAX;
	for (unsigned i = 0; i < COMMAND_MACS_MAX; i++)
		memcpy(c->macs[i], v->macs[i < v->macs_n ? i : v->macs_n - 1u], sizeof c->macs[i]);
}

static void set_apps(struct command *c, const struct setting_value *v)
{
	/* in the order of the fields: dial, alarm, video, phone_book, chat, camera */
	static const uint8_t apps[] = {2, 7, 9, 12, 13, 16};

	c->list_n = COUNT_OF(apps);
	for (unsigned i = 0; i < COUNT_OF(apps); i++)
		c->apps[i] = (struct command_app){.app = apps[i], .is_on = v->numbers[i] != 0};
}

static void set_points(struct command *c, const struct setting_value *v)
{
	c->list_n = v->points_n;
	memcpy(c->points, v->points, v->points_n * sizeof v->points[0]);
}

static void set_limits(struct command *c, const struct setting_value *v)
{
	c->is_on = v->numbers[0] != 0;
	c->values[0] = v->numbers[1];
	c->values[1] = v->numbers[2];
	c->values[2] = v->numbers[3];
	c->entries_n = 1;
	(void)!view_to_text(view_of(v->text), c->entries[0].number,
		sizeof c->entries[0].number); /* was checked as a number */
}

static void set_power_times(struct command *c, const struct setting_value *v)
{
	c->is_on = v->numbers[0] != 0;
	c->list_n = 1;
	c->windows[0] = (struct command_window){.from_min = (uint16_t)v->numbers[1],
		.to_min = (uint16_t)v->numbers[2],
		.days = (uint8_t)v->numbers[3]};
}

static void set_switch(struct setting_work *w, enum command_kind kind, int32_t is_on)
{
	add(w, kind)->is_on = is_on != 0;
}

static void build_fall_alarm(struct setting_work *w, const struct setting_value *v)
{
	struct command *c =
		add(w, w->to.has_fall_switch ? COMMAND_FALL_SWITCH : COMMAND_FALL_ALARM);

	c->is_on = v->numbers[0] != 0;
	if (c->kind == COMMAND_FALL_ALARM)
		c->values[0] = v->numbers[1];
}

static void build_fall_sensitivity(struct setting_work *w, const struct setting_value *v)
{
	int32_t levels = w->to.levels > 0 ? w->to.levels : FALL_LEVELS_USUAL;
	struct command *c = add(w, COMMAND_FALL_SENSITIVITY);

	c->values[0] = v->numbers[0] < levels ? v->numbers[0] : levels;
	c->values[1] = levels;
}

/* The first ten of the phone book may call; off: nobody is listed, and the watch takes every call.
 */
static enum rc build_allowed(
	struct setting_work *w, struct db *db, const struct setting_value *v, struct err *e)
{
	static const enum command_kind kinds[] = {COMMAND_ALLOWED_1, COMMAND_ALLOWED_2};
	struct contacts list = {.n = 0};
	enum rc rc = v->numbers[0] != 0 ? contacts_list(db, &w->to.wearer, &list, e) : RC_OK;

	for (unsigned k = 0; k < COUNT_OF(kinds) && rc == RC_OK; k++) {
		struct command *c = add(w, kinds[k]);
		c->entries_n = COMMAND_BOOK_PAGE;
		for (unsigned i = 0; i < COMMAND_BOOK_PAGE; i++) {
			unsigned at = k * COMMAND_BOOK_PAGE + i;
			if (at < list.n)
				memcpy(c->entries[i].number, list.items[at].number,
					sizeof c->entries[i].number);
		}
	}
	return rc;
}

static void build_auto_answer(struct setting_work *w)
{
	(void)add(w, COMMAND_AUTO_ANSWER_OFF); /* nothing to fill in */
	if (!w->to.is_yisai)
		return;
	(void)add(w, COMMAND_AUTO_PICKUP_OFF); /* it knows two more that must be off */
	(void)add(w, COMMAND_SMS_FORWARD_OFF);
}

static void build_plain(struct setting_work *w, enum setting_id id, const struct setting_value *v)
{
	const int32_t *n = v->numbers;
	struct command *c = NULL;

	switch ((int)id) {
	case SETTING_QUIET_TIMES:
		set_windows(add(w, COMMAND_QUIET_TIMES_DAYS), v->windows, v->windows_n);
		break;
	case SETTING_ALARM_CLOCKS:
		set_alarms(add(w, COMMAND_ALARM_CLOCKS), v);
		break;
	case SETTING_TIMETABLE:
		set_timetable(add(w, COMMAND_TIMETABLE), v);
		break;
	case SETTING_STEP_COUNTER:
		set_switch(w, COMMAND_STEP_COUNTER, n[0]);
		break;
	case SETTING_WALK_TIMES:
		set_windows(add(w, COMMAND_WALK_TIMES), v->windows, v->windows_n);
		break;
	case SETTING_SLEEP_TIME:
		c = add(w, COMMAND_SLEEP_TIME);
		c->list_n = 1;
		c->windows[0] = (struct command_window){
			.from_min = (uint16_t)n[0], .to_min = (uint16_t)n[1]};
		break;
	case SETTING_FALL_ALARM:
		build_fall_alarm(w, v);
		break;
	case SETTING_FALL_SENSITIVITY:
		build_fall_sensitivity(w, v);
		break;
	case SETTING_REMOVED_ALARM:
		set_switch(w, COMMAND_REMOVED_ALARM, n[0]);
		break;
	case SETTING_SOUND_PROFILE:
		add(w, COMMAND_SOUND_PROFILE)->values[0] = n[0] + 1;
		break;
	case SETTING_STEP_GOAL:
		add(w, COMMAND_STEP_GOAL)->values[0] = n[0];
		break;
	case SETTING_BODY:
		c = add(w, COMMAND_BODY);
		c->values[0] = n[0];
		c->values[1] = n[1];
		break;
	case SETTING_APPS:
		set_apps(add(w, COMMAND_APPS), v);
		break;
	case SETTING_HOME_WIFI:
		set_macs(add(w, COMMAND_HOME_WIFI), v);
		break;
	default:
		assert(false); /* every other one is built by its neighbours */
	}
}

static void build_switch(struct setting_work *w, enum setting_id id, const struct setting_value *v)
{
	const int32_t *n = v->numbers;

	switch ((int)id) {
	case SETTING_FAMILY_CALLS:
		set_switch(w, COMMAND_FAMILY_CALLS, n[0]);
		break;
	case SETTING_LONG_LIFE:
		set_switch(w, COMMAND_LONG_LIFE, n[0]);
		break;
	case SETTING_ALARM_DELIVERY:
		add(w, COMMAND_ALARM_DELIVERY)->values[0] = n[0];
		break;
	case SETTING_POWER_TIMES:
		set_power_times(add(w, COMMAND_POWER_TIMES), v);
		break;
	case SETTING_GPS_SWITCH:
		set_switch(w, COMMAND_GPS_SWITCH, n[0]);
		break;
	case SETTING_NIGHT_SAVING:
		set_switch(w, COMMAND_NIGHT_SAVING, n[0]);
		break;
	case SETTING_DIAL_PAD:
		set_switch(w, COMMAND_DIAL_PAD, n[0]);
		break;
	case SETTING_HEART_INTERVAL:
		add(w, COMMAND_HEART_INTERVAL)->interval_s = n[0] != 0 ? (uint32_t)n[1] : 0;
		break;
	case SETTING_TEMPERATURE_INTERVAL: {
		struct command *c = add(w, COMMAND_TEMPERATURE_INTERVAL);
		c->is_on = n[0] != 0;
		c->values[0] = n[1];
		break;
	}
	case SETTING_TEMPERATURE_TIMES:
		set_points(add(w, COMMAND_TEMPERATURE_TIMES), v);
		break;
	case SETTING_TEMPERATURE_LIMITS:
		set_limits(add(w, COMMAND_TEMPERATURE_LIMITS), v);
		break;
	case SETTING_REFUSE_STRANGERS:
		set_switch(w,
			w->to.is_yisai ? COMMAND_REFUSE_STRANGERS_2 : COMMAND_REFUSE_STRANGERS,
			n[0]);
		break;
	case SETTING_SMS_ALERTS:
		set_switch(w, COMMAND_BATTERY_SMS, n[0]);
		set_switch(w, COMMAND_SOS_SMS, n[1]);
		set_switch(w, COMMAND_REMOVED_SMS, n[2]);
		break;
	default:
		build_plain(w, id, v);
	}
}

enum rc setting_build(struct setting_work *w, struct db *db, enum setting_id id,
	const struct setting_value *v, struct err *e)
{
	assert(v != NULL || setting_def(id)->fields_n == 0);
	switch ((int)id) {
	case SETTING_LANGUAGE:
	case SETTING_ZONE:
		return build_language_zone(w, db, id, e);
	case SETTING_UPLOAD_INTERVAL:
	case SETTING_TRACKING_MODE:
		return build_interval(w, db, e);
	case SETTING_ALLOWED_CALLERS:
		assert(v != NULL); /* it has a field */
		return build_allowed(w, db, v, e);
	case SETTING_CONTACTS:
		return contacts_build(w, db, 0, e);
	case SETTING_SOS_NUMBERS:
		return sos_numbers_build(w, db, e);
	case SETTING_CONTROL_NUMBERS:
		(void)add(w, COMMAND_CENTER_CLEAR); /* nothing to fill in */
		(void)add(w, COMMAND_SLAVE_CLEAR);
		return RC_OK;
	case SETTING_AUTO_ANSWER:
		build_auto_answer(w);
		return RC_OK;
	case SETTING_PASSWORD:
		return device_password_want(db, &w->to.wearer, add(w, COMMAND_PASSWORD)->digits, e);
	default:
		assert(v != NULL); /* all of these have fields */
		build_switch(w, id, v);
		return RC_OK;
	}
}

enum rc setting_build_again(
	struct setting_work *w, struct db *db, enum setting_id id, struct err *e)
{
	struct setting_row row;
	enum rc rc = setting_read(db, &w->to.wearer, id, &row, e);

	if (rc != RC_OK || row.state == SETTING_NONE)
		return rc;
	if (!row.has_wanted && setting_def(id)->fields_n > 0)
		return RC_OK; /* it cannot be read any more */
	rc = setting_begin_again(db, &w->to.wearer, id, e);
	return rc == RC_OK ? setting_build(w, db, id, row.has_wanted ? &row.wanted : NULL, e) : rc;
}
