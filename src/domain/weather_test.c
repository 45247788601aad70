#include "domain/weather.h"

#include "domain/courier_dispatch.h"
#include "domain/domain_fixture.h"
#include "unit.h"

/* What the courier was asked. */
struct asked {
	unsigned n;
	struct message last;
	bool is_full;
};
static struct asked asked;

static bool send(void *owner, const struct message *m)
{
	(void)owner;
	if (asked.is_full)
		return false;
	if (m->type == MESSAGE_WEATHER_ASK) {
		asked.n++;
		asked.last = *m;
	}
	return true;
}

static int set_up(void **state)
{
	int failed = fixture_set_up(state);
	struct fixture *f = *state;
	const struct courier_dispatch_config config = {.domain = &f->d, .send = send};
	const struct message_courier_hello hello = {.epoch = 7};

	asked = (struct asked){.n = 0};
	f->d.settings.is_weather_on = true;
	assert_int_equal(weather_new(&f->d, &f->d.weather, NULL), RC_OK);
	assert_int_equal(courier_dispatch_new(&config, &f->d.courier, NULL), RC_OK);
	courier_dispatch_hello(f->d.courier, &hello);
	return failed;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fixture_settle(f);
	courier_dispatch_stop(f->d.courier);
	fixture_settle(f);
	courier_dispatch_free(f->d.courier);
	f->d.courier = NULL;
	weather_free(f->d.weather);
	return fixture_tear_down(state);
}

static void want(struct fixture *f, uint64_t session, int32_t lat_e7, bool is_forecast)
{
	const struct weather_request r = {.session = session,
		.lat_e7 = lat_e7,
		.lon_e7 = 113000000,
		.is_forecast = is_forecast,
		.language = "de"};

	weather_on_request(&f->d, &r);
}

static void tell(struct fixture *f, bool is_good, uint8_t days_n)
{
	const struct message_weather_told m = {.lat_d = asked.last.weather_ask.lat_d,
		.lon_d = asked.last.weather_ask.lon_d,
		.is_good = is_good,
		.code = WEATHER_RAIN,
		.now = 4,
		.days_n = days_n,
		.days = {{WEATHER_RAIN, 1, 5}, {WEATHER_SNOW, -3, 0}, {0, 0, 4}, {1, 2, 6}}};

	weather_on_told(&f->d, &m);
}

static void near_watches_share_one_question_and_nothing_exact_leaves(void **state)
{
	struct fixture *f = *state;

	want(f, 1, 509812345, false);
	want(f, 2, 510200000, false); /* the same tenth of a degree: 51.0 */
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.last.weather_ask.lat_d, 510);
	assert_int_equal(asked.last.weather_ask.lon_d, 113);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
	tell(f, true, 4);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 2), 1);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->reply, REPLY_WEATHER);
	want(f, 3, 509900000, true);
	assert_int_equal(asked.n, 1); /* known for an hour */
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 3)->reply, REPLY_FORECAST);
	fixture_pass(f, WEATHER_FRESH_MS);
	want(f, 4, 509900000, false);
	assert_int_equal(asked.n, 2);
}

static void nothing_is_said_that_is_not_known(void **state)
{
	struct fixture *f = *state;

	want(f, 1, 509812345, false);
	tell(f, false, 0);
	want(f, 1, 509812345, false);
	assert_int_equal(asked.n, 1); /* not at once again */
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
	fixture_pass(f, WEATHER_FAILED_MS);
	want(f, 1, 509812345, true);
	assert_int_equal(asked.n, 2);
	tell(f, true, 3); /* a forecast has four days */
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
}

static void an_answer_that_comes_late_is_kept_and_not_told(void **state)
{
	struct fixture *f = *state;

	want(f, 1, 509812345, false);
	fixture_pass(f, WEATHER_WAIT_MS);
	tell(f, true, 4);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
	want(f, 1, 509812345, false);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
}

static void without_a_service_or_courier_nobody_is_asked(void **state)
{
	struct fixture *f = *state;

	asked.is_full = true;
	want(f, 1, 509812345, false);
	asked.is_full = false;
	f->d.settings.is_weather_on = false;
	want(f, 1, 509812345, false);
	assert_int_equal(asked.n, 0);
	tell(f, true, 4); /* what nobody asked for is nothing */
	f->d.settings.is_weather_on = true;
	want(f, 1, 0, false);
	assert_int_equal(asked.n, 1);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
}

static void questions_and_waiting_watches_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct weather_stats stats;

	for (unsigned i = 0; i < WEATHER_WAITING_MAX + 10; i++)
		want(f, 100 + i, 509812345, false);
	assert_int_equal(asked.n, 1);
	weather_read_stats(f->d.weather, &stats);
	assert_int_equal(stats.not_answered, 10);
	for (int32_t i = 0; i < WEATHER_PER_HOUR_MAX + 50; i++)
		want(f, 1, -900000000 + i * 1000000, false);
	assert_int_equal(asked.n, WEATHER_PER_HOUR_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(near_watches_share_one_question_and_nothing_exact_leaves),
		TEST(nothing_is_said_that_is_not_known),
		TEST(an_answer_that_comes_late_is_kept_and_not_told),
		TEST(without_a_service_or_courier_nobody_is_asked),
		TEST(questions_and_waiting_watches_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
