#include "domain/setting_value.h"

#include "domain/setting_table.h"
#include "time/zone.h"
#include "watch/pack.h"

enum { PACK_VERSION = 1, MINUTES_MAX = COMMAND_DAY_MIN - 1 };

/* ---- what is allowed ---- */

static bool is_minute(uint16_t min)
{
	return min <= MINUTES_MAX;
}

static bool is_window(const struct command_window *w, bool has_days)
{
	return is_minute(w->from_min) && is_minute(w->to_min) && w->from_min != w->to_min &&
	       (has_days ? w->days > 0 && w->days <= COMMAND_DAYS_ALL : w->days == 0);
}

static bool are_windows(const struct setting_value *v, bool has_days)
{
	for (unsigned i = 0; i < v->windows_n; i++) {
		if (!is_window(&v->windows[i], has_days))
			return false;
	}
	return true;
}

static bool are_alarms(const struct setting_value *v)
{
	for (unsigned i = 0; i < v->alarms_n; i++) {
		const struct command_alarm *a = &v->alarms[i];
		bool has_days = a->repeat == REPEAT_DAYS;
		if (!is_minute(a->time_min) || a->repeat < REPEAT_ONCE || a->repeat > REPEAT_DAYS ||
			has_days != (a->days != 0) || a->days > COMMAND_DAYS_ALL)
			return false;
	}
	return true;
}

static bool are_points(const struct setting_value *v)
{
	for (unsigned i = 0; i < v->points_n; i++) {
		if (!is_minute(v->points[i].time_min))
			return false;
	}
	return true;
}

/* School periods do not cross midnight; they stand in the order of the day. */
static bool are_periods(const struct setting_value *v)
{
	for (unsigned i = 0; i < v->periods_n; i++) {
		const struct command_window *w = &v->periods[i];
		if (!is_window(w, false) || w->from_min > w->to_min ||
			(i > 0 && w->from_min < v->periods[i - 1].to_min))
			return false;
	}
	return true;
}

/* A name that the timetable's own separators would cut is refused, too. */
static bool is_lesson(const struct setting_value *v, unsigned at)
{
	const struct command_lesson *l = &v->lessons[at];

	if (l->day < 1 || l->day > 7 || l->period < 1 || l->period > v->periods_n ||
		strpbrk(l->name, "-_") != NULL ||
		command_check_name(view_of(l->name), NULL) != RC_OK)
		return false;
	for (unsigned i = 0; i < at; i++) {
		if (v->lessons[i].day == l->day && v->lessons[i].period == l->period)
			return false;
	}
	return true;
}

static bool are_lessons(const struct setting_value *v)
{
	for (unsigned i = 0; i < v->lessons_n; i++) {
		if (!is_lesson(v, i))
			return false;
	}
	return true;
}

static uint8_t list_n(enum setting_type type, const struct setting_value *v)
{
	switch ((int)type) {
	case TYPE_WINDOWS:
	case TYPE_WINDOWS_DAYS:
		return v->windows_n;
	case TYPE_ALARMS:
		return v->alarms_n;
	case TYPE_POINTS:
		return v->points_n;
	case TYPE_MACS:
		return v->macs_n;
	case TYPE_PERIODS:
		return v->periods_n;
	case TYPE_LESSONS:
		return v->lessons_n;
	default:
		return 0;
	}
}

static int32_t choices_n(const struct setting_field *f)
{
	int32_t n = 0;

	while (f->words[n] != NULL)
		n++;
	return n;
}

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

static bool is_zone(const char *name)
{
	CLEANUP(zone_freep) struct zone *z = NULL;

	return name[0] != '\0' && zone_load(view_of(name), &z, NULL) == RC_OK;
}

static enum rc check_list(const struct setting_field *f, const struct setting_value *v,
	bool is_good, struct problem *p)
{
	uint8_t n = list_n(f->type, v);

	if (n < f->min || n > f->max)
		return refuse(p, RC_SYNTAX, "field_range", f->name, NULL);
	return is_good ? RC_OK : refuse(p, RC_SYNTAX, "setting_invalid", f->name, NULL);
}

static enum rc check_range(
	const struct setting_field *f, int32_t value, int32_t min, int32_t max, struct problem *p)
{
	return value < min || value > max ? refuse(p, RC_SYNTAX, "field_range", f->name, NULL)
					  : RC_OK;
}

