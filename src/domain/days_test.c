#include "domain/days.h"

#include <stdio.h>

#include "domain/alarm.h"
#include "domain/domain_fixture.h"
#include "domain/health.h"
#include "unit.h"

static const char watch[] = "3707805539";

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

static void script(struct fixture *f, const char *sql)
{
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db, sql, NULL), RC_OK);
	db_close(db);
}

/* A watch whose zone is known to its days. */
static struct uid watch_in(struct fixture *f, const char *zone)
{
	struct uid mia = fixture_bind(f, watch);
	char sql[128];

	(void)snprintf(sql, sizeof sql, "UPDATE device SET zone = '%s'", zone);
	script(f, sql);
	fixture_open(f, 1, watch);
	days_start(f->d.days);
	fixture_say(f, 1, watch, "LK,0,0,0");
	fixture_say(f, 1, watch, "LK,1,0,0");
	fixture_pass(f, 2000);
	return mia;
}

static void say_steps(struct fixture *f, unsigned steps)
{
	char content[40];

	(void)snprintf(content, sizeof content, "LK,%u,0,0", steps);
	fixture_say(f, 1, watch, content);
	fixture_settle(f);
}

static void say_battery(struct fixture *f, unsigned percent)
{
	char content[40];

	(void)snprintf(content, sizeof content, "LK,0,0,%u", percent);
	fixture_say(f, 1, watch, content);
	fixture_settle(f);
}

struct listed {
	unsigned n;
	struct day_info last;
	uint32_t steps[16];
	char dates[16][DATE_TEXT];
	char zone[ZONE_TEXT];
};

static void keep(void *ctx, const struct day_info *day)
{
	struct listed *l = ctx;

	assert_true(l->n < COUNT_OF(l->dates));
	l->steps[l->n] = day->state.steps.today;
	day_to_text(day->day, l->dates[l->n++]);
	l->last = *day;
}

static struct listed list(struct fixture *f, const struct uid *wearer)
{
	struct listed l = {.n = 0};
	struct problem p;

	assert_int_equal(days_list(&f->d, f->reader, wearer, fixture_now() - 10 * DAY_MS,
				 fixture_now() + DAY_MS, l.zone, keep, &l, &p, NULL),
		RC_OK);
	return l;
}

static void move_to(struct fixture *f, int64_t time_ms)
{
	assert_true(time_ms > fixture_now());
	fixture_pass(f, time_ms - fixture_now());
}

static void a_day_is_that_of_the_watchs_zone(void **state)
{
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Pacific/Auckland"); /* 11:06 UTC is 00:06 there */

	say_steps(f, 100);
	struct listed l = list(f, &mia);
	assert_string_equal(l.dates[l.n - 1], "2026-11-19");
	assert_string_equal(l.zone, "Pacific/Auckland");
	assert_int_equal(l.last.state.steps.today, 99);
}

/* 28 March 2027 has 23 hours in Berlin, 31 October 2027 has 25. */
static void days_are_whole_when_clocks_change(void **state)
{
	static const struct {
		int64_t midnight_ms; /* of the long or short day, UTC */
		int64_t hours;
		const char *date, *next;
	} days[] = {
		{INT64_C(1806188400000), 23, "2027-03-28", "2027-03-29"},
		{INT64_C(1824933600000), 25, "2027-10-31", "2027-11-01"},
	};
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Europe/Berlin");

	for (size_t i = 0; i < COUNT_OF(days); i++) {
		int64_t end_ms = days[i].midnight_ms + days[i].hours * HOUR_MS;
		unsigned base = 1000 + (unsigned)i * 5000;
		move_to(f, days[i].midnight_ms - MINUTE_MS);
		say_steps(f, base);
		move_to(f, days[i].midnight_ms + MINUTE_MS);
		say_steps(f, base + 50);
		move_to(f, end_ms - MINUTE_MS);
		say_steps(f, base + 300);
		struct listed l = list(f, &mia);
		assert_string_equal(l.dates[l.n - 1], days[i].date);
		assert_int_equal(l.last.state.steps.today, 300);
		move_to(f, end_ms + MINUTE_MS);
		say_steps(f, base + 310);
		fixture_pass(f, 2000); /* the day that ended is on its way to the disk */
		l = list(f, &mia);
		assert_string_equal(l.dates[l.n - 1], days[i].next);
		assert_int_equal(l.last.state.steps.today, 10);
		assert_int_equal(l.steps[l.n - 2], 300);
	}
}

