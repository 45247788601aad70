#include "domain/battery_care.h"

#include <stdlib.h>

#include "unit.h"

enum { FULL = 100 * 1000 };

/* A watch that loses `night` in the hours 22..7 and `day` in the others, in thousandths of a
 * percent, and is charged from 20:00 to 22:00 each day. Levels are whole percents, as watches say
 * them; `missing` percent of the hours nothing is heard. */
struct rhythm {
	uint32_t night, day;
	unsigned missing, fakes;
};

static void live(struct battery_care *c, const struct rhythm *r, int32_t days, struct prop *p)
{
	uint32_t level = FULL;

	for (int32_t d = 0; d < days; d++) {
		struct day_state s;
		day_state_init(&s, 20000 + d);
		for (unsigned h = 0; h < DAY_HOURS; h++) {
			bool is_charging = h == 20 || h == 21;
			uint32_t loss = h >= 22 || h < 7 ? r->night : r->day;
			level = is_charging ? FULL : level > loss ? level - loss : 0;
			unsigned said = level / 1000;
			if (prop_chance(p, r->fakes))
				said = prop_chance(p, 50) ? 100 : 0;
			if (said == 0 || prop_chance(p, r->missing))
				continue;
			/* an hour is what its last report says; false ones went through the filter
			 */
			if (said == level / 1000)
				s.hours[h] =
					(uint8_t)(said | (is_charging ? DAY_LEVEL_CHARGING : 0));
		}
		s.reports = 100;
		care_add_day(c, s.day, &s);
	}
}

/* What is left after the true rhythm, in minutes from midnight with this level. */
static uint32_t true_minutes(const struct rhythm *r, uint32_t level)
{
	uint32_t left = level * 1000;
	uint32_t minutes = 0;

	for (unsigned h = 0; left > 0; h = (h + 1) % DAY_HOURS) {
		uint32_t loss = h >= 22 || h < 7 ? r->night : r->day;
		if (loss >= left)
			return minutes + left * 60 / loss;
		left -= loss;
		minutes += 60;
	}
	return minutes;
}

static void a_rhythm_is_found_again(struct prop *p)
{
	struct rhythm r = {.night = (uint32_t)prop_between(p, 300, 2000),
		.day = (uint32_t)prop_between(p, 1500, 4500),
		.missing = (unsigned)prop_below(p, 40),
		.fakes = (unsigned)prop_below(p, 10)};
	struct battery_care c;
	struct care_report report;

	care_init(&c);
	live(&c, &r, CARE_DAYS, p);
	care_report(&c, 80, false, 0, &report);
	assert_true(report.has_loss && report.has_left);
	uint32_t expected = true_minutes(&r, 80);
	int64_t off = llabs((int64_t)report.minutes_left - expected);
	if (off * 100 > (int64_t)expected * 20)
		fail_msg("left %u, truly %u (night %u, day %u, missing %u)", report.minutes_left,
			expected, r.night, r.day, r.missing);
}

static void hours_left_follow_the_watchs_own_rhythm(void **state)
{
	(void)state;
	prop_run("hours_left_follow_the_watchs_own_rhythm", 200, a_rhythm_is_found_again);
}

static void an_hour_at_night_lasts_longer_than_one_at_noon(void **state)
{
	struct rhythm r = {.night = 500, .day = 4000};
	struct prop p = {.state = 1};
	struct battery_care c;
	struct care_report at_night;
	struct care_report at_noon;

	(void)state;
	care_init(&c);
	live(&c, &r, 14, &p);
	care_report(&c, 10, false, 23 * 60, &at_night);
	care_report(&c, 10, false, 12 * 60, &at_noon);
	assert_in_range(at_noon.minutes_left, 120, 180);  /* truly 150 */
	assert_in_range(at_night.minutes_left, 480, 640); /* truly 570 */
}

static void nothing_is_said_without_days(void **state)
{
	struct battery_care c;
	struct care_report r;

	(void)state;
	care_init(&c);
	care_report(&c, 80, false, 0, &r);
	assert_false(r.has_loss);
	assert_false(r.has_left);
	assert_int_equal(r.advice, 1u << CARE_NOT_ENOUGH_DATA);
	care_report(&c, 15, false, 0, &r);
	assert_int_equal(r.advice, 1u << CARE_NOT_ENOUGH_DATA | 1u << CARE_CHARGE_TONIGHT);
	care_report(&c, 15, true, 0, &r);
	assert_int_equal(r.advice, 1u << CARE_NOT_ENOUGH_DATA);
}

