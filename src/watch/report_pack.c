#include "watch/report_pack.h"

#include <stddef.h>

#include "watch/pack.h"

/* Layout: version, kind, error, has, alarms, marks, flags, the source when it is not GPS; then each
 * value that `has` names in the order of its bit, so that a reader needs no lengths; cells, Wi-Fi,
 * CDMA; keyword and text with their lengths. */

enum {
	MARK_VALID = 1u << 0,
	MARK_STORED = 1u << 1,
	MARK_HEMISPHERE_UNKNOWN = 1u << 2,
	MARK_TIME_ALTERNATIVE = 1u << 3,
	MARK_TIME_LOCAL = 1u << 4,
	MARK_PARTIAL = 1u << 5,
	MARK_BATTERY_UNSURE = 1u << 6,
	MARK_SOURCE = 1u << 7, /* the source stands behind the flags; else it is GPS */
	MARK_ALL = (1u << 8) - 1,
	CELL_HAS_RSSI = 1u << 0,
	CELL_SAME_NETWORK = 1u << 1,
	CELL_ALL = (1u << 2) - 1,
	WIFI_HAS_RSSI = 1u << 6,
	WIFI_NAME = WIFI_HAS_RSSI - 1,
	ALARMS_ALL = (1u << 9) - 1,
	FLAGS_ALL = (1u << 5) - 1,
	LAT_MAX_E7 = 900000000,
	LON_MAX_E7 = 1800000000,
};

/* ---- writing ---- */

static uint8_t marks_of(const struct report *r)
{
	return (uint8_t)((r->is_valid ? MARK_VALID : 0) | (r->is_stored ? MARK_STORED : 0) |
			 (r->is_hemisphere_unknown ? MARK_HEMISPHERE_UNKNOWN : 0) |
			 (r->is_time_alternative ? MARK_TIME_ALTERNATIVE : 0) |
			 (r->is_time_local ? MARK_TIME_LOCAL : 0) |
			 (r->is_partial ? MARK_PARTIAL : 0) |
			 (r->is_battery_unsure ? MARK_BATTERY_UNSURE : 0) |
			 (r->source != REPORT_SOURCE_GPS ? MARK_SOURCE : 0));
}

static void pack_place(const struct report *r, struct pack_out *o)
{
	if ((r->has & REPORT_HAS_TIME) != 0) {
		pack_int(o, r->time_ms);
		if (r->is_time_alternative)
			pack_int(o, r->time_alt_ms);
	}
	if ((r->has & REPORT_HAS_POINT) != 0) {
		pack_i32(o, r->lat_e7);
		pack_i32(o, r->lon_e7);
	}
	if ((r->has & REPORT_HAS_SPEED) != 0)
		pack_uint(o, r->speed_ckmh);
	if ((r->has & REPORT_HAS_COURSE) != 0)
		pack_uint(o, r->course_cdeg);
	if ((r->has & REPORT_HAS_ALTITUDE) != 0)
		pack_int(o, r->altitude_dm);
	if ((r->has & REPORT_HAS_SATELLITES) != 0)
		pack_u8(o, r->satellites);
	if ((r->has & REPORT_HAS_ACCURACY) != 0)
		pack_uint(o, r->accuracy_dm);
	if ((r->has & REPORT_HAS_TA) != 0)
		pack_u8(o, r->ta);
}

static void pack_device(const struct report *r, struct pack_out *o)
{
	if ((r->has & REPORT_HAS_SIGNAL) != 0)
		pack_u8(o, r->signal_percent);
	if ((r->has & REPORT_HAS_BATTERY) != 0)
		pack_u8(o, r->battery_percent);
	if ((r->has & REPORT_HAS_STEPS) != 0)
		pack_uint(o, r->steps);
	if ((r->has & REPORT_HAS_ROLLS) != 0)
		pack_uint(o, r->rolls);
	if ((r->has & REPORT_HAS_STATUS) != 0)
		pack_uint(o, r->status);
}