static void a_crash_loses_no_steps(void **state)
{
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Etc/UTC");

	fixture_pass(f, 5 * MINUTE_MS);
	say_steps(f, 500);
	fixture_restart(f); /* without a flush */
	fixture_open(f, 1, watch);
	say_steps(f, 600);
	assert_int_equal(list(f, &mia).last.state.steps.today, 599);
}

static void a_clean_stop_keeps_everything(void **state)
{
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Etc/UTC");

	fixture_say_place(f, 1, watch, "UD", 50.0, 8.0, "00000000");
	fixture_pass(f, MINUTE_MS);
	fixture_say_place(f, 1, watch, "UD", 50.01, 8.0, "00000000");
	fixture_settle(f);
	days_flush_all(f->d.days);
	fixture_settle(f);
	struct listed before = list(f, &mia);
	assert_in_range(before.last.state.distance_m, 1105, 1120);
	fixture_restart(f);
	struct listed after = list(f, &mia);
	assert_int_equal(after.last.state.distance_m, before.last.state.distance_m);
	assert_int_equal(after.last.state.places, before.last.state.places);
}

static void rows_are_written_seldom(void **state)
{
	struct fixture *f = *state;
	struct days_stats before;
	struct days_stats after;

	(void)watch_in(f, "Etc/UTC");
	days_read_stats(&f->d, &before);
	for (unsigned i = 0; i < 50; i++) {
		say_steps(f, 100 + i);
		fixture_pass(f, 40 * 1000);
	}
	days_read_stats(&f->d, &after);
	assert_int_equal(after.rows_written, before.rows_written);
	fixture_pass(f, HOUR_MS);
	days_read_stats(&f->d, &after);
	assert_int_equal(after.rows_written, before.rows_written + 1);
}

static void a_fall_is_counted_once_and_written_soon(void **state)
{
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Etc/UTC");

	fixture_say_place(f, 1, watch, "AL", 50.0, 8.0, "00200000");
	fixture_settle(f);
	fixture_pass(f, 5000);
	fixture_say_place(f, 1, watch, "AL", 50.0, 8.0, "00200000"); /* a repeat */
	fixture_settle(f);
	fixture_pass(f, 2000);
	fixture_restart(f);
	assert_int_equal(list(f, &mia).last.state.falls, 1);
}

static void erased_days_do_not_come_back(void **state)
{
	struct fixture *f = *state;
	struct uid mia = watch_in(f, "Etc/UTC");
	struct approval a = {.wearer = mia};
	struct db *db = NULL;

	say_steps(f, 500);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(health_erase_kind.execute(&f->d, db, &a, 0, NULL, NULL), RC_OK);
	db_close(db);
	health_erase_kind.after(&f->d, &a);
	fixture_pass(f, 2 * HOUR_MS);
	struct listed l = list(f, &mia);
	assert_true(l.n <= 1);
	assert_int_equal(l.n == 0 ? 0 : l.last.state.steps.raw, 0);
	fixture_restart(f);
	l = list(f, &mia);
	assert_int_equal(l.n == 0 ? 0 : l.last.state.steps.raw, 0);
}

/* Some days with or without a charger from 20:00 to 22:00; ends at midnight. */
static void live_days(struct fixture *f, unsigned days, bool is_charged)
{
	for (unsigned d = 0; d < days; d++) {
		int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
		move_to(f, midnight_ms + 8 * HOUR_MS);
		say_battery(f, 70);
		move_to(f, midnight_ms + 12 * HOUR_MS);
		say_battery(f, 60);
		move_to(f, midnight_ms + 20 * HOUR_MS);
		say_battery(f, 52);
		move_to(f, midnight_ms + 21 * HOUR_MS);
		say_battery(f, is_charged ? 75 : 50);
		move_to(f, midnight_ms + 23 * HOUR_MS);
		say_battery(f, is_charged ? 73 : 48);
	}
}

