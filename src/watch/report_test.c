#include "unit.h"

#include <stdlib.h>

#include "watch/watch_kit.h"

#define HEAD "UD,080123,131944,A,51.2,N,3.1,E,0.0,0,0,9,100,90,0,0,"
#define UD "UD,080123,131944,"
#define REST ",0.0,0,0,9,100,90,0,0,00000000,0,0"

static struct report read_of(const char *content)
{
	struct report r;

	kit_report("3G", content, &r);
	return r;
}

static void assert_error(const char *content, enum report_error error)
{
	struct report r = read_of(content);

	assert_int_equal(r.kind, REPORT_ERROR);
	assert_int_equal(r.error, error);
	assert_int_equal(r.has, 0);
	assert_int_equal(r.cells_n + r.wifi_n, 0);
	assert_true(strlen(report_error_text(error)) > 5);
}

/* ---- sign and hemisphere ---- */

static void assert_point(const char *place, int32_t lat_e7, int32_t lon_e7, bool is_unknown)
{
	char content[256];

	(void)snprintf(content, sizeof content, UD "A,%s" REST, place);
	struct report r = read_of(content);
	assert_int_equal(r.kind, REPORT_POSITION);
	assert_int_equal(r.error, REPORT_FINE);
	assert_true((r.has & REPORT_HAS_POINT) != 0);
	assert_int_equal(r.lat_e7, lat_e7);
	assert_int_equal(r.lon_e7, lon_e7);
	assert_int_equal(r.is_hemisphere_unknown, is_unknown);
}

static void letters_and_signs_give_the_hemisphere(void **state)
{
	(void)state;
	assert_point("51.2,N,3.1,E", 512000000, 31000000, false);
	assert_point("51.2,S,3.1,W", -512000000, -31000000, false);
	assert_point("33.5,N,-84.14,W", 335000000, -841400000, false);
	assert_point("-33.45,S,-70.66,E", -334500000, -706600000, false);
	assert_point("-33.45,N,-70.66,E", -334500000, -706600000, false);
	assert_point("-16.5,,68.15,", -165000000, 681500000, true);
	assert_point("51.5,N,0.12,", 515000000, 1200000, true);
	assert_point(" 9.15, N ,003.19, e ", 91500000, 31900000, false);
	assert_point("22.123456789,N,113.98765432,E", 221234568, 1139876543, false);
	assert_point("90,N,180,E", 900000000, 1800000000, false);
	assert_point("90.0,S,180.0,W", -900000000, -1800000000, false);
	assert_point("0,N,0.0000001,E", 0, 1, false);
	assert_point("7.,N,.5,W", 70000000, -5000000, false);
}

static void what_is_no_place_is_refused(void **state)
{
	(void)state;
	static const char *const points[] = {"90.0000001,N,3.1,E", "51.2,N,180.0000001,E",
		"-90.1,S,3.1,E", "NaN,N,3.1,E", "inf,N,3.1,E", "1e1,N,3.1,E", ",N,3.1,E",
		"51.2,N,,E", "0x10,N,3.1,E", "5 1,N,3.1,E", "51.2.3,N,3.1,E", "--5,N,3.1,E",
		"99999999999999999999,N,1,E"};

	for (size_t i = 0; i < COUNT_OF(points); i++) {
		char content[256];
		(void)snprintf(content, sizeof content, UD "A,%s" REST, points[i]);
		assert_error(content, REPORT_BAD_POINT);
	}
	assert_error(UD "A,51.2,Q,3.1,E" REST, REPORT_BAD_HEMISPHERE);
	assert_error(UD "A,51.2,E,3.1,N" REST, REPORT_BAD_HEMISPHERE);
	assert_error(UD "A,51.2,NN,3.1,E" REST, REPORT_BAD_HEMISPHERE);
	assert_error(UD "A,51,2,N,3.1,E" REST, REPORT_BAD_HEMISPHERE);
	assert_error(UD "X,51.2,N,3.1,E" REST, REPORT_BAD_VALIDITY);
	assert_error(UD ",51.2,N,3.1,E" REST, REPORT_BAD_VALIDITY);
}

