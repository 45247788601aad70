#include "app/decode_json.h"

#include "base/time_text.h"
#include "watch/media_part.h"
#include "watch/reply.h"
#include "watch/report_detail.h"

enum { RAW_SHOWN = 120, STATUS_DIGITS = 8, MAC_BYTES = 6, TIME_SECONDS = 19 };

static const char hex_upper[] = "0123456789ABCDEF";
static const char hex_lower[] = "0123456789abcdef";

static bool has(const struct report *r, uint32_t bit)
{
	return (r->has & bit) != 0;
}

/* ---- position ---- */

static void put_time(struct json_out *j, const struct report *r, int64_t at_ms)
{
	char text[TIME_TEXT];
	bool is_unset = false;

	if (!has(r, REPORT_HAS_TIME))
		return;
	int64_t time_ms = report_time_ms(r, at_ms, &is_unset);
	if (is_unset) /* shown as it was sent */
		time_ms = r->time_ms;
	time_to_text(time_ms, text);
	text[TIME_SECONDS] = 'Z'; /* watches send whole seconds */
	json_text(j, "time", (struct view){.p = text, .n = TIME_SECONDS + 1});
	if (r->is_time_local)
		json_bool(j, "time_is_local", true);
	if (is_unset)
		json_bool(j, "clock_unset", true);
}

static void put_place(struct json_out *j, const struct report *r)
{
	if (has(r, REPORT_HAS_VALIDITY))
		json_bool(j, "valid", r->is_valid);
	if (has(r, REPORT_HAS_POINT | REPORT_HAS_ZERO_POINT)) {
		json_decimal(j, "lat", r->lat_e7, 7);
		json_decimal(j, "lon", r->lon_e7, 7);
		if (r->is_hemisphere_unknown)
			json_bool(j, "hemisphere_unknown", true);
	}
	if (has(r, REPORT_HAS_SPEED))
		json_decimal(j, "speed_kmh", r->speed_ckmh, 2);
	if (has(r, REPORT_HAS_COURSE))
		json_decimal(j, "course_deg", r->course_cdeg, 2);
	if (has(r, REPORT_HAS_ALTITUDE))
		json_decimal(j, "altitude_m", r->altitude_dm, 1);
	if (has(r, REPORT_HAS_SATELLITES))
		json_int(j, "satellites", r->satellites);
}

static void put_device(struct json_out *j, const struct report *r)
{
	if (has(r, REPORT_HAS_SIGNAL))
		json_int(j, "signal_percent", r->signal_percent);
	if (has(r, REPORT_HAS_BATTERY))
		json_int(j, "battery_percent", r->battery_percent);
	if (r->is_battery_unsure)
		json_bool(j, "battery_unsure", true);
	if (has(r, REPORT_HAS_STEPS))
		json_int(j, "steps", r->steps);
	if (has(r, REPORT_HAS_ROLLS))
		json_int(j, "rolls", r->rolls);
}

static void put_status(struct json_out *j, const struct report *r)
{
	char digits[STATUS_DIGITS];

	if (has(r, REPORT_HAS_STATUS)) {
		for (size_t i = 0; i < STATUS_DIGITS; i++)
			digits[i] = hex_upper[r->status >> (28 - 4 * i) & 15];
		json_text(j, "status", (struct view){.p = digits, .n = sizeof digits});
	}
	json_array(j, "flags");
	for (unsigned bit = 1; bit <= r->flags; bit <<= 1) {
		if ((r->flags & bit) != 0)
			json_text(j, NULL, view_of(report_flag_name((enum report_flag)bit)));
	}
	json_end(j);
	json_array(j, "alarms");
	for (unsigned bit = 1; bit < REPORT_ALARM_UNKNOWN; bit <<= 1) {
		if ((r->alarms & bit) != 0)
			json_text(j, NULL, view_of(report_alarm_name((enum report_alarm)bit)));
	}
	json_end(j);
}

static void put_cells(struct json_out *j, const struct report *r)
{
	json_array(j, "cells");
	for (size_t i = 0; i < r->cells_n; i++) {
		const struct cell *c = &r->cells[i];
		json_object(j, NULL);
		json_int(j, "mcc", c->mcc);
		json_text(j, "mnc", view_of(c->mnc));
		json_int(j, "lac", c->lac);
		json_int(j, "cid", c->cid);
		if (c->has_rssi)
			json_int(j, "rssi", c->rssi);
		json_end(j);
	}
	json_end(j);
	if (has(r, REPORT_HAS_TA))
		json_int(j, "ta", r->ta);
}

