#include "watch/values.h"

#include "watch/escape.h"
#include "watch/fields.h"
#include "watch/position.h"
#include "watch/utf16.h"

enum { NUMBERS_MAX = 7, DATE_DIGITS = 8 };

/* Section 6.5: outside of these a value is not stored. */
enum {
	BPM_MIN = 20,
	BPM_MAX = 250,
	SYSTOLIC_MIN = 50,
	SYSTOLIC_MAX = 260,
	DIASTOLIC_MIN = 30,
	DIASTOLIC_MAX = 160,
	SPO2_MIN_PERMILLE = 500,
	SPO2_MAX_PERMILLE = 1000,
	TEMPERATURE_MIN_CDEG = 3000,
	TEMPERATURE_MAX_CDEG = 4500,
};

/* ---- heartbeats ---- */

static size_t cut_numbers(struct view params, struct view f[NUMBERS_MAX])
{
	size_t n = 0;

	while (n < NUMBERS_MAX && field_cut(&params, &f[n]))
		n++;
	return n;
}

static bool is_digits(struct view v, size_t n)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return false;
	}
	return v.n == n;
}

/* A battery of 0 says nothing: many watches send it without having measured. */
static void read_battery(struct view v, struct report *r)
{
	uint32_t value = 0;

	field_u32(r, v, 100, REPORT_HAS_BATTERY, &value);
	if (value == 0)
		r->has &= ~(uint32_t)REPORT_HAS_BATTERY;
	r->battery_percent = (uint8_t)value; /* at most 100 */
}

static bool is_number(struct view v, uint32_t min, uint32_t max)
{
	uint32_t value = 0;

	return num_u32(field_trim(v), max, &value, NULL) == RC_OK && value >= min;
}

/* steps,battery,0 of SG trackers: there, a last number of 0 behind a plausible percentage is not
 * the battery. */
static bool is_sg_form(struct view vendor, const struct view f[3])
{
	return view_is_nocase(vendor, VIEW("SG")) && is_number(f[1], 1, 100) &&
	       is_number(f[2], 0, 0);
}

/* steps,rolls,battery,distance,calories,toggle of one platform of 2014. */
static void read_odometer(const struct view *f, size_t n, struct report *r)
{
	if (n < 5 || num_u32(field_trim(f[3]), UINT32_MAX, &r->distance, NULL) != RC_OK ||
		num_u32(field_trim(f[4]), UINT32_MAX, &r->calories, NULL) != RC_OK)
		return;
	r->has |= REPORT_HAS_ODOMETER;
}

void heartbeat_read(struct view vendor, struct view params, struct report *r)
{
	struct view f[NUMBERS_MAX];
	size_t n = cut_numbers(params, f);

	if (n < 2)
		return;
	field_u32(r, f[0], UINT32_MAX, REPORT_HAS_STEPS, &r->steps);
	if (n == 2) {
		read_battery(f[1], r);
	} else if (n == 3 && is_sg_form(vendor, f)) {
		read_battery(f[1], r);
		r->is_battery_unsure = true;
	} else {
		field_u32(r, f[1], UINT32_MAX, REPORT_HAS_ROLLS, &r->rolls);
		read_battery(f[2], r);
		read_odometer(f, n, r);
	}
}

void ka_read(struct view params, struct report *r)
{
	struct view f[NUMBERS_MAX];

	if (cut_numbers(params, f) < 4)
		return;
	if (is_digits(f[0], DATE_DIGITS))
		r->text = f[0];
	field_u32(r, f[1], UINT32_MAX, REPORT_HAS_STEPS, &r->steps);
	field_u32(r, f[2], UINT32_MAX, REPORT_HAS_ROLLS, &r->rolls);
	read_battery(f[3], r);
}

/* ---- health ---- */

/* A measured value, scaled; 0 when it was not measured (empty), failed (0, `failed` is noted) or
 * cannot be. */
static int64_t measured(struct report *r, struct view v, unsigned scale, int64_t min, int64_t max,
	enum report_failure failed)
{
	int64_t value = 0;