static enum rc check_field(const struct setting_field *f, int32_t number,
	const struct setting_value *v, struct problem *p)
{
	uint8_t language = 0;

	switch (f->type) {
	case TYPE_FLAG:
		return check_range(f, number, 0, 1, p);
	case TYPE_INT:
	case TYPE_DECIMAL:
		return check_range(f, number, f->min, f->max, p);
	case TYPE_CHOICE:
		return check_range(f, number, 0, choices_n(f) - 1, p);
	case TYPE_TIME:
		return check_range(f, number, 0, MINUTES_MAX, p);
	case TYPE_DAYS:
		return check_range(f, number, 1, COMMAND_DAYS_ALL, p);
	case TYPE_LANGUAGE:
		return watch_language_number(view_of(v->text), &language)
			       ? RC_OK
			       : refuse(p, RC_SYNTAX, "language_unsupported", f->name, NULL);
	case TYPE_ZONE:
		return is_zone(v->text) ? RC_OK
					: refuse(p, RC_SYNTAX, "zone_unknown", f->name, NULL);
	case TYPE_PHONE:
		return command_is_number(view_of(v->text))
			       ? RC_OK
			       : refuse(p, RC_SYNTAX, "number_invalid", f->name, NULL);
	case TYPE_WINDOWS:
		return check_list(f, v, are_windows(v, false), p);
	case TYPE_WINDOWS_DAYS:
		return check_list(f, v, are_windows(v, true), p);
	case TYPE_ALARMS:
		return check_list(f, v, are_alarms(v), p);
	case TYPE_POINTS:
		return check_list(f, v, are_points(v), p);
	case TYPE_MACS:
		return check_list(f, v, true, p);
	case TYPE_PERIODS:
		return check_list(f, v, are_periods(v), p);
	case TYPE_LESSONS:
		return check_list(f, v, are_lessons(v), p);
	case TYPE_COUNT:
		break;
	}
	return refuse(p, RC_SYNTAX, "setting_invalid", f->name, NULL);
}

enum rc setting_value_check(
	const struct setting_def *def, const struct setting_value *v, struct problem *p)
{
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < def->fields_n && rc == RC_OK; i++)
		rc = check_field(&def->fields[i], v->numbers[i], v, p);
	return rc;
}

/* ---- bytes ---- */

static void pack_text(struct pack_out *o, const char *text)
{
	size_t n = strlen(text);

	pack_u8(o, (uint8_t)n);
	pack_bytes(o, text, n);
}

static void pack_windows(struct pack_out *o, const struct command_window *windows, uint8_t n)
{
	pack_u8(o, n);
	for (unsigned i = 0; i < n; i++) {
		pack_uint(o, windows[i].from_min);
		pack_uint(o, windows[i].to_min);
		pack_u8(o, windows[i].days);
	}
}

static void pack_alarms(struct pack_out *o, const struct setting_value *v)
{
	pack_u8(o, v->alarms_n);
	for (unsigned i = 0; i < v->alarms_n; i++) {
		pack_uint(o, v->alarms[i].time_min);
		pack_u8(o, v->alarms[i].is_on);
		pack_u8(o, v->alarms[i].repeat);
		pack_u8(o, v->alarms[i].days);
	}
}

static void pack_points(struct pack_out *o, const struct setting_value *v)
{
	pack_u8(o, v->points_n);
	for (unsigned i = 0; i < v->points_n; i++) {
		pack_uint(o, v->points[i].time_min);
		pack_u8(o, v->points[i].is_once);
	}
}

static void pack_lessons(struct pack_out *o, const struct setting_value *v)
{
	pack_u8(o, v->lessons_n);
	for (unsigned i = 0; i < v->lessons_n; i++) {
		pack_u8(o, v->lessons[i].day);
		pack_u8(o, v->lessons[i].period);
		pack_text(o, v->lessons[i].name);
	}
}

static void pack_field(
	struct pack_out *o, enum setting_type type, int32_t number, const struct setting_value *v)
{
	switch (type) {
	case TYPE_FLAG:
	case TYPE_INT:
	case TYPE_DECIMAL:
	case TYPE_CHOICE:
	case TYPE_TIME:
	case TYPE_DAYS:
		pack_int(o, number);
		break;
	case TYPE_LANGUAGE:
	case TYPE_ZONE:
	case TYPE_PHONE:
		pack_text(o, v->text);
		break;
	case TYPE_WINDOWS:
	case TYPE_WINDOWS_DAYS:
		pack_windows(o, v->windows, v->windows_n);
		break;
	case TYPE_ALARMS:
		pack_alarms(o, v);
		break;
	case TYPE_POINTS:
		pack_points(o, v);
		break;
	case TYPE_MACS:
		pack_u8(o, v->macs_n);
		pack_bytes(o, v->macs, v->macs_n * sizeof v->macs[0]);
		break;
	case TYPE_PERIODS:
		pack_windows(o, v->periods, v->periods_n);
		break;
	case TYPE_LESSONS:
		pack_lessons(o, v);
		break;
	case TYPE_COUNT:
		break;
	}
}

enum rc setting_value_pack(const struct setting_def *def, const struct setting_value *v,
	uint8_t buf[SETTING_PACK_MAX], size_t *ret_n, struct err *e)
{
	struct pack_out o = {.p = buf, .size = SETTING_PACK_MAX};

	pack_u8(&o, PACK_VERSION);
	for (unsigned i = 0; i < def->fields_n; i++)
		pack_field(&o, def->fields[i].type, v->numbers[i], v);
	if (o.is_full)
		return fail(e, RC_LIMIT, "setting: %s does not fit", def->name);
	*ret_n = o.n;
	return RC_OK;
}

