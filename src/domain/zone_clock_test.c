#include "domain/zone_clock.h"

#include "domain/domain_fixture.h"
#include "unit.h"

static const char watch[] = "3707805539";

/* A watch in Berlin that was told its offset on the clock's day. */
static struct uid berliner(struct fixture *f)
{
	struct uid mia = fixture_bind(f, watch);
	struct watch_settings s;
	struct problem p;

	fixture_open(f, 1, watch);
	assert_int_equal(watch_settings_change(&f->d, f->reader, &f->maria, &mia,
				 (struct view){NULL, 0}, VIEW("Europe/Berlin"), 0, &s, &p, NULL),
		RC_OK);
	fixture_settle(f);
	outbox_on_sent(&f->d, 1, &fixture_last(f, TOLD_COMMAND, 1)->id);
	fixture_say(f, 1, watch, "LZ");
	fixture_settle(f);
	return mia;
}

static void watch_is_told_the_new_hour_at_the_right_minute(void **state)
{
	struct fixture *f = *state;
	/* From 18 November 2026 to 28 March 2027, 01:00 UTC. */
	int64_t until = INT64_C(1806195600000) - fixture_now();

	(void)berliner(f);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, 60);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, until - 60000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 1);
	fixture_pass(f, 61000);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 2);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.kind, COMMAND_LANGUAGE_ZONE);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 1)->command.zone_min, 120);
}

static void change_that_was_slept_through_is_made_up_for(void **state)
{
	struct fixture *f = *state;
	int64_t until = INT64_C(1806195600000) - fixture_now();

	(void)berliner(f);
	ingest_closed(&f->d, 1, 1);
	fixture_pass(f, until + 86400000);
	fixture_restart(f);
	zone_clock_start(f->d.zone_clock);
	fixture_pass(f, 1000);
	fixture_open(f, 2, watch);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 2), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 2)->command.zone_min, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(watch_is_told_the_new_hour_at_the_right_minute),
		TEST(change_that_was_slept_through_is_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
