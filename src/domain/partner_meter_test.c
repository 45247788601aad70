#include "domain/partner_meter.h"

#include "unit.h"

#define HOUR_MS INT64_C(3600000)

static int set_up(void **state)
{
	struct partner_meter *m = NULL;

	assert_int_equal(partner_meter_new(&m, NULL), RC_OK);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	partner_meter_free(*state);
	return 0;
}

static void requests_come_in_a_burst_and_then_by_the_minute(void **state)
{
	struct partner_meter *m = *state;
	struct uid one = uid_new();
	struct uid two = uid_new();
	uint32_t wait_s = 0;

	for (int i = 0; i < 15; i++)
		assert_true(partner_meter_request(m, &one, 60, 1000, &wait_s));
	assert_false(partner_meter_request(m, &one, 60, 1000, &wait_s));
	assert_int_equal(wait_s, 2);
	assert_true(partner_meter_request(m, &two, 60, 1000, &wait_s));
	assert_false(partner_meter_request(m, &one, 60, 1999, &wait_s));
	assert_true(partner_meter_request(m, &one, 60, 2000, &wait_s));
	assert_false(partner_meter_request(m, &one, 60, 2000, &wait_s));
	partner_meter_forget(m, &one);
	assert_true(partner_meter_request(m, &one, 60, 2000, &wait_s));
	assert_true(partner_meter_request(m, &two, 1, 70000, &wait_s));
}

static void each_right_on_each_wearer_has_its_number_an_hour(void **state)
{
	struct partner_meter *m = *state;
	struct uid partner = uid_new();
	struct uid wearers[2] = {uid_new(), uid_new()};
	uint32_t wait_s = 0;

	for (enum right r = RIGHT_NONE; r < RIGHT_COUNT; r++) {
		for (uint32_t i = 0; i < partner_right_per_hour(r); i++)
			assert_true(partner_meter_right(
				m, &partner, &wearers[0], r, HOUR_MS - 1000, &wait_s));
		assert_false(
			partner_meter_right(m, &partner, &wearers[0], r, HOUR_MS - 1000, &wait_s));
		assert_int_equal(wait_s, 2);
		bool is_known = partner_right_per_hour(r) > 0;
		assert_int_equal(
			partner_meter_right(m, &partner, &wearers[1], r, HOUR_MS - 1000, &wait_s),
			is_known);
		assert_int_equal(partner_meter_right(m, &partner, &wearers[0], r, HOUR_MS, &wait_s),
			is_known);
	}
}

static void one_wearer_more_than_usual_is_unusual(void **state)
{
	struct partner_meter *m = *state;
	struct uid partner = uid_new();
	struct uid wearers[101];

	for (size_t i = 0; i < COUNT_OF(wearers); i++)
		wearers[i] = uid_new();
	for (int again = 0; again < 3; again++) {
		for (size_t i = 0; i < 100; i++)
			assert_true(partner_meter_wearer(m, &partner, &wearers[i], 100, 5));
	}
	assert_false(partner_meter_wearer(m, &partner, &wearers[100], 100, 5));
	assert_true(partner_meter_wearer(m, &partner, &wearers[99], 100, 5));
	assert_true(partner_meter_wearer(m, &partner, &wearers[100], 100, HOUR_MS));
}

static void missing_things_are_counted_by_the_hour(void **state)
{
	struct partner_meter *m = *state;
	struct uid partner = uid_new();

	for (int i = 0; i < PARTNER_MISSING_PER_HOUR_MAX; i++)
		assert_true(partner_meter_missing(m, &partner, 7));
	assert_false(partner_meter_missing(m, &partner, 7));
	assert_true(partner_meter_missing(m, &partner, HOUR_MS));
}

static void thousands_of_partners_keep_it_at_its_size(void **state)
{
	struct partner_meter *m = *state;
	uint32_t wait_s = 0;

	for (int i = 0; i < 5000; i++) {
		struct uid partner = uid_new();
		assert_true(partner_meter_request(m, &partner, 4, i, &wait_s));
		assert_false(partner_meter_request(m, &partner, 4, i, &wait_s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(requests_come_in_a_burst_and_then_by_the_minute),
		TEST(each_right_on_each_wearer_has_its_number_an_hour),
		TEST(one_wearer_more_than_usual_is_unusual),
		TEST(missing_things_are_counted_by_the_hour),
		TEST(thousands_of_partners_keep_it_at_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
