#include "domain/towns.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"

enum { E7_PER_C = 100000, REACH_LAT_C = 55, DIRECTIONS = 8 }; /* 55: a little more than 60 km */

static const double radians_per_c = 0.00017453292519943295;
static const double metres_per_c = 1113.19491;

/* How far from its middle one is still in it, by size. */
static const uint32_t reach_m[] = {9000, 5000, 3500, 2500};

static const char *const names_en[DIRECTIONS] = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};

/* The first town that is not south of this. */
static size_t first_from(int32_t lat_c)
{
	size_t low = 0;
	size_t high = towns_n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (towns[middle].lat_c < lat_c)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static double east_m(double lat_c, double lon_c, const struct town *t)
{
	double away_c = lon_c - t->lon_c;

	if (away_c > 18000)
		away_c -= 36000;
	if (away_c < -18000)
		away_c += 36000;
	return away_c * cos((lat_c + t->lat_c) / 2 * radians_per_c) * metres_per_c;
}

static double reach_of(const struct town *t)
{
	return reach_m[t->size < COUNT_OF(reach_m) ? t->size : COUNT_OF(reach_m) - 1];
}

static void describe(
	const struct town *t, double north, double east, double metres, struct town_near *ret)
{
	bool is_in = metres <= reach_of(t);
	double eighth = atan2(east, north) / 0.78539816339744831;

	*ret = (struct town_near){.name = {.p = town_names + t->name_at, .n = t->name_n},
		.away_m = is_in ? 0 : (uint32_t)metres,
		.towards = names_en[((int)lround(eighth) + DIRECTIONS) % DIRECTIONS]};
}

bool town_near(int32_t lat_e7, int32_t lon_e7, struct town_near *ret)
{
	double lat_c = (double)lat_e7 / E7_PER_C;
	double lon_c = (double)lon_e7 / E7_PER_C;
	double best = TOWN_FAR_M;
	bool is_found = false;

	/* A large town's quarters are towns in the list, too: how far one is from its edge counts.
	 */

	for (size_t i = first_from((int32_t)lat_c - REACH_LAT_C);
		i < towns_n && towns[i].lat_c <= lat_c + REACH_LAT_C; i++) {
		double north = (lat_c - towns[i].lat_c) * metres_per_c;
		double east = east_m(lat_c, lon_c, &towns[i]);
		double metres = sqrt(north * north + east * east);
		double from_edge = metres - reach_of(&towns[i]);
		if (metres >= TOWN_FAR_M || from_edge >= best)
			continue;
		best = from_edge;
		is_found = true;
		describe(&towns[i], north, east, metres, ret);
	}
	return is_found;
}

/* ---- in words ---- */

static bool is_language(struct view language, const char *code)
{
	return language.n >= 2 && memcmp(language.p, code, 2) == 0;
}

static const char *direction(const struct town_near *near, struct view language)
{
	static const char *const de[DIRECTIONS] = {"N", "NO", "O", "SO", "S", "SW", "W", "NW"};
	static const char *const es[DIRECTIONS] = {"N", "NE", "E", "SE", "S", "SO", "O", "NO"};

	for (unsigned i = 0; i < DIRECTIONS; i++) {
		if (near->towards == names_en[i])
			return is_language(language, "de")   ? de[i]
			       : is_language(language, "es") ? es[i]
							     : names_en[i];
	}
	return near->towards;
}

void town_near_text(const struct town_near *near, struct view language, char ret[TOWN_TEXT])
{
	unsigned km = (near->away_m + 500) / 1000;
	int name_n = (int)near->name.n;

	if (near->away_m == 0)
		(void)snprintf(ret, TOWN_TEXT, "%.*s", name_n, near->name.p);
	else if (is_language(language, "de"))
		(void)snprintf(ret, TOWN_TEXT, "%u km %s von %.*s", km, direction(near, language),
			name_n, near->name.p);
	else if (is_language(language, "es"))
		(void)snprintf(ret, TOWN_TEXT, "a %u km al %s de %.*s", km,
			direction(near, language), name_n, near->name.p);
	else
		(void)snprintf(ret, TOWN_TEXT, "%u km %s of %.*s", km, direction(near, language),
			name_n, near->name.p);
}
