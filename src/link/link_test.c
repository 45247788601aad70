#include "link/link.h"

#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

struct end {
	struct link *link;
	struct loop *loop;
	unsigned messages, batches, bad, blocked, unblocked, broken;
	uint64_t sum; /* of the session numbers that came */
	unsigned stop_at;
	bool must_stop_unblocked;
};

struct pair {
	int fds[2];
	struct loop *loop;
	struct end gateway, server;
};

static void on_message(void *owner, const struct message *m)
{
	struct end *end = owner;

	end->messages++;
	if (m->type == MESSAGE_CLOSED)
		end->sum += m->closed.session;
	if (end->messages == end->stop_at)
		loop_stop(end->loop);
}

static void on_batch_end(void *owner)
{
	((struct end *)owner)->batches++;
}

static void on_bad(void *owner, const struct err *e)
{
	struct end *end = owner;

	(void)e;
	end->bad++;
	loop_stop(end->loop);
}

static void on_blocked(void *owner)
{
	((struct end *)owner)->blocked++;
}

static void on_unblocked(void *owner)
{
	struct end *end = owner;

	end->unblocked++;
	if (end->must_stop_unblocked)
		loop_stop(end->loop);
}

static void on_broken(void *owner, const struct err *e)
{
	struct end *end = owner;

	assert_int_equal(e->rc, RC_IO);
	end->broken++;
	loop_stop(end->loop);
}

static const struct link_events events = {
	.on_message = on_message,
	.on_batch_end = on_batch_end,
	.on_bad = on_bad,
	.on_blocked = on_blocked,
	.on_unblocked = on_unblocked,
	.on_broken = on_broken,
};

enum { HIGH = 256 * 1024 };

static void make_end(struct pair *p, struct end *end, int fd, enum message_side side)
{
	struct link_config config = {.loop = p->loop,
		.fd = fd,
		.side = side,
		.queue_high_bytes = HIGH,
		.events = &events,
		.owner = end};

	*end = (struct end){.loop = p->loop};
	assert_int_equal(link_new(&config, &end->link, NULL), RC_OK);
}

static int make_pair(void **state)
{
	struct pair *p = calloc(1, sizeof *p);

	assert_non_null(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, p->fds), 0);
	assert_int_equal(loop_new(&p->loop, NULL), RC_OK);
	make_end(p, &p->gateway, p->fds[0], MESSAGE_FROM_GATEWAY);
	make_end(p, &p->server, p->fds[1], MESSAGE_FROM_SERVER);
	*state = p;
	return 0;
}

static int free_pair(void **state)
{
	struct pair *p = *state;

	link_free(p->gateway.link);
	link_free(p->server.link);
	loop_free(p->loop);
	(void)close(p->fds[0]);
	(void)close(p->fds[1]);
	free(p);
	return 0;
}

static enum rc send_closed(struct end *end, uint64_t session)
{
	struct message m = {.type = MESSAGE_CLOSED, .closed = {.session = session}};

	return link_send(end->link, &m, NULL);
}

static void run(struct pair *p)
{
	struct err e = {0};

	if (loop_run(p->loop, NULL, &e) != RC_OK)
		fail_msg("%s", e.msg);
}

static void messages_arrive_in_one_packet_after_a_flush(void **state)
{
	struct pair *p = *state;

	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(send_closed(&p->gateway, i), RC_OK);
	assert_int_equal(link_read_stats(p->gateway.link)->packets_out, 0);
	assert_int_equal(link_collected_bytes(p->gateway.link), (size_t)1000 * (3 + 8 + 1 + 4));
	link_flush(p->gateway.link);
	p->server.stop_at = 1000;
	run(p);
	assert_int_equal(link_read_stats(p->gateway.link)->packets_out, 1);
	assert_int_equal(link_read_stats(p->server.link)->packets_in, 1);
	assert_int_equal(p->server.sum, 1000 * 1001 / 2);
	assert_int_equal(p->server.batches, 1);
}

static void a_full_packet_leaves_by_itself(void **state)
{
	struct pair *p = *state;

	for (uint64_t i = 0; i < MESSAGE_PACKET_MAX / 16 + 1; i++)
		assert_int_equal(send_closed(&p->gateway, 1), RC_OK);
	assert_int_equal(link_read_stats(p->gateway.link)->packets_out, 1);
	assert_int_equal(link_collected_bytes(p->gateway.link), 16);
}

/* Sends until the link says that it is blocked; returns how many messages that took. */
static uint64_t fill(struct end *end)
{
	uint64_t n = 0;

	while (end->blocked == 0) {
		assert_int_equal(send_closed(end, ++n), RC_OK);
		assert_true(n < 1000000);
	}
	return n;
}

static void a_slow_reader_blocks_the_link_and_loses_nothing(void **state)
{
	struct pair *p = *state;

	link_pause(p->server.link, true);
	uint64_t n = fill(&p->gateway);
	assert_true(link_is_blocked(p->gateway.link));
	assert_true(link_read_stats(p->gateway.link)->queued_bytes >= HIGH);
	link_pause(p->server.link, false);
	p->gateway.must_stop_unblocked = true;
	run(p);
	assert_false(link_is_blocked(p->gateway.link));
	assert_int_equal(p->gateway.blocked, 1);
	assert_int_equal(p->gateway.unblocked, 1);
	assert_true(link_read_stats(p->gateway.link)->queued_bytes < HIGH / 2);
	link_flush(p->gateway.link);
	p->server.stop_at = (unsigned)n;
	if (p->server.messages < n)
		run(p);
	assert_int_equal(p->server.sum, n * (n + 1) / 2);
}

