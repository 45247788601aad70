#include "sim/town.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sim/chance.h"

static const double METRES_PER_DEGREE = 111320.0;
static const double TOWNS_APART_M = 4200.0;

enum {
	SALT_STREETS = 1,
	SALT_PHASES = 2,
	SALT_PLACES = 3,
	SALT_DOORS = 4,
	SALT_TURNS = 5,
	SALT_LIGHTS = 6
};

static void lay_streets(uint64_t seed, double lines_m[TOWN_STREETS])
{
	double at = 0;

	for (int i = 0; i < TOWN_STREETS; i++) {
		lines_m[i] = at;
		at += chance_between(seed, (uint64_t)i, 78, 138);
	}
	double middle = lines_m[TOWN_STREETS / 2];
	for (int i = 0; i < TOWN_STREETS; i++)
		lines_m[i] -= middle;
}

/* Towns stand in square rings around the first: 0, then 8, then 16 … */
static struct spot town_offset(uint32_t number)
{
	if (number == 0)
		return (struct spot){0};

	int ring = 1;
	uint32_t first = 1;
	while (number >= first + (uint32_t)(8 * ring)) {
		first += (uint32_t)(8 * ring);
		ring++;
	}
	int step = (int)(number - first);
	int side = step / (2 * ring);
	int along = step % (2 * ring) - ring;
	const int east[] = {along, ring, -along, -ring};
	const int north[] = {ring, -along, -ring, along};
	return (struct spot){east[side] * TOWNS_APART_M, north[side] * TOWNS_APART_M};
}

void town_init(struct town *t, uint64_t seed, uint32_t number, double lat_deg, double lon_deg)
{
	struct spot offset = town_offset(number);

	*t = (struct town){.seed = chance_mix(seed, 0x70776e00u + number)};
	t->lat_deg = lat_deg + offset.y_m / METRES_PER_DEGREE;
	if (t->lat_deg > 84)
		t->lat_deg = 84;
	if (t->lat_deg < -84)
		t->lat_deg = -84;
	t->lon_scale = cos(t->lat_deg * M_PI / 180);
	t->lon_deg = lon_deg + offset.x_m / (METRES_PER_DEGREE * t->lon_scale);
	for (uint64_t i = 0; i < 4; i++)
		t->phase[i] = chance_between(chance_mix(t->seed, SALT_PHASES), i, 0, 2 * M_PI);
	lay_streets(chance_mix(t->seed, SALT_STREETS), t->east_m);
	lay_streets(chance_mix(t->seed, SALT_STREETS + 100), t->north_m);
}

struct spot town_crossing(const struct town *t, struct crossing c)
{
	double x = t->east_m[c.i];
	double y = t->north_m[c.j];

	return (struct spot){
		.x_m = x + 24 * sin(y / 290 + t->phase[0]) + 8 * sin(y / 101 + t->phase[1]),
		.y_m = y + 21 * sin(x / 330 + t->phase[2]) + 8 * sin(x / 113 + t->phase[3]),
	};
}

static struct house house_at(const struct town *t, struct crossing at, uint64_t number)
{
	uint64_t seed = chance_mix(t->seed, SALT_DOORS) + number;
	struct crossing next = {at.i + (at.i + 1 < TOWN_STREETS ? 1 : -1), at.j};
	struct spot here = town_crossing(t, at);
	struct spot there = town_crossing(t, next);
	double length = spot_distance_m(here, there);
	double share = chance_between(seed, 1, 0.2, 0.8);
	double aside = chance_below(seed, 2, 2) == 0 ? 14 : -14;
	struct house h = {.at = at};

	h.corner.x_m = here.x_m + (there.x_m - here.x_m) * share;
	h.corner.y_m = here.y_m + (there.y_m - here.y_m) * share;
	h.door.x_m = h.corner.x_m - (there.y_m - here.y_m) / length * aside;
	h.door.y_m = h.corner.y_m + (there.x_m - here.x_m) / length * aside;
	return h;
}

struct house town_place(const struct town *t, enum place_kind kind, uint64_t k)
{
	static const uint32_t counts[] = {
		[PLACE_SCHOOL] = TOWN_SCHOOLS,
		[PLACE_SHOP] = TOWN_SHOPS,
		[PLACE_PLAYGROUND] = TOWN_PLAYGROUNDS,
		[PLACE_HOME] = UINT32_MAX,
		[PLACE_STOP] = UINT32_MAX,
	};
	uint64_t which = k % counts[kind];
	uint64_t seed = chance_mix(chance_mix(t->seed, SALT_PLACES + 10 * (uint64_t)kind), which);
	struct crossing at = {
		.i = 2 + (int)chance_below(seed, 1, TOWN_STREETS - 4),
		.j = 2 + (int)chance_below(seed, 2, TOWN_STREETS - 4),
	};

	return house_at(t, at, seed);
}

static int nearest_main(int street)
{
	int main = (street + TOWN_MAIN_EVERY / 2) / TOWN_MAIN_EVERY * TOWN_MAIN_EVERY;

	return main >= TOWN_STREETS ? main - TOWN_MAIN_EVERY : main;
}

