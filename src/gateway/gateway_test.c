#include "gateway/gateway_fixture.h"

#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "watch/command.h"
#include "watch/report_pack.h"

#define ID "8800000015"
static const char al[] = "[3G*" ID "*0009*AL,180916]";
static const char ud[] =
	"[3G*" ID "*0071*UD,180916,025723,A,22.570733,N,113.8626083,E,0.00,249.5,0.0,6,100,60,0,0,"
	"00000010,1,255,460,0,9360,4082,131,0,0.0]";

static void start(struct fixture *f)
{
	fixture_run(f);
	fixture_greet(f, 1);
}

static void set_standing(struct fixture *f, uint64_t session, enum standing standing)
{
	struct message m = {
		.type = MESSAGE_STANDING, .standing = {.session = session, .standing = standing}};

	fixture_tell(f, &m);
}

static struct report report_of(const struct message *m)
{
	struct report r;
	struct err e = {0};

	if (report_unpack(m->report.report, &r, &e) != RC_OK)
		fail_msg("%s", e.msg);
	return r;
}

static void send_answer(struct fixture *f, uint64_t session, struct reply reply, struct view index)
{
	struct message m = {.type = MESSAGE_ANSWER,
		.answer = {.session = session, .index = index, .reply = reply}};

	fixture_tell(f, &m);
}

/* ---- heartbeats and reports ---- */

static void heartbeat_is_answered_and_reported(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_connect(f, 9);
	fixture_send(fd, "[3g*" ID "*000D*LK,50,100,100]");
	fixture_wants(fd, "[3g*" ID "*0002*LK]");
	const struct message *m = fixture_expect_next(f, MESSAGE_OPENED);
	session = m->opened.session;
	assert_true(view_is(m->opened.vendor, VIEW("3g")));
	assert_int_equal(m->opened.peer.address[15], 9);
	m = fixture_expect_next(f, MESSAGE_REPORT);
	assert_int_equal(m->report.session, session);
	assert_true(view_is(m->report.id, VIEW(ID)));
	struct report r = report_of(m);
	assert_int_equal(r.kind, REPORT_HEARTBEAT);
	assert_int_equal(r.battery_percent, 100);
	(void)close(fd);
	m = fixture_expect_next(f, MESSAGE_CLOSED);
	assert_int_equal(m->closed.session, session);
	assert_int_equal(m->closed.reason, CLOSE_PEER);
	assert_int_equal(m->closed.frames, 1);
}

static void alarm_is_answered_only_after_the_server_says_so(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, al);
	const struct message *m = fixture_expect_next(f, MESSAGE_REPORT);
	assert_int_equal(report_of(m).kind, REPORT_ALARM);
	assert_int_equal(m->report.reply.kind, REPLY_AL);
	struct reply reply = m->report.reply;
	fixture_wants_nothing(fd);
	send_answer(f, session, reply, (struct view){0});
	fixture_wants(fd, "[3G*" ID "*0002*AL]");
	(void)close(fd);
}

static void index_comes_back_in_the_answer_and_goes_with_commands(void **state)
{
	struct fixture *f = *state;

	start(f);
	int fd = fixture_connect(f, 1);
	fixture_send(fd, "[ZJ*" ID "*0033*0002*LK]");
	fixture_wants(fd, "[ZJ*" ID "*0033*0002*LK]");
	uint64_t session = fixture_expect_next(f, MESSAGE_OPENED)->opened.session;
	(void)fixture_expect_next(f, MESSAGE_REPORT);
	fixture_send(fd, "[ZJ*" ID "*0034*0004*INIT]");
	const struct message *m = fixture_expect_next(f, MESSAGE_REPORT);
	assert_true(view_is(m->report.index, VIEW("0034")));
	send_answer(f, session, m->report.reply, VIEW("0034"));
	fixture_wants(fd, "[ZJ*" ID "*0034*0006*INIT,1]");
	(void)close(fd);
}

