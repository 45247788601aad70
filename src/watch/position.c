#include "watch/position.h"

#include "base/time_text.h"
#include "watch/fields.h"

enum {
	FIELD_DATE,
	FIELD_TIME,
	FIELD_VALIDITY,
	FIELD_LAT,
	FIELD_NORTH,
	FIELD_LON,
	FIELD_EAST,
	FIELD_SPEED,
	FIELD_COURSE,
	FIELD_ALTITUDE,
	FIELD_SATELLITES,
	FIELD_SIGNAL,
	FIELD_BATTERY,
	FIELD_STEPS,
	FIELD_ROLLS,
	FIELD_STATUS,
	HEAD_FIELDS,
};

enum { LAT_MAX_E7 = 900000000, LON_MAX_E7 = 1800000000, STATUS_DIGITS = 8, STATUS_SEARCH = 30 };

struct head {
	struct view f[HEAD_FIELDS];
	size_t n;
	struct view tail; /* p == NULL when the record stops before */
};

/* ---- date and time (section 3.4) ---- */

enum date_order { DATE_DMY, DATE_YMD_LOCAL, DATE_UNKNOWN };

static enum date_order date_order_of(struct view vendor)
{
	static const char dmy[][2] = {{'3', 'G'}, {'S', 'G'}, {'C', 'S'}, {'Z', 'J'}};
	static const char ymd[][2] = {{'Y', 'S'}, {'X', 'T'}, {'T', 'L'}, {'B', 'K'}, {'R', 'L'}};

	if (vendor.n != 2)
		return DATE_UNKNOWN;
	char a = ascii_upper(vendor.p[0]);
	char b = ascii_upper(vendor.p[1]);
	for (size_t i = 0; i < COUNT_OF(dmy); i++) {
		if (a == dmy[i][0] && b == dmy[i][1])
			return DATE_DMY;
	}
	for (size_t i = 0; i < COUNT_OF(ymd); i++) {
		if (a == ymd[i][0] && b == ymd[i][1])
			return DATE_YMD_LOCAL;
	}
	return DATE_UNKNOWN;
}

/* Three numbers of two digits. */
static bool read_pairs(struct view v, uint8_t ret[3])
{
	if (v.n != 6)
		return false;
	for (size_t i = 0; i < 3; i++) {
		char tens = v.p[2 * i];
		char ones = v.p[2 * i + 1];
		if (!ascii_is_digit(tens) || !ascii_is_digit(ones))
			return false;
		ret[i] = (uint8_t)((tens - '0') * 10 + (ones - '0'));
	}
	return true;
}

static bool date_to_ms(const uint8_t d[3], const uint8_t t[3], bool is_ymd, int64_t *ret_ms)
{
	struct civil c = {.year = 2000 + (is_ymd ? d[0] : d[2]),
		.month = d[1],
		.day = is_ymd ? d[2] : d[0],
		.hour = t[0],
		.min = t[1],
		.sec = t[2]};

	return civil_to_ms(&c, ret_ms, NULL) == RC_OK;
}

/* REPORT_FINE, or what is wrong. */
static enum report_error read_time(struct view vendor, const struct head *h, struct report *r)
{
	enum date_order order = date_order_of(vendor);
	uint8_t d[3] = {0};
	uint8_t t[3] = {0};

	if (!read_pairs(field_trim(h->f[FIELD_DATE]), d))
		return REPORT_BAD_DATE;
	if (!read_pairs(field_trim(h->f[FIELD_TIME]), t) || t[0] > 23 || t[1] > 59 || t[2] > 59)
		return REPORT_BAD_TIME;
	bool is_ymd = order == DATE_YMD_LOCAL;
	bool is_read = date_to_ms(d, t, is_ymd, &r->time_ms);
	if (order == DATE_UNKNOWN) {
		bool is_other = date_to_ms(d, t, true, &r->time_alt_ms);
		r->is_time_alternative = is_read && is_other && r->time_alt_ms != r->time_ms;
		if (!is_read && is_other)
			r->time_ms = r->time_alt_ms;
		is_read = is_read || is_other;
	}
	if (!is_read)
		return REPORT_BAD_DATE;
	r->is_time_local = is_ymd;
	r->has |= REPORT_HAS_TIME;
	return REPORT_FINE;
}

/* ---- validity, sign and hemisphere (section 3.1) ---- */

static enum report_error read_validity(const struct head *h, struct report *r)
{
	struct view v = field_trim(h->f[FIELD_VALIDITY]);
	char c = v.n == 1 ? ascii_upper(v.p[0]) : '\0';