static void zero_zero_is_no_place_even_with_a_fix(void **state)
{
	(void)state;
	struct report r = read_of(UD "A,0.0,N,0.0,E" REST);

	assert_int_equal(r.kind, REPORT_POSITION);
	assert_false(r.is_valid);
	assert_int_equal(r.has & REPORT_HAS_POINT, 0);
	assert_true((r.has & REPORT_HAS_ZERO_POINT) != 0);
	assert_int_equal(r.battery_percent, 90);
}

static void coordinates_without_a_fix_cost_nothing_else(void **state)
{
	(void)state;
	struct report r = read_of(UD "V,,N,,E" REST);

	assert_int_equal(r.kind, REPORT_POSITION);
	assert_true(r.is_partial);
	assert_false(r.is_valid);
	assert_int_equal(r.has & REPORT_HAS_POINT, 0);
	assert_true((r.has & REPORT_HAS_VALIDITY) != 0);
	assert_int_equal(r.battery_percent, 90);
}

/* ---- dates ---- */

static void dates_that_do_not_exist_are_refused(void **state)
{
	static const char *const dates[] = {"310223", "290223", "321323", "000000", "080023",
		"311123", "08012", "0801230", "08O123", ""};
	static const char *const times[] = {
		"240000", "006000", "000060", "13194", "1319441", "-13194"};
	char content[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(dates); i++) {
		(void)snprintf(
			content, sizeof content, "UD,%s,131944,A,51.2,N,3.1,E" REST, dates[i]);
		assert_error(content, REPORT_BAD_DATE);
	}
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		(void)snprintf(
			content, sizeof content, "UD,080123,%s,A,51.2,N,3.1,E" REST, times[i]);
		assert_error(content, REPORT_BAD_TIME);
	}
	assert_int_equal(read_of("UD,290224,235959,A,51.2,N,3.1,E").error, REPORT_FINE);
}

static void vendors_have_their_date_order(void **state)
{
	static const char content[] = "UD,100203,040506,A,51.2,N,3.1,E" REST;
	static const int64_t dmy_ms = 1044849906000; /* 2003-02-10 04:05:06 */
	static const int64_t ymd_ms = 1265169906000; /* 2010-02-03 04:05:06 */
	struct report r;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		kit_report((const char *const[]){"3G", "SG", "cs", "ZJ"}[i], content, &r);
		assert_int_equal(r.time_ms, dmy_ms);
		assert_false(r.is_time_local || r.is_time_alternative);
	}
	for (size_t i = 0; i < 5; i++) {
		kit_report((const char *const[]){"YS", "XT", "tl", "BK", "RL"}[i], content, &r);
		assert_int_equal(r.time_ms, ymd_ms);
		assert_true(r.is_time_local && !r.is_time_alternative);
	}
	for (size_t i = 0; i < 3; i++) {
		kit_report((const char *const[]){"2G", "HYK", "XX"}[i], content, &r);
		assert_int_equal(r.time_ms, dmy_ms);
		assert_int_equal(r.time_alt_ms, ymd_ms);
		assert_true(r.is_time_alternative && !r.is_time_local);
	}
}

static void an_unknown_vendors_only_possible_order_is_taken(void **state)
{
	struct report r;

	(void)state;
	kit_report("HYK", "UD,231005,040506,A,51.2,N,3.1,E" REST, &r);
	assert_true(r.is_time_alternative);
	kit_report("HYK", "UD,320105,040506,A,51.2,N,3.1,E" REST, &r);
	assert_false(r.is_time_alternative);
	assert_int_equal(r.time_ms, 1956888306000); /* 2032-01-05 */
	kit_report("HYK", "UD,323205,040506,A,51.2,N,3.1,E" REST, &r);
	assert_int_equal(r.error, REPORT_BAD_DATE);
	/* what is refused says nothing at all, not even that there would be another reading */
	kit_report("HYK", "UD,010203,040506,A,91,N,3.1,E" REST, &r);
	assert_int_equal(r.error, REPORT_BAD_POINT);
	assert_false(r.is_time_alternative || r.is_valid || r.is_time_local);
}

static void the_nearer_reading_of_a_date_is_filed(void **state)
{
	bool is_unset = false;
	struct report r;

	(void)state;
	kit_report(
		"HYK", "UD,231022,120000,A,51.2,N,3.1,E" REST, &r); /* 23 Oct 2022 or 22 Oct 2023 */
	assert_int_equal(report_time_ms(&r, 1666527000000, &is_unset), 1666526400000);
	assert_int_equal(report_time_ms(&r, 1697976000000, &is_unset), 1697976000000);
	assert_false(is_unset);
}

