#include "http/phone_report.h"

#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time_text.h"
#include "http/form.h"

#define SECONDS_MAX INT64_C(100000000000) /* larger: milliseconds */
#define E7 1e7

enum {
	LAT_MAX_E7 = 900000000,
	LON_MAX_E7 = 1800000000,
	SPEED_MAX_CKMH = 65000, /* 650 km/h: an aeroplane's phone is off */
	COURSE_MAX_CDEG = 36000,
	ALTITUDE_MAX_DM = 120000,
	ACCURACY_MAX_DM = 1000000,
	METRES_PER_S_TO_CKMH = 360,
};

/* What may be known of a place; has: REPORT_HAS_… */
struct place {
	uint32_t has;
	int64_t time_ms, lat_e7, lon_e7, speed_ckmh, course_cdeg, altitude_dm, accuracy_dm, battery;
	bool is_sos;
};

static bool is_between(int64_t value, int64_t min, int64_t max)
{
	return value >= min && value <= max;
}

/* RC_SYNTAX without a place, unless it is an alarm: that counts whatever else is wrong. */
static enum rc make_report(
	struct place *p, const char *keyword, int64_t now_ms, struct report *ret, struct err *e)
{
	bool has_place = (p->has & REPORT_HAS_POINT) != 0 &&
			 is_between(p->lat_e7, -LAT_MAX_E7, LAT_MAX_E7) &&
			 is_between(p->lon_e7, -LON_MAX_E7, LON_MAX_E7) &&
			 (p->lat_e7 != 0 || p->lon_e7 != 0);

	if (!has_place && !p->is_sos)
		return fail(e, RC_SYNTAX, "lat and lon: a place on earth is wanted");
	if (!has_place)
		p->has &= ~(uint32_t)(REPORT_HAS_POINT | REPORT_HAS_ACCURACY);
	if ((p->has & REPORT_HAS_TIME) == 0)
		p->time_ms = now_ms;
	*ret = (struct report){.kind = p->is_sos ? REPORT_ALARM : REPORT_POSITION,
		.source = REPORT_SOURCE_PHONE,
		.alarms = p->is_sos ? REPORT_ALARM_SOS : 0,
		.has = p->has | REPORT_HAS_TIME | REPORT_HAS_VALIDITY,
		.is_valid = has_place,
		.is_stored = !p->is_sos && now_ms - p->time_ms > PHONE_LATE_MS,
		.time_ms = p->time_ms,
		.lat_e7 = has_place ? (int32_t)p->lat_e7 : 0,
		.lon_e7 = has_place ? (int32_t)p->lon_e7 : 0,
		.speed_ckmh = (uint16_t)p->speed_ckmh,
		.course_cdeg = (uint16_t)p->course_cdeg,
		.altitude_dm = (int32_t)p->altitude_dm,
		.accuracy_dm = (uint32_t)p->accuracy_dm,
		.battery_percent = (uint8_t)p->battery};
	(void)snprintf(ret->keyword, sizeof ret->keyword, "%s", keyword);
	return RC_OK;
}

/* A value within its bounds is taken over. */
static void take(
	struct place *p, uint32_t has, int64_t *member, int64_t value, int64_t min, int64_t max)
{
	if (!is_between(value, min, max))
		return;
	*member = value;
	p->has |= has;
}

/* ---- OsmAnd ---- */

enum osmand_field {
	OSMAND_ID,
	OSMAND_DEVICE_ID,
	OSMAND_LAT,
	OSMAND_LON,
	OSMAND_LOCATION,
	OSMAND_TIMESTAMP,
	OSMAND_SPEED,
	OSMAND_BEARING,
	OSMAND_HEADING,
	OSMAND_ALTITUDE,
	OSMAND_ACCURACY,
	OSMAND_BATT,
	OSMAND_ALARM,
	OSMAND_VALID,
	OSMAND_FIELDS
};

static enum rc osmand_form(char *text, size_t n, struct form_field f[OSMAND_FIELDS], struct err *e)
{
	static const char *const names[OSMAND_FIELDS] = {"id", "deviceid", "lat", "lon", "location",
		"timestamp", "speed", "bearing", "heading", "altitude", "accuracy", "batt", "alarm",
		"valid"};

	for (size_t i = 0; i < OSMAND_FIELDS; i++)
		f[i].name = names[i];
	return form_read(text, n, f, OSMAND_FIELDS, e);
}

/* The number times 10^scale; false when it is not there or none. */
static bool number(struct view v, unsigned scale, int64_t *ret)
{
	return v.n > 0 && num_decimal(v, scale, -INT64_C(10000000000000), INT64_C(10000000000000),
				  ret, NULL) == RC_OK;
}

