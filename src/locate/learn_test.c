#include "locate/learn.h"

#include <math.h>

#include "prop.h"
#include "unit.h"

static const struct geo home = {481371540, 115761240};

static struct geo near(struct geo at, double east_m, double north_m)
{
	return geo_move(at, (struct geo_offset){.east_m = east_m, .north_m = north_m});
}

static struct sighting at_day(struct geo at, uint16_t day)
{
	return (struct sighting){
		.at = at, .accuracy_m = 10, .rssi_dbm = -65, .has_rssi = true, .day = day};
}

static void see(struct learned *l, struct geo at, uint16_t day, unsigned times)
{
	struct sighting s = at_day(at, day);

	for (unsigned i = 0; i < times; i++)
		learned_add(l, LEARNED_POINT, &s);
}

static double gauss(struct prop *p)
{
	double u = (double)(prop_below(p, 1000000) + 1) / 1000001;
	double v = (double)prop_below(p, 1000000) / 1000000;

	return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979 * v);
}

/* Sightings from all around, by a log-distance law with 6 dB of noise and 8 m of GPS error. */
static void one_more_sighting(struct prop *p, struct learned *l, uint16_t day)
{
	double angle = (double)prop_below(p, 6283) / 1000;
	double d = (double)prop_between(p, 8, 75);
	struct sighting s = {
		.at = near(home, d * cos(angle) + 8 * gauss(p), d * sin(angle) + 8 * gauss(p)),
		.accuracy_m = 8,
		.rssi_dbm = (int16_t)(-40 - 28 * log10(d) + 6 * gauss(p)),
		.has_rssi = true,
		.day = day};

	learned_add(l, LEARNED_POINT, &s);
}

static double error_after(struct prop *p, unsigned n)
{
	struct learned l = {0};

	for (unsigned i = 0; i < n; i++)
		one_more_sighting(p, &l, (uint16_t)(100 + i / 10));
	assert_true(learned_is_usable(&l, 200));
	return geo_distance_m(l.at, home);
}

static void it_grows_exact(void **state)
{
	struct prop p = {.state = 42};
	double few = 0;
	double many = 0;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		few += error_after(&p, 2) / 200;
		many += error_after(&p, 60) / 200;
	}
	assert_true(many < 15);
	assert_true(many < few / 2);
}

static void a_wrong_sighting_does_little(void **state)
{
	struct learned l = {0};
	struct prop p = {.state = 7};

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		one_more_sighting(&p, &l, 100);
	struct geo before = l.at;
	see(&l, near(home, 250, 0), 100, 1); /* a fix that is off */
	assert_true(geo_distance_m(before, l.at) < 10);
	before = l.at;
	see(&l, near(home, 90000, 0), 100, 1); /* far off */
	assert_true(geo_distance_m(before, l.at) < 3);
	assert_true(learned_is_usable(&l, 100));
}

static void a_wrong_first_sighting_is_forgotten(void **state)
{
	struct learned l = {0};

	(void)state;
	see(&l, near(home, 5000, 0), 100, 1);
	see(&l, home, 101, 1);
	assert_false(learned_is_usable(&l, 101)); /* one says so, one says so */
	see(&l, home, 101, 2);
	assert_true(learned_is_usable(&l, 101));
	assert_false(learned_is_moving(&l, 101));
	assert_true(geo_distance_m(l.at, home) < 1);
}

static void what_moved_house_is_followed(void **state)
{
	struct learned l = {0};
	struct geo flat = near(home, 3000, 1000);

	(void)state;
	see(&l, home, 100, 40);
	see(&l, flat, 120, 2);
	assert_true(geo_distance_m(l.at, home) < 1);
	see(&l, flat, 120, 1);
	assert_true(geo_distance_m(l.at, flat) < 1);
	assert_true(learned_is_usable(&l, 120));
	see(&l, near(flat, 10, 0), 121, 10);
	assert_true(geo_distance_m(l.at, flat) < 11);
}