	if (c != 'A' && c != 'V')
		return REPORT_BAD_VALIDITY;
	r->is_valid = c == 'A';
	r->has |= REPORT_HAS_VALIDITY;
	return REPORT_FINE;
}

/* The letter, '\0' for an empty field, '?' for anything else. */
static char read_letter(struct view v, char plus, char minus)
{
	v = field_trim(v);
	char c = v.n == 1 ? ascii_upper(v.p[0]) : '?';

	if (v.n == 0)
		return '\0';
	return c == plus || c == minus ? c : '?';
}

/* One coordinate with its letter applied. */
static bool read_coordinate(struct view v, char letter, char minus, int64_t max_e7, int32_t *ret_e7)
{
	int64_t value = 0;

	if (num_decimal(field_trim(v), 7, -max_e7, max_e7, &value, NULL) != RC_OK)
		return false;
	if (letter == minus && value > 0)
		value = -value;
	*ret_e7 = (int32_t)value; /* at most 180 degrees */
	return true;
}

static enum report_error read_point(const struct head *h, struct report *r)
{
	char north = read_letter(h->f[FIELD_NORTH], 'N', 'S');
	char east = read_letter(h->f[FIELD_EAST], 'E', 'W');

	if (north == '?' || east == '?')
		return REPORT_BAD_HEMISPHERE;
	r->is_hemisphere_unknown = north == '\0' || east == '\0';
	if (!read_coordinate(h->f[FIELD_LAT], north, 'S', LAT_MAX_E7, &r->lat_e7) ||
		!read_coordinate(h->f[FIELD_LON], east, 'W', LON_MAX_E7, &r->lon_e7))
		return REPORT_BAD_POINT;
	if (r->lat_e7 == 0 && r->lon_e7 == 0) {
		r->has |= REPORT_HAS_ZERO_POINT;
		return r->is_valid ? REPORT_BAD_POINT : REPORT_FINE;
	}
	r->has |= REPORT_HAS_POINT;
	return REPORT_FINE;
}

/* ---- numbers and status ---- */

static void read_motion(const struct head *h, struct report *r)
{
	int64_t speed = 0;
	int64_t course = 0;
	int64_t altitude = 0;

	field_decimal(r, h->f[FIELD_SPEED], 2, 0, UINT16_MAX, REPORT_HAS_SPEED, &speed);
	field_decimal(r, h->f[FIELD_COURSE], 2, 0, 36000, REPORT_HAS_COURSE, &course);
	field_decimal(r, h->f[FIELD_ALTITUDE], 1, -20000, 1000000, REPORT_HAS_ALTITUDE, &altitude);
	r->speed_ckmh = (uint16_t)speed; /* each within the limits given above */
	r->course_cdeg = (uint16_t)course;
	r->altitude_dm = (int32_t)altitude;
}

static void read_counts(const struct head *h, struct report *r)
{
	uint32_t satellites = 0;
	uint32_t signal = 0;
	uint32_t battery = 0;

	field_u32(r, h->f[FIELD_SATELLITES], 99, REPORT_HAS_SATELLITES, &satellites);
	field_u32(r, h->f[FIELD_SIGNAL], 100, REPORT_HAS_SIGNAL, &signal);
	field_u32(r, h->f[FIELD_BATTERY], 100, REPORT_HAS_BATTERY, &battery);
	field_u32(r, h->f[FIELD_STEPS], UINT32_MAX, REPORT_HAS_STEPS, &r->steps);
	field_u32(r, h->f[FIELD_ROLLS], UINT32_MAX, REPORT_HAS_ROLLS, &r->rolls);
	r->satellites = (uint8_t)satellites; /* each at most 100 */
	r->signal_percent = (uint8_t)signal;
	r->battery_percent = (uint8_t)battery;
}

struct status_bit {
	uint32_t mask;
	uint16_t flag, alarm;
};

static const struct status_bit status_bits[] = {
	{1u << 0, REPORT_FLAG_LOW_BATTERY, 0},
	{1u << 1, REPORT_FLAG_OUTSIDE_FENCE, 0},
	{1u << 2, REPORT_FLAG_INSIDE_FENCE, 0},
	{1u << 3, REPORT_FLAG_OFF_WRIST, 0},
	{1u << 4, REPORT_FLAG_STILL, 0},
	{1u << 14, 0, REPORT_ALARM_POWER_CUT},
	{1u << 16, 0, REPORT_ALARM_SOS},
	{1u << 17, 0, REPORT_ALARM_LOW_BATTERY},
	{1u << 18, 0, REPORT_ALARM_LEFT_PLACE},
	{1u << 19, 0, REPORT_ALARM_ENTERED_PLACE},
	{1u << 20, 0, REPORT_ALARM_REMOVED},
	{1u << 21, 0, REPORT_ALARM_FALL},
	{1u << 22, 0, REPORT_ALARM_HEART_RATE},
};

