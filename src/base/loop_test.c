#include "unit.h"

#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

struct end {
	struct loop *loop;
	struct loop_fd handle;
	int other; /* the far end of the pipe */
	struct end *victim;
	int calls;
	uint32_t last_events;
};

static int loop_setup(void **state)
{
	struct loop *l = NULL;

	if (loop_new(&l, NULL) != RC_OK)
		return -1;
	*state = l;
	return 0;
}

static int loop_teardown(void **state)
{
	loop_free(*state);
	return 0;
}

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

static void run(struct loop *l)
{
	struct err e = {0};

	if (loop_run(l, l, &e) != RC_OK)
		fail_msg("%s", e.msg);
}

static void on_end(void *owner, uint32_t epoll_events)
{
	struct end *end = owner;

	end->calls++;
	end->last_events = epoll_events;
	if (end->victim != NULL)
		loop_forget(end->loop, &end->victim->handle);
	loop_stop(end->loop);
}

static void end_init(struct end *end, struct loop *l, uint32_t events)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*end = (struct end){.loop = l,
		.handle = {.fd = pair[0], .events = events, .fn = on_end, .owner = end},
		.other = pair[1]};
	assert_int_equal(loop_watch(l, &end->handle, NULL), RC_OK);
}

static void end_done(struct end *end)
{
	loop_forget(end->loop, &end->handle);
	(void)close(end->handle.fd);
	(void)close(end->other);
}

static void a_readable_descriptor_is_told_until_it_is_read(void **state)
{
	struct end end;

	end_init(&end, *state, EPOLLIN);
	assert_int_equal(write(end.other, "x", 1), 1);
	run(*state);
	run(*state); /* level-triggered: nothing was read */
	assert_int_equal(end.calls, 2);
	assert_true(end.last_events & EPOLLIN);
	end_done(&end);
}

static void the_far_end_closing_is_told(void **state)
{
	struct end end;

	end_init(&end, *state, EPOLLIN | EPOLLRDHUP);
	(void)close(end.other);
	run(*state);
	assert_true(end.last_events & EPOLLRDHUP);
	end.other = dup(end.handle.fd);
	end_done(&end);
}

static void rewatching_changes_what_is_told(void **state)
{
	struct end end;

	end_init(&end, *state, 0);
	assert_int_equal(write(end.other, "x", 1), 1);
	assert_int_equal(loop_post(*state, stop_loop, *state, NULL), RC_OK);
	run(*state);
	assert_int_equal(end.calls, 0);
	assert_int_equal(loop_rewatch(*state, &end.handle, EPOLLOUT, NULL), RC_OK);
	run(*state);
	assert_int_equal(end.calls, 1);
	assert_true(end.last_events == EPOLLOUT);
	assert_int_equal(loop_rewatch(*state, &end.handle, EPOLLOUT, NULL), RC_OK);
	end_done(&end);
}

static void a_forgotten_descriptor_gets_no_event_of_the_same_turn(void **state)
{
	struct end a;
	struct end b;

	end_init(&a, *state, EPOLLIN);
	end_init(&b, *state, EPOLLIN);
	a.victim = &b;
	b.victim = &a;
	assert_int_equal(write(a.other, "x", 1), 1);
	assert_int_equal(write(b.other, "x", 1), 1);
	run(*state);
	assert_int_equal(a.calls + b.calls, 1); /* whoever comes first forgets the other */
	end_done(&a);
	end_done(&b);
}

static void watching_a_closed_descriptor_fails(void **state)
{
	struct loop_fd handle = {.fd = -1, .events = EPOLLIN};
	struct err e = {0};

	assert_int_equal(loop_watch(*state, &handle, &e), RC_IO);
	assert_true(e.sys != 0);
	assert_int_equal(loop_rewatch(*state, &handle, EPOLLOUT, &e), RC_IO);
	assert_int_equal(handle.events, EPOLLIN);
}

enum { POSTS = 20000, POSTERS = 4 };

struct poster {
	struct loop *loop;
	struct collector *collector;
	size_t sent;
	size_t got;
	bool is_in_order;
	pthread_t thread;
};

struct collector {
	size_t got;
	struct poster posters[POSTERS];
};

struct note {
	struct poster *poster;
	size_t number;
};

static void on_note(void *arg)
{
	struct note *note = arg;
	struct poster *poster = note->poster;

	poster->is_in_order = poster->is_in_order && note->number == poster->got;
	poster->got++;
	if (++poster->collector->got == (size_t)POSTS * POSTERS)
		loop_stop(poster->loop);
	free(note);
}

static void *post_many(void *arg)
{
	struct poster *poster = arg;

	while (poster->sent < POSTS) {
		struct note *note = malloc(sizeof *note);
		if (note == NULL)
			return NULL;
		*note = (struct note){.poster = poster, .number = poster->sent};
		if (loop_post(poster->loop, on_note, note, NULL) == RC_OK)
			poster->sent++;
		else
			free(note); /* full: again */
	}
	return NULL;
}