static void a_bus_is_recognised_and_heals_when_it_is_parked_for_good(void **state)
{
	struct learned l = {0};

	(void)state;
	for (uint16_t i = 0; i < 6; i++)
		see(&l, near(home, 700.0 * i, 0), 100, 1);
	assert_true(learned_is_moving(&l, 100));
	assert_false(learned_is_usable(&l, 100));
	struct geo depot = near(home, 9000, 0);
	for (uint16_t day = 101; day < 104; day++) {
		assert_true(learned_is_moving(&l, day));
		see(&l, depot, day, 5);
	}
	assert_false(learned_is_moving(&l, 104));
	assert_true(learned_is_usable(&l, 104));
	assert_true(geo_distance_m(l.at, depot) < 20);
}

static void a_phone_between_two_places_is_recognised(void **state)
{
	struct learned l = {0};
	struct geo work = near(home, 4000, 0);

	(void)state;
	for (uint16_t day = 100; day < 110; day++) {
		see(&l, home, day, 4);
		see(&l, work, day, 4);
	}
	assert_true(learned_is_moving(&l, 110));
	assert_false(learned_is_moving(&l, 110 + 12 * LEARNED_MOVE_FADES_DAYS)); /* long ago */
}

static void what_is_heard_at_speed_tells_no_place(void **state)
{
	struct learned l = {0};

	(void)state;
	see(&l, home, 100, 5);
	struct sighting s = at_day(near(home, 200, 0), 100);
	s.is_fast = true;
	learned_add(&l, LEARNED_POINT, &s);
	assert_true(geo_distance_m(l.at, home) < 0.1);
	for (unsigned i = 0; i < 8; i++) { /* … but that it comes along */
		s.at = near(home, 1000.0 * i, 500);
		learned_add(&l, LEARNED_POINT, &s);
	}
	assert_true(learned_is_moving(&l, 100));
}

static void new_sightings_outweigh_old_ones(void **state)
{
	struct learned l = {0};

	(void)state;
	see(&l, home, 100, 50000);
	see(&l, near(home, 25, 0), 200, 400);
	assert_true(geo_distance_m(l.at, near(home, 25, 0)) < 3);
}

static void anything_learned(struct prop *p)
{
	struct learned l = {0};
	struct learned again;
	uint8_t bytes[LEARNED_BYTES];
	uint8_t once_more[LEARNED_BYTES];
	unsigned n = 1 + (unsigned)prop_below(p, 30);

	for (unsigned i = 0; i < n; i++) {
		struct sighting s = {.at = near(home, (double)prop_between(p, -2000, 2000), 0),
			.accuracy_m = (double)prop_below(p, 60),
			.rssi_dbm = (int16_t)prop_between(p, -128, 0),
			.has_rssi = prop_chance(p, 80),
			.is_fast = prop_chance(p, 20),
			.day = (uint16_t)(100 + i / 4)};
		if (prop_chance(p, 5))
			s.at = (struct geo){(int32_t)prop_between(p, -900000000, 900000000),
				(int32_t)prop_between(p, -1800000000, 1800000000)};
		learned_add(&l, prop_chance(p, 50) ? LEARNED_POINT : LEARNED_CELL, &s);
		assert_true(l.count > 0 && isfinite(l.spread_m) && l.weight > 0);
	}
	learned_write(&l, bytes);
	struct view v = {.p = (const char *)bytes, .n = sizeof bytes};
	assert_int_equal(learned_read(v, &again, NULL), RC_OK);
	learned_write(&again, once_more);
	assert_memory_equal(bytes, once_more, sizeof bytes);
	assert_int_equal(learned_is_usable(&l, 105), learned_is_usable(&again, 105));
	for (v.n = 0; v.n < sizeof bytes; v.n++)
		assert_int_equal(learned_read(v, &again, NULL), RC_SYNTAX);
}

static void what_is_written_comes_back(void **state)
{
	(void)state;
	prop_run("what_is_written_comes_back", 2000, anything_learned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_exact),
		cmocka_unit_test(a_wrong_sighting_does_little),
		cmocka_unit_test(a_wrong_first_sighting_is_forgotten),
		cmocka_unit_test(what_moved_house_is_followed),
		cmocka_unit_test(a_bus_is_recognised_and_heals_when_it_is_parked_for_good),
		cmocka_unit_test(a_phone_between_two_places_is_recognised),
		cmocka_unit_test(what_is_heard_at_speed_tells_no_place),
		cmocka_unit_test(new_sightings_outweigh_old_ones),
		cmocka_unit_test(what_is_written_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
