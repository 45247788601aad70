#include "domain/day_state.h"

#include "unit.h"

enum { MINUTE = 60, HOUR = 3600 };
static const uint32_t start = 1795000000;

static struct day_state fresh(void)
{
	struct day_state s;

	day_state_init(&s, 20000);
	return s;
}

static void a_way_is_the_sum_of_its_moves(void **state)
{
	struct day_state s = fresh();

	(void)state;
	for (int32_t i = 0; i <= 10; i++) /* about 111 m each */
		day_state_place(&s, 505000000 + i * 10000, 80000000, 10, start);
	assert_in_range(s.distance_m, 1105, 1115);
	assert_int_equal(s.places, 11);
}

static void noise_around_a_place_is_no_way(void **state)
{
	struct day_state s = fresh();

	(void)state;
	for (int32_t i = 0; i < 500; i++)
		day_state_place(&s, 505000000 + i % 3 * 900, 80000000, 10, start);
	assert_int_equal(s.distance_m, 0);
	day_state_place(&s, 505020000, 80000000, 5000, start); /* nobody knows better than 5 km */
	assert_int_equal(s.distance_m, 0);
}

static void slow_steps_add_up(void **state)
{
	struct day_state s = fresh();

	(void)state;
	for (int32_t i = 0; i <= 100; i++) /* 11 m each: under the noise, but always on */
		day_state_place(&s, 505000000 + i * 1000, 80000000, 0, start);
	assert_in_range(s.distance_m, 1000, 1115);
}

static void a_place_of_before_is_no_way_back(void **state)
{
	struct day_state s = fresh();

	(void)state;
	day_state_place(&s, 505000000, 80000000, 0, start);
	day_state_place(&s, 505100000, 80000000, 0, start + MINUTE);
	day_state_place(&s, 505000000, 80000000, 0, start + MINUTE / 2);
	assert_in_range(s.distance_m, 1110, 1115);
}

static void the_date_line_is_no_journey(void **state)
{
	struct day_state s = fresh();

	(void)state;
	day_state_place(&s, 0, 1799990000, 0, start);
	day_state_place(&s, 0, -1799990000, 0, start);
	assert_in_range(s.distance_m, 220, 225);
}

static void a_rising_level_is_a_charger(void **state)
{
	struct day_state s = fresh();

	(void)state;
	day_state_level(&s, 50, start, 21);
	assert_false(s.is_charging);
	day_state_level(&s, 51, start + MINUTE, 21); /* noise */
	assert_false(s.is_charging);
	day_state_level(&s, 55, start + 10 * MINUTE, 21);
	assert_true(s.is_charging);
	assert_int_equal(s.hours[21], 55 | DAY_LEVEL_CHARGING);
	assert_true(s.is_night_charged);
	day_state_level(&s, 54, start + HOUR, 22);
	assert_false(s.is_charging);
	assert_int_equal(s.hours[22], 54);
}

static void false_levels_are_not_believed(void **state)
{
	struct day_state s = fresh();

	(void)state;
	day_state_level(&s, 60, start, 8);
	day_state_level(&s, 0, start + MINUTE, 8);
	day_state_level(&s, 100, start + 2 * MINUTE, 8);
	day_state_level(&s, 101, start + 2 * MINUTE, 8);
	assert_int_equal(s.level, 60);
	day_state_level(&s, 59, start + 3 * MINUTE, 8);
	assert_int_equal(s.level, 59);
	assert_false(s.is_charging);
	day_state_level(&s, 5, start + 4 * MINUTE, 8);
	day_state_level(&s, 4, start + 5 * MINUTE, 8); /* said twice: it is so */
	assert_int_equal(s.level, 4);
	day_state_level(&s, 90, start + 2 * HOUR, 10); /* after a while everything may be */
	assert_int_equal(s.level, 90);
}

static void a_habit_of_charging_at_night_is_learned(void **state)
{
	struct day_state s = fresh();
	uint32_t t = start;

	(void)state;
	for (int32_t day = 0; day < 6; day++) {
		assert_int_equal(day_state_charges_at_night(&s), day >= 3);
		day_state_seen(&s, t);
		day_state_level(&s, 30, t, 12);
		day_state_level(&s, 40, t + 10 * HOUR, 22);
		day_state_level(&s, 39, t + 11 * HOUR, 23);
		t += 24 * HOUR;
		day_state_next(&s, s.day + 1);
	}
	for (int32_t day = 0; day < 8; day++) { /* … and forgotten */
		day_state_seen(&s, t);
		day_state_level(&s, 50, t, 12);
		t += 24 * HOUR;
		day_state_next(&s, s.day + 1);
	}
	assert_false(day_state_charges_at_night(&s));
}

