/* Every limit of a gateway, each reached by one watch while another one is served as ever. */
#include "gateway/gateway_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "watch/report_pack.h"

#define ID "8800000015"
static const char lk[] = "[3G*" ID "*0002*LK]";

static void start(struct fixture *f)
{
	fixture_run(f);
	fixture_greet(f, 1);
}

/* The legal watch is answered at once. */
static void assert_is_served(int fd)
{
	int64_t before_ms = clock_mono_ms();

	fixture_send(fd, lk);
	fixture_wants(fd, lk);
	assert_true(clock_mono_ms() - before_ms < 1000);
}

static void assert_closed_by(struct fixture *f, enum close_reason reason, enum counter counter)
{
	assert_int_equal(fixture_expect(f, MESSAGE_CLOSED)->closed.reason, reason);
	fixture_expect_counter(f, counter, 1);
}

static void connections_over_the_limit_are_closed_at_once(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	int fds[3];

	f->limits.connections_max = 3;
	start(f);
	fds[0] = fixture_login(f, ID, &session);
	fds[1] = fixture_connect(f, 1);
	fds[2] = fixture_connect(f, 1);
	fixture_expect_counter(f, COUNTER_CONNECTIONS, 3);
	fixture_wants_close(fixture_connect(f, 1));
	fixture_expect_counter(f, COUNTER_LIMIT_CONNECTIONS_MAX, 1);
	assert_is_served(fds[0]);
	/* One goes, and there is room for one again. */
	(void)close(fds[1]);
	fixture_expect_counter(f, COUNTER_CLOSED, 1);
	fds[1] = fixture_connect(f, 1);
	fixture_send(fds[1], "[3G*8800000016*0002*LK]");
	fixture_wants(fds[1], "[3G*8800000016*0002*LK]");
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
}

static void strangers_make_room_for_new_connections_and_claimed_watches_stay(void **state)
{
	struct fixture *f = *state;
	uint64_t sessions[4];
	int fds[4];

	f->limits.connections_max = 4;
	start(f);
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "880000000%u", i);
		fds[i] = fixture_login(f, id, &sessions[i]);
		struct message m = {.type = MESSAGE_STANDING,
			.standing = {.session = sessions[i],
				.standing = i == 2 ? STANDING_UNKNOWN : STANDING_BOUND}};
		fixture_tell(f, &m);
	}
	fixture_expect_nothing(f); /* the standings are taken */
	int late = fixture_connect(f, 1);
	fixture_send(late, "[3G*8800000009*0002*LK]");
	fixture_wants(late, "[3G*8800000009*0002*LK]");
	const struct message *m = fixture_expect(f, MESSAGE_CLOSED);
	assert_int_equal(m->closed.session, sessions[2]);
	assert_int_equal(m->closed.reason, CLOSE_MADE_ROOM);
	fixture_wants_close(fds[2]);
	/* Now all have somebody who waits for them, or may have. */
	fixture_wants_close(fixture_connect(f, 1));
	fixture_send(fds[0], "[3G*8800000000*0002*LK]");
	fixture_wants(fds[0], "[3G*8800000000*0002*LK]");
	fixture_expect_counter(f, COUNTER_LIMIT_CONNECTIONS_MAX, 2);
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(fds[3]);
	(void)close(late);
}

static void connections_of_one_address_are_limited_and_others_are_not(void **state)
{
	struct fixture *f = *state;
	int fds[2];

	f->limits.connections_per_address_max = 2;
	start(f);
	fds[0] = fixture_connect(f, 7);
	fds[1] = fixture_connect(f, 7);
	fixture_wants_close(fixture_connect(f, 7));
	fixture_expect_counter(f, COUNTER_LIMIT_CONNECTIONS_PER_ADDRESS_MAX, 1);
	int other = fixture_connect(f, 8);
	assert_is_served(other);
	(void)close(fds[0]);
	fixture_expect_counter(f, COUNTER_CLOSED, 1);
	fds[0] = fixture_connect(f, 7);
	fixture_send(fds[0], "[3G*8800000016*0002*LK]");
	fixture_wants(fds[0], "[3G*8800000016*0002*LK]");
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)close(other);
}

