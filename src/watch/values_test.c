/* Heartbeats, health values, media, facts and escapes. */
#include "unit.h"

#include "watch/escape.h"
#include "watch/keyword.h"
#include "watch/watch_kit.h"

static struct report read_of(const char *vendor, const char *content)
{
	struct report r;

	kit_report(vendor, content, &r);
	return r;
}

/* ---- heartbeats; -1 stands for "not there" ---- */

static void assert_beat(const char *vendor, const char *content, int64_t steps, int64_t rolls,
	int64_t battery, bool is_unsure)
{
	struct report r = read_of(vendor, content);

	assert_int_equal(r.kind, REPORT_HEARTBEAT);
	assert_int_equal((r.has & REPORT_HAS_STEPS) != 0 ? (int64_t)r.steps : -1, steps);
	assert_int_equal((r.has & REPORT_HAS_ROLLS) != 0 ? (int64_t)r.rolls : -1, rolls);
	assert_int_equal((r.has & REPORT_HAS_BATTERY) != 0 ? r.battery_percent : -1, battery);
	assert_int_equal(r.is_battery_unsure, is_unsure);
}

static void heartbeats_have_many_forms(void **state)
{
	(void)state;
	assert_beat("3G", "LK", -1, -1, -1, false);
	assert_beat("3G", "lk,50,100,100", 50, 100, 100, false);
	assert_beat("SG", "LK,0,0,21", 0, 0, 21, false);
	assert_beat("SG", "LK,0,97,0", 0, -1, 97, true);
	assert_beat("sg", "LK,12,100,0", 12, -1, 100, true);
	assert_beat("3G", "LK,0,97,0", 0, 97, -1, false);
	assert_beat("SG", "LK,0,101,0", 0, 101, -1, false);
	assert_beat("SG", "LK,0,0,0", 0, 0, -1, false);
	assert_beat("3G", "LK,0,100", 0, -1, 100, false);
	assert_beat("3G", "LK,5,6,77,1200,33,1", 5, 6, 77, false);
	assert_beat("3G", "LK,,", -1, -1, -1, false);
	assert_beat("3G", "LK,7", -1, -1, -1, false);
	assert_beat("3G", "LK,a,b,c", -1, -1, -1, false);
	assert_beat("3G", "LK,0,0,-1", 0, 0, -1, false);
	assert_beat("3G", "LK,0,0,101", 0, 0, -1, false);
	assert_beat("3G", "LK,4294967296,0,50", -1, 0, 50, false);
	assert_beat("HYK", "KA,20230412,2060,4,59", 2060, 4, 59, false);
	assert_beat("HYK", "KA", -1, -1, -1, false);
	assert_beat("HYK", "KA,20230412", -1, -1, -1, false);
}

/* ---- health ---- */

static void assert_health(
	const char *content, int bpm, int high, int low, int spo2, int temperature)
{
	struct report r = read_of("3G", content);

	assert_int_equal(r.kind, REPORT_HEALTH);
	assert_int_equal((r.has & REPORT_HAS_HEART) != 0 ? r.heart_bpm : 0, bpm);
	assert_int_equal((r.has & REPORT_HAS_BLOOD_PRESSURE) != 0 ? r.systolic_mmhg : 0, high);
	assert_int_equal((r.has & REPORT_HAS_BLOOD_PRESSURE) != 0 ? r.diastolic_mmhg : 0, low);
	assert_int_equal((r.has & REPORT_HAS_SPO2) != 0 ? r.spo2_permille : 0, spo2);
	assert_int_equal(
		(r.has & REPORT_HAS_TEMPERATURE) != 0 ? r.temperature_cdeg : 0, temperature);
}

