#include "locate/geo.h"

#include <math.h>

#include "prop.h"
#include "unit.h"

static void there_and_back(struct prop *p)
{
	struct geo a = {.lat_e7 = (int32_t)prop_between(p, -850000000, 850000000),
		.lon_e7 = (int32_t)prop_between(p, -1800000000, 1800000000)};
	struct geo_offset by = {.east_m = (double)prop_between(p, -20000, 20000),
		.north_m = (double)prop_between(p, -20000, 20000)};
	struct geo b = geo_move(a, by);
	struct geo_offset found = geo_from(a, b);

	assert_true(b.lon_e7 >= -1800000000 && b.lon_e7 <= 1800000000);
	assert_true(fabs(found.east_m - by.east_m) < 1 + 0.02 * fabs(by.east_m));
	assert_true(fabs(found.north_m - by.north_m) < 1);
	assert_true(fabs(geo_distance_m(a, b) - geo_distance_m(b, a)) < 0.01);
}

static void what_is_moved_is_found_there(void **state)
{
	(void)state;
	prop_run("what_is_moved_is_found_there", 3000, there_and_back);
}

static void known_distances_are_right(void **state)
{
	struct geo marienplatz = {481371540, 115761240};
	struct geo theresienwiese = {481310000, 115490000};
	struct geo east = {0, 1799999000};
	struct geo west = {0, -1799999000};

	(void)state;
	assert_true(fabs(geo_distance_m(marienplatz, theresienwiese) - 2129) < 25);
	assert_true(geo_distance_m(east, west) < 30); /* over the date line */
	assert_true(geo_distance_m((struct geo){900000000, 0}, (struct geo){900000000, 900000000}) <
		    1000); /* at the pole all meridians meet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_moved_is_found_there),
		cmocka_unit_test(known_distances_are_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
