#include "domain/health_store.h"

#include <stdlib.h>

#include "domain/fixed.h"
#include "domain/setting_store.h"
#include "store/query.h"
#include "store/sealed.h"

#define LABEL_VALUE "health_value.body"

enum { BODY_VERSION = 1, BODY_BYTES = 37 };

/* ---- what a report says ---- */

static const struct {
	uint32_t of_report;
	enum health_kind kind;
} values[] = {
	{REPORT_HAS_HEART, HEALTH_HEART},
	{REPORT_HAS_BLOOD_PRESSURE, HEALTH_BLOOD_PRESSURE},
	{REPORT_HAS_SPO2, HEALTH_OXYGEN},
	{REPORT_HAS_TEMPERATURE, HEALTH_TEMPERATURE},
};

static const struct {
	uint8_t of_report;
	enum health_kind kind;
} failures[] = {
	{REPORT_FAILED_HEART, HEALTH_HEART},
	{REPORT_FAILED_BLOOD_PRESSURE, HEALTH_BLOOD_PRESSURE},
	{REPORT_FAILED_SPO2, HEALTH_OXYGEN},
	{REPORT_FAILED_TEMPERATURE, HEALTH_TEMPERATURE},
};

/* What was measured when the number cannot be true. */
static const struct {
	const char *keyword;
	enum health_kind kind;
} measures[] = {
	{"HEART", HEALTH_HEART},
	{"PULSE", HEALTH_HEART},
	{"BLOOD", HEALTH_BLOOD_PRESSURE},
	{"BPHRT", HEALTH_BLOOD_PRESSURE},
	{"OXYGEN", HEALTH_OXYGEN},
	{"TEMP", HEALTH_TEMPERATURE},
	{"BTEMP2", HEALTH_TEMPERATURE},
};

static enum health_origin origin_of(const struct report *r)
{
	bool is_own = (r->has & REPORT_HAS_SPO2) != 0 || (r->failures & REPORT_FAILED_SPO2) != 0;

	return is_own && (r->has & REPORT_HAS_MEASURE) != 0 && r->measure_type == MEASURE_ON_WATCH
		       ? HEALTH_ON_WATCH
		       : HEALTH_BY_UNKNOWN;
}

bool health_from_report(
	const struct report *r, int64_t time_ms, int64_t received_ms, struct health_value *ret)
{
	if (r->kind != REPORT_HEALTH)
		return false;
	*ret = (struct health_value){.time_ms = time_ms,
		.received_ms = received_ms,
		.origin = origin_of(r),
		.heart_bpm = r->heart_bpm,
		.systolic_mmhg = r->systolic_mmhg,
		.diastolic_mmhg = r->diastolic_mmhg,
		.spo2_permille = r->spo2_permille,
		.temperature_cdeg = r->temperature_cdeg};
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		if ((r->has & values[i].of_report) != 0)
			ret->has |= (uint8_t)(1u << values[i].kind);
	}
	/* Beside a value, 0 means that this kind is not measured. */
	bool has_failures = ret->has == 0 && (r->has & REPORT_HAS_MEASURE) != 0;
	for (size_t i = 0; i < COUNT_OF(failures) && has_failures; i++) {
		if ((r->failures & failures[i].of_report) != 0)
			ret->failed |= (uint8_t)(1u << failures[i].kind);
	}
	bool is_nothing = ret->has == 0 && ret->failed == 0 && r->error == REPORT_BAD_VALUE;
	for (size_t i = 0; i < COUNT_OF(measures) && is_nothing; i++) {
		if (strcmp(r->keyword, measures[i].keyword) == 0)
			ret->failed = (uint8_t)(1u << measures[i].kind);
	}
	return ret->has != 0 || ret->failed != 0;
}

/* ---- the row ---- */