static void put_cdma(struct json_out *j, const struct cdma *c)
{
	json_object(j, "cdma");
	if ((c->has & CDMA_HAS_NETWORK) != 0) {
		json_int(j, "mcc", c->mcc);
		json_text(j, "mnc", view_of(c->mnc));
	}
	if ((c->has & CDMA_HAS_SID) != 0)
		json_int(j, "sid", c->sid);
	if ((c->has & CDMA_HAS_NID) != 0)
		json_int(j, "nid", c->nid);
	if ((c->has & CDMA_HAS_BID) != 0)
		json_int(j, "bid", c->bid);
	if ((c->has & CDMA_HAS_SIGNAL) != 0)
		json_int(j, "signal", c->signal);
	json_end(j);
}

static void put_mac(struct json_out *j, const uint8_t mac[MAC_BYTES])
{
	char text[MAC_BYTES * 3];

	for (size_t i = 0; i < MAC_BYTES; i++) {
		text[3 * i] = hex_lower[mac[i] >> 4];
		text[3 * i + 1] = hex_lower[mac[i] & 15];
		text[3 * i + 2] = ':';
	}
	json_text(j, "mac", (struct view){.p = text, .n = sizeof text - 1});
}

static void put_wifi(struct json_out *j, const struct report *r)
{
	json_array(j, "wifi");
	for (size_t i = 0; i < r->wifi_n; i++) {
		const struct wifi *w = &r->wifi[i];
		json_object(j, NULL);
		json_text(j, "ssid", (struct view){.p = w->ssid, .n = w->ssid_n});
		put_mac(j, w->mac);
		if (w->has_rssi)
			json_int(j, "rssi", w->rssi_dbm);
		json_end(j);
	}
	json_end(j);
}

static void put_position(struct json_out *j, const struct report *r, int64_t at_ms)
{
	put_time(j, r, at_ms);
	put_place(j, r);
	put_device(j, r);
	put_status(j, r);
	put_cells(j, r);
	if (has(r, REPORT_HAS_CDMA))
		put_cdma(j, &r->cdma);
	put_wifi(j, r);
	if (has(r, REPORT_HAS_ACCURACY))
		json_decimal(j, "accuracy_m", r->accuracy_dm, 1);
}

/* ---- the rest ---- */

static void put_failures(struct json_out *j, const struct report *r)
{
	static const struct {
		enum report_failure bit;
		const char *name;
	} names[] = {
		{REPORT_FAILED_HEART, "heart_rate"},
		{REPORT_FAILED_BLOOD_PRESSURE, "blood_pressure"},
		{REPORT_FAILED_SPO2, "spo2"},
		{REPORT_FAILED_TEMPERATURE, "temperature"},
		{REPORT_FAILED_TOO_LOW, "too_low"},
		{REPORT_FAILED_TOO_HIGH, "too_high"},
	};

	if (r->measure_type != MEASURE_UNKNOWN)
		json_int(j, "measure_type", r->measure_type);
	if (r->failures == 0)
		return;
	json_array(j, "failed");
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if ((r->failures & names[i].bit) != 0)
			json_text(j, NULL, view_of(names[i].name));
	}
	json_end(j);
}

/* As it was set up on the watch. */
static void put_body(struct json_out *j, const struct report_body *b)
{
	if (b->height_cm != 0)
		json_int(j, "height_cm", b->height_cm);
	if (b->sex != SEX_UNKNOWN)
		json_text(j, "sex", b->sex == SEX_MALE ? VIEW("male") : VIEW("female"));
	if (b->age_years != 0)
		json_int(j, "age_years", b->age_years);
	if (b->weight_kg != 0)
		json_int(j, "weight_kg", b->weight_kg);
}

static void put_health(struct json_out *j, const struct report *r)
{
	if (has(r, REPORT_HAS_HEART))
		json_int(j, "heart_rate_bpm", r->heart_bpm);
	if (has(r, REPORT_HAS_BLOOD_PRESSURE)) {
		json_int(j, "systolic_mmhg", r->systolic_mmhg);
		json_int(j, "diastolic_mmhg", r->diastolic_mmhg);
	}
	if (has(r, REPORT_HAS_SPO2))
		json_decimal(j, "spo2_percent", r->spo2_permille, 1);
	if (has(r, REPORT_HAS_TEMPERATURE))
		json_decimal(j, "temperature_c", r->temperature_cdeg, 2);
	if (has(r, REPORT_HAS_MEASURE))
		put_failures(j, r);
	if (has(r, REPORT_HAS_BODY))
		put_body(j, &r->body);
	if (has(r, REPORT_HAS_ODOMETER)) {
		json_int(j, "distance", r->distance);
		json_int(j, "calories", r->calories);
	}
}