static void an_unset_clock_files_under_the_receipt(void **state)
{
	static const int64_t day_ms = 86400000;
	bool is_unset = false;
	struct report r = read_of("UD,010115,000000,A,51.2,N,3.1,E" REST);
	const int64_t start_ms = 1420070400000;

	(void)state;
	assert_int_equal(report_time_ms(&r, start_ms, &is_unset), start_ms);
	assert_false(is_unset);
	assert_int_equal(report_time_ms(&r, start_ms - day_ms, &is_unset), start_ms);
	assert_false(is_unset);
	assert_int_equal(
		report_time_ms(&r, start_ms - day_ms - 1, &is_unset), start_ms - day_ms - 1);
	assert_true(is_unset);
	r = read_of("UD,311214,235959,A,51.2,N,3.1,E" REST);
	assert_int_equal(report_time_ms(&r, start_ms, &is_unset), start_ms);
	assert_true(is_unset);
	r = read_of("AL");
	assert_int_equal(report_time_ms(&r, 42, &is_unset), 42);
	assert_false(is_unset);
}

/* ---- values and status ---- */

static void bad_values_are_left_out_and_the_rest_is_kept(void **state)
{
	struct report r =
		read_of(UD "A,51.2,N,3.1,E,-5,361,x,100,101,255,4294967296,-1,00000010,0,0");

	(void)state;
	assert_int_equal(r.kind, REPORT_POSITION);
	assert_true(r.is_partial);
	assert_int_equal(r.error, REPORT_BAD_VALUE);
	assert_int_equal(r.has,
		REPORT_HAS_TIME | REPORT_HAS_VALIDITY | REPORT_HAS_POINT | REPORT_HAS_STATUS);
	assert_int_equal(r.flags, REPORT_FLAG_STILL);
}

static void values_at_their_limits_are_kept(void **state)
{
	struct report r = read_of(
		UD "A,51.2,N,3.1,E,655.35,360.00,-12.5,99,100,100,4294967295,0,FFFFFFFF,0,0");

	(void)state;
	assert_int_equal(r.error, REPORT_FINE);
	assert_int_equal(r.speed_ckmh, 65535);
	assert_int_equal(r.course_cdeg, 36000);
	assert_int_equal(r.altitude_dm, -125);
	assert_int_equal(r.satellites, 99);
	assert_int_equal(r.signal_percent, 100);
	assert_int_equal(r.battery_percent, 100);
	assert_int_equal(r.steps, UINT32_MAX);
	assert_int_equal(r.status, UINT32_MAX);
	assert_int_equal(r.flags, 31);
	assert_int_equal(r.alarms, 255);
}

static void short_records_are_positions(void **state)
{
	struct report r = read_of(UD "A,22.653729,N,114.0146,E,0.0,0");

	(void)state;
	assert_int_equal(r.kind, REPORT_POSITION);
	assert_int_equal(r.error, REPORT_FINE);
	assert_int_equal(r.has & (REPORT_HAS_BATTERY | REPORT_HAS_STATUS | REPORT_HAS_ALTITUDE), 0);
	assert_true((r.has & REPORT_HAS_COURSE) != 0);
	assert_int_equal(read_of(UD "A,22.653729,N,114.0146,E").error, REPORT_FINE);
	assert_error(UD "A,22.653729,N,114.0146", REPORT_BAD_FIELDS);
	assert_error("UD,080123", REPORT_BAD_FIELDS);
	assert_error("UD", REPORT_BAD_FIELDS);
	assert_error("UD,", REPORT_BAD_FIELDS);
}