static void frames_split_anywhere_are_one_frame(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	for (size_t cut = 1; cut < sizeof ud - 1; cut += 13) {
		fixture_send_bytes(fd, ud, cut);
		fixture_send(fd, "");
		fixture_send_bytes(fd, ud + cut, sizeof ud - 1 - cut);
		struct report r = report_of(fixture_expect_next(f, MESSAGE_REPORT));
		assert_int_equal(r.kind, REPORT_POSITION);
		assert_int_equal(r.lat_e7, 225707330);
	}
	(void)close(fd);
}

static void ipv6_peer_is_told_with_its_address(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	f->is_ipv6 = true;
	start(f);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	to.sin6_port = htons(f->port);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	fixture_send(fd, "[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*LK]");
	const struct message *m = fixture_expect_next(f, MESSAGE_OPENED);
	assert_memory_equal(m->opened.peer.address, &to.sin6_addr, 16);
	assert_true(m->opened.peer.port != 0);
	(void)close(fd);
	/* And IPv4 on the same socket, as the mapped address. */
	fd = fixture_connect(f, 5);
	fixture_send(fd, "[3G*" ID "*0002*LK]");
	m = fixture_expect(f, MESSAGE_OPENED);
	assert_int_equal(m->opened.peer.address[10], 0xFF);
	assert_int_equal(m->opened.peer.address[15], 5);
	(void)close(fd);
}

static void several_frames_in_one_segment_are_all_taken(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "\r\n[3G*" ID "*0002*LK][3G*" ID "*0003*TKQ]\r\n[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*LK][3G*" ID "*0002*LK]");
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_HEARTBEAT);
	assert_int_equal(fixture_expect_next(f, MESSAGE_REPORT)->report.reply.kind, REPLY_ECHO);
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_HEARTBEAT);
	(void)close(fd);
}

static void frame_with_a_wrong_length_is_ended_by_silence(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*" ID "*0020*UD,180916,025723]");
	struct report r = report_of(fixture_expect_next(f, MESSAGE_REPORT));
	assert_string_equal(r.keyword, "UD");
	fixture_expect_counter(f, COUNTER_LENGTH_MISMATCH, 1);
	(void)close(fd);
}

static void frame_that_never_ends_is_given_up_and_the_next_is_taken(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*" ID "*00FF*UD,180916");
	int other = fixture_connect(f, 1);
	int64_t before_ms = clock_mono_ms();
	while (f->counters[COUNTER_BAD_HEADERS] == 0) { /* statistics come with news, each second */
		fixture_send(other, "[3G*8800000016*0002*LK]");
		fixture_wants(other, "[3G*8800000016*0002*LK]");
		(void)fixture_expect(f, MESSAGE_STATS);
		assert_true(clock_mono_ms() - before_ms < 20000);
	}
	assert_true(clock_mono_ms() - before_ms >= FRAME_IDLE_MS);
	(void)close(other);
	fixture_send(fd, "[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*LK]");
	(void)close(fd);
}

static void alarm_before_the_end_of_the_connection_is_not_lost(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, al);
	(void)close(fd);
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_ALARM);
	(void)fixture_expect_next(f, MESSAGE_CLOSED);
}

static void a_voice_goes_in_parts_before_its_report(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	static char frame[40100];

	start(f);
	int fd = fixture_login(f, ID, &session);
	int n = snprintf(frame, sizeof frame, "[3G*" ID "*%04X*TK,#!AMR", 40000);
	memset(frame + n, 'a', 40000 - 8);
	frame[n + 40000 - 8] = ']';
	fixture_send_bytes(fd, frame, (size_t)n + 40000 - 8 + 1);
	size_t total = 40000 - 3; /* behind the keyword */
	for (size_t at = 0; at < total; at += MESSAGE_PART_MAX) {
		const struct message_blob *part = &fixture_expect_next(f, MESSAGE_BLOB)->blob;
		size_t left = total - at;
		assert_int_equal(part->kind, MEDIA_PART_VOICE);
		assert_int_equal(part->offset, at);
		assert_int_equal(part->total, total);
		assert_int_equal(part->bytes.n, left < MESSAGE_PART_MAX ? left : MESSAGE_PART_MAX);
	}
	const struct message *m = fixture_expect_next(f, MESSAGE_REPORT);
	assert_int_equal(report_of(m).kind, REPORT_MEDIA);
	assert_int_equal(m->report.reply.kind, REPLY_TK);
	assert_true(m->report.report.n < 256);
	(void)close(fd);
}

