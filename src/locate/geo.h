/* Distances on the ground, of places in degrees × 10⁷. Right to about 1 % up to some 500 km, which
 * is all that is asked of it. Pure. */
#pragma once

#include <stdint.h>

struct geo {
	int32_t lat_e7, lon_e7;
};

/* Metres east and north of a place. */
struct geo_offset {
	double east_m, north_m;
};

double geo_distance_m(struct geo a, struct geo b);
struct geo_offset geo_from(struct geo origin, struct geo to);
/* Stays inside -90..90; goes round at ±180. */
struct geo geo_move(struct geo origin, struct geo_offset by);