static int64_t warnings(struct fixture *f)
{
	char sql[96];

	(void)snprintf(
		sql, sizeof sql, "SELECT COUNT(*) FROM alarm WHERE kinds = %u", ALARM_NOT_CHARGED);
	return fixture_query(f, sql);
}

static void a_watch_that_usually_charges_and_is_low_is_told_of_once(void **state)
{
	struct fixture *f = *state;

	(void)watch_in(f, "Etc/UTC");
	live_days(f, 5, true);
	int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
	move_to(f, midnight_ms + 21 * HOUR_MS);
	say_battery(f, 34);
	assert_int_equal(warnings(f), 0);
	move_to(f, midnight_ms + 22 * HOUR_MS + MINUTE_MS);
	assert_int_equal(warnings(f), 1);
	say_battery(f, 33);
	fixture_pass(f, 10 * MINUTE_MS);
	fixture_restart(f);
	days_start(f->d.days);
	fixture_open(f, 1, watch);
	say_battery(f, 32);
	fixture_pass(f, HOUR_MS / 2);
	assert_int_equal(warnings(f), 1);
}

static void evening_is_that_of_the_zone(void **state)
{
	struct fixture *f = *state;

	(void)watch_in(f, "America/New_York"); /* 22:00 there is 03:00 UTC */
	for (unsigned d = 0; d < 5; d++) {
		int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
		move_to(f, midnight_ms + 2 * HOUR_MS); /* 21:00 of the day before */
		say_battery(f, 50);
		move_to(f, midnight_ms + 3 * HOUR_MS);
		say_battery(f, 75);
		move_to(f, midnight_ms + 4 * HOUR_MS);
		say_battery(f, 74);
	}
	int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
	move_to(f, midnight_ms + HOUR_MS);
	say_battery(f, 30);
	move_to(f, midnight_ms + 2 * HOUR_MS + 58 * MINUTE_MS);
	assert_int_equal(warnings(f), 0);
	move_to(f, midnight_ms + 3 * HOUR_MS + MINUTE_MS);
	assert_int_equal(warnings(f), 1);
}

static void without_a_habit_nobody_is_told(void **state)
{
	struct fixture *f = *state;

	(void)watch_in(f, "Etc/UTC");
	live_days(f, 5, false);
	int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
	move_to(f, midnight_ms + 21 * HOUR_MS);
	say_battery(f, 20);
	move_to(f, midnight_ms + 22 * HOUR_MS + 10 * MINUTE_MS);
	assert_int_equal(warnings(f), 0);
}

static void on_its_charger_nobody_is_told(void **state)
{
	struct fixture *f = *state;

	(void)watch_in(f, "Etc/UTC");
	live_days(f, 5, true);
	int64_t midnight_ms = fixture_now() / DAY_MS * DAY_MS + DAY_MS;
	move_to(f, midnight_ms + 21 * HOUR_MS);
	say_battery(f, 20);
	move_to(f, midnight_ms + 21 * HOUR_MS + 50 * MINUTE_MS);
	say_battery(f, 35);
	move_to(f, midnight_ms + 22 * HOUR_MS + 10 * MINUTE_MS);
	assert_int_equal(warnings(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(a_day_is_that_of_the_watchs_zone),
		TEST(days_are_whole_when_clocks_change),
		TEST(a_crash_loses_no_steps),
		TEST(a_clean_stop_keeps_everything),
		TEST(rows_are_written_seldom),
		TEST(a_fall_is_counted_once_and_written_soon),
		TEST(erased_days_do_not_come_back),
		TEST(a_watch_that_usually_charges_and_is_low_is_told_of_once),
		TEST(evening_is_that_of_the_zone),
		TEST(without_a_habit_nobody_is_told),
		TEST(on_its_charger_nobody_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