static void put_call(struct json_out *j, const struct report *r)
{
	struct report_call c;
	char text[TIME_TEXT];

	if (!report_call(r, &c))
		return;
	time_to_text(c.started_ms, text);
	text[TIME_SECONDS] = 'Z';
	json_object(j, "call");
	json_text(j, "number", view_of(c.number));
	json_text(j, "name", view_of(c.name));
	json_text(j, "direction", c.is_outgoing ? VIEW("out") : VIEW("in"));
	json_bool(j, "connected", c.is_connected);
	json_text(j, "started", (struct view){.p = text, .n = TIME_SECONDS + 1});
	json_int(j, "duration_s", c.duration_s);
	json_end(j);
}

static void put_networks(struct json_out *j, const struct report *r)
{
	static struct report_network networks[REPORT_NETWORKS_MAX];
	size_t n = report_networks(r, networks, COUNT_OF(networks));

	if (n == 0)
		return;
	json_array(j, "networks");
	for (size_t i = 0; i < n; i++) {
		const struct report_network *w = &networks[i];
		json_object(j, NULL);
		if (w->id[0] != '\0')
			json_text(j, "id", view_of(w->id));
		json_text(j, "ssid", (struct view){.p = w->ssid, .n = w->ssid_n});
		if (w->has_mac)
			put_mac(j, w->mac);
		json_end(j);
	}
	json_end(j);
}

static void put_levels(struct json_out *j, const struct report_config *c)
{
	if ((c->has & CONFIG_HAS_PILLS) != 0)
		json_int(j, "pills", c->pills);
	if ((c->has & CONFIG_HAS_FALL_LEVELS) != 0) {
		json_int(j, "fall_level", c->fall_level);
		json_int(j, "fall_levels", c->fall_levels);
	}
	if ((c->has & CONFIG_HAS_BOOK) != 0)
		json_int(j, "book_entries", c->book_entries);
	if ((c->has & CONFIG_HAS_THERMOMETER) != 0)
		json_int(j, "thermometer", c->thermometer);
	if ((c->has & CONFIG_HAS_ANSWER_MODE) != 0)
		json_int(j, "answer_mode", c->answer_mode);
	if ((c->has & CONFIG_HAS_LANGUAGES) == 0)
		return;
	json_array(j, "languages");
	for (unsigned i = 0; i <= REPORT_LANGUAGES_MAX; i++) {
		if ((c->languages >> i & 1) != 0)
			json_int(j, NULL, i);
	}
	json_end(j);
}

static void put_config(struct json_out *j, const struct report *r)
{
	struct report_config c;

	if (!report_config(r, &c))
		return;
	const struct {
		enum config_has bit;
		const char *name;
		bool value;
	} switches[] = {
		{CONFIG_HAS_CAMERA, "camera", c.has_camera},
		{CONFIG_HAS_TEMPERATURE_TIMES, "temperature_times", c.has_temperature_times},
		{CONFIG_HAS_TEMPERATURE_LIMITS, "temperature_limits", c.has_temperature_limits},
		{CONFIG_HAS_HEART, "heart", c.has_heart},
		{CONFIG_HAS_OXYGEN, "oxygen", c.has_oxygen},
		{CONFIG_HAS_VIDEO, "video", c.has_video},
		{CONFIG_HAS_EDUCATION, "education", c.has_education},
	};
	json_object(j, "config");
	if ((c.has & CONFIG_HAS_UPLOAD) != 0)
		json_int(j, "upload_s", c.upload_s);
	for (size_t i = 0; i < COUNT_OF(switches); i++) {
		if ((c.has & switches[i].bit) != 0)
			json_bool(j, switches[i].name, switches[i].value);
	}
	put_levels(j, &c);
	json_end(j);
}

