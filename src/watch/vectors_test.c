/* Every line of tests/data/frames.jsonl: what it means, what is answered, what bad ones do; and
 * that splitting and merging changes nothing. */
#include "unit.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/time_text.h"
#include "watch/command.h"
#include "watch/report_pack.h"
#include "watch/watch_kit.h"

enum { LINES_MAX = 400, FRAME_BYTES = 5000 };

struct vector {
	json_t *json;
	char bytes[FRAME_BYTES];
	size_t n;
	bool is_up, is_invalid, is_stream;
};

static struct vector vectors[LINES_MAX];
static size_t vectors_n;

/* ---- loading ---- */

static size_t unhex(const char *hex, char *dst)
{
	size_t n = strlen(hex) / 2;

	assert_true(n < FRAME_BYTES);
	for (size_t i = 0; i < n; i++) {
		int high = ascii_hex(hex[2 * i]);
		int low = ascii_hex(hex[2 * i + 1]);
		assert_true(high >= 0 && low >= 0);
		dst[i] = (char)(high << 4 | low);
	}
	return n;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void load_line(const char *line, struct vector *v)
{
	json_error_t error;

	v->json = json_loads(line, JSON_ALLOW_NUL, &error);
	assert_non_null(v->json);
	const json_t *stream = json_object_get(v->json, "stream");
	const json_t *frame = stream != NULL ? stream : json_object_get(v->json, "frame");
	if (json_is_string(frame)) {
		v->n = json_string_length(frame);
		assert_true(v->n < FRAME_BYTES);
		memcpy(v->bytes, json_string_value(frame), v->n);
	} else {
		v->n = unhex(text_of(v->json, "hex"), v->bytes);
	}
	v->is_stream = stream != NULL;
	v->is_invalid = is_true(v->json, "invalid");
	v->is_up = strcmp(text_of(v->json, "dir"), "up") == 0;
}

static int load(void **state)
{
	const char *root = secure_getenv("KINWARD_SOURCE_DIR");
	char path[4096];
	char *line = NULL;
	size_t size = 0;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/tests/data/frames.jsonl", root == NULL ? "." : root);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while (getline(&line, &size, file) > 0) {
		assert_true(vectors_n < LINES_MAX);
		load_line(line, &vectors[vectors_n++]);
	}
	free(line);
	(void)fclose(file);
	assert_int_equal(vectors_n, 340);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	for (size_t i = 0; i < vectors_n; i++)
		json_decref(vectors[i].json);
	return 0;
}

static struct view view_of_vector(const struct vector *v)
{
	return (struct view){.p = v->bytes, .n = v->n};
}

/* ---- meaning ---- */

/* A number of `means`: absent in the report when it is null or not there. */
static void check_number(const json_t *means, const char *key, bool is_there, double value)
{
	const json_t *wanted = json_object_get(means, key);

	if (!json_is_number(wanted))
		return;
	if (!is_there || fabs(json_number_value(wanted) - value) > 1e-9)
		fail_msg("%s is %s %.8f, not %.8f", key, is_there ? "there as" : "absent", value,
			json_number_value(wanted));
}

static void check_place(const json_t *means, const struct report *r)
{
	char text[TIME_TEXT];
	const char *when = text_of(means, "time");
	bool has_point = (r->has & (REPORT_HAS_POINT | REPORT_HAS_ZERO_POINT)) != 0;

	if (when != NULL) {
		assert_true((r->has & REPORT_HAS_TIME) != 0);
		time_to_text(r->time_ms, text);
		assert_memory_equal(text, when, 19);
	}
	if (json_object_get(means, "valid") != NULL)
		assert_int_equal(r->is_valid, is_true(means, "valid"));
	check_number(means, "lat", has_point, r->lat_e7 / 1e7);
	check_number(means, "lon", has_point, r->lon_e7 / 1e7);
	check_number(means, "speed_kmh", (r->has & REPORT_HAS_SPEED) != 0, r->speed_ckmh / 100.0);
	check_number(means, "course", (r->has & REPORT_HAS_COURSE) != 0, r->course_cdeg / 100.0);
	check_number(
		means, "altitude_m", (r->has & REPORT_HAS_ALTITUDE) != 0, r->altitude_dm / 10.0);
	check_number(means, "satellites", (r->has & REPORT_HAS_SATELLITES) != 0, r->satellites);
	const json_t *accuracy = json_object_get(means, "accuracy_m");
	if (accuracy != NULL)
		assert_int_equal(
			(r->has & REPORT_HAS_ACCURACY) != 0, json_number_value(accuracy) > 0);
	if (json_number_value(accuracy) > 0)
		check_number(means, "accuracy_m", true, r->accuracy_dm / 10.0);
}