	v = field_trim(v);
	if (v.n == 0)
		return 0;
	if (num_decimal(v, scale, INT32_MIN, INT32_MAX, &value, NULL) != RC_OK) {
		report_miss(r, REPORT_BAD_VALUE);
		return 0;
	}
	if (value >= min && value <= max)
		return value;
	if (value == 0)
		r->failures |= (uint8_t)failed;
	else
		report_miss(r, REPORT_BAD_VALUE);
	return 0;
}

static void read_heart(struct report *r, struct view v)
{
	r->heart_bpm = (uint8_t)measured(r, v, 0, BPM_MIN, BPM_MAX, REPORT_FAILED_HEART);
	if (r->heart_bpm != 0)
		r->has |= REPORT_HAS_HEART;
}

static void read_pressure(struct report *r, struct view high, struct view low)
{
	r->systolic_mmhg = (uint16_t)measured(
		r, high, 0, SYSTOLIC_MIN, SYSTOLIC_MAX, REPORT_FAILED_BLOOD_PRESSURE);
	r->diastolic_mmhg = (uint16_t)measured(
		r, low, 0, DIASTOLIC_MIN, DIASTOLIC_MAX, REPORT_FAILED_BLOOD_PRESSURE);
	if (r->systolic_mmhg != 0 && r->diastolic_mmhg != 0)
		r->has |= REPORT_HAS_BLOOD_PRESSURE;
}

static void read_temperature(struct report *r, struct view v)
{
	r->temperature_cdeg = (int16_t)measured(
		r, v, 2, TEMPERATURE_MIN_CDEG, TEMPERATURE_MAX_CDEG, REPORT_FAILED_TEMPERATURE);
	if (r->temperature_cdeg != 0)
		r->has |= REPORT_HAS_TEMPERATURE;
}

static void read_oxygen(struct report *r, struct view v)
{
	r->spo2_permille = (uint16_t)measured(
		r, v, 1, SPO2_MIN_PERMILLE, SPO2_MAX_PERMILLE, REPORT_FAILED_SPO2);
	if (r->spo2_permille != 0)
		r->has |= REPORT_HAS_SPO2;
}

/* The result of btemp2 says 0 for too low and 1 for too high: both are failed measurements. */
static void read_btemp(struct report *r, struct view v)
{
	int64_t value = -1;

	v = field_trim(v);
	if (v.n > 0 && num_decimal(v, 2, 0, 100, &value, NULL) == RC_OK &&
		(value == 0 || value == 100)) {
		r->failures |= REPORT_FAILED_TEMPERATURE;
		r->failures |= value == 0 ? REPORT_FAILED_TOO_LOW : REPORT_FAILED_TOO_HIGH;
		return;
	}
	read_temperature(r, v);
}

static void read_measure(struct report *r, struct view v)
{
	uint32_t type = 0;

	if (num_u32(field_trim(v), MEASURE_UNKNOWN - 1, &type, NULL) == RC_OK)
		r->measure_type = (uint8_t)type; /* under MEASURE_UNKNOWN */
}

/* The number of an optional field; 0 when it is not there or over max. */
static uint32_t optional(struct view v, uint32_t max)
{
	uint32_t value = 0;

	return num_u32(field_trim(v), max, &value, NULL) == RC_OK ? value : 0;
}

/* height,sex,age,weight behind the pulse of bphrt; usually empty. */
static void read_body(struct report *r, const struct view *f, size_t n)
{
	if (n < 7)
		return;
	r->body = (struct report_body){.height_cm = (uint8_t)optional(f[3], UINT8_MAX),
		.sex = (uint8_t)optional(f[4], SEX_FEMALE),
		.age_years = (uint8_t)optional(f[5], 150),
		.weight_kg = (uint16_t)optional(f[6], 999)};
	if (r->body.height_cm != 0 || r->body.sex != 0 || r->body.age_years != 0 ||
		r->body.weight_kg != 0)
		r->has |= REPORT_HAS_BODY;
}