struct house town_stop_near(const struct town *t, struct crossing c)
{
	struct crossing at = {nearest_main(c.i), nearest_main(c.j)};
	struct spot pole = town_crossing(t, at);

	return (struct house){.at = at, .corner = pole, .door = pole};
}

void town_degrees(const struct town *t, struct spot s, int32_t *ret_lat_e7, int32_t *ret_lon_e7)
{
	double lat = t->lat_deg + s.y_m / METRES_PER_DEGREE;
	double lon = t->lon_deg + s.x_m / (METRES_PER_DEGREE * t->lon_scale);

	if (lon > 180)
		lon -= 360;
	if (lon < -180)
		lon += 360;
	*ret_lat_e7 = (int32_t)lround(lat * 1e7);
	*ret_lon_e7 = (int32_t)lround(lon * 1e7);
}

double spot_distance_m(struct spot a, struct spot b)
{
	return hypot(a.x_m - b.x_m, a.y_m - b.y_m);
}

static void way_add(struct way *r, struct spot p, double wait_s)
{
	if (r->n == WAY_POINTS_MAX)
		abort(); /* the longest way, corner to corner, has 2 * TOWN_STREETS + 2 points */
	r->points[r->n] = p;
	r->waits_s[r->n] = wait_s;
	r->n++;
}

static int toward(int from, int to)
{
	return from == to ? from : from < to ? from + 1 : from - 1;
}

/* People keep to a street for a while; every fifth crossing has a light that is red. */
void way_walk(const struct town *t, const struct house *from, const struct house *to, uint64_t mood,
	struct way *ret)
{
	struct crossing at = from->at;
	bool is_along_row = chance_below(mood, SALT_TURNS, 2) == 0;

	ret->n = 0;
	way_add(ret, from->door, 0);
	way_add(ret, from->corner, 0);
	way_add(ret, town_crossing(t, at), 0);
	for (uint64_t step = 0; at.i != to->at.i || at.j != to->at.j; step++) {
		if (chance_below(mood, 100 + step, 4) == 0)
			is_along_row = !is_along_row;
		if (at.i == to->at.i)
			is_along_row = false;
		if (at.j == to->at.j)
			is_along_row = true;
		if (is_along_row)
			at.i = toward(at.i, to->at.i);
		else
			at.j = toward(at.j, to->at.j);
		bool is_red = chance_below(mood, 200 + step, 5) == 0;
		way_add(ret, town_crossing(t, at),
			is_red ? chance_between(mood, 300 + step, 4, 22) : 0);
	}
	way_add(ret, to->corner, 0);
	way_add(ret, to->door, 0);
}

void way_bus(
	const struct town *t, const struct house *from, const struct house *to, struct way *ret)
{
	struct crossing at = from->at;

	ret->n = 0;
	way_add(ret, from->door, 0);
	while (at.i != to->at.i || at.j != to->at.j) {
		if (at.i != to->at.i)
			at.i = toward(at.i, to->at.i);
		else
			at.j = toward(at.j, to->at.j);
		bool is_stop = at.i % TOWN_MAIN_EVERY == 0 && at.j % TOWN_MAIN_EVERY == 0;
		way_add(ret, town_crossing(t, at), is_stop ? 18 : 0);
	}
}

double way_length_m(const struct way *r)
{
	double length = 0;

	for (size_t i = 0; i + 1 < r->n; i++)
		length += spot_distance_m(r->points[i], r->points[i + 1]);
	return length;
}

double way_duration_s(const struct way *r, double speed_ms)
{
	double time = way_length_m(r) / speed_ms;

	for (size_t i = 0; i + 1 < r->n; i++)
		time += r->waits_s[i];
	return time;
}

static double course_deg(struct spot from, struct spot to)
{
	double course = atan2(to.x_m - from.x_m, to.y_m - from.y_m) * 180 / M_PI;

	return course < 0 ? course + 360 : course;
}

void way_at(const struct way *r, double speed_ms, double time_s, struct way_place *ret)
{
	*ret = (struct way_place){.where = r->points[0]};
	for (size_t i = 0; i + 1 < r->n; i++) {
		struct spot a = r->points[i];
		struct spot b = r->points[i + 1];
		double length = spot_distance_m(a, b);

		ret->where = a;
		ret->course_deg = course_deg(a, b);
		if (time_s < r->waits_s[i])
			return;
		time_s -= r->waits_s[i];
		if (time_s * speed_ms < length) {
			double share = time_s * speed_ms / length;
			ret->where.x_m += (b.x_m - a.x_m) * share;
			ret->where.y_m += (b.y_m - a.y_m) * share;
			ret->speed_ms = speed_ms;
			ret->done_m += time_s * speed_ms;
			return;
		}
		time_s -= length / speed_ms;
		ret->done_m += length;
	}
	if (r->n > 0)
		ret->where = r->points[r->n - 1];
}
