#include "locate/radio_row.h"

#include "prop.h"
#include "unit.h"

static enum rc read_line(struct radio_columns *c, const char *line, struct radio_row *ret)
{
	return radio_row_read(c, view_of(line), ret, NULL);
}

static void a_line_of_opencellid_is_a_cell(void **state)
{
	struct radio_columns c;
	struct radio_row r;
	uint64_t key = 0;

	(void)state;
	radio_columns_init(&c);
	assert_int_equal(read_line(&c,
				 "GSM,262,2,801,86355,0,13.285512,52.522202,1000,7,1,1282569574,"
				 "1300155341,0",
				 &r),
		RC_OK);
	assert_int_equal(r.kind, ROW_CELL);
	assert_int_equal(r.at.lat_e7, 525222020);
	assert_int_equal(r.at.lon_e7, 132855120);
	assert_int_equal(r.range_m, 1000);
	assert_int_equal(r.samples, 7);
	assert_true(radio_cell_key(262, 2, 801, 86355, &key));
	assert_true(r.key == key);
	assert_int_equal(read_line(&c, "LTE,262,2,801,86355,,13.2855,52.5,,,,,,\r", &r), RC_OK);
	assert_int_equal(r.range_m, 0);
}

static void names_of_columns_set_their_order(void **state)
{
	struct radio_columns c;
	struct radio_row r;

	(void)state;
	radio_columns_init(&c);
	assert_int_equal(read_line(&c,
				 "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,"
				 "created,updated,averageSignal",
				 &r),
		RC_OK);
	assert_int_equal(r.kind, ROW_NOTE);
	assert_int_equal(read_line(&c, "UMTS,262,1,5,9,,8,50,500,1,1,1,1,", &r), RC_OK);
	assert_int_equal(r.kind, ROW_CELL);
	assert_int_equal(read_line(&c, "lat,lon,cid,lac,mnc,mcc", &r), RC_OK);
	assert_int_equal(read_line(&c, "50.5,8.5,9,5,1,262", &r), RC_OK);
	assert_int_equal(r.at.lat_e7, 505000000);
}

static void access_points_have_their_own_columns(void **state)
{
	struct radio_columns c;
	struct radio_row r;
	const uint8_t mac[6] = {0x00, 0x1f, 0x3a, 0x4b, 0x5c, 0x6d};
	uint64_t key = 0;

	(void)state;
	radio_columns_init(&c);
	assert_int_equal(read_line(&c, "WigleWifi-1.4,appRelease=2,model=x", &r), RC_OK);
	assert_int_equal(read_line(&c,
				 "MAC,SSID,AuthMode,FirstSeen,Channel,RSSI,CurrentLatitude,"
				 "CurrentLongitude,AltitudeMeters,AccuracyMeters,Type",
				 &r),
		RC_OK);
	assert_int_equal(
		read_line(&c,
			"00:1f:3a:4b:5c:6d,\"Cafe, Mitte\",[WPA2],2020,6,-70,48.1,11.5,500,5,WIFI",
			&r),
		RC_OK);
	assert_int_equal(r.kind, ROW_POINT);
	assert_true(radio_point_key(mac, &key) && key == r.key);
	assert_int_equal(r.at.lat_e7, 481000000);
	static const char *const skipped[] = {
		"00:1f:3a:4b:5c:6d,Home_NOMAP,x,x,x,x,48.1,11.5,0,0,WIFI",
		"00:1f:3a:4b:5c:6d,x_optout_y,x,x,x,x,48.1,11.5,0,0,WIFI",
		"02:1f:3a:4b:5c:6d,phone,x,x,x,x,48.1,11.5,0,0,WIFI",
		"00:1f:3a:4b:5c:6d,ear,x,x,x,x,48.1,11.5,0,0,BT"};
	for (size_t i = 0; i < COUNT_OF(skipped); i++) {
		assert_int_equal(read_line(&c, skipped[i], &r), RC_OK);
		assert_int_equal(r.kind, ROW_SKIPPED);
	}
}

static void other_radios_are_skipped(void **state)
{
	struct radio_columns c;
	struct radio_row r;

	(void)state;
	radio_columns_init(&c);
	assert_int_equal(read_line(&c, "CDMA,310,13824,3,11519,,-84,33,0,1,1,1,1,0", &r), RC_OK);
	assert_int_equal(r.kind, ROW_SKIPPED);
	assert_int_equal(read_line(&c, "NR,262,1,9,68719476735,,8,50,0,1,1,1,1,0", &r), RC_OK);
	assert_int_equal(r.kind, ROW_SKIPPED);
}

static void bad_lines_are_refused(void **state)
{
	static const char *const bad[] = {"x", ",", "GSM", "GSM,262",
		"GSM,262,2,801,86355,0,,,1000", "GSM,262,2,801,86355,0,181,52,1000",
		"GSM,262,2,801,86355,0,13,91,1000", "GSM,262,2,801,86355,0,0,0,1000",
		"GSM,0,2,801,86355,0,13,52,1000", "GSM,1000,2,801,86355,0,13,52,1000",
		"GSM,262,2,0,86355,0,13,52,1000", "GSM,262,2,65535,86355,0,13,52,1000",
		"GSM,262,2,801,0,0,13,52,1000", "GSM,262,2,801,268435455,0,13,52,1000",
		"GSM,-1,2,801,5,0,13,52,1", "GSM,262,2,801,99999999999,0,13,52,1",
		"GSM,262,2,801,5,0,nan,inf,1", "GSM,262,2,801,5,0,1e1,52,1",
		"\"GSM,262,2,801,5,0,13,52,1", "SMS,262,2,801,5,0,13,52,1",
		"\xff\xfe,262,2,801,5,0,13,52,1"};
	struct radio_columns c;
	struct radio_row r;
	char line[RADIO_LINE_MAX + 2];

	(void)state;
	radio_columns_init(&c);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(read_line(&c, bad[i], &r), RC_SYNTAX);
	assert_int_equal(
		radio_row_read(&c, VIEW("GSM,262,2,801,5,0,13,52\0,1"), &r, NULL), RC_SYNTAX);
	memset(line, '1', sizeof line);
	assert_int_equal(
		radio_row_read(&c, (struct view){line, RADIO_LINE_MAX + 1}, &r, NULL), RC_SYNTAX);
}

static void any_line(struct prop *p)
{
	static const char alphabet[] = "GSMLTE,,,,,,0123456789.-\"lat:macon_";
	struct radio_columns c;
	struct radio_row r;
	char line[200];

	radio_columns_init(&c);
	for (unsigned i = 0; i < 5; i++) {
		size_t n = prop_bytes(p, line, sizeof line, alphabet, sizeof alphabet - 1);
		if (radio_row_read(&c, (struct view){line, n}, &r, NULL) != RC_OK)
			continue;
		if (r.kind == ROW_CELL || r.kind == ROW_POINT)
			assert_true(r.at.lat_e7 >= -900000000 && r.at.lat_e7 <= 900000000 &&
				    r.range_m <= RADIO_RANGE_MAX_M);
	}
}

static void any_line_is_a_row_or_a_reason(void **state)
{
	(void)state;
	prop_run("any_line_is_a_row_or_a_reason", 20000, any_line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_of_opencellid_is_a_cell),
		cmocka_unit_test(names_of_columns_set_their_order),
		cmocka_unit_test(access_points_have_their_own_columns),
		cmocka_unit_test(other_radios_are_skipped),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(any_line_is_a_row_or_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