static void read_health(
	enum keyword_family family, const struct view *f, size_t n, struct report *r)
{
	if (family == FAMILY_HEART) {
		read_heart(r, f[0]);
	} else if (family == FAMILY_TEMP) {
		read_temperature(r, f[0]);
	} else if (family == FAMILY_BTEMP) {
		read_measure(r, f[0]);
		read_btemp(r, f[1]);
	} else if (family == FAMILY_OXYGEN) {
		read_measure(r, f[0]);
		read_oxygen(r, f[1]);
	} else {
		read_pressure(r, f[0], f[1]);
		if (n > 2)
			read_heart(r, f[2]);
		read_body(r, f, n);
	}
}

void health_read(enum keyword_family family, struct view params, struct report *r)
{
	struct view f[NUMBERS_MAX];
	size_t n = cut_numbers(params, f);

	if (n == 0 || (family == FAMILY_OXYGEN && n == 1)) {
		r->kind = REPORT_ANSWER; /* the query's acknowledgement, or our own answer echoed */
		return;
	}
	if (n == 1 && family != FAMILY_HEART && family != FAMILY_TEMP) {
		report_miss(r, REPORT_BAD_FIELDS);
		return;
	}
	r->measure_type = MEASURE_UNKNOWN;
	read_health(family, f, n, r);
	if (r->failures != 0 || r->measure_type != MEASURE_UNKNOWN)
		r->has |= REPORT_HAS_MEASURE;
}

/* ---- media ---- */

enum {
	VOICE_MIN = 19, /* AMR header and one frame; firmware refuses less, too */
	CHUNKS_MAX = 128,
	PICTURE_TIME = 12,
};

/* Cuts the head off: params is the payload then. */
static bool cut_picture(struct view *params, struct view *ret_origin)
{
	struct view when;

	return field_cut(params, ret_origin) && is_digits(*ret_origin, 1) &&
	       field_cut(params, &when) && is_digits(when, PICTURE_TIME) && params->n > 0 &&
	       escape_is_sound(*params);
}

static bool is_picture(struct view params)
{
	struct view origin;

	return cut_picture(&params, &origin);
}

static bool is_chunk(struct view params)
{
	struct view f[4];
	uint32_t chunk = 0;
	uint32_t total = 0;

	for (size_t i = 0; i < COUNT_OF(f); i++) {
		if (!field_cut(&params, &f[i]))
			return false;
	}
	return num_u32(f[2], CHUNKS_MAX, &chunk, NULL) == RC_OK &&
	       num_u32(f[3], CHUNKS_MAX, &total, NULL) == RC_OK && chunk >= 1 && chunk <= total &&
	       params.n > 0 && escape_is_sound(params);
}

static bool is_group_voice(struct view params)
{
	struct view group;

	return field_cut(&params, &group) && group.n > 0 && params.n >= VOICE_MIN &&
	       escape_is_sound(params);
}

void media_read(enum keyword_family family, struct view params, struct report *r)
{
	bool is_good = false;

	if (params.p == NULL || (params.n <= 1 && family != FAMILY_JXTK && family != FAMILY_IMG)) {
		r->kind = REPORT_ANSWER; /* TK,1 and the like: about a message of ours */
		r->text = params;
		return;
	}
	if (family == FAMILY_IMG)
		is_good = is_picture(params);
	else if (family == FAMILY_JXTK)
		is_good = is_chunk(params);
	else if (family == FAMILY_TK2)
		is_good = is_group_voice(params);
	else
		is_good = params.n >= VOICE_MIN && escape_is_sound(params);
	if (!is_good)
		report_refuse(r, REPORT_BAD_MEDIA);
}

/* ---- Wi-Fi ---- */

/* name hex,password hex,bssid: the password is not read. */
void wifi_info_read(struct view params, struct report *r)
{
	struct view f[3];
	struct wifi *w = &r->wifi[0];
	char name[REPORT_SSID_MAX];
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(f); i++) {
		if (!field_cut(&params, &f[i]))
			return;
	}
	if (!wifi_mac_read(field_trim(f[2]), w->mac))
		return;
	if (utf16_read(field_trim(f[0]), name, sizeof name, &n, NULL) != RC_OK)
		n = 0;
	if (n > 0)
		memcpy(w->ssid, name, n);
	w->ssid_n = (uint8_t)n; /* at most REPORT_SSID_MAX */
	w->has_rssi = false;
	w->rssi_dbm = 0;
	r->wifi_n = 1;
}