static void health_values_are_read_when_plausible(void **state)
{
	(void)state;
	assert_health("heart,72", 72, 0, 0, 0, 0);
	assert_health("HEART,0", 0, 0, 0, 0, 0);
	assert_health("heart,20", 20, 0, 0, 0, 0);
	assert_health("heart,19", 0, 0, 0, 0, 0);
	assert_health("heart,250", 250, 0, 0, 0, 0);
	assert_health("heart,251", 0, 0, 0, 0, 0);
	assert_health("PULSE,60", 60, 0, 0, 0, 0);
	assert_health("BLOOD,118,76", 0, 118, 76, 0, 0);
	assert_health("BLOOD,50,30", 0, 50, 30, 0, 0);
	assert_health("BLOOD,49,30", 0, 0, 0, 0, 0);
	assert_health("BLOOD,261,160", 0, 0, 0, 0, 0);
	assert_health("BLOOD,260,160", 0, 260, 160, 0, 0);
	assert_health("BLOOD,120,0", 0, 0, 0, 0, 0);
	assert_health("bphrt,120,80,72,170,1,70,65", 72, 120, 80, 0, 0);
	assert_health("bphrt,0,0,72,,,,", 72, 0, 0, 0, 0);
	assert_health("bphrt,999,999,999,,,,", 0, 0, 0, 0, 0);
	assert_health("oxygen,0,98", 0, 0, 0, 980, 0);
	assert_health("oxygen,0,97.5", 0, 0, 0, 975, 0);
	assert_health("oxygen,0,50", 0, 0, 0, 500, 0);
	assert_health("oxygen,0,49.9", 0, 0, 0, 0, 0);
	assert_health("oxygen,0,100", 0, 0, 0, 1000, 0);
	assert_health("oxygen,0,100.1", 0, 0, 0, 0, 0);
	assert_health("oxygen,0,0", 0, 0, 0, 0, 0);
	assert_health("TEMP,36.60", 0, 0, 0, 0, 3660);
	assert_health("TEMP,30", 0, 0, 0, 0, 3000);
	assert_health("TEMP,29.99", 0, 0, 0, 0, 0);
	assert_health("TEMP,45.00", 0, 0, 0, 0, 4500);
	assert_health("TEMP,45.01", 0, 0, 0, 0, 0);
	assert_health("btemp2,1,36.53", 0, 0, 0, 0, 3653);
	assert_health("btemp2,0,36.4", 0, 0, 0, 0, 3640);
	assert_health("btemp2,1,0", 0, 0, 0, 0, 0);
	assert_health("btemp2,1,1", 0, 0, 0, 0, 0);
	assert_health("btemp2,1,-273.15", 0, 0, 0, 0, 0);
	assert_health("btemp2,1", 0, 0, 0, 0, 0);
}

static void only_implausible_values_are_partial(void **state)
{
	(void)state;
	assert_false(read_of("3G", "btemp2,1,1").is_partial);
	assert_false(read_of("3G", "bphrt,0,0,72,,,,").is_partial);
	assert_true(read_of("3G", "oxygen,0,250").is_partial);
	assert_true(read_of("3G", "heart,x").is_partial);
	assert_true(read_of("3G", "heart,300").is_partial);
}

/* ---- media ---- */

#define AMR "#!AMR\n0123456789abc"

static enum report_kind media_kind(const char *content)
{
	return read_of("3G", content).kind;
}

static void media_are_checked(void **state)
{
	(void)state;
	assert_int_equal(media_kind("TK," AMR), REPORT_MEDIA);
	assert_int_equal(media_kind("TK,#!AMR\n0123456789abc"), REPORT_MEDIA); /* 19 bytes */
	assert_int_equal(media_kind("TK,#!AMR\n0123456789ab"), REPORT_ERROR);
	assert_int_equal(media_kind("TK," AMR "}"), REPORT_ERROR);
	assert_int_equal(media_kind("TK," AMR "}\6"), REPORT_ERROR);
	assert_int_equal(media_kind("TK2,12," AMR), REPORT_MEDIA);
	assert_int_equal(media_kind("TK2,," AMR), REPORT_ERROR);
	assert_int_equal(media_kind("TK2," AMR), REPORT_ERROR);
	assert_int_equal(media_kind("STK," AMR), REPORT_MEDIA);
	assert_int_equal(media_kind("img,5,160429110950,\xFF\xD8}\1"), REPORT_MEDIA);
	assert_int_equal(media_kind("IMG,6,160429110950,x"), REPORT_MEDIA);
	assert_int_equal(media_kind("img,5,160429110950,"), REPORT_ERROR);
	assert_int_equal(media_kind("img,5"), REPORT_ERROR);
	assert_int_equal(media_kind("img,5,16042911095,x"), REPORT_ERROR);
	assert_int_equal(media_kind("img,x,160429110950,x"), REPORT_ERROR);
	assert_int_equal(media_kind("JXTK,0,n,1,128,x"), REPORT_MEDIA);
	assert_int_equal(media_kind("JXTK,0,n,128,128,x"), REPORT_MEDIA);
	assert_int_equal(media_kind("JXTK,0,n,1,129,x"), REPORT_ERROR);
	assert_int_equal(media_kind("JXTK,0,n,0,1,x"), REPORT_ERROR);
	assert_int_equal(media_kind("JXTK,0,n,2,1,x"), REPORT_ERROR);
	assert_int_equal(media_kind("JXTK,0,n,1,1,"), REPORT_ERROR);
	assert_int_equal(media_kind("JXTK,0,n,1"), REPORT_ERROR);
	assert_int_equal(read_of("3G", "TK," AMR).text.n, 0);
}