static void connection_without_a_frame_is_closed(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.first_frame_s = 1;
	start(f);
	int fd = fixture_login(f, ID, &session);
	int64_t before_ms = clock_mono_ms();
	fixture_wants_close(fixture_connect(f, 1));
	int64_t took_ms = clock_mono_ms() - before_ms;
	assert_true(took_ms >= 1000 && took_ms < 2000);
	fixture_expect_counter(f, COUNTER_LIMIT_FIRST_FRAME_S, 1);
	assert_is_served(fd);
	(void)close(fd);
}

static void first_frame_that_never_ends_does_not_extend_its_deadline(void **state)
{
	struct fixture *f = *state;

	f->limits.first_frame_s = 1;
	start(f);
	int fd = fixture_connect(f, 1);
	fixture_send(fd, "[3G*" ID "*00FF*UD,1");
	fixture_wants_close(fd);
	fixture_expect_counter(f, COUNTER_LIMIT_FIRST_FRAME_S, 1);
}

static void header_that_is_not_finished_closes_the_connection(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.header_s = 1;
	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*88000");
	fixture_wants_close(fd);
	assert_closed_by(f, CLOSE_SLOW_HEADER, COUNTER_LIMIT_HEADER_S);
}

static void text_frame_that_is_not_finished_closes_the_connection(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.frame_s = 1;
	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*" ID "*00FF*UD,180916,");
	fixture_wants_close(fd);
	assert_closed_by(f, CLOSE_SLOW_FRAME, COUNTER_LIMIT_FRAME_S);
}

static void slow_media_frame_closes_the_connection(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char frame[6000];

	f->limits.frame_s = 1;
	f->limits.bytes_per_s_min = 6000;
	start(f);
	int fd = fixture_login(f, ID, &session);
	int n = snprintf(frame, sizeof frame, "[3G*" ID "*9C40*TK,");
	memset(frame + n, 'a', sizeof frame - (size_t)n);
	int64_t before_ms = clock_mono_ms();
	fixture_send_bytes(fd, frame, sizeof frame);
	fixture_wants_close(fd);
	/* One second for itself and one that its bytes have earned. */
	assert_true(clock_mono_ms() - before_ms >= 2000);
	assert_closed_by(f, CLOSE_SLOW_BYTES, COUNTER_LIMIT_BYTES_PER_S_MIN);
}

static void media_frame_that_keeps_its_speed_is_taken(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char frame[20000];

	f->limits.frame_s = 1;
	f->limits.bytes_per_s_min = 1000;
	start(f);
	int fd = fixture_login(f, ID, &session);
	int n = snprintf(frame, sizeof frame, "[3G*" ID "*%04X*TK,", 20000 - 21);
	memset(frame + n, 'a', sizeof frame - (size_t)n - 1);
	frame[sizeof frame - 1] = ']';
	fixture_send_bytes(fd, frame, 6000);
	/* Two seconds later: told by the gateway's own statistics. */
	for (int i = 0; i < 2; i++) {
		int other = fixture_connect(f, 1);
		(void)fixture_expect(f, MESSAGE_STATS);
		(void)close(other);
	}
	fixture_send_bytes(fd, frame + 6000, sizeof frame - 6000);
	assert_int_equal(fixture_expect(f, MESSAGE_REPORT)->report.reply.kind, REPLY_TK);
	(void)close(fd);
}

static void idle_connection_is_closed_and_a_heartbeat_keeps_it(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.idle_s = 2;
	start(f);
	int64_t before_ms = clock_mono_ms();
	int fd = fixture_login(f, ID, &session);
	(void)fixture_expect(f, MESSAGE_STATS); /* a second later */
	assert_is_served(fd);
	fixture_wants_close(fd);
	assert_true(clock_mono_ms() - before_ms >= 3000);
	assert_closed_by(f, CLOSE_IDLE, COUNTER_LIMIT_IDLE_S);
}

static void junk_up_to_the_limit_is_passed_over_and_more_closes(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static const char junk[] = "0123456789012345678901234567890123456789";

	f->limits.junk_max = 40;
	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send_bytes(fd, junk, 40);
	assert_is_served(fd);
	fixture_send_bytes(fd, junk, 40);
	assert_is_served(fd); /* only junk in a row counts */
	fixture_send_bytes(fd, junk, 40);
	fixture_send(fd, "1");
	fixture_wants_close(fd);
	assert_closed_by(f, CLOSE_JUNK, COUNTER_LIMIT_JUNK_MAX);
	assert_true(f->counters[COUNTER_JUNK_BYTES] >= 80);
}

