#include "unit.h"

#include "watch/report_detail.h"
#include "watch/report_pack.h"
#include "watch/watch_kit.h"

/* Read, packed and unpacked: what the server sees. */
static struct report over_the_link(const char *content)
{
	static uint8_t packed[2][REPORT_PACK_MAX];
	static unsigned turn;
	struct report r;
	struct report again = {.kind = REPORT_ERROR};
	size_t n = 0;
	uint8_t *buf = packed[turn++ % 2];

	kit_report("3G", content, &r);
	assert_int_equal(report_pack(&r, buf, REPORT_PACK_MAX, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)buf, .n = n};
	assert_int_equal(report_unpack(v, &again, NULL), RC_OK);
	kit_assert_same_report(&r, &again);
	return again;
}

static void each_request_is_known(void **state)
{
	static const struct {
		const char *content;
		enum report_request request;
	} rows[] = {
		{"WT,260916,020049,V,22.6,N,113.9,E,0,0,0,0,100,77,0,0,00000000,0",
			REQUEST_WEATHER},
		{"WT", REQUEST_WEATHER},
		{"WT_LTE,260916,020049,V,22.6,N,113.9,E", REQUEST_WEATHER},
		{"WT2,260916,020049,V,22.6,N,113.9,E", REQUEST_WEATHER},
		{"WT_FUTR,260916,020049,V,22.6,N,113.9,E", REQUEST_FORECAST},
		{"WG,220414,134652,A,22.571707,N,113.8613968,E", REQUEST_PLACE},
		{"WAD,CH,220414,134652,A,22.571707,N,113.8613968,E", REQUEST_ADDRESS},
		{"PP,091046,180916,085033,A,22.570193,N,113.8621950,E", REQUEST_FRIEND_ADD},
		{"PPQ", REQUEST_FRIEND_LIST},
		{"PPR,8800000016", REQUEST_FRIEND_REMOVE},
		{"PPR", REQUEST_FRIEND_REMOVE},
		{"PHLQ", REQUEST_BOOK_WHOLE},
		{"phbq", REQUEST_BOOK},
		{"SOSQ", REQUEST_SOS},
		{"REMINDQ", REQUEST_ALARM_CLOCKS},
		{"SCHEDULEQ", REQUEST_TIMETABLE},
		{"TKQ", REQUEST_VOICE},
		{"TKQ2", REQUEST_VOICE_FRIEND},
		{"wdimgq", REQUEST_PICTURES},
		{"TIME", REQUEST_TIME},
		{"TIME,1700000000", REQUEST_NONE},
		{"LGZONE", REQUEST_ZONE},
		{"DEVPWDCHECKBIND", REQUEST_BOUND},
		{"DEVPWDCHECKBIND,1,1", REQUEST_NONE},
		{"DLT", REQUEST_UNBIND},
		{"UPGVUL", REQUEST_VIDEO_CALL},
		{"LK", REQUEST_NONE},
		{"CR", REQUEST_NONE},
		{"UD,260916,020049,V,22.6,N,113.9,E", REQUEST_NONE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct report r = over_the_link(rows[i].content);
		if (report_request(&r) != rows[i].request)
			fail_msg("%s is request %d", rows[i].content, (int)report_request(&r));
	}
	struct report r = over_the_link("WAD,EN,220414,134652,A,22.571707,N,113.8613968,E");
	assert_true(view_is(r.text, VIEW("EN")));
	assert_true((r.has & REPORT_HAS_POINT) != 0);
	r = over_the_link("PPR,8800000016");
	assert_true(view_is(r.text, VIEW("8800000016")));
	for (unsigned i = 1; i < REQUEST_COUNT; i++)
		assert_non_null(report_request_name((enum report_request)i));
	assert_null(report_request_name(REQUEST_NONE));
}

static void a_call_has_all_its_values(void **state)
{
	struct report r = over_the_link("calllog,13600000000,5F204E09,1,1,1752200000,42");
	struct report_call c;

	(void)state;
	assert_true(report_call(&r, &c));
	assert_string_equal(c.number, "13600000000");
	assert_string_equal(c.name, "\xE5\xBC\xA0\xE4\xB8\x89");
	assert_false(c.is_outgoing);
	assert_true(c.is_connected);
	assert_true(c.started_ms == INT64_C(1752200000000));
	assert_int_equal(c.duration_s, 42);
	r = over_the_link("CALLLOG,10086,,2,2,1752200000,0");
	assert_true(report_call(&r, &c));
	assert_true(c.is_outgoing && !c.is_connected && c.name[0] == '\0');
	r = over_the_link("calllog,unknown,000A0041,1,2,1752200000,");
	assert_true(report_call(&r, &c)); /* withheld; a name with a line break is not shown */
	assert_string_equal(c.number, "");
	assert_string_equal(c.name, "");
	assert_int_equal(c.duration_s, 0);
	static const char *const bad[] = {"calllog", "calllog,1", "calllog,112,,3,1,1752200000,0",
		"calllog,112,,1,0,1752200000,0", "calllog,112,,1,1,x,0",
		"calllog,112,,1,1,1752200000", "calllog,112,,1,1,99999999999,0", "LK,1,1,1",
		"CONFIG,1,2,1,1,5,6"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		r = over_the_link(bad[i]);
		assert_false(report_call(&r, &c));
	}
}

static void networks_are_read_by_their_addresses(void **state)
{
	struct report_network n[REPORT_NETWORKS_MAX];
	struct report r = over_the_link(
		"WIFISEARCH,3,home,a0:c5:f2:b0:74:d0,a,b,0A:FF:ab:cd:ef:10,,00-00-00-00-00-01");

	(void)state;
	assert_int_equal(report_networks(&r, n, COUNT_OF(n)), 3);
	assert_int_equal(n[0].ssid_n, 4);
	assert_memory_equal(n[0].ssid, "home", 4);
	assert_memory_equal(n[0].mac, "\xA0\xC5\xF2\xB0\x74\xD0", 6);
	assert_int_equal(n[1].ssid_n, 3);
	assert_memory_equal(n[1].ssid, "a,b", 3);
	assert_int_equal(n[2].ssid_n, 0);
	assert_int_equal(report_networks(&r, n, 2), 2);
	assert_int_equal(report_networks(&r, n, 0), 0);
	r = over_the_link("WIFICUR,7,my,home");
	assert_int_equal(report_networks(&r, n, COUNT_OF(n)), 1);
	assert_string_equal(n[0].id, "7");
	assert_int_equal(n[0].ssid_n, 7);
	assert_false(n[0].has_mac);
	r = over_the_link("WIFICUR,7,home,a0:c5:f2:b0:74:d0");
	assert_int_equal(report_networks(&r, n, COUNT_OF(n)), 1);
	assert_true(n[0].has_mac && n[0].ssid_n == 4);
	r = over_the_link("WIFIDEL,7");
	assert_int_equal(report_networks(&r, n, COUNT_OF(n)), 1);
	static const char *const none[] = {"WIFISEARCH", "WIFISEARCH,0", "WIFISEARCH,2,a,b",
		"WIFICUR", "WIFICUR,", "LK", "WIFIINFOUP,1", "WIFIINFOUP,0041,0042,zz"};
	for (size_t i = 0; i < COUNT_OF(none); i++) {
		r = over_the_link(none[i]);
		assert_int_equal(report_networks(&r, n, COUNT_OF(n)), 0);
	}
}

static void a_password_of_a_network_is_not_kept(void **state)
{
	struct report_network n[1];
	struct report r = over_the_link(
		"WIFIINFOUP,0068006F006D0065,007300650063007200650074,a0:c5:f2:b0:74:d0");

	(void)state;
	assert_int_equal(r.text.n, 0);
	assert_int_equal(report_networks(&r, n, 1), 1);
	assert_int_equal(n[0].ssid_n, 4);
	assert_memory_equal(n[0].ssid, "home", 4);
	assert_memory_equal(n[0].mac, "\xA0\xC5\xF2\xB0\x74\xD0", 6);
	uint8_t packed[REPORT_PACK_MAX];
	size_t size = 0;
	assert_int_equal(report_pack(&r, packed, sizeof packed, &size, NULL), RC_OK);
	assert_null(memmem(packed, size, "secret", 6));
	assert_null(memmem(packed, size, "0073006500", 10));
}

static void pairs_are_found_in_any_case(void **state)
{
	struct view v;
	struct report r = over_the_link("TS,ver:V1; ID:8800000015; imei:863737078055392; url:a.b; "
					"zone:+01:00; center:; GPS:OK(0)");

	(void)state;
	assert_true(report_pair(&r, "VER", &v) && view_is(v, VIEW("V1")));
	assert_true(report_pair(&r, "zone", &v) && view_is(v, VIEW("+01:00")));
	assert_true(report_pair(&r, "center", &v) && v.n == 0 && v.p != NULL);
	assert_false(report_pair(&r, "port", &v));
	size_t at = 0;
	size_t n = 0;
	struct view key;
	while (report_next_pair(&r, &at, &key, &v))
		n++;
	assert_int_equal(n, 7);
	r = over_the_link("CONFIG,TY:g36f,UL:60000");
	assert_true(report_pair(&r, "ty", &v) && view_is(v, VIEW("g36f")));
	r = over_the_link("VERNO,ver:1");
	assert_false(report_pair(&r, "ver", &v));
}

static void known_keys_of_config_are_typed(void **state)
{
	struct report_config c;
	struct report r = over_the_link("CONFIG,TY:G75,UL:60000,SY:1,CM:1,DD:2,LS:1+8,TB:3,BT:2,TM:"
					"1,BW:0,LG:0+1+36+99+x,HR:1,"
					"BO:0,JT:1,VC:0,OS:RTOS,CHIP:8521,RV:R1,VR:V2");

	(void)state;
	assert_true(report_config(&r, &c));
	assert_int_equal(c.has, (1u << 14) - 1);
	assert_int_equal(c.upload_s, 60);
	assert_true(c.has_camera && c.has_temperature_times && !c.has_temperature_limits);
	assert_true(c.has_heart && !c.has_oxygen && !c.has_video && c.has_education);
	assert_int_equal(c.pills, 2);
	assert_int_equal(c.fall_level, 1);
	assert_int_equal(c.fall_levels, 8);
	assert_int_equal(c.book_entries, 30);
	assert_int_equal(c.thermometer, 2);
	assert_true(c.languages == (UINT64_C(1) << 36 | 3));
	assert_true(view_is(c.model, VIEW("G75")) && view_is(c.version, VIEW("V2")));
	assert_true(view_is(c.os, VIEW("RTOS")) && view_is(c.chip, VIEW("8521")));
	r = over_the_link("CONFIG,UL:600,TB:5,LS:0+0,RV:R1");
	assert_true(report_config(&r, &c));
	assert_int_equal(c.has, CONFIG_HAS_UPLOAD | CONFIG_HAS_BOOK | CONFIG_HAS_FALL_LEVELS);
	assert_int_equal(c.upload_s, 600);
	assert_true(c.is_book_unknown && c.book_entries == 10 && c.fall_levels == 0);
	assert_true(view_is(c.version, VIEW("R1")));
	r = over_the_link("CONFIG,860,0,0,0,0,0,0,0,0,861397053141170");
	assert_true(report_config(&r, &c) && c.is_positional && c.has == 0);
	r = over_the_link("CONFIG,LS:9+8,TB:x,UL:-1,DD:12,TY:a\x01");
	assert_true(report_config(&r, &c) && c.has == 0 && c.model.n == 0);
	r = over_the_link("CONFIG,1");
	assert_false(report_config(&r, &c));
	r = over_the_link("CONFIG");
	assert_false(report_config(&r, &c));
}

static void failed_measurements_are_told_apart(void **state)
{
	struct report r = over_the_link("btemp2,1,0");

	(void)state;
	assert_int_equal(r.failures, REPORT_FAILED_TEMPERATURE | REPORT_FAILED_TOO_LOW);
	assert_int_equal(r.measure_type, MEASURE_WRIST);
	assert_false(r.is_partial);
	r = over_the_link("btemp2,0,1.00");
	assert_int_equal(r.failures, REPORT_FAILED_TEMPERATURE | REPORT_FAILED_TOO_HIGH);
	assert_int_equal(r.measure_type, MEASURE_FOREHEAD);
	r = over_the_link("btemp2,1,36.53");
	assert_true((r.has & REPORT_HAS_MEASURE) != 0 && r.failures == 0);
	assert_int_equal(r.temperature_cdeg, 3653);
	r = over_the_link("heart,0");
	assert_int_equal(r.failures, REPORT_FAILED_HEART);
	assert_int_equal(r.measure_type, MEASURE_UNKNOWN);
	r = over_the_link("bphrt,0,0,72,,,,");
	assert_int_equal(r.failures, REPORT_FAILED_BLOOD_PRESSURE);
	assert_int_equal(r.heart_bpm, 72);
	r = over_the_link("oxygen,0,0");
	assert_int_equal(r.failures, REPORT_FAILED_SPO2);
	r = over_the_link("oxygen,1,97.5");
	assert_true(r.failures == 0 && r.measure_type == 1 && r.spo2_permille == 975);
	r = over_the_link("heart,72");
	assert_int_equal(r.has & REPORT_HAS_MEASURE, 0);
	r = over_the_link("heart,999"); /* not a failed measurement: nonsense */
	assert_true(r.is_partial && (r.has & REPORT_HAS_MEASURE) == 0);
}

static void what_the_watch_reckons_with_is_read(void **state)
{
	struct report r = over_the_link("bphrt,120,80,72,170,1,70,65");

	(void)state;
	assert_true((r.has & REPORT_HAS_BODY) != 0);
	assert_int_equal(r.body.height_cm, 170);
	assert_int_equal(r.body.sex, SEX_MALE);
	assert_int_equal(r.body.age_years, 70);
	assert_int_equal(r.body.weight_kg, 65);
	r = over_the_link("bphrt,120,80,72,,,,");
	assert_int_equal(r.has & REPORT_HAS_BODY, 0);
	r = over_the_link("LK,50,1,80,1234,56,1");
	assert_true((r.has & REPORT_HAS_ODOMETER) != 0);
	assert_int_equal(r.distance, 1234);
	assert_int_equal(r.calories, 56);
	assert_int_equal(r.battery_percent, 80);
	r = over_the_link("LK,50,1,80");
	assert_int_equal(r.has & REPORT_HAS_ODOMETER, 0);
	r = over_the_link("KA,20230412,2060,4,59");
	assert_true(view_is(r.text, VIEW("20230412")));
}

static void a_sim_card_is_read_by_content(void **state)
{
	struct view v;
	struct report r = over_the_link(
		"ICCID,89860041191504366046,863737078055392,460001234567890,8904,lwm2m");

	(void)state;
	assert_true(report_fact(&r, REPORT_FACT_IMSI, &v) && v.n == 15);
	assert_false(report_fact(&r, REPORT_FACT_OPERATOR, &v));
	assert_true(report_fact(&r, REPORT_FACT_EID, &v) && view_is(v, VIEW("8904")));
	assert_true(report_fact(&r, REPORT_FACT_PROTOCOL, &v) && view_is(v, VIEW("lwm2m")));
	r = over_the_link("ICCID,8939880841110848432F,863737078055392,Unknown,");
	assert_true(report_fact(&r, REPORT_FACT_OPERATOR, &v) && view_is(v, VIEW("Unknown")));
	assert_false(report_fact(&r, REPORT_FACT_IMSI, &v));
	assert_false(report_fact(&r, REPORT_FACT_EID, &v));
	assert_false(report_fact(&r, REPORT_FACT_PROTOCOL, &v));
}

/* Any text at all: nothing is read past its end, and what is read fits. */
static void one_hostile_text(struct prop *p)
{
	static const char *const keywords[] = {
		"CALLLOG", "WIFISEARCH", "WIFICUR", "WIFIINFOUP", "CONFIG", "TS", "ICCID", "PPR"};
	static const char signs[] = "aF01:,;+-. \x80\xFF";
	struct report_network n[REPORT_NETWORKS_MAX];
	struct report_config config;
	struct report_call call;
	char content[200];
	size_t at = 0;
	struct view key;
	struct view v;
	const char *keyword = keywords[prop_below(p, COUNT_OF(keywords))];

	memset(content, 0, sizeof content);
	(void)snprintf(content, sizeof content, "%s,", keyword);
	size_t head = strlen(content);
	(void)prop_bytes(p, content + head, sizeof content - head - 1, signs, sizeof signs - 1);
	if (prop_chance(p, 50) && strlen(content) > head + 30)
		memcpy(content + head + 10, ",a0:c5:f2:b0:74:d0,", 19);
	struct report r = over_the_link(content);
	size_t found = report_networks(&r, n, COUNT_OF(n));
	assert_true(found <= COUNT_OF(n));
	for (size_t i = 0; i < found; i++)
		assert_true(n[i].ssid_n <= REPORT_SSID_MAX);
	(void)!report_call(&r, &call);
	(void)!report_config(&r, &config);
	(void)report_request(&r);
	for (unsigned i = 0; i < 300 && report_next_pair(&r, &at, &key, &v); i++)
		assert_true(v.n <= r.text.n);
	for (unsigned i = 0; i < REPORT_FACT_COUNT; i++)
		(void)!report_fact(&r, (enum report_fact)i, &v);
}

static void hostile_texts_are_harmless(void **state)
{
	(void)state;
	prop_run("hostile_texts_are_harmless", 20000, one_hostile_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_is_known),
		cmocka_unit_test(a_call_has_all_its_values),
		cmocka_unit_test(networks_are_read_by_their_addresses),
		cmocka_unit_test(a_password_of_a_network_is_not_kept),
		cmocka_unit_test(pairs_are_found_in_any_case),
		cmocka_unit_test(known_keys_of_config_are_typed),
		cmocka_unit_test(failed_measurements_are_told_apart),
		cmocka_unit_test(what_the_watch_reckons_with_is_read),
		cmocka_unit_test(a_sim_card_is_read_by_content),
		cmocka_unit_test(hostile_texts_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
