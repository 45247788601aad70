#include "unit.h"

#include "watch/report_pack.h"
#include "watch/watch_kit.h"

static void any_place(struct prop *p, struct report *r)
{
	r->time_ms = prop_chance(p, 90) ? prop_between(p, 0, INT64_C(4102444800)) * 1000
					: (int64_t)prop_u64(p);
	r->time_alt_ms = r->time_ms + prop_between(p, -1000, 1000) * 86400000;
	r->lat_e7 = (int32_t)prop_between(p, -900000000, 900000000);
	r->lon_e7 = (int32_t)prop_between(p, -1800000000, 1800000000);
	r->speed_ckmh = (uint16_t)prop_u64(p);
	r->course_cdeg = (uint16_t)prop_between(p, 0, 36000);
	r->altitude_dm = (int32_t)prop_between(p, -20000, 1000000);
	r->accuracy_dm = (uint32_t)prop_any_size(p);
	r->satellites = (uint8_t)prop_below(p, 100);
	r->ta = (uint8_t)prop_below(p, 255);
}

static void any_device(struct prop *p, struct report *r)
{
	r->signal_percent = (uint8_t)prop_below(p, 101);
	r->battery_percent = (uint8_t)prop_below(p, 101);
	r->steps = (uint32_t)prop_any_size(p);
	r->rolls = (uint32_t)prop_any_size(p);
	r->status = (uint32_t)prop_any_size(p);
	r->heart_bpm = (uint8_t)prop_u64(p);
	r->systolic_mmhg = (uint16_t)prop_u64(p);
	r->diastolic_mmhg = (uint16_t)prop_u64(p);
	r->spo2_permille = (uint16_t)prop_below(p, 1001);
	r->temperature_cdeg = (int16_t)prop_u64(p);
	r->failures = (uint8_t)prop_below(p, REPORT_FAILED_ALL + 1);
	r->measure_type = (uint8_t)prop_u64(p);
	r->body = (struct report_body){(uint8_t)prop_u64(p), (uint8_t)prop_u64(p),
		(uint8_t)prop_below(p, 3), (uint16_t)prop_below(p, 1000)};
	r->distance = (uint32_t)prop_any_size(p);
	r->calories = (uint32_t)prop_any_size(p);
}

static void any_mnc(struct prop *p, char mnc[4])
{
	size_t n = 1 + prop_below(p, 3);

	memset(mnc, 0, 4);
	for (size_t i = 0; i < n; i++)
		mnc[i] = (char)('0' + prop_below(p, 10));
}

static void any_lists(struct prop *p, struct report *r)
{
	r->cells_n = (uint8_t)prop_below(p, REPORT_CELLS_MAX + 1);
	for (size_t i = 0; i < r->cells_n; i++) {
		struct cell *c = &r->cells[i];
		if (i > 0 && prop_chance(p, 60)) {
			*c = c[-1];
		} else {
			c->mcc = (uint16_t)prop_below(p, 1000);
			any_mnc(p, c->mnc);
		}
		c->lac = (uint32_t)prop_any_size(p);
		c->cid = (uint32_t)prop_any_size(p);
		c->has_rssi = prop_chance(p, 80);
		c->rssi = (int16_t)(c->has_rssi ? prop_between(p, INT16_MIN, INT16_MAX) : 0);
	}
	r->wifi_n = (uint8_t)prop_below(p, REPORT_WIFI_MAX + 1);
	for (size_t i = 0; i < r->wifi_n; i++) {
		struct wifi *w = &r->wifi[i];
		for (size_t k = 0; k < sizeof w->mac; k++)
			w->mac[k] = (uint8_t)prop_u64(p);
		w->has_rssi = prop_chance(p, 80);
		w->rssi_dbm = (int8_t)(w->has_rssi ? prop_between(p, INT8_MIN, INT8_MAX) : 0);
		w->ssid_n = (uint8_t)prop_bytes(p, w->ssid, REPORT_SSID_MAX, NULL, 0);
	}
}

