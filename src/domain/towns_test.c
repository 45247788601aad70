#include "domain/towns.h"

#include "unit.h"

static const struct {
	double lat, lon;
	const char *text;
} places[] = {
	{52.52, 13.405, "Berlin"},
	{-33.8688, 151.2093, "Sydney"},
	{50.98, 11.3294, "Weimar"},
	{51.02, 11.55, "10 km N of Jena"},
	{51.11, 11.30, "15 km N of Weimar"},
	{51.5072, -0.1276, "London"},
	{35.6895, 139.6917, "Tokyo"},
	{-16.5, 179.9, NULL},
	{0, -30, NULL},
	{90, 0, NULL},
	{-90, 180, NULL},
};

static void places_are_named_by_the_nearest_town(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct town_near near;
		char text[TOWN_TEXT];
		bool is_found = town_near(
			(int32_t)(places[i].lat * 1e7), (int32_t)(places[i].lon * 1e7), &near);
		if (places[i].text == NULL && !is_found)
			continue;
		if (!is_found)
			fail_msg("no town near %f %f", places[i].lat, places[i].lon);
		town_near_text(&near, VIEW("en"), text);
		if (places[i].text == NULL)
			fail_msg("%f %f is near %s", places[i].lat, places[i].lon, text);
		assert_string_equal(text, places[i].text);
	}
}

static void each_language_has_its_words(void **state)
{
	struct town_near near;
	char text[TOWN_TEXT];

	(void)state;
	assert_true(town_near(510200000, 115500000, &near));
	town_near_text(&near, VIEW("de"), text);
	assert_string_equal(text, "10 km N von Jena");
	town_near_text(&near, VIEW("es"), text);
	assert_string_equal(text, "a 10 km al N de Jena");
}

static void the_list_is_sorted_and_sound(void **state)
{
	(void)state;
	assert_true(towns_n > 10000);
	for (size_t i = 0; i < towns_n; i++) {
		assert_true(i == 0 || towns[i - 1].lat_c <= towns[i].lat_c);
		assert_in_range(towns[i].lat_c + 9000, 0, 18000);
		assert_in_range(towns[i].lon_c + 18000, 0, 36000);
		assert_in_range(towns[i].name_n, 1, 100);
	}
}

/* Across the date line and at any latitude: never a town farther than promised. */
static void anywhere(struct prop *p)
{
	struct town_near near;
	int32_t lat = (int32_t)prop_between(p, -900000000, 900000000);
	int32_t lon = (int32_t)prop_between(p, -1800000000, 1800000000);

	if (town_near(lat, lon, &near))
		assert_true(near.away_m < TOWN_FAR_M && near.name.n > 0);
}

static void any_place_is_near_or_not(void **state)
{
	(void)state;
	prop_run("any_place_is_near_or_not", 500, anywhere);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_named_by_the_nearest_town),
		cmocka_unit_test(each_language_has_its_words),
		cmocka_unit_test(the_list_is_sorted_and_sound),
		cmocka_unit_test(any_place_is_near_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