static void same_frame_three_times_gets_the_other_form(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	enum reply_kind kinds[3];

	start(f);
	int fd = fixture_login(f, ID, &session);
	for (int i = 0; i < 3; i++) {
		fixture_send(fd, "[3G*" ID "*0016*RYIMEI,863737078055392]");
		kinds[i] = fixture_expect(f, MESSAGE_REPORT)->report.reply.kind;
		/* Not the same attempt: a pause that only an event ends. */
		fixture_expect_counter(f, COUNTER_REPORTS, 2 + (uint64_t)i);
		for (int second = 0; second < 2 && i < 2; second++) {
			fixture_send(fd, "[3G*" ID "*0002*LK]");
			fixture_wants(fd, "[3G*" ID "*0002*LK]");
			(void)fixture_expect(f, MESSAGE_STATS);
		}
	}
	assert_int_equal(kinds[0], REPLY_STATUS);
	assert_int_equal(kinds[1], REPLY_STATUS);
	assert_int_equal(kinds[2], REPLY_ECHO);
	(void)close(fd);
}

static void unknown_keyword_is_answered_once(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*" ID "*0008*NEWTHING]");
	assert_int_equal(fixture_expect_next(f, MESSAGE_REPORT)->report.reply.kind, REPLY_ECHO);
	fixture_send(fd, "[3G*" ID "*0008*NEWTHING]");
	assert_int_equal(fixture_expect_next(f, MESSAGE_REPORT)->report.reply.kind, REPLY_NONE);
	(void)close(fd);
}

/* ---- standing ---- */

static void unknown_watch_gets_its_heartbeat_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	set_standing(f, session, STANDING_UNKNOWN);
	/* The server's word takes effect before bytes that come after it. */
	fixture_expect_nothing(f);
	fixture_send(fd, al);
	fixture_send(fd, "[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*LK]");
	fixture_expect_nothing(f);
	fixture_expect_counter(f, COUNTER_UNKNOWN_FRAMES, 2);
	set_standing(f, session, STANDING_CLAIMING);
	fixture_expect_nothing(f);
	fixture_send(fd, al);
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_ALARM);
	(void)close(fd);
}

static void alarm_right_behind_the_first_heartbeat_is_forwarded(void **state)
{
	struct fixture *f = *state;
	char both[128];

	start(f);
	int fd = fixture_connect(f, 1);
	(void)snprintf(both, sizeof both, "[3G*" ID "*0002*LK]%s", al);
	fixture_send(fd, both);
	(void)fixture_expect_next(f, MESSAGE_OPENED);
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_HEARTBEAT);
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_ALARM);
	(void)close(fd);
}

static void another_id_on_the_connection_closes_it(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, "[3G*8800000016*0002*LK]");
	fixture_wants_close(fd);
	assert_int_equal(fixture_expect_next(f, MESSAGE_CLOSED)->closed.reason, CLOSE_ID_CHANGED);
	fixture_expect_counter(f, COUNTER_LIMIT_ID_CHANGED, 1);
}

/* ---- commands ---- */