/* ---- escapes ---- */

static void one_escape(struct prop *p)
{
	char plain[200];
	char wire[400];
	char again[200];
	size_t wire_n = 0;
	size_t again_n = 0;
	size_t n = prop_bytes(p, plain, sizeof plain, prop_chance(p, 50) ? "}[],*a\1\5" : NULL, 8);
	struct view in = {.p = plain, .n = n};

	assert_int_equal(escape_write(in, wire, 2 * n, &wire_n, NULL), RC_OK);
	in = (struct view){.p = wire, .n = wire_n};
	assert_true(escape_is_sound(in));
	assert_true(wire_n == 0 || memchr(wire, ',', wire_n) == NULL);
	assert_int_equal(escape_read(in, again, n, &again_n, NULL), RC_OK);
	assert_int_equal(again_n, n);
	assert_memory_equal(plain, again, n);
	if (n > 0) {
		assert_int_equal(escape_read(in, again, n - 1, &again_n, NULL), RC_LIMIT);
		assert_int_equal(escape_write((struct view){.p = plain, .n = n}, wire, wire_n - 1,
					 &wire_n, NULL),
			RC_LIMIT);
	}
}

static void what_is_escaped_comes_back(void **state)
{
	char buf[8];
	size_t n = 0;

	(void)state;
	prop_run("what_is_escaped_comes_back", 2000, one_escape);
	assert_int_equal(escape_read(VIEW("ab}"), buf, sizeof buf, &n, NULL), RC_SYNTAX);
	assert_int_equal(escape_read(VIEW("ab}\0"), buf, sizeof buf, &n, NULL), RC_SYNTAX);
	assert_int_equal(escape_read(VIEW("ab}\6"), buf, sizeof buf, &n, NULL), RC_SYNTAX);
	assert_int_equal(escape_read(VIEW("ab]"), buf, sizeof buf, &n, NULL), RC_SYNTAX);
	assert_int_equal(escape_read(VIEW("}\1}\2}\3}\4}\5"), buf, sizeof buf, &n, NULL), RC_OK);
	assert_memory_equal(buf, "}[],*", 5);
}

/* ---- facts ---- */

static void assert_fact(const char *content, enum report_fact fact, const char *wanted)
{
	struct report r = read_of("3G", content);
	struct view found = {.p = NULL, .n = 0};
	bool is_there = report_fact(&r, fact, &found);

	if (is_there != (wanted != NULL) || (is_there && !view_is(found, view_of(wanted))))
		fail_msg("%s: %.*s", content, (int)found.n, found.p);
}