static void status_is_a_set(void **state)
{
	static const struct {
		const char *word;
		unsigned alarms, flags;
	} words[] = {
		{"00000000", 0, 0},
		{"0", 0, 0},
		{"0001", 0, REPORT_FLAG_LOW_BATTERY},
		{"00000002", 0, REPORT_FLAG_OUTSIDE_FENCE},
		{"00000004", 0, REPORT_FLAG_INSIDE_FENCE},
		{"00000018", 0, REPORT_FLAG_OFF_WRIST | REPORT_FLAG_STILL},
		{"00004000", REPORT_ALARM_POWER_CUT, 0},
		{"00030000", REPORT_ALARM_SOS | REPORT_ALARM_LOW_BATTERY, 0},
		{"000c0000", REPORT_ALARM_LEFT_PLACE | REPORT_ALARM_ENTERED_PLACE, 0},
		{"00200010", REPORT_ALARM_FALL, REPORT_FLAG_STILL},
		{"00100000", REPORT_ALARM_REMOVED, 0},
		{"00400000", REPORT_ALARM_HEART_RATE, 0},
		{"40000000", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		char content[256];
		(void)snprintf(content, sizeof content, HEAD "%s,0,0", words[i].word);
		struct report r = read_of(content);
		assert_int_equal(r.kind, REPORT_POSITION);
		assert_int_equal(r.alarms, words[i].alarms);
		assert_int_equal(r.flags, words[i].flags);
		assert_int_equal(r.status, strtoul(words[i].word, NULL, 16));
	}
	assert_error(HEAD "1FFFFFFFF,0,0", REPORT_BAD_STATUS);
	assert_error(HEAD "ZZ,0,0", REPORT_BAD_STATUS);
	assert_int_equal(read_of(HEAD ",0,0").kind, REPORT_POSITION);
}

/* ---- alarms ---- */

static void an_alarm_is_never_lost(void **state)
{
	static const char *const contents[] = {"AL", "AL,", "AL,,,,,,,,,,,,,,,,,,", "al,x",
		"AL_LTE,321323,131944,A,51.2,N,3.1,E", "ALCUSTOMER1", "AL,080123", ("AL\1,2"),
		"AL,[", "ALARMALARMALARMALARMALARMALARM,1",
		("AL,080123,131944,X,51.2,N,3.1,E" REST),
		"AL,080123,131944,A,51.2,N,3.1,E,0.0,0,0,9,100,90,0,0,XYZ,0,0"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(contents); i++) {
		struct report r = read_of(contents[i]);
		assert_int_equal(r.kind, REPORT_ALARM);
		assert_int_equal(r.alarms, REPORT_ALARM_UNKNOWN);
		assert_true(r.is_partial);
	}
	struct frame f = kit_frame(VIEW("[3G*8800000015*0006*AL,\0,1]"));
	struct report r;
	report_read(&f, &r);
	assert_int_equal(r.kind, REPORT_ALARM);
}

static void an_alarm_keeps_what_can_be_read(void **state)
{
	(void)state;
	struct report r =
		read_of("AL,321323,131944,A,51.2,N,3.1,E,1.5,0,0,9,100,90,0,0,00010010,0,0");
	assert_int_equal(r.alarms, REPORT_ALARM_SOS);
	assert_int_equal(r.error, REPORT_BAD_DATE);
	assert_int_equal(r.has & REPORT_HAS_TIME, 0);
	assert_int_equal(r.lat_e7, 512000000);
	assert_int_equal(r.battery_percent, 90);

	r = read_of("AL,080123,131944,A,91.0,N,3.1,E,1.5,0,0,9,100,90,0,0,00200000,1,2,3,4");
	assert_int_equal(r.alarms, REPORT_ALARM_FALL);
	assert_false(r.is_valid);
	assert_int_equal(r.has & REPORT_HAS_POINT, 0);
	assert_true((r.has & REPORT_HAS_TIME) != 0);

	/* decimal commas shift everything: the status word is found by its form, the place is not
	 * trusted */
	r = read_of("AL,080123,131944,A,51,2,N,3,1,E,0.0,0,0,9,100,90,0,0,00010000,0,0");
	assert_int_equal(r.alarms, REPORT_ALARM_SOS);
	assert_int_equal(r.error, REPORT_BAD_HEMISPHERE);
	assert_int_equal(r.has & (REPORT_HAS_POINT | REPORT_HAS_VALIDITY | REPORT_HAS_BATTERY), 0);
	assert_false(r.is_valid);
}

static void an_alarm_without_alarm_bit_is_unknown(void **state)
{
	struct report r =
		read_of("AL,080123,131944,A,51.2,N,3.1,E,0.0,0,0,9,100,90,0,0,00000008,0,0");

	(void)state;
	assert_int_equal(r.alarms, REPORT_ALARM_UNKNOWN);
	assert_int_equal(r.error, REPORT_FINE);
	assert_int_equal(r.flags, REPORT_FLAG_OFF_WRIST);
}

/* ---- keywords ---- */

static void position_keywords_are_known_by_their_start(void **state)
{
	static const char *const words[] = {"UD", "UD2", "UD3", "UD_LTE", "UD_WCDMA", "UD_TDSCDMA",
		"UD_GPS", "UD2_LTE", "ud", "WT", "WT_LTE", "WT_FUTR", "WT2", "WG", "UDX9"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		char content[256];
		(void)snprintf(
			content, sizeof content, "%s,080123,131944,A,51.2,N,3.1,E" REST, words[i]);
		struct report r = read_of(content);
		assert_int_equal(r.kind, REPORT_POSITION);
		assert_int_equal(r.error, REPORT_FINE);
		assert_int_equal(r.is_stored, strncmp(words[i], "UD2", 3) == 0);
		assert_int_equal(r.text.n, 0);
	}
}

static void blanks_after_commas_are_no_part_of_a_field(void **state)
{
	struct report r =
		read_of("UD, 080123, 131944, A, 51.2, N, 3.1, E, 0.5, 0, 0, 9, 100, 90, 1, 2,"
			" 00000010, 1, 255, 460, 02, 9360, 4082, -70, 1, home,"
			" aa:bb:cc:dd:ee:ff, -50, 12.5");

	(void)state;
	assert_int_equal(r.error, REPORT_FINE);
	assert_int_equal(r.lat_e7, 512000000);
	assert_int_equal(r.flags, REPORT_FLAG_STILL);
	assert_int_equal(r.cells_n, 1);
	assert_string_equal(r.cells[0].mnc, "02");
	assert_int_equal(r.wifi_n, 1);
	assert_int_equal(r.accuracy_dm, 125);
	r = read_of(
		"UD_CDMA, 080123, 131944, A, 51.2, N, 3.1, E, 0, 0, 0, 9, 100, 90, 0, 0, 00000000,"
		" 1, 1, 460, 2, 10133, 5173, 100, 0, 23.6");
	assert_int_equal(r.error, REPORT_FINE);
	assert_int_equal(r.cdma.bid, 100);
	assert_int_equal(r.accuracy_dm, 236);
}

static void fields_before_the_record_are_skipped(void **state)
{
	static const char *const starts[] = {"WAD,CH,", "WAD,", "PP,091046,", "PP,", "wad,EN,"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(starts); i++) {
		char content[256];
		(void)snprintf(
			content, sizeof content, "%s080123,131944,A,51.2,N,3.1,E" REST, starts[i]);
		struct report r = read_of(content);
		assert_int_equal(r.kind, REPORT_POSITION);
		assert_int_equal(r.error, REPORT_FINE);
		assert_int_equal(r.lat_e7, 512000000);
		assert_int_equal(r.battery_percent, 90);
	}
}

static void requests_without_a_place_are_no_errors(void **state)
{
	(void)state;
	assert_int_equal(read_of("WT").kind, REPORT_OTHER);
	assert_int_equal(
		read_of("WT,2016-09-26,11:00:00,b6e0d4c6,2,-5,-12,22,6df15733").kind, REPORT_OTHER);
	assert_int_equal(read_of("PP").kind, REPORT_OTHER);
	assert_int_equal(read_of("pp,1").kind, REPORT_OTHER);
}

static void keywords_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_error("", REPORT_BAD_KEYWORD);
	assert_error(",", REPORT_BAD_KEYWORD);
	assert_error("L K", REPORT_BAD_KEYWORD);
	assert_error("<b>", REPORT_BAD_KEYWORD);
	assert_error("ABCDEFGHIJKLMNOPQRSTUVWXY", REPORT_BAD_KEYWORD);
	assert_int_equal(read_of("ABCDEFGHIJKLMNOPQRSTUVWX").kind, REPORT_OTHER);
	struct frame f = kit_frame(VIEW("[3G*8800000015*0009*LK,0\0,0,9]"));
	struct report r;
	report_read(&f, &r);
	assert_int_equal(r.error, REPORT_BAD_TEXT);
}