static void check_device(const json_t *means, const struct report *r)
{
	check_number(means, "gsm_pct", (r->has & REPORT_HAS_SIGNAL) != 0, r->signal_percent);
	check_number(means, "battery_pct", (r->has & REPORT_HAS_BATTERY) != 0, r->battery_percent);
	check_number(means, "steps", (r->has & REPORT_HAS_STEPS) != 0, r->steps);
	check_number(means, "tumbles", (r->has & REPORT_HAS_ROLLS) != 0, r->rolls);
	check_number(means, "heart_rate", (r->has & REPORT_HAS_HEART) != 0, r->heart_bpm);
	check_number(
		means, "systolic", (r->has & REPORT_HAS_BLOOD_PRESSURE) != 0, r->systolic_mmhg);
	check_number(
		means, "diastolic", (r->has & REPORT_HAS_BLOOD_PRESSURE) != 0, r->diastolic_mmhg);
	check_number(means, "spo2", (r->has & REPORT_HAS_SPO2) != 0, r->spo2_permille / 10.0);
	check_number(means, "temperature_c", (r->has & REPORT_HAS_TEMPERATURE) != 0,
		r->temperature_cdeg / 100.0);
}

static bool lists(const json_t *array, const char *name)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (strcmp(json_string_value(json_array_get(array, i)), name) == 0)
			return true;
	}
	return false;
}

static void check_status(const json_t *means, const struct report *r)
{
	static const struct {
		const char *name;
		unsigned alarm, flag;
	} words[] = {
		{"sos", REPORT_ALARM_SOS, 0},
		{"fall", REPORT_ALARM_FALL, 0},
		{"fall_or_heart", REPORT_ALARM_HEART_RATE, 0},
		{"taken_off", REPORT_ALARM_REMOVED, REPORT_FLAG_OFF_WRIST},
		{"out_of_fence", REPORT_ALARM_LEFT_PLACE, REPORT_FLAG_OUTSIDE_FENCE},
		{"in_fence", REPORT_ALARM_ENTERED_PLACE, REPORT_FLAG_INSIDE_FENCE},
		{"low_battery", REPORT_ALARM_LOW_BATTERY, REPORT_FLAG_LOW_BATTERY},
		{"still", 0, REPORT_FLAG_STILL},
	};
	const json_t *alarms = json_object_get(means, "alarms");
	const json_t *state = json_object_get(means, "state");
	const char *status = text_of(means, "status");

	if (status == NULL)
		return;
	assert_int_equal(r->status, strtoul(status, NULL, 16));
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (words[i].alarm != 0)
			assert_int_equal(
				(r->alarms & words[i].alarm) != 0, lists(alarms, words[i].name));
		if (words[i].flag != 0)
			assert_int_equal(
				(r->flags & words[i].flag) != 0, lists(state, words[i].name));
	}
}

static void check_cells(const json_t *means, const struct report *r)
{
	const json_t *cells = json_object_get(means, "cells");

	if (cells == NULL)
		return;
	assert_int_equal(r->cells_n, json_array_size(cells));
	for (size_t i = 0; i < r->cells_n; i++) {
		const json_t *wanted = json_array_get(cells, i);
		const struct cell *c = &r->cells[i];
		assert_string_equal(c->mnc, text_of(wanted, "mnc"));
		check_number(wanted, "mcc", true, c->mcc);
		check_number(wanted, "lac", true, c->lac);
		check_number(wanted, "cid", true, c->cid);
		check_number(wanted, "rssi", c->has_rssi, c->rssi);
	}
}