static void put_media(struct json_out *j, const struct frame *f)
{
	static const char *const kinds[MEDIA_PART_COUNT] = {[MEDIA_PART_PICTURE] = "picture",
		[MEDIA_PART_VOICE] = "voice",
		[MEDIA_PART_CHUNK] = "voice part"};
	struct media_part part;
	size_t n = 0;

	if (!media_part_read(f, &part))
		return;
	for (size_t i = 0; i < part.payload.n; i++)
		n += part.payload.p[i] != '}'; /* each escaped byte is a pair */
	json_object(j, "media");
	json_text(j, "kind", view_of(kinds[part.kind]));
	if (part.kind == MEDIA_PART_PICTURE)
		json_int(j, "origin", part.origin);
	if (part.kind == MEDIA_PART_CHUNK) {
		json_text(j, "name", part.name);
		json_int(j, "chunk", part.chunk);
		json_int(j, "chunks", part.chunks);
	}
	json_int(j, "bytes", (int64_t)n);
	json_end(j);
}

static void put_details(struct json_out *j, const struct report *r)
{
	const char *request = report_request_name(report_request(r));

	if (request != NULL)
		json_text(j, "request", view_of(request));
	put_call(j, r);
	put_networks(j, r);
	put_config(j, r);
}

static void put_facts(struct json_out *j, const struct report *r)
{
	static const char *const names[REPORT_FACT_COUNT] = {
		[REPORT_FACT_IMEI] = "imei",
		[REPORT_FACT_ICCID] = "iccid",
		[REPORT_FACT_IMSI] = "imsi",
		[REPORT_FACT_OPERATOR] = "operator",
		[REPORT_FACT_EID] = "eid",
		[REPORT_FACT_PROTOCOL] = "protocol",
		[REPORT_FACT_VERSION] = "version",
		[REPORT_FACT_MODEL] = "model",
		[REPORT_FACT_BOOK_SIZE] = "book_size",
		[REPORT_FACT_CENTER] = "center",
		[REPORT_FACT_SLAVE] = "slave",
		[REPORT_FACT_PASSWORD] = "password",
	};
	struct view value;

	for (size_t i = 0; i < REPORT_FACT_COUNT; i++) {
		if (report_fact(r, (enum report_fact)i, &value))
			json_text(j, names[i], value);
	}
	if (r->text.p != NULL)
		json_text(j, "text", r->text);
}

/* The answer of a server that knows the watch and keeps what it sends. */
static void put_reply(
	struct json_out *j, const struct frame *f, const struct report *r, int64_t at_ms)
{
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};
	struct reply reply;
	char frame[REPLY_FRAME_MAX];
	size_t n = 0;

	reply_for(f, r, &reply);
	if (reply.kind == REPLY_TIME)
		reply.number = at_ms / 1000;
	if (reply.kind == REPLY_BOUND || reply.kind == REPLY_TK || reply.kind == REPLY_TK2)
		reply.number = 1;
	if (reply.kind != REPLY_NONE &&
		reply_write(&reply, &to, frame, sizeof frame, &n, NULL) == RC_OK)
		json_text(j, "reply", (struct view){.p = frame, .n = n});
}

void decode_json_frame(struct json_out *j, const struct frame *f, int64_t at_ms)
{
	struct report r;

	report_read(f, &r);
	json_object(j, NULL);
	json_text(j, "vendor", f->vendor);
	json_text(j, "id", f->id);
	if (f->index.n > 0)
		json_text(j, "index", f->index);
	if (f->signature.n > 0)
		json_text(j, "signature", f->signature);
	if (f->keyword.n > 0)
		json_text(j, "keyword", f->keyword);
	json_bool(j, "length_ok", f->is_length_ok);
	json_text(j, "kind", view_of(report_kind_name(r.kind)));
	if (r.kind == REPORT_POSITION || r.kind == REPORT_ALARM)
		put_position(j, &r, at_ms);
	else
		put_device(j, &r);
	put_health(j, &r);
	put_facts(j, &r);
	put_details(j, &r);
	if (r.kind == REPORT_MEDIA)
		put_media(j, f);
	if (r.is_stored)
		json_bool(j, "stored", true);
	put_reply(j, f, &r, at_ms);
	if (r.error != REPORT_FINE)
		json_text(j, "error", view_of(report_error_text(r.error)));
	json_end(j);
}

void decode_json_error(struct json_out *j, struct view raw, struct view error)
{
	json_object(j, NULL);
	json_text(j, "kind", VIEW("error"));
	json_text(j, "error", error);
	json_int(j, "bytes", (int64_t)raw.n);
	if (raw.n > RAW_SHOWN)
		raw.n = RAW_SHOWN;
	json_text(j, "raw", raw);
	json_end(j);
}
