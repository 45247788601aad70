#include "http/setting_json.h"

#include <stdio.h>

#include "http/body.h"

enum { TIME_CHARS = 5, DAYS = 7, DAY_HOURS = 24, HOUR_MIN = 60, MAC_CHARS = 17, MAC_STEP = 3 };

/* ---- in ---- */

static enum rc wrong(struct problem *p, const char *name)
{
	return refuse(p, RC_SYNTAX, "setting_invalid", name, NULL);
}

static bool read_time(const struct json_t *v, int32_t *ret)
{
	struct view t;

	if (!body_text(v, &t) || t.n != TIME_CHARS || t.p[2] != ':' || !ascii_is_digit(t.p[0]) ||
		!ascii_is_digit(t.p[1]) || !ascii_is_digit(t.p[3]) || !ascii_is_digit(t.p[4]))
		return false;
	int hours = (t.p[0] - '0') * 10 + (t.p[1] - '0');
	int minutes = (t.p[3] - '0') * 10 + (t.p[4] - '0');
	*ret = hours * HOUR_MIN + minutes;
	return hours < DAY_HOURS && minutes < HOUR_MIN;
}

static bool read_minutes(const struct json_t *v, uint16_t *ret)
{
	int32_t min = 0;

	if (!read_time(v, &min))
		return false;
	*ret = (uint16_t)min;
	return true;
}

/* Each day once. */
static bool read_days(const struct json_t *v, int32_t *ret)
{
	int64_t day = 0;

	*ret = 0;
	if (!body_is_array(v) || body_array_n(v) > DAYS)
		return false;
	for (size_t i = 0; i < body_array_n(v); i++) {
		if (!body_int(body_array_at(v, i), &day) || day < 1 || day > DAYS ||
			(*ret & 1 << (day - 1)) != 0)
			return false;
		*ret |= 1 << (day - 1);
	}
	return *ret != 0;
}

/* How many of these names the object has: all that it has, or there is one too many. */
static bool has_only(const struct json_t *object, const char *const *names)
{
	size_t n = 0;

	for (; *names != NULL; names++)
		n += body_member(object, *names) != NULL;
	return body_is_object(object) && body_members_n(object) == n;
}

static bool read_window(const struct json_t *v, bool may_have_days, struct command_window *ret)
{
	static const char *const names[] = {"from", "to", "days", NULL};
	const struct json_t *days = body_member(v, "days");
	int32_t mask = may_have_days ? COMMAND_DAYS_ALL : 0;

	if (!has_only(v, names) || !read_minutes(body_member(v, "from"), &ret->from_min) ||
		!read_minutes(body_member(v, "to"), &ret->to_min))
		return false;
	if (days != NULL && (!may_have_days || !read_days(days, &mask)))
		return false;
	ret->days = (uint8_t)mask;
	return true;
}

static bool read_alarm(const struct json_t *v, struct command_alarm *ret)
{
	static const char *const names[] = {"time", "is_on", "repeat", "days", NULL};
	static const char *const repeats[] = {"once", "daily", "days"};
	const struct json_t *days = body_member(v, "days");
	struct view repeat;
	int32_t mask = 0;

	if (!has_only(v, names) || !read_minutes(body_member(v, "time"), &ret->time_min) ||
		!body_bool(body_member(v, "is_on"), &ret->is_on) ||
		!body_text(body_member(v, "repeat"), &repeat))
		return false;
	for (unsigned i = 0; i < COUNT_OF(repeats); i++) {
		if (view_is(repeat, view_of(repeats[i])))
			ret->repeat = (uint8_t)(REPEAT_ONCE + i);
	}
	if (days != NULL && !read_days(days, &mask))
		return false;
	ret->days = (uint8_t)mask;
	return ret->repeat != 0 && (ret->repeat == REPEAT_DAYS) == (mask != 0);
}

static bool read_point(const struct json_t *v, struct command_point *ret)
{
	static const char *const names[] = {"time", "is_once", NULL};

	return has_only(v, names) && read_minutes(body_member(v, "time"), &ret->time_min) &&
	       body_bool(body_member(v, "is_once"), &ret->is_once);
}

