#include "watch/watch_kit.h"

#include "base/num.h"

#include <stdlib.h>

#include "unit.h"

/* Reads all that the bytes give. Returns how many were used up. */
static size_t drain(struct view bytes, size_t at, bool is_final, struct frame_scan *scan,
	struct kit_events *ret, bool *ret_is_closed)
{
	char *copy = malloc(bytes.n == 0 ? 1 : bytes.n);
	assert_non_null(copy);
	memcpy(copy, bytes.p, bytes.n);
	struct view in = {.p = copy, .n = bytes.n};
	enum rc rc = RC_OK;

	while (rc == RC_OK || rc == RC_LIMIT) {
		struct frame f;
		size_t before = (size_t)(in.p - copy);
		rc = frame_read(&in, is_final, &f, scan, NULL);
		assert_true(ret->n < KIT_EVENTS_MAX);
		assert_true(in.p >= copy && in.p + in.n == copy + bytes.n);
		struct kit_event *event = &ret->e[ret->n];
		*event = (struct kit_event){.rc = rc, .at = at + before, .n = bytes.n - before};
		if (rc == RC_OK) {
			assert_true(f.whole.p >= copy && f.whole.p + f.whole.n == in.p);
			event->at = at + (size_t)(f.whole.p - copy);
			event->n = f.whole.n;
		} else if (rc == RC_LIMIT || rc == RC_SYNTAX) {
			event->at = at + (size_t)(in.p - copy);
			event->n = 0;
		}
		ret->n += rc != RC_MORE || (is_final && in.n > 0) ? 1 : 0;
	}
	size_t used = (size_t)(in.p - copy);
	*ret_is_closed = rc == RC_SYNTAX;
	free(copy);
	return used;
}

void kit_feed(struct view stream, const size_t *cuts, size_t cuts_n, struct kit_events *ret)
{
	struct frame_scan scan = {.junk = 0};
	size_t at = 0;
	bool is_closed = false;

	ret->n = 0;
	for (size_t i = 0; i <= cuts_n && !is_closed; i++) {
		bool is_final = i == cuts_n;
		size_t end = is_final ? stream.n : cuts[i];
		struct view held = {.p = stream.p + at, .n = end - at};
		at += drain(held, at, is_final, &scan, ret, &is_closed);
	}
	ret->junk = scan.junk;
	ret->bad_frames = scan.bad_frames;
	ret->foreign = scan.foreign;
}

void kit_feed_whole(struct view stream, struct kit_events *ret)
{
	kit_feed(stream, &stream.n, 1, ret);
}

void kit_feed_bytes(struct view stream, struct kit_events *ret)
{
	size_t *cuts = calloc(stream.n + 1, sizeof *cuts);

	assert_non_null(cuts);
	for (size_t i = 0; i < stream.n; i++)
		cuts[i] = i + 1;
	kit_feed(stream, cuts, stream.n, ret);
	free(cuts);
}

static bool is_same(const struct kit_events *a, const struct kit_events *b)
{
	if (a->n != b->n || a->junk != b->junk || a->bad_frames != b->bad_frames ||
		a->foreign != b->foreign)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->e[i].rc != b->e[i].rc || a->e[i].at != b->e[i].at || a->e[i].n != b->e[i].n)
			return false;
	}
	return true;
}

static void print_events(const char *title, const struct kit_events *k)
{
	print_error("%s: junk %u, bad %u:", title, k->junk, k->bad_frames);
	for (size_t i = 0; i < k->n && i < 20; i++)
		print_error(" %s@%zu+%zu", rc_name(k->e[i].rc), k->e[i].at, k->e[i].n);
	print_error("\n");
}

void kit_assert_same(const struct kit_events *a, const struct kit_events *b, struct view stream)
{
	if (is_same(a, b))
		return;
	print_events("one", a);
	print_events("two", b);
	for (size_t i = 0; i < stream.n && i < 4000; i++)
		print_error(stream.p[i] > ' ' && stream.p[i] < 0x7F ? "%c" : "\\x%02x",
			(unsigned char)stream.p[i]);
	fail_msg("the stream of %zu bytes gives different frames", stream.n);
}

