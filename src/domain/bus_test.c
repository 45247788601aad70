#include "domain/bus.h"

#include <stdlib.h>

#include "domain/domain_fixture.h"
#include "unit.h"

static const struct uid family = {{1}};
static const struct uid ward = {{2}};
static const struct uid thing = {{9}};

static int wakes;

static void wake(void *arg)
{
	(void)arg;
	wakes++;
}

static int set_up(void **state)
{
	struct bus *b = NULL;

	wakes = 0;
	if (bus_new(&b, NULL) != RC_OK)
		return -1;
	bus_set_reader(b, wake, NULL);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	bus_free(*state);
	return 0;
}

static void event_reaches_the_reader_once_and_in_order(void **state)
{
	struct bus *b = *state;
	struct event got[8];
	bool is_lost = true;

	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	bus_publish(b, EVENT_ALARM, &family, &thing);
	assert_int_equal(bus_read(b, 0, got, 8, &is_lost), 2);
	assert_false(is_lost);
	assert_int_equal(got[0].type, EVENT_WEARER);
	assert_int_equal(got[1].type, EVENT_ALARM);
	assert_int_equal(got[1].seq, got[0].seq + 1);
	assert_true(uid_is(&got[0].group, &family));
	assert_int_equal(bus_read(b, got[1].seq, got, 8, &is_lost), 0);
}

static void reader_is_woken_once_until_it_has_read_everything(void **state)
{
	struct bus *b = *state;
	struct event got[8];
	bool is_lost = false;

	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	for (int i = 0; i < 5; i++)
		bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(wakes, 1);
	assert_int_equal(bus_read(b, 0, got, 8, &is_lost), 5);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(wakes, 1); /* it has not seen the end yet */
	assert_int_equal(bus_read(b, 5, got, 8, &is_lost), 1);
	assert_int_equal(bus_read(b, 6, got, 8, &is_lost), 0);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(wakes, 2);
}

static void nobody_listens_nothing_is_kept(void **state)
{
	struct bus *b = *state;

	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(bus_newest(b), 0);
	assert_int_equal(bus_listen(b, &ward, NULL), RC_OK);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(bus_newest(b), 0);
	assert_false(bus_is_heard(b, &family));
	assert_true(bus_is_heard(b, &ward));
}

static void ring_that_was_overrun_says_so(void **state)
{
	struct bus *b = *state;
	struct event *got = calloc(BUS_RING + 1, sizeof *got);
	bool is_lost = false;

	assert_non_null(got);
	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	for (int i = 0; i < BUS_RING; i++)
		bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(bus_read(b, 0, got, BUS_RING + 1, &is_lost), BUS_RING);
	assert_false(is_lost);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(bus_read(b, 0, got, BUS_RING + 1, &is_lost), BUS_RING);
	assert_true(is_lost);
	assert_int_equal(got[0].seq, 2);
	assert_int_equal(bus_read(b, 1, got, BUS_RING + 1, &is_lost), BUS_RING);
	assert_false(is_lost);
	free(got);
}

static void client_may_go_on_where_nothing_was_missed(void **state)
{
	struct bus *b = *state;

	assert_false(bus_may_resume(b, &family, 0)); /* never listened to: who knows */
	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	uint64_t seen = bus_newest(b);
	assert_true(bus_may_resume(b, &family, seen));
	bus_unlisten(b, &family); /* the link broke */
	bus_publish(b, EVENT_WEARER, &family, &thing);
	assert_int_equal(bus_newest(b), seen + 1); /* kept for a while */
	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	assert_true(bus_may_resume(b, &family, seen));
	assert_false(bus_may_resume(b, &family, seen + 2)); /* a number of another server */
}

static void client_that_was_away_too_long_loads_again(void **state)
{
	struct fixture *f = *state;
	struct bus *b = f->d.bus;

	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	bus_publish(b, EVENT_WEARER, &family, &thing);
	uint64_t seen = bus_newest(b);
	bus_unlisten(b, &family);
	fixture_pass(f, BUS_WARM_MS - 2000);
	assert_true(bus_is_heard(b, &family));
	fixture_pass(f, 4000);
	assert_false(bus_is_heard(b, &family));
	bus_publish(b, EVENT_ALARM, &family, &thing);
	assert_int_equal(bus_newest(b), seen);
	assert_int_equal(bus_listen(b, &family, NULL), RC_OK);
	assert_false(bus_may_resume(b, &family, seen));
}

static void wearer_that_reports_often_is_one_event_in_a_while(void **state)
{
	struct fixture *f = *state;
	static const char watch[] = "3707805539";

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	assert_int_equal(bus_listen(f->d.bus, &family, NULL), RC_OK);
	for (int i = 0; i < 20; i++)
		fixture_say(f, 1, watch, "LK,1,0,70");
	assert_int_equal(bus_newest(f->d.bus), 0);
	fixture_pass(f, 1000);
	assert_int_equal(bus_newest(f->d.bus), 1);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_true(bus_newest(f->d.bus) >= 2); /* alarms at once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(event_reaches_the_reader_once_and_in_order),
		TEST(reader_is_woken_once_until_it_has_read_everything),
		TEST(nobody_listens_nothing_is_kept),
		TEST(ring_that_was_overrun_says_so),
		TEST(client_may_go_on_where_nothing_was_missed),
		cmocka_unit_test_setup_teardown(client_that_was_away_too_long_loads_again,
			fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(wearer_that_reports_often_is_one_event_in_a_while,
			fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
