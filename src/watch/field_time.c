/* Fields with times of the day: windows, alarm clocks, weekdays, timetables; and menu switches. */
#include "base/num.h"
#include "watch/field.h"
#include "watch/utf16.h"

enum {
	MIN_PER_HOUR = 60,
	WEEK = 7,
	LESSON_SIGNS = 5, /* day, _, period, _ and the - before it */
	LESSONS_BYTES = COMMAND_LESSONS_MAX * (COMMAND_NAME_BYTES + LESSON_SIGNS),
};

/* ---- times of the day ---- */

static enum rc check_minute(unsigned minute, const struct field_at *at, struct err *e)
{
	if (minute >= COMMAND_DAY_MIN)
		return fail(e, RC_LIMIT, "%s: a minute of the day (0 to 1439) expected, not %u",
			at->field->name, minute);
	return RC_OK;
}

static void add_two(struct content *out, unsigned n)
{
	const char digits[2] = {(char)('0' + n / 10 % 10), (char)('0' + n % 10)};

	content_add(out, (struct view){.p = digits, .n = sizeof digits});
}

static void add_time(struct content *out, unsigned minute, const char *between)
{
	add_two(out, minute / MIN_PER_HOUR);
	content_add(out, view_of(between));
	add_two(out, minute % MIN_PER_HOUR);
}

/* HH:MM or H:MM. */
static bool read_time(struct view v, uint16_t *ret)
{
	struct view hours;
	uint32_t h = 0;
	uint32_t m = 0;

	if (!view_cut_until(&v, ':', 2, &hours) || v.n != 2 ||
		num_u32(hours, 23, &h, NULL) != RC_OK || num_u32(v, 59, &m, NULL) != RC_OK)
		return false;
	*ret = (uint16_t)(h * MIN_PER_HOUR + m);
	return true;
}

static enum rc not_a_time(struct err *e, const struct field_at *at)
{
	return fail(e, RC_SYNTAX, "command: %s is not of its form", at->field->name);
}

static void pack_minute(struct pack_out *o, unsigned minute)
{
	pack_uint(o, minute);
}

static uint16_t unpack_minute(struct pack_in *in)
{
	return (uint16_t)unpack_uint(in, COMMAND_DAY_MIN - 1);
}

/* ---- weekdays: Monday first for us, Sunday first on the wire ---- */

static unsigned day_at(unsigned place)
{
	return (place + WEEK - 1) % WEEK;
}

static void add_days(struct content *out, uint8_t days)
{
	for (unsigned i = 0; i < WEEK; i++)
		content_add(out, (days >> day_at(i) & 1) != 0 ? VIEW("1") : VIEW("0"));
}

static bool read_mask(struct view v, uint8_t *ret)
{
	uint8_t days = 0;

	for (unsigned i = 0; i < v.n; i++) {
		if (v.p[i] != '0' && v.p[i] != '1')
			return false;
		if (v.p[i] == '1')
			days |= (uint8_t)(1u << day_at(i));
	}
	*ret = days;
	return v.n == WEEK;
}

static enum rc check_mask(uint8_t days, const struct field_at *at, struct err *e)
{
	if (days == 0 || days > COMMAND_DAYS_ALL)
		return fail(
			e, RC_LIMIT, "%s: at least one day of the week expected", at->field->name);
	return RC_OK;
}

static enum rc check_days(const struct command *c, const struct field_at *at, struct err *e)
{
	return check_mask(c->windows[0].days, at, e);
}

static void write_days(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	add_days(out, c->windows[0].days);
}

static enum rc read_days(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	return rc == RC_OK && !read_mask(v, &c->windows[0].days) ? not_a_time(e, at) : rc;
}

static void pack_days(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_u8(o, c->windows[0].days);
}

static void unpack_days(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	c->windows[0].days = unpack_u8(in);
}

/* ---- one time ---- */

static unsigned minute_of(const struct command *c, const struct field_at *at)
{
	return at->field->member == MEMBER_FROM ? c->windows[0].from_min : c->windows[0].to_min;
}

static uint16_t *minute_in(struct command *c, const struct field_at *at)
{
	return at->field->member == MEMBER_FROM ? &c->windows[0].from_min : &c->windows[0].to_min;
}

static enum rc check_hhmm(const struct command *c, const struct field_at *at, struct err *e)
{
	return check_minute(minute_of(c, at), at, e);
}

static void write_hhmm(struct content *out, const struct command *c, const struct field_at *at)
{
	add_time(out, minute_of(c, at), ":");
}