static void write_body(const struct health_value *v, uint8_t ret[BODY_BYTES])
{
	struct fixed_out o = {.p = ret, .size = BODY_BYTES};

	fixed_put(&o, BODY_VERSION, 1);
	fixed_put(&o, v->has, 1);
	fixed_put(&o, v->failed, 1);
	fixed_put(&o, v->origin, 1);
	fixed_put_bytes(&o, v->by.b, UID_BYTES);
	fixed_put(&o, (uint64_t)v->received_ms, 8);
	fixed_put(&o, (v->has & 1u << HEALTH_HEART) != 0 ? v->heart_bpm : 0, 1);
	fixed_put(&o, v->systolic_mmhg, 2);
	fixed_put(&o, v->diastolic_mmhg, 2);
	fixed_put(&o, v->spo2_permille, 2);
	fixed_put(&o, (uint16_t)v->temperature_cdeg, 2);
}

static bool read_body(struct view body, struct health_value *ret)
{
	struct fixed_in in = {.rest = body};
	uint64_t version = fixed_get(&in, 1);

	ret->has = (uint8_t)fixed_get(&in, 1);
	ret->failed = (uint8_t)fixed_get(&in, 1);
	uint64_t origin = fixed_get(&in, 1);
	fixed_get_bytes(&in, ret->by.b, UID_BYTES);
	ret->received_ms = (int64_t)fixed_get(&in, 8);
	ret->heart_bpm = (uint8_t)fixed_get(&in, 1);
	ret->systolic_mmhg = (uint16_t)fixed_get(&in, 2);
	ret->diastolic_mmhg = (uint16_t)fixed_get(&in, 2);
	ret->spo2_permille = (uint16_t)fixed_get(&in, 2);
	ret->temperature_cdeg = (int16_t)fixed_get(&in, 2);
	ret->origin = origin < HEALTH_ORIGIN_COUNT ? (enum health_origin)origin : HEALTH_BY_UNKNOWN;
	return fixed_is_done(&in) && version == BODY_VERSION;
}

/* ---- into the store ---- */

static enum rc is_allowed(struct db *db, const struct uid *wearer, bool *ret, struct err *e)
{
	struct health_rule rule;
	enum rc rc = health_rule_get(db, wearer, &rule, e);

	if (rc == RC_OK)
		*ret = rule.is_allowed;
	return rc;
}

/* Who asked for it, when somebody did just now. */
static enum rc find_asker(struct db *db, const struct health_intake *in, struct uid *ret_by,
	bool *ret_found, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	int64_t received_ms = in->value.received_ms;
	enum rc rc = query_prepare(db,
		"SELECT by_account FROM command WHERE wearer = ?1 AND created_ms > ?2"
		" AND sent_ms BETWEEN ?2 AND ?3"
		" AND kind IN ('measure_heart', 'measure_temperature', 'ask_pulse')"
		" ORDER BY created_ms DESC LIMIT 1",
		&in->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, received_ms - HEALTH_ASKED_MS);
	stmt_bind_int(s, 3, received_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret_found = has_row;
	if (has_row)
		*ret_by = stmt_uid(s, 0);
	stmt_reset(s);
	return RC_OK;
}

/* Nobody asked: does the watch measure this by itself now and then? */
static enum rc find_schedule(
	struct db *db, const struct uid *wearer, unsigned kinds, bool *ret, struct err *e)
{
	static const struct {
		enum health_kind kind;
		enum setting_id setting;
	} schedules[] = {
		{HEALTH_HEART, SETTING_HEART_INTERVAL},
		{HEALTH_TEMPERATURE, SETTING_TEMPERATURE_INTERVAL},
		{HEALTH_TEMPERATURE, SETTING_TEMPERATURE_TIMES},
	};
	enum rc rc = RC_OK;

	*ret = false;
	for (size_t i = 0; i < COUNT_OF(schedules) && rc == RC_OK && !*ret; i++) {
		if ((kinds >> schedules[i].kind & 1) != 0)
			rc = setting_is_on(db, wearer, schedules[i].setting, ret, e);
	}
	return rc;
}

static enum rc find_origin(
	struct db *db, const struct health_intake *in, struct health_value *value, struct err *e)
{
	bool is_asked = false;
	bool is_scheduled = false;
	enum rc rc = find_asker(db, in, &value->by, &is_asked, e);

	if (rc == RC_OK && !is_asked)
		rc = find_schedule(
			db, &in->wearer, (unsigned)value->has | value->failed, &is_scheduled, e);
	if (is_asked)
		value->origin = HEALTH_ASKED;
	else if (is_scheduled)
		value->origin = HEALTH_SCHEDULED;
	return rc == RC_SYNTAX || rc == RC_NOT_FOUND ? RC_OK : rc; /* it stays unknown */
}

static enum rc insert(struct db *db, const struct health_intake *in, const uint8_t body[BODY_BYTES],
	struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO health_value (wearer, time_ms, slot, body) SELECT ?1, ?2,"
		" (SELECT COALESCE(MAX(slot) + 1, 0) FROM health_value"
		"  WHERE wearer = ?1 AND time_ms = ?2), ?3"
		" WHERE EXISTS (SELECT 1 FROM wearer WHERE id = ?1)",
		&in->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, in->time_ms);
	stmt_bind_sealed(s, 3, &in->wearer, LABEL_VALUE,
		(struct view){.p = (const char *)body, .n = BODY_BYTES});
	return stmt_run(s, NULL, e);
}