static void check_wifi(const json_t *means, const struct report *r)
{
	const json_t *wifi = json_object_get(means, "wifi");

	if (wifi == NULL)
		return;
	assert_int_equal(r->wifi_n, json_array_size(wifi));
	for (size_t i = 0; i < r->wifi_n; i++) {
		const json_t *wanted = json_array_get(wifi, i);
		const struct wifi *w = &r->wifi[i];
		char mac[18];
		(void)snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", w->mac[0],
			w->mac[1], w->mac[2], w->mac[3], w->mac[4], w->mac[5]);
		assert_string_equal(mac, text_of(wanted, "mac"));
		assert_true(view_is((struct view){.p = w->ssid, .n = w->ssid_n},
			view_of(text_of(wanted, "ssid"))));
		check_number(wanted, "rssi", w->has_rssi, w->rssi_dbm);
	}
}

static void check_cdma(const json_t *means, const struct report *r)
{
	const json_t *cdma = json_object_get(means, "cdma");

	if (cdma == NULL)
		return;
	assert_true((r->has & REPORT_HAS_CDMA) != 0);
	const struct cdma *c = &r->cdma;
	check_number(cdma, "sid", (c->has & CDMA_HAS_SID) != 0, c->sid);
	check_number(cdma, "nid", (c->has & CDMA_HAS_NID) != 0, c->nid);
	check_number(cdma, "bid", (c->has & CDMA_HAS_BID) != 0, c->bid);
	check_number(cdma, "signal", (c->has & CDMA_HAS_SIGNAL) != 0, c->signal);
	check_number(cdma, "mcc", (c->has & CDMA_HAS_NETWORK) != 0, c->mcc);
}

static void check_fact(const json_t *means, const struct report *r)
{
	static const char *const names[REPORT_FACT_COUNT] = {[REPORT_FACT_IMEI] = "imei",
		[REPORT_FACT_ICCID] = "iccid",
		[REPORT_FACT_VERSION] = "version",
		[REPORT_FACT_MODEL] = "model"};

	for (size_t i = 0; i < REPORT_FACT_COUNT; i++) {
		const char *wanted = text_of(means, names[i]);
		struct view found;
		if (wanted == NULL || wanted[0] == '\0')
			continue;
		assert_true(report_fact(r, (enum report_fact)i, &found));
		assert_true(view_is(found, view_of(wanted)));
	}
}

/* ---- answers ---- */

/* Keywords whose answer is data that we do not have yet ("or nothing"), and the clock. */
static bool has_own_answer(const char *keyword)
{
	static const char *const data[] = {"PP", "PHLQ", "SOSQ", "REMINDQ", "TIME"};

	for (size_t i = 0; i < COUNT_OF(data); i++) {
		if (strcmp(keyword, data[i]) == 0)
			return true;
	}
	return false;
}

static void write_reply(const struct frame *f, struct reply *reply, char *text, size_t size)
{
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};
	size_t n = 0;

	text[0] = '\0';
	if (reply->kind == REPLY_NONE)
		return;
	if (reply->kind == REPLY_TK || reply->kind == REPLY_BOUND)
		reply->number = 1;
	assert_int_equal(reply_write(reply, &to, text, size - 1, &n, NULL), RC_OK);
	text[n] = '\0';
}

static bool is_wanted(const json_t *v, const char *text)
{
	const char *reply = text_of(v, "reply");
	const json_t *others = json_object_get(v, "reply_alt");

	return strcmp(text, reply == NULL ? "" : reply) == 0 || lists(others, text);
}

static void check_reply(const struct vector *v, const struct frame *f, const struct report *r)
{
	struct reply reply;
	struct reply other;
	char text[REPLY_FRAME_MAX];

	if (has_own_answer(text_of(json_object_get(v->json, "means"), "type")))
		return;
	reply_for(f, r, &reply);
	write_reply(f, &reply, text, sizeof text);
	if (!is_wanted(v->json, text))
		fail_msg("answer %s to %.*s", text, (int)f->whole.n, f->whole.p);
	if (json_object_get(v->json, "reply_alt") != NULL && reply.kind == REPLY_STATUS) {
		assert_true(reply_other_form(&reply, &other));
		write_reply(f, &other, text, sizeof text);
		assert_true(is_wanted(v->json, text));
	}
}

