#include "unit.h"

#include <limits.h>

#include "base/wheel.h"

enum { TIMERS = 60, RESOLUTION_MS = 100 };

static const int64_t START_MS = 1234567;

struct probe {
	struct timer timer;
	int fired;
	int64_t fired_ms;
};

struct world {
	struct wheel *wheel;
	int64_t now_ms;
};

static void on_probe(struct timer *t, void *context)
{
	struct probe *p = CONTAINER_OF(t, struct probe, timer);
	const struct world *world = context;

	p->fired++;
	p->fired_ms = world->now_ms;
}

static void world_init(struct world *w)
{
	w->now_ms = START_MS;
	assert_int_equal(wheel_new(START_MS, &w->wheel, NULL), RC_OK);
}

static void world_go(struct world *w, int64_t ms)
{
	w->now_ms = ms;
	wheel_advance(w->wheel, ms, w);
}

static void a_timer_fires_once_when_due_and_never_early(void **state)
{
	static const int64_t delays[] = {1, 99, 100, 101, 6300, 6400, 6401, 409600, 409601,
		INT64_C(26214400), INT64_C(1677721600), INT64_C(107374182400)};
	struct world w;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(delays); i++) {
		struct probe p = {0};
		world_init(&w);
		timer_init(&p.timer, on_probe);
		assert_false(timer_is_set(&p.timer));
		timer_set(w.wheel, &p.timer, START_MS + delays[i]);
		assert_true(timer_is_set(&p.timer));
		world_go(&w, START_MS + delays[i] - 1);
		assert_int_equal(p.fired, 0);
		world_go(&w, START_MS + delays[i] + RESOLUTION_MS - 1);
		assert_int_equal(p.fired, 1);
		assert_false(timer_is_set(&p.timer));
		world_go(&w, START_MS + delays[i] * 2 + 100000);
		assert_int_equal(p.fired, 1);
		wheel_free(w.wheel);
	}
}

static void a_time_in_the_past_fires_at_the_next_advance(void **state)
{
	struct probe p = {0};
	struct world w;

	(void)state;
	world_init(&w);
	world_go(&w, START_MS + 5000);
	timer_init(&p.timer, on_probe);
	timer_set(w.wheel, &p.timer, INT64_MIN);
	assert_int_equal(p.fired, 0);
	assert_int_equal(wheel_timeout_ms(w.wheel, START_MS + 5000), 0);
	world_go(&w, START_MS + 5000); /* time stands still */
	assert_int_equal(p.fired, 1);
	wheel_free(w.wheel);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	struct probe p = {0};
	struct world w;

	(void)state;
	world_init(&w);
	timer_init(&p.timer, on_probe);
	timer_set(w.wheel, &p.timer, START_MS + 1000);
	timer_cancel(&p.timer);
	timer_cancel(&p.timer);
	assert_int_equal(wheel_timeout_ms(w.wheel, START_MS), -1);
	world_go(&w, START_MS + 100000);
	assert_int_equal(p.fired, 0);
	wheel_free(w.wheel);
}

static void a_far_time_does_not_overflow(void **state)
{
	struct probe p = {0};
	struct world w;

	(void)state;
	world_init(&w);
	timer_init(&p.timer, on_probe);
	timer_set(w.wheel, &p.timer, INT64_MAX);
	assert_int_equal(wheel_timeout_ms(w.wheel, START_MS), INT_MAX);
	world_go(&w, START_MS + INT64_C(86400000) * 365 * 100);
	assert_int_equal(p.fired, 0);
	wheel_free(w.wheel);
	timer_cancel(&p.timer); /* wheel_free has unlinked it */
}

static void the_time_going_back_fires_nothing(void **state)
{
	struct probe p = {0};
	struct world w;

	(void)state;
	world_init(&w);
	timer_init(&p.timer, on_probe);
	world_go(&w, START_MS + 1000);
	timer_set(w.wheel, &p.timer, START_MS + 2000);
	world_go(&w, START_MS - 5000);
	assert_int_equal(p.fired, 0);
	world_go(&w, START_MS + 2100);
	assert_int_equal(p.fired, 1);
	wheel_free(w.wheel);
}

struct repeater {
	struct timer timer;
	struct world *world;
	int fired;
	int64_t next_ms;
};

static void on_repeat(struct timer *t, void *context)
{
	struct repeater *r = CONTAINER_OF(t, struct repeater, timer);

	(void)context;
	r->fired++;
	timer_set(r->world->wheel, t, r->next_ms);
}

static void a_callback_that_sets_a_past_time_does_not_loop(void **state)
{
	struct world w;
	struct repeater r = {.world = &w};

	(void)state;
	world_init(&w);
	timer_init(&r.timer, on_repeat);
	r.next_ms = START_MS + 200;
	timer_set(w.wheel, &r.timer, START_MS + 100);
	world_go(&w, START_MS + 1000000);
	assert_int_equal(r.fired, 1);
	world_go(&w, START_MS + 1000000);
	assert_int_equal(r.fired, 2);
	wheel_free(w.wheel);
}

struct canceller {
	struct timer timer;
	struct timer *victim;
};

static void on_cancel(struct timer *t, void *context)
{
	(void)context;
	timer_cancel(CONTAINER_OF(t, struct canceller, timer)->victim);
}