static enum rc read_hhmm(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	return rc == RC_OK && !read_time(v, minute_in(c, at)) ? not_a_time(e, at) : rc;
}

static void pack_hhmm(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_minute(o, minute_of(c, at));
}

static void unpack_hhmm(struct pack_in *in, struct command *c, const struct field_at *at)
{
	*minute_in(c, at) = unpack_minute(in);
}

/* ---- windows ---- */

static enum rc check_window(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_window *w = &c->windows[at->i];
	enum rc rc = check_minute(w->from_min, at, e);

	if (rc == RC_OK)
		rc = check_minute(w->to_min, at, e);
	if (rc == RC_OK && w->from_min == w->to_min)
		rc = fail(e, RC_LIMIT, "%s: it ends when it begins", at->field->name);
	if (rc == RC_OK && at->field->type == PARAM_WINDOW && w->days != 0)
		rc = fail(e, RC_SYNTAX, "%s: it has no days here", at->field->name);
	return rc;
}

static void write_window(struct content *out, const struct command *c, const struct field_at *at)
{
	const struct command_window *w = &c->windows[at->i];

	add_time(out, w->from_min, ":");
	content_add(out, VIEW("-"));
	add_time(out, w->to_min, ":");
}

static bool cut_window(struct view *v, struct command_window *w)
{
	struct view from;
	struct view to;

	return view_cut_field(v, '-', &from) && view_cut_field(v, '-', &to) &&
	       read_time(from, &w->from_min) && read_time(to, &w->to_min);
}

static enum rc read_window(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && (!cut_window(&v, &c->windows[at->i]) || v.p != NULL))
		rc = not_a_time(e, at);
	return rc;
}

static void pack_window(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_minute(o, c->windows[at->i].from_min);
	pack_minute(o, c->windows[at->i].to_min);
}

static void unpack_window(struct pack_in *in, struct command *c, const struct field_at *at)
{
	c->windows[at->i].from_min = unpack_minute(in);
	c->windows[at->i].to_min = unpack_minute(in);
}

/* How an empty list of windows is said: one that is on no day. */
static bool is_never(const struct command_window *w)
{
	return w->from_min == 0 && w->to_min == 0 && w->days == 0;
}

static enum rc check_window_days(const struct command *c, const struct field_at *at, struct err *e)
{
	if (is_never(&c->windows[at->i]))
		return RC_OK;
	enum rc rc = check_window(c, at, e);
	return rc == RC_OK ? check_mask(c->windows[at->i].days, at, e) : rc;
}

/* Section 5.2: yisai reads the V32 mask as an on-flag, so it gets one before the days. */
static void write_window_days(
	struct content *out, const struct command *c, const struct field_at *at)
{
	write_window(out, c, at);
	content_add(out, at->is_yisai ? VIEW("-1-") : VIEW("-"));
	add_days(out, c->windows[at->i].days);
}

static enum rc read_window_days(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	struct view flag;
	enum rc rc = field_value(in, at, &v, e);

	if (rc != RC_OK)
		return rc;
	if (!cut_window(&v, &c->windows[at->i]) || v.p == NULL)
		return not_a_time(e, at);
	if (at->is_yisai && (!view_cut_field(&v, '-', &flag) || !view_is(flag, VIEW("1"))))
		return field_not_ours(e);
	return read_mask(v, &c->windows[at->i].days) ? RC_OK : not_a_time(e, at);
}

static void pack_window_days(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_window(o, c, at);
	pack_u8(o, c->windows[at->i].days);
}

static void unpack_window_days(struct pack_in *in, struct command *c, const struct field_at *at)
{
	unpack_window(in, c, at);
	c->windows[at->i].days = unpack_u8(in);
}

/* ---- alarm clocks ---- */

static enum rc check_alarm(const struct command *c, const struct field_at *at, struct err *e)
{
	const struct command_alarm *a = &c->alarms[at->i];
	enum rc rc = check_minute(a->time_min, at, e);

	if (rc != RC_OK)
		return rc;
	if (a->repeat < REPEAT_ONCE || a->repeat > REPEAT_DAYS)
		return fail(e, RC_LIMIT, "%s: once, daily or on days expected", at->field->name);
	if (a->repeat == REPEAT_DAYS)
		return check_mask(a->days, at, e);
	return a->days == 0 ? RC_OK
			    : fail(e, RC_SYNTAX, "%s: it has no days here", at->field->name);
}

