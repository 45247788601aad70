#include "domain/reapply.h"

#include "domain/contacts.h"
#include "domain/domain_fixture.h"
#include "unit.h"

static const char watch[] = "8800000015";

static void put_flag(struct fixture *f, const struct uid *wearer, enum setting_id id)
{
	const struct setting_value v = {.numbers = {1}};
	struct problem p;

	assert_int_equal(settings_put(&f->d, &f->maria, wearer, id, &v, true, &p, NULL), RC_OK);
	fixture_settle(f);
}

/* The watch says yes to everything that it was told since the last time. */
static void confirm_all(struct fixture *f)
{
	unsigned n = f->told_n;

	for (unsigned i = 0; i < n; i++) {
		if (f->told[i].what != TOLD_COMMAND)
			continue;
		const char *keyword = command_keyword(f->told[i].command.kind);
		outbox_on_sent(&f->d, 1, &f->told[i].id);
		fixture_say(f, 1, watch, keyword);
		fixture_settle(f);
	}
	fixture_forget(f);
}

static unsigned told(const struct fixture *f, enum command_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->told_n; i++)
		n += f->told[i].what == TOLD_COMMAND && f->told[i].command.kind == kind;
	return n;
}

static struct uid with_settings(struct fixture *f)
{
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	put_flag(f, &mia, SETTING_STEP_COUNTER);
	put_flag(f, &mia, SETTING_REMOVED_ALARM);
	confirm_all(f);
	reapply_start(f->d.reapply);
	return mia;
}

/* One look after the other: the disk keeps pace only between passes. */
static void pass(struct fixture *f, int64_t ms)
{
	for (; ms > -2 * REAPPLY_TICK_MS; ms -= REAPPLY_TICK_MS)
		fixture_pass(
			f, 2 * REAPPLY_TICK_MS); /* its timer is over, however late it was set */
}

static void after_a_restart_everything_is_told_again_once(void **state)
{
	struct fixture *f = *state;
	struct uid mia = with_settings(f);
	const struct command_request reset = {.type = VIEW("reset")};
	struct command_info info;
	struct problem p;

	assert_int_equal(
		commands_create(&f->d, f->reader, &f->maria, &mia, &reset, &info, &p, NULL), RC_OK);
	fixture_settle(f);
	confirm_all(f);
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 0);
	pass(f, REAPPLY_SETTLE_MS + REAPPLY_TICK_MS);
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 1);
	assert_int_equal(told(f, COMMAND_REMOVED_ALARM), 1);
	confirm_all(f);
	pass(f, REAPPLY_AWAY_MS);
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 0);
}

static void an_unbound_watch_is_an_alarm_and_told_again_once_an_hour(void **state)
{
	struct fixture *f = *state;

	(void)with_settings(f);
	fixture_say(f, 1, watch, "DLT");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	pass(f, REAPPLY_SETTLE_MS + REAPPLY_TICK_MS);
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 1);
	confirm_all(f);
	for (unsigned i = 0; i < 5; i++) { /* a stranger with its number says it again and again */
		fixture_say(f, 1, watch, "DLT");
		fixture_settle(f);
		pass(f, REAPPLY_SETTLE_MS + REAPPLY_TICK_MS);
	}
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 0);
}

static void another_sim_is_noted_and_the_first_one_is_not(void **state)
{
	struct fixture *f = *state;

	(void)with_settings(f);
	fixture_say(f, 1, watch, "ICCID,89490200001234567890");
	fixture_settle(f);
	fixture_say(f, 1, watch, "ICCID,89490200001234567890");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT iccid_changed_ms FROM device"), 0);
	assert_int_equal(fixture_query(f, "SELECT reapply_ms FROM device"), 0);
	fixture_say(f, 1, watch, "ICCID,89490200009999999999");
	fixture_settle(f);
	assert_true(fixture_query(f, "SELECT iccid_changed_ms FROM device") > 0);
	assert_true(fixture_query(f, "SELECT reapply_ms FROM device") > 0);
}

static void a_watch_that_is_away_waits(void **state)
{
	struct fixture *f = *state;

	(void)with_settings(f);
	fixture_say(f, 1, watch, "DLT");
	fixture_settle(f);
	ingest_closed(&f->d, 1, 1);
	pass(f, REAPPLY_SETTLE_MS + REAPPLY_TICK_MS);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command WHERE finished_ms = 0"), 0);
	fixture_open(f, 1, watch);
	pass(f, REAPPLY_AWAY_MS + REAPPLY_TICK_MS);
	assert_int_equal(told(f, COMMAND_STEP_COUNTER), 1);
}

static void what_is_due_is_found_by_its_index(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM sqlite_master"
					  " WHERE name IN ('device_to_reapply', 'command_ended')"),
		2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(after_a_restart_everything_is_told_again_once),
		TEST(an_unbound_watch_is_an_alarm_and_told_again_once_an_hour),
		TEST(another_sim_is_noted_and_the_first_one_is_not),
		TEST(a_watch_that_is_away_waits),
		TEST(what_is_due_is_found_by_its_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