static bool read_mac(const struct json_t *v, uint8_t ret[6])
{
	struct view t;

	if (!body_text(v, &t) || t.n != MAC_CHARS)
		return false;
	for (size_t i = 0; i < 6; i++) {
		int high = ascii_hex(t.p[i * MAC_STEP]);
		int low = ascii_hex(t.p[i * MAC_STEP + 1]);
		if (high < 0 || low < 0 || (i < 5 && t.p[i * MAC_STEP + 2] != ':'))
			return false;
		ret[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

static bool read_lesson(const struct json_t *v, struct command_lesson *ret)
{
	static const char *const names[] = {"day", "period", "name", NULL};
	struct view name;
	int64_t day = 0;
	int64_t period = 0;

	if (!has_only(v, names) || !body_int(body_member(v, "day"), &day) ||
		!body_int(body_member(v, "period"), &period) || day < 1 || day > DAYS ||
		period < 1 || period > SETTING_PERIODS_MAX ||
		!body_text(body_member(v, "name"), &name))
		return false;
	ret->day = (uint8_t)day;
	ret->period = (uint8_t)period;
	return view_to_text(name, ret->name, sizeof ret->name);
}

static bool read_item(
	const struct json_t *v, enum setting_type type, unsigned i, struct setting_value *ret)
{
	switch ((int)type) {
	case TYPE_WINDOWS:
		return read_window(v, false, &ret->windows[i]);
	case TYPE_WINDOWS_DAYS:
		return read_window(v, true, &ret->windows[i]);
	case TYPE_ALARMS:
		return read_alarm(v, &ret->alarms[i]);
	case TYPE_POINTS:
		return read_point(v, &ret->points[i]);
	case TYPE_MACS:
		return read_mac(v, ret->macs[i]);
	case TYPE_PERIODS:
		return read_window(v, false, &ret->periods[i]);
	case TYPE_LESSONS:
		return read_lesson(v, &ret->lessons[i]);
	default:
		return false;
	}
}

static uint8_t *count_of(enum setting_type type, struct setting_value *v)
{
	switch ((int)type) {
	case TYPE_ALARMS:
		return &v->alarms_n;
	case TYPE_POINTS:
		return &v->points_n;
	case TYPE_MACS:
		return &v->macs_n;
	case TYPE_PERIODS:
		return &v->periods_n;
	case TYPE_LESSONS:
		return &v->lessons_n;
	default:
		return &v->windows_n;
	}
}

static enum rc read_list(const struct json_t *v, const struct setting_field *f,
	struct setting_value *ret, struct problem *p)
{
	size_t n = body_array_n(v);
	uint8_t *count = count_of(f->type, ret);

	if (!body_is_array(v))
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	if (n > (size_t)f->max || n < (size_t)f->min)
		return refuse(p, RC_SYNTAX, "field_range", f->name, NULL);
	for (unsigned i = 0; i < n; i++) {
		if (!read_item(body_array_at(v, i), f->type, i, ret))
			return wrong(p, f->name);
	}
	*count = (uint8_t)n;
	return RC_OK;
}

static enum rc read_number(
	const struct json_t *v, const struct setting_field *f, int32_t *ret, struct problem *p)
{
	int64_t n = 0;

	if (f->type == TYPE_DECIMAL ? !body_tenths(v, &n) : !body_int(v, &n))
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	if (n < f->min || n > f->max)
		return refuse(p, RC_SYNTAX, "field_range", f->name, NULL);
	*ret = (int32_t)n;
	return RC_OK;
}

static enum rc read_choice(
	const struct json_t *v, const struct setting_field *f, int32_t *ret, struct problem *p)
{
	struct view word;

	if (!body_text(v, &word))
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	for (int32_t i = 0; f->words[i] != NULL; i++) {
		if (view_is(word, view_of(f->words[i]))) {
			*ret = i;
			return RC_OK;
		}
	}
	return wrong(p, f->name);
}

static enum rc read_text(const struct json_t *v, const struct setting_field *f,
	struct setting_value *ret, struct problem *p)
{
	struct view text;

	if (!body_text(v, &text))
		return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
	return view_to_text(text, ret->text, sizeof ret->text) ? RC_OK : wrong(p, f->name);
}

static enum rc read_field(const struct json_t *v, const struct setting_field *f,
	int32_t *ret_number, struct setting_value *ret, struct problem *p)
{
	bool flag = false;

	switch (f->type) {
	case TYPE_FLAG:
		if (!body_bool(v, &flag))
			return refuse(p, RC_SYNTAX, "field_type", f->name, NULL);
		*ret_number = flag;
		return RC_OK;
	case TYPE_INT:
	case TYPE_DECIMAL:
		return read_number(v, f, ret_number, p);
	case TYPE_CHOICE:
		return read_choice(v, f, ret_number, p);
	case TYPE_TIME:
		return read_time(v, ret_number) ? RC_OK : wrong(p, f->name);
	case TYPE_DAYS:
		return read_days(v, ret_number) ? RC_OK : wrong(p, f->name);
	case TYPE_LANGUAGE:
	case TYPE_ZONE:
	case TYPE_PHONE:
		return read_text(v, f, ret, p);
	case TYPE_WINDOWS:
	case TYPE_WINDOWS_DAYS:
	case TYPE_ALARMS:
	case TYPE_POINTS:
	case TYPE_MACS:
	case TYPE_PERIODS:
	case TYPE_LESSONS:
		return read_list(v, f, ret, p);
	case TYPE_COUNT:
		break;
	}
	return wrong(p, f->name);
}

enum rc setting_json_read(const struct json_t *object, const struct setting_def *def,
	struct setting_value *ret, bool *ret_is_understood, struct problem *p)
{
	const struct json_t *understood = body_member(object, "is_understood");
	size_t known = def->fields_n + (understood != NULL ? 1u : 0u);

	*ret = (struct setting_value){.windows_n = 0};
	*ret_is_understood = false;
	if (understood != NULL && !body_bool(understood, ret_is_understood))
		return refuse(p, RC_SYNTAX, "field_type", "is_understood", NULL);
	for (unsigned i = 0; i < def->fields_n; i++) {
		const struct setting_field *f = &def->fields[i];
		const struct json_t *v = body_member(object, f->name);
		if (v == NULL)
			return refuse(p, RC_SYNTAX, "field_missing", f->name, NULL);
		enum rc rc = read_field(v, f, &ret->numbers[i], ret, p);
		if (rc != RC_OK)
			return rc;
	}
	return body_members_n(object) == known ? RC_OK
					       : refuse(p, RC_SYNTAX, "field_unknown", NULL, NULL);
}

/* ---- out ---- */

static void write_time(struct json_out *j, const char *key, unsigned min)
{
	char text[TIME_CHARS + 8];

	(void)snprintf(text, sizeof text, "%02u:%02u", min / HOUR_MIN, min % HOUR_MIN);
	json_text(j, key, view_of(text));
}

static void write_days(struct json_out *j, const char *key, unsigned mask)
{
	json_array(j, key);
	for (unsigned day = 1; day <= DAYS; day++) {
		if ((mask & 1u << (day - 1)) != 0)
			json_int(j, NULL, day);
	}
	json_end(j);
}

static void write_windows(struct json_out *j, const char *key, const struct command_window *windows,
	unsigned n, bool has_days)
{
	json_array(j, key);
	for (unsigned i = 0; i < n; i++) {
		json_object(j, NULL);
		write_time(j, "from", windows[i].from_min);
		write_time(j, "to", windows[i].to_min);
		if (has_days)
			write_days(j, "days", windows[i].days);
		json_end(j);
	}
	json_end(j);
}

static void write_alarms(struct json_out *j, const char *key, const struct setting_value *v)
{
	static const char *const repeats[] = {"", "once", "daily", "days"};

	json_array(j, key);
	for (unsigned i = 0; i < v->alarms_n; i++) {
		const struct command_alarm *a = &v->alarms[i];
		json_object(j, NULL);
		write_time(j, "time", a->time_min);
		json_bool(j, "is_on", a->is_on);
		json_text(j, "repeat", view_of(repeats[a->repeat]));
		if (a->repeat == REPEAT_DAYS)
			write_days(j, "days", a->days);
		json_end(j);
	}
	json_end(j);
}

static void write_points(struct json_out *j, const char *key, const struct setting_value *v)
{
	json_array(j, key);
	for (unsigned i = 0; i < v->points_n; i++) {
		json_object(j, NULL);
		write_time(j, "time", v->points[i].time_min);
		json_bool(j, "is_once", v->points[i].is_once);
		json_end(j);
	}
	json_end(j);
}

static void write_macs(struct json_out *j, const char *key, const struct setting_value *v)
{
	char text[MAC_CHARS + 1];

	json_array(j, key);
	for (unsigned i = 0; i < v->macs_n; i++) {
		const uint8_t *m = v->macs[i];
		(void)snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			m[3], m[4], m[5]);
		json_text(j, NULL, view_of(text));
	}
	json_end(j);
}

static void write_lessons(struct json_out *j, const char *key, const struct setting_value *v)
{
	json_array(j, key);
	for (unsigned i = 0; i < v->lessons_n; i++) {
		json_object(j, NULL);
		json_int(j, "day", v->lessons[i].day);
		json_int(j, "period", v->lessons[i].period);
		json_text(j, "name", view_of(v->lessons[i].name));
		json_end(j);
	}
	json_end(j);
}

static void write_field(struct json_out *j, const struct setting_field *f, int32_t number,
	const struct setting_value *v)
{
	switch (f->type) {
	case TYPE_FLAG:
		json_bool(j, f->name, number != 0);
		break;
	case TYPE_INT:
		json_int(j, f->name, number);
		break;
	case TYPE_DECIMAL:
		json_decimal(j, f->name, number, 1);
		break;
	case TYPE_CHOICE:
		json_text(j, f->name, view_of(f->words[number]));
		break;
	case TYPE_TIME:
		write_time(j, f->name, (unsigned)number);
		break;
	case TYPE_DAYS:
		write_days(j, f->name, (unsigned)number);
		break;
	case TYPE_LANGUAGE:
	case TYPE_ZONE:
	case TYPE_PHONE:
		json_text(j, f->name, view_of(v->text));
		break;
	case TYPE_WINDOWS:
		write_windows(j, f->name, v->windows, v->windows_n, false);
		break;
	case TYPE_WINDOWS_DAYS:
		write_windows(j, f->name, v->windows, v->windows_n, true);
		break;
	case TYPE_ALARMS:
		write_alarms(j, f->name, v);
		break;
	case TYPE_POINTS:
		write_points(j, f->name, v);
		break;
	case TYPE_MACS:
		write_macs(j, f->name, v);
		break;
	case TYPE_PERIODS:
		write_windows(j, f->name, v->periods, v->periods_n, false);
		break;
	case TYPE_LESSONS:
		write_lessons(j, f->name, v);
		break;
	case TYPE_COUNT:
		break;
	}
}

void setting_json_write(
	struct json_out *j, const struct setting_def *def, const struct setting_value *v)
{
	for (unsigned i = 0; i < def->fields_n; i++)
		write_field(j, &def->fields[i], v->numbers[i], v);
}

static void write_choices(struct json_out *j, const struct setting_field *f)
{
	const char *tag = NULL;

	json_array(j, "values");
	for (size_t i = 0; f->type == TYPE_CHOICE && f->words[i] != NULL; i++)
		json_text(j, NULL, view_of(f->words[i]));
	for (size_t i = 0; f->type == TYPE_LANGUAGE && (tag = watch_language_tag(i)) != NULL; i++)
		json_text(j, NULL, view_of(tag));
	json_end(j);
}

void setting_json_write_fields(struct json_out *j, const struct setting_def *def)
{
	json_array(j, "fields");
	for (unsigned i = 0; i < def->fields_n; i++) {
		const struct setting_field *f = &def->fields[i];
		unsigned decimals = f->type == TYPE_DECIMAL ? 1 : 0;
		bool is_list = f->type >= TYPE_WINDOWS;
		json_object(j, NULL);
		json_text(j, "name", view_of(f->name));
		json_text(j, "type", view_of(setting_type_name(f->type)));
		if (f->type == TYPE_INT || f->type == TYPE_DECIMAL) {
			json_decimal(j, "min", f->min, decimals);
			json_decimal(j, "max", f->max, decimals);
		}
		if (is_list) {
			json_int(j, "repeat_min", f->min);
			json_int(j, "repeat_max", f->max);
		}
		if (f->unit != NULL)
			json_text(j, "unit", view_of(f->unit));
		if (f->type == TYPE_CHOICE || f->type == TYPE_LANGUAGE)
			write_choices(j, f);
		json_end(j);
	}
	json_end(j);
}