static void check_pack(const struct report *r)
{
	uint8_t packed[REPORT_PACK_MAX];
	struct report again;
	size_t n = 0;

	assert_int_equal(report_pack(r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_int_equal(
		report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL),
		RC_OK);
	kit_assert_same_report(r, &again);
}

static void every_report_means_what_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		const struct vector *v = &vectors[i];
		if (!v->is_up || v->is_invalid || v->is_stream)
			continue;
		const json_t *means = json_object_get(v->json, "means");
		const char *index = text_of(means, "index");
		struct frame f = kit_frame(view_of_vector(v));
		struct report r;
		report_read(&f, &r);
		assert_true(view_is(f.vendor, view_of(text_of(means, "vendor"))));
		assert_true(view_is(f.id, view_of(text_of(means, "id"))));
		assert_true(view_is(f.index, view_of(index == NULL ? "" : index)));
		assert_true(view_is(f.keyword, view_of(text_of(means, "type"))));
		assert_int_equal(f.is_length_ok, is_true(v->json, "length_ok"));
		assert_int_equal(r.error, REPORT_FINE);
		assert_int_equal(r.is_stored, view_starts_nocase(f.keyword, VIEW("UD2")));
		if (text_of(means, "ack_of") != NULL)
			assert_int_equal(r.kind, REPORT_ANSWER);
		check_place(means, &r);
		check_device(means, &r);
		check_status(means, &r);
		check_cells(means, &r);
		check_wifi(means, &r);
		check_cdma(means, &r);
		check_fact(means, &r);
		check_reply(v, &f, &r);
		check_pack(&r);
	}
}

/* ---- invalid ones ---- */

/* The report of an invalid line, when its framing gives one. */
static bool read_invalid(
	const struct vector *v, struct frame *f, struct report *r, struct frame_scan *scan)
{
	struct view in = view_of_vector(v);

	if (frame_read(&in, true, f, scan, NULL) != RC_OK)
		return false;
	report_read(f, r);
	return true;
}

static void check_invalid(const struct vector *v, const char *action)
{
	struct frame_scan scan = {.junk = 0};
	struct frame f;
	struct report r;
	struct reply reply = {.kind = REPLY_NONE};
	bool is_frame = read_invalid(v, &f, &r, &scan);

	if (is_frame)
		reply_for(&f, &r, &reply);
	if (strcmp(action, "close") == 0) {
		assert_int_not_equal(scan.foreign, FOREIGN_NONE);
	} else if (strcmp(action, "drop") == 0) {
		assert_true(!is_frame || r.kind == REPORT_ERROR);
		assert_int_equal(reply.kind, REPLY_NONE);
	} else if (strcmp(action, "wait_then_drop") == 0 || strcmp(action, "skip_to_next") == 0) {
		assert_false(is_frame);
	} else if (strcmp(action, "accept_by_brackets") == 0) {
		assert_true(is_frame && !f.is_length_ok && reply.kind == REPLY_LK);
	} else if (strcmp(action, "answer_only") == 0) {
		assert_true(is_frame && r.is_partial && reply.kind != REPLY_NONE);
		assert_int_equal(
			r.has & (REPORT_HAS_BATTERY | REPORT_HAS_SPO2 | REPORT_HAS_HEART |
					REPORT_HAS_BLOOD_PRESSURE | REPORT_HAS_TEMPERATURE),
			0);
	} else {
		assert_string_equal(action, "partial");
		assert_true(is_frame && r.kind != REPORT_ERROR);
		if (f.keyword.p[0] == 'A') {
			assert_int_equal(r.kind, REPORT_ALARM);
			assert_int_not_equal(r.alarms, 0);
			assert_int_equal(reply.kind, REPLY_AL);
		}
	}
}

static void every_invalid_line_does_what_it_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		if (vectors[i].is_invalid)
			check_invalid(&vectors[i], text_of(vectors[i].json, "action"));
	}
}