struct frame kit_frame(struct view text)
{
	struct frame_scan scan = {.junk = 0};
	struct frame f;
	struct view in = text;

	if (frame_read(&in, true, &f, &scan, NULL) != RC_OK || in.n != 0 || scan.junk != 0)
		fail_msg("not exactly one frame: %.*s", (int)text.n, text.p);
	return f;
}

struct view kit_wrap(const char *vendor, struct view content)
{
	static char buffer[FRAME_TEXT_MAX + FRAME_HEADER_MAX + 2];
	int n = snprintf(
		buffer, sizeof buffer, "[%s*8800000015*%04X*", vendor, (unsigned)content.n);

	assert_true(n > 0 && (size_t)n + content.n + 1 < sizeof buffer);
	memcpy(buffer + n, content.p, content.n);
	buffer[(size_t)n + content.n] = ']';
	return (struct view){.p = buffer, .n = (size_t)n + content.n + 1};
}

void kit_report(const char *vendor, const char *content, struct report *ret)
{
	struct frame f = kit_frame(kit_wrap(vendor, view_of(content)));

	report_read(&f, ret);
}

static void assert_same_values(const struct report *a, const struct report *b)
{
	uint32_t has = a->has;

	assert_true((has & REPORT_HAS_TIME) == 0 || a->time_ms == b->time_ms);
	assert_true(!a->is_time_alternative || a->time_alt_ms == b->time_alt_ms);
	assert_true((has & REPORT_HAS_POINT) == 0 ||
		    (a->lat_e7 == b->lat_e7 && a->lon_e7 == b->lon_e7));
	assert_true((has & REPORT_HAS_SPEED) == 0 || a->speed_ckmh == b->speed_ckmh);
	assert_true((has & REPORT_HAS_COURSE) == 0 || a->course_cdeg == b->course_cdeg);
	assert_true((has & REPORT_HAS_ALTITUDE) == 0 || a->altitude_dm == b->altitude_dm);
	assert_true((has & REPORT_HAS_SATELLITES) == 0 || a->satellites == b->satellites);
	assert_true((has & REPORT_HAS_SIGNAL) == 0 || a->signal_percent == b->signal_percent);
	assert_true((has & REPORT_HAS_BATTERY) == 0 || a->battery_percent == b->battery_percent);
	assert_true((has & REPORT_HAS_STEPS) == 0 || a->steps == b->steps);
	assert_true((has & REPORT_HAS_ROLLS) == 0 || a->rolls == b->rolls);
	assert_true((has & REPORT_HAS_STATUS) == 0 || a->status == b->status);
	assert_true((has & REPORT_HAS_ACCURACY) == 0 || a->accuracy_dm == b->accuracy_dm);
	assert_true((has & REPORT_HAS_TA) == 0 || a->ta == b->ta);
	assert_true((has & REPORT_HAS_HEART) == 0 || a->heart_bpm == b->heart_bpm);
	assert_true(
		(has & REPORT_HAS_BLOOD_PRESSURE) == 0 ||
		(a->systolic_mmhg == b->systolic_mmhg && a->diastolic_mmhg == b->diastolic_mmhg));
	assert_true((has & REPORT_HAS_SPO2) == 0 || a->spo2_permille == b->spo2_permille);
	assert_true(
		(has & REPORT_HAS_TEMPERATURE) == 0 || a->temperature_cdeg == b->temperature_cdeg);
}

static void assert_same_rare(const struct report *a, const struct report *b)
{
	uint32_t has = a->has;

	assert_true((has & REPORT_HAS_MEASURE) == 0 ||
		    (a->failures == b->failures && a->measure_type == b->measure_type));
	assert_true((has & REPORT_HAS_BODY) == 0 ||
		    (a->body.height_cm == b->body.height_cm && a->body.sex == b->body.sex &&
			    a->body.age_years == b->body.age_years &&
			    a->body.weight_kg == b->body.weight_kg));
	assert_true((has & REPORT_HAS_ODOMETER) == 0 ||
		    (a->distance == b->distance && a->calories == b->calories));
}