static void blanks_between_frames_are_no_junk(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char blanks[3000];

	f->limits.junk_max = 0;
	start(f);
	int fd = fixture_login(f, ID, &session);
	memset(blanks, '\r', sizeof blanks);
	fixture_send_bytes(fd, blanks, sizeof blanks);
	assert_is_served(fd);
	(void)close(fd);
}

static void text_over_its_limit_is_dropped_and_the_next_frame_is_taken(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char frame[2200];

	f->limits.frame_text_max = 1000;
	start(f);
	int fd = fixture_login(f, ID, &session);
	int n = snprintf(frame, sizeof frame, "[3G*" ID "*%04X*UD,", 2000);
	memset(frame + n, '1', 2000 - 3);
	frame[n + 2000 - 3] = ']';
	fixture_send_bytes(fd, frame, (size_t)n + 2000 - 3 + 1);
	assert_is_served(fd);
	fixture_expect_counter(f, COUNTER_LIMIT_FRAME_TEXT_MAX, 1);
	(void)close(fd);
}

static void media_over_its_limit_is_dropped_and_its_rest_is_junk(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char frame[30100];

	f->limits.frame_media_max = 10000;
	start(f);
	int fd = fixture_login(f, ID, &session);
	int n = snprintf(frame, sizeof frame, "[3G*" ID "*%04X*TK,", 30000);
	memset(frame + n, 'a', 30000 - 3);
	frame[n + 30000 - 3] = ']';
	fixture_send_bytes(fd, frame, (size_t)n + 30000 - 3 + 1);
	assert_closed_by(f, CLOSE_JUNK, COUNTER_LIMIT_FRAME_MEDIA_MAX);
	fixture_wants_close(fd);
	assert_true(f->counters[COUNTER_READ_BUFFER_BYTES] < 20000);
}

static void declared_length_reserves_no_memory(void **state)
{
	struct fixture *f = *state;
	int fds[50];

	f->limits.read_buffers_max = 50 * 256;
	start(f);
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = fixture_connect(f, 1);
		fixture_send(fds[i], "[3G*" ID "*FFFF*TK,#!AMR");
	}
	fixture_expect_counter(f, COUNTER_BYTES_IN, COUNT_OF(fds) * 28);
	int legal = fixture_connect(f, 1);
	assert_is_served(legal);
	assert_int_equal(f->counters[COUNTER_LIMIT_READ_BUFFERS_MAX], 0);
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
	(void)close(legal);
}

static void unfinished_frames_over_the_memory_limit_close_their_own_connection(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char half[9000];

	f->limits.read_buffers_max = 50000;
	start(f);
	int legal = fixture_login(f, ID, &session);
	int n = snprintf(half, sizeof half, "[3G*8800000016*FFFF*TK,");
	memset(half + n, 'a', sizeof half - (size_t)n);
	int first = fixture_connect(f, 1);
	fixture_send_bytes(first, half, sizeof half);
	fixture_expect_counter(f, COUNTER_READ_BUFFER_BYTES, 9000);
	int second = fixture_connect(f, 1);
	fixture_send_bytes(second, half, sizeof half);
	fixture_wants_close(second);
	fixture_expect_counter(f, COUNTER_LIMIT_READ_BUFFERS_MAX, 1);
	assert_is_served(legal);
	(void)close(first);
	(void)close(legal);
}

static void watch_that_does_not_read_is_closed(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char many[sizeof lk * 40];

	f->limits.send_buffer_max = 2048;
	f->limits.frames_per_s_max = UINT16_MAX;
	start(f);
	int fd = fixture_login(f, ID, &session);
	for (size_t i = 0; i < 40; i++)
		memcpy(many + i * (sizeof lk - 1), lk, sizeof lk - 1);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	ssize_t n = 1;
	while (n > 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		assert_true(poll(&p, 1, 10000) > 0);
		n = send(fd, many, 40 * (sizeof lk - 1), MSG_NOSIGNAL);
	}
	assert_closed_by(f, CLOSE_SLOW_READER, COUNTER_LIMIT_SEND_BUFFER_MAX);
	fixture_expect_counter(f, COUNTER_CLOSED, 1);
	(void)close(fd);
}

static void send_position(int fd)
{
	fixture_send(fd, "[3G*" ID "*0010*UD,180916,025723]");
}