static void any_cdma(struct prop *p, struct cdma *c)
{
	c->has = (uint8_t)prop_below(p, CDMA_HAS_ALL + 1);
	c->sid = (uint32_t)prop_any_size(p);
	c->nid = (uint32_t)prop_any_size(p);
	c->bid = (uint32_t)prop_any_size(p);
	c->signal = (int16_t)prop_u64(p);
	c->mcc = (uint16_t)prop_below(p, 1000);
	any_mnc(p, c->mnc);
}

/* Every value that a report may hold, in any combination. */
static void any_report(struct prop *p, struct report *r, char *text, size_t text_max)
{
	memset(r, 0, sizeof *r);
	r->kind = (enum report_kind)prop_below(p, REPORT_KIND_COUNT);
	r->error = (enum report_error)prop_below(p, REPORT_ERROR_COUNT);
	r->has = (uint32_t)prop_below(p, REPORT_HAS_ALL + 1);
	if ((r->has & REPORT_HAS_POINT) != 0)
		r->has &= ~(uint32_t)REPORT_HAS_ZERO_POINT;
	r->alarms = (uint16_t)prop_below(p, 512);
	r->flags = (uint16_t)prop_below(p, 32);
	r->is_valid = prop_chance(p, 50);
	r->is_stored = prop_chance(p, 50);
	r->is_hemisphere_unknown = prop_chance(p, 50);
	r->is_time_alternative = (r->has & REPORT_HAS_TIME) != 0 && prop_chance(p, 50);
	r->is_time_local = prop_chance(p, 50);
	r->is_partial = prop_chance(p, 50);
	r->is_battery_unsure = prop_chance(p, 50);
	r->source = (enum report_source)prop_below(p, REPORT_SOURCE_COUNT);
	any_place(p, r);
	any_device(p, r);
	any_lists(p, r);
	any_cdma(p, &r->cdma);
	(void)prop_bytes(p, r->keyword, REPORT_KEYWORD_MAX, "ABCXYZ0129_", 11);
	r->text = (struct view){.p = text, .n = prop_bytes(p, text, text_max, NULL, 0)};
}

static void one_report(struct prop *p)
{
	char text[REPORT_TEXT_MAX];
	uint8_t packed[REPORT_PACK_MAX];
	struct report r;
	struct report again;
	size_t n = 0;
	size_t ignored = 0;

	any_report(p, &r, text, prop_chance(p, 10) ? sizeof text : 20);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_int_equal(report_unpack(v, &again, NULL), RC_OK);
	kit_assert_same_report(&r, &again);
	assert_int_equal(report_pack(&r, packed, n - 1, &ignored, NULL), RC_LIMIT);
	/* neither less nor more */
	for (v.n = 0; v.n < n; v.n++)
		assert_int_equal(report_unpack(v, &again, NULL), RC_SYNTAX);
	if (n < sizeof packed) {
		packed[n] = 0;
		v.n = n + 1;
		assert_int_equal(report_unpack(v, &again, NULL), RC_SYNTAX);
	}
}

static void what_is_packed_comes_back(void **state)
{
	(void)state;
	prop_run("what_is_packed_comes_back", 3000, one_report);
}

/* The largest report there can be. */
static void everything_at_its_limit_fits(void **state)
{
	static char text[REPORT_TEXT_MAX];
	uint8_t packed[REPORT_PACK_MAX];
	struct report r;
	struct report again;
	size_t n = 0;

	(void)state;
	r = (struct report){.kind = REPORT_ERROR,
		.error = REPORT_BAD_MEDIA,
		.has = REPORT_HAS_ALL & ~(uint32_t)REPORT_HAS_ZERO_POINT,
		.alarms = 511,
		.flags = 31,
		.is_time_alternative = true,
		.time_ms = INT64_MIN,
		.time_alt_ms = INT64_MAX,
		.lat_e7 = -900000000,
		.lon_e7 = 1800000000,
		.speed_ckmh = UINT16_MAX,
		.course_cdeg = 36000,
		.altitude_dm = INT32_MIN,
		.accuracy_dm = UINT32_MAX,
		.steps = UINT32_MAX,
		.rolls = UINT32_MAX,
		.status = UINT32_MAX,
		.systolic_mmhg = UINT16_MAX,
		.diastolic_mmhg = UINT16_MAX,
		.temperature_cdeg = INT16_MIN,
		.cells_n = REPORT_CELLS_MAX,
		.wifi_n = REPORT_WIFI_MAX,
		.cdma = {.has = CDMA_HAS_ALL,
			.sid = UINT32_MAX,
			.nid = UINT32_MAX,
			.bid = UINT32_MAX,
			.signal = INT16_MIN,
			.mcc = 999,
			.mnc = "999"},
		.keyword = "ABCDEFGHIJKLMNOPQRSTUVWX",
		.text = {.p = text, .n = sizeof text}};
	for (size_t i = 0; i < REPORT_CELLS_MAX; i++)
		r.cells[i] = (struct cell){.mcc = (uint16_t)(999 - i),
			.mnc = "999",
			.lac = UINT32_MAX,
			.cid = UINT32_MAX,
			.rssi = INT16_MIN,
			.has_rssi = true};
	for (size_t i = 0; i < REPORT_WIFI_MAX; i++)
		r.wifi[i] = (struct wifi){
			.rssi_dbm = INT8_MIN, .has_rssi = true, .ssid_n = REPORT_SSID_MAX};
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_true(n > 1500);
	assert_int_equal(
		report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL),
		RC_OK);
	kit_assert_same_report(&r, &again);
}