static void days_without_a_word_say_nothing_of_nights(void **state)
{
	struct day_state s = fresh();

	(void)state;
	s.nights_charged = 7;
	s.nights_seen = 7;
	for (int32_t day = 0; day < 20; day++)
		day_state_next(&s, s.day + 1);
	assert_true(day_state_charges_at_night(&s));
}

static void a_new_day_keeps_counters_and_begins_the_rest_anew(void **state)
{
	struct day_state s = fresh();

	(void)state;
	day_state_seen(&s, start);
	day_state_steps(&s, 1000, start);
	day_state_steps(&s, 1400, start + HOUR);
	day_state_place(&s, 505000000, 80000000, 0, start);
	day_state_place(&s, 506000000, 80000000, 0, start);
	s.falls = 2;
	day_state_next(&s, 20001);
	assert_int_equal(s.steps.today, 0);
	assert_int_equal(s.distance_m, 0);
	assert_int_equal(s.falls, 0);
	day_state_seen(&s, start + 24 * HOUR);
	day_state_steps(&s, 1500, start + 24 * HOUR);
	assert_int_equal(s.steps.today, 100);
}

/* Any life of reports comes back from its row as it was. */
static void one_life(struct prop *p)
{
	struct day_state s = fresh();
	struct day_state back = {.day = s.day};
	uint8_t bytes[DAY_STATE_BYTES];
	size_t n = 0;
	uint32_t t = start;

	for (unsigned i = 0; i < 200; i++) {
		t += (uint32_t)prop_below(p, 4000);
		day_state_seen(&s, t);
		day_state_steps(&s, (uint32_t)prop_any_size(p), t);
		day_state_rolls(&s, (uint32_t)prop_any_size(p), t);
		day_state_level(&s, (uint8_t)prop_u64(p), t, (unsigned)prop_below(p, 26));
		day_state_place(&s, (int32_t)prop_between(p, -900000000, 900000000),
			(int32_t)prop_between(p, -1800000000, 1800000000), 0, t);
		if (prop_chance(p, 5))
			day_state_next(&s, s.day + 1);
	}
	day_state_write(&s, bytes, &n);
	back.day = s.day;
	assert_true(day_state_read((struct view){.p = (const char *)bytes, .n = n}, &back));
	s.doubted = DAY_LEVEL_UNKNOWN; /* is not kept */
	uint8_t again[DAY_STATE_BYTES];
	size_t again_n = 0;
	day_state_write(&back, again, &again_n);
	assert_int_equal(n, again_n);
	assert_memory_equal(bytes, again, n);
	assert_int_equal(back.steps.today, s.steps.today);
	assert_int_equal(back.level, s.level);
	for (size_t cut = 0; cut < n; cut++)
		assert_false(
			day_state_read((struct view){.p = (const char *)bytes, .n = cut}, &back));
}

static void what_is_written_can_be_read(void **state)
{
	(void)state;
	prop_run("what_is_written_can_be_read", 100, one_life);
}

static void wild_bytes_are_refused_or_make_sense(struct prop *p)
{
	struct day_state s = {.day = 1};
	char bytes[DAY_STATE_BYTES];
	size_t n = prop_bytes(p, bytes, sizeof bytes, NULL, 0);

	if (!day_state_read((struct view){.p = bytes, .n = n}, &s))
		return;
	assert_true(s.steps.today <= STEPS_DAY_MAX);
	assert_true(s.level <= 100 || s.level == DAY_LEVEL_UNKNOWN);
}

static void bytes_of_nobody_do_no_harm(void **state)
{
	(void)state;
	prop_run("bytes_of_nobody_do_no_harm", 2000, wild_bytes_are_refused_or_make_sense);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_is_the_sum_of_its_moves),
		cmocka_unit_test(noise_around_a_place_is_no_way),
		cmocka_unit_test(slow_steps_add_up),
		cmocka_unit_test(a_place_of_before_is_no_way_back),
		cmocka_unit_test(the_date_line_is_no_journey),
		cmocka_unit_test(a_rising_level_is_a_charger),
		cmocka_unit_test(false_levels_are_not_believed),
		cmocka_unit_test(a_habit_of_charging_at_night_is_learned),
		cmocka_unit_test(days_without_a_word_say_nothing_of_nights),
		cmocka_unit_test(a_new_day_keeps_counters_and_begins_the_rest_anew),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(bytes_of_nobody_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
