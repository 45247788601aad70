#include "unit.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/peers.h"

struct house {
	struct loop *loop;
	struct peers *peers;
	struct timer end;
	int fds[2];
};

static int build(void **state)
{
	struct house *h = calloc(1, sizeof *h);

	assert_non_null(h);
	assert_int_equal(loop_new(&h->loop, NULL), RC_OK);
	assert_int_equal(peers_new(h->loop, &h->peers, NULL), RC_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, h->fds), 0);
	peers_start(h->peers);
	*state = h;
	return 0;
}

static int demolish(void **state)
{
	struct house *h = *state;

	loop_free(h->loop);
	peers_free(h->peers);
	(void)close(h->fds[0]);
	(void)close(h->fds[1]);
	free(h);
	return 0;
}

static void on_end(struct timer *t, void *context)
{
	(void)t;
	loop_stop(((struct house *)context)->loop);
}

static void run_for(struct house *h, int64_t ms)
{
	timer_init(&h->end, on_end);
	timer_set(loop_wheel(h->loop), &h->end, clock_mono_ms() + ms);
	assert_int_equal(loop_run(h->loop, h, NULL), RC_OK);
}

/* Has the other end been shut down? */
static bool is_ended(const struct house *h)
{
	struct pollfd p = {.fd = h->fds[1], .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

static void a_connection_that_is_late_is_shut_down_and_counted(void **state)
{
	struct house *h = *state;
	struct peer *peer = peer_open(h->peers, h->fds[0], clock_mono_ms() + 100);

	assert_non_null(peer);
	run_for(h, 1500);
	assert_true(is_ended(h));
	assert_int_equal(peers_late(h->peers, PEER_HEAD), 1);
	assert_int_equal(peers_late(h->peers, PEER_BODY), 0);
	peer_close(h->peers, peer);
}

static void a_connection_in_time_stays(void **state)
{
	struct house *h = *state;
	struct peer *peer = peer_open(h->peers, h->fds[0], clock_mono_ms() + 100);

	peer_set_deadline(peer, PEER_BODY, clock_mono_ms() + 60000);
	run_for(h, 1500);
	assert_false(is_ended(h));
	assert_int_equal(peers_late(h->peers, PEER_HEAD), 0);
	peer_close(h->peers, peer);
}

static void a_closed_connection_is_never_touched(void **state)
{
	struct house *h = *state;
	struct peer *peer = peer_open(h->peers, h->fds[0], clock_mono_ms() + 100);

	peer_close(h->peers, peer); /* its number may be somebody else's now */
	run_for(h, 1500);
	assert_false(is_ended(h));
	assert_int_equal(peers_late(h->peers, PEER_HEAD), 0);
}

static void the_phase_that_was_late_is_counted(void **state)
{
	struct house *h = *state;
	struct peer *peer = peer_open(h->peers, h->fds[0], clock_mono_ms() + 60000);

	peer_set_deadline(peer, PEER_BODY, clock_mono_ms() + 50);
	run_for(h, 1500);
	assert_true(is_ended(h));
	assert_int_equal(peers_late(h->peers, PEER_BODY), 1);
	peer_close(h->peers, peer);
}

static void no_memory_means_no_deadline(void **state)
{
	struct house *h = *state;

	alloc_fail_after(0);
	struct peer *peer = peer_open(h->peers, h->fds[0], 0);
	alloc_fail_after(-1);
	assert_null(peer);
	peer_set_deadline(NULL, PEER_BODY, 0);
	peer_close(h->peers, NULL);
	assert_null(peer_signed_in(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_connection_that_is_late_is_shut_down_and_counted, build, demolish),
		cmocka_unit_test_setup_teardown(a_connection_in_time_stays, build, demolish),
		cmocka_unit_test_setup_teardown(
			a_closed_connection_is_never_touched, build, demolish),
		cmocka_unit_test_setup_teardown(
			the_phase_that_was_late_is_counted, build, demolish),
		cmocka_unit_test_setup_teardown(no_memory_means_no_deadline, build, demolish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