static void tell_command(struct fixture *f, uint64_t session, const struct command *c)
{
	uint8_t packed[COMMAND_PACK_MAX];
	size_t n = 0;

	assert_int_equal(command_pack(c, packed, sizeof packed, &n, NULL), RC_OK);
	struct message m = {.type = MESSAGE_COMMAND,
		.command = {.session = session,
			.command = {{7}},
			.packed = {.p = (const char *)packed, .n = n}}};
	fixture_tell(f, &m);
}

static void command_is_written_and_told_as_sent(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	struct command c = {.kind = COMMAND_LOCATE};

	start(f);
	int fd = fixture_login(f, ID, &session);
	tell_command(f, session, &c);
	fixture_wants(fd, "[3G*" ID "*0002*CR]");
	const struct message *m = fixture_expect_next(f, MESSAGE_SENT);
	assert_int_equal(m->sent.session, session);
	assert_int_equal(m->sent.command.b[0], 7);
	fixture_send(fd, "[3G*" ID "*0002*CR]");
	struct report r = report_of(fixture_expect_next(f, MESSAGE_REPORT));
	assert_int_equal(r.kind, REPORT_ANSWER);
	(void)close(fd);
}

static void command_for_a_session_that_is_gone_is_unsent(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	struct command c = {.kind = COMMAND_FIND};

	start(f);
	int fd = fixture_login(f, ID, &session);
	(void)close(fd);
	(void)fixture_expect_next(f, MESSAGE_CLOSED);
	tell_command(f, session, &c);
	assert_int_equal(fixture_expect_next(f, MESSAGE_UNSENT)->sent.session, session);
	tell_command(f, session + 1, &c); /* a slot that was never used */
	assert_int_equal(fixture_expect_next(f, MESSAGE_UNSENT)->sent.session, session + 1);
}

static void command_that_cannot_be_unpacked_is_unsent(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	struct message m = {.type = MESSAGE_COMMAND,
		.command = {.session = session, .command = {{9}}, .packed = VIEW("nonsense")}};
	fixture_tell(f, &m);
	assert_int_equal(fixture_expect_next(f, MESSAGE_UNSENT)->sent.command.b[0], 9);
	fixture_wants_nothing(fd);
	(void)close(fd);
}

enum { DEAF_HEARTBEATS = 20000 };

/* A watch that has sent heartbeats and read no answer: most of them wait in the gateway. */
static int make_deaf(struct fixture *f, uint64_t *ret_session)
{
	static const char lk[] = "[3G*" ID "*0002*LK]";

	f->limits.send_buffer_max = 1024 * 1024;
	f->limits.frames_per_s_max = UINT16_MAX;
	f->limits.reports_per_device_interval_s = 3600;
	start(f);
	int fd = fixture_login(f, ID, ret_session);
	for (unsigned i = 0; i < DEAF_HEARTBEATS; i++)
		fixture_send_bytes(fd, lk, sizeof lk - 1);
	fixture_expect_counter(f, COUNTER_HEARTBEATS, DEAF_HEARTBEATS + 1);
	return fd;
}

static void command_is_told_as_sent_only_when_its_bytes_are_gone(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	struct command c = {.kind = COMMAND_LOCATE};

	int fd = make_deaf(f, &session);
	tell_command(f, session, &c);
	fixture_expect_nothing(f);
	for (unsigned i = 0; i < DEAF_HEARTBEATS; i++)
		fixture_wants(fd, "[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*CR]");
	assert_int_equal(fixture_expect_next(f, MESSAGE_SENT)->sent.session, session);
	/* Nothing is kept: the next answer goes the short way. */
	fixture_send(fd, "[3G*" ID "*0002*LK]");
	fixture_wants(fd, "[3G*" ID "*0002*LK]");
	fixture_expect_counter(f, COUNTER_HEARTBEATS, DEAF_HEARTBEATS + 2);
	assert_int_equal(f->counters[COUNTER_SEND_BUFFER_BYTES], 0);
	(void)close(fd);
}

