#include "domain/domain_fixture.h"

#include <stdio.h>

#include "domain/alarm.h"
#include "domain/device_password.h"
#include "unit.h"

static const char watch[] = "8800000015";

static const uint64_t session = 1;

enum { HOUR_MS = 3600 * 1000 };

static unsigned told(const struct fixture *f, enum command_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->told_n; i++)
		n += f->told[i].what == TOLD_COMMAND && f->told[i].command.kind == kind;
	return n;
}

/* What the server sent is with the kernel; the watch acknowledges it. */
static void confirm(struct fixture *f, enum command_kind kind)
{
	for (unsigned i = 0; i < f->told_n; i++) {
		if (f->told[i].what != TOLD_COMMAND || f->told[i].command.kind != kind)
			continue;
		outbox_on_sent(&f->d, session, &f->told[i].id);
	}
	fixture_say(f, session, watch, command_keyword(kind));
	fixture_settle(f);
}

/* As after a claim whose commands were all answered. */
static void confirm_setting(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct setting_value *v, enum command_kind kind)
{
	struct command c = {.kind = kind};

	assert_int_equal(setting_want(db, wearer, id, v, NULL, fixture_now(), NULL), RC_OK);
	assert_int_equal(setting_part_want(db, wearer, &c, NULL), RC_OK);
	assert_int_equal(setting_part_end(db, wearer, &c, SETTING_CONFIRMED, NULL), RC_OK);
}

static void set_confirmed(struct fixture *f, const struct uid *wearer)
{
	const struct setting_value on = {.numbers = {1}};
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	confirm_setting(db, wearer, SETTING_CONTROL_NUMBERS, NULL, COMMAND_CENTER_CLEAR);
	confirm_setting(db, wearer, SETTING_REFUSE_STRANGERS, &on, COMMAND_REFUSE_STRANGERS);
	db_close(db);
}

static void a_watch_is_asked_after_the_claim_and_then_each_day(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, session, watch);
	watch_guard_start(f->d.watch_guard);
	fixture_pass(f, 60 * 1000);
	assert_int_equal(told(f, COMMAND_STATUS), 0);
	for (unsigned minute = 0; minute < 8; minute++)
		fixture_pass(f, GUARD_TICK_MS);
	assert_int_equal(told(f, COMMAND_STATUS), 1);
	confirm(f, COMMAND_STATUS);
	fixture_forget(f);
	for (unsigned hour = 0; hour < 12; hour++) /* the disk keeps pace only between passes */
		fixture_pass(f, HOUR_MS);
	assert_int_equal(told(f, COMMAND_STATUS), 0);
	for (unsigned hour = 0; hour < 13; hour++)
		fixture_pass(f, HOUR_MS);
	assert_int_equal(told(f, COMMAND_STATUS), 1);
}

static void what_is_due_is_found_by_its_index(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		fixture_query(
			f, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'device_by_guard'"),
		1);
}

static void what_the_watch_does_not_tell_is_set_again_without_an_alarm(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	set_confirmed(f, &mia);
	fixture_open(f, session, watch);
	fixture_say(f, session, watch, "TS,ver:X;upload:600");
	fixture_settle(f);
	assert_int_equal(told(f, COMMAND_CENTER_CLEAR), 1);
	assert_int_equal(told(f, COMMAND_SLAVE_CLEAR), 1);
	assert_int_equal(told(f, COMMAND_REFUSE_STRANGERS), 1);
	assert_int_equal(told(f, COMMAND_PASSWORD), 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	assert_int_equal(fixture_query(f, "SELECT guard_checked_ms FROM device"), 0);
}

static void a_number_that_came_back_is_an_alarm_and_cleared(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	set_confirmed(f, &mia);
	fixture_open(f, session, watch);
	fixture_say(f, session, watch, "TS,center:;slave:");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	assert_int_equal(told(f, COMMAND_CENTER_CLEAR), 0);
	assert_true(fixture_query(f, "SELECT guard_checked_ms FROM device") > 0);
	fixture_say(f, session, watch, "TS,center:13900000000;slave:");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT kinds FROM alarm"), ALARM_SETTINGS_DRIFT);
	assert_int_equal(told(f, COMMAND_CENTER_CLEAR), 1);
	assert_int_equal(told(f, COMMAND_SLAVE_CLEAR), 1);
	/* while it is on its way the same again is nothing new */
	fixture_say(f, session, watch, "TS,center:13900000000;slave:");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	assert_int_equal(told(f, COMMAND_CENTER_CLEAR), 1);
}

static void a_password_that_is_not_ours_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct db *db = NULL;

	set_confirmed(f, &mia);
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(device_password_confirm(db, &mia, VIEW("48151623"), NULL), RC_OK);
	confirm_setting(db, &mia, SETTING_PASSWORD, NULL, COMMAND_PASSWORD);
	db_close(db);
	fixture_open(f, session, watch);
	fixture_say(f, session, watch, "TS,pw:48151623");
	fixture_settle(f);
	assert_int_equal(told(f, COMMAND_PASSWORD), 0);
	fixture_say(f, session, watch, "TS,pw:123456");
	fixture_settle(f);
	assert_int_equal(told(f, COMMAND_PASSWORD), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	const struct told *last = fixture_last(f, TOLD_COMMAND, session);
	assert_string_not_equal(last->command.digits, "123456");
}

static void a_connection_in_doubt_tells_nothing_of_the_settings(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	set_confirmed(f, &mia);
	fixture_open(f, session, watch);
	fixture_open(f, 2, watch); /* asked who it is */
	fixture_say(f, session, watch, "TS,center:13900000000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	assert_int_equal(told(f, COMMAND_CENTER_CLEAR), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_watch_is_asked_after_the_claim_and_then_each_day),
		TEST(what_is_due_is_found_by_its_index),
		TEST(what_the_watch_does_not_tell_is_set_again_without_an_alarm),
		TEST(a_number_that_came_back_is_an_alarm_and_cleared),
		TEST(a_password_that_is_not_ours_is_replaced),
		TEST(a_connection_in_doubt_tells_nothing_of_the_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
