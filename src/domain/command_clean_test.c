#include "domain/command_clean.h"

#include <stdio.h>

#include "domain/domain_fixture.h"
#include "unit.h"

static const int64_t day_ms = INT64_C(86400000);

/* Rows that ended so many days ago; 0: still open. */
static void add_rows(struct fixture *f, const struct uid *wearer, unsigned n, unsigned days)
{
	struct db *db = NULL;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	for (unsigned i = 0; i < n; i++) {
		struct command_row row;
		char sql[128];
		command_row_init(&row, &f->d, COMMAND_FIND);
		row.wearer = *wearer;
		assert_int_equal(command_row_insert(db, &row, NULL), RC_OK);
		(void)snprintf(sql, sizeof sql,
			"UPDATE command SET finished_ms = %lld WHERE finished_ms = 0",
			(long long)(fixture_now() - days * day_ms));
		if (days != 0)
			assert_int_equal(db_script(db, sql, NULL), RC_OK);
	}
	db_close(db);
}

static void finished_commands_go_in_steps_and_open_ones_stay(void **state)
{
	struct fixture *f = *state;
	struct command_clean *c = NULL;
	struct uid mia = fixture_bind(f, "8800000015");

	add_rows(f, &mia, CLEAN_STEP + 5, 91);
	add_rows(f, &mia, 3, 0);
	f->d.settings.command_keep_days = 90;
	assert_int_equal(command_clean_new(&f->d, &c, NULL), RC_OK);
	command_clean_start(c);
	fixture_pass(f, CLEAN_PAUSE_MS + 500);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 5 + 3);
	fixture_pass(f, CLEAN_PAUSE_MS + 500);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 3);
	command_clean_free(c);
}

static void younger_ones_stay_and_0_keeps_all(void **state)
{
	struct fixture *f = *state;
	struct command_clean *c = NULL;
	struct uid mia = fixture_bind(f, "8800000015");

	add_rows(f, &mia, 2, 89);
	f->d.settings.command_keep_days = 90;
	assert_int_equal(command_clean_new(&f->d, &c, NULL), RC_OK);
	command_clean_start(c);
	fixture_pass(f, CLEAN_PAUSE_MS + 500);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 2);
	f->d.settings.command_keep_days = 0;
	fixture_pass(f, CLEAN_EVERY_MS + 300 * day_ms);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 2);
	f->d.settings.command_keep_days = 90;
	fixture_pass(f, CLEAN_EVERY_MS + CLEAN_PAUSE_MS);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM command"), 0);
	command_clean_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(finished_commands_go_in_steps_and_open_ones_stay),
		TEST(younger_ones_stay_and_0_keeps_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