static void write_alarm(struct content *out, const struct command *c, const struct field_at *at)
{
	const struct command_alarm *a = &c->alarms[at->i];

	add_time(out, a->time_min, ":");
	content_add(out, a->is_on ? VIEW("-1-") : VIEW("-0-"));
	content_add_number(out, a->repeat);
	if (a->repeat != REPEAT_DAYS)
		return;
	content_add(out, VIEW("-"));
	add_days(out, a->days);
}

static bool read_bit(struct view v, bool *ret)
{
	*ret = view_is(v, VIEW("1"));
	return *ret || view_is(v, VIEW("0"));
}

static enum rc read_alarm(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct command_alarm *a = &c->alarms[at->i];
	struct view v;
	struct view part[3];
	uint32_t repeat = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc != RC_OK)
		return rc;
	for (size_t i = 0; i < COUNT_OF(part); i++) {
		if (!view_cut_field(&v, '-', &part[i]))
			return not_a_time(e, at);
	}
	if (!read_time(part[0], &a->time_min) || !read_bit(part[1], &a->is_on) ||
		num_u32(part[2], REPEAT_DAYS, &repeat, NULL) != RC_OK)
		return not_a_time(e, at);
	a->repeat = (uint8_t)repeat; /* at most REPEAT_DAYS */
	if (repeat == REPEAT_DAYS)
		return read_mask(v, &a->days) ? RC_OK : not_a_time(e, at);
	return v.p == NULL ? RC_OK : not_a_time(e, at);
}

static void pack_alarm(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	const struct command_alarm *a = &c->alarms[at->i];

	pack_minute(o, a->time_min);
	pack_u8(o, a->is_on);
	pack_u8(o, a->repeat);
	pack_u8(o, a->days);
}

static void unpack_alarm(struct pack_in *in, struct command *c, const struct field_at *at)
{
	struct command_alarm *a = &c->alarms[at->i];

	a->time_min = unpack_minute(in);
	a->is_on = unpack_uint(in, 1) == 1;
	a->repeat = (uint8_t)unpack_uint(in, REPEAT_DAYS);
	a->days = (uint8_t)unpack_uint(in, COMMAND_DAYS_ALL);
}

/* ---- points in time ---- */

static enum rc check_point(const struct command *c, const struct field_at *at, struct err *e)
{
	return check_minute(c->points[at->i].time_min, at, e);
}

static void write_point(struct content *out, const struct command *c, const struct field_at *at)
{
	add_time(out, c->points[at->i].time_min, ":");
	content_add(out, c->points[at->i].is_once ? VIEW("-1") : VIEW("-0"));
}

static enum rc read_point(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct command_point *p = &c->points[at->i];
	struct view v;
	struct view time;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && (!view_cut_field(&v, '-', &time) || !read_time(time, &p->time_min) ||
				   !read_bit(v, &p->is_once)))
		rc = not_a_time(e, at);
	return rc;
}

static void pack_point(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_minute(o, c->points[at->i].time_min);
	pack_u8(o, c->points[at->i].is_once);
}

static void unpack_point(struct pack_in *in, struct command *c, const struct field_at *at)
{
	c->points[at->i].time_min = unpack_minute(in);
	c->points[at->i].is_once = unpack_uint(in, 1) == 1;
}

/* ---- menu switches: number-on ---- */

static enum rc check_app(const struct command *c, const struct field_at *at, struct err *e)
{
	if (c->apps[at->i].app > at->field->max)
		return fail(
			e, RC_LIMIT, "%s: 0 to %d expected", at->field->name, (int)at->field->max);
	return RC_OK;
}

static void write_app(struct content *out, const struct command *c, const struct field_at *at)
{
	content_add_number(out, c->apps[at->i].app);
	content_add(out, c->apps[at->i].is_on ? VIEW("-1") : VIEW("-0"));
}

static enum rc read_app(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	struct view number;
	uint32_t app = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK && (!view_cut_field(&v, '-', &number) ||
				   num_u32(number, UINT8_MAX, &app, NULL) != RC_OK ||
				   !read_bit(v, &c->apps[at->i].is_on)))
		return not_a_time(e, at);
	c->apps[at->i].app = (uint8_t)app; /* at most UINT8_MAX */
	return rc;
}

static void pack_app(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	pack_u8(o, c->apps[at->i].app);
	pack_u8(o, c->apps[at->i].is_on);
}

static void unpack_app(struct pack_in *in, struct command *c, const struct field_at *at)
{
	c->apps[at->i].app = unpack_u8(in);
	c->apps[at->i].is_on = unpack_uint(in, 1) == 1;
}

