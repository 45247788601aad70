/* A made-up city: access points every 45 m or so, masts every 700 m; people who walk its streets
 * teach, then they are asked for indoors. */
#include "locate/solve.h"

#include <math.h>
#include <stdlib.h>

#include "locate/learn.h"
#include "prop.h"
#include "unit.h"

enum { POINTS = 23 * 23, MASTS = 9, WALKS = 2500, ASKED = 800 };

struct station {
	struct geo at;
	struct learned learned;
};

struct city {
	struct prop *p;
	struct station points[POINTS], masts[MASTS];
};

struct ear {
	size_t n;
	struct {
		unsigned station;
		int16_t rssi_dbm;
	} heard[SOLVE_POINTS_MAX];
};

static const struct geo centre = {481371540, 115761240};

static double unit(struct prop *p)
{
	return (double)prop_below(p, 1000000) / 1000000;
}

static double gauss(struct prop *p)
{
	return sqrt(-2 * log(unit(p) + 1e-7)) * cos(6.283185307 * unit(p));
}

static struct geo in_city(struct city *c)
{
	return geo_move(centre,
		(struct geo_offset){.east_m = 1000 * unit(c->p), .north_m = 1000 * unit(c->p)});
}

static void build(struct city *c)
{
	for (unsigned i = 0; i < POINTS; i++) {
		unsigned row = i / 23;
		c->points[i] = (struct station){
			.at = geo_move(
				centre, (struct geo_offset){.east_m = 45 * (i % 23 + unit(c->p)),
						.north_m = 45 * ((double)row + unit(c->p))})};
	}
	for (unsigned i = 0; i < MASTS; i++) {
		unsigned row = i / 3;
		c->masts[i] = (struct station){
			.at = geo_move(centre,
				(struct geo_offset){
					.east_m = 700 * (i % 3 - 0.2 + 0.4 * unit(c->p)),
					.north_m = 700 * ((double)row - 0.2 + 0.4 * unit(c->p))})};
	}
}

static void keep(struct ear *e, unsigned station, int16_t rssi_dbm, size_t max)
{
	size_t i = e->n < max ? e->n++ : max;

	if (i == max) {
		if (e->heard[max - 1].rssi_dbm >= rssi_dbm)
			return;
		i = max - 1;
	}
	for (; i > 0 && e->heard[i - 1].rssi_dbm < rssi_dbm; i--)
		e->heard[i] = e->heard[i - 1];
	e->heard[i].station = station;
	e->heard[i].rssi_dbm = rssi_dbm;
}

/* The five strongest of those that come through walls and fading. */
static void listen(struct city *c, struct geo at, struct ear *ret)
{
	*ret = (struct ear){.n = 0};
	for (unsigned i = 0; i < POINTS; i++) {
		double d = fmax(geo_distance_m(c->points[i].at, at), 1);
		double rssi = -40 - 30 * log10(d) + 6 * gauss(c->p);
		if (rssi > -92)
			keep(ret, i, (int16_t)rssi, 5);
	}
}

static void listen_masts(struct city *c, struct geo at, struct ear *ret)
{
	*ret = (struct ear){.n = 0};
	for (unsigned i = 0; i < MASTS; i++) {
		double d = geo_distance_m(c->masts[i].at, at);
		if (d < 1200)
			keep(ret, i, (int16_t)(-50 - d / 20 + 6 * gauss(c->p)), 4);
	}
}

static void teach(struct city *c)
{
	struct ear e;

	for (unsigned i = 0; i < WALKS; i++) {
		struct geo at = in_city(c);
		struct geo said = geo_move(at,
			(struct geo_offset){.east_m = 6 * gauss(c->p), .north_m = 6 * gauss(c->p)});
		struct sighting s = {.at = said, .has_rssi = true, .day = (uint16_t)(i / 400)};
		listen(c, at, &e);
		for (size_t k = 0; k < e.n; k++) {
			s.rssi_dbm = e.heard[k].rssi_dbm;
			learned_add(&c->points[e.heard[k].station].learned, LEARNED_POINT, &s);
		}
		listen_masts(c, at, &e);
		for (size_t k = 0; k < e.n; k++)
			learned_add(&c->masts[e.heard[k].station].learned, LEARNED_CELL, &s);
	}
}