static void longer_text_is_cut(void **state)
{
	static char text[REPORT_TEXT_MAX + 1];
	uint8_t packed[REPORT_PACK_MAX];
	struct report r = {.kind = REPORT_OTHER, .text = {.p = text, .n = sizeof text}};
	struct report again;
	size_t n = 0;

	(void)state;
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_int_equal(
		report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL),
		RC_OK);
	assert_int_equal(again.text.n, REPORT_TEXT_MAX);
}

static void a_usual_position_is_small(void **state)
{
	uint8_t packed[REPORT_PACK_MAX];
	struct report r;
	size_t n = 0;

	(void)state;
	kit_report("3G",
		"UD,220414,134652,A,22.571707,N,113.8613968,E,0.1,0.0,100,7,60,90,1000,50,00000000,"
		"4,1,"
		"460,0,9360,4082,131,9360,4092,148,9360,4091,143,9360,4153,141",
		&r);
	assert_int_equal(r.cells_n, 4);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_true(n < 90);
	kit_report("3G", "LK,50,100,100", &r);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_true(n < 24);
}

/* What comes over a link is hostile: each byte of a good one is changed in turn. */
static void one_damage(struct prop *p)
{
	char text[64];
	uint8_t packed[REPORT_PACK_MAX];
	uint8_t again_packed[REPORT_PACK_MAX];
	struct report r;
	struct report again;
	size_t n = 0;

	any_report(p, &r, text, sizeof text);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	for (size_t i = 0; i < n; i++) {
		uint8_t was = packed[i];
		packed[i] = (uint8_t)prop_u64(p);
		if (report_unpack((struct view){.p = (const char *)packed, .n = n}, &r, NULL) ==
			RC_OK) {
			/* what is accepted is a report like any other */
			size_t again_n = 0;
			assert_int_equal(
				report_pack(&r, again_packed, sizeof again_packed, &again_n, NULL),
				RC_OK);
			assert_int_equal(
				report_unpack((struct view){.p = (const char *)again_packed,
						      .n = again_n},
					&again, NULL),
				RC_OK);
			kit_assert_same_report(&r, &again);
			assert_true(r.cells_n <= REPORT_CELLS_MAX && r.wifi_n <= REPORT_WIFI_MAX);
		}
		packed[i] = was;
	}
}

static void damaged_packs_give_bounded_reports_or_none(void **state)
{
	(void)state;
	prop_run("damaged_packs_give_bounded_reports_or_none", 300, one_damage);
}

static void another_version_is_refused(void **state)
{
	uint8_t packed[REPORT_PACK_MAX];
	struct report r;
	size_t n = 0;

	(void)state;
	kit_report("3G", "LK", &r);
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	packed[0]++;
	assert_int_equal(report_unpack((struct view){.p = (const char *)packed, .n = n}, &r, NULL),
		RC_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(everything_at_its_limit_fits),
		cmocka_unit_test(longer_text_is_cut),
		cmocka_unit_test(a_usual_position_is_small),
		cmocka_unit_test(damaged_packs_give_bounded_reports_or_none),
		cmocka_unit_test(another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
