#include "domain/tracking.h"

#include "domain/domain_fixture.h"
#include "unit.h"

static const char watch[] = "8800000015";

enum { MINUTE_MS = 60 * 1000 };

static void put_mode(struct fixture *f, const struct uid *wearer, int32_t mode)
{
	const struct setting_value v = {.numbers = {mode}};
	struct problem p;

	assert_int_equal(
		settings_put(&f->d, &f->maria, wearer, SETTING_TRACKING_MODE, &v, false, &p, NULL),
		RC_OK);
	fixture_settle(f);
}

/* The watch confirms what it was told last. */
static uint32_t told_interval(struct fixture *f)
{
	const struct told *last = fixture_last(f, TOLD_COMMAND, 1);

	assert_non_null(last);
	assert_int_equal(last->command.kind, COMMAND_UPLOAD_INTERVAL);
	uint32_t interval_s = last->command.interval_s;
	outbox_on_sent(&f->d, 1, &last->id);
	fixture_say(f, 1, watch, "UPLOAD");
	fixture_settle(f);
	fixture_forget(f);
	return interval_s;
}

static struct uid adaptive(struct fixture *f)
{
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_mode(f, &mia, TRACKING_ADAPTIVE);
	assert_int_equal(told_interval(f), INTERVAL_ADAPTIVE_S);
	fixture_pass(f, 3 * MINUTE_MS);
	fixture_forget(f);
	return mia;
}

static void place(struct fixture *f, double lat)
{
	fixture_say_place(f, 1, watch, "UD", lat, 13.4, "00000000");
	fixture_settle(f);
}

static void modes_are_intervals(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_mode(f, &mia, TRACKING_LIVE);
	assert_int_equal(told_interval(f), INTERVAL_LIVE_S);
	put_mode(f, &mia, TRACKING_CAREFUL);
	assert_int_equal(told_interval(f), INTERVAL_CAREFUL_S);
	put_mode(f, &mia, TRACKING_NORMAL);
	assert_int_equal(told_interval(f), INTERVAL_DEFAULT_S);
}

static void on_the_way_it_tells_often_and_at_rest_seldom(void **state)
{
	struct fixture *f = *state;

	(void)adaptive(f);
	place(f, 52.500);
	place(f, 52.510);
	assert_int_equal(told_interval(f), TRACKING_WAY_S);
	fixture_pass(f, TRACKING_REST_AFTER_MS + MINUTE_MS);
	fixture_say(f, 1, watch, "LK,0,0,80");
	fixture_settle(f);
	assert_int_equal(told_interval(f), TRACKING_REST_S);
	fixture_pass(f, 3 * MINUTE_MS);
	place(f, 52.5101); /* eleven metres: still there */
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
	place(f, 52.520);
	assert_int_equal(told_interval(f), TRACKING_WAY_S);
}

static void a_low_battery_is_spared(void **state)
{
	struct fixture *f = *state;

	(void)adaptive(f);
	place(f, 52.500);
	place(f, 52.510);
	assert_int_equal(told_interval(f), TRACKING_WAY_S);
	fixture_pass(f, 3 * MINUTE_MS);
	fixture_say(f, 1, watch, "LK,0,0,20");
	fixture_settle(f);
	assert_int_equal(told_interval(f), TRACKING_WAY_LOW_S);
	fixture_pass(f, TRACKING_REST_AFTER_MS + MINUTE_MS);
	fixture_say(f, 1, watch, "LK,0,0,20");
	fixture_settle(f);
	assert_int_equal(told_interval(f), TRACKING_REST_LOW_S);
}

static void changes_of_a_day_are_bounded(void **state)
{
	struct fixture *f = *state;
	unsigned changes = 0;

	(void)adaptive(f);
	for (unsigned i = 0; i < 2 * TRACKING_CHANGES_MAX; i++) {
		place(f, 52.5 + 0.01 * i);
		fixture_pass(f, TRACKING_REST_AFTER_MS + MINUTE_MS);
		fixture_say(f, 1, watch, "LK,0,0,80");
		fixture_settle(f);
		for (unsigned k = 0; k < f->told_n; k++)
			changes += f->told[k].what == TOLD_COMMAND &&
				   f->told[k].command.kind == COMMAND_UPLOAD_INTERVAL;
		for (unsigned k = 0; k < f->told_n; k++) {
			if (f->told[k].what == TOLD_COMMAND)
				outbox_on_sent(&f->d, 1, &f->told[k].id);
		}
		fixture_say(f, 1, watch, "UPLOAD");
		fixture_settle(f);
		fixture_forget(f);
	}
	/* the loop lasts 12.8 hours: one day, perhaps two */
	assert_in_range(changes, 2, 2 * TRACKING_CHANGES_MAX);
	assert_true(
		fixture_query(f, "SELECT COUNT(*) FROM command") <= 1 + 2 * TRACKING_CHANGES_MAX);
}

static void the_mode_is_known_after_a_restart_and_ends_when_it_is_changed(void **state)
{
	struct fixture *f = *state;
	struct uid mia = adaptive(f);

	ingest_closed(&f->d, 1, 1);
	fixture_restart(f);
	fixture_open(f, 1, watch);
	fixture_pass(f, 3 * MINUTE_MS);
	fixture_forget(f);
	place(f, 52.500);
	assert_int_equal(told_interval(f), TRACKING_WAY_S);
	put_mode(f, &mia, TRACKING_NORMAL);
	assert_int_equal(told_interval(f), INTERVAL_DEFAULT_S);
	fixture_pass(f, TRACKING_REST_AFTER_MS + MINUTE_MS);
	place(f, 52.530);
	assert_int_equal(fixture_count(f, TOLD_COMMAND, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(modes_are_intervals),
		TEST(on_the_way_it_tells_often_and_at_rest_seldom),
		TEST(a_low_battery_is_spared),
		TEST(changes_of_a_day_are_bounded),
		TEST(the_mode_is_known_after_a_restart_and_ends_when_it_is_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