static void positions_over_the_budget_are_dropped_and_alarms_never(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	unsigned alarms = 0;
	unsigned others = 0;

	f->limits.reports_per_device_burst = 5;
	f->limits.reports_per_device_interval_s = 3600;
	start(f);
	int fd = fixture_login(f, ID, &session); /* the heartbeat's report is the first of five */
	for (unsigned i = 0; i < 100; i++) {
		send_position(fd);
		fixture_send(fd, "[3G*" ID "*0009*AL,180916]");
	}
	while (alarms < 100) {
		struct report r;
		assert_int_equal(
			report_unpack(fixture_expect(f, MESSAGE_REPORT)->report.report, &r, NULL),
			RC_OK);
		alarms += r.kind == REPORT_ALARM;
		others += r.kind != REPORT_ALARM;
	}
	assert_int_equal(others, 4);
	fixture_expect_counter(f, COUNTER_LIMIT_REPORTS_PER_DEVICE, 96);
	assert_int_equal(f->counters[COUNTER_LIMIT_REPORTS_PER_DEVICE], 96);
	assert_is_served(fd); /* heartbeats are answered without a budget */
	/* Another watch has its own budget. */
	int other = fixture_connect(f, 1);
	fixture_send(other, "[3G*8800000016*0010*UD,180916,025723]");
	while (!view_is(fixture_expect(f, MESSAGE_REPORT)->report.id, VIEW("8800000016")))
		;
	(void)close(fd);
	(void)close(other);
}

static void budget_fills_up_again_with_time(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.reports_per_device_burst = 1;
	f->limits.reports_per_device_interval_s = 1;
	start(f);
	int fd = fixture_login(f, ID, &session);
	send_position(fd);
	fixture_expect_counter(f, COUNTER_LIMIT_REPORTS_PER_DEVICE, 1); /* about a second later */
	(void)fixture_connect(f, 1);
	(void)fixture_expect(f, MESSAGE_STATS);
	send_position(fd);
	(void)fixture_expect(f, MESSAGE_REPORT);
	(void)close(fd);
}

static void replayed_positions_have_their_own_budget(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	f->limits.reports_per_device_burst = 1;
	f->limits.replays_per_device_burst = 3;
	f->limits.reports_per_device_interval_s = 3600;
	start(f);
	int fd = fixture_login(f, ID, &session);
	for (unsigned i = 0; i < 5; i++)
		fixture_send(fd, "[3G*" ID "*0011*UD2,180916,025723]");
	for (unsigned i = 0; i < 3; i++)
		(void)fixture_expect_next(f, MESSAGE_REPORT);
	fixture_expect_counter(f, COUNTER_LIMIT_REPORTS_PER_DEVICE, 2);
	fixture_expect_nothing(f);
	(void)close(fd);
}

static void flood_of_frames_is_slowed_and_others_are_served(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	uint64_t legal_session = 0;
	static char many[sizeof lk * 40];

	f->limits.frames_per_s_max = 100;
	f->limits.reports_per_device_interval_s = 3600;
	start(f);
	int legal = fixture_login(f, "8800000099", &legal_session);
	int fd = fixture_login(f, ID, &session);
	for (size_t i = 0; i < 40; i++)
		memcpy(many + i * (sizeof lk - 1), lk, sizeof lk - 1);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	int64_t end_ms = clock_mono_ms() + 1500;
	while (clock_mono_ms() < end_ms) {
		char answers[8192];
		(void)!send(fd, many, 40 * (sizeof lk - 1), MSG_NOSIGNAL);
		(void)!recv(fd, answers, sizeof answers, 0);
		fixture_send(legal, "[3G*8800000099*0002*LK]");
		fixture_wants(legal, "[3G*8800000099*0002*LK]");
		/* The legal one keeps below the limit itself. */
		struct pollfd p = {.fd = legal, .events = POLLIN};
		assert_int_equal(poll(&p, 1, 30), 0);
	}
	fixture_expect_counter(f, COUNTER_LIMIT_FRAMES_PER_S_MAX, 1);
	/* At most a chunk of 4 KiB over the limit in each second. */
	assert_true(f->counters[COUNTER_HEARTBEATS] < 4 * (100 + 4096 / (sizeof lk - 1)) + 100);
	(void)close(fd);
	(void)close(legal);
}