static void calls_from_many_threads_arrive_once_and_in_order(void **state)
{
	struct collector c = {0};

	for (size_t i = 0; i < POSTERS; i++) {
		c.posters[i] =
			(struct poster){.loop = *state, .collector = &c, .is_in_order = true};
		assert_int_equal(
			pthread_create(&c.posters[i].thread, NULL, post_many, &c.posters[i]), 0);
	}
	run(*state);
	for (size_t i = 0; i < POSTERS; i++) {
		assert_int_equal(pthread_join(c.posters[i].thread, NULL), 0);
		assert_int_equal(c.posters[i].got, POSTS);
		assert_true(c.posters[i].is_in_order);
	}
}

static void count_call(void *arg)
{
	(*(size_t *)arg)++;
}

static void the_queue_of_calls_is_bounded(void **state)
{
	size_t ran = 0;
	struct err e = {0};

	for (size_t i = 0; i < LOOP_POSTED_MAX - 1; i++)
		assert_int_equal(loop_post(*state, count_call, &ran, NULL), RC_OK);
	assert_int_equal(loop_post(*state, stop_loop, *state, NULL), RC_OK);
	assert_int_equal(loop_post(*state, count_call, &ran, &e), RC_LIMIT);
	assert_true(e.msg[0] != '\0');
	run(*state);
	assert_int_equal(ran, LOOP_POSTED_MAX - 1);
	assert_int_equal(loop_post(*state, stop_loop, *state, NULL), RC_OK); /* room again */
}

struct again {
	struct loop *loop;
	int turns;
	int calls;
};

static void post_again(void *arg)
{
	struct again *a = arg;

	if (++a->calls < 5)
		assert_int_equal(loop_post(a->loop, post_again, a, NULL), RC_OK);
	else
		loop_stop(a->loop);
}

static void count_turn(void *arg)
{
	struct again *a = arg;

	a->turns++;
}

static void what_a_call_posts_waits_for_the_next_turn(void **state)
{
	struct again a = {.loop = *state};

	loop_on_turn_end(*state, count_turn, &a);
	assert_int_equal(loop_post(*state, post_again, &a, NULL), RC_OK);
	run(*state);
	assert_int_equal(a.calls, 5);
	assert_true(a.turns >= 5);
}

struct alarm_clock {
	struct timer timer;
	void *context;
};

static void on_alarm(struct timer *t, void *context)
{
	CONTAINER_OF(t, struct alarm_clock, timer)->context = context;
	loop_stop(context);
}

static void timers_fire_in_the_loop_and_not_early(void **state)
{
	struct alarm_clock alarm = {0};
	int64_t due_ms = clock_mono_ms() + 150;

	timer_init(&alarm.timer, on_alarm);
	timer_set(loop_wheel(*state), &alarm.timer, due_ms);
	run(*state);
	assert_true(clock_mono_ms() >= due_ms);
	assert_ptr_equal(alarm.context, *state);
	assert_true(loop_now_ms(*state) >= due_ms);
}

static void note_order(void *arg)
{
	char *order = arg;

	order[strlen(order)] = '1';
}

static void note_order_2(void *arg)
{
	char *order = arg;

	order[strlen(order)] = '2';
}

static void the_end_of_a_turn_comes_after_all_calls_in_order(void **state)
{
	char order[8] = "";

	loop_on_turn_end(*state, note_order, order);
	loop_on_turn_end(*state, note_order_2, order);
	assert_int_equal(loop_post(*state, stop_loop, *state, NULL), RC_OK);
	run(*state);
	assert_string_equal(order, "12");
}

static void stopping_before_running_runs_nothing(void **state)
{
	size_t ran = 0;

	assert_int_equal(loop_post(*state, count_call, &ran, NULL), RC_OK);
	loop_stop(*state);
	run(*state);
	assert_int_equal(ran, 0);
	assert_int_equal(loop_post(*state, stop_loop, *state, NULL), RC_OK);
	run(*state);
	assert_int_equal(ran, 1);
}

static void every_failing_allocation_is_told(void **state)
{
	struct loop *l = NULL;

	(void)state;
	for (long i = 0;; i++) {
		alloc_fail_after(i);
		enum rc rc = loop_new(&l, NULL);
		if (!alloc_has_failed()) {
			assert_int_equal(rc, RC_OK);
			break;
		}
		assert_int_equal(rc, RC_NOMEM);
		assert_null(l);
	}
	alloc_fail_after(0);
	assert_int_equal(loop_post(l, count_call, NULL, NULL), RC_NOMEM);
	alloc_fail_after(-1);
	loop_free(l);
	loop_free(NULL);
}

#define LOOP_TEST(fn) cmocka_unit_test_setup_teardown(fn, loop_setup, loop_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(a_readable_descriptor_is_told_until_it_is_read),
		LOOP_TEST(the_far_end_closing_is_told),
		LOOP_TEST(rewatching_changes_what_is_told),
		LOOP_TEST(a_forgotten_descriptor_gets_no_event_of_the_same_turn),
		LOOP_TEST(watching_a_closed_descriptor_fails),
		LOOP_TEST(calls_from_many_threads_arrive_once_and_in_order),
		LOOP_TEST(the_queue_of_calls_is_bounded),
		LOOP_TEST(what_a_call_posts_waits_for_the_next_turn),
		LOOP_TEST(timers_fire_in_the_loop_and_not_early),
		LOOP_TEST(the_end_of_a_turn_comes_after_all_calls_in_order),
		LOOP_TEST(stopping_before_running_runs_nothing),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