static void unpack_text(struct pack_in *in, char *dst, size_t dst_size)
{
	size_t n = unpack_uint(in, dst_size - 1);
	struct view v = unpack_bytes(in, n);

	dst[0] = '\0';
	if (!in->is_bad && !view_to_text(v, dst, dst_size))
		in->is_bad = true;
}

static uint8_t unpack_windows(struct pack_in *in, struct command_window *windows, size_t max)
{
	uint8_t n = (uint8_t)unpack_uint(in, max);

	for (unsigned i = 0; i < n && !in->is_bad; i++) {
		windows[i].from_min = (uint16_t)unpack_uint(in, MINUTES_MAX);
		windows[i].to_min = (uint16_t)unpack_uint(in, MINUTES_MAX);
		windows[i].days = unpack_u8(in);
	}
	return n;
}

static void unpack_alarms(struct pack_in *in, struct setting_value *v)
{
	v->alarms_n = (uint8_t)unpack_uint(in, SETTING_ALARMS_MAX);
	for (unsigned i = 0; i < v->alarms_n && !in->is_bad; i++) {
		v->alarms[i].time_min = (uint16_t)unpack_uint(in, MINUTES_MAX);
		v->alarms[i].is_on = unpack_uint(in, 1) != 0;
		v->alarms[i].repeat = unpack_u8(in);
		v->alarms[i].days = unpack_u8(in);
	}
}

static void unpack_points(struct pack_in *in, struct setting_value *v)
{
	v->points_n = (uint8_t)unpack_uint(in, SETTING_POINTS_MAX);
	for (unsigned i = 0; i < v->points_n && !in->is_bad; i++) {
		v->points[i].time_min = (uint16_t)unpack_uint(in, MINUTES_MAX);
		v->points[i].is_once = unpack_uint(in, 1) != 0;
	}
}

static void unpack_macs(struct pack_in *in, struct setting_value *v)
{
	v->macs_n = (uint8_t)unpack_uint(in, SETTING_MACS_MAX);
	struct view bytes = unpack_bytes(in, v->macs_n * sizeof v->macs[0]);

	if (!in->is_bad && bytes.n > 0)
		memcpy(v->macs, bytes.p, bytes.n);
}

static void unpack_lessons(struct pack_in *in, struct setting_value *v)
{
	v->lessons_n = (uint8_t)unpack_uint(in, SETTING_LESSONS_MAX);
	for (unsigned i = 0; i < v->lessons_n && !in->is_bad; i++) {
		v->lessons[i].day = unpack_u8(in);
		v->lessons[i].period = unpack_u8(in);
		unpack_text(in, v->lessons[i].name, sizeof v->lessons[i].name);
	}
}

static void unpack_field(
	struct pack_in *in, enum setting_type type, int32_t *number, struct setting_value *v)
{
	switch (type) {
	case TYPE_FLAG:
	case TYPE_INT:
	case TYPE_DECIMAL:
	case TYPE_CHOICE:
	case TYPE_TIME:
	case TYPE_DAYS:
		*number = (int32_t)unpack_int(in, INT32_MIN, INT32_MAX);
		break;
	case TYPE_LANGUAGE:
	case TYPE_ZONE:
	case TYPE_PHONE:
		unpack_text(in, v->text, sizeof v->text);
		break;
	case TYPE_WINDOWS:
	case TYPE_WINDOWS_DAYS:
		v->windows_n = unpack_windows(in, v->windows, SETTING_WINDOWS_MAX);
		break;
	case TYPE_ALARMS:
		unpack_alarms(in, v);
		break;
	case TYPE_POINTS:
		unpack_points(in, v);
		break;
	case TYPE_MACS:
		unpack_macs(in, v);
		break;
	case TYPE_PERIODS:
		v->periods_n = unpack_windows(in, v->periods, SETTING_PERIODS_MAX);
		break;
	case TYPE_LESSONS:
		unpack_lessons(in, v);
		break;
	case TYPE_COUNT:
		break;
	}
}

enum rc setting_value_unpack(
	const struct setting_def *def, struct view in, struct setting_value *ret, struct err *e)
{
	struct pack_in p = pack_in_of(in);
	struct setting_value v = {.windows_n = 0};

	if (unpack_u8(&p) != PACK_VERSION)
		return fail(e, RC_SYNTAX, "setting: %s is of another version", def->name);
	for (unsigned i = 0; i < def->fields_n && !p.is_bad; i++)
		unpack_field(&p, def->fields[i].type, &v.numbers[i], &v);
	if (!unpack_is_done(&p) || setting_value_check(def, &v, NULL) != RC_OK)
		return fail(e, RC_SYNTAX, "setting: %s cannot be read", def->name);
	*ret = v;
	return RC_OK;
}

bool setting_value_is_same(
	const struct setting_def *def, const struct setting_value *a, const struct setting_value *b)
{
	uint8_t packed[2][SETTING_PACK_MAX];
	size_t n[2] = {0, 0};

	return setting_value_pack(def, a, packed[0], &n[0], NULL) == RC_OK &&
	       setting_value_pack(def, b, packed[1], &n[1], NULL) == RC_OK && n[0] == n[1] &&
	       memcmp(packed[0], packed[1], n[0]) == 0;
}
