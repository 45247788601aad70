#include "domain/step_count.h"

#include "unit.h"

enum { HOUR = 3600, DAY = 86400 };
static const uint32_t monday = 1795000000;

static void a_counter_since_ever_gives_the_steps_of_today(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 51000, monday, true);
	assert_int_equal(c.today, 0); /* nobody knows since when */
	step_count_add(&c, 52500, monday + HOUR, false);
	assert_int_equal(c.today, 1500);
	step_count_new_day(&c);
	step_count_add(&c, 52800, monday + DAY, true);
	assert_int_equal(c.today, 300);
}

static void a_counter_of_the_day_is_learned_by_its_midnights(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 10, monday, true);
	for (uint32_t day = 0; day < 4; day++) {
		uint32_t t = monday + day * DAY;
		if (day > 0) {
			step_count_new_day(&c);
			step_count_add(&c, 40, t, true);
		}
		step_count_add(&c, 3000, t + HOUR, false);
	}
	assert_int_equal(c.today, 3000);
	/* Quiet until the day's number is over yesterday's: all of it is of today. */
	step_count_new_day(&c);
	step_count_add(&c, 4000, monday + 5 * DAY, true);
	assert_int_equal(c.today, 4000);
}

static void a_restart_at_noon_begins_anew_and_loses_nothing(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 51000, monday, true);
	step_count_add(&c, 51400, monday + HOUR, false);
	step_count_add(&c, 200, monday + 2 * HOUR, false);
	step_count_add(&c, 250, monday + 3 * HOUR, false);
	assert_int_equal(c.today, 650);
}

static void a_zero_in_between_is_no_number(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 51000, monday, true);
	step_count_add(&c, 0, monday + 60, false);
	step_count_add(&c, 51020, monday + 120, false);
	assert_int_equal(c.today, 20);
}

static void more_than_anybody_walks_is_not_counted(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 100, monday, true);
	step_count_add(&c, 40000, monday + 60, false);
	assert_int_equal(c.today, 0);
	step_count_add(&c, 40030, monday + 120, false);
	assert_int_equal(c.today, 30);
}

static void an_older_report_changes_nothing(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	step_count_add(&c, 51000, monday + HOUR, true);
	step_count_add(&c, 50900, monday, false);
	step_count_add(&c, 51010, monday + 2 * HOUR, false);
	assert_int_equal(c.today, 10);
}

static void a_constant_counts_nothing(void **state)
{
	struct step_count c = {.raw = 0};

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		step_count_add(&c, 1000, monday + i * 600, i == 0);
	assert_int_equal(c.today, 0);
}

/* Whatever a watch says, a day has no more steps than it has seconds to walk them. */
static void one_wild_day(struct prop *p)
{
	struct step_count c = {.raw = 0};
	uint32_t t = monday;
	uint32_t n = 0;

	for (; n < 60 && t < monday + DAY; n++) {
		step_count_add(&c, (uint32_t)prop_below(p, 120000), t, n == 0);
		t += (uint32_t)prop_below(p, 1800);
	}
	assert_true(c.today <= STEPS_DAY_MAX);
	assert_true(c.today <= (t - monday) * STEPS_PER_S_MAX + n * STEPS_AT_ONCE);
}

static void no_sequence_gives_more_steps_than_time_allows(void **state)
{
	(void)state;
	prop_run("no_sequence_gives_more_steps_than_time_allows", 300, one_wild_day);
}

/* The same walk, told as a total or as a number of the day, is the same. */
static void one_walk(struct prop *p)
{
	struct step_count ever = {.raw = 0};
	struct step_count daily = {.raw = 0};
	uint32_t total = 200000 + (uint32_t)prop_below(p, 50000);

	for (uint32_t day = 0; day < 6; day++) {
		uint32_t today = 0;
		step_count_new_day(&ever);
		step_count_new_day(&daily);
		for (uint32_t h = 0; h < 24; h++) {
			uint32_t walked = 100 + (uint32_t)prop_below(p, 800);
			uint32_t t = monday + day * DAY + h * HOUR;
			today += walked;
			total += walked;
			step_count_add(&ever, total, t, h == 0);
			step_count_add(&daily, today, t, h == 0);
		}
		if (day > 0)
			assert_int_equal(ever.today, today);
		if (day > 0)
			assert_int_equal(daily.today, today);
	}
}

static void both_ways_of_counting_agree(void **state)
{
	(void)state;
	prop_run("both_ways_of_counting_agree", 100, one_walk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_counter_since_ever_gives_the_steps_of_today),
		cmocka_unit_test(a_counter_of_the_day_is_learned_by_its_midnights),
		cmocka_unit_test(a_restart_at_noon_begins_anew_and_loses_nothing),
		cmocka_unit_test(a_zero_in_between_is_no_number),
		cmocka_unit_test(more_than_anybody_walks_is_not_counted),
		cmocka_unit_test(an_older_report_changes_nothing),
		cmocka_unit_test(a_constant_counts_nothing),
		cmocka_unit_test(no_sequence_gives_more_steps_than_time_allows),
		cmocka_unit_test(both_ways_of_counting_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