static void acknowledgements_are_answers(void **state)
{
	static const char *const acks[] = {"CR", "UPLOAD", "SOS1,00491701234567", "FALLDOWN,1,1",
		"RCAPTURE", "rcapture", "POWEROFF", "PHBX,1", "TK,1", "TK,0", "TK", "LSSET,5", "lz",
		"VERNO,G29_V1.00", "TS,ver:x", "CONFIG,1", "RYIMEI,1", "oxygen,1", "calllog,1",
		"WIFIINFOUP,-1", "PULSE", "MONITOR", "ANY", "JXTKR,1", "TK2", "TK2,1", "img",
		"JXTK", "bphrt"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(acks); i++)
		assert_int_equal(read_of(acks[i]).kind, REPORT_ANSWER);
}

static void secrets_are_not_kept(void **state)
{
	static const char *const contents[] = {"WIFIINFOUP,0041,00420043,aa:bb:cc:dd:ee:ff",
		"SMS,230101,120000,+4917012345,,00480069", "APPCONTACTTEL,110,5F204E09",
		"APPANDFNREPORT,1,5F20"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(contents); i++) {
		struct report r = read_of(contents[i]);
		assert_int_equal(r.kind, REPORT_OTHER);
		assert_int_equal(r.text.n, 0);
	}
	struct report r = read_of("RYIMEI,863737078055392");
	assert_true(view_is(r.text, VIEW("863737078055392")));
}