static void new_connections_are_taken_at_their_rate(void **state)
{
	struct fixture *f = *state;
	int fds[40];

	f->limits.accepts_per_s = 40; /* a bucket of ten */
	start(f);
	int64_t before_ms = clock_mono_ms();
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		fds[i] = fixture_connect(f, 1);
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "[3G*88000000%02u*0002*LK]", i);
		fixture_send(fds[i], text);
		fixture_wants(fds[i], text);
	}
	int64_t took_ms = clock_mono_ms() - before_ms;
	assert_true(took_ms >= 600 && took_ms < 3000);
	fixture_expect_counter(f, COUNTER_LIMIT_ACCEPTS_PER_S, 1);
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
}

static void foreign_protocols_are_named_and_closed(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum foreign kind;
		enum counter counter;
	} rows[] = {
		{"\xFF"
		 "AQSH\0\x10",
			7, FOREIGN_AQSH, COUNTER_FOREIGN_AQSH},
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, FOREIGN_HTTP, COUNTER_FOREIGN_HTTP},
		{"\x16\x03\x01\x00\xA5\x01\x00\x00\xA1\x03\x03", 11, FOREIGN_TLS,
			COUNTER_FOREIGN_TLS},
		{"\x78\x78\x0D\x01\x01\x23\x45\x67\x89\x01\x23\x45\x00\x01\x8C\xDD\x0D\x0A", 18,
			FOREIGN_GT06, COUNTER_FOREIGN_GT06},
		{"IWAP00353456789012345#", 22, FOREIGN_THINKRACE, COUNTER_FOREIGN_THINKRACE},
	};
	struct fixture *f = *state;

	start(f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd = fixture_connect(f, 30 + (unsigned)i);
		fixture_send_bytes(fd, rows[i].bytes, rows[i].n);
		fixture_wants_close(fd);
		const struct message *m = fixture_expect_next(f, MESSAGE_FOREIGN);
		assert_int_equal(m->foreign.kind, rows[i].kind);
		assert_int_equal(m->foreign.peer.address[15], 30 + i);
	}
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		fixture_expect_counter(f, rows[i].counter, 1);
}

static void slow_senders_are_gone_in_time_and_cost_little(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	int fds[500];
	size_t n = 0;

	f->limits.header_s = 1;
	f->limits.first_frame_s = 3;
	start(f);
	int legal = fixture_login(f, ID, &session);
	for (; n < COUNT_OF(fds); n++) {
		fds[n] = fixture_connect(f, 2);
		fixture_send(fds[n], "[");
	}
	fixture_expect_counter(f, COUNTER_CONNECTIONS, COUNT_OF(fds) + 1);
	assert_true(f->counters[COUNTER_READ_BUFFER_BYTES] <= COUNT_OF(fds) * 160);
	assert_is_served(legal);
	for (size_t i = 0; i < n; i++)
		fixture_wants_close(fds[i]);
	fixture_expect_counter(f, COUNTER_LIMIT_HEADER_S, COUNT_OF(fds));
	assert_is_served(legal);
	(void)close(legal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connections_over_the_limit_are_closed_at_once),
		TEST(strangers_make_room_for_new_connections_and_claimed_watches_stay),
		TEST(connections_of_one_address_are_limited_and_others_are_not),
		TEST(connection_without_a_frame_is_closed),
		TEST(first_frame_that_never_ends_does_not_extend_its_deadline),
		TEST(header_that_is_not_finished_closes_the_connection),
		TEST(text_frame_that_is_not_finished_closes_the_connection),
		TEST(slow_media_frame_closes_the_connection),
		TEST(media_frame_that_keeps_its_speed_is_taken),
		TEST(idle_connection_is_closed_and_a_heartbeat_keeps_it),
		TEST(junk_up_to_the_limit_is_passed_over_and_more_closes),
		TEST(blanks_between_frames_are_no_junk),
		TEST(text_over_its_limit_is_dropped_and_the_next_frame_is_taken),
		TEST(media_over_its_limit_is_dropped_and_its_rest_is_junk),
		TEST(declared_length_reserves_no_memory),
		TEST(unfinished_frames_over_the_memory_limit_close_their_own_connection),
		TEST(watch_that_does_not_read_is_closed),
		TEST(positions_over_the_budget_are_dropped_and_alarms_never),
		TEST(budget_fills_up_again_with_time),
		TEST(replayed_positions_have_their_own_budget),
		TEST(flood_of_frames_is_slowed_and_others_are_served),
		TEST(new_connections_are_taken_at_their_rate),
		TEST(foreign_protocols_are_named_and_closed),
		TEST(slow_senders_are_gone_in_time_and_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
