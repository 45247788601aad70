#include "unit.h"

#include <string.h>

#include "sim/uplink.h"

static struct uplink_position example(void)
{
	struct uplink_position p = {.time_ms = 1474167443000, /* 2016-09-18 02:57:23 UTC */
		.zone_min = 480,
		.is_fix = true,
		.lat_e7 = 225707330,
		.lon_e7 = -1138626083,
		.last_lat_e7 = 10000000,
		.last_lon_e7 = 20000000,
		.speed_kmh = 4.5,
		.course_deg = 249.5,
		.accuracy_m = 12.25,
		.altitude_m = 7,
		.satellites = 6,
		.battery_percent = 60,
		.steps = 1234,
		.rolls = 5,
		.status = 0x10,
		.mcc = 460,
		.mnc = 1};

	p.radio.signal_percent = 80;
	p.radio.cells_n = 1;
	p.radio.cells[0] = (struct radio_cell){.lac = 9529, .cid = 21809, .level = 158};
	p.radio.points_n = 1;
	p.radio.points[0] = (struct radio_point){
		.ssid = "a,b", .mac = {1, 2, 3, 0xab, 0xcd, 0xef}, .rssi_dbm = -73};
	return p;
}

static struct manners manners_for(struct view words)
{
	struct manners m;

	manners_init(&m);
	assert_int_equal(manners_read(words, &m, NULL), RC_OK);
	return m;
}

static void expect_position(struct view words, const char *keyword, const char *want)
{
	struct manners m = manners_for(words);
	struct uplink_position p = example();
	char buf[UPLINK_CONTENT_MAX];
	struct wire t;

	wire_init(&t, buf, sizeof buf);
	uplink_position(&m, keyword, &p, &t);
	assert_false(t.is_full);
	assert_string_equal(buf, want);
}

static void each_family_writes_its_own_position(void **state)
{
	(void)state;
	expect_position(VIEW("exact"), "UD",
		"UD,180916,025723,A,22.5707330,N,113.8626083,W,4.50,249.5,7.0,6,80,60,1234,5,"
		"00000010,1,255,460,01,9529,21809,158,1,a,b,01:02:03:ab:cd:ef,-73,12.2");
	expect_position(VIEW("yisai"), "AL",
		"AL,160918,105723,A,22.5707330,N,113.8626083,W,4.50,249.5,7.0,6,80,60,1234,5,"
		"00000010,1,255,460,01,9529,21809,158,1,a,b,01:02:03:ab:cd:ef,73,12.2");
	expect_position(VIEW("minus3,lte"), "UD2",
		"UD2_LTE,180916,025723,A,22.5707330,N,113.8626083,W,4.50,249.5,7.0,6,80,60,1234,5,"
		"00000010,1,255,460,01,9529,21809,158,,00");
}

