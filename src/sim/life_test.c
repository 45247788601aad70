#include "unit.h"

#include <math.h>
#include <string.h>

#include "sim/life.h"

enum { DAY_S = 86400, MONDAY = 20780 };

static struct person somebody(const struct town *t, uint64_t seed, bool is_busy)
{
	return (struct person){.town = t,
		.seed = seed,
		.kind = (enum life_kind)(seed % LIFE_KIND_COUNT),
		.is_busy = is_busy};
}

/* Follows one person second by second, in steps of 5 s. */
static void follow(const struct person *p, double from_s, double to_s)
{
	struct life_state a;
	struct life_state b;

	life_at(p, from_s, &a);
	int steps = (int)(to_s - from_s) / 5;
	for (int i = 1; i <= steps; i++) {
		double s = from_s + i * 5;
		life_at(p, s, &b);
		double moved = spot_distance_m(a.where, b.where);
		assert_true(moved <= 5 * 11.0);
		if (!a.is_moving && !b.is_moving && s < a.until_s)
			assert_true(moved < 0.001);
		assert_true(b.until_s > s);
		assert_true(b.battery_percent > 0 && b.battery_percent <= 100);
		assert_true(b.speed_ms >= 0 && b.speed_ms < 11);
		assert_true(b.course_deg >= 0 && b.course_deg <= 360);
		a = b;
	}
}

static void nobody_is_teleported(struct prop *p)
{
	struct town t;

	town_init(&t, prop_u64(p), (uint32_t)prop_below(p, 50), 48.1, 11.5);
	struct person who = somebody(&t, prop_u64(p), false);
	double day = (double)(MONDAY + (int64_t)prop_below(p, 400)) * DAY_S;
	follow(&who, day + 5 * 3600, day + 29 * 3600); /* over midnight */
}

static void busy_people_are_not_teleported_either(struct prop *p)
{
	struct town t;

	town_init(&t, prop_u64(p), 0, -33.9, 18.4);
	struct person who = somebody(&t, prop_u64(p), true);
	double from = (double)MONDAY * DAY_S + (double)prop_below(p, DAY_S);
	follow(&who, from, from + 2 * 3600);
}

static void everybody_is_at_home_at_night_and_children_at_school_in_the_morning(struct prop *p)
{
	struct town t;
	struct life_state s;

	town_init(&t, prop_u64(p), 0, 50, 11);
	struct person who = somebody(&t, prop_u64(p), false);
	double day = (double)(MONDAY + 7 * (int64_t)prop_below(p, 100)) * DAY_S;
	life_at(&who, day + 3 * 3600, &s);
	assert_int_equal(s.activity, ACT_HOME);
	assert_true(s.is_charging);
	assert_false(s.is_outdoors);
	life_at(&who, day + 11 * 3600, &s);
	if (who.kind != LIFE_OLD)
		assert_int_equal(s.activity, ACT_SCHOOL);
}

static void the_same_seed_gives_the_same_life(struct prop *p)
{
	struct town t;
	struct town u;
	struct life_state a;
	struct life_state b;
	uint64_t seed = prop_u64(p);
	double when = (double)MONDAY * DAY_S + (double)prop_below(p, 30ul * DAY_S);

	town_init(&t, seed, 3, 50, 11);
	town_init(&u, seed, 3, 50, 11);
	struct person x = somebody(&t, seed, false);
	struct person y = somebody(&u, seed, false);
	life_at(&x, when, &a);
	life_at(&y, when, &b);
	assert_true(spot_distance_m(a.where, b.where) == 0);
	assert_int_equal(a.activity, b.activity);
}

static void who_begins_moving_moves(struct prop *p)
{
	struct town t;
	struct life_state s;

	town_init(&t, prop_u64(p), 0, 50, 11);
	struct person who = somebody(&t, prop_u64(p), prop_chance(p, 50));
	double when = (double)MONDAY * DAY_S + (double)prop_below(p, 30ul * DAY_S);
	double move = life_next_move_s(&who, when);
	life_at(&who, move, &s);
	assert_true(s.is_moving);
	assert_true(move >= when && move < when + 2.0 * DAY_S);
}

static void steps_only_grow_during_a_day(struct prop *p)
{
	struct town t;
	struct life_state s;
	double walked = 0;

	town_init(&t, prop_u64(p), 0, 50, 11);
	struct person who = somebody(&t, prop_u64(p), false);
	for (int minute = 0; minute < 24 * 60; minute += 3) {
		life_at(&who, (double)MONDAY * DAY_S + minute * 60, &s);
		assert_true(s.walked_today_m >= walked - 0.001);
		walked = s.walked_today_m;
	}
	assert_true(walked > 50 && walked < 20000);
}

static void places_lie_near_the_wanted_point(void **state)
{
	struct town t;
	int32_t lat = 0;
	int32_t lon = 0;

	(void)state;
	town_init(&t, 1, 0, 50.9795, 11.3235);
	struct house h = town_place(&t, PLACE_HOME, 17);
	town_degrees(&t, h.door, &lat, &lon);
	assert_true(abs(lat - 509795000) < 200000);
	assert_true(abs(lon - 113235000) < 300000);
	town_init(&t, 1, 0, 0, 180);
	town_degrees(&t, (struct spot){5000, 0}, &lat, &lon);
	assert_true(lon < -1799000000);
}

static void properties(void **state)
{
	(void)state;
	prop_run("nobody_is_teleported", 8, nobody_is_teleported);
	prop_run("busy_people_are_not_teleported_either", 8, busy_people_are_not_teleported_either);
	prop_run("home_at_night", 100,
		everybody_is_at_home_at_night_and_children_at_school_in_the_morning);
	prop_run("the_same_seed_gives_the_same_life", 200, the_same_seed_gives_the_same_life);
	prop_run("who_begins_moving_moves", 50, who_begins_moving_moves);
	prop_run("steps_only_grow_during_a_day", 10, steps_only_grow_during_a_day);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_lie_near_the_wanted_point),
		cmocka_unit_test(properties),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
