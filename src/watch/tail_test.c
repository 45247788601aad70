/* Cells, CDMA, Wi-Fi and accuracy behind the status word. */
#include "unit.h"

#include "watch/watch_kit.h"

#define HEAD "080123,131944,A,51.2,N,3.1,E,0.0,0,0,9,100,90,0,0,00000000,"
#define MAC1 "aa:bb:cc:dd:ee:01"
#define MAC2 "AA-BB-CC-DD-EE-02"

static struct report tail_of(const char *keyword, const char *tail)
{
	char content[2048];
	struct report r;

	(void)snprintf(content, sizeof content, "%s," HEAD "%s", keyword, tail);
	kit_report("3G", content, &r);
	assert_int_equal(r.kind, REPORT_POSITION);
	assert_int_equal(r.lat_e7, 512000000);
	return r;
}

/* "cells/wifi/accuracy in dm", and what is missing. */
static void assert_tail(const char *tail, unsigned cells, unsigned wifi, unsigned accuracy_dm,
	enum report_error error)
{
	struct report r = tail_of("UD", tail);
	unsigned accuracy = (r.has & REPORT_HAS_ACCURACY) != 0 ? r.accuracy_dm : 0;

	if (r.cells_n != cells || r.wifi_n != wifi || accuracy != accuracy_dm || r.error != error)
		fail_msg("%s: %u cells, %u Wi-Fi, %u dm, %s", tail, r.cells_n, r.wifi_n, accuracy,
			report_error_text(r.error));
}