enum rc health_take_in(struct db *db, const struct health_intake *in, struct err *e)
{
	struct health_value value = in->value;
	bool may_keep = false;
	uint8_t body[BODY_BYTES];
	enum rc rc = is_allowed(db, &in->wearer, &may_keep, e);

	if (rc != RC_OK || !may_keep)
		return rc;
	if (value.origin == HEALTH_BY_UNKNOWN)
		rc = find_origin(db, in, &value, e);
	if (rc != RC_OK)
		return rc;
	write_body(&value, body);
	rc = insert(db, in, body, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* its key was destroyed meanwhile */
}

/* ---- out of it ---- */

static enum rc check_range(int64_t from_ms, int64_t to_ms, struct problem *p)
{
	if (from_ms >= to_ms)
		return refuse(p, RC_SYNTAX, "range_invalid", "from", "from must be before to");
	if (to_ms - from_ms > HEALTH_DAYS_MAX * INT64_C(86400000))
		return refuse(p, RC_SYNTAX, "range_too_long", "to", "at most 31 days at once");
	return RC_OK;
}

/* One row; false when it cannot be opened. */
static bool read_row(struct stmt *s, const struct uid *wearer, struct health_value *ret)
{
	uint8_t *body = NULL;
	size_t n = 0;

	*ret = (struct health_value){.time_ms = stmt_int(s, 0)};
	if (stmt_take_sealed(s, 1, wearer, LABEL_VALUE, &body, &n, NULL) != RC_OK)
		return false;
	bool is_good = read_body((struct view){.p = (const char *)body, .n = n}, ret);
	free(body);
	return is_good;
}

enum rc health_list(struct db *reader, const struct uid *wearer, int64_t from_ms, int64_t to_ms,
	health_fn *fn, void *ctx, bool *ret_truncated, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	unsigned n = 0;
	enum rc rc = check_range(from_ms, to_ms, p);

	if (rc == RC_OK)
		rc = query_prepare(reader,
			"SELECT time_ms, body FROM health_value"
			" WHERE wearer = ?1 AND time_ms >= ?2 AND time_ms < ?3"
			" ORDER BY time_ms, slot LIMIT ?4",
			wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, from_ms);
	stmt_bind_int(s, 3, to_ms);
	stmt_bind_int(s, 4, HEALTH_VALUES_MAX + 1);
	*ret_truncated = false;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct health_value v;
		if (n++ == HEALTH_VALUES_MAX) {
			*ret_truncated = true;
			stmt_reset(s);
			break;
		}
		if (read_row(s, wearer, &v))
			fn(ctx, &v);
	}
	return rc;
}