static void ninth_command_that_waits_closes_the_deaf_watch(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	struct command c = {.kind = COMMAND_LOCATE};

	int fd = make_deaf(f, &session);
	for (unsigned i = 0; i < 8; i++)
		tell_command(f, session, &c);
	fixture_expect_nothing(f);
	tell_command(f, session, &c);
	assert_int_equal(fixture_expect_next(f, MESSAGE_CLOSED)->closed.reason, CLOSE_SLOW_READER);
	(void)close(fd);
}

static void server_can_close_a_session(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	struct message m = {
		.type = MESSAGE_CLOSE, .close = {.session = session, .reason = CLOSE_BY_SERVER}};
	fixture_tell(f, &m);
	fixture_wants_close(fd);
	assert_int_equal(fixture_expect_next(f, MESSAGE_CLOSED)->closed.reason, CLOSE_BY_SERVER);
	/* An answer that was on its way finds nobody, and that is counted. */
	send_answer(
		f, session, (struct reply){.kind = REPLY_AL, .keyword = "AL"}, (struct view){0});
	fixture_expect_counter(f, COUNTER_ANSWERS_LATE, 1);
}

/* ---- a server that is slow, new, or gone ---- */

/* True when fd can be written within the time. */
static bool wait_writable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, wait_ms) > 0;
}

/* Sends positions until the gateway reads no more; the server's end is not read meanwhile. Returns
 * how many whole ones went out. */
static uint64_t send_until_blocked(int fd)
{
	uint64_t bytes = 0;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (wait_writable(fd, 500)) {
		size_t at = bytes % (sizeof ud - 1);
		ssize_t n = send(fd, ud + at, sizeof ud - 1 - at, MSG_NOSIGNAL);
		if (n > 0)
			bytes += (uint64_t)n;
		assert_true(bytes < 1000000000);
	}
	return bytes / (sizeof ud - 1);
}

/* Sends heartbeats and positions until the kernel takes no more. */
static void send_until_full(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (send(fd, ud, sizeof ud - 1, MSG_NOSIGNAL) > 0)
		;
}

static uint64_t count_reports_of(struct fixture *f, uint64_t session, uint64_t wanted)
{
	uint64_t n = 0;

	while (n < wanted) {
		const struct message *m = fixture_expect(f, MESSAGE_REPORT);
		n += m->report.session == session && report_of(m).kind == REPORT_POSITION;
	}
	return n;
}

static void start_small(struct fixture *f)
{
	f->limits.link_queue_max = 65536;
	f->limits.reports_per_device_interval_s = 0;
	f->limits.frames_per_s_max = UINT16_MAX;
	start(f);
}

static void slow_server_pauses_reading_and_nothing_is_lost(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start_small(f);
	int fd = fixture_login(f, ID, &session);
	uint64_t sent = send_until_blocked(fd);
	assert_true(sent > 1000);
	assert_int_equal(count_reports_of(f, session, sent), sent);
	fixture_expect_counter(f, COUNTER_LINK_BLOCKED, 1);
	(void)close(fd);
}