/* ---- timetables ---- */

static bool is_unused(const struct command_window *w)
{
	return w->from_min == 0 && w->to_min == 0;
}

static enum rc check_periods(const struct command *c, const struct field_at *at, struct err *e)
{
	if (c->list_n != COMMAND_PERIODS)
		return fail(e, RC_LIMIT, "%s: %d expected, not %u", at->field->name,
			COMMAND_PERIODS, (unsigned)c->list_n);
	for (unsigned i = 0; i < COMMAND_PERIODS; i++) {
		const struct command_window *w = &c->windows[i];
		if (w->from_min >= COMMAND_DAY_MIN || w->to_min >= COMMAND_DAY_MIN ||
			(w->to_min <= w->from_min && !is_unused(w)) || w->days != 0)
			return fail(e, RC_LIMIT,
				"%s: number %u does not end after it begins, on the same day",
				at->field->name, i + 1);
	}
	return RC_OK;
}

static void write_periods(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	for (unsigned i = 0; i < COMMAND_PERIODS; i++) {
		if (i > 0)
			content_add(out, VIEW("-"));
		add_time(out, c->windows[i].from_min, "");
		add_time(out, c->windows[i].to_min, "");
	}
}

/* HHMM at the front. */
static bool cut_time(struct view *in, uint16_t *ret)
{
	struct view hours;
	struct view minutes;
	uint32_t h = 0;
	uint32_t m = 0;

	if (!view_cut(in, 2, &hours) || !view_cut(in, 2, &minutes) ||
		num_u32(hours, 23, &h, NULL) != RC_OK || num_u32(minutes, 59, &m, NULL) != RC_OK)
		return false;
	*ret = (uint16_t)(h * MIN_PER_HOUR + m);
	return true;
}

static enum rc read_periods(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	struct view v;
	struct view part;
	enum rc rc = field_value(in, at, &v, e);

	for (unsigned i = 0; i < COMMAND_PERIODS && rc == RC_OK; i++) {
		if (!view_cut_field(&v, '-', &part) || !cut_time(&part, &c->windows[i].from_min) ||
			!cut_time(&part, &c->windows[i].to_min) || part.n > 0)
			rc = not_a_time(e, at);
	}
	if (rc == RC_OK && v.p != NULL)
		rc = not_a_time(e, at);
	c->list_n = COMMAND_PERIODS;
	return rc;
}

static void pack_periods(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	for (unsigned i = 0; i < COMMAND_PERIODS; i++) {
		pack_minute(o, c->windows[i].from_min);
		pack_minute(o, c->windows[i].to_min);
	}
}

static void unpack_periods(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	c->list_n = COMMAND_PERIODS;
	for (unsigned i = 0; i < COMMAND_PERIODS; i++) {
		c->windows[i].from_min = unpack_minute(in);
		c->windows[i].to_min = unpack_minute(in);
	}
}

static struct view lesson_name(const struct command_lesson *l)
{
	return (struct view){.p = l->name, .n = strnlen(l->name, sizeof l->name)};
}

static enum rc check_lesson(const struct command_lesson *l, struct err *e)
{
	struct view name = lesson_name(l);

	if (l->day < 1 || l->day > WEEK || l->period < 1 || l->period > COMMAND_PERIODS)
		return fail(e, RC_LIMIT, "lesson: day 1 to %d and period 1 to %d expected", WEEK,
			COMMAND_PERIODS);
	if (name.n == sizeof l->name)
		return fail(e, RC_LIMIT, "lesson: 1 to %d characters expected", COMMAND_NAME_UNITS);
	if (view_find(name, '-') < name.n || view_find(name, '_') < name.n)
		return fail(e, RC_SYNTAX, "lesson: no - and no _ in its name");
	return command_check_name(name, e);
}

static enum rc check_lessons(const struct command *c, const struct field_at *at, struct err *e)
{
	enum rc rc = RC_OK;

	if (c->lessons_n > COMMAND_LESSONS_MAX)
		return fail(e, RC_LIMIT, "%s: %d at most", at->field->name, COMMAND_LESSONS_MAX);
	for (unsigned i = 0; i < c->lessons_n && rc == RC_OK; i++)
		rc = check_lesson(&c->lessons[i], e);
	return rc;
}