/* Seconds, milliseconds, RFC 3339, or "2026-11-22 10:55:00". */
static bool osmand_time(struct view v, int64_t *ret_ms)
{
	char text[40];
	int64_t n = 0;

	if (number(v, 0, &n)) {
		*ret_ms = n < SECONDS_MAX ? n * 1000 : n;
		return n > 0;
	}
	if (time_from_text(v, ret_ms, NULL) == RC_OK)
		return true;
	if (v.n + 2 > sizeof text || v.n < 19 || v.p[10] != ' ')
		return false;
	(void)snprintf(text, sizeof text, "%.10sT%.*sZ", v.p, (int)(v.n - 11), v.p + 11);
	return time_from_text(view_of(text), ret_ms, NULL) == RC_OK;
}

static void osmand_point(const struct form_field f[OSMAND_FIELDS], struct place *p)
{
	struct view lat = f[OSMAND_LAT].value;
	struct view lon = f[OSMAND_LON].value;
	struct view both = f[OSMAND_LOCATION].value;
	size_t comma = both.p == NULL ? 0 : view_find(both, ',');

	if (both.p != NULL && comma < both.n) {
		lat = (struct view){.p = both.p, .n = comma};
		lon = (struct view){.p = both.p + comma + 1, .n = both.n - comma - 1};
	}
	if (number(lat, 7, &p->lat_e7) && number(lon, 7, &p->lon_e7))
		p->has |= REPORT_HAS_POINT;
}

enum rc osmand_read(char *text, size_t n, int64_t now_ms, struct osmand *ret, struct err *e)
{
	struct form_field f[OSMAND_FIELDS];
	struct place p = {.has = 0};
	int64_t value = 0;
	enum rc rc = osmand_form(text, n, f, e);

	if (rc != RC_OK)
		return rc;
	ret->token = f[OSMAND_ID].value.p != NULL ? f[OSMAND_ID].value : f[OSMAND_DEVICE_ID].value;
	osmand_point(f, &p);
	struct view valid = f[OSMAND_VALID].value;
	if (view_is_nocase(valid, VIEW("false")) || view_is(valid, VIEW("0")))
		p.has &= ~(uint32_t)REPORT_HAS_POINT;
	if (osmand_time(f[OSMAND_TIMESTAMP].value, &p.time_ms))
		p.has |= REPORT_HAS_TIME;
	if (number(f[OSMAND_SPEED].value, 3, &value)) /* knots */
		take(&p, REPORT_HAS_SPEED, &p.speed_ckmh, value * 1852 / 10000, 0, SPEED_MAX_CKMH);
	bool has_bearing = f[OSMAND_BEARING].value.p != NULL;
	if (number(f[has_bearing ? OSMAND_BEARING : OSMAND_HEADING].value, 2, &value))
		take(&p, REPORT_HAS_COURSE, &p.course_cdeg, value, 0, COURSE_MAX_CDEG);
	if (number(f[OSMAND_ALTITUDE].value, 1, &value))
		take(&p, REPORT_HAS_ALTITUDE, &p.altitude_dm, value, -ALTITUDE_MAX_DM,
			ALTITUDE_MAX_DM);
	if (number(f[OSMAND_ACCURACY].value, 1, &value))
		take(&p, REPORT_HAS_ACCURACY, &p.accuracy_dm, value, 0, ACCURACY_MAX_DM);
	if (number(f[OSMAND_BATT].value, 0, &value))
		take(&p, REPORT_HAS_BATTERY, &p.battery, value, 0, 100);
	p.is_sos = view_is_nocase(f[OSMAND_ALARM].value, VIEW("sos"));
	return make_report(&p, "OSMAND", now_ms, &ret->report, e);
}

/* ---- JSON ---- */

static void json_freep(json_t **root)
{
	json_decref(*root);
}

static enum rc read_json(struct view text, json_t **ret_owned, struct err *e)
{
	json_error_t why;

	if (text.n > PHONE_BODY_MAX)
		return fail(e, RC_LIMIT, "over %d bytes", PHONE_BODY_MAX);
	*ret_owned = json_loadb(text.p == NULL ? "" : text.p, text.n, JSON_REJECT_DUPLICATES, &why);
	return *ret_owned == NULL ? fail(e, RC_SYNTAX, "no JSON: %.100s", why.text) : RC_OK;
}

