#include "domain/zone_clock.h"

#include "domain/domain_fixture.h"
#include "unit.h"

static const char watch[] = "3707805539";

static void put_zone(struct fixture *f, const struct uid *wearer, const char *zone)
{
	struct setting_value v = {.numbers = {0}};
	struct problem p;

	assert_true(view_to_text(view_of(zone), v.text, sizeof v.text));
	assert_int_equal(
		settings_put(&f->d, &f->maria, wearer, SETTING_ZONE, &v, false, &p, NULL), RC_OK);
	fixture_settle(f);
}

/* A watch that was told its offset on the clock's day, and said yes. */
static struct uid watch_in(struct fixture *f, const char *zone)
{
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_zone(f, &mia, zone);
	outbox_on_sent(&f->d, 1, &fixture_last(f, TOLD_COMMAND, 1)->id);
	fixture_say(f, 1, watch, "ZONE");
	fixture_settle(f);
	return mia;
}

static void watch_is_told_the_new_hour_at_the_right_minute(void **state)
{
	struct fixture *f = *state;
	/* From 18 November 2026 to 28 March 2027, 01:00 UTC. */
	int64_t until = INT64_C(1806195600000) - fixture_now();

	(void)watch_in(f, "Europe/Berlin");
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, 60);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, until - 60000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	fixture_pass(f, 61000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_ZONE);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, 120);
}

static void change_that_was_slept_through_is_made_up_for(void **state)
{
	struct fixture *f = *state;
	int64_t until = INT64_C(1806195600000) - fixture_now();

	(void)watch_in(f, "Europe/Berlin");
	ingest_closed(&f->d, 1, 1);
	fixture_pass(f, until + 86400000);
	fixture_restart(f);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, 1000);
	fixture_open(f, 2, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 2), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 2)->command.zone_min, 120);
}

/* Offset now, the moment of the next change after 18 November 2026, offset then. */
static void check_change(
	struct fixture *f, const char *zone, int before_min, int64_t change_ms, int after_min)
{
	int64_t until = change_ms - fixture_now();

	(void)watch_in(f, zone);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, before_min);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, until - 60000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	fixture_pass(f, 61000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, after_min);
}

static void zone_with_a_half_hour_changes_at_its_own_minute(void **state)
{
	/* 3 April 2027, 16:30 UTC: 3:00 there */
	check_change(*state, "Australia/Adelaide", 630, INT64_C(1806769800000), 570);
}

static void change_of_half_an_hour_is_told(void **state)
{
	/* 3 April 2027, 15:00 UTC: 2:00 there */
	check_change(*state, "Australia/Lord_Howe", 660, INT64_C(1806764400000), 630);
}

static void western_zone_changes_at_its_own_minute(void **state)
{
	/* 14 March 2027, 10:00 UTC: 2:00 there */
	check_change(*state, "America/Los_Angeles", -480, INT64_C(1805018400000), -420);
}

static void zone_without_summer_time_is_never_told_again(void **state)
{
	struct fixture *f = *state;

	(void)watch_in(f, "Asia/Kathmandu");
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, 345);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, INT64_C(300) * 86400000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
}

static void watch_whose_zone_is_left_to_itself_is_told_nothing(void **state)
{
	struct fixture *f = *state;
	int64_t until = INT64_C(1806195600000) - fixture_now();
	struct uid mia = watch_in(f, "Europe/Berlin");
	struct problem p;

	assert_int_equal(settings_drop(&f->d, &f->maria, &mia, SETTING_ZONE, &p, NULL), RC_OK);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, until + 60000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(watch_is_told_the_new_hour_at_the_right_minute),
		TEST(change_that_was_slept_through_is_made_up_for),
		TEST(zone_with_a_half_hour_changes_at_its_own_minute),
		TEST(change_of_half_an_hour_is_told),
		TEST(western_zone_changes_at_its_own_minute),
		TEST(zone_without_summer_time_is_never_told_again),
		TEST(watch_whose_zone_is_left_to_itself_is_told_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