static void a_callback_may_cancel_a_timer_of_the_same_tick(void **state)
{
	struct probe p = {0};
	struct canceller c = {.victim = &p.timer};
	struct world w;

	(void)state;
	world_init(&w);
	timer_init(&p.timer, on_probe);
	timer_init(&c.timer, on_cancel);
	timer_set(w.wheel, &c.timer, START_MS + 500);
	timer_set(w.wheel, &p.timer, START_MS + 500);
	world_go(&w, START_MS + 1000);
	assert_int_equal(p.fired, 0);
	assert_false(timer_is_set(&c.timer));
	wheel_free(w.wheel);
}

static void out_of_memory_is_told(void **state)
{
	struct wheel *w = NULL;

	(void)state;
	alloc_fail_after(0);
	assert_int_equal(wheel_new(0, &w, NULL), RC_NOMEM);
	alloc_fail_after(-1);
	assert_null(w);
	wheel_free(NULL);
}

struct model {
	struct world world;
	struct probe probes[TIMERS];
	int64_t due_ms[TIMERS]; /* of the timers that are set */
};

static void model_set(struct model *m, struct prop *p, size_t i)
{
	int64_t delay = (int64_t)(prop_any_size(p) >> 28) - 50; /* up to 2 years */

	m->due_ms[i] = m->world.now_ms + delay;
	m->probes[i].fired = 0;
	timer_set(m->world.wheel, &m->probes[i].timer, m->due_ms[i]);
}

static void model_advance(struct model *m, struct prop *p)
{
	int wait = wheel_timeout_ms(m->world.wheel, m->world.now_ms);
	int64_t step = (int64_t)(prop_any_size(p) >> 30);

	if (wait >= 0 && prop_chance(p, 50))
		step = wait; /* as the loop does */
	world_go(&m->world, m->world.now_ms + step);
	for (size_t i = 0; i < TIMERS; i++) {
		const struct probe *probe = &m->probes[i];
		if (m->due_ms[i] == INT64_MAX) {
			assert_int_equal(probe->fired, 0);
			continue;
		}
		if (probe->fired > 0) {
			assert_int_equal(probe->fired, 1);
			assert_true(probe->fired_ms >= m->due_ms[i]);
			m->due_ms[i] = INT64_MAX;
			m->probes[i].fired = 0;
		} else {
			assert_true(m->world.now_ms - m->due_ms[i] < RESOLUTION_MS);
			assert_true(timer_is_set(&probe->timer));
		}
	}
}

/* Compares with the simplest model: an array of due times. */
static void model_round(struct prop *p)
{
	struct model m = {0};

	world_init(&m.world);
	for (size_t i = 0; i < TIMERS; i++) {
		timer_init(&m.probes[i].timer, on_probe);
		m.due_ms[i] = INT64_MAX;
	}
	for (int step = 0; step < 300; step++) {
		size_t i = prop_below(p, TIMERS);
		if (prop_chance(p, 60)) {
			model_set(&m, p, i);
		} else if (prop_chance(p, 30)) {
			timer_cancel(&m.probes[i].timer);
			m.due_ms[i] = INT64_MAX;
		} else {
			model_advance(&m, p);
		}
	}
	wheel_free(m.world.wheel);
}

static void the_wheel_agrees_with_a_plain_array(void **state)
{
	(void)state;
	prop_run("the_wheel_agrees_with_a_plain_array", 300, model_round);
}

/* Sleeping as long as the wheel says reaches every timer in few wake-ups. */
static void sleeping_round(struct prop *p)
{
	struct world w;
	struct probe probe = {0};
	int turns = 0;
	int64_t due_ms = START_MS + (int64_t)(prop_any_size(p) >> 24);

	world_init(&w);
	timer_init(&probe.timer, on_probe);
	timer_set(w.wheel, &probe.timer, due_ms);
	for (int wait = wheel_timeout_ms(w.wheel, w.now_ms); wait >= 0;
		wait = wheel_timeout_ms(w.wheel, w.now_ms)) {
		world_go(&w, w.now_ms + wait);
		if (wait < INT_MAX)
			turns++;
	}
	assert_int_equal(probe.fired, 1);
	assert_true(probe.fired_ms >= due_ms && probe.fired_ms < due_ms + RESOLUTION_MS);
	assert_true(turns <= 7); /* one a level, one for the timer */
	wheel_free(w.wheel);
}

static void sleeping_as_told_needs_few_turns(void **state)
{
	(void)state;
	prop_run("sleeping_as_told_needs_few_turns", 2000, sleeping_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once_when_due_and_never_early),
		cmocka_unit_test(a_time_in_the_past_fires_at_the_next_advance),
		cmocka_unit_test(a_cancelled_timer_does_not_fire),
		cmocka_unit_test(a_far_time_does_not_overflow),
		cmocka_unit_test(the_time_going_back_fires_nothing),
		cmocka_unit_test(a_callback_that_sets_a_past_time_does_not_loop),
		cmocka_unit_test(a_callback_may_cancel_a_timer_of_the_same_tick),
		cmocka_unit_test(out_of_memory_is_told),
		cmocka_unit_test(the_wheel_agrees_with_a_plain_array),
		cmocka_unit_test(sleeping_as_told_needs_few_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