static void heartbeats_are_answered_while_the_server_is_slow(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	uint64_t other_session = 0;

	start_small(f);
	int fd = fixture_login(f, ID, &session);
	int other = fixture_login(f, "8800000016", &other_session);
	uint64_t sent = send_until_blocked(fd);
	/* A watch that connects only now. */
	int late = fixture_connect(f, 2);
	fixture_send(late, "[3G*8800000017*0002*LK]");
	fixture_wants(late, "[3G*8800000017*0002*LK]");
	/* One whose report stands unread before its heartbeats. */
	fixture_send(other, "[3G*8800000016*0009*AL,180916]");
	fixture_send(other, "[3G*8800000016*0002*LK]");
	fixture_wants(other, "[3G*8800000016*0002*LK]");
	fixture_send(other, "[3G*8800000016*0002*LK][3G*8800000016*00");
	fixture_wants(other, "[3G*8800000016*0002*LK]");
	fixture_send(other, "02*LK]");
	fixture_wants(other, "[3G*8800000016*0002*LK]");
	fixture_wants_nothing(other);
	/* The server reads again: all is there once, in order, and no heartbeat is answered twice.
	 */
	uint64_t positions = 0;
	enum report_kind kinds[4];
	unsigned kinds_n = 0;
	bool is_late_opened = false;
	while (positions < sent || kinds_n < 4 || !is_late_opened) {
		const struct message *m = fixture_expect_any(f);
		is_late_opened |=
			m->type == MESSAGE_OPENED && view_is(m->opened.id, VIEW("8800000017"));
		if (m->type != MESSAGE_REPORT)
			continue;
		if (m->report.session == session)
			positions++;
		else if (m->report.session == other_session)
			kinds[kinds_n++] = report_of(m).kind;
	}
	assert_int_equal(kinds[0], REPORT_ALARM);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(kinds[i], REPORT_HEARTBEAT);
	assert_int_equal(positions, sent);
	fixture_wants_nothing(other);
	fixture_wants_nothing(late);
	fixture_send(late, "[3G*8800000017*0002*LK]");
	fixture_wants(late, "[3G*8800000017*0002*LK]");
	(void)close(fd);
	(void)close(other);
	(void)close(late);
}

static void memory_is_flat_while_the_server_is_slow(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;
	int fds[40];

	start_small(f);
	int fd = fixture_login(f, ID, &session);
	(void)send_until_blocked(fd);
	size_t before = mallinfo2().uordblks;
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "[3G*88000001%02u*0002*LK]", i);
		fds[i] = fixture_connect(f, 1);
		fixture_send(fds[i], text);
		fixture_wants(fds[i], text);
		send_until_full(fds[i]);
	}
	assert_true(mallinfo2().uordblks <= before + 65536);
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
	(void)close(fd);
}

static void new_server_is_told_all_sessions_again(void **state)
{
	struct fixture *f = *state;
	uint64_t sessions[600];
	int fds[600];

	start(f);
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		char id[16];
		(void)snprintf(id, sizeof id, "88%08u", i);
		fds[i] = fixture_login(f, id, &sessions[i]);
	}
	set_standing(f, sessions[5], STANDING_UNKNOWN);
	struct message welcome = {.type = MESSAGE_WELCOME, .welcome = {.epoch = 2}};
	fixture_tell(f, &welcome);
	const struct message *m = fixture_expect_next(f, MESSAGE_HELLO);
	assert_int_equal(m->hello.gateway, 3);
	assert_int_equal(m->hello.epoch, UINT64_C(0x123456789ABCDEF));
	for (unsigned i = 0; i < COUNT_OF(fds); i++) {
		m = fixture_expect_next(f, MESSAGE_OPENED);
		assert_int_equal(m->opened.session, sessions[i]);
	}
	(void)fixture_expect_next(f, MESSAGE_ANNOUNCED);
	/* The standing is open again, until the new server says it. */
	fixture_send(fds[5], "[3G*8800000005*0009*AL,180916]");
	assert_int_equal(report_of(fixture_expect_next(f, MESSAGE_REPORT)).kind, REPORT_ALARM);
	/* The same epoch again changes nothing. */
	fixture_tell(f, &welcome);
	fixture_expect_nothing(f);
	for (unsigned i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
}

static void malformed_packets_of_the_server_stop_the_gateway(void **state)
{
	struct fixture *f = *state;

	start(f);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(send(f->link_fds[1], "nonsense", 8, 0), 8);
	(void)fixture_expect(f, MESSAGE_BYE);
}

static void lost_link_ends_the_loop(void **state)
{
	struct fixture *f = *state;

	start(f);
	assert_int_equal(shutdown(f->link_fds[1], SHUT_RDWR), 0);
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	f->is_running = false;
	(void)close(f->listen_fd);
	(void)close(f->link_fds[0]);
	(void)close(f->link_fds[1]);
}