static void pack_health(const struct report *r, struct pack_out *o)
{
	if ((r->has & REPORT_HAS_HEART) != 0)
		pack_u8(o, r->heart_bpm);
	if ((r->has & REPORT_HAS_BLOOD_PRESSURE) != 0) {
		pack_uint(o, r->systolic_mmhg);
		pack_uint(o, r->diastolic_mmhg);
	}
	if ((r->has & REPORT_HAS_SPO2) != 0)
		pack_uint(o, r->spo2_permille);
	if ((r->has & REPORT_HAS_TEMPERATURE) != 0)
		pack_int(o, r->temperature_cdeg);
}

/* What few reports have. */
static void pack_rare(const struct report *r, struct pack_out *o)
{
	if ((r->has & REPORT_HAS_MEASURE) != 0) {
		pack_u8(o, r->failures);
		pack_u8(o, r->measure_type);
	}
	if ((r->has & REPORT_HAS_BODY) != 0) {
		pack_u8(o, r->body.height_cm);
		pack_u8(o, r->body.age_years);
		pack_u8(o, r->body.sex);
		pack_uint(o, r->body.weight_kg);
	}
	if ((r->has & REPORT_HAS_ODOMETER) != 0) {
		pack_uint(o, r->distance);
		pack_uint(o, r->calories);
	}
}

static void pack_cells(const struct report *r, struct pack_out *o)
{
	const struct cell *last = NULL;

	pack_u8(o, r->cells_n);
	for (size_t i = 0; i < r->cells_n; i++) {
		const struct cell *c = &r->cells[i];
		bool is_same = last != NULL && last->mcc == c->mcc &&
			       memcmp(last->mnc, c->mnc, sizeof c->mnc) == 0;
		pack_u8(o, (uint8_t)((c->has_rssi ? CELL_HAS_RSSI : 0) |
				     (is_same ? CELL_SAME_NETWORK : 0)));
		if (!is_same) {
			pack_uint(o, c->mcc);
			pack_bytes(o, c->mnc, sizeof c->mnc);
		}
		pack_uint(o, c->lac);
		pack_uint(o, c->cid);
		if (c->has_rssi)
			pack_int(o, c->rssi);
		last = c;
	}
}

static void pack_wifi(const struct report *r, struct pack_out *o)
{
	pack_u8(o, r->wifi_n);
	for (size_t i = 0; i < r->wifi_n; i++) {
		const struct wifi *w = &r->wifi[i];
		pack_u8(o, (uint8_t)(w->ssid_n | (w->has_rssi ? WIFI_HAS_RSSI : 0)));
		pack_bytes(o, w->mac, sizeof w->mac);
		if (w->has_rssi)
			pack_u8(o, (uint8_t)w->rssi_dbm);
		pack_bytes(o, w->ssid, w->ssid_n);
	}
}

static void pack_cdma(const struct cdma *c, struct pack_out *o)
{
	pack_u8(o, c->has);
	if ((c->has & CDMA_HAS_SID) != 0)
		pack_uint(o, c->sid);
	if ((c->has & CDMA_HAS_NID) != 0)
		pack_uint(o, c->nid);
	if ((c->has & CDMA_HAS_BID) != 0)
		pack_uint(o, c->bid);
	if ((c->has & CDMA_HAS_SIGNAL) != 0)
		pack_int(o, c->signal);
	if ((c->has & CDMA_HAS_NETWORK) != 0) {
		pack_uint(o, c->mcc);
		pack_bytes(o, c->mnc, sizeof c->mnc);
	}
}