static bool read_status(struct view v, struct report *r)
{
	if (num_hex32(field_trim(v), &r->status, NULL) != RC_OK)
		return false;
	r->has |= REPORT_HAS_STATUS;
	for (size_t i = 0; i < COUNT_OF(status_bits) && r->status != 0; i++) {
		if ((r->status & status_bits[i].mask) != 0) {
			r->flags |= status_bits[i].flag;
			r->alarms |= status_bits[i].alarm;
		}
	}
	return true;
}

/* In an alarm whose fields are shifted: the first field of eight hex digits after the coordinates.
 */
static void search_status(struct view params, struct report *r)
{
	struct view f;

	for (size_t i = 0; i < STATUS_SEARCH && field_cut(&params, &f); i++) {
		if (i > FIELD_EAST && f.n == STATUS_DIGITS && read_status(f, r))
			return;
	}
}

/* ---- the record ---- */

static bool is_validity(struct view v)
{
	v = field_trim(v);
	return v.n == 1 && (v.p[0] == 'A' || v.p[0] == 'V');
}

/* WAD has a language and PP a local time before the record, PP of yisai has not: the validity
 * tells. */
static void cut_head(struct view params, bool may_have_extra, struct head *ret)
{
	ret->n = 0;
	while (ret->n < HEAD_FIELDS && field_cut(&params, &ret->f[ret->n])) {
		ret->n++;
		if (may_have_extra && ret->n == FIELD_VALIDITY + 2 && is_validity(ret->f[3]) &&
			!is_validity(ret->f[2])) {
			memmove(ret->f, ret->f + 1, (ret->n - 1) * sizeof ret->f[0]);
			ret->n--;
		}
	}
	for (size_t i = ret->n; i < HEAD_FIELDS; i++)
		ret->f[i] = (struct view){.p = NULL, .n = 0};
	ret->tail = params;
}

/* True when nothing is wrong, or it may be left out of this report. */
static bool tolerate(struct report *r, enum report_error error)
{
	if (error == REPORT_FINE)
		return true;
	if (r->kind != REPORT_ALARM) {
		report_refuse(r, error);
		return false;
	}
	report_miss(r, error);
	return true;
}

/* Coordinates without a fix are never shown: what is wrong with them costs nothing else. */
static bool tolerate_point(struct report *r, enum report_error error)
{
	bool is_placeless = (r->has & REPORT_HAS_ZERO_POINT) != 0 || !r->is_valid;

	if (error == REPORT_BAD_POINT)
		r->is_valid = false;
	if (error == REPORT_BAD_POINT && is_placeless) {
		report_miss(r, error);
		return true;
	}
	return tolerate(r, error);
}

/* An alarm of which not even the fields are in their places. */
static void read_shifted_alarm(struct view params, struct report *r)
{
	r->has &= ~(uint32_t)(REPORT_HAS_POINT | REPORT_HAS_ZERO_POINT | REPORT_HAS_VALIDITY);
	r->is_valid = false;
	search_status(params, r);
}

void position_read(struct view vendor, struct view params, struct report *r)
{
	struct head h;
	bool may_have_extra =
		r->keyword[0] == 'P' || (r->keyword[0] == 'W' && r->keyword[1] == 'A');

	cut_head(params, may_have_extra, &h);
	if (h.n <= FIELD_EAST && !tolerate(r, REPORT_BAD_FIELDS))
		return;
	if (!tolerate(r, read_time(vendor, &h, r)))
		return;
	enum report_error validity = read_validity(&h, r);
	if (!tolerate(r, validity))
		return;
	enum report_error point = read_point(&h, r);
	if (!tolerate_point(r, point))
		return;
	if (validity != REPORT_FINE || point == REPORT_BAD_HEMISPHERE) {
		read_shifted_alarm(params, r);
		return;
	}
	read_motion(&h, r);
	read_counts(&h, r);
	if (field_trim(h.f[FIELD_STATUS]).n > 0 && !read_status(h.f[FIELD_STATUS], r) &&
		!tolerate(r, REPORT_BAD_STATUS))
		return;
	if (h.tail.p != NULL)
		tail_read(h.tail, r);
}