static struct heard heard_of(const struct station *s, enum learned_kind kind, int16_t rssi_dbm)
{
	return (struct heard){.at = s->learned.at,
		.radius_m = learned_radius_m(&s->learned, kind),
		.rssi_dbm = rssi_dbm,
		.has_rssi = true,
		.is_sure = s->learned.count >= 3};
}

static void ask(struct city *c, struct geo at, bool has_wifi, struct solve_in *in)
{
	struct ear e;

	*in = (struct solve_in){.points_n = 0};
	listen(c, at, &e);
	for (size_t i = 0; has_wifi && i < e.n; i++) {
		const struct station *s = &c->points[e.heard[i].station];
		if (learned_is_usable(&s->learned, 7))
			in->points[in->points_n++] =
				heard_of(s, LEARNED_POINT, e.heard[i].rssi_dbm);
	}
	listen_masts(c, at, &e);
	for (size_t i = 0; i < e.n; i++) {
		const struct station *s = &c->masts[e.heard[i].station];
		if (!learned_is_usable(&s->learned, 7))
			continue;
		in->cells[in->cells_n] = heard_of(s, LEARNED_CELL, e.heard[i].rssi_dbm);
		in->cells[in->cells_n++].is_serving = i == 0;
	}
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

struct outcome {
	double median_m, inside, solved;
};

static struct outcome ask_many(struct city *c, bool has_wifi, enum solved_by by)
{
	static double errors[ASKED];
	unsigned inside = 0;
	unsigned n = 0;
	struct solve_in in;
	struct solved out;

	for (unsigned i = 0; i < ASKED; i++) {
		struct geo at = in_city(c);
		ask(c, at, has_wifi, &in);
		solve(&in, &out);
		if (out.by != by)
			continue;
		errors[n] = geo_distance_m(out.at, at);
		inside += errors[n++] <= out.accuracy_m;
	}
	assert_true(n > 0);
	qsort(errors, n, sizeof *errors, by_size);
	struct outcome o = {.median_m = errors[n / 2],
		.inside = (double)inside / n,
		.solved = (double)n / ASKED};
	(void)fprintf(stderr, "median %.0f m, inside %.0f %%, solved %.0f %%\n", o.median_m,
		100 * o.inside, 100 * o.solved);
	return o;
}

static void one_city(struct prop *p)
{
	struct city *c = calloc(1, sizeof *c);

	assert_non_null(c);
	c->p = p;
	build(c);
	teach(c);
	struct outcome wifi = ask_many(c, true, SOLVED_WIFI);
	assert_true(wifi.median_m < 30 && wifi.inside >= 0.68 && wifi.solved > 0.95);
	struct outcome cell = ask_many(c, false, SOLVED_CELL);
	assert_true(cell.median_m < 500 && cell.inside >= 0.68 && cell.solved > 0.95);
	free(c);
}

static void the_truth_lies_inside_of_the_accuracy(void **state)
{
	(void)state;
	prop_run("the_truth_lies_inside_of_the_accuracy", 5, one_city);
}

static struct heard point(double east_m, int16_t rssi_dbm, bool is_sure)
{
	return (struct heard){.at = geo_move(centre, (struct geo_offset){.east_m = east_m}),
		.radius_m = 20,
		.rssi_dbm = rssi_dbm,
		.has_rssi = true,
		.is_sure = is_sure};
}

static struct solved solved_of(const struct solve_in *in)
{
	struct solved out;

	solve(in, &out);
	return out;
}

static void nothing_heard_is_no_place(void **state)
{
	(void)state;
	assert_int_equal(solved_of(&(struct solve_in){.points_n = 0}).by, SOLVED_NOT);
}

static void one_access_point_alone_must_be_strong_and_sure(void **state)
{
	struct solve_in in = {.points_n = 1, .points = {point(0, -60, true)}};

	(void)state;
	assert_int_equal(solved_of(&in).by, SOLVED_WIFI);
	assert_true(solved_of(&in).accuracy_m >= 80);
	in.points[0] = point(0, -81, true);
	assert_int_equal(solved_of(&in).by, SOLVED_NOT);
	in.points[0] = point(0, -60, false);
	assert_int_equal(solved_of(&in).by, SOLVED_NOT);
	in.points[0] = point(0, -60, true);
	in.points[0].has_rssi = false;
	assert_int_equal(solved_of(&in).by, SOLVED_NOT);
}

static void one_that_was_carried_away_is_left_out(void **state)
{
	struct solve_in in = {.points_n = 3,
		.points = {point(8000, -40, true), point(0, -70, true), point(60, -70, true)}};
	struct solved out = solved_of(&in);

	(void)state;
	assert_int_equal(out.by, SOLVED_WIFI);
	assert_true(out.is_disputed);
	assert_true(geo_distance_m(out.at, centre) < 70);
}

static void a_router_from_another_town_does_not_beat_the_cell(void **state)
{
	struct solve_in in = {.points_n = 2,
		.points = {point(90000, -50, true), point(90020, -50, true)},
		.cells_n = 1,
		.cells = {{.at = centre, .radius_m = 900, .is_serving = true}}};
	struct solved out = solved_of(&in);

	(void)state;
	assert_int_equal(out.by, SOLVED_CELL);
	assert_true(out.is_disputed);
}

static void the_stronger_one_pulls_more(void **state)
{
	struct solve_in in = {
		.points_n = 2, .points = {point(0, -50, true), point(100, -85, true)}};

	(void)state;
	assert_true(geo_distance_m(solved_of(&in).at, centre) < 30);
}

static void cells_without_bounds_are_no_place(void **state)
{
	struct solve_in in = {.cells_n = 1, .cells = {{.at = centre, .radius_m = 90000}}};

	(void)state;
	struct solved out = solved_of(&in);
	assert_true(out.by == SOLVED_NOT || out.accuracy_m <= SOLVE_ACCURACY_MAX_M);
}

static void anything_heard(struct prop *p)
{
	struct solve_in in = {.points_n = prop_below(p, SOLVE_POINTS_MAX + 1),
		.cells_n = prop_below(p, SOLVE_CELLS_MAX + 1)};

	for (size_t i = 0; i < SOLVE_POINTS_MAX + SOLVE_CELLS_MAX; i++) {
		struct heard h = {.at = {(int32_t)prop_between(p, -900000000, 900000000),
					  (int32_t)prop_between(p, -1800000000, 1800000000)},
			.radius_m = (double)prop_below(p, 200000),
			.rssi_dbm = (int16_t)prop_between(p, INT16_MIN, INT16_MAX),
			.has_rssi = prop_chance(p, 80),
			.is_sure = prop_chance(p, 50),
			.is_serving = prop_chance(p, 50)};
		if (i < SOLVE_POINTS_MAX)
			in.points[i] = h;
		else
			in.cells[i - SOLVE_POINTS_MAX] = h;
	}
	struct solved out = solved_of(&in);
	if (out.by == SOLVED_NOT)
		return;
	assert_true(isfinite(out.accuracy_m) && out.accuracy_m > 0);
	assert_true(out.at.lat_e7 >= -900000000 && out.at.lat_e7 <= 900000000);
	assert_true(out.at.lon_e7 >= -1800000000 && out.at.lon_e7 <= 1800000000);
}

static void whatever_is_heard_it_is_a_place_on_earth(void **state)
{
	(void)state;
	prop_run("whatever_is_heard_it_is_a_place_on_earth", 5000, anything_heard);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_truth_lies_inside_of_the_accuracy),
		cmocka_unit_test(nothing_heard_is_no_place),
		cmocka_unit_test(one_access_point_alone_must_be_strong_and_sure),
		cmocka_unit_test(one_that_was_carried_away_is_left_out),
		cmocka_unit_test(a_router_from_another_town_does_not_beat_the_cell),
		cmocka_unit_test(the_stronger_one_pulls_more),
		cmocka_unit_test(cells_without_bounds_are_no_place),
		cmocka_unit_test(whatever_is_heard_it_is_a_place_on_earth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