static void long_text_is_cut(void **state)
{
	char content[REPORT_TEXT_MAX + 100];

	(void)state;
	memset(content, 'a', sizeof content);
	memcpy(content, "CONFIG,", 7);
	for (size_t n = REPORT_TEXT_MAX - 1; n <= REPORT_TEXT_MAX + 1; n++) {
		content[7 + n] = '\0';
		struct report r = read_of(content);
		assert_int_equal(r.text.n, n < REPORT_TEXT_MAX ? n : REPORT_TEXT_MAX);
		content[7 + n] = 'a';
	}
}

static void names_are_complete(void **state)
{
	(void)state;
	for (unsigned bit = 1; bit <= REPORT_ALARM_UNKNOWN; bit <<= 1)
		assert_non_null(report_alarm_name((enum report_alarm)bit));
	for (unsigned bit = 1; bit <= REPORT_FLAG_STILL; bit <<= 1)
		assert_non_null(report_flag_name((enum report_flag)bit));
	for (unsigned i = 0; i < REPORT_KIND_COUNT; i++)
		assert_true(strlen(report_kind_name((enum report_kind)i)) > 3);
	for (unsigned i = 1; i < REPORT_ERROR_COUNT; i++)
		assert_true(strlen(report_error_text((enum report_error)i)) > 5);
	assert_string_equal(report_error_text(REPORT_FINE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_and_signs_give_the_hemisphere),
		cmocka_unit_test(what_is_no_place_is_refused),
		cmocka_unit_test(zero_zero_is_no_place_even_with_a_fix),
		cmocka_unit_test(coordinates_without_a_fix_cost_nothing_else),
		cmocka_unit_test(dates_that_do_not_exist_are_refused),
		cmocka_unit_test(vendors_have_their_date_order),
		cmocka_unit_test(an_unknown_vendors_only_possible_order_is_taken),
		cmocka_unit_test(the_nearer_reading_of_a_date_is_filed),
		cmocka_unit_test(an_unset_clock_files_under_the_receipt),
		cmocka_unit_test(bad_values_are_left_out_and_the_rest_is_kept),
		cmocka_unit_test(values_at_their_limits_are_kept),
		cmocka_unit_test(short_records_are_positions),
		cmocka_unit_test(status_is_a_set),
		cmocka_unit_test(an_alarm_is_never_lost),
		cmocka_unit_test(an_alarm_keeps_what_can_be_read),
		cmocka_unit_test(an_alarm_without_alarm_bit_is_unknown),
		cmocka_unit_test(position_keywords_are_known_by_their_start),
		cmocka_unit_test(blanks_after_commas_are_no_part_of_a_field),
		cmocka_unit_test(fields_before_the_record_are_skipped),
		cmocka_unit_test(requests_without_a_place_are_no_errors),
		cmocka_unit_test(keywords_that_are_none_are_refused),
		cmocka_unit_test(acknowledgements_are_answers),
		cmocka_unit_test(secrets_are_not_kept),
		cmocka_unit_test(long_text_is_cut),
		cmocka_unit_test(names_are_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