static void the_connection_lives_on_after_every_bad_frame(void **state)
{
	static const char lk[] = "[3G*8800000015*0002*LK]";

	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		const struct vector *v = &vectors[i];
		char text[FRAME_BYTES + sizeof lk];
		struct kit_events k;
		if (!v->is_invalid || strcmp(text_of(v->json, "action"), "close") == 0)
			continue;
		memcpy(text, v->bytes, v->n);
		memcpy(text + v->n, lk, sizeof lk);
		kit_feed_whole((struct view){.p = text, .n = v->n + sizeof lk - 1}, &k);
		assert_true(k.n > 0);
		assert_int_equal(k.e[k.n - 1].rc, RC_OK);
		assert_int_equal(k.e[k.n - 1].n, sizeof lk - 1);
	}
}

/* ---- splitting and merging ---- */

static void streams_give_their_frames(void **state)
{
	size_t streams = 0;

	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		const struct vector *v = &vectors[i];
		const json_t *frames = json_object_get(v->json, "frames");
		struct kit_events k;
		if (!v->is_stream)
			continue;
		kit_feed_whole(view_of_vector(v), &k);
		assert_int_equal(k.n, json_array_size(frames));
		for (size_t j = 0; j < k.n; j++)
			assert_true(view_is((struct view){.p = v->bytes + k.e[j].at, .n = k.e[j].n},
				view_of(json_string_value(json_array_get(frames, j)))));
		streams++;
	}
	assert_int_equal(streams, 4);
}

static void no_split_changes_what_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		struct view stream = view_of_vector(&vectors[i]);
		struct kit_events whole;
		struct kit_events parts;
		kit_feed_whole(stream, &whole);
		kit_feed_bytes(stream, &parts);
		kit_assert_same(&whole, &parts, stream);
		for (size_t cut = 1; cut < stream.n; cut++) {
			size_t cuts[] = {cut, stream.n};
			kit_feed(stream, cuts, COUNT_OF(cuts), &parts);
			kit_assert_same(&whole, &parts, stream);
		}
	}
}

/* Frames in one stream, `per_stream` at a time, starting at each; all must be found, whatever their
 * lengths claim. */
static void check_merged(const size_t *good, size_t good_n, size_t per_stream)
{
	static char text[16 * FRAME_BYTES];

	for (size_t from = 0; from + per_stream <= good_n; from++) {
		struct view stream = {.p = text};
		struct kit_events whole;
		struct kit_events bytes;
		for (size_t i = 0; i < per_stream; i++) {
			const struct vector *v = &vectors[good[from + i]];
			memcpy(text + stream.n, v->bytes, v->n);
			stream.n += v->n;
		}
		kit_feed_whole(stream, &whole);
		if (per_stream < 4) {
			kit_feed_bytes(stream, &bytes);
			kit_assert_same(&whole, &bytes, stream);
		}
		if (whole.n != per_stream)
			fail_msg("%zu frames of %zu: %.*s", whole.n, per_stream, (int)stream.n,
				text);
		for (size_t i = 0; i < per_stream; i++)
			assert_int_equal(whole.e[i].n, vectors[good[from + i]].n);
	}
}

static void merged_frames_are_all_found(void **state)
{
	size_t good[LINES_MAX];
	size_t good_n = 0;

	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		if (!vectors[i].is_invalid && !vectors[i].is_stream)
			good[good_n++] = i;
	}
	for (size_t n = 2; n <= 12; n++)
		check_merged(good, good_n, n);
}

/* Two wrong lengths behind one another can point at each other's brackets: nothing can tell then.
 */
static bool is_good_pair(const struct vector *a, const struct vector *b)
{
	if (a->is_invalid || a->is_stream || b->is_invalid || b->is_stream || a->n > 600 ||
		b->n > 600)
		return false;
	return is_true(a->json, "length_ok") || is_true(b->json, "length_ok");
}

static void every_pair_of_frames_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < vectors_n; i++) {
		for (size_t j = 0; j < vectors_n; j++) {
			const size_t pair[] = {i, j};
			if (is_good_pair(&vectors[i], &vectors[j]) && (i + j) % 5 == 0)
				check_merged(pair, 2, 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_means_what_it_should),
		cmocka_unit_test(every_invalid_line_does_what_it_should),
		cmocka_unit_test(the_connection_lives_on_after_every_bad_frame),
		cmocka_unit_test(streams_give_their_frames),
		cmocka_unit_test(no_split_changes_what_is_read),
		cmocka_unit_test(merged_frames_are_all_found),
		cmocka_unit_test(every_pair_of_frames_is_found),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