/* A finite number times `factor`, rounded. */
static bool json_scaled(const json_t *object, const char *name, double factor, int64_t *ret)
{
	const json_t *v = json_object_get(object, name);
	double x = json_number_value(v) * factor;

	if (!json_is_number(v) || !isfinite(x) || fabs(x) > 1e13)
		return false;
	*ret = llround(x);
	return true;
}

static struct view json_view(const json_t *v)
{
	return json_is_string(v)
		       ? (struct view){.p = json_string_value(v), .n = json_string_length(v)}
		       : (struct view){0};
}

static enum rc traccar_place(const json_t *location, int64_t now_ms, phone_report_fn *fn, void *ctx,
	bool *go_on, struct err *e)
{
	const json_t *coords = json_object_get(location, "coords");
	const json_t *battery = json_object_get(location, "battery");
	const json_t *when = json_object_get(location, "timestamp");
	struct place p = {.has = 0};
	struct report r;
	int64_t value = 0;

	if (json_scaled(coords, "latitude", E7, &p.lat_e7) &&
		json_scaled(coords, "longitude", E7, &p.lon_e7))
		p.has |= REPORT_HAS_POINT;
	if (time_from_text(json_view(when), &p.time_ms, NULL) == RC_OK)
		p.has |= REPORT_HAS_TIME;
	else if (json_is_integer(when) && json_integer_value(when) > 0)
		take(&p, REPORT_HAS_TIME, &p.time_ms,
			json_integer_value(when) < SECONDS_MAX ? json_integer_value(when) * 1000
							       : json_integer_value(when),
			1, SECONDS_MAX * 1000);
	if (json_scaled(coords, "speed", METRES_PER_S_TO_CKMH, &value))
		take(&p, REPORT_HAS_SPEED, &p.speed_ckmh, value, 0, SPEED_MAX_CKMH);
	if (json_scaled(coords, "heading", 100, &value))
		take(&p, REPORT_HAS_COURSE, &p.course_cdeg, value, 0, COURSE_MAX_CDEG);
	if (json_scaled(coords, "altitude", 10, &value))
		take(&p, REPORT_HAS_ALTITUDE, &p.altitude_dm, value, -ALTITUDE_MAX_DM,
			ALTITUDE_MAX_DM);
	if (json_scaled(coords, "accuracy", 10, &value))
		take(&p, REPORT_HAS_ACCURACY, &p.accuracy_dm, value, 0, ACCURACY_MAX_DM);
	if (json_scaled(battery, "level", 100, &value))
		take(&p, REPORT_HAS_BATTERY, &p.battery, value, 0, 100);
	p.is_sos = view_is_nocase(json_view(json_object_get(location, "alarm")), VIEW("sos")) ||
		   view_is_nocase(
			   json_view(json_object_get(json_object_get(location, "extras"), "alarm")),
			   VIEW("sos"));
	enum rc rc = make_report(&p, "TRACCAR", now_ms, &r, e);
	*go_on = rc == RC_OK && fn(ctx, &r);
	return rc;
}

enum rc traccar_read(struct view json, int64_t now_ms, char ret_token[PHONE_TOKEN_MAX],
	phone_report_fn *fn, void *ctx, struct err *e)
{
	CLEANUP(json_freep) json_t *root = NULL;
	enum rc rc = read_json(json, &root, e);

	if (rc != RC_OK)
		return rc;
	const json_t *location = json_object_get(root, "location");
	struct view token = json_view(json_object_get(root, "device_id"));
	if (token.p == NULL || !view_to_text(token, ret_token, PHONE_TOKEN_MAX))
		return fail(e, RC_SYNTAX, "device_id is missing");
	bool go_on = true;
	if (json_is_object(location))
		return traccar_place(location, now_ms, fn, ctx, &go_on, e);
	if (!json_is_array(location) || json_array_size(location) > PHONE_REPORTS_MAX)
		return fail(e, RC_SYNTAX, "location: an object, or at most %d of them",
			PHONE_REPORTS_MAX);
	for (size_t i = 0; i < json_array_size(location) && rc == RC_OK && go_on; i++)
		rc = traccar_place(json_array_get(location, i), now_ms, fn, ctx, &go_on, e);
	return rc;
}

