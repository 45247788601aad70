/* A made-up town: bent streets on a grid, schools, shops, playgrounds, houses, a bus on the main
 * streets. Pure arithmetic on a flat plane in metres around the town's centre; nothing is stored
 * but the street lines. Used by life.c (where people go) and radio.c (what their watches hear). */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	TOWN_STREETS = 25,   /* in each direction */
	TOWN_MAIN_EVERY = 4, /* every fourth street has a bus */
	TOWN_SCHOOLS = 3,
	TOWN_SHOPS = 5,
	TOWN_PLAYGROUNDS = 4,
	WAY_POINTS_MAX = 2 * TOWN_STREETS + 8,
};

/* Metres east and north of the centre. */
struct spot {
	double x_m, y_m;
};

struct town {
	uint64_t seed;
	double lat_deg, lon_deg; /* of the centre */
	double lon_scale;        /* cos(lat) */
	double phase[4];         /* how the streets bend */
	double east_m[TOWN_STREETS], north_m[TOWN_STREETS];
};

/* A crossing of two streets. */
struct crossing {
	int i, j;
};

/* A house at a crossing: where its door is, and how one walks there. */
struct house {
	struct crossing at;
	struct spot corner; /* on the street */
	struct spot door;
};

enum place_kind { PLACE_SCHOOL, PLACE_SHOP, PLACE_PLAYGROUND, PLACE_HOME, PLACE_STOP };

/* Town `number` of a country around (lat, lon): number 0 lies there, the others around it. */
void town_init(struct town *t, uint64_t seed, uint32_t number, double lat_deg, double lon_deg);

struct spot town_crossing(const struct town *t, struct crossing c);
/* The k-th place of a kind; k is taken modulo their number. For PLACE_HOME k is any number. */
struct house town_place(const struct town *t, enum place_kind kind, uint64_t k);
/* The bus stop nearest to a crossing. */
struct house town_stop_near(const struct town *t, struct crossing c);

/* Degrees times 10^7, inside -90..90 and -180..180. */
void town_degrees(const struct town *t, struct spot s, int32_t *ret_lat_e7, int32_t *ret_lon_e7);
double spot_distance_m(struct spot a, struct spot b);

/* A way from door to door, with a short wait at some points. */
struct way {
	size_t n;
	struct spot points[WAY_POINTS_MAX];
	double waits_s[WAY_POINTS_MAX]; /* before going on from this point */
};

void way_walk(const struct town *t, const struct house *from, const struct house *to, uint64_t mood,
	struct way *ret);
void way_bus(
	const struct town *t, const struct house *from, const struct house *to, struct way *ret);
double way_duration_s(const struct way *r, double speed_ms);
double way_length_m(const struct way *r);

struct way_place {
	struct spot where;
	double course_deg; /* 0 north, 90 east */
	double speed_ms;   /* 0 while waiting */
	double done_m;     /* way behind */
};

void way_at(const struct way *r, double speed_ms, double time_s, struct way_place *ret);