static void facts_are_found_where_watches_put_them(void **state)
{
	(void)state;
	assert_fact("RYIMEI,863737078055392", REPORT_FACT_IMEI, "863737078055392");
	assert_fact("RYIMEI,86373707805539", REPORT_FACT_IMEI, NULL);
	assert_fact("RYIMEI,86373707805539x", REPORT_FACT_IMEI, NULL);
	assert_fact("RYIMEI", REPORT_FACT_IMEI, NULL);
	assert_fact("ICCID,8939880841110848432F,863737078055392,Unknown,", REPORT_FACT_IMEI,
		"863737078055392");
	assert_fact("ICCID,8939880841110848432F,863737078055392,Unknown,", REPORT_FACT_ICCID,
		"8939880841110848432F");
	assert_fact("ICCID,89860041191504366046,,,,mqtt", REPORT_FACT_IMEI, NULL);
	assert_fact("CCID,89882280666025486402", REPORT_FACT_ICCID, "89882280666025486402");
	assert_fact("CCID,8988228066602548", REPORT_FACT_ICCID, NULL);
	assert_fact(
		"CONFIG,860,0,0,0,0,0,0,0,0,861397053141170", REPORT_FACT_IMEI, "861397053141170");
	assert_fact("CONFIG,TY:g36f,UL:60000,VR:C405_V1.3", REPORT_FACT_MODEL, "g36f");
	assert_fact("CONFIG,TY:g36f,UL:60000,VR:C405_V1.3", REPORT_FACT_VERSION, "C405_V1.3");
	assert_fact("CONFIG,TY:", REPORT_FACT_MODEL, NULL);
	assert_fact("VERNO,G29_BASE_V1.00", REPORT_FACT_VERSION, "G29_BASE_V1.00");
	assert_fact("VERNO,bad version", REPORT_FACT_VERSION, NULL);
	assert_fact("VERNO", REPORT_FACT_VERSION, NULL);
	assert_fact("TS,ver:V52_1; ID:1234567890; imei:863737078055392; url:x", REPORT_FACT_IMEI,
		"863737078055392");
	assert_fact("TS,ver:V52_1; ID:1234567890; imei:863737078055392; url:x", REPORT_FACT_VERSION,
		"V52_1");
	assert_fact("LK,0,0,50", REPORT_FACT_IMEI, NULL);
	assert_fact("LK,0,0,50", REPORT_FACT_VERSION, NULL);
	assert_fact("LK,0,0,50", REPORT_FACT_ICCID, NULL);
	assert_fact("LK,0,0,50", REPORT_FACT_MODEL, NULL);
	assert_fact("LK,0,0,50", REPORT_FACT_COUNT, NULL);
	assert_fact("CCID,89882280666025486402123", REPORT_FACT_ICCID, NULL);
	assert_fact("CCID,898822806660254x6402", REPORT_FACT_ICCID, NULL);
	assert_fact("CONFIG,1234567890", REPORT_FACT_IMEI, NULL);
	assert_fact("CONFIG,UL:600", REPORT_FACT_MODEL, NULL);
	assert_fact("TS,novalue;:x;ver", REPORT_FACT_VERSION, NULL);
	assert_fact("VERNO,0123456789012345678901234567890123456789012345678901234567890123",
		REPORT_FACT_VERSION,
		"0123456789012345678901234567890123456789012345678901234567890123");
	assert_fact("VERNO,01234567890123456789012345678901234567890123456789012345678901234",
		REPORT_FACT_VERSION, NULL);
}

/* ---- the table ---- */

static void keywords_are_sorted_and_found(void **state)
{
	size_t n = 0;
	const struct keyword *table = keyword_table(&n);

	(void)state;
	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(keyword_find(view_of(table[i].name)), &table[i]);
		assert_true(i == 0 || strcmp(table[i - 1].name, table[i].name) < 0);
		assert_true(strlen(table[i].name) <= REPORT_KEYWORD_MAX);
	}
	assert_null(keyword_find(VIEW("")));
	assert_null(keyword_find(VIEW("L")));
	assert_null(keyword_find(VIEW("LKK")));
	assert_null(keyword_find(VIEW("ZZZZ")));
	assert_null(keyword_find(VIEW("TKQ3")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heartbeats_have_many_forms),
		cmocka_unit_test(health_values_are_read_when_plausible),
		cmocka_unit_test(only_implausible_values_are_partial),
		cmocka_unit_test(media_are_checked),
		cmocka_unit_test(what_is_escaped_comes_back),
		cmocka_unit_test(facts_are_found_where_watches_put_them),
		cmocka_unit_test(keywords_are_sorted_and_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