static enum rc owntracks_place(
	const json_t *o, int64_t now_ms, phone_report_fn *fn, void *ctx, bool *go_on, struct err *e)
{
	struct place p = {.has = 0};
	struct report r;
	int64_t value = 0;

	if (json_scaled(o, "lat", E7, &p.lat_e7) && json_scaled(o, "lon", E7, &p.lon_e7))
		p.has |= REPORT_HAS_POINT;
	if (json_scaled(o, "tst", 1000, &value))
		take(&p, REPORT_HAS_TIME, &p.time_ms, value, 1, SECONDS_MAX * 1000);
	if (json_scaled(o, "vel", 100, &value))
		take(&p, REPORT_HAS_SPEED, &p.speed_ckmh, value, 0, SPEED_MAX_CKMH);
	if (json_scaled(o, "cog", 100, &value))
		take(&p, REPORT_HAS_COURSE, &p.course_cdeg, value, 0, COURSE_MAX_CDEG);
	if (json_scaled(o, "alt", 10, &value))
		take(&p, REPORT_HAS_ALTITUDE, &p.altitude_dm, value, -ALTITUDE_MAX_DM,
			ALTITUDE_MAX_DM);
	if (json_scaled(o, "acc", 10, &value))
		take(&p, REPORT_HAS_ACCURACY, &p.accuracy_dm, value, 0, ACCURACY_MAX_DM);
	if (json_scaled(o, "batt", 1, &value))
		take(&p, REPORT_HAS_BATTERY, &p.battery, value, 0, 100);
	enum rc rc = make_report(&p, "OWNTRACKS", now_ms, &r, e);
	*go_on = rc == RC_OK && fn(ctx, &r);
	return rc;
}

/* libsodium's secretbox with the nonce in front, in base64; the key is what stands in the app,
 * filled up with zeros. */
static enum rc open_box(struct view data, struct view key, json_t **ret_owned, struct err *e)
{
	uint8_t secret[crypto_secretbox_KEYBYTES] = {0};
	size_t n = 0;

	if (key.n == 0 || key.n > sizeof secret)
		return fail(e, RC_DENIED, "encrypted, and this phone has no key here");
	uint8_t *box = malloc(data.n + 1);
	uint8_t *plain = malloc(data.n + 1);
	enum rc rc = box == NULL || plain == NULL ? fail(e, RC_NOMEM, "out of memory") : RC_OK;
	memcpy(secret, key.p, key.n);
	bool is_text = rc == RC_OK && sodium_base642bin(box, data.n, data.p, data.n, "\r\n ", &n,
					      NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
	const size_t head = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	bool is_open = is_text && n > head &&
		       crypto_secretbox_open_easy(plain, box + crypto_secretbox_NONCEBYTES,
			       n - crypto_secretbox_NONCEBYTES, box, secret) == 0;
	if (is_open)
		rc = read_json(
			(struct view){.p = (const char *)plain, .n = n - head}, ret_owned, e);
	else if (rc == RC_OK)
		rc = fail(
			e, RC_DENIED, "not encrypted with the key of this phone: set it up again");
	sodium_memzero(secret, sizeof secret);
	if (plain != NULL)
		sodium_memzero(plain, data.n + 1);
	free(plain);
	free(box);
	return rc;
}

static enum rc owntracks_one(const json_t *o, struct view key, int64_t now_ms, phone_report_fn *fn,
	void *ctx, bool *go_on, struct err *e)
{
	CLEANUP(json_freep) json_t *inner = NULL;
	struct view type = json_view(json_object_get(o, "_type"));

	if (type.p == NULL)
		return fail(e, RC_SYNTAX, "_type is missing: is this OwnTracks?");
	if (view_is(type, VIEW("encrypted"))) {
		enum rc rc = open_box(json_view(json_object_get(o, "data")), key, &inner, e);
		if (rc != RC_OK)
			return rc;
		o = inner;
		type = json_view(json_object_get(o, "_type"));
	}
	*go_on = true;
	return view_is(type, VIEW("location")) ? owntracks_place(o, now_ms, fn, ctx, go_on, e)
					       : RC_OK;
}

enum rc owntracks_read(struct view json, struct view key, int64_t now_ms, phone_report_fn *fn,
	void *ctx, struct err *e)
{
	CLEANUP(json_freep) json_t *root = NULL;
	bool go_on = true;
	enum rc rc = read_json(json, &root, e);

	if (rc != RC_OK)
		return rc;
	if (!json_is_array(root))
		return owntracks_one(root, key, now_ms, fn, ctx, &go_on, e);
	if (json_array_size(root) > PHONE_REPORTS_MAX)
		return fail(e, RC_LIMIT, "more than %d places", PHONE_REPORTS_MAX);
	for (size_t i = 0; i < json_array_size(root) && rc == RC_OK && go_on; i++)
		rc = owntracks_one(json_array_get(root, i), key, now_ms, fn, ctx, &go_on, e);
	return rc;
}