static void lists_are_bounded_by_what_is_there(void **state)
{
	(void)state;
	assert_tail("", 0, 0, 0, REPORT_FINE);
	assert_tail("1,255,460,0,9360,4082,131", 1, 0, 0, REPORT_FINE);
	assert_tail("1,255,460,0,9360,4082,131,0", 1, 0, 0, REPORT_FINE);
	assert_tail("1,255,460,0,9360,4082,131,0,12.4", 1, 0, 124, REPORT_FINE);
	assert_tail("2,255,460,0,9360,4082,131", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("1,255,460,0,9360,4082", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("1,255", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("999999,255,460,0,1,1,1", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("-1,255,460,0", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("x,255,460,0", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("1,255,460,0,1,1,1,99,a,b,c", 1, 0, 0, REPORT_BAD_WIFI);
	assert_tail("1,255,460,0,1,1,1,x", 1, 0, 0, REPORT_BAD_WIFI);
	assert_tail("1,255,460,0,1,1,1,2,a," MAC1 ",-50", 1, 0, 0, REPORT_BAD_WIFI);
	assert_tail("1,255,46x,0,1,1,1,1,a," MAC1 ",-50", 0, 1, 0, REPORT_BAD_CELLS);
}

static void more_than_the_protocols_seven_cells_are_cut(void **state)
{
	(void)state;
	assert_tail("9,255,460,0,1,1,1,2,2,2,3,3,3,4,4,4,5,5,5,6,6,6,7,7,7,8,8,8,9,9,9,1,a," MAC1
		    ",-50,7",
		REPORT_CELLS_MAX, 1, 70, REPORT_FINE);
}

static void no_cells_may_be_written_in_two_ways(void **state)
{
	(void)state;
	assert_tail("0", 0, 0, 0, REPORT_FINE);
	assert_tail("0,0", 0, 0, 0, REPORT_FINE);
	assert_tail("0,0,23.6", 0, 0, 236, REPORT_FINE);
	assert_tail("0,2,a," MAC1 ",-50,b," MAC2 ",-60,23.6", 0, 2, 236, REPORT_FINE);
	assert_tail("0,1,0,0,,10", 0, 0, 0, REPORT_FINE);
	assert_tail("0,255,460,0,2,a," MAC1 ",-50,b," MAC2 ",-60,23.6", 0, 2, 236, REPORT_FINE);
	assert_tail("0,0,460,0,1,a," MAC1 ",-50", 0, 1, 0, REPORT_FINE);
	assert_tail("0,1,460,0,1,a," MAC1 ",-50,5", 0, 1, 50, REPORT_FINE);
	assert_tail("0,1,460,0", 0, 0, 0, REPORT_FINE);
	assert_tail("0,255,460,0,0,9.5", 0, 0, 95, REPORT_FINE);
}

static void accuracy_needs_a_count_before_it_and_nothing_after_it(void **state)
{
	(void)state;
	assert_tail("1,1,204,8,31501,11499808,23,,00", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,31501,11499808,23,,10", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,0", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,0.0", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,100000", 1, 0, 1000000, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,100000.1", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,-4", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,0,5,6", 1, 0, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,1,a," MAC1 ",-50,5,6", 1, 1, 0, REPORT_FINE);
	assert_tail("1,1,204,8,1,1,23,1,a," MAC1 ",-50,x", 1, 1, 0, REPORT_FINE);
}

static void cells_are_read_as_they_are_written(void **state)
{
	(void)state;
	struct report r =
		tail_of("UD", "5,7,460,020,9360,4082,131,2A,1F,-63,12,FF,,65535,77,1,7,FFFE,1");

	assert_int_equal(r.cells_n, 3);
	assert_true((r.has & REPORT_HAS_TA) != 0);
	assert_int_equal(r.ta, 7);
	assert_string_equal(r.cells[0].mnc, "020");
	assert_int_equal(r.cells[0].lac, 9360);
	assert_int_equal(r.cells[0].rssi, 131);
	assert_int_equal(r.cells[1].lac, 0x2A);
	assert_int_equal(r.cells[1].cid, 0x1F);
	assert_int_equal(r.cells[1].rssi, -63);
	assert_int_equal(r.cells[2].lac, 0x12); /* one of the pair has a letter: both are hex */
	assert_int_equal(r.cells[2].cid, 0xFF);
	assert_false(r.cells[2].has_rssi);
}

static void unknown_cells_are_dropped(void **state)
{
	static const char *const pairs[] = {"FFFF,FFFF", "FFFE,1A", "65535,1", "65534,1", "1,65535",
		"1,268435455", "1,268435456", "1A,FFFFFFF", "1,999999999999", "x,1", ",", "-1,5"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		char tail[128];
		(void)snprintf(tail, sizeof tail, "2,255,460,0,%s,20,9360,4082,131,0", pairs[i]);
		struct report r = tail_of("UD", tail);
		assert_int_equal(r.cells_n, 1);
		assert_int_equal(r.cells[0].lac, 9360);
		assert_int_equal(r.has & REPORT_HAS_TA, 0);
	}
	assert_tail("1,255,460,0,1,268435454,20", 1, 0, 0, REPORT_FINE);
}

/* ---- CDMA ---- */

static void both_cdma_layouts_are_told_apart(void **state)
{
	(void)state;
	struct report r = tail_of("UD_CDMA", "13826,2,21301,60");
	assert_int_equal(r.cdma.has, CDMA_HAS_SID | CDMA_HAS_NID | CDMA_HAS_BID | CDMA_HAS_SIGNAL);
	assert_int_equal(r.cdma.sid, 13826);
	assert_int_equal(r.cdma.signal, 60);

	r = tail_of("UD_CDMA", ",,,70,1,a," MAC1 ",-50,4");
	assert_int_equal(r.cdma.has, CDMA_HAS_SIGNAL);
	assert_int_equal(r.wifi_n, 1);
	assert_int_equal(r.accuracy_dm, 40);

	r = tail_of("UD_CDMA", "1,1,460,2,10133,5173,100,1,a," MAC1 ",-61");
	assert_int_equal(r.cdma.has, CDMA_HAS_SID | CDMA_HAS_NID | CDMA_HAS_BID | CDMA_HAS_NETWORK);
	assert_int_equal(r.cdma.mcc, 460);
	assert_string_equal(r.cdma.mnc, "2");
	assert_int_equal(r.cdma.bid, 100);
	assert_int_equal(r.wifi_n, 1);

	r = tail_of("UD_CDMA", "0,1,460,2,1,a," MAC1 ",-61"); /* no station, but Wi-Fi */
	assert_int_equal(r.has & REPORT_HAS_CDMA, 0);
	assert_int_equal(r.wifi_n, 1);
	r = tail_of("UD_CDMA", "1,1,460,2,10133");
	assert_int_equal(r.error, REPORT_BAD_CELLS);
	r = tail_of("UD_CDMA", "1,2,199,60"); /* no MCC: system 1, network 2, base 199 */
	assert_int_equal(r.cdma.bid, 199);
	r = tail_of("UD_CDMA", "1,2");
	assert_int_equal(r.error, REPORT_BAD_CELLS);
	assert_int_equal(r.has & REPORT_HAS_CDMA, 0);
	r = tail_of("UD_WCDMA", "1,1,460,2,10133,5173,100");
	assert_int_equal(r.cells_n, 1);
}

/* ---- Wi-Fi ---- */

static void assert_entry(const struct wifi *w, const char *ssid, uint8_t last, int rssi)
{
	assert_int_equal(w->ssid_n, strlen(ssid));
	assert_memory_equal(w->ssid, ssid, strlen(ssid));
	assert_int_equal(w->mac[5], last);
	assert_true(w->has_rssi);
	assert_int_equal(w->rssi_dbm, rssi);
}

static void names_may_hold_anything(void **state)
{
	static const char *const names[] = {"home", "", "a,b", ",", ",,,", "a,b,c,d", "[x]", "]",
		"*}", "1,2,3", "-50", "x,-50", "0", "a,0,b", "\xC3\xA4\xFF\x01", "n,00:11", "aa:bb",
		MAC1};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char tail[256];
		(void)snprintf(
			tail, sizeof tail, "0,2,%s," MAC1 ",-50,z," MAC2 ",60,7.5", names[i]);
		struct report r = tail_of("UD", tail);
		if (r.wifi_n != 2)
			fail_msg("%s: %u entries", names[i], r.wifi_n);
		assert_entry(&r.wifi[0], names[i], 1, -50);
		assert_entry(&r.wifi[1], "z", 2, -60);
		assert_int_equal(r.accuracy_dm, 75);
	}
}

static void damaged_addresses_cost_one_entry(void **state)
{
	static const char *const macs[] = {"a0:c5:f2:b0:7.4:d0", "38:37:8b:7:cf:99", "0", "",
		"00:00:00:00:00:00", "a0:c5:f2:b0:74:d0:11", "a0:c5:f2:b0:74"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(macs); i++) {
		char tail[256];
		(void)snprintf(tail, sizeof tail, "0,3,p," MAC1 ",-50,q,%s,-55,r," MAC2 ",-60,7.5",
			macs[i]);
		struct report r = tail_of("UD", tail);
		assert_int_equal(r.wifi_n, 2);
		assert_entry(&r.wifi[0], "p", 1, -50);
		assert_entry(&r.wifi[1], "r", 2, -60);
		assert_int_equal(r.accuracy_dm, 75);
		/* the same with a comma in a name */
		(void)snprintf(tail, sizeof tail,
			"0,3,p,x," MAC1 ",-50,q,%s,-55,r," MAC2 ",-60,7.5", macs[i]);
		r = tail_of("UD", tail);
		assert_int_equal(r.wifi_n, 2);
		assert_entry(&r.wifi[1], "r", 2, -60);
	}
}

static void address_may_come_before_the_name(void **state)
{
	(void)state;
	struct report r = tail_of("UD", "0,2," MAC1 ",-50,home," MAC2 ",-60,school,12");

	assert_int_equal(r.wifi_n, 2);
	assert_entry(&r.wifi[0], "home", 1, -50);
	assert_entry(&r.wifi[1], "school", 2, -60);
	assert_int_equal(r.accuracy_dm, 120);
}

static void levels_out_of_range_are_unknown(void **state)
{
	(void)state;
	struct report r = tail_of("UD", "0,3,a," MAC1 ",-128,b," MAC2 ",-129,c," MAC1 ",");

	assert_int_equal(r.wifi_n, 3);
	assert_int_equal(r.wifi[0].rssi_dbm, -128);
	assert_false(r.wifi[1].has_rssi);
	assert_false(r.wifi[2].has_rssi);
}

static void long_names_and_lists_are_cut(void **state)
{
	char tail[1024];
	size_t n = (size_t)snprintf(tail, sizeof tail, "0,10");

	(void)state;
	for (unsigned i = 0; i < 10; i++)
		n += (size_t)snprintf(tail + n, sizeof tail - n, ",%.*s,aa:bb:cc:dd:ee:%02x,-50",
			(int)(28 + i), "0123456789012345678901234567890123456789", i);
	struct report r = tail_of("UD", tail);
	assert_int_equal(r.wifi_n, REPORT_WIFI_MAX);
	for (unsigned i = 0; i < REPORT_WIFI_MAX; i++)
		assert_int_equal(
			r.wifi[i].ssid_n, 28 + i < REPORT_SSID_MAX ? 28 + i : REPORT_SSID_MAX);
}

static void lists_that_are_too_long_to_be_true_are_left_out(void **state)
{
	char tail[1200];
	size_t n = (size_t)snprintf(tail, sizeof tail, "1,255,460,0,1,1,1,2,");

	(void)state;
	/* one name of 130 commas */
	memset(tail + n, ',', 130);
	(void)snprintf(tail + n + 130, sizeof tail - n - 130, MAC1 ",-50,b," MAC2 ",-60");
	assert_int_equal(tail_of("UD", tail).error, REPORT_BAD_WIFI);
	assert_tail("0,33,a," MAC1 ",-50", 0, 0, 0, REPORT_BAD_WIFI);
	assert_tail("33,255,460,0,1,1,1", 0, 0, 0, REPORT_BAD_CELLS);
	assert_tail("1,255,460,0,1,1,1,33,a," MAC1 ",-50", 1, 0, 0, REPORT_BAD_WIFI);
}

static void cells_alone_are_a_position(void **state)
{
	struct report r;

	(void)state;
	kit_report("3G", "GS1,2,5,206,1,9126,50317,52,9126,50318,32", &r);
	assert_int_equal(r.kind, REPORT_POSITION);
	assert_int_equal(r.cells_n, 2);
	assert_int_equal(r.has & (REPORT_HAS_TIME | REPORT_HAS_POINT | REPORT_HAS_VALIDITY), 0);
	static const char *const bad[] = {"GS1", "GS1,0", "GS1,2,5,206,1,9126,50317,52", "GS1,x",
		"GS1,1,5,206,1,FFFF,FFFF,0"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		kit_report("3G", bad[i], &r);
		assert_int_equal(r.kind, REPORT_ERROR);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_bounded_by_what_is_there),
		cmocka_unit_test(more_than_the_protocols_seven_cells_are_cut),
		cmocka_unit_test(no_cells_may_be_written_in_two_ways),
		cmocka_unit_test(accuracy_needs_a_count_before_it_and_nothing_after_it),
		cmocka_unit_test(cells_are_read_as_they_are_written),
		cmocka_unit_test(unknown_cells_are_dropped),
		cmocka_unit_test(both_cdma_layouts_are_told_apart),
		cmocka_unit_test(names_may_hold_anything),
		cmocka_unit_test(damaged_addresses_cost_one_entry),
		cmocka_unit_test(address_may_come_before_the_name),
		cmocka_unit_test(levels_out_of_range_are_unknown),
		cmocka_unit_test(long_names_and_lists_are_cut),
		cmocka_unit_test(lists_that_are_too_long_to_be_true_are_left_out),
		cmocka_unit_test(cells_alone_are_a_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