enum rc report_pack(
	const struct report *r, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e)
{
	struct pack_out o = {.p = buf, .size = buf_size};
	size_t keyword_n = strnlen(r->keyword, REPORT_KEYWORD_MAX);
	size_t text_n = r->text.n < REPORT_TEXT_MAX ? r->text.n : REPORT_TEXT_MAX;

	pack_u8(&o, REPORT_PACK_VERSION);
	pack_u8(&o, (uint8_t)r->kind);
	pack_u8(&o, (uint8_t)r->error);
	pack_uint(&o, r->has);
	pack_uint(&o, r->alarms);
	pack_u8(&o, marks_of(r));
	pack_u8(&o, (uint8_t)r->flags);
	if (r->source != REPORT_SOURCE_GPS)
		pack_u8(&o, r->source);
	pack_place(r, &o);
	pack_device(r, &o);
	pack_health(r, &o);
	if (r->has >= REPORT_HAS_MEASURE)
		pack_rare(r, &o);
	pack_cells(r, &o);
	pack_wifi(r, &o);
	if ((r->has & REPORT_HAS_CDMA) != 0)
		pack_cdma(&r->cdma, &o);
	pack_u8(&o, (uint8_t)keyword_n);
	pack_bytes(&o, r->keyword, keyword_n);
	pack_uint(&o, text_n);
	pack_bytes(&o, r->text.p, text_n);
	if (o.is_full)
		return fail(e, RC_LIMIT, "report: does not fit in %zu bytes", buf_size);
	*ret_n = o.n;
	return RC_OK;
}

/* ---- reading ---- */

/* True when a source follows. */
static bool unpack_marks(struct pack_in *in, struct report *r)
{
	unsigned marks = unpack_u8(in);

	in->is_bad = in->is_bad || marks > MARK_ALL;
	r->is_valid = (marks & MARK_VALID) != 0;
	r->is_stored = (marks & MARK_STORED) != 0;
	r->is_hemisphere_unknown = (marks & MARK_HEMISPHERE_UNKNOWN) != 0;
	r->is_time_alternative = (marks & MARK_TIME_ALTERNATIVE) != 0;
	r->is_time_local = (marks & MARK_TIME_LOCAL) != 0;
	r->is_partial = (marks & MARK_PARTIAL) != 0;
	r->is_battery_unsure = (marks & MARK_BATTERY_UNSURE) != 0;
	return (marks & MARK_SOURCE) != 0;
}

static void unpack_place(struct pack_in *in, struct report *r)
{
	if ((r->has & REPORT_HAS_TIME) != 0) {
		r->time_ms = unpack_int(in, INT64_MIN, INT64_MAX);
		if (r->is_time_alternative)
			r->time_alt_ms = unpack_int(in, INT64_MIN, INT64_MAX);
	}
	if ((r->has & REPORT_HAS_POINT) != 0) {
		r->lat_e7 = unpack_i32(in, LAT_MAX_E7);
		r->lon_e7 = unpack_i32(in, LON_MAX_E7);
	}
	if ((r->has & REPORT_HAS_SPEED) != 0)
		r->speed_ckmh = (uint16_t)unpack_uint(in, UINT16_MAX);
	if ((r->has & REPORT_HAS_COURSE) != 0)
		r->course_cdeg = (uint16_t)unpack_uint(in, 36000);
	if ((r->has & REPORT_HAS_ALTITUDE) != 0)
		r->altitude_dm = (int32_t)unpack_int(in, INT32_MIN, INT32_MAX);
	if ((r->has & REPORT_HAS_SATELLITES) != 0)
		r->satellites = (uint8_t)unpack_uint(in, 99);
	if ((r->has & REPORT_HAS_ACCURACY) != 0)
		r->accuracy_dm = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((r->has & REPORT_HAS_TA) != 0)
		r->ta = unpack_u8(in);
}

static void unpack_device(struct pack_in *in, struct report *r)
{
	if ((r->has & REPORT_HAS_SIGNAL) != 0)
		r->signal_percent = (uint8_t)unpack_uint(in, 100);
	if ((r->has & REPORT_HAS_BATTERY) != 0)
		r->battery_percent = (uint8_t)unpack_uint(in, 100);
	if ((r->has & REPORT_HAS_STEPS) != 0)
		r->steps = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((r->has & REPORT_HAS_ROLLS) != 0)
		r->rolls = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((r->has & REPORT_HAS_STATUS) != 0)
		r->status = (uint32_t)unpack_uint(in, UINT32_MAX);
}