static void above_the_slack_messages_are_refused_and_memory_is_flat(void **state)
{
	struct pair *p = *state;
	size_t refused = 0;

	link_pause(p->server.link, true);
	for (uint64_t i = 0; i < 400000; i++) {
		enum rc rc = send_closed(&p->gateway, 1);
		assert_true(rc == RC_OK || rc == RC_LIMIT);
		refused += rc == RC_LIMIT;
	}
	assert_true(refused > 0);
	assert_int_equal(link_read_stats(p->gateway.link)->refused, refused);
	assert_true(link_read_stats(p->gateway.link)->queued_bytes <=
		    HIGH + LINK_SLACK_BYTES + MESSAGE_PACKET_MAX);
}

static void a_bad_packet_is_told_after_its_good_part(void **state)
{
	struct pair *p = *state;
	uint8_t packet[64];
	size_t n = 0;
	struct message m = {.type = MESSAGE_CLOSED, .closed = {.session = 9}};

	assert_int_equal(message_write(&m, packet, sizeof packet, &n, NULL), RC_OK);
	packet[n] = MESSAGE_WELCOME; /* may not come from a gateway */
	packet[n + 1] = 0;
	packet[n + 2] = 0;
	assert_int_equal(send(p->fds[0], packet, n + 3, 0), (ssize_t)n + 3);
	run(p);
	assert_int_equal(p->server.bad, 1);
	assert_int_equal(p->server.sum, 9);
	assert_int_equal(link_read_stats(p->server.link)->bad, 1);
	assert_int_equal(p->server.broken, 0);
}

static void a_packet_over_64_kib_is_bad(void **state)
{
	struct pair *p = *state;
	static uint8_t packet[MESSAGE_PACKET_MAX + 1];

	assert_int_equal(send(p->fds[0], packet, sizeof packet, 0), (ssize_t)sizeof packet);
	run(p);
	assert_int_equal(p->server.bad, 1);
	assert_int_equal(p->server.messages, 0);
}

static void a_gone_other_end_breaks_the_link_once(void **state)
{
	struct pair *p = *state;

	link_free(p->gateway.link);
	p->gateway.link = NULL;
	(void)close(p->fds[0]);
	p->fds[0] = -1;
	run(p);
	assert_int_equal(p->server.broken, 1);
	struct message m = {.type = MESSAGE_WELCOME, .welcome = {.epoch = 1}};
	assert_int_equal(link_send(p->server.link, &m, NULL), RC_IO);
	link_flush(p->server.link);
	link_receive_all(p->server.link);
	assert_int_equal(p->server.broken, 1);
}

static void drain_gives_up_at_its_deadline(void **state)
{
	struct pair *p = *state;

	link_pause(p->server.link, true);
	(void)fill(&p->gateway);
	assert_int_equal(link_drain(p->gateway.link, 50, NULL), RC_LIMIT);
	link_receive_all(p->server.link);
}

static void drain_sends_what_is_collected(void **state)
{
	struct pair *p = *state;

	assert_int_equal(send_closed(&p->gateway, 5), RC_OK);
	assert_int_equal(link_drain(p->gateway.link, 1000, NULL), RC_OK);
	link_receive_all(p->server.link);
	assert_int_equal(p->server.sum, 5);
}

static void without_memory_a_full_packet_stays_and_more_is_refused(void **state)
{
	struct pair *p = *state;
	uint64_t sent = 0;

	link_pause(p->server.link, true);
	while (link_read_stats(p->gateway.link)->queued_bytes == 0)
		assert_int_equal(send_closed(&p->gateway, ++sent), RC_OK);
	alloc_fail_after(0);
	enum rc rc = RC_OK;
	while (rc == RC_OK)
		rc = send_closed(&p->gateway, ++sent);
	assert_int_equal(rc, RC_NOMEM);
	assert_true(alloc_has_failed());
	assert_int_equal(send_closed(&p->gateway, sent), RC_OK); /* memory is there again */
	link_pause(p->server.link, false);
	link_flush(p->gateway.link);
	p->server.stop_at = (unsigned)sent;
	run(p);
	assert_int_equal(p->server.sum, sent * (sent + 1) / 2);
}

static void a_link_without_memory_is_not_made(void **state)
{
	struct pair *p = *state;
	struct link *l = NULL;
	struct link_config config = {.loop = p->loop, .fd = p->fds[0], .events = &events};

	alloc_fail_after(0);
	assert_int_equal(link_new(&config, &l, NULL), RC_NOMEM);
	assert_null(l);
	config.fd = -1;
	assert_int_equal(link_new(&config, &l, NULL), RC_IO);
	assert_null(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			messages_arrive_in_one_packet_after_a_flush, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			a_full_packet_leaves_by_itself, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			a_slow_reader_blocks_the_link_and_loses_nothing, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			above_the_slack_messages_are_refused_and_memory_is_flat, make_pair,
			free_pair),
		cmocka_unit_test_setup_teardown(
			a_bad_packet_is_told_after_its_good_part, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(a_packet_over_64_kib_is_bad, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			a_gone_other_end_breaks_the_link_once, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			drain_gives_up_at_its_deadline, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			drain_sends_what_is_collected, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			without_memory_a_full_packet_stays_and_more_is_refused, make_pair,
			free_pair),
		cmocka_unit_test_setup_teardown(
			a_link_without_memory_is_not_made, make_pair, free_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