static void write_lessons(struct content *out, const struct command *c, const struct field_at *at)
{
	(void)at;
	for (unsigned i = 0; i < c->lessons_n; i++) {
		const struct command_lesson *l = &c->lessons[i];
		const char head[4] = {(char)('0' + l->day), '_', (char)('0' + l->period), '_'};
		if (i > 0)
			utf16_add(out, VIEW("-"));
		utf16_add(out, (struct view){.p = head, .n = sizeof head});
		utf16_add(out, lesson_name(l));
	}
}

static enum rc read_lesson(struct view v, struct command *c, struct err *e)
{
	struct view day;
	struct view period;
	uint32_t number[2] = {0};

	if (c->lessons_n == COMMAND_LESSONS_MAX)
		return fail(e, RC_LIMIT, "command: over %d lessons", COMMAND_LESSONS_MAX);
	struct command_lesson *l = &c->lessons[c->lessons_n++];
	if (!view_cut_until(&v, '_', 1, &day) || !view_cut_until(&v, '_', 1, &period) ||
		num_u32(day, WEEK, &number[0], NULL) != RC_OK ||
		num_u32(period, COMMAND_PERIODS, &number[1], NULL) != RC_OK ||
		!view_to_text(v, l->name, sizeof l->name))
		return fail(e, RC_SYNTAX, "command: a lesson is not day_period_name");
	l->day = (uint8_t)number[0];    /* at most WEEK */
	l->period = (uint8_t)number[1]; /* at most COMMAND_PERIODS */
	return RC_OK;
}

static enum rc read_lessons(
	struct view *in, struct command *c, const struct field_at *at, struct err *e)
{
	char text[LESSONS_BYTES];
	struct view v;
	struct view part;
	size_t n = 0;
	enum rc rc = field_value(in, at, &v, e);

	if (rc == RC_OK)
		rc = utf16_read(v, text, sizeof text, &n, e);
	struct view rest = {.p = n == 0 ? NULL : text, .n = n};
	while (rc == RC_OK && view_cut_field(&rest, '-', &part))
		rc = read_lesson(part, c, e);
	return rc;
}

static void pack_lessons(struct pack_out *o, const struct command *c, const struct field_at *at)
{
	(void)at;
	pack_u8(o, c->lessons_n);
	for (unsigned i = 0; i < c->lessons_n; i++) {
		struct view name = lesson_name(&c->lessons[i]);
		pack_u8(o, c->lessons[i].day);
		pack_u8(o, c->lessons[i].period);
		pack_u8(o, (uint8_t)name.n); /* at most 30 */
		pack_bytes(o, name.p, name.n);
	}
}

static void unpack_lessons(struct pack_in *in, struct command *c, const struct field_at *at)
{
	(void)at;
	c->lessons_n = (uint8_t)unpack_uint(in, COMMAND_LESSONS_MAX);
	for (unsigned i = 0; i < c->lessons_n && !in->is_bad; i++) {
		struct command_lesson *l = &c->lessons[i];
		l->day = (uint8_t)unpack_uint(in, WEEK);
		l->period = (uint8_t)unpack_uint(in, COMMAND_PERIODS);
		struct view name = unpack_bytes(in, unpack_uint(in, COMMAND_NAME_BYTES));
		in->is_bad = in->is_bad || !view_to_text(name, l->name, sizeof l->name);
	}
}

/* ---- rows ---- */

const struct field_codec codec_hhmm = {
	COUNTER_NONE, check_hhmm, write_hhmm, read_hhmm, pack_hhmm, unpack_hhmm};
const struct field_codec codec_days = {
	COUNTER_NONE, check_days, write_days, read_days, pack_days, unpack_days};
const struct field_codec codec_window = {
	COUNTER_LIST, check_window, write_window, read_window, pack_window, unpack_window};
const struct field_codec codec_window_days = {COUNTER_LIST, check_window_days, write_window_days,
	read_window_days, pack_window_days, unpack_window_days};
const struct field_codec codec_alarm = {
	COUNTER_LIST, check_alarm, write_alarm, read_alarm, pack_alarm, unpack_alarm};
const struct field_codec codec_point = {
	COUNTER_LIST, check_point, write_point, read_point, pack_point, unpack_point};
const struct field_codec codec_app = {
	COUNTER_LIST, check_app, write_app, read_app, pack_app, unpack_app};
const struct field_codec codec_periods = {
	COUNTER_NONE, check_periods, write_periods, read_periods, pack_periods, unpack_periods};
const struct field_codec codec_lessons = {
	COUNTER_NONE, check_lessons, write_lessons, read_lessons, pack_lessons, unpack_lessons};
