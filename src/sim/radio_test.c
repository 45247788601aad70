#include "unit.h"

#include <string.h>

#include "sim/radio.h"

static void every_neighbour_is_real_and_the_strongest_come_first(struct prop *p)
{
	struct town t;
	struct radio r;
	static const uint8_t nobody[6] = {0};

	town_init(&t, prop_u64(p), 0, 50, 11);
	struct spot where = {
		(double)prop_between(p, -1500, 1500), (double)prop_between(p, -1500, 1500)};
	radio_scan(&t, where, prop_chance(p, 50), &r);
	for (size_t i = 0; i < r.points_n; i++) {
		assert_true(r.points[i].rssi_dbm < 0 && r.points[i].rssi_dbm > -100);
		assert_memory_not_equal(r.points[i].mac, nobody, sizeof nobody);
		assert_true(strlen(r.points[i].ssid) <= RADIO_SSID_MAX);
		if (i > 0)
			assert_true(r.points[i - 1].rssi_dbm >= r.points[i].rssi_dbm);
	}
	for (size_t i = 0; i < r.cells_n; i++) {
		assert_true(r.cells[i].cid > 0 && r.cells[i].level > 0);
		if (i > 0)
			assert_true(r.cells[i - 1].level >= r.cells[i].level);
	}
	assert_true(r.signal_percent >= 0 && r.signal_percent <= 100);
}

static void the_same_spot_hears_the_same(struct prop *p)
{
	struct town t;
	struct radio a;
	struct radio b;

	town_init(&t, prop_u64(p), 0, 50, 11);
	struct spot where = {(double)prop_between(p, -1500, 1500), 77};
	radio_scan(&t, where, false, &a);
	radio_scan(&t, where, false, &b);
	assert_memory_equal(&a, &b, sizeof a);
}

static void about_the_wanted_part_of_the_town_has_no_network(void **state)
{
	struct town t;
	unsigned dead = 0;

	(void)state;
	town_init(&t, 3, 0, 50, 11);
	for (int x = 0; x < 100; x++)
		for (int y = 0; y < 100; y++)
			dead += !radio_has_network(&t, (struct spot){x * 150.0, y * 150.0}, 10);
	assert_in_range(dead, 800, 1200);
	assert_true(radio_has_network(&t, (struct spot){1, 1}, 0));
	assert_false(radio_has_network(&t, (struct spot){1, 1}, 100));
}

static void properties(void **state)
{
	(void)state;
	prop_run("every_neighbour_is_real_and_the_strongest_come_first", 500,
		every_neighbour_is_real_and_the_strongest_come_first);
	prop_run("the_same_spot_hears_the_same", 50, the_same_spot_hears_the_same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(about_the_wanted_part_of_the_town_has_no_network),
		cmocka_unit_test(properties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