static void stop_in_thread(void *arg)
{
	gateway_stop(((struct fixture *)arg)->gateway);
}

static void clean_stop_hands_over_what_was_read_and_waits_for_its_answers(void **state)
{
	struct fixture *f = *state;
	uint64_t session = 0;

	start(f);
	int fd = fixture_login(f, ID, &session);
	fixture_send(fd, al);
	const struct message *m = fixture_expect_next(f, MESSAGE_REPORT);
	struct reply reply = m->report.reply;
	assert_int_equal(loop_post(f->loop, stop_in_thread, f, NULL), RC_OK);
	(void)fixture_expect_next(f, MESSAGE_BYE);
	fixture_send(fd, "[3G*" ID "*0002*LK]"); /* read no more */
	send_answer(f, session, reply, (struct view){0});
	fixture_wants(fd, "[3G*" ID "*0002*AL]");
	fixture_expect_nothing(f);
	struct message farewell = {.type = MESSAGE_FAREWELL};
	fixture_tell(f, &farewell);
	assert_int_equal(pthread_join(f->thread, NULL), 0);
	f->is_running = false;
	(void)close(f->listen_fd);
	(void)close(f->link_fds[0]);
	(void)close(f->link_fds[1]);
	(void)close(fd);
}

static void gateway_without_memory_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct loop *loop = NULL;
	int fds[2];
	struct gateway *g = NULL;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(loop_new(&loop, NULL), RC_OK);
	struct gateway_config config = {.loop = loop,
		.listen_fd = fds[1],
		.link_fd = fds[0],
		.epoch = 1,
		.limits = f->limits};
	for (long successes = 0; successes < 5; successes++) {
		alloc_fail_after(successes);
		assert_int_equal(gateway_new(&config, &g, NULL), RC_NOMEM);
		assert_true(alloc_has_failed());
		assert_null(g);
	}
	config.limits.connections_max = (1u << 20) + 1;
	assert_int_equal(gateway_new(&config, &g, NULL), RC_LIMIT);
	loop_free(loop);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heartbeat_is_answered_and_reported),
		TEST(alarm_is_answered_only_after_the_server_says_so),
		TEST(index_comes_back_in_the_answer_and_goes_with_commands),
		TEST(frames_split_anywhere_are_one_frame),
		TEST(ipv6_peer_is_told_with_its_address),
		TEST(several_frames_in_one_segment_are_all_taken),
		TEST(frame_with_a_wrong_length_is_ended_by_silence),
		TEST(frame_that_never_ends_is_given_up_and_the_next_is_taken),
		TEST(alarm_before_the_end_of_the_connection_is_not_lost),
		TEST(a_voice_goes_in_parts_before_its_report),
		TEST(same_frame_three_times_gets_the_other_form),
		TEST(unknown_keyword_is_answered_once),
		TEST(unknown_watch_gets_its_heartbeat_and_nothing_else),
		TEST(alarm_right_behind_the_first_heartbeat_is_forwarded),
		TEST(another_id_on_the_connection_closes_it),
		TEST(command_is_written_and_told_as_sent),
		TEST(command_for_a_session_that_is_gone_is_unsent),
		TEST(command_that_cannot_be_unpacked_is_unsent),
		TEST(command_is_told_as_sent_only_when_its_bytes_are_gone),
		TEST(ninth_command_that_waits_closes_the_deaf_watch),
		TEST(server_can_close_a_session),
		TEST(slow_server_pauses_reading_and_nothing_is_lost),
		TEST(heartbeats_are_answered_while_the_server_is_slow),
		TEST(memory_is_flat_while_the_server_is_slow),
		TEST(new_server_is_told_all_sessions_again),
		TEST(malformed_packets_of_the_server_stop_the_gateway),
		TEST(lost_link_ends_the_loop),
		TEST(clean_stop_hands_over_what_was_read_and_waits_for_its_answers),
		TEST(gateway_without_memory_is_not_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