static void on_a_charger_nothing_is_left_to_say(void **state)
{
	struct rhythm r = {.night = 500, .day = 4000};
	struct prop p = {.state = 1};
	struct battery_care c;
	struct care_report report;

	(void)state;
	care_init(&c);
	live(&c, &r, 14, &p);
	care_report(&c, 50, true, 0, &report);
	assert_true(report.has_loss);
	assert_false(report.has_left);
}

/* Each day with its own number of positions, of which each costs the same. */
static void live_by_places(struct battery_care *c, uint32_t cost, int32_t days)
{
	for (int32_t d = 0; d < days; d++) {
		struct day_state s;
		uint32_t places_per_hour = 5 + (uint32_t)d % 5 * 10;
		uint32_t level = FULL;
		day_state_init(&s, 20000 + d);
		s.places = (uint16_t)(places_per_hour * DAY_HOURS);
		for (unsigned h = 0; h < DAY_HOURS; h++) {
			if (h == 0)
				level = FULL;
			s.hours[h] = (uint8_t)(level / 1000 | (h == 0 ? DAY_LEVEL_CHARGING : 0));
			level -= 500 + places_per_hour * cost;
		}
		care_add_day(c, s.day, &s);
	}
}

static void what_positions_cost_is_measured_where_days_differ(void **state)
{
	struct battery_care c;
	struct care_report r;

	(void)state;
	care_init(&c);
	live_by_places(&c, 50, 20); /* 500 for the rest, 250..2250 for positions: 71 % */
	care_report(&c, 80, false, 0, &r);
	assert_false(r.drains[CARE_POSITIONS].is_estimate);
	assert_in_range(r.drains[CARE_POSITIONS].percent, 62, 78);
	assert_true((r.advice & 1u << CARE_ADAPTIVE_MODE) != 0);
	assert_true((r.advice & 1u << CARE_LONGER_INTERVAL) != 0);
}

static void what_few_days_cannot_tell_is_an_estimate(void **state)
{
	struct battery_care c;
	struct care_report r;
	unsigned sum = 0;

	(void)state;
	care_init(&c);
	live_by_places(&c, 50, 3);
	care_report(&c, 80, false, 0, &r);
	assert_true(r.drains[CARE_POSITIONS].is_estimate);
	for (unsigned i = 0; i < CARE_CAUSE_COUNT; i++)
		sum += r.drains[i].percent;
	assert_int_equal(sum, 100);
}

/* Days of any levels: no division by nothing, shares add up. */
static void wild_days(struct prop *p)
{
	struct battery_care c;
	struct care_report r;
	unsigned sum = 0;

	care_init(&c);
	for (int32_t d = 0; d < 40; d++) {
		struct day_state s;
		day_state_init(&s, (int32_t)prop_between(p, -5, 60));
		for (unsigned h = 0; h < DAY_HOURS; h++) {
			if (prop_chance(p, 70))
				s.hours[h] =
					(uint8_t)(prop_below(p, 101) |
						  (prop_chance(p, 20) ? DAY_LEVEL_CHARGING : 0));
		}
		s.places = (uint16_t)prop_any_size(p);
		s.measurements = (uint16_t)prop_any_size(p);
		s.weak = (uint16_t)prop_any_size(p);
		care_add_day(&c, s.day, &s);
	}
	care_report(&c, (uint8_t)prop_below(p, 128), prop_chance(p, 20),
		(unsigned)prop_below(p, 1440), &r);
	for (unsigned i = 0; i < CARE_CAUSE_COUNT; i++)
		sum += r.drains[i].percent;
	assert_true(sum == 0 || sum == 100);
	assert_true(r.minutes_left <= CARE_AHEAD_H * 60);
}

static void any_days_give_something_sound(void **state)
{
	(void)state;
	prop_run("any_days_give_something_sound", 500, wild_days);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hours_left_follow_the_watchs_own_rhythm),
		cmocka_unit_test(an_hour_at_night_lasts_longer_than_one_at_noon),
		cmocka_unit_test(nothing_is_said_without_days),
		cmocka_unit_test(on_a_charger_nothing_is_left_to_say),
		cmocka_unit_test(what_positions_cost_is_measured_where_days_differ),
		cmocka_unit_test(what_few_days_cannot_tell_is_an_estimate),
		cmocka_unit_test(any_days_give_something_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
