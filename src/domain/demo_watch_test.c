#include "domain/demo_watch.h"

#include "domain/domain_fixture.h"
#include "unit.h"

static const struct uid family = {{1}};

static enum rc make(struct fixture *f, struct wearer_info *ret, struct problem *p)
{
	enum rc rc = demo_watch_create(&f->d, f->reader, &f->maria, &family, ret, p, NULL);

	fixture_settle(f);
	return rc;
}

static void simulated_watch_is_bound_and_can_connect(void **state)
{
	struct fixture *f = *state;
	struct wearer_info w;
	struct problem p;
	struct live_view v;

	assert_int_equal(make(f, &w, &p), RC_OK);
	assert_string_equal(w.name, "Demo");
	assert_true(w.live.is_demo);
	fixture_open(f, 1, w.live.wire_id);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_BOUND);
	assert_true(live_read(f->d.live, &w.id, &v));
	assert_true(v.is_connected);
}

static void there_is_one_a_server_and_it_keeps_its_id(void **state)
{
	struct fixture *f = *state;
	struct wearer_info first;
	struct wearer_info second;
	struct problem p;

	assert_int_equal(make(f, &first, &p), RC_OK);
	assert_int_equal(make(f, &second, &p), RC_CONFLICT);
	assert_string_equal(p.code, "demo_exists");
	assert_int_equal(wearer_erase(&f->d, &f->maria, &first.id, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(make(f, &second, &p), RC_OK);
	assert_string_equal(second.live.wire_id, first.live.wire_id);
	assert_false(uid_is(&first.id, &second.id));
}

static void operator_can_switch_it_off(void **state)
{
	struct fixture *f = *state;
	struct wearer_info w;
	struct problem p;

	f->d.settings.is_demo_watch_on = false;
	assert_int_equal(make(f, &w, &p), RC_CONFLICT);
	assert_string_equal(p.code, "demo_off");
	assert_int_equal(demo_watch_resume(&f->d, f->reader, NULL), RC_OK);
}

static bool cannot_start(void *owner, const char *wire_id)
{
	(void)owner;
	(void)wire_id;
	return false;
}

static void failing_start_is_told(void **state)
{
	struct fixture *f = *state;
	struct wearer_info w;
	struct problem p;

	f->d.out.start_demo_watch = cannot_start;
	assert_int_equal(make(f, &w, &p), RC_IO);
	assert_string_equal(p.code, "demo_failed");
	assert_int_equal(demo_watch_resume(&f->d, f->reader, NULL), RC_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(simulated_watch_is_bound_and_can_connect),
		TEST(there_is_one_a_server_and_it_keeps_its_id),
		TEST(operator_can_switch_it_off),
		TEST(failing_start_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