static void without_a_fix_each_family_writes_its_own_place(void **state)
{
	static const struct {
		struct view words;
		const char *part;
	} rows[] = {
		{VIEW("exact"), ",V,0.0000000,N,0.0000000,E,22.00,"},
		{VIEW("lastplace"), ",V,1.0000000,N,2.0000000,E,22.00,"},
		{VIEW("factory"), ",V,22.6835460,N,113.9907380,E,22.00,"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct manners m = manners_for(rows[i].words);
		struct uplink_position p = example();
		char buf[UPLINK_CONTENT_MAX];
		struct wire t;
		p.is_fix = false;
		wire_init(&t, buf, sizeof buf);
		uplink_position(&m, "UD", &p, &t);
		assert_non_null(strstr(buf, rows[i].part));
	}
}

static void expect_frame(struct view words, struct view content, const char *want)
{
	struct manners m = manners_for(words);
	char buf[UPLINK_FRAME_MAX];
	struct wire t;

	wire_init(&t, buf, sizeof buf);
	uplink_frame(&m, "8800000015", 0x2f, 1, content, &t);
	assert_false(t.is_full);
	assert_int_equal(t.n, strlen(want));
	assert_memory_equal(buf, want, t.n);
}

static void each_family_errs_in_its_own_way(void **state)
{
	(void)state;
	expect_frame(VIEW("exact"), VIEW("LK,1,2,33"), "[3G*8800000015*0009*LK,1,2,33]");
	expect_frame(VIEW("exact"), VIEW("PULSE,1234"), "[3G*8800000015*000A*PULSE,1234]");
	expect_frame(VIEW("lowhex"), VIEW("PULSE,1234"), "[3G*8800000015*000a*PULSE,1234]");
	expect_frame(VIEW("plus1"), VIEW("LK"), "[3G*8800000015*0003*LK]");
	expect_frame(VIEW("minus1"), VIEW("LK"), "[3G*8800000015*0001*LK]");
	expect_frame(VIEW("minus3"), VIEW("LK"), "[SG*8800000015*0002*LK]");
	expect_frame(VIEW("minus3"), VIEW("UD,1,,00"), "[SG*8800000015*0005*UD,1,,00]");
	expect_frame(VIEW("decimal"), VIEW("LK,1,2,300"), "[SG*8800000015*000A*LK,1,2,300]");
	expect_frame(VIEW("decimal"), VIEW("UD,345,,00"), "[SG*8800000015*0010*UD,345,,00]");
	expect_frame(VIEW("index"), VIEW("LK"), "[ZJ*8800000015*002F*0002*LK]");
	expect_frame(VIEW("vendor=IC01"), VIEW("LK"), "[IC01*8800000015*0002*LK]");
}

static void signed_frames_begin_with_32_hex_digits(void **state)
{
	struct manners m = manners_for(VIEW("signed"));
	char buf[UPLINK_FRAME_MAX];
	struct wire t;

	(void)state;
	wire_init(&t, buf, sizeof buf);
	uplink_frame(&m, "8800000015", 1, 99, VIEW("LK"), &t);
	assert_int_equal(t.n, 1 + 32 + 23 - 1);
	for (size_t i = 1; i <= 32; i++)
		assert_true(ascii_hex(buf[i]) >= 0);
	assert_memory_equal(buf + 33, "3G*8800000015*0002*LK]", 22);
}

static void heartbeats_are_lk_or_ka(void **state)
{
	struct manners lk = manners_for(VIEW("exact"));
	struct manners ka = manners_for(VIEW("ka"));
	char buf[64];
	struct wire t;

	(void)state;
	wire_init(&t, buf, sizeof buf);
	uplink_heartbeat(&lk, 1474167443000, 50, 2, 99, &t);
	assert_string_equal(buf, "LK,50,2,99");
	wire_init(&t, buf, sizeof buf);
	uplink_heartbeat(&ka, 1474167443000, 50, 2, 99, &t);
	assert_string_equal(buf, "KA,20160918,50,2,99");
}

static void unknown_and_wrong_words_are_refused(void **state)
{
	static const struct view bad[] = {VIEW("polite"), VIEW("exact=1"), VIEW("slow=x"),
		VIEW("clock=99999999999"), VIEW("vendor=3"), VIEW("vendor=3*"), VIEW("vendor"),
		VIEW("slow=-1")};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct manners m;
		struct err e = {0};
		manners_init(&m);
		assert_int_not_equal(manners_read(bad[i], &m, &e), RC_OK);
		assert_true(e.msg[0] != '\0');
	}
}

static void values_of_words_are_read(void **state)
{
	struct manners m = manners_for(VIEW("slow=7, clock=-3600,deaf"));
	struct manners n = manners_for(VIEW("slow,clock"));

	(void)state;
	assert_int_equal(m.slow_s, 7);
	assert_int_equal(m.clock_error_s, -3600);
	assert_true(manners_have(&m, MANNER_DEAF));
	assert_int_equal(n.slow_s, 40);
	assert_int_equal(n.clock_error_s, 7200);
}

static void text_that_does_not_fit_is_told(void **state)
{
	char buf[4];
	struct wire t;

	(void)state;
	wire_init(&t, buf, sizeof buf);
	wire_add(&t, "abc");
	assert_false(t.is_full);
	wire_add(&t, "d");
	assert_true(t.is_full);
	assert_int_equal(t.n, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_writes_its_own_position),
		cmocka_unit_test(without_a_fix_each_family_writes_its_own_place),
		cmocka_unit_test(each_family_errs_in_its_own_way),
		cmocka_unit_test(signed_frames_begin_with_32_hex_digits),
		cmocka_unit_test(heartbeats_are_lk_or_ka),
		cmocka_unit_test(unknown_and_wrong_words_are_refused),
		cmocka_unit_test(values_of_words_are_read),
		cmocka_unit_test(text_that_does_not_fit_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