static void unpack_health(struct pack_in *in, struct report *r)
{
	if ((r->has & REPORT_HAS_HEART) != 0)
		r->heart_bpm = unpack_u8(in);
	if ((r->has & REPORT_HAS_BLOOD_PRESSURE) != 0) {
		r->systolic_mmhg = (uint16_t)unpack_uint(in, UINT16_MAX);
		r->diastolic_mmhg = (uint16_t)unpack_uint(in, UINT16_MAX);
	}
	if ((r->has & REPORT_HAS_SPO2) != 0)
		r->spo2_permille = (uint16_t)unpack_uint(in, 1000);
	if ((r->has & REPORT_HAS_TEMPERATURE) != 0)
		r->temperature_cdeg = (int16_t)unpack_int(in, INT16_MIN, INT16_MAX);
}

static void unpack_rare(struct pack_in *in, struct report *r)
{
	if ((r->has & REPORT_HAS_MEASURE) != 0) {
		r->failures = (uint8_t)unpack_uint(in, REPORT_FAILED_ALL);
		r->measure_type = unpack_u8(in);
	}
	if ((r->has & REPORT_HAS_BODY) != 0) {
		r->body.height_cm = unpack_u8(in);
		r->body.age_years = unpack_u8(in);
		r->body.sex = (uint8_t)unpack_uint(in, SEX_FEMALE);
		r->body.weight_kg = (uint16_t)unpack_uint(in, 999);
	}
	if ((r->has & REPORT_HAS_ODOMETER) != 0) {
		r->distance = (uint32_t)unpack_uint(in, UINT32_MAX);
		r->calories = (uint32_t)unpack_uint(in, UINT32_MAX);
	}
}

/* One to three digits and NULs. */
static void unpack_mnc(struct pack_in *in, char ret[4])
{
	struct view v = unpack_bytes(in, 4);
	size_t n = 0;

	if (v.p == NULL)
		return;
	memcpy(ret, v.p, 4);
	while (n < 3 && ascii_is_digit(ret[n]))
		n++;
	for (size_t i = n; i < 4; i++)
		in->is_bad = in->is_bad || ret[i] != '\0';
	in->is_bad = in->is_bad || n == 0;
}

static void unpack_cells(struct pack_in *in, struct report *r)
{
	uint8_t n = (uint8_t)unpack_uint(in, REPORT_CELLS_MAX);
	uint16_t mcc = 0;
	char mnc[4] = "";

	for (size_t i = 0; i < n && !in->is_bad; i++) {
		struct cell *c = &r->cells[i];
		unsigned head = unpack_u8(in);
		bool is_same = (head & CELL_SAME_NETWORK) != 0;
		in->is_bad = in->is_bad || head > CELL_ALL || (is_same && i == 0);
		if (!is_same) {
			mcc = (uint16_t)unpack_uint(in, 999);
			unpack_mnc(in, mnc);
		}
		c->mcc = mcc;
		memcpy(c->mnc, mnc, sizeof c->mnc);
		c->lac = (uint32_t)unpack_uint(in, UINT32_MAX);
		c->cid = (uint32_t)unpack_uint(in, UINT32_MAX);
		c->has_rssi = (head & CELL_HAS_RSSI) != 0;
		c->rssi = c->has_rssi ? (int16_t)unpack_int(in, INT16_MIN, INT16_MAX) : 0;
	}
	r->cells_n = n;
}