static void assert_same_cdma(const struct cdma *a, const struct cdma *b)
{
	assert_int_equal(a->has, b->has);
	assert_true((a->has & CDMA_HAS_SID) == 0 || a->sid == b->sid);
	assert_true((a->has & CDMA_HAS_NID) == 0 || a->nid == b->nid);
	assert_true((a->has & CDMA_HAS_BID) == 0 || a->bid == b->bid);
	assert_true((a->has & CDMA_HAS_SIGNAL) == 0 || a->signal == b->signal);
	assert_true((a->has & CDMA_HAS_NETWORK) == 0 ||
		    (a->mcc == b->mcc && strcmp(a->mnc, b->mnc) == 0));
}

static void assert_same_lists(const struct report *a, const struct report *b)
{
	assert_int_equal(a->cells_n, b->cells_n);
	for (size_t i = 0; i < a->cells_n; i++) {
		const struct cell *x = &a->cells[i];
		const struct cell *y = &b->cells[i];
		assert_int_equal(x->mcc, y->mcc);
		assert_string_equal(x->mnc, y->mnc);
		assert_int_equal(x->lac, y->lac);
		assert_int_equal(x->cid, y->cid);
		assert_int_equal(x->has_rssi, y->has_rssi);
		assert_true(!x->has_rssi || x->rssi == y->rssi);
	}
	assert_int_equal(a->wifi_n, b->wifi_n);
	for (size_t i = 0; i < a->wifi_n; i++) {
		const struct wifi *x = &a->wifi[i];
		const struct wifi *y = &b->wifi[i];
		assert_memory_equal(x->mac, y->mac, sizeof x->mac);
		assert_int_equal(x->has_rssi, y->has_rssi);
		assert_int_equal(x->rssi_dbm, y->rssi_dbm);
		assert_int_equal(x->ssid_n, y->ssid_n);
		assert_memory_equal(x->ssid, y->ssid, x->ssid_n);
	}
}

void kit_assert_same_report(const struct report *a, const struct report *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->error, b->error);
	assert_int_equal(a->has, b->has);
	assert_int_equal(a->alarms, b->alarms);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->is_valid, b->is_valid);
	assert_int_equal(a->is_stored, b->is_stored);
	assert_int_equal(a->is_hemisphere_unknown, b->is_hemisphere_unknown);
	assert_int_equal(a->is_time_alternative, b->is_time_alternative);
	assert_int_equal(a->is_time_local, b->is_time_local);
	assert_int_equal(a->is_partial, b->is_partial);
	assert_int_equal(a->is_battery_unsure, b->is_battery_unsure);
	assert_int_equal(a->source, b->source);
	assert_same_values(a, b);
	assert_same_rare(a, b);
	assert_same_lists(a, b);
	if ((a->has & REPORT_HAS_CDMA) != 0)
		assert_same_cdma(&a->cdma, &b->cdma);
	assert_string_equal(a->keyword, b->keyword);
	assert_true(view_is(a->text, b->text));
}

struct frame kit_strict_frame(struct view text)
{
	struct frame f = {.whole = text, .is_length_ok = true};
	struct view rest = text;
	struct view open = {0};
	struct view digits;
	struct view close = {0};

	assert_true(view_cut(&rest, 1, &open) && open.p[0] == '[');
	assert_true(view_cut_until(&rest, '*', FRAME_VENDOR_MAX, &f.vendor));
	assert_true(view_cut_until(&rest, '*', FRAME_ID_MAX, &f.id));
	assert_true(view_cut_until(&rest, '*', 4, &digits));
	assert_int_equal(num_hex32(digits, &f.declared, NULL), RC_OK);
	assert_true(view_cut(&rest, f.declared, &f.content) && view_cut(&rest, 1, &close));
	assert_true(close.p[0] == ']' && rest.n == 0);
	assert_int_equal(view_find(f.content, '['), f.content.n);
	assert_int_equal(view_find(f.content, ']'), f.content.n);
	struct view fields = f.content;
	assert_true(view_cut_field(&fields, ',', &f.keyword));
	f.params = fields;
	return f;
}
