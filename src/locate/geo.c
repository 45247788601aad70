#include "locate/geo.h"

#include <math.h>

static const double METRES_PER_E7 = 0.0111319491;
static const double RADIANS_PER_E7 = 1e-7 * 0.017453292519943295;
static const double ROUND_E7 = 3.6e9;
static const double COS_MIN = 1e-6; /* at the poles */

static double lon_scale(double lat_e7)
{
	return fmax(cos(lat_e7 * RADIANS_PER_E7), COS_MIN);
}

static double wrap(double lon_e7)
{
	if (lon_e7 > ROUND_E7 / 2)
		return lon_e7 - ROUND_E7;
	return lon_e7 < -ROUND_E7 / 2 ? lon_e7 + ROUND_E7 : lon_e7;
}

struct geo_offset geo_from(struct geo origin, struct geo to)
{
	double middle = ((double)origin.lat_e7 + to.lat_e7) / 2;
	double lon = wrap((double)to.lon_e7 - origin.lon_e7);

	return (struct geo_offset){
		.east_m = lon * lon_scale(middle) * METRES_PER_E7,
		.north_m = ((double)to.lat_e7 - origin.lat_e7) * METRES_PER_E7,
	};
}

double geo_distance_m(struct geo a, struct geo b)
{
	struct geo_offset by = geo_from(a, b);

	return sqrt(by.east_m * by.east_m + by.north_m * by.north_m);
}

struct geo geo_move(struct geo origin, struct geo_offset by)
{
	double lat = fmin(fmax(origin.lat_e7 + by.north_m / METRES_PER_E7, -9e8), 9e8);
	double middle = (origin.lat_e7 + lat) / 2;
	double lon = wrap(
		fmod(origin.lon_e7 + by.east_m / (METRES_PER_E7 * lon_scale(middle)), ROUND_E7));

	return (struct geo){.lat_e7 = (int32_t)lrint(lat), .lon_e7 = (int32_t)lrint(lon)};
}