static void unpack_wifi(struct pack_in *in, struct report *r)
{
	uint8_t n = (uint8_t)unpack_uint(in, REPORT_WIFI_MAX);

	for (size_t i = 0; i < n && !in->is_bad; i++) {
		struct wifi *w = &r->wifi[i];
		unsigned head = unpack_u8(in);
		struct view mac = unpack_bytes(in, sizeof w->mac);
		w->has_rssi = (head & WIFI_HAS_RSSI) != 0;
		w->rssi_dbm = w->has_rssi ? (int8_t)unpack_u8(in) : 0;
		w->ssid_n = (uint8_t)(head & WIFI_NAME);
		in->is_bad = in->is_bad || head > (WIFI_HAS_RSSI | WIFI_NAME) ||
			     w->ssid_n > REPORT_SSID_MAX;
		struct view name = unpack_bytes(in, w->ssid_n);
		if (in->is_bad)
			return;
		memcpy(w->mac, mac.p, sizeof w->mac);
		memcpy(w->ssid, name.p, name.n);
	}
	r->wifi_n = n;
}

static void unpack_cdma(struct pack_in *in, struct cdma *c)
{
	*c = (struct cdma){.has = unpack_u8(in)};
	in->is_bad = in->is_bad || c->has > CDMA_HAS_ALL;
	if ((c->has & CDMA_HAS_SID) != 0)
		c->sid = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((c->has & CDMA_HAS_NID) != 0)
		c->nid = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((c->has & CDMA_HAS_BID) != 0)
		c->bid = (uint32_t)unpack_uint(in, UINT32_MAX);
	if ((c->has & CDMA_HAS_SIGNAL) != 0)
		c->signal = (int16_t)unpack_int(in, INT16_MIN, INT16_MAX);
	if ((c->has & CDMA_HAS_NETWORK) != 0) {
		c->mcc = (uint16_t)unpack_uint(in, 999);
		unpack_mnc(in, c->mnc);
	}
}

static void unpack_words(struct pack_in *in, struct report *r)
{
	struct view keyword = unpack_bytes(in, unpack_uint(in, REPORT_KEYWORD_MAX));

	for (size_t i = 0; i < keyword.n; i++) {
		char c = keyword.p[i];
		in->is_bad =
			in->is_bad || (c != '_' && (!ascii_is_alnum(c) || ascii_upper(c) != c));
	}
	if (!in->is_bad && keyword.n > 0)
		memcpy(r->keyword, keyword.p, keyword.n);
	r->text = unpack_bytes(in, unpack_uint(in, REPORT_TEXT_MAX));
}

enum rc report_unpack(struct view packed, struct report *r, struct err *e)
{
	struct pack_in in = pack_in_of(packed);

	memset(r, 0, offsetof(struct report, cdma));
	in.is_bad = unpack_u8(&in) != REPORT_PACK_VERSION;
	r->kind = (enum report_kind)unpack_uint(&in, REPORT_KIND_COUNT - 1);
	r->error = (enum report_error)unpack_uint(&in, REPORT_ERROR_COUNT - 1);
	r->has = (uint32_t)unpack_uint(&in, REPORT_HAS_ALL);
	r->alarms = (uint16_t)unpack_uint(&in, ALARMS_ALL);
	bool has_source = unpack_marks(&in, r);
	r->flags = (uint16_t)unpack_uint(&in, FLAGS_ALL);
	if (has_source) {
		r->source = (enum report_source)unpack_uint(&in, REPORT_SOURCE_COUNT - 1);
		in.is_bad = in.is_bad || r->source == REPORT_SOURCE_GPS;
	}
	if (r->is_time_alternative && (r->has & REPORT_HAS_TIME) == 0)
		in.is_bad = true;
	if ((r->has & REPORT_HAS_POINT) != 0 && (r->has & REPORT_HAS_ZERO_POINT) != 0)
		in.is_bad = true;
	unpack_place(&in, r);
	unpack_device(&in, r);
	unpack_health(&in, r);
	if (r->has >= REPORT_HAS_MEASURE)
		unpack_rare(&in, r);
	unpack_cells(&in, r);
	unpack_wifi(&in, r);
	if ((r->has & REPORT_HAS_CDMA) != 0)
		unpack_cdma(&in, &r->cdma);
	unpack_words(&in, r);
	if (!unpack_is_done(&in))
		return fail(e, RC_SYNTAX, "report: damaged after packing (%zu bytes)", packed.n);
	return RC_OK;
}
